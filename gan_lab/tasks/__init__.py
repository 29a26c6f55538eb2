"""What is generated from what: the generating side of a game."""

from gan_lab.contracts import Task
from gan_lab.tasks.adaptation import Adaptation
from gan_lab.tasks.autoencoding import AdversarialAutoencoder, Clustering, SortingAutoencoder
from gan_lab.tasks.bicycle import Bicycle
from gan_lab.tasks.bidirectional import Bidirectional
from gan_lab.tasks.clips import Clips
from gan_lab.tasks.colouring import Colouring
from gan_lab.tasks.cycle import Cycle
from gan_lab.tasks.domains import Domains
from gan_lab.tasks.generation import Generation
from gan_lab.tasks.imitation import Imitation
from gan_lab.tasks.multimodal import Multimodal
from gan_lab.tasks.restoration import Restoration
from gan_lab.tasks.sequences import Sequences
from gan_lab.tasks.shared_code import SharedCode
from gan_lab.tasks.spectrograms import SpectrogramGeneration
from gan_lab.tasks.translation import Translation
from gan_lab.tasks.twins import Twins
from gan_lab.tasks.variational import VariationalGAN
from gan_lab.tasks.vocoding import Vocoding

__all__ = [
    "Adaptation",
    "AdversarialAutoencoder",
    "Bicycle",
    "Bidirectional",
    "Clips",
    "Clustering",
    "Colouring",
    "Cycle",
    "Domains",
    "Generation",
    "Imitation",
    "Multimodal",
    "Restoration",
    "Sequences",
    "SharedCode",
    "SortingAutoencoder",
    "SpectrogramGeneration",
    "Task",
    "Translation",
    "Twins",
    "VariationalGAN",
    "Vocoding",
]
