"""A stranger's checkpoint runs no code, chooses no place and is parsed by nobody."""

import copy
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_lab.cli.resume import resumed_arguments
from gan_lab.cli.stored import Found, beyond, refuse_unsafe
from gan_lab.errors import LabError
from gan_lab.run.checkpoint import refuse_content
from gan_lab.run.rebuild import names_a_path
from tests.cli.forging import LINE, Content, forge, one_line, run_main, trained

__all__ = ["trained"]


def put(content: Content, key: str, value: Any) -> None:
    """Set a dotted key of the stored configuration, making what lies on the way."""
    *parents, last = key.split(".")
    node = content["gan_lab"]["config"]
    for parent in parents:
        node = node.setdefault(parent, {})
    node[last] = value


def stored(key: str, value: Any) -> Callable[[Content], object]:
    return lambda content: put(content, key, value)


SPREAD = "{\\(\\): torch.utils.collect_env.run, command: SCRIPT}"
OLD_LINES = [
    f"+hydra.job_logging.formatters.e={SPREAD}",
    "+loss.x=${oc.create:${oc.decode:'{_target_: os.system}'}}",
    "--experimental-rerun=FILE",
    "--config-dir=FOLDER",
    "hydra.searchpath=[file://FOLDER]",
    "-m",
    "hydra.job_logging.handlers.file.filename=FOLDER/log",
    "hydra.run.dir=FOLDER/run",
    "data.root=FOLDER/data",
    "callbacks.samples.folder=FOLDER/samples",
    "+hydra.job.env_set.STRANGER=1",
]


def test_a_stored_command_line_is_not_read(trained: Path, tmp_path: Path) -> None:
    path = forge(trained, tmp_path / "x.ckpt", lambda c: c["gan_lab"].update(overrides=OLD_LINES))
    arguments = resumed_arguments([f"resume={path}", "trainer.max_steps=4"])
    assert arguments == [
        "data=ring",
        f"resume='{path}'",
        "first_step=2",
        "inherited=true",
        "trainer.max_steps=4",
    ]


CHOICES = [
    {"loss": "wgan,hinge"},
    {"loss": "../../elsewhere"},
    {"loss": "hinge\nhydra.run.dir=/elsewhere"},
    {"loss": "${oc.env:HOME}"},
    {"loss": "{_target_: os.system}"},
    {"loss": ["wgan", "hinge"]},
    {"loss": ""},
    {"-m": "x"},
    {"--config-dir": "x"},
    {"--experimental-rerun": "file"},
    {"hydra/launcher": "cores"},
    {"hydra": "default"},
    {"hydra.run.dir": "x"},
    {"sweep": "optuna"},
    {"run_dir": "x"},
    {"resume": "x"},
    {3: "x"},
]


@pytest.mark.parametrize("choices", CHOICES, ids=str)
def test_choices_are_words_of_the_labs_groups(choices: Any, trained: Path, tmp_path: Path) -> None:
    path = forge(trained, tmp_path / "x.ckpt", lambda c: c["gan_lab"].update(choices=choices))
    with pytest.raises(LabError, match="chooses by one word"):
        resumed_arguments([f"resume={path}"])


SYSTEM = {"_target_": "os.system", "command": "touch SCRIPT"}
REFUSED = [
    ("loss.x", "${oc.env:HOME}", "no interpolations"),
    ("seed", "${oc.create:${oc.decode:'{_target_: os.system}'}}", "no interpolations"),
    ("loss.a b", 1, "keys are words"),
    ("loss._target_", "os.system", "trust=[os]"),
    ("loss._target_", "torch.utils.collect_env.run", "only classes of gan_lab"),
    ("loss._target_", "gan_lab.models.base.torch.load", "only classes of gan_lab"),
    ("loss._target_", "gan_lab.losses.base.torch.load", "only classes of gan_lab"),
    ("loss._target_", "gan_lab.models.MLPGenerator", "must not"),
    ("loss._target_", "torch.optim.Adam", "must not"),
    ("loss._target_", "torch.optim.os.system", "only classes of gan_lab"),
    ("loss._args_", ["x"], "must not"),
    ("loss._recursive_", False, "must not"),
    ("loss._convert_", "object", "must not"),
    ("loss._partial_", {"a": 1}, "must not"),
    ("loss.nothing_of_the_kind", 3, "must not"),
    ("module._target_", "gan_lab.models.MLPGenerator", "must not"),
    ("trainer._target_", "gan_lab.losses.Hinge", "must not"),
    ("trainer.profiler", "simple", "must not"),
    ("trainer.logger", True, "must not"),
    ("new_section", {"_target_": "os.system"}, "must not"),
    ("hydra", {"run": {"dir": "x"}}, "must not"),
    ("terms.evil", SYSTEM, "trust=[os]"),
    ("terms.evil", {"_target_": "gan_lab.terms.R1", "_args_": [1]}, "must not"),
    ("terms.evil", {"_target_": "gan_lab.terms.R1", "weight": SYSTEM}, "trust=[os]"),
    ("terms.evil", {"_target_": "gan_lab.terms.R1", "weight": [SYSTEM]}, "trust=[os]"),
    ("callbacks.evil", {"_target_": "gan_lab.callbacks.RunSummary"}, "or give callbacks.evil"),
    ("callbacks.evil", {"_target_": "gan_lab.run.loggers.MetricsCSV"}, "only classes"),
    ("callbacks.checkpoints", 5, "must not"),
    ("callbacks", 5, "must not"),
    ("module", None, "its gan_lab.config is missing"),
]


