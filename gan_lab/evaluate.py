"""Measure a generator, or any images: ``python -m gan_lab.evaluate checkpoint=outputs/...``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from gan_lab.cli.app import literal_paths, run
from gan_lab.cli.device import choose_device
from gan_lab.cli.python import callable_module
from gan_lab.errors import LabError

if TYPE_CHECKING:
    from gan_lab.contracts import Task
    from gan_lab.data import DataModule
    from gan_lab.metrics import Batch, Evaluation

    Source = Callable[[int], Iterator[Batch]]


PATHS = "checkpoint", "images", "samples", "output", "root"


def main() -> None:
    """Run the command line."""
    run(evaluate, "evaluate", rewrite=lambda given: literal_paths(given, *PATHS))


def evaluate(config: DictConfig) -> dict[str, Any]:
    """Measure what ``config`` names, print a table, write evaluation.json and return what it holds.

    Raises:
        LabError: If there is nothing sound to measure or an option is out of range.
    """
    from gan_lab.cli.instantiate import select_number
    from gan_lab.cli.rulers import feature_network
    from gan_lab.cli.table import report
    from gan_lab.cli.temperatures import at_temperatures
    from gan_lab.cli.translation import evaluate_translations
    from gan_lab.contracts import Translating
    from gan_lab.game.checks import introduce

    if sum(config[key] is not None for key in ("checkpoint", "images", "samples")) != 1:
        raise LabError(
            "give either checkpoint=PATH, a run folder or .ckpt file, or images=PATH (samples=PATH "
            "of other media)"
        )
    count = select_number(config, "num_samples", int, 1)
    repeats = select_number(config, "repeats", int, 1)
    seed = select_number(config, "seed", int, 0)
    select_number(config, "batch_size", int, 1)
    if config.checkpoint is not None:
        data, tasks = generators(config)
        task = next(iter(tasks.values()))
        translating = {n: t for n, t in tasks.items() if isinstance(t, Translating)}
        if translating:
            network = feature_network(config).to(choose_device(config.device))
            data.prepare_data()
            data.setup("fit")
            return evaluate_translations(config, translating, data, network)
        data.prepare_data()
        data.setup("fit")
        for drawn in tasks.values():
            introduce(drawn, data)
        tasks = at_temperatures(tasks, config.temperatures)
        sources = {name: task_source(config, drawn) for name, drawn in tasks.items()}
    else:
        data, sources, count = images(config, count)
        repeats, task, tasks = 1, None, {}  # there is nothing to draw anew
    evaluation = configured_evaluation(config, data, count, task)
    columns: dict[str, dict[str, list[float]]] = {}
    for name, source in sources.items():
        results = [evaluation(source(seed + i), tasks.get(name)) for i in range(repeats)]
        columns[name] = {figure: [r[figure] for r in results] for figure in evaluation.ideals}
    floor = (evaluation.floor or None) if config.floor else None
    return report(config, evaluation, columns, floor)


def generators(config: DictConfig) -> tuple[DataModule, dict[str, Task]]:
    """Return the checkpoint's data set, and its generating side with each of its weights."""
    from gan_lab.cli.stored_data import stored_data
    from gan_lab.run.checkpoint import (
        CONFIG_KEY,
        EMA_KEY,
        find_checkpoint,
        load_task,
        read_checkpoint,
    )

    if config.weights not in ("raw", "ema", "both"):
        raise LabError(f"weights must be raw, ema or both, got {config.weights!r}")
    path = find_checkpoint(config.checkpoint)
    checkpoint = read_checkpoint(path)
    names = [config.weights]
    if config.weights == "both":
        names = ["raw", "ema"] if EMA_KEY in checkpoint else ["raw"]
    device = choose_device(config.device)
    tasks = {name: load_task(path, name, config.trust).to(device) for name in names}
    task = tasks[names[0]]
    if config.data is not None:
        data = chosen_data(config)
    else:
        data = stored_data(
            checkpoint[CONFIG_KEY]["config"].get("data"), path, config.root, config.trust
        )
    if tuple(data.sample_shape) != tuple(task.medium.shape):
        raise LabError(
            f"{path} makes samples of shape {list(task.medium.shape)}, and the data set's have "
            f"{list(data.sample_shape)}"
        )
    return data, tasks


def task_source(config: DictConfig, task: Task) -> Source:
    """Return what draws batches from a generating side, given a seed."""
    import torch

    from gan_lab.metrics import seeded_batches

    @torch.inference_mode()
    def sample(count: int) -> Batch:
        made = task.sample(count)
        return made["x"], made.get("label")

    return lambda seed: seeded_batches(sample, config.num_samples, seed, config.batch_size)


def images(config: DictConfig, count: int) -> tuple[DataModule, dict[str, Source], int]:
    """Return the chosen data set, the samples of a folder or file, and how many they are."""
    import torch

    key = "images" if config.samples is None else "samples"
    if config.data is None:
        raise LabError(f"{key}=... needs the data set to compare with, such as data=mnist")
    data = chosen_data(config)
    data.prepare_data()
    data.setup("fit")
    path = Path(config[key]).expanduser()
    try:
        found = data.medium.read(path, count, config.seed)
    except NotImplementedError as error:
        raise LabError(f"there are no files of {data.medium.name} that are read") from error
    if found.shape[1:] != data.sample_shape:
        raise LabError(
            f"the {key} in {path} have shape {list(found.shape[1:])}"
            f"{' (channels, height, width)' if found.ndim == 4 else ''}, "
            f"and the data set's have {list(data.sample_shape)}; give {key} of that shape"
        )
    batches = torch.split(found, config.batch_size)
    return data, {key: lambda seed: ((batch, None) for batch in batches)}, len(found)


def chosen_data(config: DictConfig) -> DataModule:
    """Return the data set of the command line."""
    from gan_lab.cli.instantiate import build

    overrides = {} if config.root is None else {"root": config.root}
    data: DataModule = build(config, "data", **overrides)
    return data


def configured_evaluation(
    config: DictConfig, data: DataModule, count: int, task: Task | None
) -> Evaluation:
    """Return the evaluation that ``config`` describes, against the data's test split.

    Metrics that need a classifier, or samples made for a class, are left out where there is none,
    and named.
    """
    from gan_lab.callbacks.evaluation import build_evaluation
    from gan_lab.cli.instantiate import build
    from gan_lab.cli.rulers import feature_network, stored_figures
    from gan_lab.contracts import Likelihood
    from gan_lab.metrics import left_out

    network = feature_network(config).to(choose_device(config.device))
    found = stored_figures(config) or build(config, "metrics.figures")
    if not found:
        raise LabError("metrics.figures is empty; choose metrics=quick, default or all")
    classes, drawn = (task.num_classes, task.labels_are_drawn) if task else (0, False)
    likely = isinstance(task, Likelihood)
    for reason, names in left_out(found, network, classes, drawn, likely).items():
        for name in names:
            del found[name]
        print(f"left out, as {reason}: {', '.join(names)}")
    return build_evaluation(network, found, data, count)


callable_module(__name__, "evaluate")

if __name__ == "__main__":
    main()
