"""Checkpoints as strangers and bad disks leave them."""

import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks.fuzz.foreign import foreign, saved
from benchmarks.fuzz.hostile import hostile_values
from benchmarks.fuzz.trial import Trial

Random = random.Random
Content = dict[str, Any]

WRONG = (None, True, -1, 0, 3, 1e30, float("nan"), "x", "", b"x", [], {}, [[]], {"a": 1}, 2**63)
"""What stands where something else belongs."""

HUGE = (10**7, 10**9, 10**12, 2**31, 2**63 - 1, 2**64)


def trial(seed: int, index: int, runs: dict[str, Path], strange: Path) -> Trial:
    """Return the trial with this index: a changed checkpoint, and a command that reads it.

    Args:
        seed: With the index, decides everything.
        index: From 0.
        runs: Sound runs by name, as ``bases.make`` returns them.
        strange: The guarded folder that hostile files aim at.
    """
    dice = random.Random(f"{seed}/checkpoints/{index}")
    base = dice.choice([*runs, "points"])
    sound = (runs[base] / "checkpoints" / "last.ckpt").read_bytes()
    kind = list(DAMAGES)[index % len(DAMAGES)]
    turn = index // len(DAMAGES)
    command = COMMANDS[turn % len(COMMANDS)]
    if kind == "hostile":  # most of it is for whoever composes a configuration
        command = dice.choice(["train", "train", command])
        file, what = hostile(dice, sound, strange, turn)
    else:
        file, what = DAMAGES[kind](dice, sound)
    return Trial(
        name=f"checkpoints-{index}",
        command=command,
        arguments=arguments(command, dice),
        what=f"{kind} of {base}: {what}",
        file=file,
        sound=kind not in NEVER_SOUND,
    )


COMMANDS = "train", "sample", "evaluate", "export"


def arguments(command: str, dice: Random) -> list[str]:
    """Return a command line that reads ``../in/model.ckpt`` and writes into ``../out`` alone."""
    place = ["hydra.run.dir=../out"]
    if command == "train":
        return ["resume=../in/model.ckpt", "trainer.max_steps=4", "trainer.accelerator=cpu", *place]
    line = ["checkpoint=../in/model.ckpt", "output=../out", *place]
    if command == "sample":
        return [*line, "num_samples=4", f"format={dice.choice(['grid', 'png', 'npz'])}"]
    if command == "evaluate":
        return [*line, "num_samples=32", "floor=false", "device=cpu", "metrics=points"]
    return [*line, "format=safetensors"]


def flips(dice: Random, sound: bytes) -> tuple[bytes, str]:
    """Flip one to twenty bits."""
    content, count = bytearray(sound), dice.choice([1, 1, 2, 5, 20])
    places = [dice.randrange(len(content)) for _ in range(count)]
    for place in places:
        content[place] ^= 1 << dice.randrange(8)
    return bytes(content), f"{count} bits at {places}"


def truncation(dice: Random, sound: bytes) -> tuple[bytes, str]:
    """Cut the end off."""
    length = dice.choice([0, 1, 3, 4, 30, dice.randrange(len(sound)), len(sound) - 1])
    return sound[:length], f"{length} bytes left"


def noise(dice: Random, sound: bytes) -> tuple[bytes, str]:
    """Give random bytes or words, some of which begin as a known format does."""
    length = dice.choice([1, 3, 8, 100, 5000])
    head = dice.choice([b"", b"", b"\x80\x02", b"\x80\x04", b"PK\x03\x04", b"\x93NUMPY", b"("])
    if dice.random() < 0.5:
        words = "".join(dice.choice("0123abcijlopqstuI(.])}\n ") for _ in range(length))
        return head + words.encode(), f"{head!r} and {length} characters"
    return head + dice.randbytes(length), f"{head!r} and {length} bytes"


def missing(dice: Random, sound: bytes) -> tuple[bytes, str]:
    """Leave out one to three keys, anywhere."""
    content, told = loaded(sound), []
    for _ in range(dice.choice([1, 1, 3])):
        holder, key, path = pick(content, dice)
        del holder[key]
        told.append(path)
    return saved(content), ", ".join(told)


def wrong_type(dice: Random, sound: bytes) -> tuple[bytes, str]:
    """Put something else in the place of one to three values, anywhere."""
    content, told = loaded(sound), []
    for _ in range(dice.choice([1, 1, 3])):
        holder, key, path = pick(content, dice)
        holder[key] = dice.choice([*WRONG, torch.zeros(2)])
        told.append(f"{path} = {holder[key]!r}")
    return saved(content), ", ".join(told)


