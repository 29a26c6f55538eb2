"""The alternating game of two sides as a LightningModule."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from gan_lab.contracts import (
    NOTHING,
    PLAYERS,
    AdversarialLoss,
    Descent,
    Discriminator,
    Player,
    Report,
    Round,
    Rule,
    Sample,
    Task,
    Turn,
)
from gan_lab.descents import Plain
from gan_lab.game import checks
from gan_lab.game.batches import minibatches
from gan_lab.game.judge import Judge
from gan_lab.game.objective import generator_reads_real, judged, objective, unjudged
from gan_lab.game.phases import Phase, Phases
from gan_lab.game.updates import Updates, held_fixed, moved_by

ADAM = partial(torch.optim.Adam, lr=2e-4, betas=(0.5, 0.999))
Rules = Mapping[str, Rule | None] | Sequence[Rule]


class GAN(Updates):
    """A task and a discriminator trained by Algorithm 1, literally so with ``fresh_noise``.

    One training step is one generator update, preceded by ``n_critic``
    discriminator updates on fresh real and generated minibatches. The
    trainer's ``global_step`` counts exactly these steps.

    References:
        Generative Adversarial Nets (Goodfellow et al. 2014), algorithm 1,
        arXiv 1406.2661.

    Args:
        task: The generating side: makes rounds of minibatches.
        discriminator: Tells the rounds' real samples from the generated ones.
        loss: Both players' objectives.
        terms: What players minimise beside it, constraints, and whatever acts after an update; a
            mapping names them in curves and checkpoints.
        descent: How the players descend; plainly by default.
        generator_optimizer: Builds the generator's optimizer from its parameters.
        discriminator_optimizer: Builds the discriminator's.
        n_critic: Discriminator updates in a step (the paper's k).
        fresh_noise: Whether the generator's update draws noise of its own, as the paper has it,
            or reuses the round that the step's last discriminator update judged, which saves a
            forward pass.
        adversarial_weight: Multiplies the adversarial part of the generator's objective.
        gradient_clip_val: Largest norm (or value) of each player's gradient.
        gradient_clip_algorithm: "norm" or "value".
        scheduler: Builds a learning-rate schedule from an optimizer, for both
            players; it advances once a step.
        augmentations: What real and generated samples go through, in this
            order, before the discriminator judges them.
        phases: Parts of the run that are trained in ways of their own, by name and in their order,
            each with some of :class:`Phase`'s attributes.

    Raises:
        ValueError: If a number is out of range, or parts do not go together.
    """

    def __init__(
        self,
        task: Task,
        discriminator: Discriminator,
        loss: AdversarialLoss,
        terms: Rules = (),
        descent: Descent | None = None,
        generator_optimizer: Callable[..., Optimizer] = ADAM,
        discriminator_optimizer: Callable[..., Optimizer] = ADAM,
        n_critic: int = 1,
        fresh_noise: bool = False,
        adversarial_weight: float = 1.0,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: Literal["norm", "value"] = "norm",
        scheduler: Callable[[Optimizer], LRScheduler] | None = None,
        augmentations: Rules = (),
        phases: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        checks.require_numbers(n_critic, gradient_clip_val, adversarial_weight)
        self.automatic_optimization = False
        self.task = task
        self.discriminator = discriminator
        self.loss = loss
        self.terms = named(terms)
        self.augmentations = named(augmentations)
        self.descent = descent or Plain()
        self.judge = Judge(discriminator, self.augmentations)
        self.n_critic = n_critic
        self.fresh_noise = fresh_noise
        self.adversarial_weight = adversarial_weight
        self.gradient_clip_val = gradient_clip_val
        self.gradient_clip_algorithm = gradient_clip_algorithm
        self.build_optimizers = discriminator_optimizer, generator_optimizer
        self.build_scheduler = scheduler
        self.phases, self.phase = Phases(phases), Phase()
        self.phases.check(self.terms, scheduler is not None, self.descent.replays)
        checks.refuse_mismatch(self)
        self.descent.prepare(self)

    def training_step(self, batch: Any, batch_idx: int) -> Report:
        """Do one pass of Algorithm 1's outer loop, with fresh noise for the generator or without.

        Args:
            batch: ``n_critic`` minibatches of real samples.
            batch_idx: Not used.

        Returns:
            The step's losses and logits, detached.
        """
        self.phase = self.phases.enter(self, self.trainer.global_step)
        report: Report = self.phases.told(self.trainer.global_step, self.device)
        if not self.phase.adversarial:
            makes = any(term.needs_fake for term in self.phase.own(self.terms))
            round = self.play(minibatches(batch, self.n_critic)[-1], makes)
            return report | self.descend("generator", round)
        for k, minibatch in enumerate(minibatches(batch, self.n_critic), start=1):
            self.k = k
            # Only the last round is judged again, by the generator's update.
            with torch.set_grad_enabled(k == self.n_critic and not self.fresh_noise):
                round = self.play(minibatch)
            report |= self.descend("discriminator", self.task.shown(round.detach()))
        if not self.phase.generator:
            self.rest()
            return report
        if self.fresh_noise:
            round = self.play(minibatch)
        return report | self.descend("generator", round)

    def descend(self, player: Player, round: Round) -> Report:
        """Move one player down its objective, and let rules act on what became of it."""
        turn: Turn = self.descent(self, player, round)
        for rule in (*self.terms.values(), *self.augmentations.values(), self.loss):
            rule.after_update(turn)  # type: ignore[operator]
        if player == "generator":
            self.advance_schedules()
        return turn.report

    def objective(self, player: Player, round: Round) -> tuple[Tensor, Turn]:
        """Return what a player minimises: the loss of each kind of logits, then its terms."""
        if self.phase.adversarial:
            turn = judged(self.judge, self.task, player, round, self.reads_real)
        else:
            turn = unjudged(self.discriminator, self.task, player, round)
        terms = {name: term for name, term in self.terms.items() if self.phase.has(name)}
        weight = self.adversarial_weight
        return objective(self.loss, terms, turn, self.updates, weight), turn

    @property
    def reads_real(self) -> bool:
        """Whether the generator's objective needs a verdict on real samples."""
        return generator_reads_real(self.loss, self.terms.values())

    def play(self, minibatch: Sample, makes: bool = True) -> Round:
        """Let the task make a round of a minibatch, which a descent may want to see again.

        Where nobody reads what it makes, the round has the real samples alone.
        """
        if self.descent.replays:
            self.remember(minibatch)
        if self.k == 1 and not self.checked:
            checks.refuse_batch(minibatch, self.task)
        if not makes:
            return self.task.read(minibatch)
        round = self.descent.play(self.task, minibatch)
        if self.k == 1 and not self.checked:
            checks.refuse_round(round, self.discriminator)
            self.checked = True
        return round

    def fixed(self, player: Player) -> AbstractContextManager[None]:
        """Record no gradients for what a player moves, which spares the backward pass theirs."""
        return held_fixed(moved_by(self.optimizer_of(player)))

    @torch.no_grad()
    def sample(self, count: int, given: Sample = NOTHING) -> Sample:
        """Return samples, with batch norm's running statistics, left as they were.

        Args:
            count: How many.
            given: What is not to be drawn: latents ``z``, labels, sources; on any device.

        Returns:
            ``x`` (count, *shape) and what it was made from, in float32 on the CPU.
        """
        with evaluating(self.task):
            made = self.task.sample(count, {k: v.to(self.device) for k, v in given.items()})
        return {k: v.float().cpu() if v.is_floating_point() else v.cpu() for k, v in made.items()}

    def forward(self, count: int) -> Sample:
        """Return ``count`` samples; see :meth:`sample`."""
        return self.sample(count)


def named(rules: Rules) -> nn.ModuleDict:
    """Return rules by name; those of a sequence are called by their class, and numbered."""
    if isinstance(rules, Mapping):
        return nn.ModuleDict({name: rule for name, rule in rules.items() if rule is not None})
    found: dict[str, nn.Module] = {}
    for rule in rules:
        name = type(rule).__name__
        same = sum(key.partition("_")[0] == name for key in found)
        found[f"{name}_{same + 1}" if same else name] = rule
    return nn.ModuleDict(found)


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode for a while."""
    before = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(before)


__all__ = ["ADAM", "GAN", "PLAYERS", "evaluating", "named"]
