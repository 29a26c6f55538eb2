"""The duality gap: how much either player could still gain alone."""

import copy

import torch
from torch import Tensor, nn
from torch.optim import Adam

from gan_lab.losses import AdversarialLoss


def duality_gap(
    loss: AdversarialLoss,
    generator: nn.Module,
    discriminator: nn.Module,
    real: Tensor,
    latents: Tensor,
    steps: int = 300,
    learning_rate: float = 5e-3,
) -> tuple[float, float]:
    r"""Return the worst cases of both players, whose difference is the duality gap.

    .. math:: \max_{D'} V(G, D') - \min_{G'} V(G', D), \qquad V = -L_D

    Each worst case is found by training a copy of the opponent on fixed
    samples, so the gap is approached from below.

    References:
        A Domain Agnostic Measure for Monitoring and Evaluating GANs (Grnarova
        et al. 2019), section 3, arXiv 1811.05512.

    Args:
        loss: Its discriminator's objective is minus the game's value.
        generator: Latents to samples; not changed.
        discriminator: Samples to logits; not changed.
        real: Real samples.
        latents: As many latents.
        steps: Updates of each copy.
        learning_rate: Of each copy.

    Returns:
        (the value against the best discriminator, the value against the best generator)
    """

    def value(one: nn.Module, other: nn.Module) -> Tensor:
        return -loss.discriminator(other(real), other(one(latents)))

    worst_discriminator, worst_generator = copy.deepcopy(discriminator), copy.deepcopy(generator)
    highest, lowest = -torch.inf, torch.inf
    worst = worst_discriminator, worst_generator
    optimizers = [Adam(player.parameters(), learning_rate) for player in worst]
    for _ in range(steps + 1):
        high, low = value(generator, worst_discriminator), value(worst_generator, discriminator)
        highest, lowest = max(highest, float(high.detach())), min(lowest, float(low.detach()))
        for optimizer, parameters, goal in (
            (optimizers[0], list(worst_discriminator.parameters()), -high),
            (optimizers[1], list(worst_generator.parameters()), low),
        ):
            gradients = torch.autograd.grad(goal, parameters)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient
            optimizer.step()
    return highest, lowest
