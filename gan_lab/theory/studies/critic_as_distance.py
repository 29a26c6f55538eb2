"""Does the critic's loss track the Wasserstein distance during training?"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy.stats import spearmanr
from torch.optim import Adam, RMSprop

from gan_lab.data.mixture import Mixture as PlanarMixture
from gan_lab.data.mixture import ring
from gan_lab.losses import Wasserstein
from gan_lab.terms import GradientPenalty, WeightClipping
from gan_lab.theory.catalogue import Regularizer
from gan_lab.theory.critics import Sampler
from gan_lab.theory.densities import Gaussian, Mixture
from gan_lab.theory.figures import CYCLE, finish, tiles
from gan_lab.theory.lipschitz import exact_distance, steepest
from gan_lab.theory.playing import SmallGAN
from gan_lab.theory.study import Findings, Study, require_at_least


class Way(NamedTuple):
    """One way to keep a critic Lipschitz."""

    name: str
    regularizers: tuple[Regularizer, ...]
    optimizer: Callable[..., Any]
    spectral: bool = False


class Track(NamedTuple):
    """What was measured at each moment of a run."""

    steps: list[int]
    exact: list[float]
    estimated: list[float]
    steepness: list[float]


class CriticAsDistance(Study):
    """Train small WGANs three ways and compare the critic's value with the exact distance.

    References:
        Arjovsky et al. 2017, arXiv 1701.07875; Gulrajani et al. 2017, arXiv
        1704.00028; Miyato et al. 2018, arXiv 1802.05957.

    Args:
        steps: Generator updates.
        n_critic: Critic updates for each.
        samples: Samples at each measurement.
        every: Generator updates between measurements.
        clip: Weight clipping's bound, positive.
        weight: The gradient penalty's, positive.
        seed: Of networks and samples.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        steps: int = 200,
        n_critic: int = 10,
        samples: int = 512,
        every: int = 8,
        clip: float = 0.1,
        weight: float = 10.0,
        seed: int = 0,
    ) -> None:
        sizes = (("steps", steps), ("n_critic", n_critic), ("samples", samples), ("every", every))
        for name, value in sizes:
            require_at_least(name, value, 1)
        require_at_least("steps / every", steps // every, 3)
        self.steps, self.n_critic, self.samples = steps, n_critic, samples
        self.every, self.seed = every, seed
        adam = partial(Adam, lr=2e-3, betas=(0.0, 0.9))
        self.ways = [
            Way(f"clipping {clip:g}", (WeightClipping(clip),), partial(RMSprop, lr=2e-3)),
            Way(f"gradient penalty {weight:g}", (GradientPenalty(weight),), adam),
            Way("spectral norm", (), adam, spectral=True),
        ]

    def run(self) -> Findings:
        """Return rank correlation, bias and steepness of every run."""
        findings = Findings("The critic's value beside the exact Wasserstein-1 distance")
        line = Mixture([Gaussian(2, 0.3), Gaussian(4, 0.3)])
        plane = PlanarMixture(ring(8, radius=2.0, dtype=torch.float64), 0.1)
        places: dict[str, Sampler] = {
            "line": lambda n: line.sample(n).float().unsqueeze(1),
            "plane": lambda n: plane.sample(n)[0].float(),
        }
        tracks: dict[tuple[str, str], Track] = {}
        for place, real in places.items():
            for way in self.ways:
                with torch.random.fork_rng(devices=[]):
                    torch.manual_seed(self.seed)
                    track = self.train(real, way)
                tracks[place, way.name] = track
                conclude(findings, f"{way.name}, {place}", track)
                findings.curves[f"{way.name}, {place}/exact"] = track.exact
                findings.curves[f"{way.name}, {place}/estimated"] = track.estimated
                findings.curves["step"] = [float(step) for step in track.steps]
        findings.figures["critic_as_distance"] = draw(tracks)
        return findings

    def train(self, real: Sampler, way: Way) -> Track:
        """Train once and measure on fresh samples."""
        gan = SmallGAN(
            real,
            Wasserstein(),
            way.regularizers,
            optimizer=way.optimizer,
            # The critic must be near its optimum for its value to mean a distance.
            generator_optimizer=partial(Adam, lr=3e-4, betas=(0.0, 0.9)),
            n_critic=self.n_critic,
            batch_size=128,
            spectral=way.spectral,
        )
        track = Track([], [], [], [])
        for step in gan.alternate(self.steps):
            if step % self.every:
                continue
            gan.discriminator.eval()  # spectral norm's power iteration must rest
            with torch.no_grad():
                sample, fake = real(self.samples), gan.fake(self.samples)
            track.steps.append(step)
            track.exact.append(exact_distance(sample, fake))
            track.estimated.append(gan.estimate(sample, fake))
            track.steepness.append(steepest(gan.logits, sample, fake))
            gan.discriminator.train()
        return track


def conclude(findings: Findings, name: str, track: Track) -> None:
    """Add how well the critic's value followed the distance."""
    exact, estimated, steep = (np.array(x) for x in (track.exact, track.estimated, track.steepness))
    rank = float(spearmanr(exact, estimated)[0])
    findings.add(name, "rank correlation of estimate and W1", 1.0, rank)
    findings.add(name, "median of estimate / W1", 1.0, float(np.median(estimated / exact)))
    findings.add(name, "median of the steepest slope K seen", None, float(np.median(steep)))
    # Kantorovich and Rubinstein: no K-Lipschitz function gains more than K W1.
    share = float(np.mean(estimated <= 1.02 * steep * exact))
    findings.add(name, "share of moments with estimate ≤ K W1", 1.0, share)


def draw(tracks: dict[tuple[str, str], Track]) -> Figure:
    """Return estimate and distance over time, and against each other."""
    figure, axes = tiles(len(tracks) * 2, columns=6, width=2.7, height=2.6)
    for column, ((place, name), track) in enumerate(tracks.items()):
        offset = 6 * (column // 3) + 2 * (column % 3)
        over, against = axes[offset], axes[offset + 1]
        over.plot(track.steps, track.exact, color=CYCLE[0], label="exact W1")
        over.plot(track.steps, track.estimated, color=CYCLE[1], label="critic's value")
        finish(over, f"{name}, {place}", "generator updates", "distance", legend=True)
        against.scatter(track.exact, track.estimated, c=track.steps, cmap="viridis", s=12)
        limit = max(track.exact)
        against.plot([0, limit], [0, limit], color="#bbbbbb", lw=0.8)
        rank = spearmanr(track.exact, track.estimated)[0]
        finish(against, f"rank correlation {rank:.2f}", "exact W1", "critic's value")
    return figure
