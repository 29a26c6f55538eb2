"""From labelled samples of one domain to samples, still labelled, that look like another's."""

from torch import Tensor, nn

from gan_lab.contracts import Medium, Prior, Round, Sample
from gan_lab.models import Translator
from gan_lab.tasks.coded import CodedTranslation


class Adaptation(CodedTranslation):
    r"""Translate labelled sources, with noise, and train a task network on both kinds.

    .. math:: \tilde x = G(s, z), \qquad T(s), T(\tilde x) \to y

    The labels are the source's; the target's are never read. Rounds make ``class``, the task
    network's logits for translations, and ``class_source``, for sources, for
    :class:`gan_lab.terms.TaskLoss`. The task network belongs to the generating side here, and
    moves with it; the paper moves it with the discriminator.

    References:
        Unsupervised Pixel-Level Domain Adaptation with Generative Adversarial Networks (Bousmalis
        et al. 2017), section 3, arXiv 1612.05424.

    Args:
        translator: The source, and noise as planes beside it, to ``x``.
        classifier: The task network T, samples to class logits.
        prior: Where noise comes from.
        medium: Of the target; sources have the same channels.

    Raises:
        ValueError: If the translator has no plane for each number of the noise, or sources and
            targets differ in their channels.
    """

    takes = ("source", "label", "x")

    def __init__(
        self, translator: Translator, classifier: nn.Module, prior: Prior, medium: Medium
    ) -> None:
        super().__init__(translator, prior, medium)
        self.classifier = classifier
        if translator.beside != prior.dim:
            raise ValueError(
                f"the prior draws {prior.dim} numbers and the translator has room for "
                f"{translator.beside} planes; make both equal"
            )
        if translator.inputs != translator.outputs:
            raise ValueError(
                f"the task network reads sources of {translator.inputs} channel(s) and "
                f"translations of {translator.outputs}; both must be alike"
            )

    def forward(self, batch: Sample) -> Round:
        """Translate a minibatch's sources and classify both."""
        made = self.translate({"source": batch["source"]})
        logits = {
            "class": self.classifier(made["x"]),
            "class_source": self.classifier(batch["source"]),
        }
        return Round(batch, {**batch, **made}, {**logits, "label": batch["label"]})

    def classify(self, images: Tensor) -> Tensor:
        """Return the task network's class logits (N, classes) of images."""
        logits: Tensor = self.classifier(images)
        return logits
