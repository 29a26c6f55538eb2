"""What solids are worth: sets of them compared, pieces counted, room taken."""

import torch
from scipy import ndimage
from torch import Tensor
from torchmetrics.utilities import dim_zero_cat

from gan_lab.metrics.base import SampleMetric, require_samples, share, shuffled
from gan_lab.metrics.chamfer import chamfer_distances, set_figures
from gan_lab.metrics.features import Activations
from gan_lab.metrics.reference import Reference


class SolidSets(SampleMetric):
    """MMD, COV and 1-NNA by Chamfer distance; see :func:`set_figures`.

    As many generated solids as real ones are compared, at most ``most``, chosen by a seed.

    Args:
        reference: The activations of real solids.
        most: Of each set, at least 2.

    Raises:
        ValueError: If ``most`` is out of range, or the network does not tell the cubes.
    """

    higher_is_better = None
    ideals = {"mmd": 0.0, "cov": 1.0, "one_nna": 0.5}
    bounds = ("cov",)
    needs = ("solid",)
    solids: list[Tensor]

    def __init__(self, reference: Reference, most: int = 500) -> None:
        super().__init__(reference)
        if most < 2:
            raise ValueError(f"most must be at least 2, got {most}")
        self.most = most
        self.add_state("solids", [], dist_reduce_fx="cat")

    def update(self, generated: Activations) -> None:
        self.solids.append(generated.beside["solid"])

    def compute(self) -> dict[str, Tensor]:
        made: Tensor = dim_zero_cat(self.solids)
        real = self.reference.real.beside["solid"].to(made.device)
        require_samples("one_nna", "generated", len(made), 2)
        require_samples("one_nna", "real", len(real), 2)
        count = min(len(made), len(real), self.most)
        made, real = (s[shuffled(len(s), 0)[:count].to(s.device)] for s in (made, real))
        return set_figures(
            chamfer_distances(made, made),
            chamfer_distances(real, real),
            chamfer_distances(made, real),
        )


class Pieces(SampleMetric):
    """Of how many pieces a solid is, on average, and the share of solids that are of one.

    Cubes that meet at a corner belong together. An empty solid is of no piece.

    Args:
        reference: The activations of real solids.
    """

    higher_is_better = None
    ideals = {"pieces": 1.0, "one_piece": 1.0}
    bounds = ("one_piece",)
    needs = ("solid",)
    counts: list[Tensor]

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self.add_state("counts", [], dist_reduce_fx="cat")

    def update(self, generated: Activations) -> None:
        solids = generated.beside["solid"]
        self.counts.append(pieces(solids).to(solids.device))

    def compute(self) -> dict[str, Tensor]:
        counts: Tensor = dim_zero_cat(self.counts)
        require_samples("pieces", "generated", len(counts), 1)
        return {"pieces": counts.double().mean(), "one_piece": share(counts == 1)}


class Occupancy(SampleMetric):
    """How much of the grid solids fill, over what real ones do; 1 where it is as much.

    Args:
        reference: The activations of real solids.
    """

    higher_is_better = None
    ideals = {"occupancy_ratio": 1.0}
    needs = ("solid",)
    filled: Tensor
    count: Tensor

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self.add_state("filled", torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, generated: Activations) -> None:
        solids = generated.beside["solid"]
        self.filled += solids.double().mean((1, 2, 3)).sum()
        self.count += len(solids)

    def compute(self) -> dict[str, Tensor]:
        require_samples("occupancy_ratio", "generated", int(self.count), 1)
        real = self.reference.real.beside["solid"].to(self.filled.device).double().mean()
        return {"occupancy_ratio": self.filled / self.count / real.clamp(min=1e-12)}


def pieces(solids: Tensor) -> Tensor:
    """Return of how many connected pieces each solid (N, D, H, W) is, shape (N,)."""
    touching = ndimage.generate_binary_structure(3, 3)
    return torch.tensor([ndimage.label(solid.numpy(), touching)[1] for solid in solids.cpu()])
