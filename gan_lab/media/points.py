"""Points of the line or the plane, of any dimension."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from gan_lab.contracts import Medium
from gan_lab.files import written_whole


class Points(Medium):
    """Unbounded numbers, to networks and to files alike.

    Args:
        shape: (dimension,), positive.

    Raises:
        ValueError: If it is no such shape.
    """

    name: ClassVar[str] = "points"
    shown: ClassVar[bool] = False
    formats: ClassVar[tuple[str, ...]] = ("npz",)

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__(shape)
        if len(self.shape) != 1 or self.shape[0] < 1:
            raise ValueError(f"a point has a shape [dimension], got {list(shape)}")

    def to_float(self, raw: Tensor) -> Tensor:
        return raw if raw.is_floating_point() else raw.float()

    def to_raw(self, samples: Tensor) -> Tensor:
        return samples

    def picture(self, samples: Tensor, columns: int | None = None) -> None:
        """Return nothing: the density panels show points beside what they should be."""

    def write(self, samples: Tensor, folder: Path, kind: str | None = None) -> list[Path]:
        path = folder / "samples.npz"
        with written_whole(path) as file:
            np.savez_compressed(file, samples=samples.numpy())
        return [path]

    def log(self, experiment: Any, tag: str, samples: Tensor, step: int) -> None:
        """Log nothing; see :meth:`picture`."""
