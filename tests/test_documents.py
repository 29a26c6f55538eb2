"""What the pages print runs: Python and the notebook as they stand, command lines shortened."""

import functools
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path
from typing import Any

import hydra
import pytest
import torch
from omegaconf import OmegaConf

from gan_lab.cli.app import config_dir
from gan_lab.cli.instantiate import build, check
from gan_lab.errors import LabError
from gan_lab.media import Video, Voxels
from gan_lab.media.files import save_png
from gan_lab.run.folder import find_runs, name_of
from gan_lab.runs import parser
from gan_lab.train import build_module
from tests.conftest import entry
from tests.documents import ROOT, Command, alternatives, commands


@pytest.fixture
def elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mnist_root: Path, _clean_environment: None
) -> Iterator[Path]:
    """Work in an empty folder, with MNIST where the tests have it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAN_LAB_DATA", str(mnist_root))
    return tmp_path


@pytest.mark.filterwarnings("default::pytorch_lightning.utilities.warnings.PossibleUserWarning")
@pytest.mark.usefixtures("elsewhere")
def test_the_notebook_runs_from_top_to_bottom() -> None:
    cells = json.loads((ROOT / "docs" / "lab.ipynb").read_text())["cells"]
    namespace: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), namespace)
    assert namespace["run"].summary["status"] == "finished"
    assert namespace["trainer"].global_step == 200


def test_the_readmes_python_runs(elsewhere: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        namespace: dict[str, Any] = {}
        exec(compile(block, "README.md", "exec"), namespace)
    assert (elsewhere / "digits.png").exists()


PLACES = {
    "resume", "sweep_dir", "runs", "output", "checkpoint", "images", "objective",
    "pretrained.generator", "pretrained.discriminator", "hydra.run.dir", "hydra/launcher", "sweep",
}  # fmt: skip
"""What names a place or a plugin that the composition alone has no use for."""
ALL = commands()


def single_jobs(command: Command) -> list[list[str]]:
    """Return the overrides of a command, of a sweep enough jobs to have every value once."""
    values = [
        alternatives(argument)
        for argument in (re.sub("^seed=0,.*", "seed=0", a) for a in command.arguments)
        if argument[:1] != "-"
        and name_of(argument) not in PLACES
        and not name_of(argument).startswith("hydra.launcher")
    ]
    rows = zip_longest(*values)
    return [[v or own[0] for v, own in zip(row, values, strict=True)] for row in rows] or [[]]


@functools.cache
def composes(module: str, *overrides: str) -> None:
    """Compose a command's configuration and build what costs little."""
    with hydra.initialize_config_dir(str(config_dir()), version_base="1.3"):
        config = hydra.compose(module, list(overrides))
    if module == "train":
        for group in ("data", "trainer"):
            check(OmegaConf.to_container(config[group], resolve=True), group)
        build_module(config)
    elif module == "theory":
        build(config, "study")


@pytest.mark.parametrize("command", ALL, ids=str)
def test_every_command_composes(command: Command) -> None:
    if command.module == "runs":
        parser().parse_args(command.arguments)
        return
    for job in single_jobs(command):
        composes(command.module, *job)
    for argument in command.arguments:
        name, _, value = argument.partition("=")
        if name == "hydra/launcher":
            assert (config_dir() / name / f"{value}.yaml").exists(), f"{argument} does not exist"


def test_the_pages_have_commands_of_every_kind() -> None:
    kinds = {"train", "sample", "encode", "evaluate", "export", "report", "runs", "theory"}
    kinds |= {"audit", "translate"}
    assert {command.module for command in ALL} == kinds
    assert len(ALL) > 40


def test_a_mistyped_command_would_be_noticed() -> None:
    with pytest.raises(hydra.errors.HydraException):
        composes("train", "loss=wgam")
    with pytest.raises(hydra.errors.HydraException):
        composes("train", "trainer.max_step=5")
    with pytest.raises(LabError):
        composes("train", "trainer.log_every_n_steps=often")


def test_the_table_of_axes_names_every_choice() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    axes = {axis: cell for axis, cell in rows if (config_dir() / axis).is_dir()}
    assert {"loss", "model", "data", "logger", "trainer"} <= axes.keys()
    for axis, cell in axes.items():
        files = {path.stem for path in (config_dir() / axis).glob("*.yaml")}
        named = set(re.findall(r"`([\w*]+)`", cell))
        plain = {name for name in named if "*" not in name}
        assert plain <= files, axis
        if "..." not in cell:
            assert plain == files, axis


