"""What a private game must not hold, and how its account begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

from gan_lab.contracts import AdversarialLoss, Term
from gan_lab.descents import Private
from gan_lab.errors import LabError
from gan_lab.game.judge import couples_samples, moves_at_every_pass

if TYPE_CHECKING:
    from gan_lab.game.module import GAN
    from gan_lab.game.updates import Updates

NORM = "use discriminator_norm=none (or layer)"


def refuse_leaks(game: GAN) -> None:
    """Raise ValueError where a sample would reach the weights past its own clipped gradient."""
    discriminator, loss = game.discriminator, game.loss
    terms = [rule for rule in game.terms.values() if isinstance(rule, Term)]
    theirs = [term for term in terms if "discriminator" in term.players]
    reading = [part for part in (loss, *terms) if getattr(part, "needs_real", False)]
    reasons = {
        f"batch norm or another layer of the discriminator couples samples; {NORM}": (
            couples_samples(discriminator)
        ),
        "packing judges samples together; use packing=1": discriminator.packing > 1,
        "spectral norm moves weights at each pass, past the account; use spectral_norm=false": (
            moves_at_every_pass(discriminator)
        ),
        "augmentations are drawn for each side in a pass of its own; use augmentation=none": (
            bool(game.augmentations)
        ),
        f"{name_of(theirs)} adds to the discriminator's gradient what is not clipped by sample; "
        "take it away": bool(theirs),
        f"{name_of(reading)} shows real samples to the generator; use another, such as "
        "loss=non_saturating": bool(reading),
        f"{type(loss).__name__} remembers real logits; use another, such as loss=non_saturating": (
            type(loss).after_update is not AdversarialLoss.after_update
        ),
        f"the task {type(game.task).__name__} shows real samples to the generator; use "
        "task=generation": game.task.reads_data,
    }
    for reason, true in reasons.items():
        if true:
            raise ValueError(f"descent=private: {reason}")
    if couples_logits(loss):
        raise ValueError(
            f"descent=private: {type(loss).__name__} couples samples; use another, such as "
            "loss=non_saturating"
        )


def name_of(parts: list[Any]) -> str:
    """Return the class of the first of some parts, or nothing of none."""
    return type(parts[0]).__name__ if parts else ""


def couples_logits(loss: AdversarialLoss) -> bool:
    """Tell whether what the discriminator minimises is no sum of terms of one logit each."""
    points = torch.linspace(-0.9, 1.1, 6)

    def value(logits: torch.Tensor) -> torch.Tensor:
        return loss.discriminator(logits[:3], logits[3:])

    with torch.enable_grad(), torch.device("cpu"):
        curvature = torch.autograd.functional.hessian(value, points)  # type: ignore[no-untyped-call]
    mixed = curvature - torch.diag(torch.diagonal(curvature))
    return bool(mixed.abs().max() > 1e-6)


def begin_account(game: Updates) -> None:
    """Let a private descent know its data, and end the run where its target is reached.

    Raises:
        LabError: If the data cannot be drawn by chance, or nothing is left to spend.
    """
    trainer, descent = game.trainer, cast(Private, game.descent)
    data: Any = getattr(trainer, "datamodule", None)
    if trainer.world_size > 1:
        raise LabError("descent=private keeps one account, of one process; use trainer.devices=1")
    if trainer.precision == "16-mixed" or getattr(game.discriminator, "_compiled_call_impl", None):
        raise LabError(
            "descent=private tells gradients by sample, which scaled losses and compiled networks "
            "do not; use compile=null and trainer.precision=32-true or bf16-mixed"
        )
    if not getattr(data, "poisson", False):
        raise LabError(
            "descent=private draws each sample by a chance of its own, which this data set's "
            "loader does not; use a set in memory, such as data=mnist"
        )
    descent.begin(data.train.size, data.batch_size)
    done, most = game.first_step, trainer.max_steps
    if descent.target_epsilon is None:
        return
    left = descent.updates_left(game.n_critic * (max(most, 0) - done or 1)) // game.n_critic
    if most < 0:  # for ever
        left = descent.updates_left(2**40) // game.n_critic
    if not left:
        raise LabError(
            f"descent.target_epsilon={descent.target_epsilon:g} allows no update more: epsilon is "
            f"{descent.epsilon():.3g} and the next step makes it "
            f"{descent.epsilon(game.n_critic):.3g}; raise it, descent.noise_multiplier or "
            "the number of samples"
        )
    if done + left < most or most < 0:
        trainer.fit_loop.epoch_loop.max_steps = done + left
