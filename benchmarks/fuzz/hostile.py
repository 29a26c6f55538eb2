"""What a stranger would write into a checkpoint to have his code run or a file overwritten."""

from pathlib import Path
from typing import Any

MODULE = "fuzz_stranger"
"""A module that leaves a file where it is imported; it is on the path, as any package may be."""


def hostile_values(strange: Path) -> list[tuple[str, Any]]:
    """Return command-line overrides with what says the same as a value.

    Args:
        strange: A folder that must not change; MODULE lies in it.
    """
    script, aim = strange / "script.sh", strange / "aim"
    target = f"{MODULE}.run"
    interpolation = f"${{oc.create:${{oc.decode:'{{_target_: {target}}}'}}}}"
    logging = "hydra.job_logging"
    formatter = f"{{\\(\\): torch.utils.collect_env.run, command: {script}}}"
    return [
        (f"+{logging}.formatters.e={formatter}", {"()": target}),
        (f"+loss={{_target_: {target}}}", {"_target_": target}),
        (f"loss._target_={target}", target),
        ("+loss={_target_: os.system, command: id}", {"_target_": "os.system", "command": "id"}),
        (f"model.generator._target_={target}", {"_target_": target, "_partial_": True}),
        ("", {"_target_": "builtins.eval", "_args_": ["1"]}),
        ("", {"_target_": "hydra.utils.get_method", "path": target}),
        ("", {"_target_": "gan_lab.models.base.torch.load", "f": str(script)}),
        (f"latent_dim={interpolation}", interpolation),
        (f"+note={interpolation}", "${oc.env:HOME}"),
        (f"+note=${{merged:{interpolation}}}", "${hydra:runtime.output_dir}"),
        (f"--experimental-rerun={strange / 'config.pickle'}", str(strange / "config.pickle")),
        (f"--config-dir={strange}", f"{aim}"),
        (f"-cd={strange}", f"{aim}.ckpt"),
        (f"hydra.searchpath=[file://{strange}]", f"file://{strange}"),
        ("-m", "-m"),
        ("--multirun", ["-m"]),
        ("--info", "--info"),
        ("-p", "-p"),
        ("seed=0,1", "0,1"),
        (f"{logging}.handlers.file.filename={aim}.log", f"{aim}.log"),
        (f"hydra.run.dir={aim}", {"dir": str(aim)}),
        (f"run_dir={aim}", str(aim)),
        (f"hydra.sweep.dir={aim}", str(strange)),
        (f"data.root={aim}", f"{aim}/root"),
        (f"callbacks.checkpoints.folder={aim}", str(aim)),
        (f"callbacks.samples.folder={aim}", f"../../{strange.name}/aim"),
        (f"logger.csv.run_dir={aim}", f"{strange}/summary.json"),
        (f"+hydra.job.env_set.PATH={aim}", {"PATH": str(aim)}),
        ("+hydra.job.env_set.LD_PRELOAD=/x.so", {"env_set": {"LD_PRELOAD": "/x.so"}}),
        ("hydra/launcher=joblib", {"_target_": "hydra_plugins.x.Launcher"}),
        (f"pretrained.generator={strange / 'config.pickle'}", str(strange / "config.pickle")),
        (f"resume={strange / 'config.pickle'}", "../in/model.ckpt"),
        (f"trust=[{MODULE}]", [MODULE]),
        ("trainer.devices=100000", 100_000),
        ("+trainer.num_nodes=2", {"num_nodes": 2}),
        (f"+trainer.default_root_dir={aim}", {"default_root_dir": str(aim)}),
        ("~callbacks", "~callbacks"),
    ]


def lay_out(strange: Path) -> None:
    """Write the guarded folder: files that must stay, a script and a module that must not run."""
    import pickle

    (strange / "run" / ".hydra").mkdir(parents=True, exist_ok=True)
    (strange / "run" / "summary.json").write_text('{"status": "finished", "steps": 2}\n')
    (strange / "run" / ".hydra" / "overrides.yaml").write_text("- loss=hinge\n")
    (strange / "summary.json").write_text("{}\n")
    (strange / "aim.log").write_text("what was logged before\n")
    (strange / "aim.ckpt").write_bytes(b"weights")
    (strange / "outside.yaml").write_text("seed: 7\n")
    script = strange / "script.sh"
    script.write_text(f"#!/bin/sh\ntouch '{strange}/script_ran'\n")
    script.chmod(0o755)
    module = strange / f"{MODULE}.py"
    module.write_text(
        "from pathlib import Path\n\n"
        "Path(__file__).with_name('imported').touch()\n\n\n"
        "def run(*_, **__):\n"
        "    Path(__file__).with_name('called').touch()\n"
    )
    (strange / "config.pickle").write_bytes(pickle.dumps(Touch(str(strange / "unpickled"))))


class Touch:
    """Leaves a file where it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return open, (self.path, "w")
