"""Random numbers that go on where a checkpoint left them."""

import random
from typing import Any

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from gan_lab.errors import LabError

KEY = "random_states"
"""Where a checkpoint keeps one state for each process."""

State = dict[str, Any]


class RandomState(Callback):
    """Puts every process's random states into checkpoints, so that a resumed run draws the same.

    Args:
        allow_changes: Whether a run may go on with another number of
            processes; those without a state of their own draw from the seed.
    """

    def __init__(self, allow_changes: bool = False) -> None:
        self.allow_changes = allow_changes
        self._restored: State | None = None

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Gather the states; Lightning calls this in every process."""
        own = random_state(pl_module.device)
        states: list[State] = [own] * trainer.world_size
        if trainer.world_size > 1:
            torch.distributed.all_gather_object(states, own)
        checkpoint[KEY] = states

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Remember this process's state for when the first batch is there.

        Raises:
            LabError: If the run had another number of processes.
        """
        states: list[State] = checkpoint[KEY]
        if len(states) != trainer.world_size and not self.allow_changes:
            raise LabError(
                f"the run had {len(states)} process(es) and would go on with {trainer.world_size}, "
                "which changes its batches; set trainer.devices, or give allow_changes=true"
            )
        if trainer.global_rank < len(states):
            self._restored = states[trainer.global_rank]

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Restore as late as can be: whatever starting up drew is forgotten."""
        if self._restored is not None:
            set_random_state(self._restored, pl_module.device)
            self._restored = None


def random_state(device: torch.device) -> State:
    """Return the states of torch, numpy, Python and ``device`` as tensors and plain values."""
    numpy_state = np.random.get_state(legacy=False)
    numpy_state["state"] = {
        "key": torch.from_numpy(numpy_state["state"]["key"].astype(np.int64)),
        "pos": int(numpy_state["state"]["pos"]),
    }
    version, internal, gauss = random.getstate()
    state: State = {
        "torch": torch.get_rng_state(),
        "numpy": numpy_state,
        "python": [version, torch.tensor(internal), gauss],
    }
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(state: State, device: torch.device) -> None:
    """Restore what :func:`random_state` returned.

    A state of a CUDA device is left out on other devices, which could not go on with it.
    """
    torch.set_rng_state(state["torch"])
    numpy_state = dict(state["numpy"])
    numpy_state["state"] = {
        "key": numpy_state["state"]["key"].numpy().astype(np.uint32),
        "pos": numpy_state["state"]["pos"],
    }
    np.random.set_state(numpy_state)
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal.tolist()), gauss))
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
