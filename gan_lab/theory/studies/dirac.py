"""Which methods converge on the smallest game there is?"""

import difflib
from collections.abc import Sequence

import numpy as np

from gan_lab.descents import Consensus, Extragradient, Optimistic
from gan_lab.losses import AdversarialLoss, Minimax, NonSaturating, RelativisticPairing, Wasserstein
from gan_lab.terms import R1, R1R2, R2, GradientPenalty, WeightClipping
from gan_lab.theory.catalogue import Regularizer, label, losses, regularizers
from gan_lab.theory.dirac import DiracGame, Method, Point, Steps
from gan_lab.theory.dirac_laws import predicted, predicted_round, predicted_verdict
from gan_lab.theory.progress import tracked
from gan_lab.theory.stability import eigenvalues, flow, map_eigenvalues, trajectory
from gan_lab.theory.studies.dirac_figures import Portrait, animate, draw_matrix, draw_portraits
from gan_lab.theory.study import Findings, Study, require_at_least

SHOWN = [
    Method(Minimax()),
    Method(NonSaturating()),
    Method(RelativisticPairing()),
    Method(Wasserstein()),
    Method(Wasserstein(), (WeightClipping(1.0),)),
    Method(Wasserstein(), (GradientPenalty(0.3),)),
    Method(NonSaturating(), noise=1.0),
    Method(NonSaturating(), descent=Consensus(1.0)),
    Method(Minimax(), descent=Extragradient()),
    Method(Minimax(), descent=Optimistic()),
    Method(NonSaturating(), (R1(),)),
    Method(NonSaturating(), (R2(),)),
    Method(NonSaturating(), (R1R2(),)),
    Method(RelativisticPairing(), (R1R2(),)),
]
"""The methods that get a phase portrait by default."""
START: Point = (0.5, 0.5)


class Dirac(Study):
    """Eigenvalues and verdicts for every loss × regularizer; phase portraits of some.

    References:
        Mescheder et al. 2018, arXiv 1801.04406; Gidel et al. 2019, arXiv 1802.10551, and
        Daskalakis et al. 2018, arXiv 1711.00141, for the descents.

    Args:
        methods: Methods with a phase portrait; fourteen published ones if not given.
        losses: Losses of the table; every one there is if not given.
        regularizers: Regularizers of the table; every one there is if not given.
        only: Names of methods; the table then holds no others.
        step_size: Of simultaneous and alternating updates, positive.
        rounds: Rounds of updates drawn in a portrait.
        animated: Whether to make the animation.

    Raises:
        ValueError: If a name is not a method's or a number is out of range.
    """

    def __init__(
        self,
        methods: Sequence[Method] | None = None,
        losses: Sequence[AdversarialLoss] | None = None,
        regularizers: Sequence[Regularizer] | None = None,
        only: Sequence[str] | None = None,
        step_size: float = 0.2,
        rounds: int = 150,
        animated: bool = True,
    ) -> None:
        if not step_size > 0:
            raise ValueError(f"step_size must be positive, got {step_size}")
        require_at_least("rounds", rounds, 1)
        self.step_size, self.rounds, self.animated = step_size, rounds, animated
        self.shown = list(SHOWN if methods is None else methods)
        self.table = combinations(losses, regularizers)
        if only is not None:
            known = {method.name: method for method in [*self.table, *self.shown]}
            for name in only:
                require_method(name, list(known))
            self.table = self.shown = [known[name] for name in only]

    def run(self) -> Findings:
        """Return eigenvalues, verdicts and pictures."""
        findings = Findings("Dirac-GAN: eigenvalues at the equilibrium and what they mean")
        portraits: list[Portrait] = []
        games: list[DiracGame] = []
        verdicts: dict[str, tuple[float | None, str]] = {}
        methods = {method.name: method for method in [*self.shown, *self.table]}
        shown = {method.name for method in self.shown}
        for name, method in tracked(list(methods.items()), "methods"):
            try:
                game = DiracGame(method, self.step_size)
                values = eigenvalues(game)
            except (ValueError, RuntimeError, IndexError) as error:
                verdicts[name] = None, "does not apply"
                note = f"{label(method.regularizers[0])} does not apply: {error}"
                if note not in findings.notes:
                    findings.notes.append(note)
                continue
            word = verdict(game, values)
            compare(findings, game, values, word, full=name in shown)
            verdicts[name] = None if values is None else float(values.real.max()), word
            if name in shown:
                portraits.append(self.portrait(game, word, values))
                games.append(game)
        for game in tracked(games, "rounds of updates"):
            compare_rounds(findings, game)
        if any(isinstance(game.method.descent, Optimistic) for game in games):
            findings.notes.append("optimistic descent has the plain field; it differs in its steps")
        findings.figures["dirac_portraits"] = draw_portraits(portraits)
        if len(self.table) > len(self.shown):
            findings.figures["dirac_table"] = draw_matrix(self.table, verdicts)
        if self.animated:
            findings.animations["dirac"] = animate(portraits)
        return findings

    def portrait(self, game: DiracGame, word: str, values: np.ndarray | None) -> Portrait:
        """Return what a method's tile shows."""
        axis = np.linspace(-1.6, 1.6, 13)
        arrows = np.array([[game.velocity((x, y)) for x in axis] for y in axis])
        together = trajectory(game, (1.0, 1.0), self.rounds, Steps())
        in_turn = trajectory(game, (1.0, 1.0), self.rounds, Steps(False))
        return Portrait(game.method.name, word, values, axis, arrows, together, in_turn)


