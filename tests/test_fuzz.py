"""A share of `make fuzz`: strangers' checkpoints and mistyped commands end in one line."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_share_of_the_fuzzers_trials(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.fuzz", "--seed", "0", f"--folder={tmp_path}"]
    trials = ["--checkpoints", "4", "--lines", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [*command, *trials],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert "| checkpoints | 4 |" in run.stdout, run.stderr
    assert "| lines | 2 |" in run.stdout
    assert run.returncode == 0, run.stdout
