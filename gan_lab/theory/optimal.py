"""The best discriminator of any loss, found from the loss itself."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_lab.losses import AdversarialLoss
from gan_lab.theory.expectation import Structure, expectation, parts, structure
from gan_lab.theory.pair import Pair
from gan_lab.theory.transport import lipschitz_maximiser

LARGEST = 2.0**40
"""Logits are searched up to here; an objective that still falls there has no minimum."""
SATURATED = 500.0
"""Beyond this a logit is reported as infinite: its exponential is nearly 0 in double precision."""


@dataclass(frozen=True)
class Optimum:
    """A loss's optimal discriminator on the nodes of a pair.

    Attributes:
        pair: The nodes, without those of negligible mass.
        logits: The optimal logits there, shape (N,); infinite where the
            optimum lies at infinity.
        loss: The discriminator's least loss, -inf where it has no bound.
        divergence: What the loss's own :meth:`divergence` says there.
        lipschitz: Whether the search was among 1-Lipschitz functions, because
            the objective is linear and has no bound without.
    """

    pair: Pair
    logits: Tensor
    loss: float
    divergence: float
    lipschitz: bool = False


def best_discriminator(loss: AdversarialLoss, pair: Pair) -> Optimum:
    """Return the discriminator that minimises ``loss.discriminator`` on ``pair``.

    No formula of any loss is used: a loss that splits into two means is
    minimised node by node along its own derivative; one that couples samples
    jointly at all nodes; a linear one among 1-Lipschitz functions.
    """
    pair = pair.bulk()
    kind = structure(loss.discriminator)
    if kind is Structure.SEPARABLE:
        slope = linear_slope(loss)
        if slope is not None:
            gain = -(pair.p * slope[0] + pair.q * slope[1])
            logits = lipschitz_maximiser(pair.points.unsqueeze(1), gain)
            return evaluate(loss, pair, logits, lipschitz=True)
        return evaluate(loss, pair, node_by_node(loss, pair))
    return evaluate(loss, pair, jointly(loss, pair.p, pair.q))


def evaluate(
    loss: AdversarialLoss, pair: Pair, logits: Tensor, lipschitz: bool = False
) -> Optimum:
    """Return the optimum that ``logits`` are, with its value and its divergence."""
    value = float(expectation(loss.discriminator, logits, logits, pair.p, pair.q))
    divergence = float(expectation(loss.divergence, logits, logits, pair.p, pair.q))
    if unbounded(loss, logits, pair):
        value, divergence = -math.inf, math.inf
    logits = torch.where(logits.abs() > SATURATED, logits.sign() * torch.inf, logits)
    return Optimum(pair, logits, value, divergence, lipschitz)


def unbounded(loss: AdversarialLoss, logits: Tensor, pair: Pair) -> bool:
    """Whether the loss still falls without end where its logits have reached the limit."""
    if not bool((logits.abs() > LARGEST / 2).any()):
        return False
    nearer = logits.clamp(-LARGEST / 2, LARGEST / 2)
    fall = expectation(loss.discriminator, nearer, nearer, pair.p, pair.q) - expectation(
        loss.discriminator, logits, logits, pair.p, pair.q
    )
    return bool(fall > 1)


def linear_slope(loss: AdversarialLoss) -> tuple[float, float] | None:
    """Return the loss's slopes in a real and a generated logit if they are constant."""
    logits = torch.tensor([-30.0, -2.0, -0.3, 0.1, 1.0, 40.0], dtype=torch.float64)
    real, fake = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    value = loss.discriminator(real, fake)
    slopes = [g * len(logits) for g in torch.autograd.grad(value, [real, fake])]
    if all(torch.allclose(slope, slope[0], rtol=0, atol=1e-9) for slope in slopes):
        return float(slopes[0][0]), float(slopes[1][0])
    return None


def node_by_node(loss: AdversarialLoss, pair: Pair) -> Tensor:
    """Minimise a separable loss at each node: a scan for the valley, then bisection.

    Where a whole interval is optimal, the logit nearest to 0 is taken.

    Returns:
        Logits of shape (N,), up to :data:`LARGEST` in size.
    """
    # Relative masses, exact also where one is a tiny part of the other; no
    # mass at all makes an infinite term nothing.
    p, q = (
        torch.where(log.isfinite(), torch.sigmoid(ratio).clamp(min=1e-300), 0)
        for log, ratio in ((pair.log_p, pair.log_ratio), (pair.log_q, -pair.log_ratio))
    )

    def value(logits: Tensor) -> Tensor:
        real, fake = parts(loss.discriminator, logits, logits)
        return torch.where(p > 0, p * real, 0) + torch.where(q > 0, q * fake, 0)

    def slope(logits: Tensor) -> Tensor:
        logits = logits.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(value(logits).sum(), logits)
        return gradient

    powers = 2.0 ** torch.arange(-6, math.log2(LARGEST) + 1, dtype=torch.float64)
    scan = torch.cat([powers.new_zeros(1), powers, -powers])  # nearest to 0 first
    grid = scan.unsqueeze(1).expand(-1, len(p))
    with torch.no_grad():
        values = torch.stack([value(row) for row in grid])
    best = scan[values.nan_to_num(nan=torch.inf).argmin(0)]
    slopes = torch.stack([slope(row) for row in grid])
    falls, rises = (grid <= best) & (slopes < 0), (grid >= best) & (slopes > 0)
    low = torch.where(falls, grid, -LARGEST).amax(0)
    high = torch.where(rises, grid, LARGEST).amin(0)
    for _ in range(120):
        middle = (low + high) / 2
        steep = slope(middle)
        right = (steep > 0) | ((steep == 0) & (middle > 0))
        low, high = torch.where(right, low, middle), torch.where(right, middle, high)
    return (low + high) / 2


def jointly(loss: AdversarialLoss, p: Tensor, q: Tensor, steps: int = 400) -> Tensor:
    """Minimise a loss that couples samples, at all nodes together, by L-BFGS.

    Returns:
        Logits of shape (N,), of mean 0 under (p + q)/2, since only differences count.
    """
    scale = (p + q).rsqrt()  # evens out the curvature between likely and unlikely nodes
    scaled = torch.zeros_like(p).requires_grad_()
    optimizer = torch.optim.LBFGS(
        [scaled],
        max_iter=steps,
        history_size=50,
        tolerance_grad=1e-9,
        tolerance_change=1e-13,
        line_search_fn="strong_wolfe",
    )

    def closure() -> float:
        optimizer.zero_grad()
        logits = scaled * scale
        value = expectation(loss.discriminator, logits, logits, p, q)
        torch.autograd.backward(value)
        return float(value.detach())

    optimizer.step(closure)
    logits = (scaled * scale).detach()
    return logits - ((p + q) / 2 * logits).sum()
