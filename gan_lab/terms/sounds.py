"""What a vocoder's sounds are to have in common with those that they were made of."""

from typing import Any

import torch
from torch import Tensor

from gan_lab.contracts import Discriminator, Task, Term, Turn


class MelDistance(Term):
    r"""The mel spectrum of a sound made of one shall be that.

    .. math:: E\,\|\operatorname{mel}(x) - \operatorname{mel}(G(\operatorname{mel}(x)))\|_1

    as a mean over bands and frames of the task's own logarithmic spectrum.

    References:
        HiFi-GAN (Kong et al. 2020), section 2.4, equation 5, arXiv 2010.05646, with weight 45.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
    """

    players = ("generator",)

    def __init__(self, weight: float = 45.0, every: int = 1) -> None:
        super().__init__(weight, every)

    def check(self, task: Task, discriminator: Discriminator) -> None:
        if not hasattr(task, "mel"):
            raise ValueError(
                "MelDistance needs a task that makes sounds of mel spectra, such as task=vocoding; "
                f"this one is {type(task).__name__}"
            )

    def forward(self, turn: Turn) -> Tensor:
        task: Any = turn.task
        distance: Tensor = (turn.round.real["mel"] - task.mel(turn.round.fake["x"])).abs().mean()
        return distance


class LayerMatching(Term):
    r"""Every layer of the discriminator shall see in a sound what it saw in the one before.

    .. math:: \sum_k E\Bigl[\frac1{N_k} \|D_k(x) - D_k(\tilde x)\|_1\Bigr]

    References:
        MelGAN (Kumar et al. 2019), section 2.2, arXiv 1910.06711; HiFi-GAN (Kong et al. 2020),
        section 2.4, equation 6, arXiv 2010.05646, with weight 2.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
    """

    players = ("generator",)
    needs_real = True

    def __init__(self, weight: float = 2.0, every: int = 1) -> None:
        super().__init__(weight, every)

    def check(self, task: Task, discriminator: Discriminator) -> None:
        if not any(name.startswith("maps.") for name in discriminator.gives):
            raise ValueError(
                "LayerMatching reads the maps of a discriminator's layers, which this one does not "
                "tell; use discriminator=periods_and_scales"
            )

    def forward(self, turn: Turn) -> Tensor:
        names = [name for name in turn.fake.heads if name.startswith("maps.")]
        distances = [
            (turn.real.heads[name].detach().float() - turn.fake.heads[name].float()).abs().mean()
            for name in names
        ]
        return torch.stack(distances).sum()
