"""What a sweep optimises: a figure by any name that it is known by, checked before training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gan_lab.errors import LabError
from gan_lab.run.figures import AVERAGED, resolve

if TYPE_CHECKING:
    from pytorch_lightning import Trainer

    from gan_lab.game import GAN


def objective(summary: Mapping[str, Any], name: str | None) -> float | None:
    """Return the final value called ``name``, which a sweep optimises.

    Raises:
        LabError: If the run logged no such value, or several.
    """
    if name is None:
        return None
    final: Mapping[str, float] = summary["final"]
    return final[meant(name, final)]


def refuse_unknown(name: str | None, trainer: Trainer, module: GAN) -> None:
    """Raise LabError where a run that is about to start will log nothing called ``name``."""
    if name is None:
        return
    known = logged(trainer, module)
    several = len(module.discriminator.parts()) > 1  # whose curves are called after each of them
    families = {full.partition("/")[0] for full in known if full.startswith(PER_PART)}
    if not (several and name.partition("/")[0] in families):
        meant(name, known)


PER_PART = "logits/", "accuracy/", "divergence/"


def meant(name: str, known: Mapping[str, Any] | set[str]) -> str:
    """Return the full name that an objective has among ``known``."""
    try:
        return resolve(name, known)
    except LabError as error:
        raise LabError(f"objective={name}: {error}") from error


def logged(trainer: Trainer, module: GAN) -> set[str]:
    """Return the full names of what a run will have logged by its end."""
    import torch

    from gan_lab.callbacks import EMA, MetricEvaluation, TrainingCurves
    from gan_lab.callbacks.curves import summarise
    from gan_lab.contracts import PLAYERS, Term

    names: set[str] = set()
    watchers = trainer.callbacks  # type: ignore[attr-defined]
    averaged = any(isinstance(w, EMA) and w.decay is not None for w in watchers)
    for watcher in watchers:
        if isinstance(watcher, TrainingCurves):
            report = dict.fromkeys(("logits/real", "logits/fake"), torch.zeros(2))
            names |= set(summarise(module.loss, module.discriminator, [report])) | {
                "images_per_second"
            }
            names |= {f"{curve}/{player}" for curve in CURVES for player in PLAYERS}
            terms = module.terms.items()
            names |= {f"term/{key}" for key, term in terms if isinstance(term, Term)}
        elif isinstance(watcher, MetricEvaluation):
            figures = watcher.labels()
            names |= figures | ({f"{n}{AVERAGED}" for n in figures} if averaged else set())
    return names


CURVES = "loss", "gradient_norm", "learning_rate"
