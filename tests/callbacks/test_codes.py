"""Codes are measured when training ends, beside the untrained encoder's and the samples."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_lab.callbacks import TestCodes
from gan_lab.data.samples import Samples
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating
from gan_lab.media import Image
from gan_lab.models import Encoder, MLPBackbone, MLPGenerator, Scores
from gan_lab.tasks import Generation
from gan_lab.tasks.bidirectional import Encoding

SHAPE = (1, 1, 4)
MLP = partial(MLPBackbone, hidden=(8,))


class Brightness(Encoder):
    """Encodes a sample as its first two numbers, times a gain that training moves."""

    def __init__(self) -> None:
        super().__init__(MLP, SHAPE, 2)
        self.gain = torch.nn.Parameter(torch.zeros(()))

    def forward(self, samples: Tensor) -> Tensor:
        return self.gain * samples[:, 0, 0, :2]


class Black(MLPGenerator):
    """Draws black samples of any code."""

    def body(self, inputs: Tensor, labels: Tensor | None) -> Tensor:
        return torch.full((len(inputs), *SHAPE), -1.0)


def game() -> GAN:
    task = Encoding(Black(2, SHAPE, (8,)), Brightness())
    return GAN(task, Scores(MLP, SHAPE), NonSaturating())


def watched(step: int) -> Any:
    """Return a run on samples whose class is told by the first number alone."""
    train = torch.tensor([[0, 0, 0, 0], [10, 0, 0, 0], [100, 0, 200, 200], [110, 0, 200, 200]])
    test = torch.tensor([[5, 0, 190, 190], [95, 0, 0, 0]])
    splits = [
        Samples(rows.to(torch.uint8).reshape(-1, *SHAPE), labels)
        for rows, labels in ((train, torch.tensor([0, 0, 1, 1])), (test, torch.tensor([0, 1])))
    ]
    data = SimpleNamespace(train=splits[0], test=splits[1], medium=Image(SHAPE))
    metrics: dict[str, Tensor] = {}
    return SimpleNamespace(
        datamodule=data, global_step=step, max_steps=7, loggers=[], callback_metrics=metrics
    )


def test_codes_are_measured_after_the_last_step_alone() -> None:
    module, callback = game(), TestCodes()
    callback.on_train_start(watched(0), module)
    with torch.no_grad():
        module.task.encoder.gain.fill_(1.0)  # type: ignore[union-attr,operator]
    trainer = watched(6)
    callback.on_train_batch_end(trainer, module, {}, None, 0)
    assert not trainer.callback_metrics
    trainer = watched(7)
    callback.on_train_batch_end(trainer, module, {}, None, 0)
    found = {name: value.item() for name, value in trainer.callback_metrics.items()}
    assert found["test_codes/accuracy"] == 1
    assert found["test_codes/accuracy_untrained"] == 0.5  # all codes alike: the first is nearest
    assert found["test_codes/accuracy_pixels"] == 0  # the last two numbers mislead
    raw = torch.tensor([5, 0, 190, 190, 95, 0, 0, 0]) / 127.5
    assert found["test_codes/reconstruction"] == pytest.approx(raw.square().mean().item())
    assert found["test_codes/fid_to_prior"] > 0 and found["test_codes/fid_of_prior"] > 0
    assert module.task.training


def test_a_resumed_run_remembers_the_untrained_encoder() -> None:
    first, second = TestCodes(), TestCodes()
    first.on_train_start(watched(0), game())
    second.load_state_dict(first.state_dict())
    trained = game()
    with torch.no_grad():
        trained.task.encoder.gain.fill_(1.0)  # type: ignore[union-attr,operator]
    second.on_train_start(watched(4), trained)
    assert second.state_dict() == {"untrained": 0.5}


def test_a_game_without_an_encoder_is_refused() -> None:
    without = GAN(Generation(MLPGenerator(3, SHAPE, (8,))), Scores(MLP, SHAPE), NonSaturating())
    with pytest.raises(LabError, match="no encoder whose codes"):
        TestCodes().on_train_start(watched(0), without)
