"""What Lightning's loop would spend, every step, on things that this lab does not use."""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from pytorch_lightning import Callback
from pytorch_lightning.profilers import PassThroughProfiler

STEP_HOOKS = (
    "on_train_batch_start",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "on_train_batch_end",
)
"""The hooks of callbacks that run in every step, some of them for each update."""


class Unprofiled(PassThroughProfiler):
    """Measures nothing, without a new generator for each of the some eighty spans of a step."""

    _nothing = nullcontext("")

    def profile(self, action_name: str) -> AbstractContextManager[str]:  # type: ignore[override]
        """Return a context that does nothing."""
        return self._nothing


def skip_idle_hooks(callbacks: Sequence[Callback]) -> None:
    """Let the trainer pass by every step hook that a callback leaves empty.

    Lightning calls a hook only where it is callable, and otherwise calls the
    empty ones too: ten callbacks make some eighty calls a step for nothing.
    """
    for callback in callbacks:
        for hook in STEP_HOOKS:
            if getattr(type(callback), hook) is getattr(Callback, hook):
                setattr(callback, hook, None)


def forget_graphics_cards() -> None:
    """Answer Adam's question, asked at every step on the CPU too, whether there is a GPU, quickly.

    Importing Lightning makes torch ask the driver's management library, which
    is looked for on the disk anew each time. That is for processes that fork
    after they have looked; training on the CPU does not fork.
    """
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "0"
