"""A learning rate that falls to zero, but not from the start."""

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


class ConstantThenLinear(LambdaLR):
    r"""Keeps the learning rate for a share of the run, and lets it fall linearly to zero then.

    .. math:: h_t = h \min\Bigl(1, \frac{T - t}{T (1 - c)}\Bigr)

    References:
        Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks (Zhu et al.
        2017), section 4, arXiv 1703.10593: half of the run each.

    Args:
        optimizer: Whose learning rate it is.
        total_steps: T, positive; from then on it is zero.
        constant: c, the share of the steps before it falls, at least 0 and below 1.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(self, optimizer: Optimizer, total_steps: int, constant: float = 0.5) -> None:
        if total_steps < 1:
            raise ValueError(f"total_steps must be at least 1, got {total_steps}")
        if not 0 <= constant < 1:
            raise ValueError(f"constant must be at least 0 and below 1, got {constant}")
        fall = total_steps * (1 - constant)
        super().__init__(optimizer, lambda step: min(1.0, max(0.0, (total_steps - step) / fall)))
