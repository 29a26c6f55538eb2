"""Make a large set in a file, or train a small network over it, and say what memory that took.

python -m tests.data.train_mapped make PATH COUNT
python -m tests.data.train_mapped train PATH STEPS
"""

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from gan_lab.data import BatchLoader, MappedTensor, StoredTensor, write_mapped
from gan_lab.media import Image

SHAPE = (3, 32, 32)


def noise(count: int, size: int = 5000) -> Iterator[Tensor]:
    random = torch.Generator().manual_seed(0)
    for start in range(0, count, size):
        shape = (min(size, count - start), *SHAPE)
        yield torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)


def memory(field: str) -> int:
    """Return a figure of /proc/self/status in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return 1024 * int(line.split()[1])


class Peak(threading.Thread):
    """Samples the resident memory, anonymous and of files, until it is stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.value, self.stopped = 0, threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.02):
            self.value = max(self.value, memory("RssAnon") + memory("RssFile"))


def train(samples: Tensor | StoredTensor, steps: int) -> float:
    """Train a small discriminator on real against noise and return the seconds a step took."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(32, 64, 4, 2, 1), nn.Flatten()
    )
    network.append(nn.Sequential(nn.LeakyReLU(0.2), nn.Linear(64 * 64, 1)))
    optimizer = torch.optim.Adam(network.parameters(), 2e-4)
    labels = torch.zeros(len(samples), dtype=torch.long)
    loader = iter(BatchLoader(samples, labels, 64, 1, Image(SHAPE)))
    start = 0.0
    for step in range(steps + 5):
        if step == 5:  # the first are warming up
            start = time.perf_counter()
        (minibatch,) = next(loader)
        fake = torch.randn_like(minibatch["x"])
        loss = nn.functional.softplus(-network(minibatch["x"])) + nn.functional.softplus(
            network(fake)
        )
        optimizer.zero_grad()
        loss.mean().backward()
        optimizer.step()
    return (time.perf_counter() - start) / steps


def main(what: str, path: str, number: str) -> None:
    torch.set_num_threads(1)
    peak = Peak()
    peak.start()
    seconds = 0.0
    if what == "make":
        write_mapped(path, noise(int(number)), SHAPE, int(number))
    else:
        seconds = train(MappedTensor(path), int(number))
    peak.stopped.set()
    peak.join()
    peak.value = max(peak.value, memory("VmHWM"))
    print(peak.value, seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])
