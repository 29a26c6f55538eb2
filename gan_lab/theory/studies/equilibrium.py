"""Does the tabular game end at -log 4, with p_g = p_data and D = 1/2?"""

import math
from collections.abc import Sequence

import torch
from matplotlib.figure import Figure

from gan_lab.losses import AdversarialLoss, LeastSquares, Minimax, NonSaturating
from gan_lab.theory.catalogue import label
from gan_lab.theory.densities import Discrete
from gan_lab.theory.dirac import neutral_logit
from gan_lab.theory.figures import CYCLE, FAKE, REAL, finish, tiles
from gan_lab.theory.laws import law
from gan_lab.theory.study import Findings, Study, require_at_least
from gan_lab.theory.tabular import Play, on_atoms, play


class Equilibrium(Study):
    """Play the game on atoms until it settles.

    References:
        Goodfellow et al. 2014, theorem 1 and proposition 2, arXiv 1406.2661.

    Args:
        target: The real distribution; every probability positive.
        games: Losses whose games to play; Minimax, NonSaturating and LeastSquares by default.
        steps: Generator updates.
        step_size: Of the generator's natural gradient, positive.
        seed: Of the generator's start.

    Raises:
        ValueError: If an atom has no probability or a number is out of range.
    """

    def __init__(
        self,
        target: Discrete | None = None,
        games: Sequence[AdversarialLoss] | None = None,
        steps: int = 120,
        step_size: float = 1.0,
        seed: int = 0,
    ) -> None:
        self.target = target or Discrete([0.05, 0.1, 0.15, 0.3, 0.4])
        if not bool((self.target.probabilities > 0).all()):
            raise ValueError("every probability of the target must be positive")
        if not step_size > 0:
            raise ValueError(f"step_size must be positive, got {step_size}")
        require_at_least("steps", steps, 1)
        self.games = games or [Minimax(), NonSaturating(), LeastSquares()]
        self.steps, self.step_size, self.seed = steps, step_size, seed

    def run(self) -> Findings:
        """Return where each game ended, and how it got there."""
        findings = Findings("The tabular game at its equilibrium")
        random = torch.Generator().manual_seed(self.seed)
        start = torch.randn(len(self.target.points), generator=random)
        games: dict[str, Play] = {}
        for loss in self.games:
            game = play(loss, self.target, start, self.steps, self.step_size)
            self.compare(findings, loss, game)
            games[label(loss)] = game
            findings.curves[f"V(D*, G)/{label(loss)}"] = game.values
        findings.curves["step"] = [float(step) for step in range(self.steps)]
        findings.figures["equilibrium"] = self.draw(games)
        return findings

    def compare(self, findings: Findings, loss: AdversarialLoss, game: Play) -> None:
        """Add the value, the generator and the discriminator at the end."""
        name, known = label(loss), law(loss).loss
        if isinstance(loss, Minimax) and loss.real_label == 1:
            quantity, value = "value at equilibrium, -log 4", -math.log(4)
        else:
            quantity, value = "minus the discriminator's loss at equilibrium", None
            if known is not None:
                value = -known(on_atoms(self.target, self.target.probabilities))
        findings.add(name, quantity, value, game.values[-1])
        distance = (game.generated[-1] - self.target.probabilities).abs().max()
        findings.add(name, "largest |p_g - p_data|", 0.0, float(distance))
        if isinstance(loss, Minimax):
            odds = (game.logits[-1].sigmoid() - 0.5).abs().max()
            findings.add(name, "largest |D - 1/2|", 0.0, float(odds))
        else:
            off = (game.logits[-1] - neutral_logit(loss)).abs().max()
            findings.add(name, "largest |D's logit - its neutral logit|", 0.0, float(off))

    def draw(self, games: dict[str, Play]) -> Figure:
        """Return the values over the steps, the distributions at both ends, and D."""
        figure, axes = tiles(3, columns=3, width=3.7, height=3.1)
        for colour, (name, game) in zip(CYCLE * 9, games.items(), strict=False):
            axes[0].plot(game.values, color=colour, label=name)
        axes[0].axhline(-math.log(4), color="#222222", linestyle=":", label="-log 4 = -1.3863")
        axes[0].axhline(0, color="#bbbbbb", linewidth=0.8)
        finish(
            axes[0],
            "value of the game",
            "generator updates",
            "V(D*, G) = minus D's least loss",
            legend=True,
        )
        name, game = next(iter(games.items()))
        atoms = range(len(self.target.points))
        for offset, masses, colour, words in (
            (-0.27, game.generated[0], "#e8b4bc", "p_g at the start"),
            (0.0, game.generated[-1], FAKE, "p_g at the end"),
            (0.27, self.target.probabilities, REAL, "p_data"),
        ):
            places = [atom + offset for atom in atoms]
            axes[1].bar(places, masses.tolist(), 0.26, color=colour, label=words)
        finish(axes[1], f"distributions ({name})", "atom", "probability", legend=True)
        for atom in atoms:
            odds = game.logits[:, atom].sigmoid()
            axes[2].plot(odds, color=CYCLE[atom % len(CYCLE)], label=f"atom {atom}")
        axes[2].axhline(0.5, color="#222222", linestyle=":")
        title = f"optimal discriminator ({name})"
        finish(axes[2], title, "generator updates", "D* = sigmoid(logit)", legend=True)
        return figure