RUN = Path("outputs/2026-01-31/12-00-00")
TRANSLATING = RUN.with_name("13-00-00")
FILMING, SHAPING = RUN.with_name("14-00-00"), RUN.with_name("15-00-00")
MANY = ["data.train_size=600", "data.test_size=600", "data.batch_size=4", "model.width=4"]
TRANSLATION = ["experiment=cyclegan", "data=mnist_negative", "model.width=4", "data.batch_size=4"]
SHORT = [
    "trainer.accelerator=cpu",
    "callbacks.evaluation=null",
    "callbacks.nearest_neighbours=null",
]
ONE_LOSS = "study.losses=[{_target_: gan_lab.losses.Minimax}]"
SHORT_STUDIES = {
    "divergences": ["study.critic_steps=2", ONE_LOSS],
    "dirac": ["study.rounds=5", "study.animated=false", ONE_LOSS],
    "vanishing_gradients": ["images=64", "study.steps=20", "study.image_steps=5"],
    "mode_collapse": ["study.steps=64", "study.samples=500"],
    "critic_as_distance": ["study.steps=40", "study.n_critic=2", "study.samples=64"],
    "perception_distortion": ["study.deviations=[0.5]", "study.weights=[1]", "study.samples=256"],
    "occupancy": ["study.size=2", "study.steps=20"],
    "game": ["study.steps=64", "study.gap_steps=5", "study.gaps=2", "study.samples=64"],
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, mnist_root: Path) -> Path:
    """Return a folder with what the pages take for granted: a run, a sweep, pictures."""
    root = tmp_path_factory.mktemp("pages")
    before = sys.argv, os.getcwd()
    os.chdir(root)
    try:
        sweep = "outputs/multirun/2026-01-31/12-00-00/loss=wgan,seed=0"
        counts = [
            f"callbacks.evaluation.{name}=500" for name in ("num_samples", "final_num_samples")
        ]
        runs = (
            (RUN, []),
            (sweep, ["metrics=quick", *counts]),
            (TRANSLATING, TRANSLATION),
            (FILMING, ["experiment=mocogan", *MANY]),
            (SHAPING, ["experiment=3dgan", *MANY]),
        )
        for place, measured in runs:
            own = measured == runs[1][1]
            short = [a for a in SHORT if not (own and a.startswith("callbacks.evaluation"))]
            line = [*short, *measured, "trainer.max_steps=2", "trainer.log_every_n_steps=1"]
            line += [f"data.root={mnist_root}"] if place not in (FILMING, SHAPING) else []
            sys.argv = ["train", *line, f"hydra.run.dir='{place}'"]
            entry("gan_lab.train")()
    finally:
        sys.argv = before[0]
        os.chdir(before[1])
    photos = (3, 32, 64)
    for folder, shape, count in (
        ("FOLDER", (1, 28, 28), 600),
        ("photos", photos, 600),
        ("domains/A", photos, 20),
        ("domains/B", photos, 20),
    ):
        (root / folder).mkdir(parents=True)
        for index in range(count):
            picture = torch.randint(256, shape, dtype=torch.uint8)
            save_png(picture, root / folder / f"{index:03d}.png")
    clips = torch.randint(256, (40, 3, 16, 32, 32), dtype=torch.uint8)
    Video((3, 16, 32, 32)).write(clips, root / "clips")
    if find_spec("trimesh") is not None:
        solids = torch.zeros(40, 1, 16, 16, 16, dtype=torch.uint8)
        for edge, solid in enumerate(solids, start=20):
            solid[0, 2:6, 2 : edge // 4, 2:8] = 255
        Voxels((1, 16, 16, 16)).write(solids, root / "meshes")
    return root


def shortened(command: Command, precision: str) -> list[str]:
    """Return a command's arguments with what makes it end within seconds."""
    given = [a for a in command.arguments if not name_of(a).startswith("hydra.launcher")]
    given = [a.replace("...", "2026-01-31/12-00-00") for a in given]
    given = [a.replace("checkpoint=2026", "checkpoint=outputs/2026") for a in given]
    given = [a.replace("$SCRATCH", "scratch") for a in given]
    given = [a.replace("runs=FOLDER", "runs=outputs/multirun") for a in given]
    drop = {"hydra/launcher", "trainer.devices", "trainer.num_nodes", "trainer.strategy"}
    given = [a for a in given if name_of(a) not in drop and a != "trainer=ddp"]
    if command.module == "train":
        given = [a for a in given if name_of(a) not in ("trainer.max_steps", "trainer.precision")]
        given = [re.sub(r"seed=0,.*", "seed=0,1", a) for a in given]
        given += [*SHORT, "trainer.max_steps=4"]
        if not any(a.startswith("resume=outputs") for a in given):
            given.append(f"trainer.precision={precision}")
    if command.module == "evaluate":
        given += ["num_samples=500", "metrics=quick"]
        given = [a.replace("repeats=5", "repeats=2") for a in given]
    if "experiment=fanogan" in given:
        given = [a.replace("projected=500", "projected=20") for a in given]
        given += ["callbacks.anomaly.steps=5", "callbacks.anomaly.num_samples=500"]
    if command.module == "audit":
        given += ["records=40", "num_samples=100", "resamples=20"]
    if command.module == "theory":
        (study,) = (a.partition("=")[2] for a in given if a.startswith("study="))
        given += SHORT_STUDIES.get(study, [])
    return given


PRECISIONS = ["32-true", "bf16-mixed"]
"""Whatever ``auto`` may choose."""


def allowed(command: Command) -> list[str]:
    """Return the precisions that a command may train in: its recipe's own, or any."""
    recipe = {name_of(a): a.partition("=")[2] for a in command.arguments}.get("experiment")
    if recipe is None or "," in recipe:
        return PRECISIONS
    settings = OmegaConf.load(config_dir() / "experiment" / f"{recipe}.yaml")
    own = OmegaConf.select(settings, "trainer.precision")
    return PRECISIONS if own in (None, "auto") else [own]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("command", ALL, ids=str)
def test_every_command_runs(
    command: Command,
    precision: str,
    trained: Path,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if command.module != "train" and precision != "32-true":
        pytest.skip("no training")
    if command.module == "train" and precision not in allowed(command):
        pytest.skip("the recipe has a precision of its own")
    if "format=onnx" in command.arguments and find_spec("onnx") is None:
        pytest.skip("onnx is not installed")
    extras = {"mp4": "imageio_ffmpeg", "obj": "trimesh", "stl": "trimesh", "meshes": "trimesh"}
    for word, package in extras.items():
        if any(a.endswith(f"={word}") for a in command.arguments) and find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    shutil.copytree(trained, elsewhere, dirs_exist_ok=True)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    arguments = shortened(command, precision)
    monkeypatch.setattr(sys, "argv", [command.module, *arguments])
    status: object = None
    try:
        entry(f"gan_lab.{command.module}")()
    except SystemExit as stop:
        status = stop.code
    assert not status
    if command.module == "train" and "--help" not in arguments:
        assert all(run.status == "finished" for run in find_runs(elsewhere / "outputs"))


def test_the_readme_claims_of_steps_and_modes_what_holds() -> None:
    sections = (ROOT / "README.md").read_text().split("\n## ")
    told = {part.partition("\n")[0]: " ".join(part.split()) for part in sections}
    step, modes = told["What a step is"], told["Modes"]
    assert "reuses the fakes" in step and "`fresh_noise=true`" in step
    assert "| points spread evenly over the square" in modes
    assert "standard error of 10 trials 0.8" in modes
    assert "mean ± standard deviation over seeds" in modes
    assert "cure the loss of modes" not in modes


def test_the_tests_that_a_page_names_exist() -> None:
    text = (ROOT / "docs" / "testing.md").read_text()
    files = set(re.findall(r"`(?:tests/)?((?:\w+/)*test_\w+\.py)(?:::\w+)?`", text))
    named = set(re.findall(r"`((?:\w+/)*test_\w+\.py)::(test_\w+)`", text))
    assert len(named) > 100
    assert {file for file in files if not (ROOT / "tests" / file).is_file()} == set()
    written = {file: (ROOT / "tests" / file).read_text() for file in files}
    assert {pair for pair in named if f"\ndef {pair[1]}(" not in written[pair[0]]} == set()
