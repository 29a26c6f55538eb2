"""What is generated from what: the generating side of a game."""

from gan_lab.contracts import Task
from gan_lab.tasks.generation import Generation

__all__ = ["Generation", "Task"]
