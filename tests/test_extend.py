"""The package of docs/extend.md works as the page says, with nothing of it in this repository."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "extend.md"
FENCE = re.compile(r"`(my_\w+/[\w/]+\.(?:py|yaml))`\s+```\w+\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write every file that the page shows, and return the folder that holds the package."""
    folder = tmp_path_factory.mktemp("extend")
    for name, content in FENCE.findall(PAGE.read_text()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(command)
    assert program == "python"
    environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_command_of_the_page_runs(package: Path) -> None:
    (commands,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    train, sample, evaluate, export, resume = commands.strip().splitlines()
    assert run(train, package).returncode == 0
    refused = run(sample.replace(" 'trust=[my_lab]'", ""), package)
    assert refused.returncode == 1
    assert "trust=[my_lab]" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    for command in (sample, evaluate, export, resume):
        finished = run(command, package)
        assert finished.returncode == 0, finished.stderr
    outputs = package / "outputs"
    assert (outputs / "stripes_samples" / "grid.png").exists()
    assert "brightness/pixels_500" in (outputs / "stripes_figures" / "evaluation.json").read_text()
    assert (outputs / "stripes_export" / "generator.safetensors").exists()
    assert '"steps": 120' in (outputs / "stripes" / "summary.json").read_text()
