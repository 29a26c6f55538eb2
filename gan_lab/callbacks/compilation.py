"""Compiled networks."""

import logging
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer

from gan_lab.game import GAN

log = logging.getLogger(__name__)

MODES = "default", "reduce-overhead", "max-autotune"
GRAPHS = "reduce-overhead", "max-autotune"


class Compilation(Callback):
    """Compiles both sides' networks with ``torch.compile``; second derivatives stay eager.

    On a GPU the modes "reduce-overhead" and "max-autotune" replay the networks'
    passes as CUDA graphs. Weights and checkpoints keep their names.

    Args:
        mode: One of torch's, "default", "reduce-overhead" or "max-autotune"; null compiles nothing.

    Raises:
        ValueError: If there is no such mode.
    """

    def __init__(self, mode: str | None = None) -> None:
        if mode is not None and mode not in MODES:
            raise ValueError(f"compile must be null or one of {', '.join(MODES)}, got {mode!r}")
        self.mode = mode

    def on_fit_start(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Compile; torch itself does so at the first pass."""
        if self.mode is None:
            return
        if self.mode in GRAPHS and pl_module.device.type != "cuda":
            log.warning(
                "compile=%s: only a CUDA device captures graphs; %s runs compiled code without",
                self.mode,
                pl_module.device,
            )
        for network in (*pl_module.task.children(), pl_module.discriminator):
            if any(True for _ in network.parameters()):  # a prior draws, which stays eager
                network.compile(mode=self.mode)

    def on_train_batch_start(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, batch: Any, batch_idx: int
    ) -> None:
        """Let this step's graphs reuse the memory of the last one's results."""
        if self.mode in GRAPHS:
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
