"""What keeps a step free of cost that has no use: idle hooks, profiling, memory given back."""

import ctypes
import os
import platform
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

from pytorch_lightning import Callback, LightningModule
from pytorch_lightning.profilers import PassThroughProfiler

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""

STEP_HOOKS = (
    "on_train_batch_start",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "on_train_batch_end",
)
"""The hooks of callbacks and modules that run in every step, some of them for each update."""


class Unprofiled(PassThroughProfiler):
    """Measures nothing, without a new generator for each of the some eighty spans of a step."""

    _nothing = nullcontext("")

    def profile(self, action_name: str) -> AbstractContextManager[str]:  # type: ignore[override]
        """Return a context that does nothing."""
        return self._nothing


def skip_idle_hooks(hooked: Iterable[Callback | LightningModule]) -> None:
    """Let the trainer pass by every step hook that a callback or module leaves empty.

    Lightning calls a hook only where it is callable, and otherwise calls the
    empty ones too: ten callbacks make some eighty calls a step for nothing.
    """
    for one in hooked:
        base = Callback if isinstance(one, Callback) else LightningModule
        for hook in STEP_HOOKS:
            # What was given to one object alone, as to a LambdaCallback, is its own.
            if hook not in vars(one) and getattr(type(one), hook) is getattr(base, hook):
                setattr(one, hook, None)


def forget_graphics_cards() -> None:
    """Answer Adam's question, asked at every step on the CPU too, whether there is a GPU, quickly.

    Importing Lightning makes torch ask the driver's management library, which
    is looked for on the disk anew each time. That is for processes that fork
    after they have looked; training on the CPU does not fork.
    """
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "0"


def keep_freed_memory(mebibytes: int = 256) -> bool:
    """Let the C library keep what one step frees for the next to use.

    By default glibc returns large blocks, such as the maps of a convolution, to the system as soon
    as they are freed; the next step then gets them back page by page, each cleared anew.

    Args:
        mebibytes: How much free memory is kept at most; not negative.

    Returns:
        Whether the C library has been told, which only glibc can be.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    largest = 32 * 2**20  # that glibc accepts for the threshold from which it maps blocks
    told = [mallopt(M_MMAP_THRESHOLD, largest), mallopt(M_TRIM_THRESHOLD, mebibytes * 2**20)]
    return all(told)
