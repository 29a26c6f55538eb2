"""A run that has ended holds nothing."""

import gc
import signal

from gan_lab.game import GAN
from tests.conftest import CommandLine


def test_a_run_that_has_ended_leaves_neither_handlers_nor_networks(train: CommandLine) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    gc.collect()
    alive = sum(type(item) is GAN for item in gc.get_objects())
    train("model=mlp", "trainer.max_steps=1", "data.batch_size=8", "data.validation_size=59000")
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    gc.collect()
    assert sum(type(item) is GAN for item in gc.get_objects()) == alive
