"""The alternating game: who moves, how often, and on which samples."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor, nn

import gan_lab.losses
from gan_lab.data import BatchLoader
from gan_lab.losses import AdversarialLoss, NonSaturating, Wasserstein
from gan_lab.models import DCGANDiscriminator, MLPDiscriminator, MLPGenerator
from gan_lab.module import GAN
from gan_lab.regularizers import GradientPenalty, WeightClipping

LOSSES: dict[str, Callable[[], AdversarialLoss]] = {
    name: getattr(gan_lab.losses, name)
    for name in gan_lab.losses.__all__
    if isinstance(getattr(gan_lab.losses, name), type)
    and issubclass(getattr(gan_lab.losses, name), AdversarialLoss)
    and name not in ("AdversarialLoss", "FDivergence")
}
LOSSES["FDivergence"] = lambda: gan_lab.losses.FDivergence("kl")


def game(loss: AdversarialLoss | None = None, **options: Any) -> GAN:
    torch.manual_seed(0)
    return GAN(
        MLPGenerator(latent_dim=4, image_shape=(1, 4, 4), hidden=(8,)),
        MLPDiscriminator(image_shape=(1, 4, 4), hidden=(8,)),
        loss or NonSaturating(),
        **options,
    )


def play(module: GAN, steps: int, *callbacks: Callback, **options: Any) -> Trainer:
    images = torch.randint(0, 256, (50, 1, 4, 4), dtype=torch.uint8)
    loader = BatchLoader(images, torch.zeros(50), batch_size=8 * module.n_critic)
    trainer = Trainer(
        max_steps=steps,
        max_epochs=-1,
        accelerator="cpu",
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )
    trainer.fit(module, loader)
    return trainer


def weights(network: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in network.parameters()]).clone()


class Updates(Callback):
    """Notes, for each update, which networks moved since the one before."""

    def __init__(self) -> None:
        self.moved: list[set[str]] = []
        self.before: dict[str, Tensor] = {}

    def compare(self, module: GAN) -> None:
        now = {
            "discriminator": weights(module.discriminator),
            "generator": weights(module.generator),
        }
        if self.before:
            self.moved.append({k for k in now if not torch.equal(now[k], self.before[k])})
        self.before = now

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: Any, optimizer: Any) -> None:
        self.compare(pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        self.compare(pl_module)


@pytest.mark.parametrize("n_critic", [1, 5])
def test_a_step_is_a_generator_update(n_critic: int) -> None:
    updates = Updates()
    trainer = play(game(n_critic=n_critic), 7, updates)
    assert trainer.global_step == 7
    assert updates.moved == ([{"discriminator"}] * n_critic + [{"generator"}]) * 7


@pytest.mark.parametrize("name", LOSSES)
def test_each_update_moves_one_network_whatever_the_loss(name: str) -> None:
    updates = Updates()
    play(game(LOSSES[name](), n_critic=2), 2, updates)
    assert updates.moved == [{"discriminator"}, {"discriminator"}, {"generator"}] * 2


def test_every_discriminator_update_sees_fresh_samples() -> None:
    seen: list[Tensor] = []

    class Watched(GAN):
        def update_discriminator(self, real: Tensor, fake: Tensor, *rest: Any) -> dict[str, Tensor]:
            seen.extend([real.clone(), fake.clone()])
            return super().update_discriminator(real, fake, *rest)

    torch.manual_seed(0)
    parts = game(n_critic=3)
    module = Watched(parts.generator, parts.discriminator, parts.loss, n_critic=3)
    play(module, 2)
    assert len(seen) == 12
    for kind in (seen[0::2], seen[1::2]):
        for i, first in enumerate(kind):
            assert not any(torch.equal(first, second) for second in kind[i + 1 :])


def test_the_frozen_player_gets_no_gradients() -> None:
    class Gradients(Callback):
        def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
            first = optimizer.param_groups[0]["params"][0]
            if first is next(pl_module.discriminator.parameters()):
                assert all(p.grad is None for p in pl_module.generator.parameters())
            else:
                before = self.discriminator_gradients
                after = [p.grad for p in pl_module.discriminator.parameters()]
                assert all(torch.equal(a, b) for a, b in zip(after, before, strict=True))

        def on_train_batch_start(self, trainer: Any, pl_module: Any, *_: Any) -> None:
            for p in pl_module.generator.parameters():
                p.grad = None

        def on_before_zero_grad(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
            self.discriminator_gradients = [
                None if p.grad is None else p.grad.clone()
                for p in pl_module.discriminator.parameters()
            ]

    callback = Gradients()

    class Watched(GAN):
        def update_generator(self, real: Tensor, fake: Tensor, *rest: Any) -> dict[str, Tensor]:
            callback.on_before_zero_grad(None, self, None)
            return super().update_generator(real, fake, *rest)

    parts = game()
    play(Watched(parts.generator, parts.discriminator, parts.loss), 2, callback)


def test_reusing_the_judged_samples_equals_drawing_the_same_noise_again() -> None:
    class Recomputed(GAN):
        def training_step(self, batch: Any, batch_idx: int) -> dict[str, Tensor]:
            (real,) = batch[0].chunk(1)
            noise = self.noise(len(real))
            with torch.no_grad():
                fake = self.generator(noise)
            report = self.update_discriminator(real, fake)
            return report | self.update_generator(real, self.generator(noise))

    reused = game()
    torch.manual_seed(1)
    play(reused, 5)
    parts = game()
    recomputed = Recomputed(parts.generator, parts.discriminator, parts.loss)
    torch.manual_seed(1)
    play(recomputed, 5)
    assert torch.equal(weights(reused.generator), weights(recomputed.generator))
    assert torch.equal(weights(reused.discriminator), weights(recomputed.discriminator))


def test_fresh_noise_draws_new_samples_for_the_generator() -> None:
    shared, fresh = game(), game(fresh_noise=True)
    for module in (shared, fresh):
        torch.manual_seed(1)
        play(module, 2)
    assert not torch.equal(weights(shared.generator), weights(fresh.generator))


def test_constraints_hold_after_every_discriminator_update() -> None:
    class Bounded(Callback):
        def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any) -> None:
            assert weights(pl_module.discriminator).abs().max() <= 0.01

    play(game(Wasserstein(), regularizers=[WeightClipping(0.01)], n_critic=2), 3, Bounded())


def test_a_penalty_changes_the_discriminator() -> None:
    plain, penalised = game(Wasserstein()), game(Wasserstein(), regularizers=[GradientPenalty()])
    for module in (plain, penalised):
        torch.manual_seed(1)
        play(module, 1)
    assert not torch.equal(weights(plain.discriminator), weights(penalised.discriminator))


@pytest.mark.parametrize("algorithm", ["norm", "value"])
def test_gradients_are_clipped(algorithm: Any) -> None:
    sgd = partial(torch.optim.SGD, lr=1.0)
    module = game(
        generator_optimizer=sgd,
        discriminator_optimizer=sgd,
        gradient_clip_val=1e-3,
        gradient_clip_algorithm=algorithm,
    )
    before = weights(module.discriminator)
    play(module, 1)
    step = weights(module.discriminator) - before
    size = step.norm() if algorithm == "norm" else step.abs().max()
    assert 0 < size <= 1.001e-3


def test_the_schedule_advances_once_a_step() -> None:
    module = game(scheduler=partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.5))
    trainer = play(module, 3)
    for optimizer in trainer.optimizers:
        assert optimizer.param_groups[0]["lr"] == pytest.approx(2e-4 / 8)


def test_batch_norm_under_a_per_sample_penalty_is_refused() -> None:
    with pytest.raises(ValueError, match="discriminator_norm=none"):
        GAN(
            MLPGenerator(),
            DCGANDiscriminator(norm="batch"),
            Wasserstein(),
            regularizers=[GradientPenalty()],
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [({"n_critic": 0}, "n_critic"), ({"gradient_clip_val": 0.0}, "gradient_clip_val")],
)
def test_numbers_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        game(**options)


def test_sampling_leaves_the_module_as_it_was() -> None:
    module = game()
    module.generator = MLPGenerator(4, (1, 4, 4), hidden=(8, 8), batch_norm=True)
    before = {k: v.clone() for k, v in module.state_dict().items()}
    random = torch.get_rng_state()
    samples = module.sample(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)))
    assert samples.shape == (6, 1, 4, 4)
    assert module.generator.training
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(before[k], v) for k, v in module.state_dict().items())


class Separate(GAN):
    """Judges real and generated samples in a pass each."""

    def __init__(self, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        self.judge.jointly = False


class Unfrozen(GAN):
    """Takes the discriminator's weight gradients in the generator's update too."""

    def update_generator(self, real: Tensor, fake: Tensor, *_: Any) -> dict[str, Tensor]:
        loss = self.loss.generator(self.discriminator(real), self.discriminator(fake))
        self.generator_optimizer.zero_grad()
        self.manual_backward(loss)
        self.generator_optimizer.step()
        return {"loss/generator": loss.detach()}


def after_fifty_steps(kind: type[GAN], **options: Any) -> Tensor:
    parts = game()
    module = kind(parts.generator, parts.discriminator, parts.loss, **options)
    torch.manual_seed(1)
    play(module, 50)
    return torch.cat([weights(module.generator), weights(module.discriminator)])


def test_freezing_changes_no_weight_in_fifty_steps() -> None:
    assert torch.equal(after_fifty_steps(GAN), after_fifty_steps(Unfrozen))


def test_judging_in_one_pass_changes_fifty_steps_by_rounding_only() -> None:
    options = {"n_critic": 2, "regularizers": [GradientPenalty()]}
    one, two = after_fifty_steps(GAN, **options), after_fifty_steps(Separate, **options)
    assert (one - two).abs().max() < 1e-5 < (one - after_fifty_steps(GAN)).abs().max()


def test_what_couples_samples_is_judged_in_two_passes() -> None:
    def jointly(discriminator: nn.Module, **options: Any) -> bool:
        generator = MLPGenerator(image_shape=(1, 28, 28))
        return GAN(generator, discriminator, NonSaturating(), **options).judge.jointly  # type: ignore[arg-type]

    assert jointly(DCGANDiscriminator(width=4, norm="none"))
    assert not jointly(DCGANDiscriminator(width=4, norm="batch"))
    assert not jointly(DCGANDiscriminator(width=4, norm="none", spectral_norm=True))


def test_mixed_precision_sees_the_weights_that_each_update_left() -> None:
    module = game(Wasserstein(), n_critic=3)
    reference = game(Wasserstein())
    optimizers = [
        torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))
        for network in (reference.discriminator, reference.generator)
    ]
    torch.manual_seed(1)
    play(module, 5, precision="bf16-mixed")

    torch.manual_seed(1)
    images = torch.randint(0, 256, (50, 1, 4, 4), dtype=torch.uint8)
    loader = BatchLoader(images, torch.zeros(50), batch_size=24)
    batches = [real for _ in range(3) for real, _ in loader]  # three epochs of two batches
    for real in batches[:5]:
        for part in real.chunk(3):
            with torch.autocast("cpu", torch.bfloat16):
                fake = reference.generator(torch.randn(8, 4))
                joined = reference.discriminator(torch.cat([part, fake.detach()]))
                loss = reference.loss.discriminator(*joined.float().chunk(2))
            optimizers[0].zero_grad()
            loss.backward()
            optimizers[0].step()
        with torch.autocast("cpu", torch.bfloat16):
            logits = reference.discriminator(fake).float()
        optimizers[1].zero_grad()
        reference.loss.generator(logits[:0], logits).backward()
        optimizers[1].step()
    for name in ("discriminator", "generator"):
        assert torch.equal(weights(getattr(module, name)), weights(getattr(reference, name)))
