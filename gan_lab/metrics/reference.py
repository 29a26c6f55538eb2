"""The real samples that generated ones are held against, as activations, computed once."""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from gan_lab.errors import LabError
from gan_lab.files import written_whole
from gan_lab.metrics.features import Activations, FeatureNetwork, activations

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reference:
    """Activations of real samples.

    Attributes:
        real: Of the samples that generated ones are compared with.
        train: Of the samples that the generator was trained on and may have memorised.
        network: Name of the network that computed them.
        num_samples: Samples that will be compared with the real ones; by default as many.
        whole: Of all test and all training samples, of which the others may be a part.
    """

    real: Activations
    train: Activations
    network: str
    num_samples: int | None = None
    whole: tuple[Activations, Activations] | None = None


class Stored(Protocol):
    """Samples that lie on the disk, as data sets beyond memory hand them out."""

    @property
    def digest(self) -> str:
        """Return what only equal samples share."""

    def __len__(self) -> int:
        """Return how many there are."""

    def batches(self, size: int) -> Iterator[Tensor]:
        """Yield all samples in order."""


def in_batches(samples: Tensor | Stored, size: int = 500) -> Iterable[Tensor]:
    """Return samples a batch at a time, read only then where they lie on the disk."""
    return torch.split(samples, size) if isinstance(samples, Tensor) else samples.batches(size)


def cached_activations(
    network: FeatureNetwork, samples: Tensor | Stored, name: str, cache: Path | None = None
) -> Activations:
    """Return the activations of real samples, from the cache where they are already there.

    The file's name holds data set and split, count, network, and a digest of
    the network's weights and of the samples themselves: what is read back was
    computed from exactly these. Activations are stored on the CPU.

    Args:
        network: Computes what is not cached.
        samples: Real samples (N, *shape).
        name: Of data set and split, such as "mnist-test"; for people.
        cache: Folder; None computes anew each time.

    Raises:
        LabError: If a cached file is damaged.
    """
    if cache is None:
        return activations(network, in_batches(samples)).to(torch.device("cpu"))
    content = hashlib.sha256(f"2 {network.digest}".encode())  # 2: of files with a checksum
    if isinstance(samples, Tensor):
        content.update(repr((samples.dtype, tuple(samples.shape))).encode())
        content.update(samples.contiguous().cpu().numpy().tobytes())
    else:
        content.update(samples.digest.encode())
    label = f"{name}-{len(samples)}-{network.name}-{content.hexdigest()[:16]}"
    path = Path(cache).expanduser() / f"{label}.safetensors"
    if path.exists():
        return read(path)
    computed = activations(network, in_batches(samples)).to(torch.device("cpu"))
    try:
        write(path, computed)
    except LabError as error:  # the next run computes them again
        log.warning("the statistics are not kept: %s", error)
    return computed


def read(path: Path) -> Activations:
    """Return the activations in a file.

    Raises:
        LabError: If they are not those that were written.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            written = (file.metadata() or {}).get("sha256")
    except (SafetensorError, OSError, ValueError) as error:
        raise LabError(
            f"cached statistics {path} are damaged ({error}); delete the file"
        ) from error
    if written != checksum(tensors):
        raise LabError(
            f"cached statistics {path} are damaged: their checksum does not match; delete the file"
        )
    features, logits = tensors.pop("features"), tensors.pop("logits", None)
    return Activations(features, logits, beside=tensors)


def write(path: Path, computed: Activations) -> None:
    """Write activations to a file, whole or not at all, with their checksum."""
    tensors = {name: values.contiguous() for name, values in computed.beside.items()}
    tensors["features"] = computed.features.contiguous()
    if computed.logits is not None:
        tensors["logits"] = computed.logits.contiguous()
    content = save(tensors, {"sha256": checksum(tensors)})
    with written_whole(path, shared=True) as file:
        file.write(content)


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """Return a SHA-256 of tensors: their names, shapes and every bit."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(repr((name, tensor.dtype, tuple(tensor.shape))).encode())
        digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