def checked(trained: Path, key: str, value: Any) -> list[Found]:
    """Return what differs where a run stored ``value`` instead, once it is found sound."""
    path = trained / "checkpoints" / "last.ckpt"
    content = torch.load(path, weights_only=True)
    composed = copy.deepcopy(content["gan_lab"]["config"])
    put(content, key, value)
    refuse_content(content, path)
    found = list(beyond(content["gan_lab"]["config"], composed, composed, False))
    for each in found:
        refuse_unsafe(each, (), path)
    return found


@pytest.mark.parametrize(("key", "value", "told"), REFUSED, ids=lambda x: str(x)[:40])
def test_stored_values_are_plain_and_in_their_place(
    key: str, value: Any, told: str, trained: Path
) -> None:
    with pytest.raises(LabError, match=re.escape(told)):
        checked(trained, key, value)


HARMLESS = [
    ("trainer.default_root", "/elsewhere"),
    ("data.root", "/elsewhere"),
    ("loss.weights", SYSTEM),
    ("optimizer.lr", 3.0),
    ("optimizer.generator._target_", "torch.optim.RAdam"),
    ("scheduler", {"_target_": "torch.optim.lr_scheduler.StepLR", "_partial_": True}),
    ("loss._target_", "gan_lab.losses.Hinge"),
    ("terms.more", {"_target_": "gan_lab.terms.R1", "weight": 2.0}),
    ("model.generator.batch_norm", True),
    ("discriminator.heads", {"label": 3}),
    ("callbacks.checkpoints", None),
]


