"""What is generated from what: the generating side of a game."""

from gan_lab.contracts import Task
from gan_lab.tasks.cycle import Cycle
from gan_lab.tasks.generation import Generation
from gan_lab.tasks.translation import Translation

__all__ = ["Cycle", "Generation", "Task", "Translation"]
