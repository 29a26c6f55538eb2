"""Solids of a generator, of an untrained one and of a baseline: a table of docs/media.md.

    python -m benchmarks.solids outputs/media/3dgan_*

Every folder is a run of data=solids. The baseline draws from a Gaussian along the principal
components of the training solids' signed distances: what can be had without a network.
"""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.tables import of_runs
from gan_lab.data import SolidsDataModule
from gan_lab.metrics import (
    Evaluation,
    Occupancy,
    Pieces,
    SolidSets,
    VolumeFeatures,
    seeded_batches,
)
from gan_lab.metrics.features import activations
from gan_lab.run.checkpoint import CONFIG_KEY, find_checkpoint, load_task, read_checkpoint
from gan_lab.run.rebuild import rebuild
from gan_lab.tasks import Generation

COMPONENTS = 64
MESHES = 50
"""Of each row, which are written and read again."""


def main() -> None:
    """Read the command line and print the table."""
    parser = of_runs(__doc__)
    parser.add_argument("--count", type=int, default=500, help="solids of each set")
    arguments = parser.parse_args()
    count: int = arguments.count
    first = read_checkpoint(find_checkpoint(arguments.runs[0]))[CONFIG_KEY]["config"]
    torch.manual_seed(0)
    untrained = rebuild(first["module"]["task"], ()).eval()
    data = SolidsDataModule(untrained.medium.shape)
    data.setup("fit")
    train, test = (data.medium.to_float(samples.images[:]) for samples in (data.train, data.test))
    network = VolumeFeatures(data.medium)
    metrics = {"sets": SolidSets, "pieces": Pieces, "occupancy": Occupancy}
    real, known = activations(network, test), activations(network, train)
    evaluation = Evaluation(network, metrics, real, known, count)
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
        made = draw()
        found = evaluation([made])
        figures = [found[f] for f in ("mmd", "cov", "one_nna", "one_piece", "occupancy_ratio")]
        cells = [f"{figure:.3f}" for figure in figures]
        print(f"| {name} | {' | '.join(cells)} | {watertight(data, made[:MESHES])} |", flush=True)


def along_components(train: Tensor, count: int) -> Tensor:
    """Return solids (count, 1, D, H, W) of Gaussian scores along the principal components."""
    flat = train.flatten(1)
    mean = flat.mean(dim=0)
    _, scales, components = torch.pca_lowrank(flat - mean, COMPONENTS, center=False)
    random = torch.Generator().manual_seed(0)
    scores = torch.randn(count, COMPONENTS, generator=random) * scales / len(flat) ** 0.5
    solids: Tensor = mean + scores @ components.T
    return solids.clamp(-1, 1).view(count, *train.shape[1:])


def trained(run: Path, count: int) -> Tensor:
    """Return ``count`` solids of a run's last weights."""
    return drawn(load_task(find_checkpoint(run)), count)


@torch.inference_mode()
def drawn(task: object, count: int) -> Tensor:
    """Return ``count`` solids of a generator as it stands."""
    if not isinstance(task, Generation):
        raise SystemExit(f"a run of noise to solids is wanted, got a {type(task).__name__}")
    return torch.cat(list(seeded_batches(lambda size: task.sample(size)["x"], count)))


def watertight(data: SolidsDataModule, made: Tensor) -> str:
    """Return how many of the files that are written of solids hold closed meshes, of how many."""
    import trimesh

    with tempfile.TemporaryDirectory() as folder:
        paths = data.medium.write(made, Path(folder), "obj")
        closed = sum(bool(trimesh.load_mesh(path).is_watertight) for path in paths)
    return f"{closed} of {len(paths)}"


if __name__ == "__main__":
    main()
