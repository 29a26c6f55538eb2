"""Private descent: its gradients, its account, what it refuses."""

import copy
import math
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_lab.callbacks import PrivacyAccount, RandomState
from gan_lab.data import RingDataModule
from gan_lab.data.poisson import PoissonLoader
from gan_lab.descents import Plain, Private
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.game.private import begin_account
from gan_lab.losses import BoundaryEquilibrium, Hinge, NonSaturating, RelativisticPairing
from gan_lab.models import (
    DCGANBackbone,
    Encoder,
    MLPBackbone,
    MLPGenerator,
    OneHotLabels,
    Packs,
    ProjectionReadout,
    Scores,
)
from gan_lab.tasks import AdversarialAutoencoder, Generation
from gan_lab.terms import R1, FeatureMatching
from tests.game.playing import Steps, trainer

BOUNDLESS = partial(Private, noise_multiplier=0.0, max_grad_norm=math.inf)
SGD = partial(torch.optim.SGD, lr=0.1)
SMALL = partial(RingDataModule, train_size=64, test_size=8, batch_size=8)


class FixedBatches(RingDataModule):
    """Steps of the same batches of the size that is expected, whoever asks."""

    def train_dataloader(self) -> Any:
        make = partial(points, count=self.batch_size)
        return Steps(make, self.trainer.lightning_module.n_critic)  # type: ignore[union-attr, arg-type]


def points(random: torch.Generator, count: int = 8) -> dict[str, Tensor]:
    label = torch.randint(3, (count,), generator=random)
    return {"x": torch.randn(count, 2, generator=random), "label": label}


def game(descent: Any, **options: Any) -> GAN:
    torch.manual_seed(0)
    return GAN(
        options.pop("task", None) or Generation(MLPGenerator(3, (2,), (8,))),
        options.pop("discriminator", None) or Scores(partial(MLPBackbone, hidden=(8,)), (2,)),
        options.pop("loss", None) or NonSaturating(),
        descent=descent,
        discriminator_optimizer=SGD,
        generator_optimizer=SGD,
        **options,
    )


def fit(module: GAN, data: Any, steps: int, *callbacks: Any, **options: Any) -> Any:
    runner = trainer(steps, *callbacks)
    runner.fit(module, datamodule=data, **options)
    return runner


@pytest.mark.parametrize("loss", [NonSaturating(), Hinge()], ids=lambda x: type(x).__name__)
def test_without_noise_and_bound_it_is_plain_descent(loss: Any) -> None:
    found = []
    for descent in (Plain(), BOUNDLESS()):
        module = game(descent, loss=copy.deepcopy(loss), n_critic=2)
        torch.manual_seed(3)
        fit(module, FixedBatches(train_size=64, test_size=8, batch_size=8), 5)
        found.append(torch.cat([p.detach().flatten() for p in module.parameters()]))
    torch.testing.assert_close(found[1], found[0], rtol=0, atol=2e-6)


def test_each_sample_is_clipped_as_by_a_loop() -> None:
    bound, random = 0.05, torch.Generator().manual_seed(1)
    module = game(Private(0.0, bound))
    round = module.task({"x": torch.zeros(8, 2)}).detach()
    real, fake = torch.randn(5, 2, generator=random), round.fake["x"]  # another number than 8
    module.descent.batch_size = 8
    round = round._replace(real={"x": real})
    gradients, _ = module.descent.gradients(module, "discriminator", round)
    parameters = list(module.discriminator.parameters())
    total = [torch.zeros_like(parameter) for parameter in parameters]
    clipped = 0
    for side, sign in ((real, -1), (fake, 1)):
        for x in side:
            logit = module.discriminator({"x": x[None]}).logits["x"]
            part = nn.functional.softplus(sign * logit).sum()
            parts = torch.autograd.grad(part, parameters)
            norm = torch.cat([p.flatten() for p in parts]).norm()
            clipped += bool(norm > bound)
            share = min(1.0, bound / (float(norm) + 1e-6)) / 8
            total = [held + share * p for held, p in zip(total, parts, strict=True)]
    assert clipped >= 3
    for held, found in zip(total, gradients, strict=True):
        torch.testing.assert_close(found, held, rtol=1e-4, atol=1e-7)


