"""The Dirac-GAN: the smallest game that shows which methods converge."""

import copy
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from gan_lab.losses import AdversarialLoss
from gan_lab.regularizers import Constraint, Penalty, WeightPenalty
from gan_lab.theory.catalogue import Regularizer, label
from gan_lab.theory.densities import Discrete
from gan_lab.theory.optimal import best_discriminator
from gan_lab.theory.pair import common

Point = tuple[float, float]
"""A generator's position θ and a discriminator's slope ψ."""

NOISE_NODES = 16
"""Stratified draws of the instance noise, standardised."""


@dataclass(frozen=True)
class Method:
    """A way to play: a loss, what regularizes it, and two remedies that are neither.

    Attributes:
        loss: Both players' objectives.
        regularizers: Penalties and constraints on the discriminator.
        noise: Standard deviation of Gaussian noise added to real and generated samples.
        consensus: Weight of the consensus term, which descends half the squared
            length of the game's vector field.
    """

    loss: AdversarialLoss
    regularizers: tuple[Regularizer, ...] = ()
    noise: float = 0.0
    consensus: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("noise", self.noise), ("consensus", self.consensus)):
            if not (value >= 0 and math.isfinite(value)):
                raise ValueError(f"{name} must not be negative, got {value}")

    @property
    def name(self) -> str:
        """What the method is called in tables and figures."""
        parts = [label(self.loss), *(label(item) for item in self.regularizers)]
        parts += [f"noise {self.noise:g}"] * (self.noise > 0)
        parts += [f"consensus {self.consensus:g}"] * (self.consensus > 0)
        return " + ".join(parts)


class SlopeDiscriminator(nn.Module):
    """D(x) = ψ x + c, with c the logit that is optimal where both distributions agree."""

    def __init__(self, neutral: float) -> None:
        super().__init__()
        self.linear = nn.Linear(1, 1, bias=False, dtype=torch.float64)
        self.neutral = neutral

    def forward(self, samples: Tensor) -> Tensor:
        """Return logits (N,) for samples (N, 1)."""
        logits: Tensor = self.linear(samples).squeeze(1) + self.neutral
        return logits


class DiracGame(nn.Module):
    r"""Real data at 0, a generator at θ, a discriminator with slope ψ.

    References:
        Which Training Methods for GANs do actually Converge? (Mescheder et al.
        2018), section 2, arXiv 1801.04406. The Numerics of GANs (Mescheder et
        al. 2017), algorithm 1, arXiv 1705.10461, for consensus optimisation.

    Args:
        method: How it is played.
    """

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.method = method
        self.penalties = [item for item in method.regularizers if not isinstance(item, Constraint)]
        self.constraints = [item for item in method.regularizers if isinstance(item, Constraint)]
        self.discriminator = SlopeDiscriminator(neutral_logit(method.loss))
        steps = (torch.arange(NOISE_NODES, dtype=torch.float64) + 0.5) / NOISE_NODES
        noise = torch.special.ndtri(steps)
        noise = method.noise * noise / noise.square().mean().sqrt()
        # Two samples at least, as some penalties take a batch's spread. With
        # noise every real draw meets every generated one.
        few = torch.zeros(2, dtype=torch.float64)
        self.real_noise = noise.repeat_interleave(NOISE_NODES) if method.noise else few
        self.fake_noise = noise.repeat(NOISE_NODES) if method.noise else few

    def forward(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Return the generator's and the discriminator's loss at θ."""
        loss = self.method.loss
        real = self.real_noise.unsqueeze(1)
        fake = (theta + self.fake_noise).unsqueeze(1)
        real_logits, fake_logits = self.discriminator(real), self.discriminator(fake)
        discriminator_loss = loss.discriminator(real_logits, fake_logits)
        if self.penalties:
            # The same draws at every point: the field is a function.
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                for penalty in self.penalties:
                    discriminator_loss = discriminator_loss + self.price(penalty, real, fake)
        return loss.generator(real_logits, fake_logits), discriminator_loss

    def price(self, penalty: Penalty | WeightPenalty, real: Tensor, fake: Tensor) -> Tensor:
        """Return a penalty's value; one that remembers earlier calls starts afresh."""
        if isinstance(penalty, Penalty):
            return copy.deepcopy(penalty)(self.discriminator, real, fake.detach())
        return penalty(self.discriminator) if penalty.player == "discriminator" else real.sum() * 0

    def field(self, theta: Tensor, psi: Tensor, differentiable: bool = False) -> Tensor:
        """Return how both players want to move, (θ', ψ'), at scalars that require gradients."""
        # Each player holds the other fixed, also where one position came from the other's.
        theta, psi = theta.clone(), psi.clone()
        weight = {"discriminator.linear.weight": psi.view(1, 1)}
        generator_loss, discriminator_loss = functional_call(self, weight, (theta,))
        further = differentiable or self.method.consensus > 0
        down = [
            torch.autograd.grad(
                value, place, create_graph=further, retain_graph=True, materialize_grads=True
            )[0]
            for value, place in ((generator_loss, theta), (discriminator_loss, psi))
        ]
        velocity = -torch.stack(down)
        if self.method.consensus > 0:
            energy = velocity.square().sum() / 2
            pull = torch.autograd.grad(
                energy, [theta, psi], create_graph=differentiable, materialize_grads=True
            )
            velocity = velocity - self.method.consensus * torch.stack(pull)
        return velocity if differentiable else velocity.detach()

    def velocity(self, point: Point) -> np.ndarray:
        """Return the field at a point."""
        theta, psi = variables(point)
        return np.array(self.field(theta, psi).tolist())

    def update(
        self,
        theta: Tensor,
        psi: Tensor,
        size: float,
        steps: "Steps",
        differentiable: bool = False,
    ) -> list[Tensor]:
        """Return θ and ψ after one round."""
        if steps.simultaneous:
            velocity = self.field(theta, psi, differentiable)
            return [theta + size * velocity[0], self.constrained(psi + size * velocity[1])]
        for _ in range(steps.discriminator):
            psi = self.constrained(psi + size * self.field(theta, psi, differentiable)[1])
        for _ in range(steps.generator):
            theta = theta + size * self.field(theta, psi, differentiable)[0]
        return [theta, psi]

    def constrained(self, psi: Tensor) -> Tensor:
        """Return ψ as the constraints leave it."""
        if not self.constraints:
            return psi
        with torch.no_grad():
            self.discriminator.linear.weight.fill_(psi)
            for constraint in self.constraints:
                constraint(self.discriminator)
            moved = self.discriminator.linear.weight.flatten()[0] - psi
        return psi + moved


class Steps(NamedTuple):
    """How a round of updates goes: both players at once, or n_d then n_g steps in turn."""

    simultaneous: bool = True
    discriminator: int = 1
    generator: int = 1


def variables(point: Point) -> tuple[Tensor, Tensor]:
    """Return a point's coordinates as scalars that require gradients."""
    theta, psi = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point)
    return theta, psi


def neutral_logit(loss: AdversarialLoss) -> float:
    """Return the logit that is optimal where real and generated samples are equally likely."""
    here = Discrete([1.0])
    return float(best_discriminator(loss, common(here, here)).logits[0])
