"""Every exported network: shapes, ranges, initialisation and refusals."""

import inspect

import pytest
import torch
from torch import nn

from gan_lab import models
from gan_lab.models import (
    DCGANDiscriminator,
    DCGANGenerator,
    Discriminator,
    Generator,
    MLPDiscriminator,
    MLPGenerator,
)


def exported(base: type[nn.Module]) -> list[type[nn.Module]]:
    return [
        item
        for item in vars(models).values()
        if inspect.isclass(item) and issubclass(item, base) and not inspect.isabstract(item)
    ]


SMALL = {"hidden": (8,), "width": 4}
SHAPES = [(1, 28, 28), (3, 32, 32), (2, 64, 64)]

every_generator = pytest.mark.parametrize("network", exported(Generator))
every_discriminator = pytest.mark.parametrize("network", exported(Discriminator))
every_shape = pytest.mark.parametrize("image_shape", SHAPES, ids=str)


def build(network: type[nn.Module], **arguments: object) -> nn.Module:
    """Build a network no wider than a test needs."""
    known = inspect.signature(network).parameters
    small = {name: value for name, value in SMALL.items() if name in known}
    torch.manual_seed(0)
    return network(**(small | arguments))


@every_generator
@every_shape
def test_generator_maps_latents_to_images(
    network: type[Generator], image_shape: tuple[int, ...]
) -> None:
    generator = build(network, latent_dim=5, image_shape=image_shape)
    images = generator(torch.randn(3, 5))
    assert images.shape == (3, *image_shape)
    assert images.abs().max() <= 1
    assert generator.latent_dim == 5 and generator.image_shape == image_shape


@every_discriminator
@every_shape
@pytest.mark.parametrize("count", [2, 3])
def test_discriminator_maps_images_to_logits(
    network: type[Discriminator], image_shape: tuple[int, ...], count: int
) -> None:
    discriminator = build(network, image_shape=image_shape)
    assert discriminator(torch.randn(count, *image_shape)).shape == (count,)
    assert discriminator.eval()(torch.randn(1, *image_shape)).shape == (1,)


@every_discriminator
def test_logits_are_raw(network: type[Discriminator]) -> None:
    """No output activation: the logits grow with the last layer's weights."""
    discriminator = build(network).eval()
    images = torch.randn(4, 1, 28, 28)
    logits = discriminator(images)
    last = [m for m in discriminator.modules() if isinstance(m, nn.Linear | nn.Conv2d)][-1]
    with torch.no_grad():
        last.weight.mul_(1000)
        if last.bias is not None:
            last.bias.mul_(1000)
    torch.testing.assert_close(discriminator(images), 1000 * logits, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("network", [*exported(Generator), *exported(Discriminator)])
def test_every_weight_receives_a_gradient(network: type[nn.Module]) -> None:
    module = build(network)
    inputs = torch.randn(4, module.latent_dim) if isinstance(module, Generator) else None
    output = module(torch.randn(4, 1, 28, 28) if inputs is None else inputs)
    output.square().sum().backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("network", [*exported(Generator), *exported(Discriminator)])
def test_the_same_seed_gives_the_same_weights(network: type[nn.Module]) -> None:
    one, other = (build(network).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


@every_generator
def test_points_are_unbounded(network: type[Generator]) -> None:
    if network is not MLPGenerator:
        with pytest.raises(ValueError, match="image"):
            build(network, image_shape=(2,))
        return
    generator = build(network, latent_dim=5, image_shape=(2,))
    points = generator(1000 * torch.randn(64, 5))
    assert points.shape == (64, 2) and points.abs().max() > 1
    assert MLPDiscriminator((2,), hidden=(8,))(points).shape == (64,)


@pytest.mark.parametrize("network", [*exported(Generator), *exported(Discriminator)])
@pytest.mark.parametrize("image_shape", [(1, 0, 28), (), (1, -28, -28)])
def test_sizes_must_be_positive(network: type[nn.Module], image_shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="image_shape must hold positive sizes") as refusal:
        build(network, image_shape=image_shape)
    assert "\n" not in str(refusal.value)


@every_generator
def test_latent_dim_must_be_positive(network: type[Generator]) -> None:
    with pytest.raises(ValueError, match="latent_dim must be at least 1, got 0"):
        build(network, latent_dim=0)


@pytest.mark.parametrize("network", [*exported(Generator), *exported(Discriminator)])
def test_widths_must_be_positive(network: type[nn.Module]) -> None:
    name = next(name for name in SMALL if name in inspect.signature(network).parameters)
    value = (0,) if name == "hidden" else 0
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        network(**{name: value})


@pytest.mark.parametrize("network", [DCGANGenerator, DCGANDiscriminator])
@pytest.mark.parametrize("image_shape", [(1, 27, 27), (1, 28, 32), (1, 36, 36), (1, 7, 7)])
def test_dcgan_refuses_images_that_do_not_halve(
    network: type[nn.Module], image_shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="dcgan needs square images"):
        build(network, image_shape=image_shape)


def test_dcgan_discriminator_refuses_an_unknown_norm() -> None:
    with pytest.raises(ValueError, match="norm must be batch, layer or none, got 'instance'"):
        DCGANDiscriminator(norm="instance")  # type: ignore[arg-type]


def test_dcgan_weights_start_as_published() -> None:
    torch.manual_seed(0)
    for network in (DCGANGenerator(), DCGANDiscriminator()):
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and layer.weight.numel() > 10_000:
                assert layer.weight.mean().item() == pytest.approx(0, abs=1e-3)
                assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
            if isinstance(layer, nn.BatchNorm2d):
                assert layer.weight.mean().item() == pytest.approx(1, abs=0.01)
                assert layer.bias.abs().max() == 0


def test_the_default_mlp_is_the_articles() -> None:
    """100 -> 256 -> 784 and 784 -> 512 -> 256 -> 1."""
    generator, discriminator = MLPGenerator(), MLPDiscriminator()
    shapes = [
        [tuple(layer.weight.shape) for layer in network.modules() if isinstance(layer, nn.Linear)]
        for network in (generator, discriminator)
    ]
    assert shapes == [[(256, 100), (784, 256)], [(512, 784), (256, 512), (1, 256)]]