def test_noise_is_as_strong_as_said() -> None:
    torch.manual_seed(0)
    module = game(Private(3.0, 0.5))
    module.descent.batch_size = 8
    round = module.task({"x": torch.zeros(8, 2)}).detach()
    calm = copy.deepcopy(module)
    calm.descent.noise_multiplier = 0.0
    quiet, _ = calm.descent.gradients(calm, "discriminator", round)
    noise: list[Tensor] = []
    for _ in range(100):
        found, _ = module.descent.gradients(module, "discriminator", round)
        noise += [(a - b).flatten() for a, b in zip(found, quiet, strict=True)]
    assert float(torch.cat(noise).std()) == pytest.approx(3.0 * 0.5 / 8, rel=0.03)
    assert not any(hasattr(p, "grad_sample") for p in module.parameters())


def test_the_account_is_the_published_one() -> None:
    descent = Private(1.0, 1.0, delta=1e-5)
    descent.begin(60_000, 128)
    assert descent.epsilon() == 0
    assert descent.epsilon(450_000) == pytest.approx(9.97, abs=0.05)
    descent.target_epsilon = 9.97
    left = descent.updates_left(10**6)
    assert descent.epsilon(left) <= 9.97 < descent.epsilon(left + 1)
    assert BOUNDLESS().epsilon() == 0
    silent = Private(0.0)
    silent.resume({"history": [[0.0, 0.1, 3]]})
    assert math.isinf(silent.epsilon())


def test_a_run_that_goes_on_keeps_its_account(tmp_path: Path) -> None:
    def build() -> GAN:
        return game(Private(1.0), n_critic=2)

    whole = build()
    fit(whole, SMALL(), 6, RandomState())
    fit(build(), SMALL(), 3, RandomState()).save_checkpoint(tmp_path / "half.ckpt")
    kept = torch.load(tmp_path / "half.ckpt", weights_only=True)["privacy"]
    assert kept["history"] == [[1.0, 1 / 8, 6]]
    assert kept["epsilon"] > 0 and kept["mechanism"] == "rdp"
    resumed = build()
    ending = fit(resumed, SMALL(), 6, RandomState(), PrivacyAccount(),
                 ckpt_path=tmp_path / "half.ckpt")  # fmt: skip
    assert resumed.descent.account()["history"] == [[1.0, 1 / 8, 12]]
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    assert float(ending.callback_metrics["epsilon"]) == pytest.approx(whole.descent.epsilon())
    content = torch.load(tmp_path / "half.ckpt", weights_only=True)
    del content["privacy"]
    torch.save(content, tmp_path / "none.ckpt")
    with pytest.raises(LabError, match="holds no sound privacy account"):
        fit(build(), SMALL(), 6, ckpt_path=tmp_path / "none.ckpt")


def test_a_target_ends_the_run() -> None:
    module = game(Private(1.0, target_epsilon=4.0))
    runner = fit(module, SMALL(), 60, PrivacyAccount())
    assert runner.max_steps == runner.global_step > 1
    assert module.descent.epsilon() <= 4.0 < module.descent.epsilon(1)
    with pytest.raises(LabError, match=r"target_epsilon=0.1 allows no update more"):
        fit(game(Private(1.0, target_epsilon=0.1)), SMALL(), 5)


def test_the_generator_never_sees_the_data() -> None:
    seen: list[Any] = []

    class Watched(Generation):
        def forward(self, batch: Any) -> Any:
            seen.append(batch)
            return super().forward(batch)

    generator = MLPGenerator(3, (2,), (8,), labels=OneHotLabels(8))
    readout = partial(ProjectionReadout, num_classes=8)
    module = game(
        Private(1.0),
        task=Watched(generator),
        discriminator=Scores(partial(MLPBackbone, hidden=(8,)), (2,), readout=readout),
    )
    reports: list[Any] = []
    step = module.training_step
    module.training_step = lambda *a: reports.append(step(*a)) or reports[-1]  # type: ignore[method-assign, func-returns-value]
    fit(module, SMALL(), 4)
    assert len(seen) == 4
    for batch in seen:
        assert set(batch) == {"x", "label"} and len(batch["x"]) == 8 and not batch["x"].any()
    assert {name for report in reports for name in report} == {"loss/generator"}


