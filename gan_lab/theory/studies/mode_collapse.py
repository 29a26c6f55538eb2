"""What a GAN covers of a mixture, seen in time."""

import math
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.optim import Adam

from gan_lab.data.mixture import Mixture, ring
from gan_lab.losses import NonSaturating
from gan_lab.theory.collapse import all_three, covering, mode_counts, on_cells, over_modes
from gan_lab.theory.divergences import jensen_shannon
from gan_lab.theory.figures import CYCLE, FAKE, REAL, finish, tiles
from gan_lab.theory.playing import SmallGAN
from gan_lab.theory.study import Findings, Study, require_at_least

Moment = dict[str, float]


class ModeCollapse(Study):
    """Train the same small GAN with a slow and with an equally fast discriminator.

    A generator that moves ten times faster than the discriminator chases one
    mode after the other.

    References:
        Unrolled Generative Adversarial Networks (Metz et al. 2017), appendix A,
        arXiv 1611.02163, for the setting.

    Args:
        modes: Gaussians on the ring.
        scale: Their standard deviation, positive; the ring's radius is 1.
        steps: Generator updates.
        samples: Generated samples at each measurement.
        moments: Measurements in a run.
        slow: The slow discriminator's share of the generator's step size, positive.
        latent_dim: Length of a latent vector, positive. From a plane, a ring's modes must be torn
            apart, and what is learnt hangs on the seed.
        seed: Of networks and samples.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        modes: int = 8,
        scale: float = 0.05,
        steps: int = 1600,
        samples: int = 10_000,
        moments: int = 32,
        slow: float = 0.1,
        latent_dim: int = 16,
        seed: int = 0,
    ) -> None:
        for name, value in (
            *(("steps", steps), ("samples", samples), ("moments", moments)),
            ("latent_dim", latent_dim),
        ):
            require_at_least(name, value, 1)
        self.mixture = Mixture(ring(modes, dtype=torch.float64), scale)
        self.steps, self.samples, self.moments, self.seed = steps, samples, moments, seed
        self.latent_dim = latent_dim
        if not slow > 0:
            raise ValueError(f"slow must be positive, got {slow}")
        self.ways = {f"discriminator {slow:g} as fast": slow, "equally fast": 1.0}

    def run(self) -> Findings:
        """Return coverage and divergences, at the end and on the way."""
        findings = Findings("Mode collapse in time")
        self.calibrate(findings)
        runs: dict[str, list[Moment]] = {}
        pictures: dict[str, list[tuple[int, Tensor]]] = {}
        for name, speed in self.ways.items():
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self.seed)
                runs[name], pictures[name] = self.train(speed)
            self.conclude(findings, name, runs[name])
            for key in runs[name][0]:
                if key != "step":
                    findings.curves[f"{name}/{key}"] = [moment[key] for moment in runs[name]]
            findings.curves["step"] = [moment["step"] for moment in runs[name]]
        findings.figures["mode_collapse_curves"] = self.draw_curves(runs)
        findings.figures["mode_collapse_samples"] = self.draw_samples(pictures)
        return findings

    def calibrate(self, findings: Findings) -> None:
        """Measure mixtures that lack modes, whose divergences are known."""
        count = len(self.mixture.centres)
        random = torch.Generator().manual_seed(self.seed)
        for covered in sorted({1, max(1, count // 2), count}):
            part = Mixture(self.mixture.centres[:covered], self.mixture.deviation)
            counts = mode_counts(part.sample(200_000, random)[0], self.mixture)
            names = "KL(p||q) over modes", "KL(q||p) over modes", "JS over modes"
            wanted, found = covering(count, covered), all_three(over_modes(counts))
            for name, theory, measured in zip(names, wanted, found, strict=True):
                findings.add(f"{covered} of {count} modes", f"{name} (nats)", theory, measured)

    def train(self, speed: float) -> tuple[list[Moment], list[tuple[int, Tensor]]]:
        """Train once; return measurements and samples at some moments."""
        gan = SmallGAN(
            lambda n: self.mixture.sample(n)[0].float(),
            NonSaturating(),
            hidden=(128, 128),
            latent_dim=self.latent_dim,
            optimizer=partial(Adam, lr=1e-3 * speed, betas=(0.5, 0.99)),
            generator_optimizer=partial(Adam, lr=1e-3, betas=(0.5, 0.99)),
        )
        every = max(1, self.steps // self.moments)
        kept = {round(x) for x in np.linspace(1, self.steps, 5)}
        history, pictures = [], []
        for step in gan.alternate(self.steps):
            if step % every == 0 or step == 1:
                history.append({"step": float(step)} | self.measure(gan))
            if step in kept:
                with torch.no_grad():
                    pictures.append((step, gan.fake(1500)))
        return history, pictures

    def measure(self, gan: SmallGAN) -> Moment:
        """Return coverage, divergences over modes, and the true and the estimated JS."""
        with torch.no_grad():
            fake = gan.fake(self.samples)
        counts = mode_counts(fake, self.mixture)
        forward, reverse = math.inf, math.inf
        if int(counts.sum()) > 0:
            forward, reverse, _ = all_three(over_modes(counts))
        return {
            "modes": float((counts > 0).sum()),
            "high quality": float(counts.sum()) / len(fake),
            "KL(p||q) over modes": forward,
            "KL(q||p) over modes": reverse,
            "JS": jensen_shannon(on_cells(fake, self.mixture)),
            "JS by the discriminator": gan.estimate(gan.real(self.samples), fake),
        }

    def conclude(self, findings: Findings, name: str, history: list[Moment]) -> None:
        """Add how a run ended, and whether the discriminator's estimate was a lower bound."""
        end, count = history[-1], len(self.mixture.centres)
        findings.add(name, f"modes covered, of {count}", None, end["modes"])
        findings.add(name, "share within 3 scales of a mode", None, end["high quality"])
        wanted = math.inf if end["modes"] < count else None
        findings.add(name, "KL(p||q) over modes (nats)", wanted, end["KL(p||q) over modes"])
        findings.add(name, "KL(q||p) over modes (nats)", None, end["KL(q||p) over modes"])
        findings.add(name, "JS on a partition (nats)", None, end["JS"])
        findings.add(name, "JS by the discriminator (nats)", None, end["JS by the discriminator"])
        share = np.mean([m["JS by the discriminator"] <= m["JS"] for m in history])
        findings.add(name, "moments at which its estimate is a lower bound", 1.0, float(share))

    def draw_curves(self, runs: dict[str, list[Moment]]) -> Figure:
        """Return coverage, both KLs and both JSs over time."""
        figure, axes = tiles(3, columns=3, width=4.0, height=3.3)
        top = 1.1 * max(
            [m[k] for h in runs.values() for m in h for k in m if "KL" in k and math.isfinite(m[k])]
            + [1.0]
        )
        for colour, (name, history) in zip(CYCLE, runs.items(), strict=False):
            steps = [m["step"] for m in history]
            axes[0].plot(steps, [m["modes"] for m in history], "o-", ms=3, color=colour, label=name)
            for key, style in (("KL(p||q) over modes", "-"), ("KL(q||p) over modes", ":")):
                values = [min(m[key], top) for m in history]
                axes[1].plot(steps, values, style, color=colour, label=f"{key[:8]}, {name}")
                lost = [s for s, m in zip(steps, history, strict=True) if math.isinf(m[key])]
                axes[1].plot(lost, [top] * len(lost), "x", ms=4, color=colour)
            true = [m["JS"] for m in history]
            axes[2].plot(steps, true, "-", color=colour, label=f"true, {name}")
            estimates = [m["JS by the discriminator"] for m in history]
            axes[2].plot(steps, estimates, "--", color=colour, label=f"estimated, {name}")
        axes[0].set_ylim(0, len(self.mixture.centres) * 1.15)
        axes[1].axhline(top, color="#bbbbbb", lw=0.8)
        axes[1].text(0, top, " x: infinite", fontsize=8, va="bottom")
        axes[2].axhline(math.log(2), color="#bbbbbb", lw=0.8)
        axes[2].text(0, math.log(2), " log 2", fontsize=8, va="bottom")
        finish(axes[0], "coverage", "generator updates", "modes covered", legend=True)
        finish(axes[1], "divergence over modes", "generator updates", "nats", legend=True)
        finish(axes[2], "Jensen-Shannon, true and estimated", "generator updates", "nats", True)
        return figure

    def draw_samples(self, pictures: dict[str, list[tuple[int, Tensor]]]) -> Figure:
        """Return samples at five moments of each run."""
        columns = max(len(shots) for shots in pictures.values())
        figure, axes = tiles(len(pictures) * columns, columns, 2.4, 2.6)
        for row, (name, shots) in enumerate(pictures.items()):
            for column, (step, points) in enumerate(shots):
                axis = axes[row * columns + column]
                axis.plot(*self.mixture.centres.T, "o", ms=12, mfc="none", color=REAL)
                axis.plot(*points.T, ".", ms=1.5, alpha=0.4, color=FAKE)
                axis.set(xlim=(-1.8, 1.8), ylim=(-1.8, 1.8), aspect="equal")
                finish(axis, f"step {step}", "x₁", name if column == 0 else "x₂")
        return figure
