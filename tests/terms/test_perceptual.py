"""What is to agree in a fixed network's features, and neighbouring pixels with each other."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_lab.contracts import Round, Turn, Verdict
from gan_lab.errors import LabError
from gan_lab.media import Image
from gan_lab.metrics import ClassifierFeatures, RandomFeatures, RawFeatures
from gan_lab.terms import Perceptual, Style, TotalVariation


def turn(real: Tensor, fake: Tensor) -> Turn:
    nothing: Any = None
    sides = Verdict({}), Verdict({})
    return Turn("generator", Round({"x": real}, {"x": fake}), *sides, nothing, nothing)


class Doubled(nn.Module):
    """Gives two layers: the images, and twice the images."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(2.0))

    def maps(self, images: Tensor) -> list[Tensor]:
        return [images, self.factor * images]


def some(shape: Any = (2, 3, 4, 5)) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.rand(shape) * 2 - 1, torch.rand(shape) * 2 - 1


@pytest.mark.parametrize(("layers", "factor"), [((0,), 1), ((-1,), 2), ((0, 1), 3)])
def test_layers_distances_are_added(layers: tuple[int, ...], factor: float) -> None:
    real, fake = some()
    term = Perceptual(Doubled(), layers=layers)
    expected = factor * (real - fake).abs().mean()
    torch.testing.assert_close(term(turn(real, fake)), expected)
    assert not any(p.requires_grad for p in term.parameters())
    squared = Perceptual(Doubled(), layers=(-1,), distance="l2")(turn(real, fake))
    torch.testing.assert_close(squared, 4 * (real - fake).square().mean())


def test_style_is_blind_to_places_and_sees_what_goes_together() -> None:
    real, fake = some()
    shuffled = real.flatten(2)[:, :, torch.randperm(20)].reshape_as(real)
    assert Style(Doubled())(turn(real, shuffled)).item() == pytest.approx(0, abs=1e-10)
    flat = [x.flatten(2) for x in (real, fake)]
    ours, theirs = (torch.einsum("nih,njh->nij", x, x) / (3 * 20) for x in flat)
    expected = (ours - theirs).square().sum((1, 2)).mean()
    torch.testing.assert_close(Style(Doubled(), layers=(0,))(turn(real, fake)), expected)


def test_total_variation_is_a_slopes_size() -> None:
    rows = torch.linspace(0, 1, 5)[:, None].expand(5, 7)
    ramp = (rows + 2 * torch.linspace(0, 1, 7))[None, None]
    expected = 1 / 4 + 2 / 6
    assert TotalVariation()(turn(ramp, ramp)).item() == pytest.approx(expected)
    assert TotalVariation()(turn(ramp, torch.ones_like(ramp))).item() == 0


RULERS = {
    "mnist": lambda: ClassifierFeatures("mnist"),
    "stacked": lambda: ClassifierFeatures("mnist", channels=3),
    "random": lambda: RandomFeatures(Image((3, 28, 28))),
}


@pytest.mark.parametrize("name", RULERS)
def test_rulers_give_maps_that_gradients_pass_and_training_leaves_alone(name: str) -> None:
    network = RULERS[name]()
    shape = (2, 1 if name == "mnist" else 3, 28, 28)
    real, fake = some(shape)
    term = Perceptual(network).train()
    value = term(turn(real, fake.requires_grad_()))
    value.backward()
    assert fake.grad is not None and fake.grad.any() and fake.grad.isfinite().all()
    torch.testing.assert_close(term(turn(real, fake)), value)  # no statistics moved
    assert term(turn(real, real)).item() == 0


def test_a_classifiers_maps_are_what_its_features_are_made_of() -> None:
    network, images = ClassifierFeatures("mnist"), some((4, 1, 28, 28))[0]
    images = (images * 127.5 + 127.5).round() / 127.5 - 1  # as a file would hold them
    maps = network.maps(images)
    assert [x.shape[1:] for x in maps] == [(32, 28, 28), (64, 14, 14), (128, 7, 7)]
    rest = network.classifier.embed[-4:]  # from the last pooling on
    features = rest(maps[-1].relu())
    torch.testing.assert_close(features, network(images).features)


def test_what_gives_no_maps_is_refused_by_a_sentence() -> None:
    with pytest.raises(ValueError, match="Identity gives no maps of its layers to compare"):
        Perceptual(nn.Identity())
    with pytest.raises(ValueError, match=r"layers must name at least one, such as \[-1\]"):
        Style(Doubled(), layers=())
    real, fake = some()
    with pytest.raises(LabError, match=r"layers must be among the network's 2, got \(5,\)"):
        Perceptual(Doubled(), layers=(5,))(turn(real, fake))
    with pytest.raises(LabError, match="pixels has no maps that a term could read"):
        Perceptual(RawFeatures(Image((3, 4, 5))))(turn(real, fake))
