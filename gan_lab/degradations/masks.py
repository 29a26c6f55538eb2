"""Holes in images: at the centre, anywhere, and along a brush's strokes."""

from typing import Literal, get_args

import torch
from torch import Tensor

from gan_lab.contracts import Sample
from gan_lab.degradations.base import Degradation, uniform

Kind = Literal["centre", "box", "strokes"]


class Mask(Degradation):
    """Fills a hole with a constant; ``mask`` (N, 1, H, W) is 1 in the hole and 0 elsewhere.

    References:
        Context Encoders: Feature Learning by Inpainting (Pathak et al. 2016), section 3.3, arXiv
        1604.07379: half the height and width, at the centre. Free-Form Image Inpainting with Gated
        Convolution (Yu et al. 2019), algorithm 1, arXiv 1806.03589: strokes of a brush that turns
        at every vertex, back and forth.

    Args:
        kind: "centre", "box" at a place of its own for each image, or "strokes".
        share: Of the height and width that a box takes; of the image's shorter side that a stroke
            goes from vertex to vertex at most; in (0, 1].
        strokes: Strokes in each image, positive.
        vertices: Of each stroke, positive.
        brush: Largest width of a stroke, of the shorter side; the smallest is half as wide.
        fill: What the hole is filled with; 0 is grey.

    Raises:
        ValueError: If a number is out of range or there is no such kind.
    """

    gives = ("mask",)

    def __init__(
        self,
        kind: Kind = "centre",
        share: float = 0.5,
        strokes: int = 2,
        vertices: int = 4,
        brush: float = 0.16,
        fill: float = 0.0,
    ) -> None:
        super().__init__()
        if kind not in get_args(Kind):
            raise ValueError(f"kind must be {', '.join(get_args(Kind))}, got {kind!r}")
        for name, value in (("share", share), ("brush", brush)):
            if not 0 < value <= 1:
                raise ValueError(f"{name} must be in (0, 1], got {value}")
        for name, count in (("strokes", strokes), ("vertices", vertices)):
            if count < 1:
                raise ValueError(f"{name} must be at least 1, got {count}")
        self.kind, self.share, self.fill = kind, share, fill
        self.strokes, self.vertices, self.brush = strokes, vertices, brush

    def forward(self, sample: Sample, random: torch.Generator | None = None) -> Sample:
        images = sample["source"]
        mask = self.brushed(images, random) if self.kind == "strokes" else self.box(images, random)
        filled = torch.where(mask > 0, torch.full_like(images[:, :1], self.fill), images)
        return {**sample, "source": filled, "mask": mask}

    def box(self, images: Tensor, random: torch.Generator | None) -> Tensor:
        """Return a rectangle for each image."""
        count, _, *sizes = images.shape
        inside = []
        for axis, size in enumerate(sizes):
            length = max(1, round(self.share * size))
            if self.kind == "centre":
                start = torch.full((count, 1), (size - length) // 2, device=images.device)
            else:
                start = (uniform((count, 1), images, random) * (size - length + 1)).floor()
            place = torch.arange(size, device=images.device)
            along = (place >= start) & (place < start + length)
            inside.append(along.reshape(count, 1, -1, 1) if axis == 0 else along[:, None, None])
        return (inside[0] & inside[1]).to(images)

    def brushed(self, images: Tensor, random: torch.Generator | None) -> Tensor:
        """Return the union of some strokes for each image, each a chain of thick segments."""
        count, _, height, width = images.shape
        side, shape = min(height, width), (count, self.strokes, self.vertices)
        start = uniform((*shape[:2], 1, 2), images, random) * images.new_tensor([height, width])
        turn = uniform(shape, images, random) * torch.pi / 2 + torch.pi / 4
        back_and_forth = torch.pi * (torch.arange(self.vertices, device=images.device) % 2)
        first = uniform((*shape[:2], 1), images, random) * 2 * torch.pi
        angle = first + turn + back_and_forth.to(images)
        length = uniform(shape, images, random) * self.share * side
        steps = length[..., None] * torch.stack([angle.sin(), angle.cos()], dim=-1)
        ends = start + steps.cumsum(dim=2)
        begins = torch.cat([start, ends[:, :, :-1]], dim=2)
        half = (uniform((*shape[:2], 1), images, random) + 1) * self.brush * side / 4
        rows = torch.arange(height, device=images.device).to(images)
        columns = torch.arange(width, device=images.device).to(images)
        pixels = torch.cartesian_prod(rows, columns)
        distance = to_segments(pixels, begins.flatten(1, 2), ends.flatten(1, 2))
        reach = half.expand(shape).flatten(1)[..., None].clamp(min=0.75)  # at least a pixel
        return (distance <= reach).any(dim=1).reshape(count, 1, height, width).to(images)


def to_segments(points: Tensor, begins: Tensor, ends: Tensor) -> Tensor:
    """Return the distances (N, S, P) of points (P, 2) to segments between (N, S, 2) and (N, S, 2).

    >>> begins, ends = torch.zeros(1, 1, 2), torch.tensor([[[0.0, 2.0]]])
    >>> to_segments(torch.tensor([[3.0, 1.0], [0.0, 4.0]]), begins, ends)
    tensor([[[3., 2.]]])
    """
    along = (ends - begins)[:, :, None]
    offset = points - begins[:, :, None]
    share = (offset * along).sum(-1) / along.square().sum(-1).clamp(min=1e-12)
    nearest = share.clamp(0, 1)[..., None] * along
    apart: Tensor = torch.linalg.vector_norm(offset - nearest, dim=-1)
    return apart
