"""Tasks with codes: twins, one code for two domains, contents and styles, labels and noise."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gan_lab.contracts import Sample, Translating
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.losses import LeastSquares, NonSaturating, Wasserstein
from gan_lab.media import Image
from gan_lab.models import (
    ContentEncoder,
    ConvClassifier,
    Coupled,
    CoupledGenerator,
    DCGANBackbone,
    MultiScale,
    PatchBackbone,
    PatchReadout,
    PerKey,
    ResNetTranslator,
    Scores,
    StyledDecoder,
    StyleEncoder,
    UNet,
)
from gan_lab.priors import Normal, Uniform
from gan_lab.tasks import (
    Adaptation,
    Bicycle,
    Domains,
    Multimodal,
    SharedCode,
    Twins,
)
from gan_lab.terms import (
    CycleConsistency,
    DomainClassification,
    GradientPenalty,
    Identity,
    MeanSquare,
    Reconstruction,
    TaskLoss,
)
from tests.game.playing import Make, assert_one_side_moves_at_a_time, assert_resumes_bitwise

SHAPE = (1, 12, 16)
PATCHES = partial(PatchBackbone, width=2, layers=1, norm="none")
RESNET = partial(ResNetTranslator, width=2, blocks=1, halvings=0)
CONTENT = partial(ContentEncoder, width=2, halvings=1, blocks=1)
STYLE = partial(StyleEncoder, dim=3, width=2, halvings=1)
DECODER = partial(StyledDecoder, width=2, halvings=1, blocks=1, units=8)


def samples(*names: str, shape: Any = SHAPE) -> Make:
    """Return what makes minibatches of four images under each name, and labels."""

    def make(random: torch.Generator) -> Sample:
        found = {n: torch.rand(4, *shape, generator=random) * 2 - 1 for n in names}
        return {**found, "label": torch.randint(3, (4,), generator=random)}

    return make


def judge(*names: str, **options: Any) -> PerKey:
    parts = {n: Scores(PATCHES, SHAPE, (n,), readout=PatchReadout, **options) for n in names}
    return PerKey(**parts)


def twins() -> GAN:
    shape = (1, 8, 8)
    task = Twins(CoupledGenerator(3, shape, width=2), Image(shape))
    network = partial(DCGANBackbone, width=2, norm="none")
    return GAN(task, Coupled(network, shape), NonSaturating())


def shared_code(**options: Any) -> SharedCode:
    plain = partial(DECODER, style_dim=0)
    return SharedCode(CONTENT, **{"decoder": plain, "medium": Image(SHAPE), **options})


def unit() -> GAN:
    terms = [Identity(100.0), CycleConsistency(100.0), MeanSquare(), MeanSquare(made="cycle_code")]
    return GAN(shared_code(), judge("a", "b"), LeastSquares(), terms)


def multimodal() -> Multimodal:
    decoder = partial(DECODER, style_dim=3)
    return Multimodal(CONTENT, STYLE, decoder, Normal(3), Image(SHAPE))


def munit() -> GAN:
    terms = [Identity(10.0)]
    terms += [
        Reconstruction(1.0, made=f"found_{code}_{name}", target=f"{code}_{name}")
        for code in ("content", "style")
        for name in ("a", "b")
    ]
    scales = {
        name: MultiScale(PATCHES, SHAPE, 2, (name,), readout=PatchReadout) for name in ("a", "b")
    }
    return GAN(multimodal(), PerKey(**scales), LeastSquares(), terms)


def bicycle() -> Bicycle:
    network = UNet(1, 1, 3, width=2, levels=2, dropout=0.0)
    encoder = StyleEncoder(1, 3, width=2, halvings=1, moments=True)
    return Bicycle(network, encoder, Normal(3), Image(SHAPE))


def bicyclegan() -> GAN:
    terms = [Reconstruction(10.0), Reconstruction(0.5, made="found_z", target="z")]
    return GAN(bicycle(), judge("x", "random"), LeastSquares(), terms)


def domains() -> Domains:
    return Domains(RESNET(beside=3), Image(SHAPE), 3)


def stargan() -> GAN:
    scores = Scores(PATCHES, SHAPE, heads={"label": 3})
    terms = [DomainClassification(), CycleConsistency(domains=("x",)), GradientPenalty()]
    return GAN(domains(), scores, Wasserstein(), terms, n_critic=2)


def adaptation() -> Adaptation:
    classifier = ConvClassifier(SHAPE, 3, widths=(2, 2), units=4)
    return Adaptation(RESNET(beside=2), classifier, Uniform(2), Image(SHAPE))


def pixelda() -> GAN:
    scores = Scores(PATCHES, SHAPE, readout=PatchReadout)
    return GAN(adaptation(), scores, NonSaturating(), [TaskLoss()])


GAMES: dict[str, tuple[Callable[[], GAN], Make]] = {
    "twins": (twins, samples("a", "b", shape=(1, 8, 8))),
    "unit": (unit, samples("a", "b")),
    "munit": (munit, samples("a", "b")),
    "bicyclegan": (bicyclegan, samples("source", "x")),
    "stargan": (stargan, samples("x")),
    "pixelda": (pixelda, samples("source", "x")),
}


@pytest.mark.parametrize("name", GAMES)
def test_games_play_one_side_at_a_time_and_resume_bitwise(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    build, make = GAMES[name]
    assert_one_side_moves_at_a_time(build(), make)
    assert_resumes_bitwise(build, make, tmp_path)


TRANSLATING = {
    "unit": (shared_code, "a", "b"),
    "munit": (multimodal, "a", "b"),
    "bicyclegan": (bicycle, "source", "x"),
    "stargan": (domains, "x", "x"),
    "pixelda": (adaptation, "source", "x"),
}


@pytest.mark.parametrize("name", TRANSLATING)
def test_what_they_promise_to_panels_and_command_lines(name: str) -> None:
    build, source, target = TRANSLATING[name]
    torch.manual_seed(0)
    task: Translating = build().eval()
    batch = samples(source, target)(torch.Generator())
    for direction in task.directions:
        one, two = (task.sources(batch, torch.Generator(), direction) for _ in range(2))
        assert list(one) == list(two) and all(torch.equal(one[key], two[key]) for key in one)
        made = [task.translate(one, direction)["x"] for _ in range(2)]
        assert torch.equal(*made)  # all that is drawn is given
        assert made[0].shape == batch[target].shape
        assert task.source_medium(direction).shape == SHAPE
    other = {"source": torch.zeros(1, 1, 9, 17)}
    assert task.translate(other, next(iter(task.directions)))["x"].shape == (1, 1, 9, 17)


def test_twins_share_all_but_what_is_seen() -> None:
    module = twins()
    generator, discriminator = module.task.generator, module.discriminator
    assert [len(end) for end in generator.ends.values()] == [2, 2]  # type: ignore[union-attr]
    a, b = (part.backbone.layers for part in discriminator.networks.values())
    same = [one is other for one, other in zip(a, b, strict=True)]
    assert same == [False] * 2 + [True] * (len(a) - 2)
    assert discriminator.networks["a"].readout is discriminator.networks["b"].readout
    pair = module.sample(2, {"z": torch.randn(2, 3)})
    assert torch.equal(pair["x"], pair["b"]) and not torch.equal(pair["a"], pair["b"])
    with pytest.raises(ValueError, match="own=9 leaves nothing of the backbone to share"):
        Coupled(partial(DCGANBackbone, width=2), (1, 8, 8), own=9)


def test_a_shared_code_reconstructs_and_translates_by_the_same_layers() -> None:
    task = shared_code().eval()
    batch = samples("a", "b")(torch.Generator())
    code = task.encode(batch["a"], "a")
    made = task.translate({"source": batch["a"]})["x"]
    torch.testing.assert_close(made, task.decode(code, "b", batch["a"]))
    round = task(batch)
    assert {*round.made} >= {"same_a", "same_b", "cycle_a", "cycle_b"}
    assert round.made["code"].shape == (4, 2 * code[0].numel())
    with pytest.raises(ValueError, match="a shared code has no style beside it"):
        shared_code(decoder=DECODER)


def test_a_style_passes_through_the_norms_alone() -> None:
    torch.manual_seed(0)
    decoder = StyledDecoder(1, 3, width=4, halvings=1, blocks=2, units=8)
    code, style = torch.randn(2, 8, 3, 4), torch.randn(1, 3).expand(2, -1)
    assert decoder(code, style).shape == (2, 1, 6, 8)
    assert not torch.equal(decoder(code, style), decoder(code, -style))
    block = decoder.blocks[0]
    scale, shift = torch.rand(2, 8), torch.rand(2, 8)
    nn.init.zeros_(block.first.weight)
    nn.init.dirac_(block.second.weight)
    nn.init.zeros_(block.second.bias)
    statistics = torch.cat([scale, shift, scale, shift], dim=1)
    added = block(code, statistics) - code  # a constant map has no deviation: the shift is left
    torch.testing.assert_close(added, shift[:, :, None, None].expand_as(added))
    with pytest.raises(ValueError, match="this decoder takes styles of length 3"):
        decoder(code)


def test_the_encoder_does_not_move_by_the_code_that_it_finds() -> None:
    task = bicycle()
    round = task(samples("source", "x")(torch.Generator()))
    round.made["found_z"].sum().backward()
    assert all(p.grad is None for p in task.encoder.parameters())
    assert any(p.grad is not None and p.grad.any() for p in task.translator.parameters())
    round = task(samples("source", "x")(torch.Generator()))
    round.made["z_mean"].sum().backward()
    assert any(p.grad is not None for p in task.encoder.parameters())
    assert torch.equal(round.real["random"], round.real["x"])


def test_domains_are_the_batchs_own_in_another_order_or_those_asked_for() -> None:
    torch.manual_seed(0)
    task, batch = domains(), samples("x")(torch.Generator())
    round = task(batch)
    assert sorted(round.fake["label"].tolist()) == sorted(batch["label"].tolist())
    torch.testing.assert_close(round.fake["x"], task.made(batch["x"], round.fake["label"]))
    asked = task.sources(batch, torch.Generator())
    assert (asked["label"] != batch["label"]).all()
    assert (task.sources(batch, direction="to_2")["label"] == 2).all()
    assert task.truth(batch) is None
    with pytest.raises(LabError, match="direction is one of to_0, to_1, to_2"):
        task.translate({"source": batch["x"]})


def test_several_scales_judge_smaller_and_smaller_images() -> None:
    scales = MultiScale(PATCHES, (1, 24, 25), 3, readout=PatchReadout)
    logits = scales({"x": torch.randn(2, 1, 24, 25)}).logits
    assert list(logits) == ["scale_1", "scale_2", "scale_4"]
    single = PATCHES((1, 24, 25))
    sizes = [PatchReadout(4)(single(torch.zeros(2, 1, *s)), {}).shape for s in ((24, 25), (12, 13))]
    assert [logits["scale_1"].shape, logits["scale_2"].shape] == sizes
    assert scales.sample_shape == (1, 24, 25) and len(scales.parts()) == 3
    both = PerKey(a=MultiScale(PATCHES, SHAPE, 2, ("a",), readout=PatchReadout))
    assert list(both({"a": torch.randn(2, *SHAPE)}).logits) == ["a.scale_1", "a.scale_2"]
    assert len(both.parts()) == 2


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: Twins(CoupledGenerator(3, (1, 8, 8), 2), Image(SHAPE)), "sample_shape equal"),
        (
            lambda: Twins(CoupledGenerator(3, (1, 8, 8), 2), Image((1, 8, 8)), Normal(4)),
            "the prior draws 4 latents and the generator takes 3",
        ),
        (lambda: Domains(RESNET(beside=2), Image(SHAPE), 3), "there are 3 domains; both must be"),
        (lambda: Domains(RESNET(1, 3, 3), Image(SHAPE), 3), r"all domains have the 1 channel\(s\)"),
        (
            lambda: Adaptation(RESNET(beside=1), nn.Identity(), Normal(2), Image(SHAPE)),
            "the prior draws 2 numbers and the translator has room for 1 planes",
        ),
        (
            lambda: Adaptation(RESNET(3, 1, 2), nn.Identity(), Normal(2), Image(SHAPE)),
            r"sources of 3 channel\(s\) and translations of 1; both must be alike",
        ),
        (
            lambda: Bicycle(UNet(1, 1, 2), StyleEncoder(1, 3), Normal(3), Image(SHAPE)),
            "the translator has room for 2 planes, the encoder finds 3 numbers",
        ),
        (
            lambda: Bicycle(UNet(1, 1, 3), StyleEncoder(1, 3), Normal(3), Image(SHAPE)),
            "the encoder must give moments=true",
        ),
        (lambda: shared_code(shared=0), "shared must be at least 1"),
        (
            lambda: Multimodal(CONTENT, STYLE, DECODER, Normal(3), Image(SHAPE)),
            r"the prior draws 3 numbers, encoders and decoders take \[3, 3, 8, 8\]",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused_by_a_sentence(build: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refusal:
        build()
    assert "\n" not in str(refusal.value)
