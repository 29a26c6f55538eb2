"""Would many seeds train faster as one batched computation? The figure behind a decision.

    python -m benchmarks.replicas --models small mlp --repeats 5

Trains GANs with stacked weights, one alternation of all by ``torch.func.vmap``, and the same GANs
one after another with gan_lab's kind of step. Both start from the same weights and see the same
samples; that they end at the same weights is checked first.
"""

import argparse
import copy
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap

from gan_lab.losses import NonSaturating
from gan_lab.models import MLPBackbone, MLPGenerator, Scores

LOSS = NonSaturating()
ADAM = {"lr": 2e-4, "betas": (0.5, 0.999)}
SHAPES: dict[str, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = {
    "small": ((2,), (128, 128), (128, 128)),  # points of the plane
    "mlp": ((1, 28, 28), (256,), (512, 256)),
}
Weights = dict[str, Tensor]
Step = Callable[[Tensor, Tensor], None]


class Logits(nn.Module):
    """A discriminator of images alone: samples (N, *shape) to logits (N,)."""

    def __init__(self, discriminator: Scores) -> None:
        super().__init__()
        self.discriminator = discriminator

    def forward(self, samples: Tensor) -> Tensor:
        """Return logits."""
        logits: Tensor = self.discriminator({"x": samples}).logits["x"]
        return logits


def games(model: str, count: int) -> list[tuple[nn.Module, nn.Module]]:
    """Return ``count`` pairs of networks, each initialised from its own seed."""
    shape, generator, discriminator = SHAPES[model]
    pairs: list[tuple[nn.Module, nn.Module]] = []
    for seed in range(count):
        torch.manual_seed(seed)
        critic = Logits(Scores(partial(MLPBackbone, hidden=discriminator), shape))
        pairs.append((MLPGenerator(100, shape, generator), critic))
    return pairs


def separate(pairs: list[tuple[nn.Module, nn.Module]]) -> Step:
    """Return a step of all games, one after another."""
    optimizers = [
        [torch.optim.Adam(network.parameters(), fused=True, **ADAM) for network in pair]  # type: ignore[arg-type]
        for pair in pairs
    ]

    def step(real: Tensor, noise: Tensor) -> None:
        for i, (generator, discriminator) in enumerate(pairs):
            of_generator, of_discriminator = optimizers[i]
            fake = generator(noise[i])
            logits = discriminator(torch.cat([real[i], fake.detach()]))
            of_discriminator.zero_grad()
            LOSS.discriminator(*logits.chunk(2)).backward()
            of_discriminator.step()
            discriminator.requires_grad_(False)
            logits = discriminator(fake)
            discriminator.requires_grad_(True)
            of_generator.zero_grad()
            LOSS.generator(logits[:0], logits).backward()
            of_generator.step()

    return step


def batched(pairs: list[tuple[nn.Module, nn.Module]]) -> tuple[Step, Weights, Weights]:
    """Return a step of all games at once, and the stacked weights that it moves."""
    generators, _ = stack_module_state([generator for generator, _ in pairs])
    discriminators, _ = stack_module_state([discriminator for _, discriminator in pairs])
    generator, discriminator = (copy.deepcopy(network).to("meta") for network in pairs[0])

    def judged(weights: Weights, real: Tensor, fake: Tensor) -> Tensor:
        logits = functional_call(discriminator, weights, (torch.cat([real, fake]),))
        return LOSS.discriminator(*logits.chunk(2))

    def drawn(weights: Weights, critic: Weights, noise: Tensor) -> Tensor:
        fake = functional_call(generator, weights, (noise,))
        logits = functional_call(discriminator, critic, (fake,))
        return LOSS.generator(logits[:0], logits)

    def draw(weights: Weights, noise: Tensor) -> Tensor:
        fake: Tensor = functional_call(generator, weights, (noise,))
        return fake

    draw_all, judge_all, learn_all = vmap(draw), vmap(grad(judged)), vmap(grad(drawn))
    players = [
        (weights, torch.optim.Adam(weights.values(), fused=True, **ADAM))  # type: ignore[arg-type]
        for weights in (generators, discriminators)
    ]

    def move(player: int, gradients: Weights) -> None:
        weights, optimizer = players[player]
        for name, weight in weights.items():
            weight.grad = gradients[name]
        optimizer.step()

    def step(real: Tensor, noise: Tensor) -> None:
        with torch.no_grad():
            fake = draw_all(generators, noise)
        move(1, judge_all(discriminators, real, fake))
        move(0, learn_all(generators, discriminators, noise))

    return step, generators, discriminators


def largest_difference(model: str, count: int, batch: int, steps: int = 20) -> float:
    """Return how far the weights of both ways lie apart after some steps."""
    pairs = games(model, count)
    step, generators, discriminators = batched(pairs)
    alone = separate(pairs)
    for real, noise in samples(model, count, batch, steps):
        step(real, noise)
        alone(real, noise)
    return max(
        (stacked[name][i] - parameter).abs().max().item()
        for i, pair in enumerate(pairs)
        for stacked, network in zip((generators, discriminators), pair, strict=True)
        for name, parameter in network.named_parameters()
    )


def samples(model: str, count: int, batch: int, steps: int) -> list[tuple[Tensor, Tensor]]:
    """Return real samples and noise for some steps of all games."""
    random = torch.Generator().manual_seed(0)
    shape = count, batch
    return [
        (
            torch.rand(*shape, *SHAPES[model][0], generator=random) * 2 - 1,
            torch.randn(*shape, 100, generator=random),
        )
        for _ in range(steps)
    ]


def main() -> None:
    """Print a row for each network and number of replicas."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", nargs="+", default=list(SHAPES), choices=list(SHAPES))
    parser.add_argument("--replicas", nargs="+", type=int, default=[2, 8])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20, help="of a window")
    arguments = parser.parse_args()
    print("| network | replicas | largest difference | separate ms | batched ms | speed-up |")
    print("|---|---|---|---|---|---|")
    for model in arguments.models:
        for count in arguments.replicas:
            difference = largest_difference(model, count, arguments.batch)
            pairs = games(model, count)
            ways = separate(pairs), batched(pairs)[0]
            stream = samples(model, count, arguments.batch, arguments.steps)
            times: list[list[float]] = [[], []]
            for _ in range(arguments.repeats + 1):  # the first warms up
                for way, found in zip(ways, times, strict=True):
                    started = time.perf_counter()
                    for real, noise in stream:
                        way(real, noise)
                    found.append((time.perf_counter() - started) / len(stream) * 1e3)
            alone, together = (statistics.median(found[1:]) for found in times)
            print(
                f"| {model} | {count} | {difference:.1e} | {alone:.2f} | {together:.2f} "
                f"| {alone / together:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
