"""Self-attention over the places of a map."""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, scaled_dot_product_attention

from gan_lab.models.arguments import require_size


class SelfAttention(nn.Module):
    r"""Each place of a map adds what it attends to, which is nothing at the start.

    .. math:: y = x + \gamma\, W_o \sum_j \operatorname{softmax}_j(q_i^\top k_j)\, v_j

    with :math:`\gamma = 0` at the start. Keys and values are those of the map at half its size, as
    in the authors' code.

    References:
        Self-Attention Generative Adversarial Networks (Zhang et al. 2019), section 3, arXiv
        1805.08318, and the authors' code, brain-research/self-attention-gan, ops.py:
        sn_non_local_block_sim.

    Args:
        channels: In and out, positive.

    Raises:
        ValueError: If ``channels`` is not positive.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow, half = max(1, require_size("channels", channels) // 8), max(1, channels // 2)
        self.query = nn.Conv2d(channels, narrow, 1, bias=False)
        self.key = nn.Conv2d(channels, narrow, 1, bias=False)
        self.value = nn.Conv2d(channels, half, 1, bias=False)
        self.output = nn.Conv2d(half, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return maps of the shape of ``inputs``, (N, channels, H, W), H and W at least 2."""
        query = self.query(inputs).flatten(2).mT
        key, value = (
            max_pool2d(layer(inputs), 2).flatten(2).mT for layer in (self.key, self.value)
        )
        # Without the customary division by the root of the width, as published.
        attended = scaled_dot_product_attention(query, key, value, scale=1.0)
        maps = attended.mT.reshape(len(inputs), -1, *inputs.shape[2:])
        outputs: Tensor = inputs + self.gamma * self.output(maps)
        return outputs
