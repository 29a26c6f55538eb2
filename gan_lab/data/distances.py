"""Signed distance fields of solids, below zero inside; lengths in half edges of the cube."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

FLOOR = -0.9
"""Where solids stand."""
Length = Tensor | float
Place = tuple[Length, Length, Length]


class Grid:
    """The centres of a cube's voxels, from -1 to 1: x to the right, y upwards, z to the viewer.

    Args:
        edge: Voxels along each side.
    """

    def __init__(self, edge: int) -> None:
        line = (torch.arange(edge) + 0.5) / edge * 2 - 1
        self.x, self.y, self.z = line[None, None, :], line[None, :, None], line[:, None, None]
        self.half = 1 / edge
        """Half of a voxel: what is thinner than two of them might fall between centres."""

    def box(self, centre: Place, sides: Place) -> Tensor:
        """Return the distance to a box, of half sides ``sides``."""
        x, y, z = (
            (axis - wide(place)).abs() - wide(side)
            for axis, place, side in zip((self.x, self.y, self.z), centre, sides, strict=True)
        )
        squares = [axis.clamp(min=0).square() for axis in (x, y, z)]
        outside = (squares[0] + squares[1] + squares[2]).sqrt()
        return outside + torch.maximum(torch.maximum(x, y), z).clamp(max=0)

    def cylinder(self, x: Length, z: Length, radius: Length, low: Length, high: Length) -> Tensor:
        """Return the distance to an upright cylinder from height ``low`` to ``high``."""
        aside = self.from_axis(x, z) - wide(radius)
        middle, half = (wide(low) + wide(high)) / 2, (wide(high) - wide(low)) / 2
        along = (self.y - middle).abs() - half
        outside = (aside.clamp(min=0).square() + along.clamp(min=0).square()).sqrt()
        return outside + torch.maximum(aside, along).clamp(max=0)

    def from_axis(self, x: Length = 0.0, z: Length = 0.0) -> Tensor:
        """Return the distance to an upright axis."""
        return ((self.x - wide(x)).square() + (self.z - wide(z)).square()).sqrt()

    def at_least(self, length: Tensor) -> Tensor:
        """Return half the thickness of a wall, or of a square rod, that no grid misses."""
        return length.clamp(min=1.05 * self.half)

    def round_at_least(self, length: Tensor) -> Tensor:
        """Return the radius of a rod that no grid misses: √2 half voxels, and a little."""
        return length.clamp(min=1.5 * self.half)


def wide(length: Length) -> Length:
    """Return a length of each solid (n,) such that it fits a grid; a number is the same for all."""
    return length if isinstance(length, float) else length[:, None, None, None]


def between(numbers: Tensor, low: float, high: float) -> Tensor:
    """Return numbers in 0..1 as lengths."""
    return low + (high - low) * numbers


def union(*fields: Tensor) -> Tensor:
    """Return the field of all bodies together."""
    first, *others = fields
    for field in others:
        first = torch.minimum(first, field)
    return first


def capsule(grid: Grid, u: Tensor) -> Tensor:
    """Return an upright rod with round ends, inclined to the right or left."""
    radius, half = between(u[:, 0], 0.2, 0.4), between(u[:, 1], 0.1, 0.5)
    lean = between(u[:, 2], -0.5, 0.5)
    up = wide(lean.cos() * half), wide(lean.sin() * half)
    middle = FLOOR + radius + lean.cos() * half
    x, y = grid.x, grid.y - wide(middle)
    length = wide(half.square()).clamp(min=1e-6)  # type: ignore[union-attr]
    along = ((x * up[1] + y * up[0]) / length).clamp(-1, 1)
    nearest = (x - along * up[1]).square() + (y - along * up[0]).square() + grid.z.square()
    return nearest.sqrt() - wide(radius)


def chair(grid: Grid, u: Tensor) -> Tensor:
    """Return a chair: seat, back, four legs, and arms for every second one."""
    half, deep = between(u[:, 0], 0.4, 0.6), between(u[:, 1], 0.4, 0.6)
    height, back = between(u[:, 2], -0.35, -0.05), between(u[:, 3], 0.4, 0.9)
    thick, leg = (
        grid.at_least(between(u[:, 4], 0.06, 0.1)),
        grid.at_least(between(u[:, 5], 0.05, 0.1)),
    )
    seat = grid.box((0.0, height, 0.0), (half, thick, deep))
    rest = (height + back) / 2
    upright = grid.box((0.0, rest, thick - deep), (half, (back - height) / 2, thick))
    arm = torch.where(u[:, 6] < 0.5, height + 0.3 * (back - height), height)  # within the seat
    sides = [grid.box((s * (half - leg), arm, 0.0), (leg, thick, deep)) for s in (-1.0, 1.0)]
    posts = [
        grid.box(
            (s * (half - leg), (arm + height) / 2, deep - leg),
            (leg, (arm - height) / 2 + thick, leg),
        )
        for s in (-1.0, 1.0)
    ]
    return union(seat, upright, *sides, *posts, *legs(grid, half, deep, height, leg))


def table(grid: Grid, u: Tensor) -> Tensor:
    """Return a table: a top, square or round, on four legs or on one."""
    half, deep = between(u[:, 0], 0.55, 0.9), between(u[:, 1], 0.4, 0.9)
    height, thick = between(u[:, 2], -0.2, 0.4), grid.at_least(between(u[:, 3], 0.05, 0.1))
    leg = grid.at_least(between(u[:, 4], 0.05, 0.12))
    four = union(
        grid.box((0.0, height, 0.0), (half, thick, deep)), *legs(grid, half, deep, height, leg)
    )
    foot = grid.cylinder(0.0, 0.0, between(u[:, 5], 0.3, 0.5), FLOOR, FLOOR + 2 * thick)
    stem = grid.cylinder(0.0, 0.0, grid.round_at_least(1.5 * leg), FLOOR, height)
    one = union(grid.cylinder(0.0, 0.0, half, height - thick, height + thick), stem, foot)
    return torch.where(wide(u[:, 6] < 0.7), four, one)  # type: ignore[arg-type]


def lamp(grid: Grid, u: Tensor) -> Tensor:
    """Return a lamp: foot, stem, and a shade that narrows upwards."""
    foot, stem = between(u[:, 0], 0.3, 0.5), grid.round_at_least(between(u[:, 1], 0.05, 0.1))
    top, tall = between(u[:, 2], 0.4, 0.9), between(u[:, 3], 0.4, 0.7)
    low, high = between(u[:, 4], 0.4, 0.65), between(u[:, 5], 0.15, 0.35)
    thick = grid.at_least(between(u[:, 6], 0.06, 0.1))
    share = ((grid.y - wide(top - tall)) / wide(tall)).clamp(0, 1)
    cone = grid.from_axis() - (wide(low) + share * wide(high - low))
    shade = torch.maximum(cone, (grid.y - wide(top - tall / 2)).abs() - wide(tall / 2))
    plate = grid.cylinder(0.0, 0.0, foot, FLOOR, FLOOR + 2 * thick)
    return union(shade, plate, grid.cylinder(0.0, 0.0, stem, FLOOR, top - tall / 2))


def mug(grid: Grid, u: Tensor) -> Tensor:
    """Return a mug: a cylinder that is hollow from above, with a ring for a handle."""
    radius, high = between(u[:, 0], 0.35, 0.55), between(u[:, 1], -0.1, 0.6)
    wall = grid.at_least(between(u[:, 2], 0.06, 0.12))
    hollow = grid.cylinder(0.0, 0.0, radius - 2 * wall, FLOOR + 2 * wall, high + 1.0)
    cup = torch.maximum(grid.cylinder(0.0, 0.0, radius, FLOOR, high), -hollow)
    ring, rod = between(u[:, 3], 0.2, 0.3), grid.round_at_least(between(u[:, 4], 0.06, 0.1))
    middle = (FLOOR + high) / 2
    handle = torus_around((grid.x - wide(radius), grid.y - wide(middle), grid.z), ring, rod)
    inside = grid.from_axis() - wide(radius - wall)
    return union(cup, torch.maximum(handle, -inside))


def torus(grid: Grid, u: Tensor) -> Tensor:
    """Return a ring that stands, or lies."""
    ring, rod = between(u[:, 0], 0.4, 0.6), between(u[:, 1], 0.12, 0.28)
    standing = torus_around((grid.x, grid.y - wide(FLOOR + ring + rod), grid.z), ring, rod)
    lying = torus_around((grid.x, grid.z, grid.y - wide(FLOOR + rod)), ring, rod)
    return torch.where(wide(u[:, 2] < 0.5), standing, lying)  # type: ignore[arg-type]


def torus_around(places: tuple[Tensor, Tensor, Tensor], ring: Tensor, rod: Tensor) -> Tensor:
    """Return the distance to a torus, by places along two axes of its ring and along its own."""
    one, other, own = places
    circle = (one.square() + other.square()).sqrt() - wide(ring)
    return (circle.square() + own.square()).sqrt() - wide(rod)


def legs(grid: Grid, half: Tensor, deep: Tensor, height: Tensor, leg: Tensor) -> list[Tensor]:
    """Return four legs, at the corners, from the floor to a height."""
    middle, tall = (FLOOR + height) / 2, (height - FLOOR) / 2
    return [
        grid.box((x * (half - leg), middle, z * (deep - leg)), (leg, tall, leg))
        for x in (-1.0, 1.0)
        for z in (-1.0, 1.0)
    ]


KINDS: Mapping[str, Callable[[Grid, Tensor], Tensor]] = {
    "capsule": capsule,
    "chair": chair,
    "lamp": lamp,
    "mug": mug,
    "table": table,
    "torus": torus,
}
"""Solids by name: from eight numbers in 0..1 each, (n, 8), to fields (n, edge, edge, edge)."""
