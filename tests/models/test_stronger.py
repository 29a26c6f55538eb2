"""Attention, minibatch layers, BigGAN's and StyleGAN2's parts, computed a second time by hand."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, max_pool2d

from gan_lab.contracts import Round, Turn, Verdict
from gan_lab.game import GAN
from gan_lab.game.judge import couples_samples
from gan_lab.losses import Hinge
from gan_lab.models import (
    BigGANGenerator,
    FastGANDiscriminator,
    MLPBackbone,
    MLPGenerator,
    OneHotLabels,
    PatchBackbone,
    Scores,
    SelfAttention,
    StyleGAN2Backbone,
    StyleGAN2Generator,
    UNetDiscriminator,
)
from gan_lab.models.biggan import ModulatedNorm
from gan_lab.models.equalised import EqualisedConv, EqualisedLinear, ModulatedConv
from gan_lab.models.fastgan import GatedDoubling, SkipExcitation
from gan_lab.models.minibatch import (
    MinibatchBackbone,
    MinibatchDeviation,
    MinibatchDiscrimination,
)
from gan_lab.tasks import Generation
from gan_lab.terms import R1, PathLength, SelfReconstruction
from gan_lab.terms.path_length import path_lengths


def test_attention_adds_nothing_at_the_start_and_then_what_places_attend_to() -> None:
    torch.manual_seed(0)
    layer, maps = SelfAttention(8), torch.randn(2, 8, 4, 6)
    assert torch.equal(layer(maps), maps)
    nn.init.constant_(layer.gamma, 0.7)
    query = layer.query(maps).flatten(2)
    key, value = (max_pool2d(f(maps), 2).flatten(2) for f in (layer.key, layer.value))
    weights = torch.einsum("ncq,nck->nqk", query, key).softmax(2)
    attended = torch.einsum("nqk,nck->ncq", weights, value).reshape(2, 4, 4, 6)
    torch.testing.assert_close(layer(maps), maps + 0.7 * layer.output(attended))


@pytest.mark.parametrize(("count", "group"), [(8, 4), (6, 4), (4, 2)])
def test_a_minibatchs_deviation_is_that_within_groups(count: int, group: int) -> None:
    torch.manual_seed(0)
    maps = torch.randn(count, 3, 2, 2)
    found = MinibatchDeviation(group)(maps)
    assert torch.equal(found[:, :3], maps)
    size = group if count % group == 0 else count
    for start in range(count // size):
        members = maps[start :: count // size]
        assert len(members) == size
        expected = (members.var(0, correction=0) + 1e-8).sqrt().mean()
        plane = found[start :: count // size, 3]
        torch.testing.assert_close(plane, expected.expand_as(plane))
    alike = MinibatchDeviation(group)(maps[:1].expand(count, -1, -1, -1))
    assert alike[:, 3].max() < 1e-3


def test_minibatch_discrimination_adds_the_likeness_to_all_others() -> None:
    torch.manual_seed(0)
    layer, features = MinibatchDiscrimination(4, kernels=3, dims=2), torch.randn(5, 4)
    rows = layer.project(features).reshape(5, 3, 2)
    found = layer(features)
    assert torch.equal(found[:, :4], features)
    for i in range(5):
        expected = sum(torch.exp(-(rows[i] - rows[j]).abs().sum(1)) for j in range(5) if j != i)
        torch.testing.assert_close(found[i, 4:], expected)
    alone = layer(features[:1])
    torch.testing.assert_close(alone[:, 4:], torch.zeros(1, 3))


@pytest.mark.parametrize(("kernels", "added"), [(3, 3), (0, 1)])
def test_a_discriminator_with_minibatch_features_couples_its_samples(
    kernels: int, added: int
) -> None:
    torch.manual_seed(0)
    network = partial(MLPBackbone, hidden=(6,))
    judge = Scores(partial(MinibatchBackbone, network=network, kernels=kernels), (1, 4, 4))
    assert couples_samples(judge) and judge.backbone.features == 6 + added
    images = torch.randn(4, 1, 4, 4)
    other = images.clone()
    other[3] += 1
    moved = judge({"x": other}).logits["x"] - judge({"x": images}).logits["x"]
    assert moved[:3].abs().min() > 0


def test_a_modulated_norm_is_linear_in_what_it_is_given() -> None:
    torch.manual_seed(0)
    layer, maps, given = ModulatedNorm(3, 2), torch.randn(6, 3, 4, 4), torch.randn(6, 2)
    scale, shift = (f(given)[:, :, None, None] for f in (layer.scale, layer.shift))
    normal = (maps - maps.mean((0, 2, 3), True)) / (
        maps.var((0, 2, 3), correction=0, keepdim=True) + 1e-5
    ).sqrt()
    torch.testing.assert_close(layer(maps, given), (1 + scale) * normal + shift)


def test_bigs_latent_is_read_part_by_part_and_one_embedding_serves_all_norms() -> None:
    torch.manual_seed(0)
    generator = BigGANGenerator(8, (1, 28, 28), width=2, embedding=5, labels=OneHotLabels(3))
    assert generator.sizes == [3, 3, 2]
    embeddings = [m for m in generator.modules() if isinstance(m, nn.Linear) and m.in_features == 3]
    assert generator.embedding in embeddings and generator.embedding.out_features == 5
    widths = [block.before.scale.in_features for block in generator.blocks]
    assert widths == [3 + 5, 2 + 5]
    seen: list[Tensor] = []
    generator.blocks[1].before.scale.register_forward_hook(lambda m, i, o: seen.append(i[0]))
    latent, label = torch.randn(4, 8), torch.tensor([0, 2, 1, 2])
    generator(latent, label)
    torch.testing.assert_close(seen[0][:, :2], latent[:, 6:])
    torch.testing.assert_close(seen[0][:, 2:], generator.embedding.weight.T[label])
    with pytest.raises(ValueError, match="latent_dim must be at least 3"):
        BigGANGenerator(2, (1, 28, 28), width=2)


@pytest.mark.parametrize("demodulate", [True, False])
def test_modulation_scales_each_samples_own_weights(demodulate: bool) -> None:
    torch.manual_seed(0)
    layer = ModulatedConv(3, 4, 3, style=5, demodulate=demodulate)
    maps, w = torch.randn(2, 3, 6, 6), torch.randn(2, 5)
    for sample, style, found in zip(maps, layer.style(w), layer(maps, w), strict=True):
        weight = layer.weight / math.sqrt(3 * 9) * style[None, :, None, None]
        if demodulate:
            weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        torch.testing.assert_close(found, conv2d(sample[None], weight, padding=1)[0])


def test_equalised_layers_start_from_unit_variance_and_scale_in_use() -> None:
    torch.manual_seed(0)
    linear, conv = EqualisedLinear(400, 300, rate=0.01), EqualisedConv(50, 60, 3)
    assert linear.weight.std().item() == pytest.approx(100, rel=0.02)
    assert linear(torch.randn(200, 400)).std().item() == pytest.approx(1, rel=0.05)
    assert conv.weight.std().item() == pytest.approx(1, rel=0.02)
    inside = conv(torch.randn(4, 50, 10, 10))[:, :, 1:-1, 1:-1]
    assert inside.std().item() == pytest.approx(1, rel=0.1)


def stylish(**options: float) -> StyleGAN2Generator:
    torch.manual_seed(0)
    small = {"width": 4, "most": 8, "style": 6, "depth": 2}
    return StyleGAN2Generator(5, (1, 28, 28), **{**small, **options})  # type: ignore[arg-type]


def test_styles_are_mixed_with_another_samples_at_some_depth() -> None:
    latent = torch.randn(64, 5)
    generator = stylish(mixing=1.0)
    w, mixed = generator.map(latent), generator.styles(latent)
    other = w.roll(1, dims=0)
    assert mixed.shape == (64, len(generator.layers), 6)
    depths = set()
    for own, foreign, styles in zip(w, other, mixed, strict=True):
        from_own = [torch.equal(style, own) for style in styles]
        assert from_own == sorted(from_own, reverse=True) and from_own[0] and not from_own[-1]
        depth = sum(from_own)
        depths.add(depth)
        assert all(torch.equal(style, foreign) for style in styles[depth:])
    assert depths == set(range(1, len(generator.layers)))
    plain = stylish(mixing=0.0)
    assert torch.equal(plain.styles(latent), plain.map(latent)[:, None].expand(-1, 5, -1))
    with pytest.raises(ValueError, match="mixing must be between 0 and 1"):
        stylish(mixing=1.5)


def test_truncation_draws_styles_towards_their_mean_when_samples_are_drawn() -> None:
    generator, latent = stylish(), torch.randn(16, 5)
    for _ in range(3):
        generator(latent)  # which moves the mean
    assert generator.mean.abs().max() > 0
    generator.eval()
    whole = generator(latent)
    assert torch.equal(generator(latent), whole)  # the noise is always the same
    w = generator.map(latent)
    generator.truncation = 0.3
    expected = generator.mean + 0.3 * (w - generator.mean)
    torch.testing.assert_close(generator.styles(latent)[:, 2], expected)
    generator.truncation = 0.0
    one = generator(latent)
    torch.testing.assert_close(one, one[:1].expand_as(one))


def test_stylegans_discriminator_may_tell_how_samples_of_a_batch_differ() -> None:
    for group, coupled in ((0, False), (4, True)):
        judge = Scores(partial(StyleGAN2Backbone, width=2, most=4, group=group), (1, 28, 28))
        assert couples_samples(judge) is coupled
        assert judge({"x": torch.randn(4, 1, 28, 28)}).logits["x"].shape == (4,)
    wide = StyleGAN2Backbone((1, 32, 32), width=3, most=16)
    assert [len(block.second.weight) for block in wide.blocks] == [6, 12, 16]


def test_path_lengths_are_those_of_the_jacobian() -> None:
    torch.manual_seed(0)
    jacobian = torch.randn(1 * 3 * 4, 2 * 5, dtype=torch.float64)
    styles = torch.randn(6, 2, 5, dtype=torch.float64, requires_grad=True)
    images = (styles.flatten(1) @ jacobian.T).reshape(6, 1, 3, 4)
    torch.manual_seed(1)
    found = path_lengths(images, styles)
    torch.manual_seed(1)
    noise = torch.randn_like(images).flatten(1) / math.sqrt(12)
    gradient = (noise @ jacobian).reshape(6, 2, 5)
    torch.testing.assert_close(found, gradient.square().sum(2).mean(1).sqrt())


def test_the_path_length_term_pulls_towards_its_moving_average() -> None:
    task, term = Generation(stylish()), PathLength(decay=0.5)
    round = task({"x": torch.zeros(8, 1, 28, 28)})
    nobody = Verdict({"x": torch.empty(0)})
    turn = Turn("generator", Round({}, round.fake), nobody, nobody, task, None)  # type: ignore[arg-type]
    value = term(turn)
    assert value.item() > 0 and term.mean.item() > 0
    slopes = torch.autograd.grad(value, list(task.generator.parameters()), allow_unused=True)
    assert any(slope is not None and bool(slope.any()) for slope in slopes)
    before = term.mean.item()
    term(turn)
    assert term.mean.item() > before  # half the way again
    assert list(term.state_dict()) == ["mean"]
    with pytest.raises(ValueError, match="use model=stylegan2"):
        term.check(Generation(BigGANGenerator(8, (1, 28, 28), width=2)), None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"decay must be in \(0, 1\]"):
        PathLength(decay=0)


def test_a_u_net_judges_the_image_and_each_pixel() -> None:
    torch.manual_seed(0)
    judge, x = UNetDiscriminator((1, 28, 28), width=2), torch.randn(3, 1, 28, 28)
    verdict = judge({"x": x})
    assert verdict.logits["image"].shape == (3,)
    assert verdict.logits["pixel"].shape == (3, 28, 28)
    for part, name in zip(judge.parts(), ("image", "pixel"), strict=True):
        assert list(part.parameters()) == []  # the weights stay the whole's
        (logits,) = part({"x": x}).logits.values()
        assert torch.equal(logits, verdict.logits[name])
    sum(v.square().sum() for v in verdict.logits.values()).backward()
    assert all(p.grad is not None and p.grad.any() for p in judge.parameters())
    other = x.clone()
    other[0, 0, 3, 3] += 5
    moved = (judge({"x": other}).logits["pixel"] - verdict.logits["pixel"]).abs()
    assert moved[0].argmax() in (2 * 28 + 2 + torch.arange(3)[:, None] * 28 + torch.arange(3))
    assert moved[1:].max() == 0


def test_penalties_differentiate_both_kinds_of_a_u_nets_logits() -> None:
    torch.manual_seed(0)
    task = Generation(MLPGenerator(3, (1, 28, 28), (8,)))
    module = GAN(task, UNetDiscriminator((1, 28, 28), width=2), Hinge(), [R1()])
    module.updates = lambda player: 1  # type: ignore[method-assign]
    round = task({"x": torch.randn(4, 1, 28, 28)})
    _, turn = module.objective("discriminator", round)
    x = round.real["x"].requires_grad_()
    kinds = module.discriminator({"x": x}).logits
    expected = torch.zeros(())
    for logits in (kinds["image"], kinds["pixel"].mean((1, 2))):
        (slope,) = torch.autograd.grad(logits.sum(), x, retain_graph=True)
        expected = expected + slope.square().sum((1, 2, 3)).mean() / 2
    assert turn.report["term/R1"].item() == pytest.approx(expected.item(), rel=1e-4)


def test_a_far_skip_scales_channels_by_the_first_map() -> None:
    torch.manual_seed(0)
    skip, small, large = SkipExcitation(3, 2), torch.randn(2, 3, 7, 7), torch.randn(2, 2, 9, 9)
    gates = skip.gate(nn.functional.adaptive_avg_pool2d(small, 4))
    assert gates.shape == (2, 2, 1, 1) and gates.min() > 0 and gates.max() < 1
    torch.testing.assert_close(skip(small, large), large * gates)


def test_a_doubling_gates_half_of_its_channels_by_the_other() -> None:
    torch.manual_seed(0)
    block, maps = GatedDoubling(2, 3, nn.Identity()), torch.randn(2, 2, 3, 3)
    wide = block.conv(maps.repeat_interleave(2, 2).repeat_interleave(2, 3))
    torch.testing.assert_close(block(maps, None), wide[:, :3] * wide[:, 3:].sigmoid())


def test_fastgans_discriminator_reconstructs_and_judges_patches() -> None:
    torch.manual_seed(0)
    judge, x = FastGANDiscriminator((1, 28, 28), width=2), torch.rand(3, 1, 28, 28)
    verdict = judge({"x": x})
    assert verdict.logits["x"].shape == (3, 7, 7)
    again = verdict.heads["reconstruction"]
    assert again.shape == x.shape and again.abs().max() <= 1
    turn = Turn("discriminator", Round({"x": x}, {}), verdict, verdict, None, judge)  # type: ignore[arg-type]
    value = SelfReconstruction()(turn)
    assert value.item() == pytest.approx((x - again).abs().mean().item())
    (value + verdict.logits["x"].sum()).backward()
    assert all(p.grad is not None for p in judge.parameters())
    assert SelfReconstruction.players == ("discriminator",)


def test_maps_are_averaged_over_places_before_they_are_compared() -> None:
    network = partial(PatchBackbone, width=2, layers=1, norm="none")
    backbone = MinibatchBackbone((1, 16, 16), network, kernels=3)
    images = torch.randn(4, 1, 16, 16)
    found = backbone(images)
    assert found.shape == (4, backbone.features)
    torch.testing.assert_close(found[:, :-3], backbone.backbone(images).mean(dim=(2, 3)))
