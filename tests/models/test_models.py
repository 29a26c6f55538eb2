"""Every exported network: shapes, ranges, initialisation and refusals."""

import inspect
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_lab import models
from gan_lab.models import (
    Backbone,
    DCGANBackbone,
    DCGANGenerator,
    Generator,
    JointBackbone,
    LabelPlanes,
    MLPBackbone,
    MLPGenerator,
    NormLabels,
    OneHotLabels,
    Packs,
    PatchBackbone,
    ProjectionReadout,
    Scores,
)
from gan_lab.models.dcgan import FlattenPixels

OTHER_MEDIA = (
    *(models.SpecGANBackbone, models.SpecGANGenerator, models.TokenBackbone),
    *(models.WaveGANBackbone, models.WaveGANGenerator),
)
"""Networks of sounds and texts; see test_sounds.py and tests/tasks/test_sequences.py."""


def exported(base: type[nn.Module]) -> list[type[nn.Module]]:
    """Return the networks of images and points; those of three axes are in test_volumes.py."""
    return [
        item
        for item in vars(models).values()
        if inspect.isclass(item) and issubclass(item, base) and not inspect.isabstract(item)
        if item not in OTHER_MEDIA and axes_of(item) < 4
    ]


def axes_of(network: type[nn.Module]) -> int:
    known = inspect.signature(network).parameters
    shape = known.get("sample_shape", known.get("input_shape"))
    default = None if shape is None else shape.default
    return len(default) if isinstance(default, tuple) else 0


SMALL = {"sample_shape": (1, 28, 28), "hidden": (8,), "width": 4, "units": 16}
SHAPES = [(1, 28, 28), (3, 32, 32), (2, 64, 64), (3, 32, 48)]

APART = {JointBackbone, PatchBackbone}
"""Those that judge more than one image as a whole; see test_encoding.py and test_translators.py."""
WHOLE = [network for network in exported(Backbone) if network not in APART]

every_generator = pytest.mark.parametrize("network", exported(Generator))
every_backbone = pytest.mark.parametrize("network", WHOLE)
every_network = pytest.mark.parametrize("network", [*exported(Generator), *WHOLE])
every_shape = pytest.mark.parametrize("sample_shape", SHAPES, ids=str)


def build(network: type[nn.Module], **arguments: Any) -> Any:
    """Build a network no wider than a test needs, a backbone as the discriminator made of it."""
    known = inspect.signature(network).parameters
    small = {name: value for name, value in SMALL.items() if name in known}
    torch.manual_seed(0)
    if issubclass(network, Generator):
        return network(**(small | arguments))
    own = small | {name: value for name, value in arguments.items() if name in known}
    rest = {name: value for name, value in arguments.items() if name not in known}
    return Scores(partial(network, **own), **({"sample_shape": (1, 28, 28)} | rest))


def judge(discriminator: Scores, images: Tensor, labels: Tensor | None = None) -> Tensor:
    sample = {"x": images} if labels is None else {"x": images, "label": labels}
    return discriminator(sample).logits["x"]


@every_generator
@every_shape
def test_generator_maps_latents_to_images(
    network: type[Generator], sample_shape: tuple[int, ...]
) -> None:
    generator = build(network, latent_dim=5, sample_shape=sample_shape)
    images = generator(torch.randn(3, 5))
    assert images.shape == (3, *sample_shape)
    assert images.abs().max() <= 1
    assert generator.latent_dim == 5
    assert generator.sample_shape == sample_shape


@every_backbone
@every_shape
@pytest.mark.parametrize("count", [2, 3])
def test_discriminator_maps_images_to_logits(
    network: type[Backbone], sample_shape: tuple[int, ...], count: int
) -> None:
    discriminator = build(network, sample_shape=sample_shape)
    assert judge(discriminator, torch.randn(count, *sample_shape)).shape == (count,)
    assert judge(discriminator.eval(), torch.randn(1, *sample_shape)).shape == (1,)


@every_backbone
def test_logits_are_raw(network: type[Backbone]) -> None:
    """No output activation: the logits grow with the last layer's weights."""
    discriminator = build(network).eval()
    images = torch.randn(4, 1, 28, 28)
    logits = judge(discriminator, images)
    last = [m for m in discriminator.modules() if isinstance(m, nn.Linear | nn.Conv2d)][-1]
    with torch.no_grad():
        last.weight.mul_(1000)
        if last.bias is not None:
            last.bias.mul_(1000)
    torch.testing.assert_close(judge(discriminator, images), 1000 * logits, rtol=1e-3, atol=1e-3)


@every_network
@pytest.mark.parametrize("precision", ["single", "bfloat16"])
def test_every_weight_receives_a_gradient(network: type[nn.Module], precision: str) -> None:
    """In bfloat16 too, which not all that torch does knows on a processor."""
    module = build(network)
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        if isinstance(module, Generator):
            output = module(torch.randn(4, module.latent_dim))
        else:
            output = judge(module, torch.randn(4, 1, 28, 28))
    output.float().square().sum().backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@every_network
