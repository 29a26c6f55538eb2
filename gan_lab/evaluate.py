"""Measure a generator, or any images: ``python -m gan_lab.evaluate checkpoint=outputs/...``."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from gan_lab.app import literal_paths, run
from gan_lab.errors import LabError

if TYPE_CHECKING:
    from gan_lab.data import InMemoryDataModule
    from gan_lab.metrics import Batch, Evaluation, FeatureNetwork

    Source = Callable[[int], Iterator[Batch]]

Column = dict[str, list[float]]
"""Each figure's values, one for each repetition."""


PATHS = "checkpoint", "images", "output"


def main() -> None:
    """Run the command line."""
    run(evaluate, "evaluate", rewrite=lambda given: literal_paths(given, *PATHS))


def evaluate(config: DictConfig) -> None:
    """Measure what ``config`` names, print a table and write evaluation.json.

    Raises:
        LabError: If there is nothing sound to measure or an option is out of range.
    """
    from gan_lab.instantiate import select_number

    if (config.checkpoint is None) == (config.images is None):
        raise LabError("give either checkpoint=PATH, a run folder or .ckpt file, or images=PATH")
    count = select_number(config, "num_samples", int, 1)
    repeats = select_number(config, "repeats", int, 1)
    seed = select_number(config, "seed", int, 0)
    select_number(config, "batch_size", int, 1)
    if config.images is None:
        data, sources, num_classes = generators(config)
    else:
        data, sources, count = images(config, count)
        repeats, num_classes = 1, 0  # there is nothing to draw anew
    data.prepare_data()
    data.setup()
    evaluation = configured_evaluation(config, data, count, num_classes)
    columns: dict[str, Column] = {}
    for name, source in sources.items():
        results = [evaluation(source(seed + i)) for i in range(repeats)]
        columns[name] = {figure: [r[figure] for r in results] for figure in evaluation.ideals}
    floor = evaluation.floor if config.floor else None
    report(config, evaluation, columns, floor)


def generators(config: DictConfig) -> tuple[InMemoryDataModule, dict[str, Source], int]:
    """Return the checkpoint's data set, a source of samples for each weights, and its classes."""
    from gan_lab import data
    from gan_lab.checkpoint import (
        CONFIG_KEY,
        EMA_KEY,
        find_checkpoint,
        load_generator,
        read_checkpoint,
        rebuild,
    )

    if config.weights not in ("raw", "ema", "both"):
        raise LabError(f"weights must be raw, ema or both, got {config.weights!r}")
    path = find_checkpoint(config.checkpoint)
    checkpoint = read_checkpoint(path)
    names = [config.weights]
    if config.weights == "both":
        names = ["raw", "ema"] if EMA_KEY in checkpoint else ["raw"]
    device = choose_device(config.device)
    sources = {}
    for name in names:
        generator = load_generator(path, name).to(device)
        sources[name] = generator_source(config, generator, device)
    if config.data is not None:
        return chosen_data(config), sources, generator.num_classes
    node = dict(checkpoint[CONFIG_KEY]["config"]["data"])
    if config.root is not None:
        node["root"] = config.root
    return rebuild(node, data), sources, generator.num_classes


def generator_source(config: DictConfig, generator: Any, device: Any) -> Source:
    """Return what draws batches from a generator, given a seed."""
    import torch

    from gan_lab.metrics import seeded_batches

    @torch.inference_mode()
    def sample(count: int) -> Batch:
        latents = torch.randn(count, generator.latent_dim, device=device)
        labels = generator.labels_in_turn(count, device)
        return generator(latents, labels), labels

    return lambda seed: seeded_batches(sample, config.num_samples, seed, config.batch_size)


def images(config: DictConfig, count: int) -> tuple[InMemoryDataModule, dict[str, Source], int]:
    """Return the chosen data set, the images of a folder or file, and how many they are."""
    import torch

    from gan_lab.images import read_images

    if config.data is None:
        raise LabError("images=... needs the data set to compare with, such as data=mnist")
    data = chosen_data(config)
    path = Path(config.images).expanduser()
    found = read_images(path)[:count]
    if found.shape[1:] != data.image_shape:
        raise LabError(
            f"the images in {path} have shape {list(found.shape[1:])} (channels, height, width), "
            f"and the data set's have {list(data.image_shape)}; give images of that shape"
        )
    batches = torch.split(found, config.batch_size)
    return data, {"images": lambda seed: ((batch, None) for batch in batches)}, len(found)


def chosen_data(config: DictConfig) -> InMemoryDataModule:
    """Return the data set of the command line."""
    from gan_lab.instantiate import build

    overrides = {} if config.root is None else {"root": config.root}
    data: InMemoryDataModule = build(config, "data", **overrides)
    return data


