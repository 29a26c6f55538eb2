"""Sets prepared with Lightning's litdata, streamed from a folder or an object storage."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_lab.contracts import Medium, Sample
from gan_lab.data.base import DataModule
from gan_lab.data.chunked import SPLITS, StreamedTensor, litdata, open_dataset, prepare
from gan_lab.data.files import data_root
from gan_lab.data.loader import as_minibatches, next_step
from gan_lab.data.samples import Samples
from gan_lab.errors import LabError

__all__ = ["StreamingBatchLoader", "StreamingDataModule", "prepare"]


class StreamingDataModule(DataModule):
    """A litdata set: ``root/train`` and ``root/test``, with items of ``x`` and ``label``.

    ``x`` is a uint8 tensor of ``sample_shape``, ``label`` a number.
    :func:`gan_lab.data.streaming.prepare` makes such a set of any other data module,
    ``litdata.optimize`` of whatever else there is. Chunks are shuffled, and samples within
    a chunk; the order follows (seed, epoch) alone, given the number of processes.

    Args:
        root: A folder, or an address such as s3://bucket/set.
        sample_shape: Of one sample.
        batch_size: See :class:`DataModule`.
        seed: See :class:`DataModule`.
        workers: Processes that read ahead, 0 for none. The order depends on their number.

    Raises:
        ValueError: If a size is out of range.
    """

    def __init__(
        self,
        root: str | Path,
        sample_shape: Sequence[int] = (3, 64, 64),
        batch_size: int = 64,
        seed: int = 0,
        workers: int = 0,
    ) -> None:
        super().__init__(sample_shape, batch_size, seed)
        if workers < 0:
            raise ValueError(f"workers must not be negative, got {workers}")
        self.root = str(root)
        if "://" not in self.root:
            self.root = str(data_root(root))
        self.workers = workers

    def prepare_data(self) -> None:
        """Check that litdata is there, and the set.

        Raises:
            LabError: If one of them is not.
        """
        litdata()
        for split in SPLITS:
            if "://" not in self.root and not (Path(self.root) / split / "index.json").exists():
                raise LabError(
                    f"data.root={self.root} has no {split}/index.json; prepare it with "
                    "gan_lab.data.streaming.prepare or litdata.optimize"
                )

    def setup(self, stage: str | None = None) -> None:
        """Open the splits, of which nothing is read but what is asked for.

        Raises:
            LabError: If samples are not as ``sample_shape`` says.
        """
        if hasattr(self, "train"):
            return
        self.prepare_data()
        self.train, self.test = (self._open(split) for split in SPLITS)
        empty = torch.empty(0, *self.sample_shape, dtype=torch.uint8)
        self.validation = Samples(empty, torch.empty(0, dtype=torch.long))

    def _open(self, split: str) -> Samples:
        folder = f"{self.root}/{split}"
        dataset = open_dataset(folder, shuffle=False, drop_last=False)
        first = dataset[0]
        if not isinstance(first, Mapping) or not {"x", "label"} <= set(first):
            raise LabError(f"items of {folder} must be dictionaries with x and label")
        if first["x"].dtype != torch.uint8 or tuple(first["x"].shape) != self.sample_shape:
            raise LabError(
                f"samples of {folder} are {first['x'].dtype} {list(first['x'].shape)}, and "
                f"data.sample_shape={list(self.sample_shape)} in uint8 is expected"
            )
        labels: Any = StreamedTensor(dataset, folder, "label")
        return Samples(StreamedTensor(dataset, folder, "x"), labels)

    def train_dataloader(self) -> "StreamingBatchLoader":
        """Return a loader whose steps hold as many minibatches as the module in training wants.

        Raises:
            LabError: If a step is larger than the training set.
        """
        return StreamingBatchLoader(
            f"{self.root}/train",
            self.batch_size,
            self.minibatches(),
            self.medium,
            seed=self.seed,
            workers=self.workers,
        )


class StreamingBatchLoader:
    """Shuffled steps of a litdata set, each a list of minibatches; the sibling of BatchLoader.

    litdata deals a share of the set to each process and drops what makes no full step.
    Each epoch is opened anew at the step that comes next, so that (epoch, position)
    is all there is to remember.

    Args:
        folder: One split.
        batch_size: Samples a minibatch, for each process.
        minibatches: How many minibatches a step takes.
        medium: Turns stored samples into what networks see; none leaves them as they are.
        seed: Of the order.
        workers: Processes that read ahead.

    Raises:
        ValueError: If an epoch would hold no step.
    """

    def __init__(
        self,
        folder: str,
        batch_size: int,
        minibatches: int = 1,
        medium: Medium | None = None,
        seed: int = 0,
        workers: int = 0,
    ) -> None:
        self.folder, self.seed, self.workers, self.medium = folder, seed, workers, medium
        self.batch_size, self.step_size = batch_size, batch_size * minibatches
        self.epoch = 0
        self.position = 0
        dataset = open_dataset(folder, shuffle=True, drop_last=True, seed=seed)
        self.length: int = dataset.get_len(workers, self.step_size) // self.step_size
        if self.length == 0:
            raise ValueError(
                f"a step of {self.step_size} samples is larger than a share of {folder}"
            )

    def __len__(self) -> int:
        """Return the number of steps in an epoch."""
        return self.length

    def __iter__(self) -> Iterator[list[Sample]]:
        """Yield the rest of the current epoch, each step as minibatches of ``x``, ``label``, ..."""
        for batch in self._batches(self.epoch, self.position):
            # Advance before yielding: a checkpoint taken now then names what comes next.
            self.position = (self.position + 1) % self.length
            self.epoch += self.position == 0
            yield as_minibatches(batch.pop("x"), batch, self.batch_size, self.medium)

    def _batches(self, epoch: int, position: int) -> Iterator[dict[str, Tensor]]:
        dataset = open_dataset(self.folder, shuffle=True, drop_last=True, seed=self.seed)
        loader = litdata().StreamingDataLoader(
            dataset, batch_size=self.step_size, num_workers=self.workers
        )
        done = position * self.step_size
        dataset.set_epoch(epoch + 1)  # litdata's first epoch is 1
        loader.current_epoch = epoch  # and is counted up as it begins
        if done:
            loader.load_state_dict(
                {
                    "dataset": dataset.state_dict(done, self.workers, self.step_size),
                    "current_epoch": epoch + 1,
                    "num_samples_yielded": done,
                    "latest_worker_idx": (position - 1) % max(1, self.workers),
                }
            )
        yield from loader

    def state_dict(self) -> dict[str, Any]:
        """Return which step comes next."""
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with the step that ``state`` names; see :func:`next_step`."""
        self.epoch, self.position = next_step(state, len(self))
