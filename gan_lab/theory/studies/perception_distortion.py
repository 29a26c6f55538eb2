"""What does an adversary buy in restoration, and what does it cost?"""

from collections.abc import Sequence
from itertools import product

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gan_lab.theory.figures import CYCLE, QUIET, finish, tiles
from gan_lab.theory.gaussian_restoration import (
    Restored,
    best_distortion,
    predicted,
    restore,
    shrinkage,
)
from gan_lab.theory.study import Findings, Study, require_at_least

LEAST, MOST = 1e-3, 1e3
"""Weights of the adversary that stand for none and for one that decides all."""


class PerceptionDistortion(Study):
    r"""Restore x ~ N(0, 1) from y = x + N(0, σ²) under more and more of an adversary.

    Without one the estimate is the conditional mean, of error :math:`1 - s^2` and variance
    :math:`s^2`, with :math:`s^2 = 1 / (1 + \sigma^2)`. An adversary that sees x alone restores the
    variance, for :math:`2 - 2s` at least; one that sees y beside it asks for samples of the
    posterior, for :math:`2 (1 - s^2)`, twice the least error.

    References:
        The Perception-Distortion Tradeoff (Blau and Michaeli 2018), sections 3 and 4, arXiv
        1711.06077.

    Args:
        deviations: σ of the noise, each positive.
        weights: Of the adversary beside the squared error, each positive; those of the curve.
        samples: That stand for the distributions.

    Raises:
        ValueError: If a number is out of range or there is none.
    """

    def __init__(
        self,
        deviations: Sequence[float] = (0.5, 1.0, 1.5, 2.0),
        weights: Sequence[float] = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
        samples: int = 4096,
    ) -> None:
        for name, values in (("deviations", deviations), ("weights", weights)):
            if not values or not min(values) > 0:
                raise ValueError(f"{name} must be positive numbers, got {list(values)}")
        require_at_least("samples", samples, 64)
        self.deviations, self.weights, self.samples = deviations, sorted(weights), samples

    def run(self) -> Findings:
        """Return where the games end, for every deviation and weight, and the curves between."""
        findings = Findings("Restoration between the mean and the posterior")
        ends: dict[tuple[float, bool], list[Restored]] = {}
        weights = [LEAST, *self.weights, MOST]
        for deviation, conditional in product(self.deviations, (False, True)):
            ends[deviation, conditional] = [
                restore(deviation, weight, conditional, self.samples) for weight in weights
            ]
        for deviation in self.deviations:
            self.compare(findings, deviation, ends[deviation, False], ends[deviation, True])
        findings.figures["perception_distortion"] = self.draw(weights, ends)
        findings.notes.append(
            f"A weight of {LEAST:g} stands for no adversary, one of {MOST:g} for one that decides."
        )
        return findings

    def compare(
        self,
        findings: Findings,
        deviation: float,
        marginal: Sequence[Restored],
        joint: Sequence[Restored],
    ) -> None:
        """Add the closed forms of both ends, and what lies between, for one deviation."""
        name, s = f"sigma {deviation:g}", shrinkage(deviation)
        error = "mean squared error"
        findings.add(name, f"{error}, conditional mean", 1 - s**2, marginal[0].distortion)
        findings.add(name, "variance, conditional mean", s**2, marginal[0].variance)
        findings.add(name, f"{error}, perfect marginal", 2 - 2 * s, marginal[-1].distortion)
        findings.add(name, "variance, perfect marginal", 1.0, marginal[-1].variance)
        findings.add(name, f"{error}, posterior", 2 * (1 - s**2), joint[-1].distortion)
        findings.add(name, "variance, posterior", 1.0, joint[-1].variance)
        for weight, end in zip(self.weights, marginal[1:-1], strict=True):
            variance, distortion = predicted(deviation, weight)
            findings.add(name, f"{error}, weight {weight:g}", distortion, end.distortion)
            findings.add(name, f"variance, weight {weight:g}", variance, end.variance)

    def draw(
        self, weights: Sequence[float], ends: dict[tuple[float, bool], list[Restored]]
    ) -> Figure:
        """Return the error and the variance over the weight, and one over the other."""
        figure, axes = tiles(3, columns=3, width=3.7, height=3.4)
        for colour, deviation in zip(CYCLE * 9, self.deviations, strict=False):
            for conditional, style in ((False, "-"), (True, "--")):
                found = ends[deviation, conditional]
                errors = [end.distortion for end in found]
                variances = [end.variance for end in found]
                label = None if conditional else f"σ = {deviation:g}"
                axes[0].plot(weights, errors, style, color=colour, label=label)
                axes[1].plot(weights, variances, style, color=colour, label=label)
                axes[2].plot(variances, errors, style, color=colour, marker="o", markersize=3)
            self.mark(axes[2], deviation)
        for axis in axes[:2]:
            axis.set_xscale("log")
        axes[1].axhline(1, color=QUIET, linewidth=0.8)
        weight, error = "weight of the adversary", "mean squared error"
        finish(axes[0], "what it costs (dashed: it sees y too)", weight, error, legend=True)
        finish(axes[1], "what it buys", weight, "variance of the estimate (1 is perfect)", True)
        finish(axes[2], "the tradeoff (dotted: the best there is)", "variance", error)
        return figure

    def mark(self, axis: Axes, deviation: float) -> None:
        """Draw the least error of each variance, from the conditional mean's to the truth's."""
        least = shrinkage(deviation) ** 2
        variances = [least + (1 - least) * step / 50 for step in range(51)]
        errors = [best_distortion(deviation, variance) for variance in variances]
        axis.plot(variances, errors, ":", color=QUIET)