def other_shape(dice: Random, sound: bytes) -> tuple[bytes, str]:
    """Change the shape, the type or the numbers of one tensor."""
    content = loaded(sound)
    tensors = [p for p in places(content) if isinstance(p[0][p[1]], torch.Tensor)]
    holder, key, path = dice.choice(tensors)
    old = holder[key]
    new = dice.choice(
        [
            old.reshape(-1)[:0],
            torch.zeros(7, 7),
            torch.zeros(()),
            torch.zeros(old.shape, dtype=torch.complex64),
            torch.zeros(old.shape, dtype=torch.long),
            torch.full(old.shape, float("nan")),
            torch.zeros(old.shape).to_sparse() if old.ndim else old.to(torch.float64),
            torch.zeros(1).expand(10**6, 10**6),
            torch.zeros(old.shape, device="meta"),
        ]
    )
    holder[key] = new
    return saved(content), f"{path}: {list(old.shape)} {old.dtype} to {list(new.shape)} {new.dtype}"


def unknown_argument(dice: Random, sound: bytes) -> tuple[bytes, str]:
    """Add a key that nothing knows."""
    content = loaded(sound)
    mappings = [(h[k], p) for h, k, p in places(content) if isinstance(h[k], dict)]
    holder, path = dice.choice(mappings)
    key = dice.choice(["unknown", "_recursive_", "_args_", "_convert_", "self", "", 3, "__class__"])
    holder[key] = dice.choice([*WRONG])
    return saved(content), f"{path}.{key} = {holder[key]!r}"


def huge(dice: Random, sound: bytes) -> tuple[bytes, str]:
    """Make sizes in the configuration so large that nothing could hold them."""
    content = loaded(sound)
    sizes = [
        place
        for place in places(content["gan_lab"])
        if type(place[0][place[1]]) is int or place[1] in ("hidden", "sample_shape", "shape")
    ]
    told = []
    for holder, key, path in dice.sample(sizes, min(len(sizes), dice.choice([1, 2, 5]))):
        size = dice.choice(HUGE)
        holder[key] = [size] * 2 if isinstance(holder[key], list) else size
        told.append(f"{path} = {holder[key]}")
    return saved(content), ", ".join(told)


def hostile(dice: Random, sound: bytes, strange: Path, turn: int) -> tuple[bytes, str]:
    """Ask for code, other files or other keys, in places that could be obeyed."""
    content, told = loaded(sound), []
    record, wishes = content["gan_lab"], hostile_values(strange)
    for number in range(dice.choice([1, 1, 3])):
        override, value = wishes[(turn + number * 7) % len(wishes)]
        if override and dice.random() < 0.6:
            lists = [h[k] for h, k, _ in places(record) if isinstance(h[k], list)]
            record.get("overrides", dice.choice(lists)).append(override)
            told.append(f"override {override}")
        else:
            fitting = [place for place in places(record) if isinstance(place[0][place[1]], str)]
            holder, key, path = dice.choice(fitting) if dice.random() < 0.5 else pick(record, dice)
            holder[key] = value
            told.append(f"{path} = {value!r}")
    return saved(content), ", ".join(told)


DAMAGES: dict[str, Callable[..., tuple[bytes, str]]] = {
    "flips": flips,
    "truncation": truncation,
    "noise": noise,
    "foreign": foreign,
    "missing": missing,
    "wrong type": wrong_type,
    "other shape": other_shape,
    "unknown argument": unknown_argument,
    "huge": huge,
    "hostile": hostile,
}
NEVER_SOUND = "truncation", "noise", "foreign"


def loaded(sound: bytes) -> Content:
    """Return a checkpoint's content."""
    content: Content = torch.load(io.BytesIO(sound), weights_only=True)
    return content


Place = tuple[Any, Any, str]


def places(node: Any, path: str = "") -> Iterator[Place]:
    """Yield every mapping or list with a key of it and the path that leads there."""
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            here = f"{path}.{key}" if path else str(key)
            yield node, key, here
            yield from places(value, here)


def pick(content: Any, dice: Random) -> Place:
    """Return a place; each depth is as likely as the next, so that the few outer ones are met."""
    depths: dict[int, list[Place]] = {}
    for place in places(content):
        depths.setdefault(place[2].count("."), []).append(place)
    return dice.choice(depths[dice.choice(list(depths))])
