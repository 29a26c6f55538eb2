"""An exported generator draws what the checkpoint's draws, and its files run no code."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_lab.checkpoint import find_checkpoint, load_generator
from gan_lab.errors import LabError
from gan_lab.export import load_safetensors, main
from tests.conftest import CommandLine
from tests.test_resume import MODELS, TINY


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


@pytest.mark.parametrize("model", MODELS)
def test_safetensors_hold_the_generator(
    train: CommandLine, export: CommandLine, model: str
) -> None:
    run = train(*TINY, *MODELS[model], "trainer.max_steps=2")
    folder = export(f"checkpoint={run}")
    description = json.loads((folder / "generator.json").read_text())
    assert description["step"] == 2
    latents = torch.randn(5, description["latent_dim"])
    original = load_generator(find_checkpoint(run))
    with torch.inference_mode():
        assert torch.equal(load_safetensors(folder)(latents), original(latents))


def test_onnx_draws_the_same(train: CommandLine, export: CommandLine) -> None:
    run = train(*TINY, *MODELS["dcgan"], "trainer.max_steps=2")
    if importlib.util.find_spec("onnxscript") is None:
        with pytest.raises(SystemExit):
            export(f"checkpoint={run}", "format=onnx")
        return
    import onnxruntime

    path = export(f"checkpoint={run}", "format=onnx") / "generator.onnx"
    session = onnxruntime.InferenceSession(path)
    original = load_generator(find_checkpoint(run))
    for count in (1, 9):
        latents = torch.randn(count, 100)
        (samples,) = session.run(None, {"latents": latents.numpy()})
        with torch.inference_mode():
            np.testing.assert_allclose(samples, original(latents).numpy(), atol=1e-5)


def test_a_strangers_export_is_not_trusted(
    train: CommandLine, export: CommandLine, tmp_path: Path
) -> None:
    folder = export(f"checkpoint={train(*TINY, 'model=mlp', 'trainer.max_steps=1')}")
    description = json.loads((folder / "generator.json").read_text())
    forged = shutil.copytree(folder, tmp_path / "forged")
    (forged / "generator.json").write_text(json.dumps(description | {"class": "os.system"}))
    with pytest.raises(LabError, match=r"os\.system"):
        load_safetensors(forged)
    damaged = shutil.copytree(folder, tmp_path / "damaged")
    (damaged / "generator.safetensors").write_bytes(b"no tensors")
    with pytest.raises(LabError, match="no exported generator"):
        load_safetensors(damaged)
