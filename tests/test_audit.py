"""Audits of small runs, from the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.conftest import CommandLine

SMALL = (
    *("model=mlp", "model.generator.hidden=[8]", "model.discriminator.hidden=[8]"),
    *("data.size=100", "data.batch_size=10", "trainer.max_steps=3", "callbacks.samples=null"),
    "logger=csv",
)


@pytest.mark.filterwarnings("default::pytorch_lightning.utilities.warnings.PossibleUserWarning")
def test_a_private_run_is_attacked_beside_its_bound(
    train: CommandLine, main_of: Callable[..., int], tmp_path: Path, mnist_root: Path
) -> None:
    run = train(*SMALL, "descent=private", "trainer.log_every_n_steps=1")
    summary = json.loads((run / "summary.json").read_text())
    assert summary["status"] == "finished" and summary["final"]["epsilon"] > 1
    content = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    provenance = content["provenance"]
    assert provenance["training_samples"] == 100 and len(provenance["training_data_sha256"]) == 64
    assert provenance["versions"]["torch"] == torch.__version__
    audit = "gan_lab.audit"
    given = [f"checkpoint={run}", f"root={mnist_root}", "records=40", "num_samples=30"]
    given += ["resamples=20", "panel=2", f"output={tmp_path / 'audit'}"]
    place = f"hydra.run.dir={tmp_path / 'hydra'}"
    assert main_of(audit, *given, place) == 0
    report = json.loads((tmp_path / "audit" / "audit.json").read_text())
    assert set(report["attacks"]) == {"logits", "nearest", "calibrated"}
    assert report["epsilon"] == pytest.approx(content["privacy"]["epsilon"])
    assert 0.5 < report["bound"]["auc"] <= 1 and report["provenance"] == provenance
    for name in ("roc.png", "copies.png"):
        assert (tmp_path / "audit" / name).stat().st_size > 1000
    content["provenance"]["training_data_sha256"] = "0" * 64
    torch.save(content, tmp_path / "other.ckpt")
    given[0] = f"checkpoint={tmp_path / 'other.ckpt'}"
    assert main_of(audit, *given, place) == 1


def test_bad_input_is_said_in_a_line(
    main_of: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = f"hydra.run.dir={tmp_path}"
    assert main_of("gan_lab.audit", place) == 1
    assert "give checkpoint=PATH" in capsys.readouterr().err
    assert main_of("gan_lab.audit", "checkpoint=x", "records=1", place) == 1
    assert "records must be" in capsys.readouterr().err
