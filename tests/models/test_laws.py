"""What layers do, computed a second time by hand."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, relu

from gan_lab.contracts import Verdict
from gan_lab.models import (
    DCGANBackbone,
    InfoGANBackbone,
    InfoGANGenerator,
    LabelPlanes,
    MLPBackbone,
    NormLabels,
    OneHotLabels,
    Packs,
    R3GANBackbone,
    R3GANGenerator,
    ResNetBackbone,
    Scores,
)
from gan_lab.models.dcgan import DCGANGenerator, FlattenPixels, UnflattenPixels, halvings
from gan_lab.models.discriminators import PerKey, joined
from gan_lab.models.energy import Energy
from gan_lab.models.labels import ConditionalBatchNorm
from gan_lab.models.r3gan import Basis, BiasedLeakyReLU, Block, Resample
from gan_lab.models.readouts import LinearReadout
from gan_lab.models.resnet import DownBlock, ResNetGenerator, UpBlock


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 3, 5)])
def test_conditional_batch_norm_scales_and_shifts_by_the_label(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    kind = nn.BatchNorm1d if len(shape) == 2 else nn.BatchNorm2d
    layer = ConditionalBatchNorm(kind, 4, num_classes=3)
    inputs, labels = torch.randn(shape) * 3 + 1, torch.tensor([0, 2, 1, 1, 0, 2])
    others = [axis for axis in range(len(shape)) if axis != 1]
    mean, variance = inputs.mean(others), inputs.var(others, correction=0)
    channels = (1, 4, *[1] * (len(shape) - 2))
    normal = (inputs - mean.reshape(channels)) / (variance.reshape(channels) + 1e-5).sqrt()
    torch.testing.assert_close(layer(inputs, labels), normal)  # scale 1 and shift 0 at the start
    with torch.no_grad():
        layer.scale.weight.copy_(torch.arange(12.0).reshape(3, 4) + 2)
        layer.shift.weight.copy_(-torch.arange(12.0).reshape(3, 4))
    outputs = layer(inputs, labels)
    for index, label in enumerate(labels.tolist()):
        for channel in range(4):
            number = 4 * label + channel
            expected = (number + 2) * normal[index, channel] - number
            torch.testing.assert_close(outputs[index, channel], expected)


@pytest.mark.parametrize("network", [DCGANGenerator, InfoGANGenerator, ResNetGenerator])
def test_every_batch_norm_of_a_generator_knows_its_label(network: type) -> None:
    generator = network(3, (1, 28, 28), width=2, labels=NormLabels(5))
    norms = [m for m in generator.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    conditional = [m for m in generator.modules() if isinstance(m, ConditionalBatchNorm)]
    assert norms == [layer.norm for layer in conditional]
    assert all(layer.scale.num_embeddings == 5 and not layer.norm.affine for layer in conditional)


def test_one_hot_labels_stand_beside_the_latent() -> None:
    latent, labels = torch.randn(3, 2), torch.tensor([1, 0, 3])
    beside = OneHotLabels(4).beside(latent, labels)
    assert torch.equal(beside[:, :2], latent)
    assert torch.equal(beside[:, 2:], torch.eye(4)[labels])


def test_label_planes_are_constant_channels_behind_the_images() -> None:
    layer, images = LabelPlanes(3), torch.randn(2, 2, 4, 5)
    planes = layer(images, {"label": torch.tensor([2, 0])})
    assert planes.shape == (2, *layer.shape((2, 4, 5)))
    assert torch.equal(planes[:, :2], images)
    expected = torch.eye(3)[[2, 0]][:, :, None, None].expand(-1, -1, 4, 5)
    assert torch.equal(planes[:, 2:], expected)


def test_a_pack_holds_neighbours_as_channels() -> None:
    layer, images = Packs(3), torch.randn(6, 2, 4, 5)
    packs = layer(images, {})
    assert packs.shape == (2, *layer.shape((2, 4, 5))) == (2, 6, 4, 5)
    assert torch.equal(packs[1, 2:4], images[4])
    assert Packs(1)(images, {}) is images


def zero(layer: nn.Conv2d) -> None:
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def doubled(images: Tensor) -> Tensor:
    """Repeat each pixel twice each way."""
    return images.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


def pooled(images: Tensor) -> Tensor:
    """Take the mean of each 2×2 pixels."""
    count, channels, height, width = images.shape
    return images.reshape(count, channels, height // 2, 2, width // 2, 2).mean((3, 5))


def convolved(layer: nn.Conv2d, images: Tensor) -> Tensor:
    return conv2d(images, layer.weight, layer.bias, padding=layer.padding)


def test_an_up_block_is_its_two_branches() -> None:
    torch.manual_seed(0)
    block = UpBlock(nn.Identity(), nn.Identity(), 3, 4)
    images = torch.randn(2, 3, 4, 4)
    residual = convolved(block.first, doubled(relu(images)))
    residual = convolved(block.second, relu(residual))
    expected = residual + doubled(convolved(block.skip, images))
    torch.testing.assert_close(block(images, None), expected)
    zero(block.second)  # the skip connection alone: each pixel four times
    torch.testing.assert_close(block(images, None), doubled(convolved(block.skip, images)))


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("halve", [True, False])
def test_a_down_block_is_its_two_branches(first: bool, halve: bool) -> None:
    torch.manual_seed(0)
    block = DownBlock(3, 4, "none", first=first, halve=halve)
    images = torch.randn(2, 3, 4, 4)
    one, two = (layer for layer in block.residual if isinstance(layer, nn.Conv2d))
    residual = convolved(one, images if first else relu(images))
    maps = convolved(two, relu(residual)) + convolved(block.skip, images)
    torch.testing.assert_close(block(images), pooled(maps) if halve else maps)


def test_a_resnet_sums_over_its_pixels() -> None:
    torch.manual_seed(0)
    backbone = ResNetBackbone((1, 8, 8), width=3)
    maps = backbone.layers(images := torch.randn(2, 1, 8, 8))
    assert maps.ndim == 4 and maps.shape[2] * maps.shape[3] > 1
    assert maps.min() == 0  # rectified at last
    torch.testing.assert_close(backbone(images), maps.flatten(2).sum(2))


def test_glorots_weights_keep_within_their_bound() -> None:
    torch.manual_seed(0)
    generator = ResNetGenerator(100, (1, 28, 28), width=32)
    linear = next(m for m in generator.modules() if isinstance(m, nn.Linear))
    bound = (6 / (100 + 32 * 49)) ** 0.5
    assert 0.99 * bound < linear.weight.abs().max() <= bound
    assert linear.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)
    assert all(
        not m.bias.any() for m in generator.modules() if isinstance(m, nn.Linear | nn.Conv2d)
    )


DCGANS = {
    "DCGANGenerator": lambda: DCGANGenerator(100, (1, 28, 28), width=32),
    "InfoGANGenerator": lambda: InfoGANGenerator(64, (1, 28, 28), width=32, units=128),
    "DCGANBackbone": lambda: Scores(partial(DCGANBackbone, width=32), (1, 28, 28)),
    "DCGANBackbone, layer": lambda: Scores(
        partial(DCGANBackbone, width=32, norm="layer"), (1, 28, 28)
    ),
    "InfoGANBackbone": lambda: Scores(
        partial(InfoGANBackbone, width=32, units=128), (1, 28, 28), heads={"label": 10}
    ),
}


@pytest.mark.parametrize("name", DCGANS)
def test_dcgans_weights_and_heads_are_drawn_as_published(name: str) -> None:
    """N(0, 0.02²) everywhere, norms' scales N(1, 0.02²), no biases."""
    torch.manual_seed(0)
    weights, scales = [], []
    for layer in DCGANS[name]().modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            weights.append(layer.weight.flatten())
            count = layer.weight.numel()
            assert layer.weight.std().item() == pytest.approx(0.02, rel=4 / count**0.5), layer
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.GroupNorm):
            scales.append(layer.weight.flatten())
        else:
            continue
        assert layer.bias is None or not layer.bias.any()
    assert abs(torch.cat(weights).mean()) < 1e-3
    assert torch.cat(scales).mean().item() == pytest.approx(1, abs=0.01)
    assert torch.cat(scales).std().item() == pytest.approx(0.02, rel=0.35)


