"""Which parts of a game go together; those that do not are refused by a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from torch import Tensor

from gan_lab.contracts import (
    AdversarialLoss,
    Descent,
    Discriminator,
    Round,
    Rule,
    Sample,
    Task,
    Term,
)
from gan_lab.errors import LabError
from gan_lab.game.judge import couples_samples
from gan_lab.game.private import refuse_leaks

if TYPE_CHECKING:
    from gan_lab.game.module import GAN
    from gan_lab.game.updates import Updates


def require_numbers(
    n_critic: int, gradient_clip_val: float | None, adversarial_weight: float
) -> None:
    """Raise ValueError where a number is out of range."""
    if n_critic < 1:
        raise ValueError(f"n_critic must be at least 1, got {n_critic}")
    if gradient_clip_val is not None and not gradient_clip_val > 0:
        raise ValueError(f"gradient_clip_val must be positive, got {gradient_clip_val}")
    if not adversarial_weight >= 0:
        raise ValueError(f"adversarial_weight must not be negative, got {adversarial_weight}")


def refuse_mismatch(game: GAN) -> None:
    """Raise ValueError where parts contradict each other."""
    task, discriminator = game.task, game.discriminator
    rules: list[Any] = [*game.terms.values(), *game.augmentations.values()]
    refuse_shapes(task, discriminator)
    refuse_conditioning(task, discriminator)
    refuse_heads(discriminator, rules)
    refuse_coupled_samples(discriminator, rules)
    refuse_critic(game.loss, [*rules, game.descent])
    if game.descent.private:
        refuse_leaks(game)
    for rule in rules:  # says by itself what it is not for
        rule.check(task, discriminator)


def refuse_shapes(task: Task, discriminator: Discriminator) -> None:
    """Raise ValueError where the discriminator cannot look at what the generator draws."""
    shape = discriminator.sample_shape
    if shape is not None and shape != task.medium.shape:
        raise ValueError(
            f"the generator draws {list(task.medium.shape)} and the discriminator judges "
            f"{list(shape)}; make their sample_shape equal"
        )


def refuse_conditioning(task: Task, discriminator: Discriminator) -> None:
    """Raise ValueError where labels would enter one side and not matter to the other."""
    ours, theirs = task.num_classes, discriminator.num_classes
    unseen = ours == 0 and "label" not in discriminator.reads  # recognised, not asked for
    if ours != theirs and not unseen:
        raise ValueError(
            f"the generator has {ours} classes and the discriminator {theirs}; both must know the "
            "same labels (conditioning=none, concatenation, projection, auxiliary_classifier or "
            "infogan sets both)"
        )


def refuse_heads(discriminator: Discriminator, rules: Iterable[Rule]) -> None:
    """Raise ValueError where a term reads a head that is not there, or nobody reads one that is."""
    read: set[str] = set()
    for term in rules:
        if not isinstance(term, Term):
            continue
        read |= set(term.needs_heads)
        missing = set(term.needs_heads) - set(discriminator.gives)
        if missing:
            raise ValueError(
                f"{type(term).__name__} reads the second head {min(missing)}, which this "
                f"discriminator has not; it gives {', '.join(discriminator.gives) or 'none'}"
            )
    unread = [name for name in discriminator.taught if name not in read]
    if unread:
        raise ValueError(
            f"nothing teaches the discriminator's second head {unread[0]}; add a term that reads "
            "it (Classification, Information, CodeRecovery), or take the head away"
        )


def refuse_coupled_samples(discriminator: Discriminator, rules: Iterable[Rule]) -> None:
    """Raise ValueError where batch norm would make a per-sample gradient meaningless."""
    if not couples_samples(discriminator):
        return
    for term in rules:
        if isinstance(term, Term) and term.per_sample:
            raise ValueError(
                f"{type(term).__name__} needs per-sample gradients, which batch norm in the "
                "discriminator couples; use discriminator_norm=none or discriminator_norm=layer"
            )


def refuse_critic(loss: AdversarialLoss, rules: Iterable[Rule | Descent]) -> None:
    """Raise ValueError where a rule asks which logits say "real" and the loss does not know."""
    if loss.real_threshold is not None:
        return
    for rule in rules:
        if rule.needs_margin:
            raise ValueError(
                f"{type(rule).__name__} asks which logits say real, and {type(loss).__name__}'s, a "
                "critic's, say neither; use a loss that has a threshold, such as "
                "loss=non_saturating, hinge or lsgan"
            )


def refuse_batch(batch: Sample, task: Task) -> None:
    """Raise LabError where a minibatch lacks what the task makes its round of."""
    missing = [name for name in task.takes if name not in batch]
    if missing:
        raise LabError(
            f"the task {type(task).__name__} takes {' and '.join(task.takes)}, and the data's "
            f"minibatches have no {missing[0]}; they hold {', '.join(batch)}"
        )


def refuse_round(round: Round, discriminator: Discriminator) -> None:
    """Raise LabError where a round's samples are not what the discriminator reads."""
    for kind, sample in (("real", round.real), ("generated", round.fake)):
        missing = [name for name in discriminator.reads if name not in sample]
        if missing:
            raise LabError(
                f"the discriminator reads {missing[0]}, which the task's {kind} samples lack; they "
                f"hold {', '.join(sample)}"
            )
    for name in discriminator.reads:
        real, fake = round.real[name].shape[1:], round.fake[name].shape[1:]
        if real != fake:
            raise LabError(
                f"real and generated samples differ in the shape of {name}: {list(real)} and "
                f"{list(fake)}; the data's and the generator's sample_shape must be equal"
            )