def combinations(
    chosen_losses: Sequence[AdversarialLoss] | None,
    chosen_regularizers: Sequence[Regularizer] | None,
) -> list[Method]:
    """Return every loss alone and with every regularizer."""
    every = losses() if chosen_losses is None else chosen_losses
    items = regularizers() if chosen_regularizers is None else chosen_regularizers
    choices: list[tuple[Regularizer, ...]] = [(), *((item,) for item in items)]
    return [Method(loss, choice) for loss in every for choice in choices]


def require_method(name: str, known: Sequence[str]) -> None:
    """Raise ValueError where ``name`` is not among the known methods."""
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
        raise ValueError(f"there is no method {name!r}; {hint}")


def verdict(game: DiracGame, values: np.ndarray | None) -> str:
    """Return in words what becomes of the flow along the field near the equilibrium.

    Where the eigenvalues do not decide, the game is played.
    """
    if values is None:
        path = trajectory(DiracGame(game.method, 0.02), START, 400, Steps())
        restless = np.linalg.norm(path[-100:], axis=1).max() > 0.05
        return "does not converge" if restless else "converges"
    if values.real.max() < -1e-4:
        return "converges"
    if values.real.max() > 1e-4:
        return "diverges"
    distance = np.linalg.norm(flow(game, START, 50.0), axis=1)
    early, late = distance[:14].max(), distance[-14:].max()
    if late < 0.98 * early:
        return "converges slowly"
    if late > 1.02 * early:
        return "diverges"
    return "circles" if values.imag.max() > 1e-4 else "undecided"


def compare(
    findings: Findings, game: DiracGame, values: np.ndarray | None, word: str, full: bool
) -> None:
    """Add a method's eigenvalues and, where ``full``, both of them and the verdict."""
    method, size = game.method, game.step_size
    wanted = predicted(method, size)
    if values is None:
        jumps = predicted_verdict(method, size) == "does not converge"
        text = "none: the field jumps" if jumps else None
        findings.add(method.name, "eigenvalue", text, "none: the field jumps")
    elif wanted is None:
        findings.add(method.name, "eigenvalue", None, complex(values[0]))
    else:
        for number in (1, 2) if full else (1,):
            theory, found = wanted[number - 1], complex(values[number - 1])
            findings.add(method.name, f"eigenvalue {number}", theory, found)
    if full:
        findings.add(method.name, "verdict", predicted_verdict(method, size), word)


def compare_rounds(findings: Findings, game: DiracGame) -> None:
    """Add the eigenvalues of discrete rounds of updates, where theory knows them."""
    method, size = game.method, game.step_size
    for steps in (Steps(), Steps(False), Steps(False, 2, 1), Steps(False, 1, 3)):
        wanted = predicted_round(method, size, steps)
        if wanted is None:
            continue
        found = map_eigenvalues(game, steps)
        kind = (
            "simultaneous"
            if steps.simultaneous
            else f"alternating {steps.discriminator}:{steps.generator}"
        )
        quantity = f"round of {kind} steps of {size:g}: eigenvalue"
        findings.add(method.name, quantity, wanted[0], complex(found[0]))
        findings.add(
            method.name, quantity.replace("eigenvalue", "growth"), abs(wanted[0]), abs(found[0])
        )
