"""Hand a generator on without this lab: ``python -m gan_lab.export checkpoint=outputs/...``."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from gan_lab.cli.app import literal_paths, run
from gan_lab.errors import LabError
from gan_lab.files import written_whole

if TYPE_CHECKING:
    from torch import Tensor

    from gan_lab.contracts import Sample
    from gan_lab.tasks import Generation, Sequences

    Exported = Generation | Sequences

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
    formats = {"safetensors": save_safetensors, "onnx": save_onnx}
    if config.format not in formats:
        raise LabError(f"format must be one of {', '.join(formats)}, got {config.format!r}")

    import torch

    from gan_lab.run.checkpoint import CONFIG_KEY, find_checkpoint, load_task, read_checkpoint
    from gan_lab.tasks import Generation, Sequences

    path = find_checkpoint(config.checkpoint)
    content = read_checkpoint(path)
    task = load_task(path, config.weights, config.trust)
    if not isinstance(task, Generation | Sequences):
        raise LabError(
            "only generators of noise and policies that write are exported, and this run's task is "
            f"{type(task).__name__}; gan_lab.load(...) samples from it in Python"
        )
    random = torch.Generator().manual_seed(0)
    example = dict(task.latents(7, random))
    if isinstance(task, Sequences):
        example["tokens"] = task.sample(7, example)["x"]
    if task.num_classes:
        example["label"] = torch.arange(7) % task.num_classes
    description = {
        "task": content[CONFIG_KEY]["config"]["module"]["task"],
        **({"latent_dim": task.prior.dim} if isinstance(task, Generation) else {}),
        "num_classes": task.num_classes,
        "sample_shape": list(task.medium.shape),
        "medium": task.medium.name,
        "weights": config.weights,
        "step": content["global_step"],
        "gan_lab": content[CONFIG_KEY]["version"],
    }
    folder = Path(config.output).expanduser()
    written, draw = formats[config.format](task, description, folder, config.trust)
    with torch.inference_mode():
        difference = float((drawing(task)(example) - draw(example)).abs().max())
    if not difference <= TOLERANCE:
        raise LabError(f"{written[0]} draws something else than {path}: off by {difference:g}")
    for file in written:
        print(file)


def drawing(task: Exported) -> Callable[[Sample], Tensor]:
    """Return what a task makes of latents, or a policy's logits for tokens: what is exported."""
    from gan_lab.tasks import Sequences

    if isinstance(task, Sequences):
        policy = task.policy
        return lambda given: policy(given["tokens"])
    return task.draw


Written = tuple[list[Path], "Callable[[Sample], Tensor]"]


def save_safetensors(
    task: Exported, description: dict[str, Any], folder: Path, trust: Sequence[str] = ()
) -> Written:
    """Write weights as generator.safetensors and what rebuilds the network as generator.json.

    Returns:
        The files, and what they draw when read back.
    """
    from safetensors.torch import save

    weights, facts = folder / "generator.safetensors", folder / "generator.json"
    tensors = {name: v.contiguous() for name, v in task.state_dict().items()}
    contents = {weights: save(tensors), facts: (json.dumps(description, indent=2) + "\n").encode()}
    for path, content in contents.items():
        with written_whole(path) as file:
            file.write(content)
    return [weights, facts], drawing(load_safetensors(folder, trust))


def load_safetensors(folder: Path, trust: Sequence[str] = ()) -> Exported:
    """Rebuild the generating side that :func:`save_safetensors` wrote into ``folder``.

    Raises:
        LabError: If a file is damaged or names a class that is not on the allow-list.
    """
    from safetensors.torch import load_file

    from gan_lab.run.rebuild import rebuild_task, refuse_special
    from gan_lab.tasks import Generation, Sequences

    try:
        description = json.loads((folder / "generator.json").read_text())
        weights = load_file(folder / "generator.safetensors")
        refuse_special(description["task"], folder)
    except LabError:
        raise
    except Exception as error:  # whatever readers make of any bytes
        raise LabError(f"{folder} holds no exported generator: {error}") from error
    task = rebuild_task(description["task"], weights, folder, trust)
    if not isinstance(task, Generation | Sequences):
        raise LabError(f"{folder} holds no generator of noise, but a {type(task).__name__}")
    return task


def save_onnx(
    task: Exported, description: dict[str, Any], folder: Path, trust: Sequence[str] = ()
) -> Written:
    """Write generator.onnx, which takes any number of latents, and labels where there are classes.

    Of a policy it takes tokens (N, T) and gives the logits (N, T, V) of each given those before it.

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

    from gan_lab.tasks import Sequences

    path = folder / "generator.onnx"
    network: torch.nn.Module
    if isinstance(task, Sequences):
        network, output = task.policy, "logits"
        inputs = {"tokens": torch.zeros(2, task.policy.length, dtype=torch.long)}
    else:
        network, output = task.generator, "samples"
        inputs = {"latents": torch.zeros(2, task.prior.dim)}
    if task.num_classes:
        inputs["labels"] = torch.zeros(2, dtype=torch.long)
    count = torch.export.Dim("count")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="# The axis name: count will not be used")
        program = torch.onnx.export(
            network,
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=[output],
            dynamic_shapes=tuple({0: count} for _ in inputs),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # what dynamo=True returns
    with written_whole(path) as file:
        file.write(program.model_proto.SerializeToString())
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def draw(given: Sample) -> Tensor:
        keys = {"latents": "z", "labels": "label", "tokens": "tokens"}
        (samples,) = session.run(None, {name: given[keys[name]].numpy() for name in inputs})
        return torch.from_numpy(samples)

    return [path], draw


if __name__ == "__main__":
    main()
