"""Rooms know only what lies below them, and stay small enough to be read at one sitting."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "gan_lab"
LIGHTNING = {"pytorch_lightning"}
PICTURES = {"PIL", "numpy", "torchvision"}
SOUNDS = {"scipy", "soundfile"}

# Beside torch, a room imports its own files, the rooms on the left and the packages on the right.
ROOMS: dict[str, tuple[set[str], set[str]]] = {
    "contracts": (set(), set()),
    "losses": ({"contracts", "errors"}, set()),
    "priors": ({"contracts", "errors"}, set()),
    "environments": ({"errors"}, {"gymnasium", "numpy"}),
    "descents": ({"contracts", "errors"}, {"opacus"}),
    "augmentations": ({"contracts"}, set()),
    "degradations": ({"contracts"}, set()),
    "models": ({"contracts"}, set()),
    "media": (
        {"contracts", "errors", "files"},
        {*PICTURES, *SOUNDS, "imageio_ffmpeg", "skimage", "tensorboard", "trimesh"},
    ),
    "terms": ({"contracts", "augmentations", "errors"}, set()),
    "tasks": (
        {"contracts", "degradations", "environments", "models", "priors", "media", "errors"},
        set(),
    ),
    "game": ({"contracts", "descents", "errors"}, LIGHTNING),
    "data": (
        {"contracts", "environments", "media", "errors", "files"},
        {
            *(*LIGHTNING, *PICTURES, "filelock", "litdata", "rich", "typing_extensions"),
            *("matplotlib", "skimage", "sklearn"),  # which ship photographs and digits
            *("espeakng_loader", "opacus", "pydoc_data", "scipy"),  # speech, privacy and texts
        },
    ),
    "metrics": (
        {"contracts", "media", "errors", "files"},
        {"torchmetrics", "torch_fidelity", "safetensors", "scipy", "numpy", "skimage"}
        | {"pocketsphinx", "pystoi"},
    ),
    "run": ({"contracts", "errors", "files"}, {*LIGHTNING, "filelock", "yaml"}),
    "engine": ({"run", "errors", "files"}, {*LIGHTNING, "lightning_fabric"}),
    "callbacks": (
        {
            *("contracts", "data", "descents", "errors", "files", "game", "media", "metrics"),
            *("run", "terms"),
        },
        {*LIGHTNING, "PIL", "matplotlib", "numpy", "rich"},
    ),
    "report": ({"run", "errors", "files"}, {"jinja2", "matplotlib", "numpy", "scipy"}),
    "theory": (
        {
            *("contracts", "data", "descents", "errors", "files", "game", "losses", "media"),
            *("models", "tasks", "terms"),
        },
        {"PIL", "matplotlib", "numpy", "rich", "scipy"},
    ),
    "cli": (
        {"callbacks", "contracts", "data", "errors", "files", "game", "media", "metrics", "run"},
        {*LIGHTNING, "hydra", "matplotlib", "omegaconf", "pydantic", "rich"},
    ),
}
ENTRIES = {
    *("__init__.py", "api.py", "audit.py", "encode.py", "evaluate.py", "export.py"),
    *("runs.py", "sample.py", "train.py", "translate.py"),
    *("report/__main__.py", "theory/__main__.py"),
}
"""Files that stand above the rooms and may use them all."""
RESERVED = {"theory", "report"}
"""Rooms that only their own files and entries know."""
CALLABLE = "gan_lab.api"
"""What cli imports when a module that is a command line is called as a function."""


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str | None:
    """Return the room that a file lies in; None of entries and of files that any room may know."""
    inside = path.relative_to(PACKAGE).parts
    return None if place(path) in ENTRIES or len(inside) == 1 else inside[0]


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            if node.module == "gan_lab":
                found |= {f"gan_lab.{alias.name}" for alias in node.names}
            else:
                found.add(str(node.module))
    return {name for name in found if name.partition(".")[0] not in sys.stdlib_module_names}


def test_every_room_is_listed() -> None:
    found = {path.parent.name for path in PACKAGE.glob("*/*.py")}
    assert found == set(ROOMS)
    assert all((PACKAGE / room / "__init__.py").is_file() for room in ROOMS)
    for entry in ENTRIES:
        assert (PACKAGE / entry).is_file(), entry


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_lies_below(room: str) -> None:
    rooms, packages = ROOMS[room]
    for path in (path for path in files() if room_of(path) == room):
        for name in imports(path):
            package, _, rest = name.partition(".")
            if name == CALLABLE and room == "cli":
                continue
            if package == "gan_lab":
                assert not rest or rest.split(".")[0] in {room, *rooms}, (path, name)
            else:
                assert package in {"torch", *packages}, (path, name)


def test_imports_point_in_one_direction() -> None:
    order = list(TopologicalSorter({room: rooms for room, (rooms, _) in ROOMS.items()})
                 .static_order())  # fmt: skip
    assert {"contracts", "errors", "files"} == set(order[:3])
    assert {"cli", "theory", "report"} <= set(order[-6:])


def test_hydra_lives_in_the_command_line_alone() -> None:
    for path in files():
        if room_of(path) not in (None, "cli"):
            assert not {"hydra", "omegaconf"} & {n.partition(".")[0] for n in imports(path)}, path


@pytest.mark.parametrize("room", sorted(RESERVED))
def test_nobody_but_entry_points_imports_theory_or_reports(room: str) -> None:
    for path in files():
        if place(path) not in ENTRIES and room_of(path) != room:
            assert not any(name.startswith(f"gan_lab.{room}") for name in imports(path)), path


def test_no_file_is_longer_than_two_hundred_and_fifty_lines() -> None:
    lengths = {place(path): len(path.read_text().splitlines()) for path in files()}
    assert {name: length for name, length in lengths.items() if length > 250} == {}


def test_at_most_a_dozen_modules_lie_beside_the_rooms() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 12


def test_importing_the_lab_brings_no_library() -> None:
    """What takes seconds to import waits until it is used."""
    code = "import sys, gan_lab; dir(gan_lab); print(*{n.partition('.')[0] for n in sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    brought = set(result.stdout.split())
    assert "gan_lab" in brought
    assert not brought & {"torch", "lightning", "pytorch_lightning", "hydra", "omegaconf", "numpy"}
