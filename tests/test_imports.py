"""Imports point down only."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "gan_lab"
STANDARD = {
    "losses": {"torch", "gan_lab.losses"},
    "augmentations": {"torch", "gan_lab.augmentations"},
    "regularizers": {"torch", "gan_lab.regularizers", "gan_lab.augmentations"},
    "models": {"torch", "gan_lab.models"},
}
ALLOWED = STANDARD | {
    "metrics": {
        "torch",
        "torchmetrics",
        "torch_fidelity",
        "safetensors",
        "gan_lab.metrics",
        "gan_lab.errors",
    },
    "data": {
        "torch",
        "torchvision",
        "pytorch_lightning",
        "numpy",
        "PIL",
        "filelock",
        "gan_lab.data",
        "gan_lab.errors",
    },
    "module.py": {
        "torch",
        "pytorch_lightning",
        "gan_lab.augmentations",
        "gan_lab.combinations",
        "gan_lab.errors",
        "gan_lab.judge",
        "gan_lab.losses",
        "gan_lab.models",
        "gan_lab.regularizers",
    },
    "judge.py": {
        "torch",
        "gan_lab.combinations",
        "gan_lab.losses",
        "gan_lab.models",
        "gan_lab.regularizers",
    },
}
ENTRY_LAYER = {
    "app",
    "instantiate",
    "resume",
    "train",
    "sample",
    "evaluate",
    "report",
    "__main__",
    "export",
    "runs",
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found.add(str(node.module))
    return found


def third_party(names: set[str]) -> set[str]:
    import sys

    return {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names}


@pytest.mark.parametrize("room", ALLOWED)
def test_each_room_imports_only_what_lies_below(room: str) -> None:
    target = PACKAGE / room
    for path in [target] if target.is_file() else target.rglob("*.py"):
        for name in third_party(imports(path)):
            assert any(name == a or name.startswith(f"{a}.") for a in ALLOWED[room]), (path, name)


def test_only_the_entry_layer_imports_hydra() -> None:
    for path in PACKAGE.rglob("*.py"):
        uses = any(name.partition(".")[0] == "hydra" for name in imports(path))
        assert not uses or path.stem in ENTRY_LAYER, path


def test_nobody_but_the_entry_layer_imports_the_theory() -> None:
    for path in PACKAGE.rglob("*.py"):
        if "theory" not in path.parts and path.stem not in ENTRY_LAYER:
            assert not any(name.startswith("gan_lab.theory") for name in imports(path)), path
