"""What a classifier learns from generated samples, told on real ones."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gan_lab.errors import LabError
from gan_lab.metrics.base import require_samples
from gan_lab.metrics.features import Activations
from gan_lab.metrics.per_class import LabelMetric
from gan_lab.metrics.reference import Reference, in_batches


class SyntheticAccuracy(LabelMetric):
    """Train on synthetic, test on real: the accuracy on real test samples of a classifier.

    It is trained on the generated samples and the labels that they were made for, and sees no real
    sample before it is tested. It is small, so that a real training set of as many samples (the
    floor) is what to compare with, and never an accuracy that another program reports.

    References:
        Real-valued (Medical) Time Series Generation with Recurrent Conditional GANs (Esteban et al.
        2017), section 4.1, arXiv 1706.02633.

    Args:
        reference: The activations of real samples, with labels and the samples themselves.
        steps: Of Adam at 1e-3, positive.
        batch_size: Samples of each, positive.
        seed: Of weights and order.

    Raises:
        ValueError: If there are no labels or no samples, or a number is out of range.
    """

    higher_is_better = True
    reads_samples = True
    ideals = {"synthetic_accuracy": 1.0}
    bounds = ("synthetic_accuracy",)
    samples: list[Tensor]
    targets: list[Tensor]

    def __init__(
        self, reference: Reference, steps: int = 500, batch_size: int = 100, seed: int = 0
    ) -> None:
        super().__init__(reference)
        for name, value in (("steps", steps), ("batch_size", batch_size)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if reference.real.samples is None:
            raise ValueError("SyntheticAccuracy needs the real samples themselves; leave it out")
        self.steps, self.batch_size, self.seed = steps, batch_size, seed
        self.add_state("samples", [], dist_reduce_fx="cat")
        self.add_state("targets", [], dist_reduce_fx="cat")

    def update(self, generated: Activations) -> None:
        self.samples += list(in_batches(generated.samples))  # which reads_samples asks for
        self.targets.append(self.labels(generated))

    def compute(self) -> dict[str, Tensor]:
        with torch.inference_mode(False):
            # What was made in inference mode cannot be learnt from; a copy can.
            samples, targets = (torch.cat(list(p)).clone() for p in (self.samples, self.targets))
            require_samples("synthetic_accuracy", "generated", len(samples), 1)
            network = trained(
                samples, targets, self.classes, self.steps, self.batch_size, self.seed
            )
        real = self.reference.real
        assert real.samples is not None
        found = [
            network(in_range(batch).to(samples.device)).argmax(1).cpu()
            for batch in in_batches(real.samples)
        ]
        hits = torch.cat(found) == self.real_labels.cpu()
        return {"synthetic_accuracy": hits.double().mean()}


def in_range(samples: Tensor) -> Tensor:
    """Return samples as a network sees them: bytes in [-1, 1], floats as they are."""
    return samples.float() / 127.5 - 1 if samples.dtype == torch.uint8 else samples.float()


def trained(
    samples: Tensor, labels: Tensor, classes: int, steps: int, batch_size: int, seed: int
) -> nn.Module:
    """Return a classifier of samples (N, *shape) in evaluation mode, the same for a seed.

    Raises:
        LabError: If the samples are neither images nor vectors.
    """
    devices = [samples.device] if samples.device.type == "cuda" else []
    with torch.random.fork_rng(devices), torch.enable_grad():
        torch.manual_seed(seed)
        network = classifier(samples.shape[1:], classes).to(samples.device)
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
        random = torch.Generator().manual_seed(seed)
        order = torch.empty(0, dtype=torch.long)
        for _ in range(steps):
            while len(order) < batch_size:
                order = torch.cat([order, torch.randperm(len(samples), generator=random)])
            index, order = order[:batch_size].to(samples.device), order[batch_size:]
            loss = nn.functional.cross_entropy(network(in_range(samples[index])), labels[index])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
    return network.eval()


def classifier(shape: Sequence[int], classes: int) -> nn.Module:
    """Return two strided convolutions for images (C, H, W), or two layers for vectors (d,).

    Raises:
        LabError: If it is another shape.
    """
    if len(shape) == 1:
        return nn.Sequential(
            *(nn.Linear(shape[0], 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU()),
            nn.Linear(128, classes),
        )
    if len(shape) != 3:
        raise LabError(
            f"synthetic_accuracy is for images and vectors, not for samples of shape {list(shape)}"
        )
    return nn.Sequential(
        *(nn.Conv2d(shape[0], 32, 5, stride=2, padding=2), nn.ReLU()),
        *(nn.Conv2d(32, 64, 5, stride=2, padding=2), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(7), nn.Flatten()),
        *(nn.Linear(64 * 49, 128), nn.ReLU(), nn.Linear(128, classes)),
    )
