"""Networks held against their authors' code: parameter counts, layers, initial deviations.

The sources are the repositories named beside each number; counts are of their own networks.
"""

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from gan_lab.models import (
    DCGANBackbone,
    InfoGANBackbone,
    InfoGANGenerator,
    LinearReadout,
    MLPBackbone,
    OneHotLabels,
    ProjectionReadout,
    R3GANBackbone,
    R3GANGenerator,
    Recogniser,
    ResNetBackbone,
    ResNetGenerator,
    Scores,
)
from gan_lab.models.r3gan import Block
from gan_lab.models.resnet import DownBlock, UpBlock

CIFAR = (3, 32, 32)
DIGIT = (1, 28, 28)
no_bias: Any = partial(LinearReadout, bias=False)


def size(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def sngan_discriminator() -> Scores:
    torch.manual_seed(0)
    return Scores(partial(ResNetBackbone, width=128), CIFAR, readout=no_bias)


def test_sngans_networks_have_their_authors_parameters() -> None:
    """pfnet-research/sngan_projection, dis_models/snresnet_32.py, gen_models/resnet_32.py."""
    assert size(sngan_discriminator()) == 1_053_824
    assert size(ResNetGenerator(128, CIFAR, width=256)) == 4_276_739


def test_sngans_discriminator_halves_twice_and_learns_those_skips() -> None:
    """dis_models/resblocks.py: learnable_sc = (in_channels != out_channels) or downsample."""
    blocks = [b for b in sngan_discriminator().modules() if isinstance(b, DownBlock)]
    assert [block.halve for block in blocks] == [True, True, False, False]
    assert [isinstance(b.skip, nn.Conv2d) for b in blocks] == [True, True, False, False]
    final = {CIFAR: 8, DIGIT: 7, (3, 64, 64): 8, (1, 16, 16): 8, (1, 8, 8): 4}
    for shape, pixels in final.items():
        maps = ResNetBackbone(shape, width=4).layers(torch.zeros(1, *shape))
        assert maps.shape == (1, 4, pixels, pixels)


@pytest.mark.parametrize("build", [sngan_discriminator, partial(ResNetGenerator, 128, CIFAR, 128)])
def test_residuals_start_wider_by_the_root_of_two(build: Any) -> None:
    """resblocks.py: GlorotUniform(√2) in the residuals, GlorotUniform() elsewhere."""
    torch.manual_seed(0)
    network = build()
    blocks = [b for b in network.modules() if isinstance(b, UpBlock | DownBlock)]
    residual = [layer for block in blocks for layer in block.convolutions()]
    assert len(residual) == 2 * len(blocks)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer.weight.numel() > 2000:
            fans = nn.init._calculate_fan_in_and_fan_out(layer.weight)
            gain = 2 if any(layer is one for one in residual) else 1
            expected = (gain * 2 / sum(fans)) ** 0.5
            assert layer.weight.std().item() == pytest.approx(expected, rel=0.05)
            bound = 3**0.5 * expected
            assert 0.98 * bound < layer.weight.abs().max() <= bound * 1.0001


INFOGAN = partial(InfoGANBackbone, negative_slope=0.01)


def test_infogans_networks_have_their_authors_parameters() -> None:
    """openai/InfoGAN, infogan/models/regularized_gan.py, network_type "mnist".

    Their encoder gives two numbers more, deviations, which ``fix_std`` leaves unread.
    """
    discriminator = Scores(INFOGAN, DIGIT, heads={"label": 10, "code": 2}, recogniser=Recogniser)
    shared = (16 * 64 + 64) + (16 * 64 * 128 + 128) + 2 * 128 + (6272 * 1024 + 1024) + 2 * 1024
    encoder = (1024 * 128 + 128) + 2 * 128 + (128 * 12 + 12)
    assert size(discriminator) == shared + (1024 + 1) + encoder == 6_692_173
    assert size(discriminator.recogniser) == encoder
    generator = InfoGANGenerator(64, DIGIT, labels=OneHotLabels(10))
    fully = (74 * 1024 + 1024) + 2 * 1024 + (1024 * 6272 + 6272) + 2 * 6272
    assert size(generator) == fully + (16 * 128 * 64 + 64) + 2 * 64 + (16 * 64 + 1) == 6_652_481


def test_infogans_encoder_has_a_layer_of_its_own() -> None:
    discriminator = Scores(INFOGAN, DIGIT, heads={"label": 10, "code": 2}, recogniser=Recogniser)
    kinds = [
        type(layer).__name__ for layer in discriminator.recogniser if "latten" not in str(layer)
    ]
    assert kinds == ["Linear", "BatchNorm2d", "LeakyReLU", "Linear"]
    verdict = discriminator({"x": torch.randn(4, *DIGIT)})
    assert verdict.heads["label"].shape == (4, 10)
    assert verdict.heads["code"].shape == (4, 2)
    slopes = {m.negative_slope for m in discriminator.modules() if isinstance(m, nn.LeakyReLU)}
    assert slopes == {0.01}
    free = Recogniser(8, 3, units=4, norm="none")
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in free)
    with pytest.raises(ValueError, match="units must be at least 1, got 0"):
        Recogniser(8, 3, units=0)


