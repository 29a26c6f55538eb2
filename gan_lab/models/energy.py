"""Discriminators that are autoencoders."""

from torch import nn

from gan_lab.contracts import Discriminator, Sample, Verdict
from gan_lab.models.encoders import Autoencoder


class Energy(Discriminator):
    r"""An autoencoder whose reconstruction error is what is judged: low for real samples.

    .. math:: D(x) = -\operatorname{mean} |x - A(x)|^p

    The logit is minus the energy, so that it rises with how real a sample looks.

    References:
        Energy-based Generative Adversarial Network (Zhao et al. 2017), arXiv 1609.03126.
        BEGAN (Berthelot et al. 2017), arXiv 1703.10717, with p = 1.

    Args:
        autoencoder: Samples to samples of the same shape. Of an
            :class:`gan_lab.models.Autoencoder` the codes are a second head, ``code``.
        power: p, positive.
        reads: The key that is judged.

    Raises:
        ValueError: If ``power`` is not positive.
    """

    def __init__(self, autoencoder: nn.Module, power: float = 1.0, reads: str = "x") -> None:
        super().__init__()
        if not power > 0:
            raise ValueError(f"power must be positive, got {power}")
        self.autoencoder, self.power, self.reads = autoencoder, power, (reads,)
        self.gives = ("reconstruction",)
        if isinstance(autoencoder, Autoencoder):
            self.gives = ("reconstruction", "code")
            self.sample_shape = autoencoder.sample_shape if reads == "x" else None

    def forward(self, sample: Sample) -> Verdict:
        """Return minus the reconstruction error of each sample, and the reconstruction."""
        samples = sample[self.reads[0]]
        found = self.autoencoder(samples)
        parts = found if isinstance(found, tuple) else (found,)
        error = (samples - parts[0]).abs().pow(self.power).flatten(1).mean(dim=1)
        return Verdict({"x": -error}, dict(zip(self.gives, parts, strict=True)))
