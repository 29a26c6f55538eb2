"""The 1,797 handwritten digits of 8×8 pixels that scikit-learn ships."""

from collections.abc import Sequence
from typing import Any

import torch
from torchvision.transforms.v2.functional import resize

from gan_lab.data.base import InMemoryDataModule
from gan_lab.data.digits import small_digits
from gan_lab.data.mnist import pad
from gan_lab.data.samples import Samples


class SmallDigitsDataModule(InMemoryDataModule):
    """Real digits of another hand than MNIST's: 1,438 to train on, every fifth to test.

    They are enlarged to the 20×20 pixels that MNIST's fill, in the middle of as large a black
    square, so that networks of MNIST's take them.

    References:
        Optical Recognition of Handwritten Digits (Alpaydin and Kaynak 1998), UCI repository.

    Args:
        sample_shape: [1, 28, 28]; a larger square pads the digits with black.
        options: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(self, sample_shape: Sequence[int] = (1, 28, 28), **options: Any) -> None:
        super().__init__(sample_shape, **options)
        channels, height, width = self.sample_shape if len(self.sample_shape) == 3 else (0, 0, 0)
        if channels != 1 or height != width or height < 28:
            raise ValueError(
                "sample_shape must be [1, 28, 28] or a larger square, "
                f"got {list(self.sample_shape)}"
            )

    def prepare_data(self) -> None:
        """Check that scikit-learn is there.

        Raises:
            LabError: If it is not.
        """
        small_digits()

    def load(self, train: bool) -> Samples:
        """Return a split; see :meth:`InMemoryDataModule.load`."""
        images, labels = small_digits()
        chosen = (torch.arange(len(images)) % 5 == 4) != train
        enlarged = resize(images[chosen], [20, 20], antialias=True)
        return Samples(pad(enlarged, self.sample_shape[-1]), labels[chosen])
