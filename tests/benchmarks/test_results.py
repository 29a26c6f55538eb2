"""The table of results: read from run folders, and only from finished ones."""

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks import jobs, results


def summary(fid: float, status: str = "finished") -> dict:
    final = {f"{figure}/mnist_classifier_100": 0.5 for figure in results.FIGURES}
    final["fid/mnist_classifier_100"] = fid + 1
    final["fid/mnist_classifier_100_ema"] = fid + 2
    best = {"fid/mnist_classifier_100": fid}
    return {"status": status, "steps": 7, "final": final, "best": best, "wall_time_s": 3.0}


def test_finished_runs_are_tabled_and_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, fid in enumerate([10.0, 12.0]):
        folder = tmp_path / f"mlp-hinge-{seed}"
        folder.mkdir()
        (folder / "summary.json").write_text(json.dumps(summary(fid)))
    (tmp_path / "mlp-hinge-2").mkdir()
    interrupted = json.dumps(summary(1.0, status="interrupted"))
    (tmp_path / "mlp-hinge-2" / "summary.json").write_text(interrupted)
    asked = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess:
        asked.append(command)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(jobs.subprocess, "run", run)
    options = f"--folder {tmp_path} --max-steps 7 --final-samples 100 --models mlp --losses hinge"
    monkeypatch.setattr("sys.argv", ["results", *options.split()])
    results.main()
    ((*_, last),) = asked
    assert last == f"hydra.run.dir={tmp_path / 'mlp-hinge-2'}"
    printed = capsys.readouterr()
    assert "| mlp | hinge | 2 | 11.0 ± 1.4 | 12.0 ± 1.4 | 13.0 ± 1.4 | " in printed.out
    assert "failed: " in printed.err