def test_the_same_seed_gives_the_same_weights(network: type[nn.Module]) -> None:
    one, other = (build(network).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


@every_generator
def test_points_are_unbounded(network: type[Generator]) -> None:
    if network is not MLPGenerator:
        with pytest.raises(ValueError, match="image"):
            build(network, sample_shape=(2,))
        return
    generator = build(network, latent_dim=5, sample_shape=(2,))
    points = generator(1000 * torch.randn(64, 5))
    assert points.shape == (64, 2)
    assert points.abs().max() > 1
    assert judge(Scores(partial(MLPBackbone, hidden=(8,)), (2,)), points).shape == (64,)


@every_network
@pytest.mark.parametrize("sample_shape", [(1, 0, 28), (), (1, -28, -28)])
def test_sizes_must_be_positive(network: type[nn.Module], sample_shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="sample_shape must hold positive sizes") as refusal:
        build(network, sample_shape=sample_shape)
    assert "\n" not in str(refusal.value)


@every_generator
def test_latent_dim_must_be_positive(network: type[Generator]) -> None:
    with pytest.raises(ValueError, match="latent_dim must be at least 1, got 0"):
        build(network, latent_dim=0)


@every_network
def test_widths_must_be_positive(network: type[nn.Module]) -> None:
    name = next(
        name for name in ("hidden", "width") if name in inspect.signature(network).parameters
    )
    value = (0,) if name == "hidden" else 0
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        build(network, **{name: value})


HALVING = [
    network
    for network in (*exported(Generator), *exported(Backbone))
    if network.__name__.startswith(("DCGAN", "ResNet", "R3GAN", "BigGAN", "StyleGAN2"))
]


@pytest.mark.parametrize("network", HALVING)
@pytest.mark.parametrize("sample_shape", [(1, 27, 27), (1, 28, 30), (1, 36, 36), (1, 7, 7)])
def test_images_that_do_not_halve_to_a_small_map_are_refused(
    network: type[nn.Module], sample_shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="this network needs images"):
        build(network, sample_shape=sample_shape)


def test_dcgans_backbone_refuses_an_unknown_norm() -> None:
    with pytest.raises(ValueError, match="norm must be .* or none, got 'group'"):
        DCGANBackbone(norm="group")  # type: ignore[arg-type]


def test_dcgan_weights_start_as_published() -> None:
    torch.manual_seed(0)
    for network in (DCGANGenerator(), Scores(DCGANBackbone, (1, 28, 28))):
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
    generator, discriminator = MLPGenerator(), Scores(MLPBackbone, (1, 28, 28))
    shapes = [
        [tuple(layer.weight.shape) for layer in network.modules() if isinstance(layer, nn.Linear)]
        for network in (generator, discriminator)
    ]
    assert shapes == [[(256, 100), (784, 256)], [(512, 784), (256, 512), (1, 256)]]


PROJECTION: dict[str, Any] = {"readout": partial(ProjectionReadout, num_classes=3)}


def conditional(name: str) -> dict[str, Any]:
    """Return options of a way for labels to enter a discriminator, new ones at each call."""
    options: dict[str, dict[str, Any]] = {
        "none": {},
        "planes": {"inputs": [LabelPlanes(3)]},
        "projection": PROJECTION,
        "heads": {"heads": {"label": 3, "code": 2}},
    }
    return options[name]


def assert_bounded(network: nn.Module, *kinds: type[nn.Module]) -> None:
    """Assert that the largest singular value of every layer's weight is one."""
    layers = {name: layer for name, layer in network.named_modules() if isinstance(layer, kinds)}
    assert layers
    for _ in range(15):  # reading a weight in training mode iterates once
        for layer in layers.values():
            assert layer.weight.isfinite().all()
    network.eval()
    for name, layer in layers.items():
        weight = layer.weight.detach()
        if isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d):
            weight = weight.transpose(0, 1)
        largest = torch.linalg.matrix_norm(weight.flatten(1), ord=2)
        assert not weight.any() or largest.item() == pytest.approx(1, abs=0.1), name


@every_backbone
@pytest.mark.parametrize("conditioning", ["none", "planes", "projection", "heads"])
def test_spectral_norm_bounds_every_singular_value(
    network: type[Backbone], conditioning: str
) -> None:
    discriminator = build(network, spectral_norm=True, **conditional(conditioning))
    assert_bounded(discriminator, nn.Linear, nn.Conv2d, nn.Embedding)


