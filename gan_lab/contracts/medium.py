"""What every medium promises."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor


class Medium(ABC):
    """What a sample is made of, and how it is stored, shown and read.

    Args:
        shape: Of one sample.

    Attributes:
        name: One word, such as "image".
        shown: Whether samples can be looked at or listened to while training, by
            :meth:`picture` or :meth:`log`.
        lasts: Whether a picture does not tell all, so that :meth:`log` is called beside it.
        formats: Kinds of files that :meth:`write` knows, the usual one first.
    """

    name: ClassVar[str]
    shown: ClassVar[bool] = True
    lasts: ClassVar[bool] = False
    formats: ClassVar[tuple[str, ...]] = ()

    def __init__(self, shape: Sequence[int]) -> None:
        self.shape = tuple(shape)

    @abstractmethod
    def to_float(self, raw: Tensor) -> Tensor:
        """Return what networks see of samples as they are stored; floats pass unchanged."""

    @abstractmethod
    def to_raw(self, samples: Tensor) -> Tensor:
        """Return samples as a file would hold them."""

    @abstractmethod
    def picture(self, samples: Tensor, columns: int | None = None) -> Tensor | None:
        """Return samples as one uint8 image (C, H, W); None where there is nothing to see."""

    @abstractmethod
    def write(self, samples: Tensor, folder: Any, kind: str | None = None) -> list[Any]:
        """Write each sample as a file into ``folder`` and return the files.

        Args:
            samples: In floats or as they are stored.
            folder: Where to.
            kind: One of :attr:`formats`; the usual one by default.
        """

    def read(self, path: Any, count: int | None = None, seed: int = 0) -> Tensor:
        """Return samples out of a stranger's files, as they are stored, at most ``count`` of them.

        Args:
            path: A folder, or one file of many samples.
            count: How many; None for all.
            seed: Of the order, and of the choice where there are more.

        Raises:
            LabError: If there are none, or one cannot be read.
        """
        raise NotImplementedError

    def sheet(self, samples: Tensor, path: Any) -> Any:
        """Write all samples into one file of the medium's own kind; nothing by default.

        Args:
            samples: As networks see them or as they are stored.
            path: Of the file, without its ending.

        Returns:
            The file, or None where a picture is all there is.
        """
        return None

    @abstractmethod
    def log(self, experiment: Any, tag: str, samples: Tensor, step: int) -> None:
        """Hand samples to a TensorBoard writer by the call that is made for them."""
