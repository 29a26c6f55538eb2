"""A tile for the distributions and one for each loss's optimal logits."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from gan_lab.losses import AdversarialLoss
from gan_lab.theory.catalogue import label
from gan_lab.theory.densities import Density, Discrete
from gan_lab.theory.expectation import Structure, structure
from gan_lab.theory.figures import CRITIC, CYCLE, FAKE, QUIET, REAL, finish, tiles
from gan_lab.theory.laws import law
from gan_lab.theory.optimal import Optimum
from gan_lab.theory.pair import Pair, common


class Result(NamedTuple):
    """A loss with its point-wise optimum and its trained critic, if one was trained."""

    loss: AdversarialLoss
    optimum: Optimum
    trained: nn.Module | None


def draw(p: Density | Discrete, q: Density | Discrete, results: Sequence[Result]) -> Figure:
    """Return the figure."""
    figure, axes = tiles(len(results) + 1, columns=4)
    pair = common(p, q).bulk(1e-7)
    draw_distributions(axes[0], pair, isinstance(p, Discrete))
    reach = float(pair.points.min()), float(pair.points.max())
    shown: dict[str, Artist] = {}
    for axis, result in zip(axes[1:], results, strict=True):
        draw_logits(axis, result, reach, isinstance(p, Discrete))
        handles, names = axis.get_legend_handles_labels()
        shown |= dict(zip(names, handles, strict=True))
    figure.legend(
        list(shown.values()), list(shown), loc="outside lower center", ncols=3, frameon=False
    )
    return figure


def draw_distributions(axis: Axes, pair: Pair, discrete: bool) -> None:
    """Draw p and q themselves."""
    for log_mass, colour, name, side in (
        (pair.log_p, REAL, "real p", -0.05),
        (pair.log_q, FAKE, "generated q", 0.05),
    ):
        height = log_mass.exp()
        if discrete:
            axis.vlines(pair.points + side, 0, height, color=colour, linewidth=3, label=name)
        else:
            axis.fill_between(pair.points, height, color=colour, alpha=0.25)
            axis.plot(pair.points, height, color=colour, label=name)
    finish(axis, "distributions", "x", "probability" if discrete else "density", legend=True)


def draw_logits(axis: Axes, result: Result, reach: tuple[float, float], discrete: bool) -> None:
    """Draw one loss's closed form, point-wise optimum and trained critic.

    Between densities a loss that couples its whole batch has no point-wise optimum to draw: where
    p/q has no bound, ever larger logits come ever nearer to its ceiling, and where a search for it
    stops says nothing.
    """
    loss, optimum, trained = result
    known = law(loss)
    points = optimum.pair.points
    weight = (optimum.pair.p + optimum.pair.q) / 2
    seen = (points >= reach[0]) & (points <= reach[1]) & optimum.logits.isfinite()
    likely = seen & (weight > 2e-3 * weight.max())
    centre = loss.real_threshold is None  # only differences of a critic's values mean anything

    def centred(values: Tensor) -> Tensor:
        return values - (weight * values)[likely].sum() / weight[likely].sum() * centre

    if not bool(likely.any()):
        axis.text(0.5, 0.5, "optimum at infinity", ha="center", transform=axis.transAxes)
        finish(axis, label(loss), "x", "logit")
        return
    if known.logit is not None:
        wanted = centred(known.logit(optimum.pair))[seen]
        axis.plot(points[seen], wanted, color=QUIET, linewidth=5, alpha=0.6, label="closed form")
    framed = []
    if discrete or structure(loss.discriminator) is not Structure.COUPLED:
        framed.append(centred(optimum.logits))
        axis.plot(
            points[seen], framed[0][seen], color=CRITIC, linewidth=1.3, label="point by point"
        )
    else:
        axis.text(0.97, 0.95, "no optimum", ha="right", va="top", transform=axis.transAxes)
    if trained is not None:
        with torch.no_grad():
            framed.append(centred(trained(points.float().unsqueeze(1)).double()))
        axis.plot(
            points[seen], framed[-1][seen], color=CYCLE[3], linewidth=1.3, label="trained critic"
        )
    frame = framed[0][likely] if framed else torch.zeros(1)
    low, high = float(frame.min()), float(frame.max())
    margin = 0.25 * (high - low) + 0.2
    axis.set_ylim(low - margin, high + margin)
    finish(axis, label(loss), "x", "logit, centred" if centre else "logit")
