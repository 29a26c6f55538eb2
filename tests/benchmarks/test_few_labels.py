"""Few labels alone: what is known is taught, and nothing else; errors are of the test split."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import few_labels
from benchmarks.zoo.record import digest
from gan_lab.contracts import Discriminator
from gan_lab.data.labelled import UNKNOWN


def test_no_other_sample_is_seen_than_the_labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    taught = []

    def learn(classifier: Discriminator, x: torch.Tensor, labels: torch.Tensor, *_: object) -> None:
        taught.append((x, labels))

    monkeypatch.setattr(few_labels, "learn", learn)
    share = few_labels.supervised(0, 1, ["data.labels=20"])
    (samples, labels) = taught[0]
    assert samples.shape == (20, 1, 28, 28)
    assert labels.bincount().tolist() == [2] * 10 and UNKNOWN not in labels
    assert 0.6 < share < 1  # nothing was learnt


def test_labels_teach_a_little_and_the_runs_stand_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "figures" / "zoo" / "sgan.json"
    kept.parent.mkdir(parents=True)
    run = {"recipe": digest("sgan", []), "final": {"test_errors_averaged": 0.02}}
    other = {"recipe": "of another recipe", "final": {"test_errors_averaged": 0.5}}
    kept.write_text(json.dumps({"0": run, "1": run, "2": other}))
    line = ["few_labels", "--seeds", "1", "--steps", "100", "--page", str(tmp_path / "zoo.md")]
    monkeypatch.setattr("sys.argv", line)
    few_labels.main()
    *_, alone, beside = capsys.readouterr().out.strip().splitlines()
    assert 15 < float(alone.split("|")[2].split()[0]) < 65
    assert beside == "| `sgan` | 2.00 [2.00, 2.00] |"
