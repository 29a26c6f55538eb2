"""gan_lab's own training, paced: a callback that its real entry point is given."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from benchmarks.pace import Pace


class PaceCallback(Callback):
    """Lets the trainer make as many steps as it is told to.

    Args:
        commands: See :class:`benchmarks.pace.Pace`.
        answers: Likewise.
    """

    def __init__(self, commands: int, answers: int) -> None:
        self.pace = Pace(commands, answers)

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Count the step, last of all callbacks."""
        trainer.should_stop = not self.pace.step()
