"""Two domains of digits: MNIST and what can be made of it, or the digits of another hand."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2.functional import resize

from gan_lab.data.crops import Crops
from gan_lab.data.domains import Arrangement, Domains, DomainsDataModule
from gan_lab.data.files import data_root
from gan_lab.data.mapping import require_memory
from gan_lab.data.mnist import MNISTDataModule, pad
from gan_lab.data.shipped import shipped, shipped_photographs
from gan_lab.errors import LabError

View = Literal["edges", "negative"]
VIEWS: tuple[View, View] = ("edges", "negative")


class DigitDomainsDataModule(DomainsDataModule):
    """MNIST as the first of two domains.

    Args:
        root: Folder of MNIST; see :class:`MNISTDataModule`.
        sample_shape: [channels, 28, 28]; a larger square pads the digits with black.
        download: Whether absent files may be fetched.
        options: See :class:`DomainsDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    channels: ClassVar[int] = 1

    def __init__(
        self,
        root: str | Path,
        sample_shape: Sequence[int] = (1, 28, 28),
        download: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(sample_shape, **options)
        if len(self.sample_shape) != 3 or self.sample_shape[0] != self.channels:
            raise ValueError(
                f"sample_shape must be [{self.channels}, 28, 28] or a larger square, "
                f"got {list(self.sample_shape)}"
            )
        self.mnist = MNISTDataModule(root, (1, *self.sample_shape[1:]), download)
        self.root = data_root(root)

    def prepare_data(self) -> None:
        """Fetch MNIST unless it is there; see :class:`MNISTDataModule`."""
        self.mnist.prepare_data()

    def load(self, train: bool) -> Domains:
        """Read MNIST and the other domain; see :meth:`DomainsDataModule.load`."""
        digits, labels = self.mnist.load(train)
        assert isinstance(digits, Tensor)
        others, classes = self.others(digits, labels, train)
        grey = digits.expand(-1, self.channels, -1, -1)  # no copy
        first, second = self.keys
        return Domains(
            {first: grey, second: others}, {first: labels, second: classes}, self.aligned
        )

    @abstractmethod
    def others(self, digits: Tensor, labels: Tensor, train: bool) -> tuple[Tensor, Tensor]:
        """Return the second domain of a split: uint8 images (M, C, H, W) and their labels (M,).

        Args:
            digits: MNIST's (N, 1, H, W), padded.
            labels: Theirs (N,).
            train: Which split.
        """


class MNISTViewsDataModule(DigitDomainsDataModule):
    """MNIST and another view of its digits: their edges, or black on white.

    References:
        Coupled Generative Adversarial Networks (Liu and Tuzel 2016), section 4,
        arXiv 1606.07536, has both.

    Args:
        view: "edges", the digit grown by a pixel in all eight directions less the digit itself, or
            "negative", 255 less the digit.
        options: See :class:`DigitDomainsDataModule`.

    Raises:
        ValueError: If there is no such view or a size is out of range.
    """

    def __init__(self, root: str | Path, view: View = "edges", **options: Any) -> None:
        super().__init__(root, **options)
        if view not in VIEWS:
            raise ValueError(f"view must be one of {', '.join(VIEWS)}, got {view!r}")
        self.view = view

    def plain(self, images: Tensor, column: str = "x") -> Tensor:
        """Return white digits on black for black ones on white; see :meth:`DataModule.plain`."""
        return -images if self.view == "negative" and column == self.keys[1] else images

    def others(self, digits: Tensor, labels: Tensor, train: bool) -> tuple[Tensor, Tensor]:
        """Return the view of each digit."""
        return (edges(digits) if self.view == "edges" else 255 - digits), labels


class MNISTMDataModule(DigitDomainsDataModule):
    """MNIST, and digits blended with photographs as those of MNIST-M are.

    A blended digit is, in every colour, the distance of a random crop of a photograph from it.
    MNIST-M's own photographs (BSDS500) are not shipped by any library; these are
    :data:`gan_lab.data.shipped.SHIPPED`, no two splits with one photograph.

    References:
        Domain-Adversarial Training of Neural Networks (Ganin et al. 2016), section 5.2.4,
        arXiv 1505.07818.

    Args:
        root: Folder of MNIST; see :class:`MNISTDataModule`.
        arrangement: See :class:`DomainsDataModule`.
        sample_shape: [3, 28, 28] or a larger square.
        options: See :class:`DigitDomainsDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    channels: ClassVar[int] = 3

    def __init__(
        self,
        root: str | Path,
        arrangement: Arrangement = "adaptation",
        sample_shape: Sequence[int] = (3, 28, 28),
        **options: Any,
    ) -> None:
        super().__init__(root, sample_shape, arrangement=arrangement, **options)

    def prepare_data(self) -> None:
        """Fetch MNIST unless it is there, and check that the photographs are.

        Raises:
            LabError: If something is missing.
        """
        super().prepare_data()
        for name in ("chelsea", "china"):  # one of each library
            shipped(name, 3)

    def others(self, digits: Tensor, labels: Tensor, train: bool) -> tuple[Tensor, Tensor]:
        """Return each digit blended with a crop of its own."""
        require_memory("data.sample_shape", 4 * 3 * digits.numel())
        photographs = shipped_photographs("train" if train else "test", 3)
        crops = Crops(photographs, self.sample_shape, len(digits), 2 * self.seed + train)
        return blended(digits, crops[:]), labels


