"""What is generated from what: the generating side of a game."""

from gan_lab.contracts import Task
from gan_lab.tasks.colouring import Colouring
from gan_lab.tasks.cycle import Cycle
from gan_lab.tasks.generation import Generation
from gan_lab.tasks.restoration import Restoration
from gan_lab.tasks.translation import Translation

__all__ = ["Colouring", "Cycle", "Generation", "Restoration", "Task", "Translation"]