def introduce(side: Task | Discriminator, data: Any) -> None:
    """Let a side take up what it must know of the data.

    Raises:
        LabError: If what it knows already is of other data.
    """
    if data is None:
        return
    try:
        side.meet(data)
    except ValueError as error:
        raise LabError(str(error)) from error


def refuse_unknown_labels(game: Updates) -> None:
    """Raise LabError where a side asks every sample for its label, and few are known."""
    if not game.task.labels_are_drawn and (
        game.task.num_classes or "label" in game.discriminator.reads
    ):
        raise LabError(
            "data.labels leaves most labels unknown, and this game is played for the label of each "
            "sample; use data.labels=null, or a game of few labels such as experiment=sgan"
        )


def refuse_data(game: Updates, data: Any) -> None:
    """Raise LabError where labels, packs or the medium of a data module do not fit the game."""
    if data is None:
        return
    labels = getattr(getattr(data, "train", None), "labels", None)
    classes = max(game.task.num_classes, game.discriminator.num_classes)
    if game.task.labels_are_drawn:  # the data's own are not looked at
        classes = 0
    if isinstance(getattr(data, "labels", None), int) and isinstance(labels, Tensor):
        refuse_unknown_labels(game)
        labels = labels[labels >= 0]
    if classes and isinstance(labels, Tensor) and not 0 <= labels.min() <= labels.max() < classes:
        raise LabError(
            f"the data's labels go up to {int(labels.max())}, and the networks know "
            f"{classes} classes; set num_classes={int(labels.max()) + 1}"
        )
    if classes and isinstance(labels, Tensor) and int(labels.max()) + 1 < classes:
        raise LabError(
            f"the networks know {classes} classes, and the data's labels go up to "
            f"{int(labels.max())}; set num_classes={int(labels.max()) + 1}"
            + (", or conditioning=none, as there is one class only" if not labels.max() else "")
        )
    packing = game.discriminator.packing
    size = getattr(data, "batch_size", packing)  # a module of another make may have none
    if size % packing:
        raise LabError(
            f"data.batch_size={size} does not divide into packs of {packing}; "
            f"use data.batch_size={size // packing * packing or packing}"
        )
    medium = getattr(data, "medium", game.task.medium)
    if medium.name != game.task.medium.name:
        raise LabError(
            f"the data holds samples of the medium {medium.name} and the task makes "
            f"{game.task.medium.name}; medium={medium.name} fits"
        )
