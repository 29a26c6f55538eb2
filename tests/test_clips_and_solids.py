"""Every command on runs of clips and of solids, and on a stranger's files of them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_lab.data import ShapeMotionDataModule, SolidsDataModule
from gan_lab.media import Video, Voxels
from gan_lab.run.checkpoint import read_checkpoint
from tests.conftest import CommandLine

COMMON = (
    *("data.train_size=40", "data.test_size=24", "data.batch_size=4", "trainer.max_steps=2"),
    *(
        "callbacks.samples.num_samples=2",
        "trainer.log_every_n_steps=1",
        "trainer.precision=32-true",
    ),
)
CLIPS = ("experiment=mocogan", "data=shape_motion", "data.sample_shape=[3,13,16,16]", *COMMON)
RUNS = {
    "mocogan": (*CLIPS, "latent_dim=92", "model.width=2"),
    "vgan": (
        *("experiment=vgan", "data=shape_motion", "data.sample_shape=[3,8,16,16]", *COMMON),
        *("latent_dim=8", "model.width=2"),
    ),
    "3dgan": (
        *("experiment=3dgan", "data=solids", "data.sample_shape=[1,16,16,16]", *COMMON),
        *("latent_dim=8", "model.width=2"),
    ),
}
Main = Callable[..., int]


@pytest.fixture(params=RUNS)
def run(request: pytest.FixtureRequest, train: CommandLine) -> tuple[str, Path]:
    return request.param, train(*RUNS[request.param])


def test_a_run_is_shown_sampled_and_exported(
    run: tuple[str, Path], main_of: Main, tmp_path: Path
) -> None:
    name, folder = run
    shown = sorted(path.name for path in (folder / "samples").iterdir())
    assert shown == ["real.png", "step=000002.png"]
    content = (next(folder.glob("events.out*"))).read_bytes()
    assert (b"samples/real_in_motion" if name != "3dgan" else b"samples/real_meshes") in content

    def sampled(kind: str, count: int = 3) -> list[str]:
        out = tmp_path / kind
        arguments = [f"checkpoint={folder}", f"num_samples={count}", f"format={kind}"]
        arguments += [f"hydra.run.dir={out}", "interpolation_steps=3"]
        assert main_of("gan_lab.sample", *arguments) == 0
        return sorted(path.name for path in out.glob("*.*") if path.name[0] != ".")

    kind = "gif" if name != "3dgan" else "obj"
    if kind == "gif":
        assert sampled("gif") == ["000000.gif", "000001.gif", "000002.gif"]
    assert sampled("grid") == ["grid.png"]
    assert sampled("interpolation", 2) == ["interpolation.png"]
    assert sampled("arithmetic", 2) == ["arithmetic.png"]
    sampled("npz")
    with np.load(tmp_path / "npz" / "samples.npz") as file:
        assert file["samples"].dtype == np.uint8 and file["samples"].ndim == 5
    assert main_of("gan_lab.export", f"checkpoint={folder}", f"output={tmp_path / 'export'}") == 0
    facts = json.loads((tmp_path / "export" / "generator.json").read_text())
    assert facts["medium"] == ("voxels" if name == "3dgan" else "video")


def test_a_run_goes_on_bit_for_bit(run: tuple[str, Path], train: CommandLine) -> None:
    name, folder = run
    whole = train(*RUNS[name], "trainer.max_steps=4", folder="whole")
    resumed = train(*RUNS[name], f"resume={folder}", "trainer.max_steps=4", folder="run")
    one, other = (
        read_checkpoint(path / "checkpoints" / "last.ckpt")["state_dict"]
        for path in (whole, resumed)
    )
    assert {*one} == {*other}
    for key, value in one.items():
        assert torch.equal(value, other[key]), key


def test_a_run_is_measured_as_it_trains_and_afterwards(
    train: CommandLine, main_of: Main, tmp_path: Path
) -> None:
    counts = [f"callbacks.evaluation.{n}=12" for n in ("num_samples", "final_num_samples")]
    folder = train(*RUNS["3dgan"], *counts, "metrics.figures.density_coverage=null")
    final = json.loads((folder / "summary.json").read_text())["final"]
    assert {"one_nna/solids_classifier_12", "occupancy_ratio/solids_classifier_12"} <= {*final}
    line = [f"checkpoint={folder}", "num_samples=12", "metrics=voxels", f"output={tmp_path / 'e'}"]
    line += ["device=cpu", "metrics.figures.density_coverage=null"]
    assert main_of("gan_lab.evaluate", *line) == 0
    found = json.loads((tmp_path / "e" / "evaluation.json").read_text())
    assert found["features"] == "solids_classifier"
    assert found["figures"]["raw"]["one_nna/solids_classifier_12"]["mean"] <= 1


def test_conditional_clips_are_asked_for_motion_and_shape(train: CommandLine) -> None:
    counts = [f"callbacks.evaluation.{n}=12" for n in ("num_samples", "final_num_samples")]
    line = ("conditioning=auxiliary_classifier", "num_classes=4", *counts)
    folder = train(*RUNS["mocogan"], *line, "metrics.figures.density_coverage=null")
    final = json.loads((folder / "summary.json").read_text())["final"]
    assert {"motion_accuracy/shape_motion_classifier_12", "term/classification"} <= {*final}


def test_strangers_clips_and_meshes_are_measured(main_of: Main, tmp_path: Path) -> None:
    pytest.importorskip("trimesh", reason="the extra shapes is not installed")
    clips = ShapeMotionDataModule((3, 13, 16, 16), train_size=30, test_size=2)
    clips.setup()
    Video((3, 13, 16, 16)).write(clips.train.images[:12], tmp_path / "clips")
    solids = SolidsDataModule((1, 16, 16, 16), train_size=30, test_size=2)
    solids.setup()
    Voxels((1, 16, 16, 16)).write(solids.train.images[:12], tmp_path / "meshes", "ply")
    small = ["data.train_size=40", "data.test_size=24", "device=cpu", f"output={tmp_path}"]
    small += ["metrics.figures.density_coverage=null"]

    def measured(*line: str) -> dict[str, float]:
        assert main_of("gan_lab.evaluate", *line, *small) == 0
        found = json.loads((tmp_path / "evaluation.json").read_text())
        return {name.partition("/")[0]: v["mean"] for name, v in found["figures"]["images"].items()}

    shape = "data.sample_shape=[3,13,16,16]"
    found = measured(f"images={tmp_path / 'clips'}", "data=shape_motion", shape)
    assert found["content_distance_colour"] == 0
    shape = "data.sample_shape=[1,16,16,16]"
    found = measured(f"images={tmp_path / 'meshes'}", "data=solids", shape)
    assert found["one_nna"] < 0.95 and found["one_piece"] > 0.5


def test_a_strangers_bad_clip_is_told_in_one_line(
    main_of: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (16, 16)).save(tmp_path / "one.gif")
    line = [f"images={tmp_path}", "data=shape_motion", "data.sample_shape=[3,13,16,16]"]
    line += ["data.train_size=40", "data.test_size=24", "device=cpu"]
    assert main_of("gan_lab.evaluate", *line, f"hydra.run.dir={tmp_path / 'h'}") == 1
    (told,) = capsys.readouterr().err.strip().splitlines()
    assert "one.gif holds 1 frame, and a clip of 13 takes 13" in told


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["latent_dim=100"], "latent_dim must be content_dim + motion_dim × (frames + 1)"),
        (["data.sample_shape=[3,8,16,16]", "latent_dim=77"], "need clips of at least 13 frames"),
        (["model=dcgan", "~model.generator.motion_dim"], "this network needs images that halve"),
        (["loss=wgan", "descent=gated"], "Gated asks which logits say real"),
    ],
)
def test_what_does_not_go_together_is_told_in_one_line(
    overrides: list[str],
    sentence: str,
    train: CommandLine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        train(*RUNS["mocogan"], *overrides)
    (told,) = capsys.readouterr().err.strip().splitlines()
    assert sentence in told


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mocogan", "3dgan"])
def test_a_short_run_comes_nearer_to_real_samples(name: str, train: CommandLine) -> None:
    """Under three minutes each on one thread."""
    figures = {
        "mocogan": "frame_fid/shape_motion_classifier_200",
        "3dgan": "mmd/solids_classifier_200",
    }
    counts = [f"callbacks.evaluation.{n}=200" for n in ("num_samples", "final_num_samples")]
    line = {
        "mocogan": ("experiment=mocogan", "data=shape_motion", "model.width=8"),
        "3dgan": ("experiment=3dgan", "data=solids", "model.width=16"),
    }[name]
    sizes = ("data.train_size=1000", "data.test_size=300", "data.batch_size=16")
    shape = "[3,13,16,16]" if name == "mocogan" else "[1,16,16,16]"
    latents = ("latent_dim=92",) if name == "mocogan" else ()
    common = (*line, *sizes, f"data.sample_shape={shape}", *latents, *counts)
    untrained = train(*common, "trainer.max_steps=1", folder="untrained")
    trained = train(*common, "trainer.max_steps=300", folder="trained")
    values = [
        json.loads((path / "summary.json").read_text())["final"][figures[name]]
        for path in (untrained, trained)
    ]
    assert values[1] < 0.75 * values[0]
