"""Hand a generator on without this lab: ``python -m gan_lab.export checkpoint=outputs/...``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from gan_lab.app import literal_paths, run
from gan_lab.errors import LabError

if TYPE_CHECKING:
    from torch import Tensor

    from gan_lab.models import Generator

TOLERANCE = 1e-4
"""Largest difference allowed between a sample of the original and the exported one."""


def main() -> None:
    """Run the command line."""
    run(export, "export", rewrite=lambda given: literal_paths(given, "checkpoint", "output"))


def export(config: DictConfig) -> None:
    """Write a generator in the formats that ``config`` asks for and print where they are.

    Raises:
        LabError: If there is no sound checkpoint, a format is unknown, or what
            was written draws something else than the original.
    """
    if OmegaConf.is_missing(config, "checkpoint"):
        raise LabError("give checkpoint=PATH, a run folder or a .ckpt file")
    formats = {"safetensors": save_safetensors, "onnx": save_onnx}
    if config.format not in formats:
        raise LabError(f"format must be one of {', '.join(formats)}, got {config.format!r}")

    import torch

    from gan_lab.checkpoint import CONFIG_KEY, find_checkpoint, load_generator, read_checkpoint

    path = find_checkpoint(config.checkpoint)
    content = read_checkpoint(path)
    node = content[CONFIG_KEY]["config"]["model"]["generator"]
    generator = load_generator(path, config.weights)
    description = {
        "class": node["_target_"],
        "arguments": {key: value for key, value in node.items() if not key.startswith("_")},
        "latent_dim": generator.latent_dim,
        "image_shape": list(generator.image_shape),
        "range": [-1, 1],
        "weights": config.weights,
        "step": content["global_step"],
        "gan_lab": content[CONFIG_KEY]["version"],
    }
    folder = Path(config.output).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    written, draw = formats[config.format](generator, description, folder)
    latents = torch.randn(7, generator.latent_dim, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        difference = float((generator(latents) - draw(latents)).abs().max())
    if not difference <= TOLERANCE:
        raise LabError(f"{written[0]} draws something else than {path}: off by {difference:g}")
    for file in written:
        print(file)


Written = tuple[list[Path], "Callable[[Tensor], Tensor]"]


def save_safetensors(generator: Generator, description: dict[str, Any], folder: Path) -> Written:
    """Write weights as generator.safetensors and what rebuilds the network as generator.json.

    Returns:
        The files, and what they draw when read back.
    """
    from safetensors.torch import save_file

    weights, facts = folder / "generator.safetensors", folder / "generator.json"
    save_file({name: v.contiguous() for name, v in generator.state_dict().items()}, weights)
    facts.write_text(json.dumps(description, indent=2) + "\n")
    return [weights, facts], load_safetensors(folder)


def load_safetensors(folder: Path) -> Generator:
    """Rebuild the generator that :func:`save_safetensors` wrote into ``folder``.

    Raises:
        LabError: If a file is damaged or names a class that is not on the allow-list.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from gan_lab.checkpoint import rebuild

    try:
        description = json.loads((folder / "generator.json").read_text())
        generator: Generator = rebuild(
            {"_target_": description["class"], **description["arguments"]}
        )
        generator.load_state_dict(load_file(folder / "generator.safetensors"))
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise LabError(f"{folder} holds no exported generator: {error}") from error
    return generator.eval()


def save_onnx(generator: Generator, description: dict[str, Any], folder: Path) -> Written:
    """Write generator.onnx, which takes any number of latents.

    Returns:
        The file, and what ONNX Runtime draws with it.

    Raises:
        LabError: If the packages for ONNX are not installed.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401, what torch writes ONNX with
    except ModuleNotFoundError as error:
        raise LabError(f"{error.name} is not installed: pip install 'gan-lab[onnx]'") from error
    import torch

    path = folder / "generator.onnx"
    torch.onnx.export(
        generator,
        (torch.zeros(2, generator.latent_dim),),
        path,
        input_names=["latents"],
        output_names=["samples"],
        dynamic_shapes=({0: torch.export.Dim("count")},),
        external_data=False,
        dynamo=True,
        verbose=False,
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def draw(latents: Tensor) -> Tensor:
        (samples,) = session.run(None, {"latents": latents.numpy()})
        return torch.from_numpy(samples)

    return [path], draw


if __name__ == "__main__":
    main()
