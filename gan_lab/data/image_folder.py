"""Any folder of images."""

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torchvision.transforms.v2.functional import center_crop, pil_to_tensor, resize

from gan_lab.data.base import InMemoryDataModule, Samples
from gan_lab.errors import LabError

ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".gif"}


class ImageFolderDataModule(InMemoryDataModule):
    """All images below a folder, shrunk to one size, their subfolder's number as label.

    The shorter side is resized to the wanted size and the middle is cut out.
    Every tenth file, in the order of names, makes up the test split.

    Args:
        root: The folder.
        image_shape: [channels, size, size] with 1 (grey) or 3 (RGB) channels.
        batch_size: See :class:`InMemoryDataModule`.
        batches_per_step: See :class:`InMemoryDataModule`.
        validation_size: See :class:`InMemoryDataModule`.
        seed: See :class:`InMemoryDataModule`.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        root: str | Path,
        image_shape: Sequence[int] = (3, 64, 64),
        batch_size: int = 64,
        batches_per_step: int = 1,
        validation_size: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(image_shape, batch_size, batches_per_step, validation_size, seed)
        shape = self.image_shape
        if len(shape) != 3 or shape[0] not in {1, 3} or shape[1] != shape[2]:
            raise ValueError(
                "image_shape must be [1, size, size] or [3, size, size], "
                f"got {list(self.image_shape)}"
            )
        self.root = Path(root).expanduser()

    def prepare_data(self) -> None:
        """Check that there are images.

        Raises:
            LabError: If the folder is absent or holds too few images.
        """
        self.files()

    def files(self) -> list[Path]:
        """Return the images below the folder in the order of their names.

        Raises:
            LabError: If the folder is absent or holds fewer than ten images.
        """
        if not self.root.is_dir():
            raise LabError(f"data.root={self.root} is no folder; give one with images below it")
        files = sorted(path for path in self.root.rglob("*") if path.suffix.lower() in ENDINGS)
        if len(files) < 10:
            raise LabError(
                f"{self.root} holds {len(files)} images ({', '.join(sorted(ENDINGS))}); "
                "at least 10 are needed"
            )
        return files

    def load(self, train: bool) -> Samples:
        """Read a split; see :meth:`InMemoryDataModule.load`.

        Raises:
            LabError: If a file is no image.
        """
        files = self.files()
        classes = sorted({path.parent for path in files})
        chosen = [path for index, path in enumerate(files) if (index % 10 != 9) is train]
        images = torch.stack([read_image(path, self.image_shape) for path in chosen])
        return Samples(images, torch.tensor([classes.index(path.parent) for path in chosen]))


def read_image(path: Path, image_shape: Sequence[int]) -> Tensor:
    """Return one image as uint8 of ``image_shape``, resized and cropped.

    Raises:
        LabError: If the file is no image.
    """
    channels, size, _ = image_shape
    try:
        with Image.open(path) as file:
            image = pil_to_tensor(file.convert("L" if channels == 1 else "RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise LabError(f"{path} is damaged or no image ({error}); mend or remove it") from error
    cropped: Tensor = center_crop(resize(image, [size], antialias=True), [size, size])
    return cropped
