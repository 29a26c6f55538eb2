"""How the game looks near the end of a real run: rotation, attraction, what is left to gain."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure

from gan_lab.contracts import Round
from gan_lab.data.mixture import Mixture, ring
from gan_lab.losses import Minimax, NonSaturating
from gan_lab.terms import R1
from gan_lab.theory.catalogue import Regularizer, label
from gan_lab.theory.collapse import on_cells
from gan_lab.theory.divergences import jensen_shannon
from gan_lab.theory.duality import duality_gap
from gan_lab.theory.figures import CYCLE, finish, tiles
from gan_lab.theory.jacobian import GameField, path_angle, read
from gan_lab.theory.playing import SmallGAN
from gan_lab.theory.study import Findings, Study, require_at_least

LEADING = 6
"""Eigenvalues computed by Arnoldi's method and compared with the whole spectrum."""


class Measured(NamedTuple):
    """What one run left."""

    spectrum: np.ndarray
    cosines: list[float]
    lengths: list[float]
    gaps: list[tuple[int, float, float, float]]


class Game(Study):
    """Train the same small GAN with and without R1 and examine its vector field.

    References:
        Berard et al. 2019, arXiv 1906.04848; Grnarova et al. 2019, arXiv 1811.05512.

    Args:
        steps: Generator updates.
        width: Of both networks' two hidden layers.
        samples: Real and generated samples on which the field is computed.
        gap_steps: Updates of each worst-case opponent.
        gaps: How many times the duality gap is measured in a run.
        weight: Of the R1 penalty of the second run, positive.
        seed: Of networks and samples.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        steps: int = 1000,
        width: int = 16,
        samples: int = 512,
        gap_steps: int = 200,
        gaps: int = 6,
        weight: float = 0.5,
        seed: int = 0,
    ) -> None:
        sizes = {"steps": steps, "width": width, "samples": samples, "gap_steps": gap_steps}
        for name, value in (sizes | {"gaps": gaps}).items():
            require_at_least(name, value, 1)
        self.steps, self.width, self.samples = steps, width, samples
        self.gap_steps, self.gaps, self.seed = gap_steps, gaps, seed
        self.data = Mixture(ring(4, dtype=torch.float64), 0.15)
        self.ways: list[Sequence[Regularizer]] = [(), (R1(weight),)]
        self.positions = np.linspace(0.5, 1.5, 41).tolist()

    def run(self) -> Findings:
        """Return spectra, path angles and duality gaps of both runs."""
        findings = Findings("The game near the end of a real run")
        results: dict[str, Measured] = {}
        for way in self.ways:
            name = " + ".join(["NonSaturating", *map(label, way)])
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self.seed)
                results[name] = self.measure(findings, name, way)
        findings.figures["game"] = self.draw(results)
        return findings

    def measure(self, findings: Findings, name: str, way: Sequence[Regularizer]) -> Measured:
        """Train once, and look."""
        hidden = (self.width, self.width)
        gan = SmallGAN(lambda n: self.data.sample(n)[0].float(), NonSaturating(), way, hidden)
        players = gan.parameters_of("generator"), gan.parameters_of("discriminator")
        start = read([*players[0], *players[1]])
        moments = {round(x) for x in np.geomspace(max(1, self.steps // 30), self.steps, self.gaps)}
        gaps = [(step, *self.gap(gan)) for step in gan.alternate(self.steps) if step in moments]
        real, latents = gan.real(self.samples), torch.randn(self.samples, 2)

        def losses() -> list[torch.Tensor]:
            round = Round({"x": real}, {"x": gan.generator(latents)})
            return [gan.objective(player, round)[0] for player in ("generator", "discriminator")]

        field = GameField(losses, players)
        spectrum = np.linalg.eigvals(field.jacobian())
        leading = field.leading_eigenvalues(LEADING)
        largest = np.sort(np.abs(spectrum))[::-1][:LEADING]
        for number, (dense, found) in enumerate(zip(largest, np.abs(leading), strict=True), 1):
            quantity = f"|eigenvalue {number}|: whole spectrum, Arnoldi"
            findings.add(name, quantity, float(dense), float(found))
        strong = spectrum[np.abs(spectrum) > 1e-2 * np.abs(spectrum).max()]
        rotating = float(np.mean(np.abs(strong.imag) > np.abs(strong.real)))
        findings.add(name, "strong eigenvalues that mostly rotate (share)", None, rotating)
        quantity = "smallest real part (below 0: not a local optimum of both)"
        findings.add(name, quantity, None, float(spectrum.real.min()))
        step, high, low, divergence = gaps[-1]
        findings.add(name, f"duality gap at step {step}", None, high - low)
        bound = "2 JS on a partition, which the gap of unlimited players exceeds"
        findings.add(name, bound, None, 2 * divergence)
        cosines, lengths = path_angle(field, start, read(field.parameters), self.positions)
        return Measured(spectrum, cosines, lengths, gaps)

    def gap(self, gan: SmallGAN) -> tuple[float, float, float]:
        """Return the game's value in both worst cases, and the true Jensen-Shannon divergence."""
        real, latents = gan.real(self.samples), torch.randn(self.samples, 2)
        worst = duality_gap(Minimax(), gan.generator, gan.logits, real, latents, self.gap_steps)
        with torch.no_grad():
            fake = gan.fake(20_000)
        return *worst, jensen_shannon(on_cells(fake, self.data, cells=24))

    def draw(self, results: dict[str, Measured]) -> Figure:
        """Return spectra, path angles and duality gaps."""
        figure, axes = tiles(3 * len(results), columns=3, width=3.9, height=3.1)
        for row, (name, result) in enumerate(results.items()):
            spectrum, path, gap = axes[3 * row : 3 * row + 3]
            # The scale comes first, or the limits leave no margin on it.
            spectrum.set_xscale("symlog", linthresh=1e-2)
            spectrum.set_yscale("symlog", linthresh=1e-2)
            spectrum.scatter(result.spectrum.real, result.spectrum.imag, s=10, color=CYCLE[row])
            spectrum.axvline(0, color="#bbbbbb", lw=0.8)
            x, y = "real part (attraction)", "imaginary part (rotation)"
            finish(spectrum, f"{name}: spectrum", x, y)
            path.plot(self.positions, result.cosines, color=CYCLE[row], label="cosine")
            path.axhline(0, color="#bbbbbb", lw=0.8)
            path.axvline(1, color="#bbbbbb", lw=0.8)
            x, y = "α, 0 is the start and 1 the end", "cosine of v and the path"
            finish(path, "path angle", x, y)
            steps, high, low, js = (np.array(x) for x in zip(*result.gaps, strict=True))
            gap.loglog(steps, high - low, "o-", color=CYCLE[row], label="duality gap")
            gap.loglog(steps, 2 * js, "s:", color="#777777", label="2 JS on a partition")
            finish(gap, "what is left to gain", "generator updates", "nats", legend=True)
        return figure
