"""Small runs, sound and finished, whose checkpoints are then changed."""

import os
import sys
from pathlib import Path

TINY = (
    "data=ring",
    "data.train_size=64",
    "data.test_size=64",
    "data.batch_size=8",
    "latent_dim=3",
    "model.generator.hidden=[4]",
    "model.discriminator.hidden=[4]",
    "trainer.accelerator=cpu",
    "trainer.max_steps=2",
    "callbacks.evaluation.num_samples=32",
    "callbacks.evaluation.final_num_samples=32",
    "callbacks.density=null",
    "callbacks.samples=null",
)
"""A run of seconds that needs no files: points of the plane, and two small perceptrons."""

IMAGES = (
    "data=image_folder",
    "data.sample_shape=[1,8,8]",
    "data.batch_size=4",
    "latent_dim=3",
    "model=dcgan",
    "model.width=4",
    "conditioning=concatenation",
    "num_classes=2",
    "optimizer=rmsprop",
    "trainer.accelerator=cpu",
    "trainer.max_steps=2",
    "callbacks.nearest_neighbours=null",
    "callbacks.samples=null",
)
"""The same with images, convolutions and classes."""

BASES = {
    "points": (*TINY, "callbacks.ema.decay=0.9"),
    "critic": (*TINY, "loss=wgan", "prior=uniform", "packing=2"),
    "images": IMAGES,
}


def make(folder: Path) -> dict[str, Path]:
    """Train the runs of BASES below ``folder``, where they are not there yet.

    Returns:
        Their run folders by name. Each is trained in a child, so that this process stays fit to
        be forked.
    """
    draw_images(folder / "pictures")
    runs = {}
    for name, asked in BASES.items():
        runs[name] = folder / name
        if not (runs[name] / "checkpoints" / "last.ckpt").exists():
            line = [*asked, *paths(name, folder), f"hydra.run.dir={runs[name]}"]
            train(name, line, folder / f"{name}.log")
    return runs


def paths(base: str, folder: Path) -> list[str]:
    """Return the overrides that say where a base's data are."""
    return [f"data.root={folder / 'pictures'}"] if base == "images" else []


def draw_images(folder: Path) -> None:
    """Write two classes of six small pictures."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    for label in ("a", "b"):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for index in range(6):
            pixels = random.integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{index}.png")


def train(name: str, line: list[str], log: Path) -> None:
    """Train in a child of this process, which prints into ``log``.

    Raises:
        RuntimeError: If that failed.
    """
    from gan_lab import train as entry

    pid = os.fork()
    if pid == 0:  # pragma: no cover, in another process
        code = 1
        said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        try:
            sys.argv = ["train", *line]
            entry.main()
            code = 0
        finally:
            os._exit(code)
    if os.waitpid(pid, 0)[1] != 0:
        raise RuntimeError(f"the base {name} could not be trained:\n{log.read_text()}")
