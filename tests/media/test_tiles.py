"""Tiles leave no trace where a function looks no further than they overlap."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from gan_lab.media.sheets import beside, sheet
from gan_lab.media.tiles import fades, starts, tiled


def image(height: int, width: int) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", [(70, 40), (33, 100), (20, 20), (41, 40), (97, 95)])
@pytest.mark.parametrize("scale", [1, 2])
def test_tiles_of_a_local_function_make_the_whole(size: tuple[int, int], scale: int) -> None:
    def local(pixels: Tensor) -> Tensor:  # sees two pixels to either side
        blurred = avg_pool2d(pixels, 5, stride=1, padding=2, count_include_pad=False)
        return interpolate(blurred, scale_factor=scale, mode="nearest")

    whole = image(*size)
    sizes = []

    def watched(pixels: Tensor) -> Tensor:
        sizes.append(max(pixels.shape[2:]))
        return local(pixels)

    torch.testing.assert_close(tiled(watched, whole, 40, 12, scale), local(whole))
    assert max(sizes) <= 40


def test_a_seam_is_faded_over() -> None:
    steps = iter((0.0, 1.0))

    def uneven(pixels: Tensor) -> Tensor:
        return torch.full_like(pixels, next(steps))

    row = tiled(uneven, image(10, 68), 40, 12)[0, 0, 0]
    assert row[:31].eq(0).all() and row[37:].eq(1).all()
    assert (row.diff() >= 0).all() and row.diff().max() < 0.2


def test_weights_of_tiles_add_up_to_one() -> None:
    for size in (30, 41, 77, 100):
        begins = starts(size, 40, 12)
        total = torch.zeros(2 * size)
        for begin, weights in zip(begins, fades(begins, size, 40, 2), strict=True):
            total[2 * begin : 2 * begin + len(weights)] += weights
        torch.testing.assert_close(total, torch.ones(2 * size))


def test_tiles_of_overlap_alone_are_refused() -> None:
    with pytest.raises(ValueError, match="tile must be above twice the overlap of 20, got 40"):
        tiled(lambda pixels: pixels, image(50, 50), 40, 20)


def test_images_of_several_sizes_stand_beside_each_other() -> None:
    small = torch.tensor([[[[1, 2], [3, 4]]]], dtype=torch.uint8)
    large = torch.zeros(1, 3, 4, 6, dtype=torch.uint8)
    ((left, right),) = beside([small, large])
    assert left.shape == right.shape == (3, 4, 6)
    assert left[0].tolist() == [[1, 1, 1, 2, 2, 2]] * 2 + [[3, 3, 3, 4, 4, 4]] * 2
    assert sheet([[left, right]] * 2).shape == (3, 2 * 6 + 2, 2 * 8 + 2)
