"""Fifty steps with each fast setting and without: the same weights, or as close as stated."""

from functools import partial
from typing import Any

import pytest
import torch

from gan_lab.data import BatchLoader
from gan_lab.engine.trainer import build_trainer
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating
from gan_lab.models import DCGANBackbone, DCGANGenerator, Scores
from gan_lab.tasks import Generation
from tests.game.playing import weights

ADAM = partial(torch.optim.Adam, lr=2e-4, betas=(0.5, 0.999))
RMSPROP = partial(torch.optim.RMSprop, lr=5e-5)


def trained(
    steps: int = 50,
    precision: Any = "32-true",
    order: torch.memory_format | None = None,
    **options: Any,
) -> torch.Tensor:
    """Return all weights of a small DCGAN after some steps."""
    torch.manual_seed(0)
    task = Generation(DCGANGenerator(8, (1, 16, 16), width=4))
    discriminator = Scores(partial(DCGANBackbone, width=4), (1, 16, 16))
    module = GAN(task, discriminator, NonSaturating(), **options)
    if order is not None:
        module.to(memory_format=order)  # type: ignore[call-overload]
    images = torch.rand(64, 1, 16, 16, generator=torch.Generator().manual_seed(2))
    if steps:
        trainer = build_trainer(steps, accelerator="cpu", precision=precision)
        trainer.fit(module, BatchLoader(images, torch.zeros(64), batch_size=16))
    return torch.cat([weights(task), weights(discriminator)])


def optimizers(build: partial[Any]) -> dict[str, Any]:
    return {"generator_optimizer": build, "discriminator_optimizer": build}


@pytest.mark.parametrize(
    ("build", "fast"),
    [(ADAM, {"fused": True}), (RMSPROP, {"foreach": True})],
    ids=["adam", "rmsprop"],
)
def test_fused_optimizers_differ_by_rounding(build: partial[Any], fast: dict[str, bool]) -> None:
    plain = trained(**optimizers(partial(build, foreach=False)))
    quick = trained(**optimizers(partial(build, **fast)))
    torch.testing.assert_close(quick, plain, rtol=1e-4, atol=2e-5)


def test_the_order_of_channels_changes_rounding_only() -> None:
    torch.testing.assert_close(
        trained(), trained(order=torch.contiguous_format), rtol=1e-4, atol=2e-5
    )


def test_bfloat16_goes_the_same_way_within_a_fifth() -> None:
    start, exact, rounded = trained(0), trained(), trained(precision="bf16-mixed")
    assert 0 < (rounded - exact).norm() < 0.2 * (exact - start).norm()
