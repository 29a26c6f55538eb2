"""Solids of a generator, of an untrained one and of a baseline: a table of docs/media.md.

    python -m benchmarks.solids outputs/media/3dgan_*

Every folder is a run of data=solids. The baseline draws from a Gaussian along the principal
components of the training solids' signed distances: what can be had without a network.
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from gan_lab.data import SolidsDataModule
from gan_lab.metrics import chamfer_distances, set_figures
from gan_lab.metrics.solids import pieces
from gan_lab.run.checkpoint import CONFIG_KEY, find_checkpoint, load_task, read_checkpoint
from gan_lab.run.rebuild import rebuild
from gan_lab.tasks import Generation

COMPONENTS = 64
MESHES = 50
"""Of each row, which are written and read again."""


def main() -> None:
    """Read the command line and print the table."""
    layout = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=500, help="solids of each set")
    arguments = parser.parse_args()
    count: int = arguments.count
    first = read_checkpoint(find_checkpoint(arguments.runs[0]))[CONFIG_KEY]["config"]
    torch.manual_seed(0)
    untrained = rebuild(first["module"]["task"], ())
    data = SolidsDataModule(untrained.medium.shape)
    data.setup("fit")
    train, test = (data.medium.to_float(samples.images[:]) for samples in (data.train, data.test))
    chosen = torch.randperm(len(train), generator=torch.Generator().manual_seed(0))[:count]
    rows: dict[str, Callable[[], Tensor]] = {
        "training solids": lambda: train[chosen],
        f"{COMPONENTS} principal components": lambda: along_components(train, count),
        "untrained generator": lambda: drawn(untrained, count),
    }
    for run in arguments.runs:
        rows[run.name] = partial(trained, run, count)
    print("| | MMD | COV | 1-NNA | one piece | occupancy | watertight |")
    print("|---|---|---|---|---|---|---|")
    for name, draw in rows.items():
        torch.manual_seed(0)
        print(f"| {name} | {row(data, draw(), test[:count])} |", flush=True)


def along_components(train: Tensor, count: int) -> Tensor:
    """Return solids (count, 1, D, H, W) of Gaussian scores along the principal components."""
    flat = train.flatten(1)
    mean = flat.mean(dim=0)
    _, scales, components = torch.pca_lowrank(flat - mean, COMPONENTS, center=False)
    scores = torch.randn(count, COMPONENTS) * scales / len(flat) ** 0.5
    solids: Tensor = mean + scores @ components.T
    return solids.view(count, *train.shape[1:])


def trained(run: Path, count: int) -> Tensor:
    """Return ``count`` solids of a run's last weights."""
    return drawn(load_task(find_checkpoint(run)), count)


@torch.inference_mode()
def drawn(task: object, count: int) -> Tensor:
    """Return ``count`` solids of a generator as it stands."""
    if not isinstance(task, Generation):
        raise SystemExit(f"a run of noise to solids is wanted, got a {type(task).__name__}")
    task.eval()
    return torch.cat([task.sample(100)["x"] for _ in range(-(-count // 100))])[:count]


def row(data: SolidsDataModule, made: Tensor, real: Tensor) -> str:
    """Return a row's cells, of as many generated solids as real ones."""
    one, other = made[:, 0] > 0, real[:, 0] > 0
    figures = set_figures(
        chamfer_distances(one, one),
        chamfer_distances(other, other),
        chamfer_distances(one, other),
    )
    cells = [f"{float(figures[name]):.3f}" for name in ("mmd", "cov", "one_nna")]
    cells.append(f"{float((pieces(one) == 1).double().mean()):.3f}")
    cells.append(f"{float(one.double().mean() / other.double().mean()):.2f}")
    return " | ".join([*cells, watertight(data, made[:MESHES])])


def watertight(data: SolidsDataModule, made: Tensor) -> str:
    """Return how many of the files that are written of solids hold closed meshes, of how many."""
    import trimesh

    with tempfile.TemporaryDirectory() as folder:
        paths = data.medium.write(made, Path(folder), "obj")
        closed = sum(bool(trimesh.load_mesh(path).is_watertight) for path in paths)
    return f"{closed} of {len(paths)}"


if __name__ == "__main__":
    main()
