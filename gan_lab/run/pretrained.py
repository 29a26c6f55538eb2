"""Weights to start from, out of another run."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from torch import Tensor, nn

from gan_lab.errors import LabError
from gan_lab.run.checkpoint import EMA_KEY, find_checkpoint, part_of, read_checkpoint


def pretrained(
    network: nn.Module,
    checkpoint: str | Path | None,
    part: str,
    freeze: Sequence[str] = (),
    weights: str = "raw",
) -> nn.Module:
    """Give a network the weights of a run, and freeze some of them.

    Args:
        network: Of the shapes that the checkpoint holds.
        checkpoint: A run folder or a checkpoint; None leaves the weights as they are.
        part: "task", the generating side, or "discriminator".
        freeze: Patterns of names, as the shell's, of parameters that are not to move.
        weights: "raw", or "ema" for the averaged generating side.

    Returns:
        The network itself.

    Raises:
        LabError: If a name or a shape does not match, or a pattern matches nothing.
    """
    if checkpoint is not None:
        path = find_checkpoint(checkpoint)
        content = read_checkpoint(path)
        averaged = weights == "ema" and part == "task"
        if averaged and EMA_KEY not in content:
            raise LabError(f"{path} holds no averaged weights; use the raw ones")
        found = content[EMA_KEY] if averaged else part_of(content, part)
        refuse_mismatch(network, found, path)
        network.load_state_dict(found)
    for pattern in freeze:
        names = [name for name, _ in network.named_parameters() if fnmatch(name, pattern)]
        if not names:
            raise LabError(
                f"pretrained.freeze={pattern} matches no parameter of the {part}; it has "
                f"{', '.join(name for name, _ in network.named_parameters())}"
            )
        for name in names:
            network.get_parameter(name).requires_grad_(False)
    return network


def learn_norms_alone(network: nn.Module) -> nn.Module:
    """Freeze all of a network but the scales and shifts of its norms, and what these come from.

    References:
        Image Generation From Small Datasets via Batch Statistics Adaptation (Noguchi and Harada
        2019), section 3.2, arXiv 1904.01774.

    Args:
        network: The generating side, or a part of it.

    Raises:
        LabError: If it has no norms that learn.
    """
    norms = [layer for layer in network.modules() if "Norm" in type(layer).__name__]
    learning = {id(p) for layer in norms for p in layer.parameters()}
    if not learning:
        raise LabError(
            "pretrained.learn=norms needs a generator with norms that learn, such as "
            "model=infogan or dcgan"
        )
    for parameter in network.parameters():
        parameter.requires_grad_(parameter.requires_grad and id(parameter) in learning)
    return network


def refuse_mismatch(network: nn.Module, found: Mapping[str, Tensor], path: Path) -> None:
    """Raise LabError that names each weight of another name or shape."""
    wanted = {name: list(tensor.shape) for name, tensor in network.state_dict().items()}
    given = {name: list(tensor.shape) for name, tensor in found.items()}
    differences = [
        f"{name} is {given.get(name, 'missing')} there and {wanted.get(name, 'missing')} here"
        for name in sorted({*wanted, *given})
        if wanted.get(name) != given.get(name)
    ]
    if differences:
        more = f" and {len(differences) - 3} more" if len(differences) > 3 else ""
        raise LabError(f"the weights of {path} do not fit: {'; '.join(differences[:3])}{more}")