def test_infogans_weights_start_as_its_authors_draw_them() -> None:
    """infogan/misc/custom_ops.py: stddev 0.02; batch norm's gamma from N(1, 0.02)."""
    torch.manual_seed(0)
    discriminator = Scores(INFOGAN, DIGIT, heads={"label": 10, "code": 2}, recogniser=Recogniser)
    for network in (discriminator, InfoGANGenerator(64, DIGIT)):
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                assert layer.weight.std().item() == pytest.approx(0.02, rel=0.2)
                assert layer.bias is not None and not layer.bias.any()
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                assert layer.weight.std().item() == pytest.approx(0.02, rel=0.35)


def r3gan() -> tuple[R3GANGenerator, Scores]:
    torch.manual_seed(0)
    backbone = partial(R3GANBackbone, width=96, blocks=2, groups=12)
    return R3GANGenerator(64, CIFAR, 96, 2, 12), Scores(backbone, CIFAR, readout=no_bias)


def test_r3gans_networks_have_their_authors_parameters() -> None:
    """brownvc/R3GAN, train.py's preset CIFAR10 through R3GAN/Networks.py."""
    with torch.device("meta"):  # counted, not drawn
        generator = R3GANGenerator(64, CIFAR, 768, 2, 96)
        backbone = R3GANBackbone(CIFAR, 768, 2, 96)
    assert size(generator) == 20_732_160
    assert size(backbone) + 768 == 20_683_776  # the readout without a bias


def test_r3gans_weights_start_as_its_authors_draw_them() -> None:
    """R3GAN/Networks.py: MSRInitializer everywhere, scaled in blocks, zero in their last layer."""
    generator, discriminator = r3gan()
    gain = (2 / 1.04) ** 0.5 * 8**-0.25  # eight blocks a network
    for network in (generator, discriminator):
        blocks = [block for block in network.modules() if isinstance(block, Block)]
        assert len(blocks) == 8
        inside = {id(layer) for block in blocks for layer in block.modules()}
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear) and layer.weight.any():
                fan_in = layer.weight[0].numel()
                expected = (gain if id(layer) in inside else 1) * fan_in**-0.5
                rel = 4 / layer.weight.numel() ** 0.5
                assert layer.weight.std().item() == pytest.approx(expected, rel=rel)
        assert all(not block.residual[-1].weight.any() for block in blocks)
    first, to_rgb = generator.layers[0], generator.layers[-1]
    assert first.weight.shape == (96, 64) and to_rgb.weight.shape == (3, 96, 1, 1)


@pytest.mark.parametrize(
    "network",
    [
        partial(DCGANBackbone, width=32),
        partial(InfoGANBackbone, width=16, units=256),
        partial(R3GANBackbone, width=16),
        MLPBackbone,
    ],
)
def test_a_projections_logits_start_as_small_as_others_do(network: Any) -> None:
    """With an embedding from N(0, 1) DCGAN's had a deviation of 39, and nothing was learnt."""
    torch.manual_seed(0)
    images = torch.rand(64, *DIGIT) * 2 - 1
    sample = {"x": images, "label": torch.arange(64) % 10}
    plain = Scores(network, DIGIT)(sample).logits["x"].std()
    projected = Scores(network, DIGIT, readout=partial(ProjectionReadout, num_classes=10))
    logits = projected(sample).logits["x"]
    assert 0.1 * plain < logits.std() < 4 * plain
    assert logits.std() < 2
