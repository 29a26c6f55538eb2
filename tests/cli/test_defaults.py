"""A setting has one value: what a class takes by default is what conf/ gives it."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from hydra.utils import get_object
from omegaconf import OmegaConf

from gan_lab import augmentations, models, terms
from gan_lab.cli.app import config_dir
from gan_lab.cli.check import parameters_of
from gan_lab.contracts import Term
from gan_lab.media import Image
from gan_lab.metrics import (
    DensityCoverage,
    PrecisionRecall,
    RandomFeatures,
    density_coverage,
    precision_recall,
)

GROUPS = (
    *("augmentation", "data", "descent", "loss", "metrics", "model", "prior", "regularizer"),
    *("conditioning", "degradations", "scheduler"),
)
OTHERWISE = {  # and why
    "data.RingDataModule.batch_size": "points are small",
    "data.GridDataModule.batch_size": "points are small",
    "data.SpiralDataModule.batch_size": "points are small",
    "data.SwissRollDataModule.batch_size": "points are small",
    "model.DCGANGenerator.width": "half of the paper's, for a CPU",
    "model.DCGANBackbone.width": "half of the paper's, for a CPU",
    "model.ResNetGenerator.width": "narrowed, for a CPU",
    "model.ResNetBackbone.width": "narrowed, for a CPU",
    "model.MLPGenerator.hidden": "the default is the article's, and there are two more choices",
    "model.MLPGenerator.batch_norm": "mlp_wide has it",
    "model.MLPGenerator.negative_slope": "a ReLU for points",
    "model.MLPBackbone.hidden": "the default is the article's",
    "model.UNet.width": "narrowed, for a CPU",
    "model.UNet.levels": "the paper's are for 256 pixels, ours for 28",
    "model.CoupledGenerator.width": "half of the paper's, for a CPU",
    "model.ContentEncoder.width": "narrowed, for a CPU",
    "model.ContentEncoder.blocks": "fewer, for a CPU",
    "model.StyleEncoder.width": "narrowed, for a CPU",
    "model.StyleEncoder.halvings": "the paper's are for 256 pixels, ours for 28",
    "model.StyledDecoder.width": "narrowed, for a CPU",
    "model.StyledDecoder.blocks": "fewer, for a CPU",
    "model.StyledDecoder.units": "fewer, for a CPU",
    "model.SRResNet.width": "narrowed, for a CPU",
    "model.SRResNet.blocks": "fewer, for a CPU",
    "model.RRDB.width": "narrowed, for a CPU",
    "model.RRDB.blocks": "fewer, for a CPU",
    "model.RRDB.growth": "narrowed, for a CPU",
    "model.SRGANBackbone.width": "narrowed, for a CPU",
    "model.SRGANBackbone.halvings": "the paper's are for 96 pixels, ours for 28",
    "model.SRGANBackbone.units": "fewer, for a CPU",
    "model.ResNetTranslator.width": "narrowed, for a CPU",
    "model.ResNetTranslator.blocks": "the paper's are for 256 pixels, ours for 28",
    "model.PatchBackbone.width": "narrowed, for a CPU",
    "model.PatchBackbone.layers": "the paper's are for 256 pixels, ours for 28",
    "model.InfoGANGenerator.width": "narrowed, for a CPU",
    "model.InfoGANGenerator.units": "narrowed, for a CPU",
    "model.InfoGANBackbone.width": "narrowed, for a CPU",
    "model.InfoGANBackbone.units": "narrowed, for a CPU",
    "model.WaveGANGenerator.width": "narrowed, for a CPU",
    "model.WaveGANBackbone.width": "narrowed, for a CPU",
    "model.SpecGANGenerator.width": "narrowed, for a CPU",
    "model.SpecGANBackbone.width": "narrowed, for a CPU",
    "model.Vocoder.width": "narrowed, for a CPU",
    "model.Vocoder.kernels": "fewer, for a CPU",
    "model.Vocoder.dilations": "fewer, for a CPU",
    "model.MoCoGANGenerator.width": "half of the paper's, for a CPU",
    "model.MoCoGANBackbone.width": "half of the paper's, for a CPU",
    "model.VGANGenerator.width": "half of the paper's, for a CPU",
    "model.VolumeGenerator.width": "half of the paper's, for a CPU",
    "model.VolumeBackbone.width": "half of the paper's, for a CPU",
    "scheduler.LinearLR.start_factor": "torch's warms up, ours falls",
    "scheduler.LinearLR.end_factor": "torch's warms up, ours falls",
    "data.MNISTViewsDataModule.view": "one file a view",
    "data.StackedMNISTDataModule.sample_shape": "the base's is MNIST's",
    "metrics.ClassifierFeatures.dataset": "one file a data set",
    "metrics.ClassifierFeatures.channels": "three for stacked digits",
}


def components(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping with a _target_."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield node
        for value in node.values():
            yield from components(value)


def given() -> Iterator[tuple[str, str, Any, Any]]:
    """Yield each argument that a file of conf/ gives: name, file, value there and by default."""
    for group in GROUPS:
        for path in sorted((config_dir() / group).rglob("*.yaml")):
            content: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
            for node in components(content):
                target = get_object(node["_target_"])
                for key, parameter in parameters_of(target).items():
                    value = node.get(key)
                    if value == f"${{{group}.{key}}}":  # of the same file
                        value = content.get(group, content)[key]
                    known = value is not None and not str(value).startswith(("${", "???", "{"))
                    if known and parameter.default is not inspect.Parameter.empty:
                        default = parameter.default
                        plain = list(default) if isinstance(default, tuple) else default
                        yield f"{group}.{target.__name__}.{key}", path.name, value, plain


def test_defaults_are_what_conf_gives() -> None:
    pairs = list(given())
    assert len(pairs) > 90
    others = [pair for pair in pairs if pair[2] != pair[3]]
    assert [pair for pair in others if pair[0] not in OTHERWISE] == []
    assert {pair[0] for pair in others} == set(OTHERWISE)


PAIRS = [
    ("DCGANGenerator", "DCGANBackbone"),
    ("InfoGANGenerator", "InfoGANBackbone"),
    ("ResNetGenerator", "ResNetBackbone"),
    ("R3GANGenerator", "R3GANBackbone"),
    ("MLPGenerator", "MLPBackbone"),
]


@pytest.mark.parametrize(("generator", "backbone"), PAIRS)
def test_a_generator_and_its_backbone_are_of_one_size_by_default(
    generator: str, backbone: str
) -> None:
    ours, theirs = (inspect.signature(getattr(models, n)).parameters for n in (generator, backbone))
    for name in {*ours} & {*theirs} - {"hidden"}:
        assert ours[name].default == theirs[name].default, name
    assert ours["sample_shape"].default == theirs["input_shape"].default
    assert tuple(ours["sample_shape"].default) in {(1, 28, 28), (3, 32, 32)}
    getattr(models, generator)()  # which is a size that it takes
    getattr(models, backbone)()


def test_functions_and_their_metrics_share_their_defaults() -> None:
    for function, metric in (
        (precision_recall, PrecisionRecall),
        (density_coverage, DensityCoverage),
    ):
        assert (
            inspect.signature(function).parameters["k"].default
            == inspect.signature(metric).parameters["k"].default
        )


def test_diffaugments_parts_default_to_its_own_strengths() -> None:
    whole = inspect.signature(augmentations.DiffAugment).parameters
    for name, part, key in (
        ("brightness", augmentations.Brightness, "strength"),
        ("translation", augmentations.Translation, "ratio"),
        ("cutout", augmentations.Cutout, "ratio"),
    ):
        assert whole[name].default == inspect.signature(part).parameters[key].default


TERMS = [
    item
    for item in vars(terms).values()
    if inspect.isclass(item) and issubclass(item, Term) and not inspect.isabstract(item)
]


@pytest.mark.parametrize("kind", TERMS)
def test_a_term_keeps_its_weight_and_its_rarity(kind: type[Term]) -> None:
    parameters, network = inspect.signature(kind).parameters, RandomFeatures(Image((1, 8, 8)))
    needed: dict[str, Any] = {"features": network} if "features" in parameters else {}
    term = kind(weight=2.5, every=3, **needed) if "every" in parameters else None
    if term is None:
        assert kind(weight=2.5, **needed).weight == 2.5
        return
    assert (term.weight, term.every) == (2.5, 3)


def test_networks_take_shapes_by_default_that_halve() -> None:
    found = 0
    for name in models.__all__:
        kind = getattr(models, name)
        taken = inspect.signature(kind).parameters if inspect.isclass(kind) else {}
        for word in ("sample_shape", "input_shape"):
            shape = taken[word].default if word in taken else inspect.Parameter.empty
            if isinstance(shape, tuple) and len(shape) > 1:
                found += 1
                assert shape[0] in (1, 3), name
                assert all(edge % 4 == 0 for edge in shape[1:]), name
    assert found > 20
