"""Translations of held-out samples, shown and measured while a task learns to make them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor

from gan_lab.callbacks.ema import averaged_task
from gan_lab.callbacks.pictures import captioned
from gan_lab.contracts import Translating
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.game.module import evaluating
from gan_lab.media import quantise
from gan_lab.media.files import save_png
from gan_lab.media.sheets import beside, sheet
from gan_lab.metrics import FeatureNetwork, fitting_network, held_out, measure, way_back
from gan_lab.metrics.translations import Method, label
from gan_lab.run.loggers import show_picture


class Translations(Callback):
    """Looks every n steps at translations of the same samples: the first that are held out.

    Neither weights, batch norm's statistics nor random numbers of the training are touched.

    Args:
        every_n_steps: Steps between looks, positive.
        num_samples: Held-out samples, positive.
        seed: Of what sources are drawn with: masks, noise.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(self, every_n_steps: int, num_samples: int, seed: int = 0) -> None:
        for name, value in [("every_n_steps", every_n_steps), ("num_samples", num_samples)]:
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.every_n_steps, self.num_samples, self.seed = every_n_steps, num_samples, seed
        self._seen_step = -1

    def look(self, trainer: Trainer, task: Translating, ends: bool) -> None:
        """Look at a step's translations; the task is in evaluation mode.

        Args:
            trainer: Whose run it is.
            task: What translates.
            ends: Whether it is the last look.
        """
        raise NotImplementedError

    def on_train_start(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Refuse a task that translates nothing.

        Raises:
            LabError: If it does not.
        """
        if not isinstance(pl_module.task, Translating):
            raise LabError(
                f"{type(pl_module.task).__name__} makes samples of nothing that is given, so "
                "there are no translations to look at; use callbacks=default"
            )

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, pl_module: GAN, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Look where it is due."""
        if trainer.global_step % self.every_n_steps == 0:
            self._look(trainer, pl_module, False)

    def on_train_end(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Look at what training ends with."""
        self._look(trainer, pl_module, True)

    def _look(self, trainer: Trainer, module: GAN, ends: bool) -> None:
        task = averaged_task(trainer) or module.task
        if not trainer.is_global_zero or (ends and trainer.global_step < trainer.max_steps):
            return
        assert isinstance(task, Translating)
        with torch.no_grad(), evaluating(task), set_apart(self.seed):
            self.look(trainer, task, ends)


@contextmanager
def set_apart(seed: int) -> Iterator[None]:
    """Draw from torch's generators, seeded, and leave them as they were."""
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


class TranslationPanels(Translations):
    """Shows sources, translations and truths side by side, as PNG and where loggers show them.

    A row is a held-out sample, and always the same: failures are shown as successes are.

    Args:
        folder: Where PNG files go.
        options: See :class:`Translations`.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(
        self, folder: str | Path, every_n_steps: int = 500, num_samples: int = 8, seed: int = 0
    ) -> None:
        super().__init__(every_n_steps, num_samples, seed)
        self.folder = Path(folder)

    def look(self, trainer: Trainer, task: Translating, ends: bool) -> None:
        """Draw a panel for each direction."""
        step = trainer.global_step
        if step == self._seen_step:
            return
        self._seen_step = step
        data = trainer.datamodule  # type: ignore[attr-defined]
        for direction in task.directions:
            batches = held_out(task, data.test, data.medium, self.num_samples, direction, self.seed)
            rows: list[list[Tensor]] = []
            for held in batches:
                made = task.translate(held.source, direction)["x"]
                columns = [held.source["source"], made]
                columns += [] if held.truth is None else [held.truth]
                rows += beside([quantise(column).cpu() for column in columns])
            several = f"{direction}, " if len(task.directions) > 1 else ""
            parts = "source, translation" + (", truth" if len(rows[0]) > 2 else "")
            page = captioned(sheet(rows), f"step={step:06d}, {several}{parts}")
            name = f"step={step:06d}" if not several else f"{direction}_step={step:06d}"
            save_png(page, self.folder / f"{name}.png")
            show_picture(trainer, f"translations/{direction}", page)


class TranslationMetrics(Translations):
    """Measures translations of held-out samples, in every direction.

    Args:
        network: Of features; where it does not take the images, figures that need it are left out.
        every_n_steps: See :class:`Translations`.
        num_samples: Of these measurements.
        final_num_samples: Of the last one.
        seed: See :class:`Translations`.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(
        self,
        network: FeatureNetwork,
        every_n_steps: int = 1000,
        num_samples: int = 200,
        final_num_samples: int = 1000,
        seed: int = 0,
    ) -> None:
        super().__init__(every_n_steps, num_samples, seed)
        if final_num_samples < 1:
            raise ValueError(f"final_num_samples must be at least 1, got {final_num_samples}")
        self.network, self.final_num_samples = network, final_num_samples

    def look(self, trainer: Trainer, task: Translating, ends: bool) -> None:
        """Measure, and log the figures."""
        data = trainer.datamodule  # type: ignore[attr-defined]
        asked = self.final_num_samples if ends else self.num_samples
        count = min(asked, data.test.size)
        device = trainer.strategy.root_device
        named: dict[str, float] = {}
        for direction, ends_in in task.directions.items():
            back = way_back(task, direction)
            medium = task.medium if back is None else task.source_medium(back)
            network = fitting_network(self.network.to(device), medium)
            figures = measure(
                {"made": method(task, direction)},
                held_out(task, data.test, data.medium, count, direction, self.seed),
                network,
                partial(data.plain, column=ends_in.target),
                None if back is None else method(task, back),
                getattr(task, "classify", None),
            )["made"]
            named |= {label(f, direction, network, count): v for f, v in figures.items()}
        for logger in trainer.loggers:
            logger.log_metrics(named, step=trainer.global_step)
        trainer.callback_metrics.update({k: torch.tensor(v) for k, v in named.items()})


def method(task: Translating, direction: str) -> Method:
    """Return what makes a task's translations of a source sample."""
    return lambda sample: task.translate(sample, direction)["x"]
