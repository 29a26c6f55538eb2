"""Old samples that the discriminator is shown again."""

import torch
from torch import Tensor, nn


class Pool(nn.Module):
    """Keeps some of the generated samples, and shows the discriminator old ones in half the cases.

    While there is room each new sample is kept and shown. Then each is shown as it is with
    probability ½; otherwise an old one is shown and the new one takes its place. The old ones of a
    minibatch are different ones. Choices are drawn from the processor's global random state.

    References:
        Learning from Simulated and Unsupervised Images through Adversarial Training (Shrivastava
        et al. 2017), section 2.3, arXiv 1612.07828. Unpaired Image-to-Image Translation using
        Cycle-Consistent Adversarial Networks (Zhu et al. 2017), section 4, arXiv 1703.10593, with
        a pool of 50.

    Args:
        size: How many are kept, not negative; 0 keeps none and shows the new ones.
        shape: Of one sample.

    Raises:
        ValueError: If ``size`` is negative.
    """

    held: Tensor
    filled: Tensor

    def __init__(self, size: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        if size < 0:
            raise ValueError(f"pool must not be negative, got {size}")
        self.register_buffer("held", torch.zeros(size, *shape))
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def forward(self, samples: Tensor) -> Tensor:
        """Return what the discriminator is shown of samples (N, *shape), of the same shape."""
        size = len(self.held)
        if not size:
            return samples
        room = min(size - int(self.filled), len(samples))
        if room > 0:
            self.held[int(self.filled) : int(self.filled) + room] = samples[:room].to(self.held)
            self.filled.add_(room)
        new = samples[room:]
        if not len(new):
            return samples
        places = torch.randperm(size)[: len(new)].to(new.device)
        old = (torch.rand(len(new)) < 0.5).to(new.device)
        old = old[: len(places)].reshape(-1, *[1] * (new.ndim - 1))  # a batch larger than the pool
        swapped, rest = new[: len(places)], new[len(places) :]
        kept = self.held[places].to(swapped.dtype)
        self.held[places] = torch.where(old, swapped, kept).to(self.held)
        return torch.cat([samples[:room], torch.where(old, kept, swapped), rest])