def test_poissons_minibatches_vary_and_are_a_function_of_seed_and_step() -> None:
    samples = torch.arange(400.0)[:, None]
    loader = PoissonLoader(samples, torch.arange(400), 4, 2, seed=1)
    first = [[b["label"] for b in step] for step in loader]
    again = PoissonLoader(samples, torch.arange(400), 4, 2, seed=1)
    again.load_state_dict({"epoch": 0, "position": 7})
    assert all(torch.equal(a["label"], b) for a, b in zip(next(iter(again)), first[7], strict=True))
    sizes = torch.tensor([len(b) for step in first for b in step]).double()
    assert len(first) == 50 and all(len(step) == 2 for step in first)
    assert sizes.mean() == pytest.approx(4, abs=0.6) and sizes.var() == pytest.approx(4, abs=2)
    assert 0 in sizes  # with probability e^-4 each, an empty one


def test_an_empty_minibatch_moves_by_what_is_generated_and_noise() -> None:
    module = game(Private(1.0))
    module.descent.batch_size = 8
    round = module.task({"x": torch.zeros(8, 2)}).detach()._replace(real={"x": torch.zeros(0, 2)})
    found, _ = module.descent.gradients(module, "discriminator", round)
    assert all(part.isfinite().all() for part in found)


SHAPE = (1, 16, 16)


def refusals() -> dict[str, tuple[Any, str]]:
    layers = partial(MLPBackbone, hidden=(8,))
    batch_norm = Scores(partial(DCGANBackbone, width=4), SHAPE)
    images = {"task": Generation(MLPGenerator(3, SHAPE, (8,)))}
    encoding = AdversarialAutoencoder(
        MLPGenerator(3, (2,), (8,)), Encoder(layers, (2,), 3)
    )  # fmt: skip
    codes = Scores(layers, (3,), reads=("z",))
    return {
        "batch norm": ({**images, "discriminator": batch_norm}, "batch norm"),
        "packs": ({"discriminator": Scores(layers, (2,), inputs=[Packs(2)])}, "packing"),
        "spectral": ({"discriminator": Scores(layers, (2,), spectral_norm=True)}, "spectral norm"),
        "penalty": ({"terms": [R1()]}, "R1 adds to the discriminator's gradient"),
        "matching": ({"terms": [FeatureMatching()]}, "FeatureMatching shows real samples"),
        "pairing": ({"loss": RelativisticPairing()}, "RelativisticPairing shows real samples"),
        "began": ({"loss": BoundaryEquilibrium()}, "BoundaryEquilibrium remembers"),
        "encoder": ({"task": encoding, "discriminator": codes}, "AdversarialAutoencoder shows"),
    }


@pytest.mark.parametrize("name", refusals())
def test_what_would_leak_is_refused_in_a_line(name: str) -> None:
    options, match = refusals()[name]
    with pytest.raises(ValueError, match=f"descent=private: .*{match}"):
        game(Private(), **options)


def test_numbers_out_of_range_are_refused_in_a_line() -> None:
    with pytest.raises(ValueError, match="delta must lie between 0 and 1, got 1"):
        Private(delta=1.0)
    with pytest.raises(ValueError, match="max_grad_norm must be positive, and finite"):
        Private(max_grad_norm=math.inf)
    with pytest.raises(ValueError, match="noise_multiplier must not be negative, got -1"):
        Private(-1)
    with pytest.raises(ValueError, match="target_epsilon must be positive, got 0"):
        Private(target_epsilon=0)
    with pytest.raises(LabError, match=r"delta=0.02 promises nothing about 64 training samples"):
        fit(game(Private(delta=0.02)), SMALL(), 1)
    with pytest.raises(LabError, match="draws each sample by a chance of its own"):
        trainer(1).fit(game(Private()), Steps(points))


@pytest.mark.parametrize("why", ["scaled losses", "compiled networks"])
def test_gradients_that_cannot_be_told_by_sample_are_refused(why: str) -> None:
    module = game(Private())
    if why == "scaled losses":
        module.trainer = SimpleNamespace(world_size=1, precision="16-mixed")  # type: ignore[assignment]
    else:
        module.trainer = SimpleNamespace(world_size=1, precision="32-true")  # type: ignore[assignment]
        module.discriminator.compile()
    with pytest.raises(LabError, match="use compile=null and trainer.precision=32-true"):
        begin_account(module)
