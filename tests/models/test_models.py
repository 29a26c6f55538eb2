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
from gan_lab.models.dcgan import FlattenPixels


def exported(base: type[nn.Module]) -> list[type[nn.Module]]:
    return [
        item
        for item in vars(models).values()
        if inspect.isclass(item) and issubclass(item, base) and not inspect.isabstract(item)
    ]


SMALL = {"image_shape": (1, 28, 28), "hidden": (8,), "width": 4, "units": 16}
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
    assert generator.latent_dim == 5
    assert generator.image_shape == image_shape


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
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


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
    assert points.shape == (64, 2)
    assert points.abs().max() > 1
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
    name = next(
        name for name in ("hidden", "width") if name in inspect.signature(network).parameters
    )
    value = (0,) if name == "hidden" else 0
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        build(network, **{name: value})


HALVING = [
    network
    for network in (*exported(Generator), *exported(Discriminator))
    if network.__name__.startswith(("DCGAN", "ResNet", "R3GAN"))
]


@pytest.mark.parametrize("network", HALVING)
@pytest.mark.parametrize("image_shape", [(1, 27, 27), (1, 28, 32), (1, 36, 36), (1, 7, 7)])
def test_images_that_do_not_halve_to_a_small_map_are_refused(
    network: type[nn.Module], image_shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="this network needs square images"):
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


def test_dcgans_projection_is_a_transposed_convolution() -> None:
    generator = DCGANGenerator(6, (1, 28, 28), width=2)
    project, unflatten, *_ = generator.layers.layers
    published = nn.ConvTranspose2d(6, 4, 7, bias=False)
    weight = project.weight.unflatten(0, (7, 7, 4))  # rows of pixels, then channels
    published.weight = nn.Parameter(weight.permute(3, 2, 0, 1))
    latents = torch.randn(3, 6)
    maps = unflatten(project(latents))
    torch.testing.assert_close(maps, published(latents[:, :, None, None]))
    assert maps.is_contiguous(memory_format=torch.channels_last)


def test_dcgan_flattens_maps_and_their_gradient_without_reordering() -> None:
    maps = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last).requires_grad_()
    features = FlattenPixels()(maps)
    assert features.data_ptr() == maps.data_ptr()
    assert torch.equal(features.sort(1).values, maps.flatten(1).sort(1).values)
    (gradient,) = torch.autograd.grad(features, maps, torch.randn_like(features))
    assert gradient.is_contiguous(memory_format=torch.channels_last)


def test_the_default_mlp_is_the_articles() -> None:
    """100 -> 256 -> 784 and 784 -> 512 -> 256 -> 1."""
    generator, discriminator = MLPGenerator(), MLPDiscriminator()
    shapes = [
        [tuple(layer.weight.shape) for layer in network.modules() if isinstance(layer, nn.Linear)]
        for network in (generator, discriminator)
    ]
    assert shapes == [[(256, 100), (784, 256)], [(512, 784), (256, 512), (1, 256)]]


@every_discriminator
@pytest.mark.parametrize("conditioning", ["none", "concatenation", "projection", "classifier"])
def test_spectral_norm_bounds_every_singular_value(
    network: type[Discriminator], conditioning: str
) -> None:
    classes = 0 if conditioning == "none" else 3
    discriminator = build(
        network, spectral_norm=True, conditioning=conditioning, num_classes=classes
    )
    for _ in range(15):  # reading a weight in training mode iterates once
        for layer in discriminator.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding):
                assert layer.weight.isfinite().all()
    discriminator.eval()
    for name, layer in discriminator.named_modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding):
            largest = torch.linalg.matrix_norm(layer.weight.detach().flatten(1), ord=2)
            zero = not layer.weight.any()
            assert zero or largest.item() == pytest.approx(1, abs=0.1), name


