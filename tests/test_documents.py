"""The notebook and the README's Python run as they stand."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


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
