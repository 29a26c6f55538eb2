"""Sweeps: no job lost, none done twice, whichever engine runs them."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gan_lab.cli.sweep import folder_name, named_by_what_varies
from gan_lab.run.folder import RunFolder, find_runs
from tests.cli.test_resume import ROOT, TINY, assert_ends_alike
from tests.conftest import CommandLine

LINE = (*TINY, "model=mlp", "model.generator.hidden=[16]", "model.discriminator.hidden=[16]")


def value(run: RunFolder) -> str:
    """Return what a job was given as n_critic."""
    (override,) = [text for text in run.overrides if text.startswith("n_critic=")]
    return override.partition("=")[2]


def statuses(sweep: Path) -> dict[str, tuple[str, int]]:
    """Return each job's status and steps, by its n_critic."""
    return {value(run): (run.status, run.summary.get("steps", 0)) for run in find_runs(sweep)}


def test_the_same_command_finishes_a_sweep(
    train: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = tmp_path / "sweep"
    stop = "+callbacks.stop={_target_: tests.interruptions.SignalAt, step: 3}"
    line = ("-m", *LINE, stop, "trainer.max_steps=6", "n_critic=1,0,2", f"sweep_dir={sweep}")
    seen = []
    for _ in range(3):  # the first and the third job are told to stop once each
        with pytest.raises(SystemExit):
            train(*line)
        seen.append(statuses(sweep))
    finished = ("finished", 6)
    assert seen[0] == {"1": ("interrupted", 3)}
    assert seen[1] == {"1": finished, "0": ("failed", 0), "2": ("interrupted", 3)}
    assert seen[2] == {"1": finished, "0": ("failed", 0), "2": finished}
    errors = capsys.readouterr().err
    assert errors.count("is finished already") == 1
    assert "1 job(s) interrupted: " in errors
    assert f"the same command with sweep_dir={sweep} goes on" in errors
    whole = train(*LINE, "trainer.max_steps=6", "n_critic=2", folder="whole")
    (resumed,) = [run.path for run in find_runs(sweep) if value(run) == "2"]
    assert_ends_alike(whole, resumed)


def test_a_bug_in_one_job_spares_the_others(
    train: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from gan_lab.game import GAN

    step = GAN.training_step

    def broken(module: GAN, *rest: object) -> object:
        if module.n_critic == 1:
            raise ZeroDivisionError
        return step(module, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(GAN, "training_step", broken)
    with pytest.raises(SystemExit) as stop:
        train("-m", *LINE, "trainer.max_steps=2", "n_critic=1,2", f"hydra.sweep.dir={tmp_path}/s")
    assert stop.value.code == 1
    assert statuses(tmp_path / "s") == {"1": ("failed", 0), "2": ("finished", 2)}
    errors = capsys.readouterr().err
    assert "Traceback" in errors and "1 job(s) failed" in errors


def test_each_job_has_a_folder_of_its_own(
    train: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = tmp_path / "sweep"
    line = ("-m", *LINE, "trainer.max_steps=1", f"sweep_dir={sweep}")
    train(*line, "+note=a/b,a_b")
    runs = find_runs(sweep)
    assert [run.status for run in runs] == ["finished"] * 2
    assert {run.path.name[:8] for run in runs} == {"note=a_b"}
    errors = capsys.readouterr().err
    assert "is finished already" not in errors
    assert f"python -m gan_lab.report runs={sweep}" in errors
    train(*line, "+note=a/b,a_b")
    assert capsys.readouterr().err.count("is finished already") == 2


def test_folders_are_named_by_what_varies(train: CommandLine, tmp_path: Path) -> None:
    sweep = tmp_path / "sweep"
    line = ("-m", *LINE, "trainer.max_steps=1", "n_critic=1")
    train(*line, "loss=wgan,hinge", "seed=0,1", f"sweep_dir={sweep}")
    names = {run.path.name for run in find_runs(sweep)}
    assert names == {f"loss={loss},seed={seed}" for loss in ("wgan", "hinge") for seed in (0, 1)}


def test_another_sweep_is_not_taken_for_this_one(
    train: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ("-m", *LINE, "trainer.max_steps=1", "seed=0,1", f"sweep_dir={tmp_path}/s")
    train(*line, "loss=wgan")
    before = {path: path.read_bytes() for path in (tmp_path / "s").glob("*/.hydra/*")}
    train(*line, "loss=hinge")
    assert "holds another job's run: loss._target_ from gan_lab.losses.W" in capsys.readouterr().err
    assert {run.choices["loss"] for run in find_runs(tmp_path / "s")} == {"wgan"}
    assert {path: path.read_bytes() for path in before} == before
    train(*line, "loss=wgan", "logger=default", "trainer.log_every_n_steps=7")  # watched closer
    assert capsys.readouterr().err.count("is finished already") == 2


@pytest.mark.parametrize("status", [0, 3, pytest.param("out of luck", marks=pytest.mark.slow)])
def test_a_job_that_ends_the_process_does_not_end_the_sweep(
    train: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    status: object,
) -> None:
    from gan_lab.game import GAN

    step = GAN.training_step

    def ending(module: GAN, *rest: object) -> object:
        if module.n_critic == 1:
            sys.exit(status)  # type: ignore[arg-type]
        return step(module, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(GAN, "training_step", ending)
    with pytest.raises(SystemExit):
        train("-m", *LINE, "trainer.max_steps=2", "n_critic=1,2", f"sweep_dir={tmp_path}/s")
    assert statuses(tmp_path / "s") == {"1": ("failed", 0), "2": ("finished", 2)}
    assert f"the job ended itself with status {status}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["note=" + "π" * 300, "note=" + "a" * 300, "note=" + "画" * 68, "a/b", "a\\b", "a\nb"]
)
def test_a_folder_name_fits_every_file_system(tmp_path: Path, text: str) -> None:
    name = folder_name(text)
    assert len(name.encode()) <= 200
    assert not {"/", "\\", "\n"} & set(name)
    (tmp_path / name).mkdir()
    others = {text + "b", text.replace("/", "_"), text.replace("\n", "_"), text.replace("\\", "_")}
    assert name not in {folder_name(other) for other in others - {text}}


def test_what_does_not_vary_is_left_out_of_names() -> None:
    line = ["-m", "loss=wgan,hinge", "data.root='a,b'", "+x=1", "~logger.csv", "seed=range(3)"]
    fixed = named_by_what_varies(line)[-1]
    assert fixed.endswith("exclude_keys=['data.root','logger.csv','x']")
    for other in (["seed=0"], ["-m", "x=}{"], ["-m", "seed=0,1", fixed]):
        assert named_by_what_varies(other) == other


def sweep_command(mnist_root: Path, *line: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "GAN_LAB_DATA": str(mnist_root),
        "RAY_DEDUP_LOGS": "0",
        # Workers of another program import the lab from where this process has it.
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("OMP_NUM_THREADS", None)
    return subprocess.run(
        [sys.executable, "-m", "gan_lab.train", "-m", *LINE, "trainer.accelerator=cpu", *line],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


LAUNCHERS = {"cores": "joblib", "slurm_local": "submitit", "ray_cluster": "ray"}


@pytest.mark.slow
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_four_jobs_on_each_engine(mnist_root: Path, tmp_path: Path, launcher: str) -> None:
    plugin = f"hydra_plugins.hydra_{LAUNCHERS[launcher]}_launcher"
    if (
        importlib.util.find_spec("hydra_plugins") is None
        or importlib.util.find_spec(plugin) is None
    ):
        pytest.skip(f"{plugin} is not installed")
    line = (
        "trainer.max_steps=4",
        "n_critic=0,1,2,3",
        f"hydra/launcher={launcher}",
        f"sweep_dir={tmp_path}/sweep",
    )
    for attempt in range(2):
        result = sweep_command(mnist_root, *line)
        told = result.stdout + result.stderr
        assert result.returncode == 1, told
        assert "1 job(s) failed: " in result.stderr
        assert statuses(tmp_path / "sweep") == {
            "0": ("failed", 0),
            **dict.fromkeys("123", ("finished", 4)),
        }
        if launcher == "cores":  # other engines keep what jobs say in files of their own
            assert told.count("is finished already") == 3 * attempt


@pytest.mark.slow
def test_a_sweep_of_parallel_runs(mnist_root: Path, tmp_path: Path) -> None:
    line = ("trainer.devices=2", "trainer.strategy=ddp", "n_critic=1,2")
    for steps in (3, 6):
        result = sweep_command(
            mnist_root, *line, f"trainer.max_steps={steps}", f"sweep_dir={tmp_path}/sweep"
        )
        assert result.returncode == 0, result.stderr
        for run in find_runs(tmp_path / "sweep"):
            assert (run.status, run.summary["processes"]) == ("finished", 2)


@pytest.mark.slow
def test_a_search(mnist_root: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("optuna") is None:
        pytest.skip("optuna is not installed")
    result = sweep_command(
        mnist_root,
        "sweep=optuna",
        "objective=loss/discriminator",
        "hydra.sweeper.n_trials=4",
        "trainer.max_steps=2",
        f"sweep_dir={tmp_path}/sweep",
    )
    assert result.returncode == 0, result.stderr
    runs = find_runs(tmp_path / "sweep")
    assert len({run.path for run in runs}) == 4
    (best,) = (tmp_path / "sweep").glob("optimization_results.yaml")
    values = [run.summary["final"]["loss/discriminator"] for run in runs]
    assert f"best_value: {min(values)}" in best.read_text()


def test_a_missing_engine_is_named(
    train: CommandLine, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    if importlib.util.find_spec("ray") is not None:
        pytest.skip("ray is installed")
    with pytest.raises(SystemExit):
        train("-m", "seed=0", "hydra/launcher=ray_cluster", f"hydra.sweep.dir={tmp_path}/s")
    assert "pip install 'gan-lab[ray]'" in capsys.readouterr().err
