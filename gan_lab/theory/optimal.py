"""The best discriminator of any loss, found from the loss itself."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_lab.losses import AdversarialLoss
from gan_lab.theory.expectation import Structure, expectation, pairs, parts, structure
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
    if kind is Structure.PAIRWISE:
        pair = pair.bulk(1e-14)
        return evaluate(loss, pair, over_pairs(loss, pair.p, pair.q))
    return evaluate(loss, pair, on_batch(loss, pair.p, pair.q))


def evaluate(loss: AdversarialLoss, pair: Pair, logits: Tensor, lipschitz: bool = False) -> Optimum:
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
    real, fake = logits.clone().requires_grad_(), logits.flip(0).requires_grad_()
    value = loss.discriminator(real, fake) * len(logits)
    slopes = torch.autograd.grad(value, [real, fake])
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

    powers = 2.0 ** torch.arange(-6, math.log2(LARGEST) + 1, dtype=torch.float64)
    scan = torch.cat([powers.new_zeros(1), powers, -powers])  # nearest to 0 first
    values = mix(p, q, *parts(loss.discriminator, scan, scan))
    best = scan[values.nan_to_num(nan=torch.inf).argmin(0)]
    slopes = mix(p, q, *derivatives(loss, scan))
    grid = scan.unsqueeze(1).expand(-1, len(p))
    falls, rises = (grid <= best) & (slopes < 0), (grid >= best) & (slopes > 0)
    low = torch.where(falls, grid, -LARGEST).amax(0)
    high = torch.where(rises, grid, LARGEST).amin(0)
    for _ in range(120):
        middle = (low + high) / 2
        of_real, of_fake = derivatives(loss, middle)
        steep = torch.where(p > 0, p * of_real, 0) + torch.where(q > 0, q * of_fake, 0)
        right = (steep > 0) | ((steep == 0) & (middle > 0))
        low, high = torch.where(right, low, middle), torch.where(right, middle, high)
    return (low + high) / 2


def mix(p: Tensor, q: Tensor, of_real: Tensor, of_fake: Tensor) -> Tensor:
    """Return p times one part plus q times the other: logits in rows, nodes in columns."""
    real, fake = p * of_real.unsqueeze(1), q * of_fake.unsqueeze(1)
    return torch.where(p > 0, real, 0) + torch.where(q > 0, fake, 0)


def derivatives(loss: AdversarialLoss, logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return what a separable loss's two means change by along each logit, by autograd."""
    real, fake = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    value = loss.discriminator(real, fake) * len(logits)
    of_real, of_fake = torch.autograd.grad(value, [real, fake])
    return of_real, of_fake


def over_pairs(loss: AdversarialLoss, p: Tensor, q: Tensor, steps: int = 60) -> Tensor:
    """Minimise a loss that is a mean over pairs, at all nodes together, by damped Newton steps.

    Returns:
        Logits of shape (N,), of mean 0 under (p + q)/2, since only differences count.
    """

    def value_at(logits: Tensor) -> Tensor:
        return p @ pairs(loss.discriminator, logits, logits) @ q

    mass = p[:, None] * q[None, :]
    scale = (p + q).rsqrt()  # evens out the curvature between likely and unlikely nodes
    logits = torch.zeros_like(p)
    value = value_at(logits)
    for _ in range(steps):
        by_real, by_fake, real_real, cross, fake_fake = pair_derivatives(loss, logits)
        gradient = (mass * by_real).sum(1) + (mass * by_fake).sum(0)
        cross = mass * cross
        curvature = torch.diag((mass * real_real).sum(1) + (mass * fake_fake).sum(0))
        curvature = scale[:, None] * (curvature + cross + cross.T) * scale[None, :]
        # A constant added to all logits changes nothing: without the ridge no unique solution.
        ridge = 1e-12 * torch.eye(len(p), dtype=p.dtype)
        step = scale * torch.linalg.solve(curvature + ridge, scale * gradient)
        if gradient @ step < 1e-9:
            logits = logits - step  # so near, the full step squares the error
            break
        for size in 0.5 ** torch.arange(40):
            fallen = value_at(logits - size * step)
            if fallen < value:
                break
        else:
            break
        logits, value = logits - size * step, fallen
    return logits - ((p + q) / 2 * logits).sum()


def pair_derivatives(loss: AdversarialLoss, logits: Tensor) -> list[Tensor]:
    """Return each pair's first and second derivatives, five tables (N, N), by autograd.

    They are by the real logit, by the generated one, twice by the real one, by
    both, and twice by the generated one.
    """
    count = len(logits)
    real = logits.repeat_interleave(count).requires_grad_()
    fake = logits.repeat(count).requires_grad_()
    value = loss.discriminator(real, fake) * count**2
    by_real, by_fake = torch.autograd.grad(value, [real, fake], create_graph=True)
    real_real, cross = torch.autograd.grad(by_real.sum(), [real, fake], retain_graph=True)
    (fake_fake,) = torch.autograd.grad(by_fake.sum(), [fake])
    tables = by_real.detach(), by_fake.detach(), real_real, cross, fake_fake
    return [table.view(count, count) for table in tables]


def on_batch(loss: AdversarialLoss, p: Tensor, q: Tensor, steps: int = 200) -> Tensor:
    """Minimise a loss that couples its batch, on a stratified batch, by L-BFGS.

    Returns:
        Logits of shape (N,).
    """
    scale = (p + q).rsqrt()
    scaled = torch.zeros_like(p).requires_grad_()
    optimizer = torch.optim.LBFGS([scaled], max_iter=steps, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimizer.zero_grad()
        logits = scaled * scale
        value = expectation(loss.discriminator, logits, logits, p, q)
        torch.autograd.backward(value)
        return float(value.detach())

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return (scaled * scale).detach()
