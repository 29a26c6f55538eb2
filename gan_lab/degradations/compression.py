"""JPEG's losses, without its files."""

import math

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

from gan_lab.contracts import Sample
from gan_lab.degradations.base import Degradation

LUMINANCE = (
    *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
)
CHROMINANCE = (
    *(17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99),
    *(24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99),
    *([99] * 32),
)
TO_YCBCR = (
    (0.299, 0.587, 0.114),
    (-0.168736, -0.331264, 0.5),
    (0.5, -0.418688, -0.081312),
)
BLOCK = 8


class JPEG(Degradation):
    """What baseline JPEG loses: cosine coefficients of 8×8 blocks, rounded; colours at half size.

    References:
        ITU-T T.81 (1992), annexes A.3.3 and K.1; quality as libjpeg scales its tables; JFIF 1.02
        for colours, of which each 2×2 pixels share their mean.

    Args:
        quality: 1 to 100.

    Raises:
        ValueError: If ``quality`` is out of range.
    """

    tables: Tensor
    cosines: Tensor
    colours: Tensor

    def __init__(self, quality: int = 30) -> None:
        super().__init__()
        if not 1 <= quality <= 100:
            raise ValueError(f"quality must be 1 to 100, got {quality}")
        percent = 5000 // quality if quality < 50 else 200 - 2 * quality
        tables = torch.tensor([LUMINANCE, CHROMINANCE], dtype=torch.float32)
        tables = ((tables * percent + 50) / 100).floor().clamp(1, 255)
        place = torch.arange(BLOCK, dtype=torch.float32)
        cosines = torch.cos((2 * place + 1) * place[:, None] * math.pi / (2 * BLOCK)) / 2
        cosines[0] /= math.sqrt(2)  # orthonormal: row k is the k-th wave
        self.register_buffer("tables", tables.reshape(2, BLOCK, BLOCK), persistent=False)
        self.register_buffer("cosines", cosines, persistent=False)
        self.register_buffer("colours", torch.tensor(TO_YCBCR), persistent=False)

    def forward(self, sample: Sample, random: torch.Generator | None = None) -> Sample:
        images = sample["source"]
        values = (images.float().clamp(-1, 1) + 1) * 127.5
        if images.shape[1] == 1:
            kept = self.compressed(values.round() - 128, self.tables[0]) + 128
        else:
            kept = self.in_colour(values.round())
        lost = kept.round().clamp(0, 255) / 127.5 - 1
        return {**sample, "source": lost.to(images.dtype)}

    def channels(self, before: int) -> int:
        if before not in (1, 3):
            raise ValueError(f"JPEG takes images of 1 or 3 channels, got {before}")
        return before

    def in_colour(self, values: Tensor) -> Tensor:
        """Return what is left of colours (N, 3, H, W) in 0..255."""
        height, width = values.shape[2:]
        parts = torch.einsum("kc,nchw->nkhw", self.colours, values)
        light = self.compressed(parts[:, :1] - 128, self.tables[0]) + 128
        even = pad(parts[:, 1:], (0, width % 2, 0, height % 2), mode="replicate")
        chroma = self.compressed(avg_pool2d(even, 2), self.tables[1])
        chroma = interpolate(chroma, scale_factor=2, mode="bilinear")[:, :, :height, :width]
        back = torch.linalg.inv(self.colours.double()).to(values)
        return torch.einsum("ck,nkhw->nchw", back, torch.cat([light, chroma], dim=1))

    def compressed(self, values: Tensor, table: Tensor) -> Tensor:
        """Return values (N, C, H, W) around 0 whose blocks' coefficients were rounded."""
        height, width = values.shape[2:]
        padded = pad(values, (0, -width % BLOCK, 0, -height % BLOCK), mode="replicate")
        rows, columns = (size // BLOCK for size in padded.shape[2:])
        blocks = padded.reshape(*values.shape[:2], rows, BLOCK, columns, BLOCK)
        waves = torch.einsum("ui,ncrisj,vj->ncrsuv", self.cosines, blocks, self.cosines)
        kept = (waves / table).round() * table
        blocks = torch.einsum("ui,ncrsuv,vj->ncrisj", self.cosines, kept, self.cosines)
        return blocks.flatten(4, 5).flatten(2, 3)[:, :, :height, :width]
