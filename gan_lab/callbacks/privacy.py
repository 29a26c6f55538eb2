"""The privacy account of a run, for whoever watches it."""

import math
from typing import Any

from pytorch_lightning import Callback, Trainer

from gan_lab.callbacks.accuracy import tell
from gan_lab.callbacks.curves import logs_at
from gan_lab.descents import Private
from gan_lab.game import GAN


class PrivacyAccount(Callback):
    """Logs ``epsilon``, as far as it is spent, beside ``delta``: in the bar, curves and summary.

    Without noise there is no epsilon, and nothing is logged. A run without ``descent=private`` has
    no account.
    """

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Log it on the steps that do."""
        if logs_at(trainer, trainer.global_step):
            self.log_account(trainer, pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Log what the whole run has spent."""
        self.log_account(trainer, pl_module)

    def log_account(self, trainer: Trainer, module: GAN) -> None:
        """Log the account as it stands, where there is one."""
        descent = module.descent
        if not isinstance(descent, Private) or math.isinf(epsilon := descent.epsilon()):
            return
        tell(trainer, {"epsilon": epsilon, "delta": descent.delta})
