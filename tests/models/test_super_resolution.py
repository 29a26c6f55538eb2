"""Networks that enlarge, and the discriminator that they play against."""

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate

from gan_lab.models import RRDB, Scores, SRGANBackbone, SRResNet

SMALL: dict[str, Any] = {
    "srresnet": partial(SRResNet, width=4, blocks=1),
    "rrdb": partial(RRDB, width=4, blocks=1, growth=2),
}
every = pytest.mark.parametrize("name", SMALL)


@every
@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_images_of_any_size_are_enlarged(name: str, scale: int) -> None:
    torch.manual_seed(0)
    network = SMALL[name](3, 3, scale=scale)
    made = network(torch.rand(2, 3, 5, 7))
    assert made.shape == (2, 3, 5 * scale, 7 * scale)
    made.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@every
def test_values_are_clamped_only_when_nothing_is_learnt(name: str) -> None:
    network = SMALL[name]()
    nn.init.constant_(network.last[-1].bias, 3.0)
    images = torch.zeros(1, 1, 4, 4)
    assert network(images).max() > 1
    assert network.eval()(images).max() == 1


def test_an_srresnet_adds_the_image_to_what_it_makes() -> None:
    torch.manual_seed(0)
    network, images = SMALL["srresnet"](), torch.rand(1, 1, 6, 6)
    nn.init.zeros_(network.last[-1].weight)
    enlarged = interpolate(images, scale_factor=4, mode="bilinear")
    torch.testing.assert_close(network(images), enlarged)


def test_each_residual_of_an_rrdb_is_scaled_by_a_fifth() -> None:
    torch.manual_seed(0)
    block = SMALL["rrdb"]().blocks[0]
    maps = torch.randn(1, 4, 5, 5)
    for dense in block.layers:
        nn.init.zeros_(dense.layers[-1].weight)
        nn.init.ones_(dense.layers[-1].bias)
    torch.testing.assert_close(block.layers[0](maps), maps + 0.2)
    torch.testing.assert_close(block(maps), maps + 0.2 * (maps + 3 * 0.2))


def test_parameters_are_as_many_as_the_authors() -> None:
    """ESRGAN's nearest-pixel convolutions have a quarter of the pixel shuffle's outputs."""
    count = lambda network: sum(p.numel() for p in network.parameters())  # noqa: E731
    with torch.device("meta"):
        assert count(SRResNet(3, 3)) == 1_517_571  # BasicSR's MSRResNet
        shuffled = 2 * 3 * (64 * 64 * 9 + 64)
        assert count(RRDB(3, 3)) == 16_697_987 + shuffled  # RRDBNet


def test_srgans_discriminator_halves_and_has_dense_units() -> None:
    with torch.device("meta"):
        judge = Scores(SRGANBackbone, (3, 96, 96))
    convolutions = [layer for layer in judge.modules() if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [64, 64, 128, 128, 256, 256, 512, 512]
    assert [layer.stride[0] for layer in convolutions] == [1, 2] * 4
    assert judge.backbone.layers[-2].in_features == 512 * 6 * 6
    norms = [layer for layer in judge.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert len(norms) == 7


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: SRResNet(scale=3), "scale must be 1, 2, 4 or 8, got 3"),
        (lambda: SRResNet(1, 3), "these have 1 and 3 channels"),
        (lambda: SRResNet(width=0), "width must be at least 1, got 0"),
        (lambda: RRDB(growth=0), "growth must be at least 1"),
        (lambda: RRDB(blocks=0), "blocks must be at least 1"),
        (lambda: SRGANBackbone(halvings=0), "halvings must be at least 1"),
        (lambda: SRGANBackbone((2,)), r"this network takes images, got shape \[2\]"),
    ],
)
def test_numbers_out_of_range_are_refused(build: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        build()
