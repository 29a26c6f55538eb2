"""Does each loss, at its optimal discriminator, measure the divergence it claims?"""

import math
from collections.abc import Sequence

import torch
from torch import nn

from gan_lab.losses import AdversarialLoss, Minimax, Wasserstein
from gan_lab.terms import GradientPenalty
from gan_lab.theory import divergences as exact
from gan_lab.theory.catalogue import label, left_out, losses
from gan_lab.theory.critics import train_critic
from gan_lab.theory.densities import Density, Discrete, Gaussian
from gan_lab.theory.dirac import DiracGame, Method, variables
from gan_lab.theory.expectation import expectation
from gan_lab.theory.laws import Law, law
from gan_lab.theory.optimal import Optimum, best_discriminator
from gan_lab.theory.pair import common
from gan_lab.theory.studies.divergence_figure import Result, draw
from gan_lab.theory.study import Findings, Study, require_at_least
from gan_lab.theory.transport import assignment_distance, lipschitz_maximiser

Distribution = Density | Discrete


class Divergences(Study):
    """Maximise every loss's own objective point by point, and by a trained critic.

    References:
        Goodfellow et al. 2014, arXiv 1406.2661; Nowozin et al. 2016, arXiv
        1606.00709; Arjovsky et al. 2017, arXiv 1701.07875.

    Args:
        p: The real distribution.
        q: The generated one.
        losses: Which losses to look at; every one there is if not given.
        critic_steps: Steps that the small critic trains; 0 trains none.
        points: Points in each cloud of the two-dimensional transport problem.
        seed: Of the critic's samples and of the clouds.

    Raises:
        ValueError: If only one of p and q is discrete, or a number is out of range.
    """

    def __init__(
        self,
        p: Distribution | None = None,
        q: Distribution | None = None,
        losses: Sequence[AdversarialLoss] | None = None,
        critic_steps: int = 600,
        points: int = 40,
        seed: int = 0,
    ) -> None:
        require_at_least("critic_steps", critic_steps, 0)
        require_at_least("points", points, 2)
        self.p, self.q = p or Gaussian(0, 1), q or Gaussian(1, 1)
        self.pair = common(self.p, self.q)
        self.losses = losses
        self.critic_steps, self.points, self.seed = critic_steps, points, seed

    def run(self) -> Findings:
        """Return predicted and measured values of every loss, and its optimal logits."""
        findings = Findings("Divergences at the optimal discriminator")
        results: list[Result] = []
        for loss in losses() if self.losses is None else self.losses:
            optimum = best_discriminator(loss, self.pair)
            self.compare(findings, loss, optimum)
            trained = None
            if self.critic_steps and math.isfinite(optimum.divergence):
                trained = self.train(loss)
                self.compare_trained(findings, loss, optimum, trained)
            results.append(Result(loss, optimum, trained))
        self.equilibrium(findings)
        transport_in_the_plane(findings, self.points, self.seed)
        overshoot(findings)
        findings.figures["divergences"] = draw(self.p, self.q, results)
        for name in left_out(AdversarialLoss) if self.losses is None else []:
            findings.notes.append(f"{name} needs arguments; give it in study.losses")
        return findings

    def predicted(self, loss: AdversarialLoss) -> float | None:
        """Return what ``loss.divergence`` should be at the optimum, in closed form."""
        if loss.divergence_name.lower().startswith("wasserstein-1"):
            return exact.wasserstein(self.p, self.q)
        function = exact.closed_form(loss.divergence_name)
        return None if function is None else function(self.pair)

    def compare(self, findings: Findings, loss: AdversarialLoss, optimum: Optimum) -> None:
        """Add what theory says of the optimum, and what the loss says."""
        name, known = label(loss), law(loss)
        pair = optimum.pair
        findings.add(name, loss.divergence_name, self.predicted(loss), optimum.divergence)
        if known.loss is not None:
            findings.add(name, "discriminator's loss at D*", known.loss(self.pair), optimum.loss)
        if known.logit is not None:
            findings.add(name, "largest error of D*'s logit", 0.0, logit_error(known, optimum))
        if known.generator is not None:
            logits = optimum.logits
            value = expectation(loss.generator, logits, logits, pair.p, pair.q)
            findings.add(name, "generator's loss at D*", known.generator(self.pair), float(value))

    def train(self, loss: AdversarialLoss) -> nn.Module:
        """Return a small critic trained on samples, without touching the global randomness."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return train_critic(
                loss,
                lambda count: self.p.sample(count).float().unsqueeze(1),
                lambda count: self.q.sample(count).float().unsqueeze(1),
                self.critic_steps,
            )

    def compare_trained(
        self, findings: Findings, loss: AdversarialLoss, optimum: Optimum, trained: nn.Module
    ) -> None:
        """Add what the trained critic estimates, its expectations taken exactly."""
        pair = optimum.pair
        with torch.no_grad():
            logits = trained(pair.points.float().unsqueeze(1)).double()
            value = float(expectation(loss.divergence, logits, logits, pair.p, pair.q))
        quantity = f"{loss.divergence_name}, trained critic"
        findings.add(label(loss), quantity, self.predicted(loss), value)

    def equilibrium(self, findings: Findings) -> None:
        """Add the value of the minimax game where the distributions are equal."""
        for name, density in (("p", self.p), ("q", self.q)):
            optimum = best_discriminator(Minimax(), common(density, density))
            subject = f"Minimax, both players at {name}"
            findings.add(subject, "V(D*, G) = -log 4", -math.log(4), -optimum.loss)


def logit_error(known: Law, optimum: Optimum, mass: float = 1e-3) -> float:
    """Return the largest error of the optimal logits where some density is not negligible."""
    assert known.logit is not None
    pair = optimum.pair
    weight = (pair.p + pair.q) / 2
    wanted, found = known.logit(pair), optimum.logits
    # Beyond the range of a finite logit both sides say "infinite".
    wanted = torch.where(wanted.abs() > 500, wanted.sign() * torch.inf, wanted)
    if known.shift_free:
        wanted = wanted - exact.masked(weight, wanted)
        found = found - exact.masked(weight, found)
    error = torch.where(wanted == found, 0, (wanted - found).abs())
    return float(error[weight > mass * weight.max()].max())


def transport_in_the_plane(findings: Findings, points: int, seed: int) -> None:
    """Add W1 between two clouds: the primal by assignment, the dual by the Wasserstein loss."""
    random = torch.Generator().manual_seed(seed)
    real = torch.randn(points, 2, generator=random, dtype=torch.float64)
    fake = torch.randn(points, 2, generator=random, dtype=torch.float64) * 0.5 + 2
    both = torch.cat([real, fake])
    logits = torch.zeros(2 * points, dtype=torch.float64, requires_grad=True)
    loss = Wasserstein()
    value = loss.discriminator(logits[:points], logits[points:])
    (gradient,) = torch.autograd.grad(value, logits)
    best = lipschitz_maximiser(both, -gradient)
    measured = float(loss.divergence(best[:points], best[points:]))
    subject = f"Wasserstein, {points} + {points} points in the plane"
    findings.add(subject, "Wasserstein-1", assignment_distance(real, fake), measured)


def overshoot(findings: Findings) -> None:
    """Add the slope of the best linear critic of two points under a gradient penalty."""
    for weight, distance in ((10.0, 1.0), (1.0, 0.5), (0.1, 2.0)):
        slope = penalised_slope(GradientPenalty(weight), distance)
        subject = f"Wasserstein + GradientPenalty({weight:g}), points {distance:g} apart"
        findings.add(subject, "critic's slope, 1 + d / (2 λ)", 1 + distance / (2 * weight), slope)


def penalised_slope(penalty: GradientPenalty, distance: float) -> float:
    """Return the slope at which the penalised Wasserstein loss of two points is least."""
    game = DiracGame(Method(Wasserstein(), (penalty,)))
    theta, slope = variables((-distance, 1.0))
    for _ in range(3):  # Newton's method; the loss is quadratic
        _, wanted = game.field(theta, slope, differentiable=True)
        (change,) = torch.autograd.grad(wanted, slope)
        slope = (slope - wanted / change).detach().requires_grad_()
    return float(slope.detach())