def test_pixels_are_joined_and_split_again() -> None:
    maps = torch.randn(2, 3, 4, 5)
    assert torch.equal(UnflattenPixels(3, (4, 5))(FlattenPixels()(maps)), maps)


def test_halving_is_the_binomial_filter() -> None:
    """(1, 3, 3, 1)/8 each way: what antialiased bilinear halving is."""
    layer, dot = Resample(2, 2, 0.5), torch.zeros(1, 2, 8, 8)
    dot[0, 1, 3, 4] = 64
    expected = torch.zeros(1, 2, 4, 4)
    weights = torch.tensor([1.0, 3.0])
    expected[0, 1, 1:3, 1:3] = torch.outer(weights.flip(0), weights)
    torch.testing.assert_close(layer(dot), expected)


def test_doubling_is_bilinear() -> None:
    ramp = torch.arange(8.0).expand(1, 1, 8, 8)
    doubled_ramp = Resample(1, 1, 2)(ramp)
    assert doubled_ramp.shape == (1, 1, 16, 16)
    inside = doubled_ramp[0, 0, 5, 1:-1]  # the edges are held
    torch.testing.assert_close(inside, torch.arange(14.0) / 2 + 0.25)


def test_channels_change_by_one_weight_a_pair() -> None:
    torch.manual_seed(0)
    layer, images = Resample(2, 3, 2), torch.randn(1, 2, 4, 4)
    mixed = torch.einsum("oi,bihw->bohw", layer.mix.weight[:, :, 0, 0], images)
    torch.testing.assert_close(layer(images), Resample(3, 3, 2)(mixed))


