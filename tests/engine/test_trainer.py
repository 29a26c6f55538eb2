"""What the trainer refuses before anything is started, and what must work as it is asked."""

from functools import partial
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from lightning_fabric.utilities import rank_zero as fabric_rank_zero
from lightning_utilities.core import rank_zero as utilities_rank_zero

from gan_lab.engine.trainer import build_trainer
from gan_lab.errors import LabError
from tests.engine.test_arithmetic import pretend
from tests.engine.test_overhead import fit_game
from tests.game.test_module import game

STILL = partial(torch.optim.SGD, lr=0.0)
FUSED = partial(torch.optim.Adam, lr=2e-4, fused=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gradient_clip_val": 1.0}, "gradient_clip_val=1.0, without trainer."),
        ({"gradient_clip_algorithm": "value"}, "gradient_clip_algorithm=value, without trainer."),
        ({"accumulate_grad_batches": 2}, "data.batch_size makes larger minibatches"),
        ({"devices": 100_000}, "devices=100000 would start as many processes"),
        ({"devices": "100000"}, "devices=100000 would start as many processes"),
        ({"devices": 10**12, "accelerator": "auto"}, "at most [0-9]+ are started"),
        ({"devices": 0}, "devices"),
        ({"devices": "some"}, "devices.* should be an int"),
        ({"strategy": "dpp"}, "dpp"),
        ({"accelerator": "abacus"}, "accelerator"),
        ({"max_epochs": 3}, "max_epochs"),
        ({"no_such": 3}, "no_such"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises((LabError, ValueError), match=message):
        build_trainer(1, **{"accelerator": "cpu", **options})


def test_what_is_not_given_is_not_refused() -> None:
    build_trainer(1, accelerator="cpu", gradient_clip_val=None, accumulate_grad_batches=None)


def test_an_accelerator_whose_package_is_absent() -> None:
    with pytest.raises(LabError, match="trainer: .*trainer.accelerator=auto takes what is there"):
        build_trainer(1, accelerator="tpu")


def test_other_machines_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # The second machine's rank, which Lightning keeps for the whole process, is taken back.
    for module in (fabric_rank_zero, utilities_rank_zero):
        monkeypatch.setattr(module.rank_zero_only, "rank", 0)
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    monkeypatch.delenv("NODE_RANK", raising=False)
    with pytest.raises(LabError, match="num_nodes=2 would wait for ever.*SLURM or torchrun"):
        build_trainer(1, accelerator="cpu", num_nodes=2)
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("NODE_RANK", "1")
    assert build_trainer(1, accelerator="cpu", num_nodes=2).num_nodes == 2


@pytest.mark.parametrize("algorithm", ["norm", "value"])
@pytest.mark.parametrize("capability", ["amx_bf16", "avx512_bf16", "avx2"])
def test_fused_optimizers_are_clipped_in_every_precision_that_auto_chooses(
    monkeypatch: pytest.MonkeyPatch, capability: str, algorithm: str
) -> None:
    pretend(monkeypatch, **{capability: True})

    def trained(limit: float) -> torch.Tensor:
        trainer = build_trainer(2, accelerator="cpu", precision="auto")
        assert trainer.precision == ("32-true" if capability == "avx2" else "bf16-mixed")
        return fit_game(
            trainer,
            gradient_clip_val=limit,
            gradient_clip_algorithm=algorithm,
            generator_optimizer=partial(torch.optim.SGD, lr=1.0, fused=True),
            discriminator_optimizer=partial(torch.optim.SGD, lr=1.0, fused=True),
        )

    start = fit_game(build_trainer(1, accelerator="cpu"), generator_optimizer=STILL,
                     discriminator_optimizer=STILL)  # fmt: skip
    moved = [(trained(limit) - start).abs().max() for limit in (1e-3, 2e-3)]
    # By two steps of at most the limit each; gradients here are larger than that.
    assert 0 < moved[0] <= 2e-3 + 1e-6
    assert moved[0] < moved[1] <= 4e-3 + 1e-6


def test_clipping_before_a_fused_optimizer_unscales_is_refused() -> None:
    module = game(gradient_clip_val=1.0, generator_optimizer=FUSED)
    module.trainer = Mock(precision="16-mixed", lightning_module=module)
    optimizer = FUSED(module.task.parameters())
    with pytest.raises(LabError, match="optimizer.generator.fused=false"):
        module.on_before_optimizer_step(optimizer)
