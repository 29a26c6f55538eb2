"""The alternating game: who moves, how often, and on which samples."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback
from torch import Tensor, nn

import gan_lab.losses
from gan_lab.augmentations import InstanceNoise
from gan_lab.contracts import AdversarialLoss, Player, Report, Round, Turn
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating, Symmetric, Wasserstein
from gan_lab.models import DCGANBackbone, Energy, MLPBackbone, MLPGenerator, Scores
from gan_lab.tasks import Generation
from gan_lab.terms import GradientPenalty, WeightClipping
from tests.game.playing import Moves, image_loader, play_images, twin, weights

LOSSES: dict[str, Callable[[], AdversarialLoss]] = {
    name: getattr(gan_lab.losses, name)
    for name in gan_lab.losses.__all__
    if isinstance(getattr(gan_lab.losses, name), type)
    and issubclass(getattr(gan_lab.losses, name), AdversarialLoss)
    and name not in ("AdversarialLoss", "FDivergence", "Symmetric")
}
ENERGIES = ("BoundaryEquilibrium", "EnergyMargin")
LOSSES["MaximumMeanDiscrepancy"] = lambda: gan_lab.losses.MaximumMeanDiscrepancy("gaussian")
LOSSES["FDivergence"] = lambda: gan_lab.losses.FDivergence("kl")
LOSSES["Symmetric"] = lambda: Symmetric(NonSaturating())


def game(loss: AdversarialLoss | None = None, **options: Any) -> GAN:
    torch.manual_seed(0)
    return GAN(
        Generation(MLPGenerator(latent_dim=4, sample_shape=(1, 4, 4), hidden=(8,))),
        Scores(partial(MLPBackbone, hidden=(8,)), (1, 4, 4)),
        loss or NonSaturating(),
        **options,
    )


@pytest.mark.parametrize("n_critic", [1, 5])
def test_a_step_is_a_generator_update(n_critic: int) -> None:
    updates = Moves()
    trainer = play_images(game(n_critic=n_critic), 7, updates)
    assert trainer.global_step == 7
    assert updates.moved == ([{"discriminator"}] * n_critic + [{"generator"}]) * 7


@pytest.mark.parametrize("name", LOSSES)
def test_each_update_moves_one_network_whatever_the_loss(name: str) -> None:
    updates, module = Moves(), game(LOSSES[name](), n_critic=2)
    if name in ENERGIES:
        autoencoder = nn.Sequential(nn.Flatten(), nn.Linear(16, 16), nn.Unflatten(1, (1, 4, 4)))
        module = GAN(module.task, Energy(autoencoder), module.loss, n_critic=2)
    play_images(module, 2, updates)
    assert updates.moved == [{"discriminator"}, {"discriminator"}, {"generator"}] * 2


def test_every_discriminator_update_sees_fresh_samples() -> None:
    seen: list[Tensor] = []

    class Watched(GAN):
        def descend(self, player: Player, round: Round) -> Report:
            if player == "discriminator":
                seen.extend([round.real["x"].clone(), round.fake["x"].clone()])
            return super().descend(player, round)

    play_images(twin(game(), Watched, n_critic=3), 2)
    assert len(seen) == 12
    for kind in (seen[0::2], seen[1::2]):
        for i, first in enumerate(kind):
            assert not any(torch.equal(first, second) for second in kind[i + 1 :])


def test_the_players_share_the_judged_fakes_and_only_the_generators_have_a_graph() -> None:
    rounds: list[tuple[Player, Round]] = []

    class Watched(GAN):
        def descend(self, player: Player, round: Round) -> Report:
            rounds.append((player, round))
            return super().descend(player, round)

    drawn: list[bool] = []
    module = twin(game(), Watched, n_critic=3)
    module.task.register_forward_hook(lambda *_: drawn.append(torch.is_grad_enabled()))
    play_images(module, 2)
    assert drawn == [False, False, True] * 2  # no graph but that of the round that is kept
    assert [player for player, _ in rounds] == (["discriminator"] * 3 + ["generator"]) * 2
    for player, round in rounds:
        assert round.fake["x"].requires_grad is (player == "generator")
    assert torch.equal(rounds[2][1].fake["x"], rounds[3][1].fake["x"])


def test_the_frozen_player_gets_no_gradients() -> None:
    class Watched(GAN):
        def minimise(self, player: Player, loss: Tensor) -> None:
            other = self.task if player == "discriminator" else self.discriminator
            before = [None if p.grad is None else p.grad.clone() for p in other.parameters()]
            super().minimise(player, loss)
            for gradient, parameter in zip(before, other.parameters(), strict=True):
                if gradient is None:
                    assert parameter.grad is None
                else:
                    assert torch.equal(gradient, parameter.grad)

    module = twin(game(), Watched)
    play_images(module, 2)
    assert all(p.grad is not None and p.requires_grad for p in module.parameters())


def test_reusing_the_judged_samples_equals_drawing_the_same_noise_again() -> None:
    class Recomputed(GAN):
        def training_step(self, batch: Any, batch_idx: int) -> Report:
            (minibatch,) = batch
            state = torch.get_rng_state()
            with torch.no_grad():
                round = self.play(minibatch)
            report = self.descend("discriminator", round)
            torch.set_rng_state(state)
            return report | self.descend("generator", self.play(minibatch))

    reused, recomputed = game(), twin(game(), Recomputed)
    for module in (reused, recomputed):
        torch.manual_seed(1)
        play_images(module, 5)
    assert torch.equal(weights(reused), weights(recomputed))


def test_fresh_noise_draws_new_samples_for_the_generator() -> None:
    shared, fresh = game(), game(fresh_noise=True)
    for module in (shared, fresh):
        torch.manual_seed(1)
        play_images(module, 2)
    assert not torch.equal(weights(shared.task), weights(fresh.task))


def test_constraints_hold_after_every_discriminator_update() -> None:
    class Bounded(Callback):
        def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any) -> None:
            assert weights(pl_module.discriminator).abs().max() <= 0.01

    play_images(game(Wasserstein(), terms=[WeightClipping(0.01)], n_critic=2), 3, Bounded())


def test_a_penalty_changes_the_discriminator() -> None:
    plain, penalised = game(Wasserstein()), game(Wasserstein(), terms=[GradientPenalty()])
    for module in (plain, penalised):
        torch.manual_seed(1)
        play_images(module, 1)
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
    play_images(module, 1)
    step = weights(module.discriminator) - before
    size = step.norm() if algorithm == "norm" else step.abs().max()
    assert 0 < size <= 1.001e-3


def test_the_schedule_advances_once_a_step() -> None:
    module = game(scheduler=partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.5))
    trainer = play_images(module, 3)
    for optimizer in trainer.optimizers:
        assert optimizer.param_groups[0]["lr"] == pytest.approx(2e-4 / 8)


def test_batch_norm_under_a_per_sample_penalty_is_refused() -> None:
    with pytest.raises(ValueError, match="discriminator_norm=none"):
        GAN(
            Generation(MLPGenerator()),
            Scores(partial(DCGANBackbone, norm="batch"), (1, 28, 28)),
            Wasserstein(),
            terms=[GradientPenalty()],
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_critic": 0}, "n_critic must be at least 1, got 0"),
        ({"gradient_clip_val": 0.0}, "gradient_clip_val must be positive, got 0"),
        ({"adversarial_weight": -1.0}, "adversarial_weight must not be negative, got -1"),
    ],
)
def test_numbers_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        game(**options)


def test_sampling_leaves_the_module_as_it_was() -> None:
    module = game()
    module.task = Generation(MLPGenerator(4, (1, 4, 4), hidden=(8, 8), batch_norm=True))
    before = {k: v.clone() for k, v in module.state_dict().items()}
    random = torch.get_rng_state()
    given = {"z": torch.randn(6, 4, generator=torch.Generator().manual_seed(0))}
    sample = module.sample(6, given)
    assert sample["x"].shape == (6, 1, 4, 4)
    assert torch.equal(sample["z"], given["z"])
    assert not sample["x"].requires_grad
    assert module.task.training and module.task.generator.training
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(before[k], v) for k, v in module.state_dict().items())


class Separate(GAN):
    """Judges real and generated samples in a pass each."""

    def __init__(self, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        self.judge.jointly = False


class Unfrozen(GAN):
    """Takes the discriminator's weight gradients in the generator's update too."""

    def fixed(self, player: Player) -> Any:
        return nullcontext()


def after_fifty_steps(kind: type[GAN], **options: Any) -> Tensor:
    module = twin(game(), kind, **options)
    torch.manual_seed(1)
    play_images(module, 50)
    return weights(module)


def test_freezing_changes_no_weight_in_fifty_steps() -> None:
    assert torch.equal(after_fifty_steps(GAN), after_fifty_steps(Unfrozen))


def test_judging_in_one_pass_changes_fifty_steps_by_rounding_only() -> None:
    penalty = GradientPenalty()
    one = after_fifty_steps(GAN, n_critic=2, terms=[penalty])
    two = after_fifty_steps(Separate, n_critic=2, terms=[penalty])
    assert (one - two).abs().max() < 1e-5 < (one - after_fifty_steps(GAN)).abs().max()


def test_what_couples_samples_is_judged_in_two_passes() -> None:
    class Minibatch(nn.Flatten):
        couples_samples = True

    def jointly(discriminator: Scores, **options: Any) -> bool:
        task = Generation(MLPGenerator(sample_shape=(1, 28, 28)))
        return GAN(task, discriminator, NonSaturating(), **options).judge.jointly

    def dcgan(norm: str, **options: Any) -> Scores:
        return Scores(partial(DCGANBackbone, width=4, norm=norm), (1, 28, 28), **options)

    assert jointly(dcgan("none"))
    assert jointly(dcgan("layer"))
    assert not jointly(dcgan("batch"))
    assert not jointly(dcgan("none", spectral_norm=True))
    assert not jointly(dcgan("none"), augmentations=[InstanceNoise()])
    own = dcgan("none")
    own.backbone.layers.append(Minibatch())
    assert not jointly(own)


def test_mixed_precision_sees_the_weights_that_each_update_left() -> None:
    module = game(Wasserstein(), n_critic=3)
    reference = game(Wasserstein())
    discriminator, generator = reference.discriminator, reference.task.generator
    optimizers = [
        torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))
        for network in (discriminator, generator)
    ]
    torch.manual_seed(1)
    play_images(module, 5, precision="bf16-mixed")

    torch.manual_seed(1)
    loader = image_loader(module)
    batches = [step for _ in range(3) for step in loader]  # three epochs of two steps
    for step in batches[:5]:
        for minibatch in step:
            real = minibatch["x"]
            with torch.autocast("cpu", torch.bfloat16):
                fake = generator(torch.randn(8, 4))
                judged = torch.cat([real, fake.detach().float()])
                logits = discriminator({"x": judged}).logits["x"]
                loss = reference.loss.discriminator(*logits.float().chunk(2))
            optimizers[0].zero_grad()
            loss.backward()
            optimizers[0].step()
        with torch.autocast("cpu", torch.bfloat16):
            logits = discriminator({"x": fake}).logits["x"].float()
        optimizers[1].zero_grad()
        reference.loss.generator(logits[:0], logits).backward()
        optimizers[1].step()
    assert torch.equal(weights(module), weights(reference))


def test_real_logits_are_empty_where_the_generator_has_no_use_for_them() -> None:
    turns: list[Turn] = []

    class Watched(GAN):
        def objective(self, player: Player, round: Round) -> tuple[Tensor, Turn]:
            loss, turn = super().objective(player, round)
            turns.append(turn)
            return loss, turn

    for loss, count in ((NonSaturating(), 0), (LOSSES["RelativisticPairing"](), 8)):
        turns.clear()
        play_images(twin(game(loss), Watched), 1)
        assert [len(turn.real.logits["x"]) for turn in turns] == [8, count]


@pytest.mark.parametrize("weight", [0.0, 0.001])
def test_the_adversarial_weight_scales_the_generators_gradient_alone(weight: float) -> None:
    sgd = partial(torch.optim.SGD, lr=1.0)
    steps = []
    for options in ({}, {"adversarial_weight": weight}):
        module = game(generator_optimizer=sgd, discriminator_optimizer=sgd, **options)
        before = weights(module.discriminator), weights(module.task)
        torch.manual_seed(1)
        play_images(module, 1)
        steps.append((weights(module.discriminator) - before[0], weights(module.task) - before[1]))
    (discriminator, generator), (same, scaled) = steps
    assert torch.equal(discriminator, same)
    torch.testing.assert_close(scaled, weight * generator, rtol=1e-3, atol=1e-7)
