"""The K + 1 classes, the noise between layers, and how codes are judged."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch

from gan_lab.losses import NonSaturating
from gan_lab.media import Image
from gan_lab.models import (
    Autoencoder,
    ClassScores,
    Embedding,
    Energy,
    MLPBackbone,
    MLPGenerator,
    SoftplusGenerator,
)
from gan_lab.models import NoisyMLPBackbone as Noisy
from gan_lab.models.few_labels import GaussianNoise
from gan_lab.models.weight_norm import NormalisedLinear

SHAPE = (1, 4, 4)
MLP = partial(MLPBackbone, hidden=(8,))


def test_the_logit_is_that_of_a_classifier_with_a_class_for_generated_samples() -> None:
    torch.manual_seed(0)
    judge, x = ClassScores(MLP, SHAPE, 3), torch.randn(5, *SHAPE)
    verdict = judge({"x": x})
    extended = torch.cat([verdict.heads["label"], torch.zeros(5, 1)], dim=1).softmax(dim=1)
    torch.testing.assert_close(verdict.logits["x"].sigmoid(), 1 - extended[:, 3])
    loss = NonSaturating().discriminator(verdict.logits["x"], verdict.logits["x"])
    expected = -(1 - extended[:, 3]).log().mean() - extended[:, 3].log().mean()
    torch.testing.assert_close(loss, expected)


def test_noise_is_added_while_it_trains_and_only_then() -> None:
    torch.manual_seed(0)
    backbone = Noisy(SHAPE, (8, 6), input_noise=0.6, noise=0.5)
    deviations = [m.deviation for m in backbone.modules() if isinstance(m, GaussianNoise)]
    assert deviations == [0.6, 0.5]
    x = torch.randn(3, *SHAPE)
    assert not torch.equal(backbone(x), backbone(x))
    backbone.eval()
    assert torch.equal(backbone(x), backbone(x))
    layer = GaussianNoise(0.7)
    added = layer(torch.zeros(20_000))
    assert added.std().item() == pytest.approx(0.7, rel=0.03)
    with pytest.raises(ValueError, match="noise must not be negative"):
        GaussianNoise(-1)
    judge = ClassScores(MLP, SHAPE, 3, noise=0.5)
    first, second = judge({"x": x}), judge({"x": x})
    assert torch.equal(first.heads["features"], second.heads["features"])  # that are matched
    assert not torch.equal(first.heads["label"], second.heads["label"])


def test_the_generators_last_weights_have_lengths_of_their_own() -> None:
    torch.manual_seed(0)
    generator = SoftplusGenerator(5, SHAPE, (8, 6))
    *first, last, _ = generator.layers.layers.children()
    assert isinstance(last, NormalisedLinear)
    torch.testing.assert_close(last.weight.norm(dim=1), torch.ones(16))
    assert isinstance(last.length, torch.nn.Parameter)
    z = torch.randn(7, 5)
    hidden = torch.nn.Sequential(*first)(z)
    image = 2 * torch.sigmoid(last(hidden)) - 1  # theirs, on [0, 1]
    torch.testing.assert_close(generator(z).flatten(1), image)


def test_weights_turn_and_keep_the_length_that_the_first_samples_asked_for() -> None:
    torch.manual_seed(0)
    backbone = Noisy(SHAPE, (8, 6), input_noise=0.6, noise=0.5)
    layers = [m for m in backbone.modules() if isinstance(m, NormalisedLinear)]
    for layer in layers:
        assert {name for name, _ in layer.named_parameters()} == {"direction", "bias"}
        torch.testing.assert_close(layer.weight.norm(dim=1), torch.ones(len(layer.bias)))
    samples = 3 + 2 * torch.randn(4000, *SHAPE)
    state = torch.get_rng_state()
    backbone.meet(samples)
    assert torch.equal(torch.get_rng_state(), state)
    noisy = samples.flatten(1) + 0.6 * torch.randn(4000, 16)
    for layer in layers:
        activations = layer(noisy)
        torch.testing.assert_close(
            activations.mean(0), torch.zeros_like(layer.bias), atol=0.1, rtol=0
        )
        torch.testing.assert_close(
            activations.std(0), torch.ones_like(layer.bias), atol=0.1, rtol=0
        )
        noisy = activations.relu() + 0.5 * torch.randn_like(activations)
    lengths = [layer.length.clone() for layer in layers]
    backbone.meet(10 * samples)  # known already
    optimizer = torch.optim.SGD(backbone.parameters(), lr=1.0)
    backbone(samples).square().mean().backward()
    before = [layer.weight.detach().clone() for layer in layers]
    optimizer.step()
    for layer, length, weight in zip(layers, lengths, before, strict=True):
        assert not torch.equal(layer.weight, weight)
        torch.testing.assert_close(layer.weight.norm(dim=1), length)
    plain = Noisy(SHAPE, (8,), weight_norm=False)
    assert not any(isinstance(m, NormalisedLinear) for m in plain.modules())


def test_a_classifier_meets_samples_of_the_training_split() -> None:
    torch.manual_seed(0)
    judge = ClassScores(partial(Noisy, hidden=(8,)), SHAPE, 3)
    images = torch.randint(256, (600, *SHAPE), dtype=torch.uint8)
    data = SimpleNamespace(train=SimpleNamespace(images=images), medium=Image(SHAPE))
    judge.meet(data)
    activations = judge.backbone.layers[2](Image(SHAPE).to_float(images).flatten(1))
    assert activations.detach().mean().abs() < 0.1
    assert 0.6 < activations.detach().std() < 1  # without the noise that it was scaled amid
    before = {name: value.clone() for name, value in judge.state_dict().items()}
    last = ClassScores(partial(Noisy, hidden=(8,)), SHAPE, 3, weight_norm=True, noise=0.5)
    assert {name for name, _ in last.linear.named_parameters()} == {"direction", "bias", "length"}
    last.meet(data)
    assert last.linear.length.std() > 0  # each class's own
    logits = last({"x": Image(SHAPE).to_float(images)}).heads["label"]
    assert logits.std().item() == pytest.approx(1, abs=0.2)
    ClassScores(MLP, SHAPE, 3).meet(SimpleNamespace())  # nothing to meet
    judge.meet(data)
    assert all(torch.equal(value, before[name]) for name, value in judge.state_dict().items())


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_an_energy_is_the_error_of_its_reconstruction(power: float) -> None:
    torch.manual_seed(0)
    autoencoder = Autoencoder(MLP, MLPGenerator(3, SHAPE, (8,)))
    judge, x = Energy(autoencoder, power), torch.randn(5, *SHAPE)
    verdict = judge({"x": x})
    code = autoencoder.encoder(x)
    again = autoencoder.decoder(code)
    torch.testing.assert_close(verdict.heads["code"], code)
    torch.testing.assert_close(verdict.heads["reconstruction"], again)
    expected = -(x - again).abs().pow(power).flatten(1).mean(1)
    torch.testing.assert_close(verdict.logits["x"], expected)
    assert (judge.gives, judge.sample_shape) == (("reconstruction", "code"), SHAPE)


def test_an_embedding_is_a_vector_for_each_sample() -> None:
    torch.manual_seed(0)
    readout, maps = Embedding(4, 3), torch.randn(5, 4, 2, 2)
    torch.testing.assert_close(readout(maps, {}), readout(maps.mean((2, 3)), {}))
    assert readout(maps, {}).shape == (5, 3)
