"""How well a conditional generator keeps to the class that it is asked for, class by class."""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from gan_lab.metrics.base import LogitMetric, SampleMetric, require_samples
from gan_lab.metrics.features import Activations
from gan_lab.metrics.fid import fitted, frechet_distance, moments
from gan_lab.metrics.reference import Reference


class LabelMetric(SampleMetric):
    """A metric of samples whose class is known: asked for, or of real samples their own.

    Args:
        reference: The activations of real samples, with labels.

    Attributes:
        classes: K, the number of classes among the real samples.

    Raises:
        ValueError: If the real samples have no labels.
    """

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self.real_labels = self.labels(reference.real)
        self.classes = int(self.real_labels.max()) + 1

    def labels(self, samples: Activations) -> Tensor:
        """Return the labels (N,) of samples, or raise ValueError where there are none."""
        if samples.labels is None:
            raise ValueError(
                f"{type(self).__name__} needs to know the samples' classes; it is for conditional "
                "generators and labelled data, so leave it out"
            )
        return samples.labels.long()

    def named(self, figure: str, ideal: float) -> dict[str, float]:
        """Return the ideals of a figure: of the mean over classes, then of each class."""
        return {figure: ideal} | {f"{figure}_{c}": ideal for c in range(self.classes)}

    def figures(self, figure: str, values: Tensor) -> dict[str, Tensor]:
        """Return the mean over classes of ``values`` (K,), then each."""
        return {figure: values.mean()} | {f"{figure}_{c}": v for c, v in enumerate(values)}


class ClassAccuracy(LabelMetric, LogitMetric):
    """The share of samples that the classifier takes for the class they were made for.

    Args:
        reference: The activations of real samples, with labels.

    Raises:
        ValueError: If the network does not classify, or into other classes than the labels'.
    """

    higher_is_better = True
    hits: Tensor
    counts: Tensor

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        outputs = self.logits(reference.real).shape[1]
        if outputs != self.classes:
            raise ValueError(
                f"ClassAccuracy needs a classifier of the data's {self.classes} classes, and the "
                f"{reference.network} features know {outputs}; leave it out or choose others"
            )
        self.ideals = self.named("class_accuracy", 1.0)
        self.bounds = tuple(self.ideals)  # the classifier errs on real samples too
        for name in ("hits", "counts"):
            zeros = torch.zeros(self.classes, dtype=torch.long)
            self.add_state(name, zeros, dist_reduce_fx="sum")

    def update(self, generated: Activations) -> None:
        labels = self.labels(generated)
        hit = self.logits(generated).argmax(1) == labels
        self.counts += labels.bincount(minlength=self.classes)
        self.hits += labels[hit].bincount(minlength=self.classes)

    def compute(self) -> dict[str, Tensor]:
        require_samples("class_accuracy", "generated", int(self.counts.min()), 1)
        return self.figures("class_accuracy", self.hits.double() / self.counts)


class CodeAccuracy(LogitMetric):
    r"""The share of samples that the classifier takes for the class that their code stands for.

    .. math:: \max_\pi \frac1N \sum_i 1[\text{verdict}_i = \pi(\text{code}_i)]

    over one-to-one assignments :math:`\pi` of codes to classes (Kuhn and Munkres), as a generator
    that draws its own codes numbers them as it likes. Guessing scores a little above one over the
    number of classes, the more so the fewer the samples.

    References:
        InfoGAN (Chen et al. 2016), section 7.2, arXiv 1606.03657: 5 % error on MNIST.

    Args:
        reference: The activations of real samples, which only name the classifier.
    """

    higher_is_better = True
    ideals = {"code_accuracy": 1.0}
    bounds = ("code_accuracy",)
    table: Tensor

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self.classes = self.logits(reference.real).shape[1]
        zeros = torch.zeros(self.classes, self.classes, dtype=torch.long)
        self.add_state("table", zeros, dist_reduce_fx="sum")

    def update(self, generated: Activations) -> None:
        if generated.labels is None:
            raise ValueError("CodeAccuracy needs to know the samples' codes; leave it out")
        pairs = generated.labels.long() * self.classes + self.logits(generated).argmax(1)
        counted = pairs.bincount(minlength=self.classes**2)
        self.table += counted.reshape(self.classes, self.classes)

    def compute(self) -> dict[str, Tensor]:
        require_samples("code_accuracy", "generated", int(self.table.sum()), 1)
        counts = self.table.cpu()
        codes, classes = linear_sum_assignment(counts.numpy(), maximize=True)
        matched = counts[torch.as_tensor(codes), torch.as_tensor(classes)].sum()
        return {"code_accuracy": matched.double() / counts.sum()}


class IntraClassFrechetDistance(LabelMetric):
    """FID within each class, between samples made for it and real samples of it.

    Numbers of different counts do not compare, as with FID; each class has a
    K-th of the samples.

    References:
        cGANs with Projection Discriminator (Miyato and Koyama 2018), section 5,
        arXiv 1802.05637.

    Args:
        reference: The activations of real samples, with labels.
    """

    higher_is_better = False
    counts: Tensor
    totals: Tensor
    products: Tensor

    def __init__(self, reference: Reference) -> None:
        super().__init__(reference)
        self.ideals = self.named("intra_class_fid", 0.0)
        size = reference.real.features.shape[1]
        zeros = torch.zeros(self.classes, size, size, dtype=torch.float64)
        self.add_state("counts", zeros[:, 0, 0].clone(), dist_reduce_fx="sum")
        self.add_state("totals", zeros[:, 0].clone(), dist_reduce_fx="sum")
        self.add_state("products", zeros, dist_reduce_fx="sum")

    def update(self, generated: Activations) -> None:
        labels = self.labels(generated)
        for c in labels.unique().tolist():  # type: ignore[no-untyped-call]
            features = generated.features[labels == c].double()
            self.counts[c] += len(features)
            self.totals[c] += features.sum(0)
            self.products[c] += features.mT @ features

    def compute(self) -> dict[str, Tensor]:
        require_samples("intra_class_fid", "generated", int(self.counts.min()), 2)
        device = self.totals.device
        distances = []
        for c in range(self.classes):
            real = self.reference.real.features[self.real_labels == c].to(device)
            require_samples("intra_class_fid", "real", len(real), 2)
            made = moments(self.counts[c], self.totals[c], self.products[c])
            distances.append(frechet_distance(*fitted(real), *made))
        return self.figures("intra_class_fid", torch.stack(distances))
