"""Networks from images to images: any size, what reaches what, what the papers count."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_lab.models import PatchBackbone, PatchReadout, ResNetTranslator, Scores, Translator, UNet
from gan_lab.models.inputs import with_planes

SMALL: dict[str, Callable[..., Translator]] = {
    "unet": partial(UNet, width=2, levels=3),
    "resnet": partial(ResNetTranslator, width=2, blocks=1),
}
every_translator = pytest.mark.parametrize("name", SMALL)


@every_translator
@pytest.mark.parametrize("size", [(16, 16), (13, 21), (1, 7), (2, 1)])
@pytest.mark.parametrize(("inputs", "outputs", "beside"), [(1, 3, 0), (3, 1, 2)])
def test_images_of_any_size_keep_their_size(
    name: str, size: tuple[int, int], inputs: int, outputs: int, beside: int
) -> None:
    torch.manual_seed(0)
    network = SMALL[name](inputs, outputs, beside)
    height, width = size
    made = network(torch.rand(2, inputs + beside, height, width))
    assert made.shape == (2, outputs, network.scale * height, network.scale * width)
    assert made.isfinite().all()
    made.sum().backward()
    assert all(p.grad is not None for p in network.parameters())


@every_translator
def test_a_size_that_needs_no_padding_is_not_padded(name: str) -> None:
    network = SMALL[name]().eval()
    images = torch.randn(2, 1, 16, 24)
    assert torch.equal(network(images), network.body(images))


@every_translator
def test_other_channels_are_refused_by_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match=r"this network translates 3 channel\(s\), got 1"):
        SMALL[name](2, 1, 1)(torch.zeros(1, 1, 8, 8))


def millions(network: nn.Module) -> float:
    return sum(p.numel() for p in network.parameters()) / 1e6


def test_parameters_are_as_many_as_in_the_authors_networks() -> None:
    """pytorch-CycleGAN-and-pix2pix prints these counts: unet_256, resnet_9blocks, basic D."""
    with torch.device("meta"):
        assert millions(UNet(3, 3)) == pytest.approx(54.414, abs=0.02)
        assert millions(ResNetTranslator(3, 3)) == pytest.approx(11.378, abs=0.001)
        patches = Scores(PatchBackbone, (6, 256, 256), readout=PatchReadout)
        assert millions(patches) == pytest.approx(2.769, abs=0.003)


def test_a_unet_without_its_bottleneck_still_passes_details_on() -> None:
    torch.manual_seed(0)
    network = UNet(width=4, levels=3, norm="none", dropout=0.0)
    images = torch.rand(1, 1, 8, 8)
    whole = network(images)
    nn.init.zeros_(network.down[-1][1].weight)  # the smallest map says nothing
    assert not torch.equal(network(images), whole)
    other = images.clone()
    other[..., 0, 0] += 1
    difference = (network(other) - network(images)).abs().flatten(1) > 0
    assert 0 < difference.sum() < 64  # skips reach their neighbourhood alone


def reach(backbone: nn.Module, size: int) -> int:
    """Return the width of the patch that the middle logit depends on, by its gradient."""
    images = torch.randn(1, 1, size, size, requires_grad=True)
    logits: Tensor = backbone(images)
    logits[0, logits.shape[1] // 2, logits.shape[2] // 2].backward()
    assert images.grad is not None
    columns = images.grad[0, 0].abs().sum(0).nonzero()
    return int(columns.max() - columns.min()) + 1


@pytest.mark.parametrize(("layers", "pixels"), [(1, 16), (2, 34), (3, 70)])
def test_a_logit_sees_a_patch_of_the_papers_size(layers: int, pixels: int) -> None:
    torch.manual_seed(0)
    backbone = PatchBackbone((1, 160, 160), width=2, layers=layers, norm="none")
    readout = PatchReadout(backbone.features)
    assert reach(lambda x: readout(backbone(x), {}), 160) == pixels  # type: ignore[arg-type]


def test_patches_have_a_logit_each_beside_what_they_come_from() -> None:
    network = partial(PatchBackbone, width=2, layers=2)
    judge = Scores(network, (3, 28, 20), beside={"source": 1}, readout=PatchReadout)
    assert judge.reads == ("x", "source")
    assert judge.sample_shape == (3, 28, 20)
    sample = {"x": torch.randn(2, 3, 28, 20), "source": torch.randn(2, 1, 28, 20)}
    assert judge(sample).logits["x"].shape == (2, 5, 3)
    with pytest.raises(ValueError, match=r"need images of at least 12×12 pixels, got \[1, 8, 8\]"):
        network((1, 8, 8))


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: UNet(levels=0), "levels must be at least 1"),
        (lambda: UNet(dropout=1.0), r"dropout must be in \[0, 1\), got 1.0"),
        (lambda: UNet(inputs=0), "inputs must be at least 1"),
        (lambda: UNet(beside=-1), "beside must not be negative"),
        (lambda: ResNetTranslator(blocks=0), "blocks must be at least 1"),
        (lambda: ResNetTranslator(halvings=-1), "halvings must not be negative"),
    ],
)
def test_numbers_out_of_range_are_refused(build: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        build()


def test_a_unet_drops_out_of_its_three_innermost_maps_after_their_norm() -> None:
    up = UNet(width=2, levels=6).up
    assert [type(block[3]) for block in up] == [nn.Dropout] * 3 + [nn.Identity] * 2
    assert all(isinstance(block[2], nn.BatchNorm2d) for block in up)
    assert [block[2].num_features for block in up] == [16, 16, 8, 4, 2]
    down = [type(block[2]) for block in UNet(width=2, levels=4).down]
    assert down == [nn.Identity, nn.BatchNorm2d, nn.BatchNorm2d, nn.Identity]


@pytest.mark.parametrize(("padding", "seen"), [("reflect", False), ("zeros", True)])
def test_labels_pass_an_instance_norm_at_borders_of_zeros_alone(padding: str, seen: bool) -> None:
    torch.manual_seed(0)
    network = ResNetTranslator(beside=2, width=4, blocks=1, halvings=1, padding=padding)  # type: ignore[arg-type]
    images = torch.rand(1, 1, 16, 16) * 2 - 1
    first, second = (network(with_planes(images, label)) for label in torch.eye(2).split(1))
    assert bool((first - second).abs().max() > 1e-2) is seen
    with pytest.raises(ValueError, match="padding must be one of reflect, zeros"):
        ResNetTranslator(padding="circular")  # type: ignore[arg-type]