class MNISTDigitsDataModule(DigitDomainsDataModule):
    """MNIST, and the 1,797 digits of 8×8 pixels that scikit-learn ships.

    The latter are enlarged to the 20×20 pixels that MNIST's fill, in the middle of as large a
    black square. Every fifth is of the test split.

    References:
        Optical Recognition of Handwritten Digits (Alpaydin and Kaynak 1998), UCI repository.

    Args:
        options: See :class:`DigitDomainsDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    aligned: ClassVar[bool] = False

    def prepare_data(self) -> None:
        """Fetch MNIST unless it is there, and check that scikit-learn is.

        Raises:
            LabError: If something is missing.
        """
        super().prepare_data()
        small_digits()

    def others(self, digits: Tensor, labels: Tensor, train: bool) -> tuple[Tensor, Tensor]:
        """Return the digits of the other hand."""
        images, classes = small_digits()
        chosen = (torch.arange(len(images)) % 5 == 4) != train
        enlarged = resize(images[chosen], [20, 20], antialias=True)
        return pad(enlarged, self.sample_shape[-1]), classes[chosen]


def edges(digits: Tensor) -> Tensor:
    """Return the outer edges of uint8 digits (N, 1, H, W): grown by a pixel, less themselves."""
    grown = torch.nn.functional.max_pool2d(digits.float(), 3, stride=1, padding=1).byte()
    return grown - digits


def blended(digits: Tensor, crops: Tensor) -> Tensor:
    """Return the distance, in every colour, of uint8 crops (N, 3, H, W) from digits (N, 1, H, W).

    >>> blended(torch.tensor([[[[0, 255, 200]]]]).byte(), torch.tensor([[[[9, 9, 9]]]]).byte())
    tensor([[[[  9, 246, 191]]]], dtype=torch.uint8)
    """
    return torch.maximum(digits, crops) - torch.minimum(digits, crops)


def small_digits() -> tuple[Tensor, Tensor]:
    """Return scikit-learn's digits (1797, 1, 8, 8) as uint8, and their labels (1797,).

    Raises:
        LabError: If scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise LabError(
            "these digits need scikit-learn: pip install 'gan-lab[photographs]'"
        ) from error
    found = load_digits()
    pixels = np.rint(found.images * (255 / 16)).astype(np.uint8)  # of 0 to 16
    return torch.from_numpy(pixels).unsqueeze(1), torch.from_numpy(found.target).long()
