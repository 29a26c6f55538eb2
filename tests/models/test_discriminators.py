"""Discriminators of backbones of any rank, of several parts, and of reconstruction errors."""

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from gan_lab.models import (
    Backbone,
    Energy,
    LabelPlanes,
    MLPBackbone,
    Packs,
    PerKey,
    ProjectionReadout,
    Scores,
)
from gan_lab.models.base import draw_weights
from gan_lab.models.normalisation import spectrally_normalise
from tests.models.test_models import assert_bounded

CONVOLUTIONS: list[Any] = [
    (nn.Conv1d, nn.ConvTranspose1d, (3, 8)),
    (nn.Conv2d, nn.ConvTranspose2d, (3, 8, 6)),
    (nn.Conv3d, nn.ConvTranspose3d, (3, 4, 6, 8)),
]
every_rank = pytest.mark.parametrize(("forth", "back", "shape"), CONVOLUTIONS)


class Patches(Backbone):
    """Maps of features, one for each patch."""

    def __init__(self, input_shape: Any, forth: Any, back: Any) -> None:
        super().__init__(input_shape)
        channels = self.input_shape[0]
        self.layers = nn.Sequential(
            forth(channels, 6, 3, padding=1), nn.LeakyReLU(0.2), back(6, 5, 2, stride=2)
        )
        self.features = 5

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.layers(inputs)
        return features


@every_rank
@pytest.mark.parametrize("spectral_norm", [False, True])
def test_patches_of_any_rank_have_a_logit_each(
    forth: Any, back: Any, shape: Any, spectral_norm: bool
) -> None:
    network = partial(Patches, forth=forth, back=back)
    for options in (
        {},
        {"inputs": [LabelPlanes(3)]},
        {"readout": partial(ProjectionReadout, num_classes=3)},
    ):
        discriminator = Scores(network, shape, spectral_norm=spectral_norm, **options)
        sample = {"x": torch.randn(4, *shape), "label": torch.tensor([0, 1, 2, 0])}
        logits = discriminator(sample).logits["x"]
        assert logits.shape == (4, *(2 * size for size in shape[1:]))
        logits.sum().backward()
        assert all(
            p.grad is not None and p.grad.isfinite().all() for p in discriminator.parameters()
        )


@every_rank
def test_second_heads_look_at_the_mean_over_patches(forth: Any, back: Any, shape: Any) -> None:
    discriminator = Scores(partial(Patches, forth=forth, back=back), shape, heads={"label": 3})
    heads = discriminator({"x": torch.randn(4, *shape)}).heads
    assert heads["label"].shape == (4, 3)
    expected = discriminator.recogniser(heads["features"].flatten(2).mean(2))
    torch.testing.assert_close(heads["label"], expected)


@every_rank
def test_spectral_norm_bounds_convolutions_of_every_rank(forth: Any, back: Any, shape: Any) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(forth(3, 6, 3, padding=1), nn.LeakyReLU(0.2), back(6, 5, 3))
    spectrally_normalise(network)
    assert network(torch.randn(2, *shape)).isfinite().all()
    assert_bounded(network, forth, back)


def test_spectral_norm_draws_a_weight_of_zero_anew() -> None:
    layer = nn.Conv1d(3, 4, 3)
    nn.init.zeros_(layer.weight)
    spectrally_normalise(layer)
    assert layer.weight.isfinite().all() and layer.weight.any()


@every_rank
def test_weights_lie_in_the_order_that_convolutions_are_fastest_in(
    forth: Any, back: Any, shape: Any
) -> None:
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    network = nn.Sequential(forth(3, 6, 3), back(6, 5, 3), nn.Flatten(), nn.Linear(2, 3))
    before = [parameter.detach().clone() for parameter in network.parameters()]
    draw_weights(network)
    for old, new in zip(before, network.parameters(), strict=True):
        assert torch.equal(old, new)
        expected = formats.get(new.ndim, torch.contiguous_format)
        assert new.is_contiguous(memory_format=expected)


def test_weights_are_drawn_by_the_backbones_own_law() -> None:
    class Ones(MLPBackbone):
        def initialise(self, layer: nn.Module) -> None:
            if isinstance(layer, nn.Linear):
                nn.init.ones_(layer.weight)

    discriminator = Scores(partial(Ones, hidden=(4,)), (2,), heads={"label": 3})
    linear = [layer for layer in discriminator.modules() if isinstance(layer, nn.Linear)]
    assert len(linear) == 3  # of the backbone, the readout and the second head
    assert all((layer.weight == 1).all() for layer in linear)


def test_several_reads_are_joined_along_channels_or_flat() -> None:
    network = partial(MLPBackbone, hidden=(8,))
    images = {"x": torch.randn(4, 3, 2, 2), "source": torch.randn(4, 1, 2, 2)}
    along = Scores(network, (4, 2, 2), reads=("x", "source"))
    assert along(images).logits["x"].shape == (4,)
    assert along.reads == ("x", "source")
    assert along.sample_shape is None
    flat = Scores(network, (12 + 5,), reads=("x", "z"))
    assert flat(images | {"z": torch.randn(4, 5)}).logits["x"].shape == (4,)


def test_parts_have_logits_and_heads_under_their_own_names() -> None:
    network = partial(MLPBackbone, hidden=(8,))
    parts = {
        "a": Scores(network, (2,), reads=("a",), heads={"label": 3}),
        "b": Scores(network, (3,), reads=("b",), inputs=[LabelPlanes(3)]),
    }
    both = PerKey(**parts)
    assert both.reads == ("a", "b", "label")
    assert both.gives == ("a.features", "a.label", "b.features")
    assert both.taught == ("a.label",)
    assert both.num_classes == 3
    assert both.packing == 1
    packs = (Scores(network, (2,), inputs=[Packs(size)]) for size in (2, 3))
    assert PerKey(**dict(zip("ab", packs, strict=True))).packing == 6
    assert list(both.parts()) == list(parts.values())
    sample = {"a": torch.randn(4, 2), "b": torch.randn(4, 3), "label": torch.tensor([0, 1, 2, 0])}
    verdict = both(sample)
    assert list(verdict.logits) == ["a", "b"]
    assert list(verdict.heads) == list(both.gives)
    for name, part in parts.items():
        torch.testing.assert_close(verdict.logits[name], part(sample).logits["x"])
    with pytest.raises(ValueError, match="PerKey needs at least one discriminator"):
        PerKey()


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_energy_is_minus_a_samples_mean_reconstruction_error(power: float) -> None:
    energy = Energy(nn.Threshold(0.5, 0.0), power)
    points = torch.tensor([[0.25, -0.5], [1.0, 2.0]])
    verdict = energy({"x": points})
    expected = [-(0.25**power + 0.5**power) / 2, 0.0]
    assert verdict.logits["x"].tolist() == pytest.approx(expected)
    assert torch.equal(verdict.heads["reconstruction"], points * (points > 0.5))
    with pytest.raises(ValueError, match="power must be positive, got 0"):
        Energy(nn.Identity(), 0.0)