@pytest.mark.parametrize("depth", [1, 16])
def test_a_block_starts_as_the_identity_with_hes_deviation(depth: int) -> None:
    torch.manual_seed(0)
    block = Block(64, groups=4, expansion=2, depth=depth)
    images = torch.randn(2, 64, 4, 4)
    assert torch.equal(block(images), images)
    first, second, _ = (layer for layer in block.residual if isinstance(layer, nn.Conv2d))
    for layer, fan_in in ((first, 64), (second, 9 * 128 // 4)):
        he = (2 / (1 + 0.2**2) / fan_in) ** 0.5
        assert layer.weight.std().item() == pytest.approx(he * depth**-0.25, rel=0.03)
    assert not first.bias.any()


def test_biased_leaky_relu_and_basis() -> None:
    layer = BiasedLeakyReLU(2)
    with torch.no_grad():
        layer.bias.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1))
    images = torch.tensor([-3.0, 3.0]).reshape(1, 1, 1, 2).expand(-1, 2, -1, -1)
    assert torch.allclose(layer(images)[0, :, 0], torch.tensor([[-0.4, 4.0], [-0.8, 2.0]]))
    basis = Basis(2, (3, 4))
    assert basis.maps.shape == (2, 3, 4)
    torch.testing.assert_close(basis(torch.full((1, 2, 3, 4), 2.0)), 2 * basis.maps[None])


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_an_energy_is_minus_the_mean_error(power: float) -> None:
    energy = Energy(nn.Hardtanh(-1, 1), power)
    samples = torch.tensor([[0.5, 3.0], [-2.0, -1.0]])
    verdict = energy({"x": samples})
    assert verdict.logits["x"].tolist() == pytest.approx([-(2**power) / 2, -0.5])
    assert torch.equal(verdict.heads["reconstruction"], samples.clamp(-1, 1))


def test_parts_judge_side_by_side() -> None:
    torch.manual_seed(0)
    network = partial(MLPBackbone, hidden=(4,))
    one, two = Scores(network, (2,), heads={"label": 3}), Scores(network, (3,), reads=["y"])
    both = PerKey(a=one, b=two)
    sample = {"x": torch.randn(5, 2), "y": torch.randn(5, 3)}
    verdict: Verdict = both(sample)
    assert torch.equal(verdict.logits["a"], one(sample).logits["x"])
    assert torch.equal(verdict.logits["b"], two(sample).logits["x"])
    assert torch.equal(verdict.heads["a.label"], one(sample).heads["label"])
    assert set(verdict.heads) == set(both.gives) == {"a.features", "a.label", "b.features"}
    assert both.reads == ("x", "y") and both.taught == ("a.label",)


def test_what_is_read_together_is_joined_along_channels_or_flat() -> None:
    images, codes = torch.randn(2, 1, 3, 3), torch.randn(2, 4)
    assert torch.equal(joined([images]), images)
    assert torch.equal(joined([images, 2 * images]), torch.cat([images, 2 * images], 1))
    flat = joined([images, codes])
    assert torch.equal(flat, torch.cat([images.flatten(1), codes], 1))


def test_a_linear_readout_is_the_same_for_every_patch() -> None:
    torch.manual_seed(0)
    readout, maps = LinearReadout(3), torch.randn(2, 3, 4, 5)
    logits = readout(maps, {})
    assert logits.shape == (2, 4, 5)
    torch.testing.assert_close(logits[1, 2, 3], readout(maps[1:, :, 2, 3], {})[0])


@pytest.mark.parametrize("network", [InfoGANGenerator, InfoGANBackbone])
def test_units_must_be_positive(network: type) -> None:
    with pytest.raises(ValueError, match="units must be at least 1, got 0"):
        network(units=0)


@pytest.mark.parametrize("shape", [(3, 4, 28, 28), (28, 28), (28,)])
def test_images_have_three_axes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="this network needs images"):
        halvings(shape)


@pytest.mark.parametrize("blocks", [1, 3])
def test_r3gans_blocks_know_how_many_they_are(blocks: int) -> None:
    """28 pixels halve twice: blocks at three sizes, each drawn by L^(-1/4)."""
    torch.manual_seed(0)
    for network in (
        R3GANGenerator(4, (1, 28, 28), width=64, blocks=blocks),
        R3GANBackbone((1, 28, 28), width=64, blocks=blocks),
    ):
        found = [layer for layer in network.modules() if isinstance(layer, Block)]
        assert len(found) == 3 * blocks
        deviation = torch.stack([block.residual[0].weight.std() for block in found]).mean().item()
        he = (2 / (1 + 0.2**2) / 64) ** 0.5
        assert deviation == pytest.approx(he * (3 * blocks) ** -0.25, rel=0.02)
