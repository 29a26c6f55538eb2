"""Other weights in the place of those that train, for a while."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from torch import Tensor

from gan_lab.contracts import Task
from gan_lab.game import GAN


@contextmanager
def using(module: GAN, task: Task) -> Iterator[None]:
    """Let the module draw from another generating side for a while."""
    own = module.task
    module.task = task
    try:
        yield
    finally:
        module.task = own


@contextmanager
def loaded(task: Task, state: Mapping[str, Tensor]) -> Iterator[None]:
    """Let a generating side have other weights for a while."""
    own = {name: tensor.clone() for name, tensor in task.state_dict().items()}
    task.load_state_dict(state)
    try:
        yield
    finally:
        task.load_state_dict(own)
