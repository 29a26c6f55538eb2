"""The Dirac-GAN: the smallest game that shows which methods converge."""

import copy
import math
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call
from torch.optim import SGD

from gan_lab.contracts import (
    AdversarialLoss,
    Descent,
    Player,
    Round,
    Sample,
    Term,
    Turn,
)
from gan_lab.descents import Plain
from gan_lab.errors import LabError
from gan_lab.theory.bare import BareGame
from gan_lab.theory.catalogue import Regularizer, arguments, label
from gan_lab.theory.densities import Discrete
from gan_lab.theory.dirac_sides import PointTask, SlopeDiscriminator
from gan_lab.theory.optimal import best_discriminator
from gan_lab.theory.pair import common

Point = tuple[float, float]
"""A generator's position θ and a discriminator's slope ψ."""

PLACES: tuple[Player, Player] = ("generator", "discriminator")
"""Whose coordinates a point holds, in this order."""

NOISE_NODES = 16
"""Stratified draws of the instance noise, standardised."""


class Steps(NamedTuple):
    """How a round of updates goes: both players at once, or n_d then n_g steps in turn."""

    simultaneous: bool = True
    discriminator: int = 1
    generator: int = 1


@dataclass(frozen=True)
class Method:
    """A way to play: a loss, what regularizes it, noise, and how the players descend.

    Attributes:
        loss: Both players' objectives.
        regularizers: Terms of the discriminator and constraints on it.
        noise: Standard deviation of Gaussian noise added to real and generated samples.
        descent: How both players descend.
    """

    loss: AdversarialLoss
    regularizers: tuple[Regularizer, ...] = ()
    noise: float = 0.0
    descent: Descent = field(default_factory=Plain)

    def __post_init__(self) -> None:
        if not (self.noise >= 0 and math.isfinite(self.noise)):
            raise ValueError(f"noise must not be negative, got {self.noise}")

    @property
    def name(self) -> str:
        """What the method is called in tables and figures."""
        parts = [label(self.loss), *(label(item) for item in self.regularizers)]
        parts += [f"noise {self.noise:g}"] * (self.noise > 0)
        if type(self.descent) is not Plain:
            words = [type(self.descent).__name__.lower(), *arguments(self.descent)]
            parts.append(" ".join(words))
        return " + ".join(parts)


class DiracGame(BareGame):
    r"""Real data at 0, a generator at θ, a discriminator with slope ψ.

    Both descend by gradient steps. The field :math:`(\theta', \psi')` is what the method's descent
    follows, so where it looks a step ahead, it depends on the step.

    References:
        Which Training Methods for GANs do actually Converge? (Mescheder et al.
        2018), section 2, arXiv 1801.04406.

    Args:
        method: How it is played.
        step_size: Of both players' steps, positive.

    Raises:
        ValueError: If the method has no meaning for points of the line.
    """

    def __init__(self, method: Method, step_size: float = 0.2) -> None:
        # Lazily applied terms count as strongly, but evenly: the field is a function.
        terms = [at_every_update(item) for item in method.regularizers]
        discriminator = SlopeDiscriminator(neutral_logit(method.loss))
        descent, step = copy.deepcopy(method.descent), partial(SGD, lr=step_size)
        super().__init__(PointTask(), discriminator, method.loss, terms, descent, step, step)
        self.method, self.step_size = method, step_size
        self.batch = stratified(method.noise)

    def replay(self) -> Round:
        """Play the same samples again where the generator stands."""
        return self.played_here(self.batch)

    def objective(self, player: Player, round: Round) -> tuple[Tensor, Turn]:
        """Return what a player minimises: a function of both places, whatever terms draw."""
        if not self.terms:
            return super().objective(player, round)
        memory = {name: b.clone() for name, b in self.terms.named_buffers(prefix="terms")}
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            if not memory:
                return super().objective(player, round)
            # What a term remembers of earlier calls starts afresh, too.
            places = {**self.everything(), **memory}
            return cast(tuple[Tensor, Turn], functional_call(self, places, (player, round)))

    def field(self, theta: Tensor, psi: Tensor, differentiable: bool = False) -> Tensor:
        """Return how both players want to move, (θ', ψ'), at scalars that require gradients."""
        # Each player holds the other fixed, also where one position came from the other's.
        places = self.named_places(theta.clone(), psi.clone())
        down: list[Tensor] = []
        with self.standing(places):
            for player in PLACES:
                found, _ = self.descent.gradients(self, player, self.replay(), differentiable)
                down += [part.flatten() for part in found]
        return -torch.cat(down)

    def named_places(self, theta: Tensor, psi: Tensor) -> dict[Player, dict[str, Tensor]]:
        """Return two scalars as the players' parameters."""
        return {
            "generator": {"task.theta": theta},
            "discriminator": {"discriminator.linear.weight": psi.view(1, 1)},
        }

    def velocity(self, point: Point) -> np.ndarray:
        """Return the field at a point."""
        return np.array(self.field(*variables(point)).tolist())

    def begin(self, point: Point) -> None:
        """Let the players stand at a point, with nothing to remember."""
        self.stand(point)
        self.descent = copy.deepcopy(self.method.descent)
        self.descent.prepare(self)

    @torch.no_grad()
    def stand(self, point: Point) -> None:
        """Let the players stand at a point."""
        for player, value in zip(PLACES, point, strict=True):
            self.parameters_of(player)[0].fill_(value)

    @property
    def point(self) -> Point:
        """Where the players stand."""
        theta, psi = (float(self.parameters_of(player)[0].detach()) for player in PLACES)
        return theta, psi

    def round(self, steps: Steps) -> None:
        """Let both players move for a round, as in a real run."""
        if steps.simultaneous:
            theta, psi = self.point
            self.update("discriminator")
            after = self.point[1]
            self.stand((theta, psi))
            self.update("generator")
            self.stand((self.point[0], after))
            return
        for _ in range(steps.discriminator):
            self.update("discriminator")
        for _ in range(steps.generator):
            self.update("generator")

    def update(self, player: Player) -> None:
        """Let one player take a step."""
        round = self.replay()
        self.descend(player, round.detach() if player == "discriminator" else round)


def at_every_update(item: Regularizer) -> Regularizer:
    """Return a term or constraint as it acts if applied at every update."""
    item = copy.deepcopy(item)
    if isinstance(item, Term):
        item.every = 1
    return item


def stratified(noise: float) -> Sample:
    """Return real samples at 0, and what is added to generated ones, with Gaussian noise.

    Two samples at least, as some terms take a batch's spread. With noise every
    real draw meets every generated one.
    """
    if noise == 0:
        return {"x": torch.zeros(2, 1, dtype=torch.float64)}
    levels = (torch.arange(NOISE_NODES, dtype=torch.float64) + 0.5) / NOISE_NODES
    draws = torch.special.ndtri(levels)
    draws = noise * draws / draws.square().mean().sqrt()
    pairs = torch.cartesian_prod(draws, draws)
    return {"x": pairs[:, :1], "noise": pairs[:, 1:]}


def variables(point: Point) -> tuple[Tensor, Tensor]:
    """Return a point's coordinates as scalars that require gradients."""
    theta, psi = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point)
    return theta, psi


def neutral_logit(loss: AdversarialLoss) -> float:
    """Return the logit that is optimal where real and generated samples are equally likely.

    For a loss that compares samples with each other, a kernel's, all are alike: 0 stands for them.
    """
    here = Discrete([1.0])
    try:
        return float(best_discriminator(loss, common(here, here)).logits[0])
    except LabError:
        return 0.0
