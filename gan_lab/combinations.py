"""Which parts of a game go together; those that do not are refused by a sentence."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from gan_lab.augmentations import Augmentation
from gan_lab.losses import AuxiliaryLoss
from gan_lab.models import Discriminator, Generator
from gan_lab.regularizers import Consistency, Constraint, Penalty, WeightClipping, WeightPenalty

Regularizer = Penalty | WeightPenalty | Constraint


def refuse_mismatch(
    generator: Generator,
    discriminator: Discriminator,
    auxiliary: AuxiliaryLoss | None,
    augmentations: Sequence[Augmentation],
    regularizers: Sequence[Regularizer],
) -> None:
    """Raise ValueError where parts contradict each other.

    Args:
        generator: Of the game.
        discriminator: Of the game.
        auxiliary: The loss of the discriminator's second head, if it has one.
        augmentations: What samples go through before they are judged.
        regularizers: Of either player.
    """
    refuse_shapes(generator, discriminator)
    refuse_conditioning(generator, discriminator, auxiliary)
    refuse_coupled_samples(discriminator, regularizers)
    changes = [*augmentations]
    for item in regularizers:
        if isinstance(item, Consistency) and isinstance(item.augmentation, Augmentation):
            changes.append(item.augmentation)
        if isinstance(item, WeightClipping) and any(map(is_parametrized, discriminator.modules())):
            raise ValueError(
                "WeightClipping bounds weights that spectral norm rescales anyway; choose one"
            )
    for augmentation in changes:  # says by itself what it is not for
        augmentation(torch.zeros(2, *generator.image_shape))


def refuse_shapes(generator: Generator, discriminator: Discriminator) -> None:
    """Raise ValueError where the discriminator cannot look at what the generator draws."""
    if generator.image_shape != discriminator.image_shape:
        raise ValueError(
            f"the generator draws {list(generator.image_shape)} and the discriminator judges "
            f"{list(discriminator.image_shape)}; make their image_shape equal"
        )


def refuse_conditioning(
    generator: Generator, discriminator: Discriminator, auxiliary: AuxiliaryLoss | None
) -> None:
    """Raise ValueError where labels would enter one network and not matter to the other."""
    kind = discriminator.conditioning
    if (kind == "classifier") is not (auxiliary is not None):
        raise ValueError(
            "a discriminator with conditioning=classifier and module.auxiliary, the loss of its "
            f"second head, need each other; got conditioning={kind} and auxiliary="
            f"{type(auxiliary).__name__ if auxiliary else 'null'}"
        )
    if generator.num_classes != discriminator.num_classes:
        raise ValueError(
            f"the generator has {generator.num_classes} classes and the discriminator "
            f"{discriminator.num_classes}; both must know the same labels (conditioning=none, "
            "concatenation, projection, auxiliary_classifier or infogan sets both)"
        )
    if discriminator.num_codes > generator.latent_dim:
        raise ValueError(
            f"num_codes must be at most latent_dim={generator.latent_dim}, "
            f"got {discriminator.num_codes}"
        )


def refuse_coupled_samples(discriminator: nn.Module, regularizers: Sequence[Regularizer]) -> None:
    """Raise ValueError where batch norm would make a per-sample gradient meaningless."""
    if not couples_samples(discriminator):
        return
    for penalty in regularizers:
        if isinstance(penalty, Penalty) and penalty.per_sample:
            raise ValueError(
                f"{type(penalty).__name__} needs per-sample gradients, which batch norm in the "
                "discriminator couples; use discriminator_norm=none or discriminator_norm=layer"
            )


def couples_samples(network: nn.Module) -> bool:
    """Tell whether batch norm makes what a network says of a sample depend on the others."""
    norms = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d
    return any(isinstance(layer, norms) for layer in network.modules())