def configured_evaluation(
    config: DictConfig, data: InMemoryDataModule, count: int, num_classes: int
) -> Evaluation:
    """Return the evaluation that ``config`` describes, against the data's test split.

    Metrics that need a classifier, or samples made for a class, are left out where there is none,
    and named.
    """
    from gan_lab.callbacks.evaluation import build_evaluation
    from gan_lab.instantiate import build
    from gan_lab.metrics import ClassAccuracy, LabelMetric, LogitMetric

    network = feature_network(config).to(choose_device(config.device))
    names = [name for name, node in config.metrics.figures.items() if node is not None]
    if not names:
        raise LabError("metrics.figures is empty; choose metrics=quick, default or all")
    found = {name: build(config, f"metrics.figures.{name}") for name in names}
    unsuited = {
        f"{network.name} features come from no classifier": LogitMetric
        if not network.num_classes
        else (),
        "the samples are not made for classes": LabelMetric if not num_classes else (),
        f"{network.name} features know other classes than the generator's": (
            ClassAccuracy if num_classes != network.num_classes else ()
        ),
    }
    for reason, kinds in unsuited.items():
        left_out = [name for name, metric in found.items() if issubclass(metric.func, kinds)]
        for name in left_out:
            del found[name]
        if left_out:
            print(f"left out, as {reason}: {', '.join(left_out)}")
    return build_evaluation(network, found, data, count)


def feature_network(config: DictConfig) -> FeatureNetwork:
    """Return the features that the command line chose, or else those of the checkpoint's run."""
    from gan_lab import metrics
    from gan_lab.checkpoint import CONFIG_KEY, find_checkpoint, read_checkpoint, rebuild
    from gan_lab.instantiate import build

    chosen = any(o.startswith("metrics") for o in HydraConfig.get().overrides.task if "feat" in o)
    if config.checkpoint is not None and not chosen:
        run_config = read_checkpoint(find_checkpoint(config.checkpoint))[CONFIG_KEY]["config"]
        node = dict(run_config.get("metrics", {}).get("features") or config.metrics.features)
        node.pop("weights", None)  # a checkpoint must not choose a file that Inception unpickles
        network: FeatureNetwork = rebuild(node, metrics)
        return network
    built: FeatureNetwork = build(config, "metrics.features")
    return built


def choose_device(name: str) -> Any:
    """Return the device called ``name``, or the accelerator where there is one."""
    import torch

    if name == "auto":
        found = torch.accelerator.current_accelerator(check_available=True)
        return found or torch.device("cpu")
    try:
        return torch.empty(0, device=name).device
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise LabError(f"device={name} cannot be used here ({reason}); use cpu") from error


def report(
    config: DictConfig, evaluation: Evaluation, columns: dict[str, Column], floor: Any
) -> None:
    """Print the table and write evaluation.json."""
    from rich.console import Console
    from rich.table import Table

    means = {name: {f: statistics.fmean(v) for f, v in c.items()} for name, c in columns.items()}
    better = {n: evaluation.better_than_real(m) if floor else [] for n, m in means.items()}
    table = Table(
        title=f"{evaluation.num_samples} samples, {evaluation.network.name} features",
        caption="real: training samples under the same ruler" if floor else None,
    )
    table.add_column("", no_wrap=True)
    for heading in [*columns, *(["real"] if floor else []), "ideal"]:
        table.add_column(heading, justify="right")
    for figure, ideal in evaluation.ideals.items():
        cells = [shown(c[figure], figure in better[name]) for name, c in columns.items()]
        cells += [f"{floor[figure]:.4g}"] if floor else []
        table.add_row(figure, *cells, f"{ideal:g}")
    console = Console(soft_wrap=True)
    console.print(table)
    if any(better.values()):
        console.print(
            "! closer to the ideal than real samples are: over-concentration or copies, no merit",
            markup=False,
        )
    label = evaluation.label
    content = {
        "source": str(config.checkpoint or config.images),
        "features": evaluation.network.name,
        "features_digest": evaluation.network.digest,
        "num_samples": evaluation.num_samples,
        "num_real": len(evaluation.reference.real),
        "seed": config.seed,
        "figures": {
            name: {
                label(f): {"mean": means[name][f], "sd": deviation(values), "values": values}
                for f, values in column.items()
            }
            for name, column in columns.items()
        },
        "real_training_samples": {label(f): v for f, v in floor.items()} if floor else None,
        "better_than_real": better,
    }
    path = Path(config.output) / "evaluation.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")
    console.print(str(path), markup=False, highlight=False)


def shown(values: list[float], better: bool) -> str:
    """Return a cell: the mean, its standard deviation if there are several, a mark if too good."""
    sd = deviation(values)
    spread = "" if sd is None else f" ± {sd:.2g}"
    return f"{'! ' if better else ''}{statistics.fmean(values):.4g}{spread}"


def deviation(values: list[float]) -> float | None:
    """Return the sample standard deviation, or None of a single value."""
    return statistics.stdev(values) if len(values) > 1 else None


if __name__ == "__main__":
    main()
