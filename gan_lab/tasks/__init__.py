"""What is generated from what: the generating side of a game."""

from gan_lab.contracts import Task
from gan_lab.tasks.autoencoding import AdversarialAutoencoder, Clustering, SortingAutoencoder
from gan_lab.tasks.bidirectional import Bidirectional
from gan_lab.tasks.generation import Generation
from gan_lab.tasks.variational import VariationalGAN

__all__ = [
    "AdversarialAutoencoder",
    "Bidirectional",
    "Clustering",
    "Generation",
    "SortingAutoencoder",
    "Task",
    "VariationalGAN",
]