@pytest.mark.parametrize(("key", "value"), HARMLESS, ids=lambda x: str(x)[:40])
def test_stored_values_that_a_run_may_have_are_taken(key: str, value: Any, trained: Path) -> None:
    found = checked(trained, key, value)
    assert len(found) == (0 if names_a_path(key.rpartition(".")[2]) else 1)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("terms.evil", SYSTEM, "trust=[os]"),
        ("model.generator.hidden", [10**7, 10**7], "other shapes"),
    ],
)
def test_a_refusal_is_one_line(
    key: str,
    value: Any,
    told: str,
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = forge(trained, tmp_path / "x.ckpt", stored(key, value))
    line = (f"resume={path}", "trainer.max_steps=3", f"hydra.run.dir={tmp_path}/new")
    assert told in one_line(capsys, lambda: run_main(monkeypatch, *line, "allow_changes=true"))
    assert not (tmp_path / "SCRIPT").exists()


IGNORED = [
    ("hydra.run.dir", "FOLDER/run"),
    ("hydra.job.env_set.STRANGER", "1"),
    ("hydra.job_logging.handlers.file.filename", "FOLDER/log"),
    ("hydra.searchpath", ["file://FOLDER"]),
    ("run_dir", "FOLDER/run"),
    ("resume", "FOLDER/other.ckpt"),
    ("trust", ["os"]),
    ("allow_changes", False),
    ("data.root", "FOLDER/data"),
    ("callbacks.checkpoints.folder", "FOLDER/checkpoints"),
    ("logger.csv.run_dir", "FOLDER/csv"),
    ("logger.csv.save_dir", "FOLDER/csv"),
    ("logger.evil", SYSTEM),
    ("pretrained.generator", "FOLDER/other"),
    ("metrics.features.weights", "FOLDER/weights.pth"),
]


def test_places_and_hydras_keys_are_the_users_alone(
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = tmp_path / "elsewhere"

    def change(content: Content) -> None:
        for key, value in IGNORED:
            text = json.dumps(value).replace("FOLDER", str(elsewhere))
            put(content, key, json.loads(text))

    path = forge(trained, tmp_path / "x.ckpt", change)
    place = tmp_path / "new"
    run_main(monkeypatch, f"resume={path}", "trainer.max_steps=3", f"hydra.run.dir={place}")
    assert json.loads((place / "summary.json").read_text())["steps"] == 3
    assert not elsewhere.exists()
    assert "STRANGER" not in os.environ
    assert {entry.name for entry in tmp_path.iterdir()} == {"new", "x.ckpt"}


def moments(content: Content) -> Content:
    """Return what the first optimizer keeps of its first weight."""
    states: list[Content] = content["optimizer_states"]
    kept: Content = states[0]["state"][0]
    return kept


def stretch(content: Content) -> None:
    """Let one number stand for all of a weight's."""
    kept = moments(content)
    kept["exp_avg"] = torch.zeros(()).expand(kept["exp_avg"].shape)


def progress(content: Content) -> Content:
    """Return how far an optimizer is, as Lightning counts."""
    loops: dict[str, Content] = content["loops"]["fit_loop"]
    return loops["epoch_loop.manual_optimization.optim_step_progress"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda c: c.update(optimizer_states=[]), "lacks the states of the 2 optimizers"),
        (lambda c: c.pop("optimizer_states"), "lacks the states of the 2 optimizers"),
        (lambda c: c["optimizer_states"][1]["state"].clear(), "optimizer without its moments"),
        (lambda c: c["optimizer_states"][0].clear(), "no sound state of an optimizer"),
        (lambda c: moments(c).update(step=torch.ones(3)), "step of shape [3]"),
        (lambda c: moments(c).update(exp_avg=torch.ones(2, 3)), "exp_avg of shape [2, 3]"),
        (stretch, "exp_avg of shape"),
        (lambda c: progress(c).pop("current"), "cannot be gone on from: 'current'"),
    ],
    ids=["none", "absent", "no moments", "empty", "step", "shape", "stretched", "progress"],
)
def test_an_optimizer_without_its_state_is_told(
    change: Callable[[Content], object],
    told: str,
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    forge(trained, tmp_path / "run" / "checkpoints" / "last.ckpt", change)
    line = (f"resume={tmp_path / 'run'}", "trainer.max_steps=3")
    assert told in one_line(capsys, lambda: run_main(monkeypatch, *line))


def test_links_in_a_run_folder_are_not_written_through(
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    folder = tmp_path / "run"
    forge(trained, folder / "checkpoints" / "last.ckpt", lambda content: None)
    (folder / "tensorboard").symlink_to(mine)
    line = (f"resume={folder}", "trainer.max_steps=3")
    told = one_line(capsys, lambda: run_main(monkeypatch, *line))
    assert "tensorboard is a symbolic link" in told
    (folder / "tensorboard").unlink()
    (folder / "checkpoints").rename(mine / "checkpoints")
    (folder / "checkpoints").symlink_to(mine / "checkpoints")
    told = one_line(capsys, lambda: run_main(monkeypatch, *line))
    assert "checkpoints is a symbolic link" in told
    assert [entry.name for entry in mine.iterdir()] == ["checkpoints"]


def test_a_run_goes_on_as_it_was_asked_and_its_record_tells(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gan_lab.run.folder import RunFolder

    folder = tmp_path / "run"
    for name in ("checkpoints/last.ckpt", ".hydra/overrides.yaml", "summary.json", "metrics.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((trained / name).read_bytes())
    for steps in (3, 4):  # the second time from what the first has kept
        run_main(monkeypatch, f"resume={folder}", f"trainer.max_steps={steps}")
    content = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    assert content["gan_lab"]["choices"] == {"data": "ring"}
    assert [o["param_groups"][0]["lr"] for o in content["optimizer_states"]] == [0.01, 0.02]
    asked = dict(text.split("=", 1) for text in RunFolder.read(folder).overrides)
    expected = dict(text.split("=", 1) for text in LINE)
    assert asked == {**expected, "trainer.max_steps": "4"}
    assert RunFolder.read(folder).choices["data"] == "ring"


def test_the_command_line_wins_and_what_follows_it_follows(
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = (f"resume={trained}", "trainer.max_steps=3", f"hydra.run.dir={tmp_path}/new")
    told = one_line(capsys, lambda: run_main(monkeypatch, *line, "loss=hinge", "seed=7"))
    assert "loss._target_ from gan_lab.losses.NonSaturating to gan_lab.losses.Hinge" in told
    assert "data.seed from 0 to 7" in told
    assert "allow_changes=true" in told
    run_main(monkeypatch, *line, "loss=wgan", "allow_changes=true")
    content = torch.load(tmp_path / "new" / "checkpoints" / "last.ckpt", weights_only=True)
    config = content["gan_lab"]["config"]
    assert config["loss"]["_target_"] == "gan_lab.losses.Wasserstein"
    assert "weight_clipping" in config["regularizer"]  # as its recipe has it
    assert config["optimizer"]["generator"]["_target_"] == "torch.optim.RMSprop"
    assert config["model"]["generator"]["hidden"] == [8]


def test_what_a_run_took_away_stays_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = [text for text in LINE if not text.startswith("callbacks.density")]
    folder = tmp_path / "run"
    run_main(monkeypatch, *line, "~callbacks.density", f"hydra.run.dir={folder}")
    run_main(monkeypatch, f"resume={folder}", "trainer.max_steps=3")
    content = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    assert content["gan_lab"]["config"]["callbacks"]["density"] is None
    assert not (folder / "samples").exists()


def test_a_checkpoint_tells_nothing_of_the_disk(trained: Path) -> None:
    content = torch.load(trained / "checkpoints" / "last.ckpt", weights_only=True)
    assert str(trained) not in str(copy.copy(content["gan_lab"]))
    assert "overrides" not in content["gan_lab"]
