"""Pictures that are large enough to look at and say what they show."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_lab.callbacks import SampleGrid
from gan_lab.callbacks.pictures import SCALE, captioned
from gan_lab.media import Image, Points


def test_every_pixel_becomes_a_square_under_the_caption() -> None:
    picture = torch.randint(256, (3, 40, 200), dtype=torch.uint8)
    page = captioned(picture, "step=000500")
    assert page.dtype == torch.uint8 and page.shape[2] == 3 * 200
    head = page.shape[1] - SCALE * 40
    assert torch.equal(page[:, head + 1 :: SCALE, 1::SCALE], picture)
    assert torch.equal(page[:, head::SCALE, ::SCALE], picture)
    assert (page[:, :head] < 100).any() and (page[:, :head] == 255).any()


def test_a_long_caption_is_not_cut() -> None:
    grey = torch.zeros(1, 4, 4, dtype=torch.uint8)
    page = captioned(grey, "left: generated; beside each: the nearest training samples")
    assert page.shape[0] == 3 and page.shape[2] > 200
    assert (page[:, :, -4:] == 255).all()


class Shown:
    """A logger that shows pictures."""

    def __init__(self) -> None:
        self.pictures: list[tuple[str, Tensor, int]] = []

    def log_picture(self, name: str, picture: Tensor, step: int) -> None:
        self.pictures.append((name, picture, step))


@pytest.mark.parametrize(("medium", "drawn"), [(Image((1, 4, 4)), 1), (Points((2,)), 0)])
def test_samples_are_drawn_only_where_they_are_shown(
    tmp_path: Path, medium: Any, drawn: int
) -> None:
    asked = []

    def sample(count: int, given: Any) -> dict[str, Tensor]:
        asked.append(count)
        return {"x": torch.zeros(count, *medium.shape)}

    task = SimpleNamespace(medium=medium, latents=lambda count, random: {})
    module: Any = SimpleNamespace(task=task, sample=sample)
    logger = Shown()
    trainer: Any = SimpleNamespace(global_step=10, is_global_zero=True, loggers=[logger, object()])
    SampleGrid(tmp_path, num_samples=4).on_train_end(trainer, module)
    assert len(asked) == len(list(tmp_path.iterdir())) == len(logger.pictures) == drawn
    assert [(name, step) for name, _, step in logger.pictures] == [("samples/generated", 10)][
        :drawn
    ]