@every_discriminator
@pytest.mark.parametrize("packing", [2, 3])
def test_packing_judges_samples_together(network: type[Discriminator], packing: int) -> None:
    discriminator = build(network, packing=packing).eval()
    images = torch.randn(6, 1, 28, 28)
    logits = discriminator(images)
    assert logits.shape == (6 // packing,)
    changed = images.clone()
    changed[packing - 1] += 1  # the last member of the first pack
    difference = discriminator(changed) - logits
    assert difference[0].abs() > 0
    torch.testing.assert_close(difference[1:], torch.zeros(6 // packing - 1), atol=1e-6, rtol=0)
    with pytest.raises(ValueError, match=f"a batch of 5 does not divide into packs of {packing}"):
        discriminator(images[:5])


@every_discriminator
@pytest.mark.parametrize("conditioning", ["concatenation", "projection"])
def test_a_conditional_discriminators_logits_depend_on_the_label(
    network: type[Discriminator], conditioning: str
) -> None:
    discriminator = build(network, conditioning=conditioning, num_classes=3).eval()
    images = torch.randn(1, 1, 28, 28).expand(3, -1, -1, -1)
    logits = discriminator(images, torch.tensor([0, 1, 2]))
    assert len({round(logit, 12) for logit in logits.tolist()}) == 3
    with pytest.raises(ValueError, match="this discriminator wants labels and was given none"):
        discriminator(images)


@every_discriminator
def test_the_projection_is_an_inner_product(network: type[Discriminator]) -> None:
    discriminator = build(network, conditioning="projection", num_classes=3).eval()
    images, labels = torch.randn(4, 1, 28, 28), torch.tensor([0, 1, 2, 1])
    features = discriminator.features(images, labels)
    expected = discriminator.head(features).squeeze(1)
    expected = expected + torch.einsum("nf,nf->n", discriminator.embedding.weight[labels], features)
    torch.testing.assert_close(discriminator(images, labels), expected)


@every_discriminator
def test_the_second_head_recognises_classes_and_codes(network: type[Discriminator]) -> None:
    discriminator = build(network, conditioning="classifier", num_classes=3, num_codes=2)
    images = torch.randn(4, 1, 28, 28)
    classes, codes = discriminator.recognise(discriminator.features(images))
    assert classes.shape == (4, 3)
    assert codes.shape == (4, 2)
    with pytest.raises(ValueError, match="this discriminator takes no labels"):
        discriminator(images, torch.zeros(4, dtype=torch.long))


@every_generator
@pytest.mark.parametrize("conditioning", ["concatenation", "batch_norm"])
def test_a_conditional_generators_samples_depend_on_the_label(
    network: type[Generator], conditioning: str
) -> None:
    options: dict[str, object] = {"conditioning": conditioning, "num_classes": 3}
    if conditioning == "batch_norm" and network.__name__.startswith(("MLP", "R3GAN")):
        with pytest.raises(ValueError, match="conditioning=batch_norm needs batch norm"):
            build(network, **options)
        if network is not MLPGenerator:
            return
        options |= {"batch_norm": True, "hidden": (8, 8)}
    generator = build(network, **options).eval()
    with torch.no_grad():  # as training would, tell the classes apart
        for layer in generator.modules():
            if isinstance(layer, nn.Embedding):
                layer.weight.add_(torch.randn_like(layer.weight))
    latent = torch.randn(1, generator.latent_dim).expand(3, -1)
    samples = generator(latent, torch.tensor([0, 1, 2]))
    assert (samples[0] - samples[1]).abs().max() > 1e-6
    with pytest.raises(ValueError, match="this generator wants labels and was given none"):
        generator(latent)


@every_generator
def test_an_unconditional_generator_takes_no_labels(network: type[Generator]) -> None:
    generator = build(network)
    with pytest.raises(ValueError, match="this generator takes no labels"):
        generator(torch.randn(2, generator.latent_dim), torch.tensor([0, 1]))


def test_contradictory_options_are_refused_by_a_sentence() -> None:
    for options, sentence in [
        ({"conditioning": "projection"}, "num_classes must be positive where labels are used"),
        ({"num_classes": 3}, "and 0 where conditioning=none, got 3"),
        ({"conditioning": "film", "num_classes": 3}, "conditioning must be one of none, concat"),
        ({"num_codes": 2}, "num_codes must be 0, or positive with conditioning=classifier"),
        (
            {"packing": 2, "conditioning": "projection", "num_classes": 3},
            "packing=2 joins samples of different labels",
        ),
        ({"packing": 0}, "packing must be at least 1, got 0"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            MLPDiscriminator(**options)  # type: ignore[arg-type]


def test_points_are_packed_and_conditioned_too() -> None:
    points = torch.randn(6, 2)
    assert MLPDiscriminator((2,), hidden=(8,), packing=3)(points).shape == (2,)
    conditional = MLPDiscriminator((2,), hidden=(8,), conditioning="concatenation", num_classes=2)
    assert conditional(points, torch.tensor([0, 1] * 3)).shape == (6,)
