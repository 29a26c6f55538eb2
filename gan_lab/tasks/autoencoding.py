"""Autoencoders whose codes are told from a prior's."""

import torch
from torch import Tensor

from gan_lab.contracts import Medium, Round, Sample
from gan_lab.models import Encoder, Generator
from gan_lab.priors import Clustered
from gan_lab.tasks.bidirectional import Encoding


class AdversarialAutoencoder(Encoding):
    r"""Codes are what is told apart, from the prior's; the samples are drawn again from them.

    .. math:: \text{real: } z \sim p(z), \qquad \text{generated: } E(x)

    A :class:`gan_lab.terms.Reconstruction` of the round's ``x`` belongs to it. The paper alternates
    a step of reconstruction and one of the adversarial game; here the generating side descends
    both at once, weighed by ``adversarial_weight``.

    References:
        Adversarial Autoencoders (Makhzani et al. 2016), section 2, arXiv 1511.05644.
    """

    gives: tuple[str, ...] = ("x", "z")

    def forward(self, batch: Sample) -> Round:
        """Encode the minibatch, draw it again, and draw as many latents from the prior."""
        z = self.encoder(batch["x"])
        real = {**batch, "z": self.prior(len(z))["z"]}
        return Round(real, {"x": self.draw({"z": z}), "z": z})


class InClusters(Encoding):
    """Codes of which one part is one-hot: a class or a cluster, for which encoders give logits.

    Args:
        generator: Codes, one-hot part first, to samples.
        encoder: Samples to the one-hot part's logits and the rest.
        prior: Of one-hot vectors and normal numbers.
        medium: See :class:`gan_lab.tasks.Generation`.
    """

    prior: Clustered

    def __init__(
        self,
        generator: Generator,
        encoder: Encoder,
        prior: Clustered,
        medium: Medium | None = None,
    ) -> None:
        super().__init__(generator, encoder, prior, medium)

    def codes(self, samples: Tensor) -> Sample:
        """Return codes ``z`` of the likeliest class or cluster, and the logits, ``class``."""
        logits, rest = self.prior.split(self.encoder(samples))
        return {"z": self.prior.join(logits, rest), "class": logits}


class SortingAutoencoder(InClusters):
    r"""An adversarial autoencoder of which one part of the code is a class.

    .. math:: E(x) = (\operatorname{softmax}(y(x)), s(x))

    The class is told from one-hot vectors, ``y``, the style from normal ones, ``style``, each by a
    discriminator of its own (:class:`gan_lab.models.PerKey`). Labelled samples may teach the class
    (:class:`gan_lab.terms.Sorting`); their logits are the round's ``class``.

    References:
        Makhzani et al. 2016, sections 5 and 6, arXiv 1511.05644.

    Args:
        generator: Codes, class first, to samples.
        encoder: Samples to the class's logits and the style.
        prior: Of one-hot vectors and normal numbers.
        medium: See :class:`gan_lab.tasks.Generation`.
    """

    gives = ("x", "y", "style")

    def forward(self, batch: Sample) -> Round:
        """Encode the minibatch, draw it again, and draw as many latents from the prior."""
        parts = self.parts(batch["x"])
        code = torch.cat([parts["y"], parts["style"]], dim=1)
        y, style = self.prior.split(self.prior(len(code))["z"])
        real = {**batch, "y": y, "style": style}
        fake = {"x": self.draw({"z": code}), "y": parts["y"], "style": parts["style"]}
        made = {"class": parts["class"]}
        if "labelled_x" in batch:
            made["labelled_class"] = self.parts(batch["labelled_x"])["class"]
        return Round(real, fake, made)

    def parts(self, samples: Tensor) -> Sample:
        """Return the class's logits, its probabilities ``y`` and the style of samples."""
        logits, style = self.prior.split(self.encoder(samples))
        return {"class": logits, "y": logits.softmax(dim=1), "style": style}


class Clustering(InClusters):
    r"""A generator whose latents lie in clusters, and an encoder that finds them again.

    .. math:: z = (\text{one-hot}, \sigma n), \qquad
        \beta_n\,\|z_n - E(G(z))_n\|^2 + \beta_c\,H(z_c, E(G(z))_c)

    Terms over what the round made: :class:`gan_lab.terms.Reconstruction` of ``recovered`` to
    ``normal``, and :class:`gan_lab.terms.Sorting` of ``class``.

    References:
        ClusterGAN: Latent Space Clustering in Generative Adversarial Networks (Mukherjee et al.
        2019), section 3, arXiv 1809.03627.

    Args:
        generator: Latents, one-hot part first, to samples.
        encoder: Samples to the clusters' logits and the normal part.
        prior: Of one-hot vectors and normal numbers.
        medium: See :class:`gan_lab.tasks.Generation`.
    """

    def forward(self, batch: Sample) -> Round:
        """Draw as many samples as the minibatch has, and recover what they were made from."""
        latent = self.prior(len(batch["x"]))
        x = self.draw(latent)
        logits, recovered = self.prior.split(self.encoder(x))
        normal = self.prior.split(latent["z"])[1]
        made = {"class": logits, "recovered": recovered, "normal": normal}
        return Round(batch, {"x": x, **latent}, made)
