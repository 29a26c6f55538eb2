"""An exported generator draws what the checkpoint's draws, and its files run no code."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_lab.errors import LabError
from gan_lab.export import load_safetensors, main
from gan_lab.run.checkpoint import find_checkpoint, load_task
from tests.cli.test_resume import MODELS, TINY
from tests.conftest import CommandLine


@pytest.fixture
def export(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CommandLine:
    def command(*line: str) -> Path:
        # A comma and an equals sign, as sweeps have them in their folders' names.
        output = tmp_path / "export" / "a=1,b"
        given = [*line, f"output={output}", f"hydra.run.dir={tmp_path}/hydra"]
        monkeypatch.setattr(sys, "argv", ["export", *given])
        main()
        return output

    return command


SMALL = ("callbacks.samples=null", "callbacks.nearest_neighbours=null", "trainer.max_steps=2")
RUNS = {
    **{name: (*TINY, *line) for name, line in MODELS.items()},
    "labels": (*TINY, "model=mlp", "conditioning=concatenation"),
    "projection": (*TINY, "experiment=projection", "model.width=4", "latent_dim=8"),
    "infogan": (*TINY, "experiment=infogan", "model.width=2", "model.units=8"),
    "uniform": (*TINY, "model=mlp", "prior=uniform"),
    "points": (
        *SMALL,
        "data=ring",
        "data.batch_size=16",
        "trainer.log_every_n_steps=1",
        "data.train_size=600",
        "data.test_size=20",
    ),
}
PLAIN = {"mlp", "dcgan", "uniform", "points"}


@pytest.fixture(params=RUNS)
def run(request: pytest.FixtureRequest, train: CommandLine) -> tuple[str, Path]:
    return request.param, train(*RUNS[request.param], "trainer.max_steps=2")


def test_safetensors_hold_the_generating_side(run: tuple[str, Path], export: CommandLine) -> None:
    name, checkpoint = run
    folder = export(f"checkpoint={checkpoint}")
    description = json.loads((folder / "generator.json").read_text())
    assert description["step"] == 2
    assert description["num_classes"] == (0 if name in PLAIN else 10)
    given = {"z": torch.randn(12, description["latent_dim"])}
    if description["num_classes"]:
        given["label"] = torch.arange(12) % 10
    original = load_task(find_checkpoint(checkpoint))
    with torch.inference_mode():
        drawn = load_safetensors(folder).sample(12, given)["x"]
        assert torch.equal(drawn, original.sample(12, given)["x"])
    assert list(drawn.shape[1:]) == description["sample_shape"]


@pytest.mark.parametrize("name", ["dcgan", "labels", "projection"])
def test_onnx_draws_the_same(
    name: str, train: CommandLine, export: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(*RUNS[name], "trainer.max_steps=2")
    if importlib.util.find_spec("onnxscript") is None:
        with pytest.raises(SystemExit):
            export(f"checkpoint={run}", "format=onnx")
        assert "pip install 'gan-lab[onnx]'" in capsys.readouterr().err
        return
    import onnxruntime

    path = export(f"checkpoint={run}", "format=onnx") / "generator.onnx"
    session = onnxruntime.InferenceSession(path)
    original = load_task(find_checkpoint(run))
    for count in (1, 9):
        given = {"z": original.prior(count)["z"], "label": torch.arange(count) % 10}
        inputs = {"latents": given["z"].numpy(), "labels": given["label"].numpy()}
        if not original.num_classes:
            del inputs["labels"]
        (samples,) = session.run(None, inputs)
        with torch.inference_mode():
            np.testing.assert_allclose(samples, original.draw(given).numpy(), atol=1e-5)


def test_a_strangers_export_is_not_trusted(
    train: CommandLine, export: CommandLine, tmp_path: Path
) -> None:
    folder = export(f"checkpoint={train(*TINY, 'model=mlp', 'trainer.max_steps=1')}")
    description = json.loads((folder / "generator.json").read_text())
    forged = shutil.copytree(folder, tmp_path / "forged")
    task = {**description["task"], "generator": {"_target_": "os.system", "command": "true"}}
    (forged / "generator.json").write_text(json.dumps({**description, "task": task}))
    with pytest.raises(LabError, match=r"os\.system"):
        load_safetensors(forged)
    damaged = shutil.copytree(folder, tmp_path / "damaged")
    (damaged / "generator.safetensors").write_bytes(b"no tensors")
    with pytest.raises(LabError, match="no exported generator"):
        load_safetensors(damaged)
