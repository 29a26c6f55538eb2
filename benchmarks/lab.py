"""gan_lab's own training, observed: callbacks that its real entry point is given."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from benchmarks.laps import Draw, Laps
from benchmarks.pace import Pace
from gan_lab.callbacks.ema import averaged_task
from gan_lab.callbacks.substitutes import using
from gan_lab.game import GAN


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


class LapsCallback(Callback):
    """gan_lab's own training against the clock; what it draws is of the average, if it keeps one.

    Args:
        commands: See :class:`Laps`.
        answers: Likewise.
    """

    def __init__(self, commands: int, answers: int) -> None:
        self.laps = Laps(commands, answers)

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the step, last of all callbacks."""
        if trainer.global_step < trainer.max_steps:
            trainer.should_stop = not self.laps.step(drawing(trainer, pl_module))

    def on_train_end(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Show what the last weights draw."""
        if trainer.global_step == trainer.max_steps:
            self.laps.steps += 1
            self.laps.stop(drawing(trainer, pl_module), finished=True)


def drawing(trainer: Trainer, module: GAN) -> Draw:
    """Return what draws images with the weights that a user would keep."""

    def draw(count: int) -> Tensor:
        with using(module, averaged_task(trainer) or module.task):
            return module.sample(count)["x"].float().cpu()

    return draw
