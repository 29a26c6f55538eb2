"""The restoration of a Gaussian by the lab's own game, and what theory says of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
from scipy.optimize import minimize_scalar
from torch import Tensor, nn
from torch.quasirandom import SobolEngine

from gan_lab.contracts import Round, Sample
from gan_lab.losses import Minimax
from gan_lab.media import Points
from gan_lab.models import Backbone, Scores, Translator
from gan_lab.tasks import Translation
from gan_lab.terms import Reconstruction
from gan_lab.theory.bare import BareGame
from gan_lab.theory.densities import Gaussian
from gan_lab.theory.divergences import jensen_shannon
from gan_lab.theory.pair import common


@dataclass(frozen=True)
class Restored:
    """Where a game ended.

    Attributes:
        gain: a of the estimate a·y + b·z.
        noise: b.
        distortion: The mean squared error.
        variance: Of the estimate; 1 is perfect.
    """

    gain: float
    noise: float
    distortion: float
    variance: float


class Linear(Translator):
    """An estimate a·y + b·z of x, from what was seen, y, and noise, z."""

    def __init__(self) -> None:
        super().__init__(inputs=2, outputs=1)
        self.weights = nn.Parameter(torch.tensor([0.5, 0.5], dtype=torch.float64))

    def forward(self, images: Tensor) -> Tensor:
        """Return estimates (N, 1) for y and z (N, 2)."""
        return self.body(images)

    def body(self, images: Tensor) -> Tensor:
        """Return estimates (N, 1) for y and z (N, 2)."""
        return (images * self.weights).sum(dim=1, keepdim=True)


class Squares(Backbone):
    """All products of two values: the log ratio of two centred Gaussians is linear in them."""

    def __init__(self, input_shape: Sequence[int]) -> None:
        super().__init__(input_shape)
        (size,) = self.input_shape
        self.features = size * (size + 1) // 2

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the products (N, features) of inputs (N, size)."""
        rows, columns = torch.triu_indices(inputs.shape[1], inputs.shape[1])
        return inputs[:, rows] * inputs[:, columns]


def restore(deviation: float, weight: float, conditional: bool, count: int = 4096) -> Restored:
    """Play to the end for an estimate of x ~ N(0, 1) from y = x + N(0, deviation²).

    The generator minimises the mean squared error and, ``weight`` times, what the optimal
    discriminator makes of the estimates; that is the best of all, as log ratios of Gaussians are
    quadratic. Both are the lab's: Translation, Scores, Minimax and Reconstruction.

    Args:
        deviation: Of the noise, positive.
        weight: Of the adversary, positive.
        conditional: Whether the discriminator sees y beside x.
        count: Samples that stand for the distributions; their second moments are exact.
    """
    x, seen, z = gaussian_batch(deviation, count).unbind(dim=1)
    source = torch.stack([seen, z], dim=1)
    batch: Sample = {"x": x[:, None], "source": source, "seen": seen[:, None]}
    task = Translation(Linear(), Points((1,)))
    beside = {"seen": 1} if conditional else None
    judge = Scores(Squares, (1,), beside=beside).double()
    for parameter in judge.parameters():
        nn.init.zeros_(parameter)
    game = BareGame(task, judge, Minimax(), [Reconstruction(1 / weight, distance="l2")])
    descend(game, batch)
    gain, noise = cast(Linear, task.translator).weights.tolist()
    made = task.translate(batch)["x"].detach()
    distortion = (made - batch["x"]).square().mean()
    return Restored(gain, noise, float(distortion), float(made.square().mean()))


def gaussian_batch(deviation: float, count: int) -> Tensor:
    """Return x, y and z (count, 3), evenly spread, of exact means and covariances."""
    engine = SobolEngine(3, scramble=True, seed=0)  # type: ignore[no-untyped-call]
    places = engine.draw(count, dtype=torch.float64)
    normal = torch.special.ndtri(places.clamp(1e-9, 1 - 1e-9))
    normal = normal - normal.mean(dim=0)
    factor = torch.linalg.cholesky(normal.T @ normal / count)
    x, noise, z = torch.linalg.solve_triangular(factor, normal.T, upper=False)
    return torch.stack([x, x + deviation * noise, z], dim=1)


LBFGS = partial(
    torch.optim.LBFGS, line_search_fn="strong_wolfe", tolerance_grad=1e-10, max_iter=100
)


def descend(game: BareGame, batch: Sample) -> None:
    """Let the generator descend the value of the game at the discriminator's best answer."""
    parameters = game.parameters_of("generator")
    optimizer = LBFGS(parameters)

    def value() -> float:
        round = game.play(batch)
        least = answer(game, round.detach())
        objective, turn = game.objective("generator", round)
        optimizer.zero_grad()
        torch.autograd.backward(objective, inputs=parameters)
        # The real part of the value has no gradient, but changes with the answer.
        return float(objective.detach() - turn.report["loss/generator"]) - least

    optimizer.step(value)  # type: ignore[no-untyped-call]


def answer(game: BareGame, round: Round) -> float:
    """Let the discriminator be the best there is, and return its loss."""
    parameters = game.parameters_of("discriminator")
    optimizer = LBFGS(parameters)

    def loss() -> float:
        objective, _ = game.objective("discriminator", round)
        optimizer.zero_grad()
        torch.autograd.backward(objective, inputs=parameters)
        return float(objective.detach())

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return float(game.objective("discriminator", round)[0].detach())


def shrinkage(deviation: float) -> float:
    """Return s = 1 / √(1 + deviation²): the correlation of x and y."""
    return 1 / math.sqrt(1 + deviation**2)


def best_distortion(deviation: float, variance: float) -> float:
    """Return the least mean squared error of estimates of some variance, 1 - 2s√v + v."""
    return 1 - 2 * shrinkage(deviation) * math.sqrt(variance) + variance


def predicted(deviation: float, weight: float) -> tuple[float, float]:
    """Return the variance and the mean squared error that an adversary of the marginal leads to.

    They minimise ``best_distortion`` + 2·weight·JS(N(0, 1), N(0, v)) over v.
    """

    def value(log_variance: float) -> float:
        variance = math.exp(log_variance)
        pair = common(Gaussian(0, 1), Gaussian(0, math.sqrt(variance)))
        return best_distortion(deviation, variance) / weight + 2 * jensen_shannon(pair)

    least = 2 * math.log(shrinkage(deviation))  # the conditional mean's
    found = minimize_scalar(value, bounds=(least, 0.0), method="bounded", options={"xatol": 1e-9})
    variance = math.exp(found.x)
    return variance, best_distortion(deviation, variance)