@every_backbone
@pytest.mark.parametrize("packing", [2, 3])
def test_packing_judges_samples_together(network: type[Backbone], packing: int) -> None:
    discriminator = build(network, inputs=[Packs(packing)]).eval()
    assert discriminator.packing == packing
    images = torch.randn(6, 1, 28, 28)
    logits = judge(discriminator, images)
    assert logits.shape == (6 // packing,)
    changed = images.clone()
    changed[packing - 1] += 1  # the last member of the first pack
    difference = judge(discriminator, changed) - logits
    assert difference[0].abs() > 0
    torch.testing.assert_close(difference[1:], torch.zeros(6 // packing - 1), atol=1e-6, rtol=0)
    with pytest.raises(ValueError, match=f"a batch of 5 does not divide into packs of {packing}"):
        judge(discriminator, images[:5])


@every_backbone
@pytest.mark.parametrize("conditioning", ["planes", "projection"])
def test_a_conditional_discriminators_logits_depend_on_the_label(
    network: type[Backbone], conditioning: str
) -> None:
    discriminator = build(network, **conditional(conditioning)).eval()
    assert discriminator.reads == ("x", "label")
    assert discriminator.num_classes == 3
    images = torch.randn(1, 1, 28, 28).expand(3, -1, -1, -1)
    logits = judge(discriminator, images, torch.tensor([0, 1, 2]))
    assert len({round(logit, 12) for logit in logits.tolist()}) == 3
    with pytest.raises(ValueError, match="this discriminator wants labels and was given none"):
        judge(discriminator, images)


@every_backbone
def test_the_projection_is_an_inner_product(network: type[Backbone]) -> None:
    discriminator = build(network, **PROJECTION).eval()
    images, labels = torch.randn(4, 1, 28, 28), torch.tensor([0, 1, 2, 1])
    verdict = discriminator({"x": images, "label": labels})
    features, readout = verdict.heads["features"], discriminator.readout
    expected = readout.linear(features).squeeze(1)
    expected = expected + torch.einsum("nf,nf->n", readout.embedding.weight[labels], features)
    torch.testing.assert_close(verdict.logits["x"], expected)


@every_backbone
def test_second_heads_recognise_classes_and_codes(network: type[Backbone]) -> None:
    discriminator = build(network, **conditional("heads"))
    assert discriminator.gives == ("features", "label", "code")
    assert discriminator.taught == ("label", "code")
    assert discriminator.reads == ("x",)  # labels are recognised, not seen
    images = torch.randn(4, 1, 28, 28)
    heads = discriminator({"x": images}).heads
    assert heads["label"].shape == (4, 3)
    assert heads["code"].shape == (4, 2)
    labels = torch.zeros(4, dtype=torch.long)
    seeing = judge(discriminator.eval(), images, labels)
    torch.testing.assert_close(seeing, judge(discriminator, images))


@every_generator
@pytest.mark.parametrize("labels", [OneHotLabels, NormLabels])
def test_a_conditional_generators_samples_depend_on_the_label(
    network: type[Generator], labels: Any
) -> None:
    options: dict[str, Any] = {"labels": labels(3)}
    if labels is NormLabels and network.__name__.startswith(
        ("MLP", "R3GAN", "BigGAN", "StyleGAN2")
    ):
        assert not build(network, **options).sees_labels
        if network is not MLPGenerator:
            return
        options |= {"batch_norm": True, "hidden": (8, 8)}
    generator = build(network, **options).eval()
    assert generator.sees_labels
    assert generator.num_classes == 3
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


def test_options_out_of_range_are_refused_by_a_sentence() -> None:
    image = (1, 28, 28)
    for refused, sentence in [
        (lambda: LabelPlanes(0), "num_classes must be at least 1, got 0"),
        (lambda: OneHotLabels(0), "num_classes must be at least 1, got 0"),
        (lambda: NormLabels(0), "num_classes must be at least 1, got 0"),
        (lambda: ProjectionReadout(8, 0), "num_classes must be at least 1, got 0"),
        (lambda: Scores(MLPBackbone, image, heads={"code": 0}), "heads.code must be at least 1"),
        (
            lambda: Scores(MLPBackbone, image, inputs=[Packs(2)], **PROJECTION),
            "packing=2 joins samples of different labels",
        ),
        (
            lambda: Scores(MLPBackbone, image, inputs=[Packs(2), LabelPlanes(3)]),
            "packing=2 joins samples of different labels",
        ),
        (lambda: Packs(0), "packing must be at least 1, got 0"),
    ]:
        with pytest.raises(ValueError, match=sentence) as refusal:
            refused()
        assert "\n" not in str(refusal.value)


def test_points_are_packed_and_conditioned_too() -> None:
    points, network = torch.randn(6, 2), partial(MLPBackbone, hidden=(8,))
    assert judge(Scores(network, (2,), inputs=[Packs(3)]), points).shape == (2,)
    conditional = Scores(network, (2,), inputs=[LabelPlanes(2)])
    assert judge(conditional, points, torch.tensor([0, 1] * 3)).shape == (6,)
    assert Scores(network, (2,), inputs=[Packs(1)]).packing == 1
