"""What a run tells of its training samples: ``python -m gan_lab.audit checkpoint=RUN``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from gan_lab.cli.app import literal_paths, run
from gan_lab.errors import LabError

if TYPE_CHECKING:
    from torch import Tensor

    from gan_lab.contracts import Sample
    from gan_lab.data import DataModule
    from gan_lab.metrics import Attack

PATHS = "checkpoint", "reference", "output", "root"


def main() -> None:
    """Run the command line."""
    run(audit, "audit", rewrite=lambda given: literal_paths(given, *PATHS))


def audit(config: DictConfig) -> dict[str, Any]:
    """Attack a run as three papers do, print what came of it and write audit.json.

    Members are training samples, the others are of the test split. The attacks' scores:

    - the discriminator's logits (LOGAN, Hayes et al. 2019, section 4, arXiv 1705.07663), which an
      attacker has only where the discriminator is given away;
    - how near the nearest generated sample is (GAN-Leaks, Chen et al. 2020, section 4.1, arXiv
      1909.03935), for which samples are enough;
    - the same, less how near the nearest sample is that has nothing to do with the training set
      (section 4.4 there): of another run, or held out.

    Raises:
        LabError: If there is no sound checkpoint, or its data is other than it was trained on.
    """
    from gan_lab.cli.audited import drawn, panel, told, write
    from gan_lab.cli.stored_data import stored_data
    from gan_lab.run.checkpoint import CONFIG_KEY, find_checkpoint, read_checkpoint

    path = find_checkpoint(config.checkpoint)
    content = read_checkpoint(path)
    node = content[CONFIG_KEY]["config"].get("data")
    data = stored_data(node, path, config.root, config.trust)
    data.prepare_data()
    data.setup("fit")
    refuse_other_data(data, content, path)
    members, others, held = records(data, config.records, config.seed)
    made = generated(path, config)
    attacks, reasons = attacked(config, path, content, made, members, others, held)
    account = account_of(content)
    report = told(config, attacks, reasons, account, len(members["x"]), content)
    folder = Path(config.output).expanduser()
    for file in (
        *drawn(attacks, account, folder),
        *panel(data, made, config.panel, folder),
        write(report, folder),
    ):
        print(file)
    return report


def refuse_other_data(data: DataModule, content: Mapping[str, Any], path: Path) -> None:
    """Raise LabError where the data is not what the checkpoint's weights were trained on."""
    from gan_lab.callbacks.provenance import PROVENANCE_KEY, digest

    known = (content.get(PROVENANCE_KEY) or {}).get("training_data_sha256")
    if not hasattr(data, "train") or not hasattr(data.train, "images"):
        raise LabError(f"{type(data).__name__} does not hold one training set that can be attacked")
    if known is not None and known != digest(data.train.images, data.train.labels):
        raise LabError(
            f"{path} was trained on other samples than {type(data).__name__} holds here (their "
            "digests differ), so nobody's membership could be told; give root=FOLDER of the same"
        )


def records(data: DataModule, count: int, seed: int) -> tuple[Sample, Sample, Tensor]:
    """Return members, as many others, and what else is held out, drawn by the seed.

    Raises:
        LabError: If fewer than two of a kind are there.
    """
    import torch

    from gan_lab.metrics import shuffled

    train, test = shuffled(data.train.size, seed), shuffled(data.test.size, seed + 1)
    count = min(count, len(train), len(test) // 2)
    if count < 2:
        raise LabError("an attack needs at least two training and four test samples")

    def chosen(split: Any, index: torch.Tensor) -> Sample:
        index = index.sort().values
        return {"x": data.medium.to_float(split.images[index]), "label": split.labels[index]}

    held = chosen(data.test, test[count:])["x"]
    return chosen(data.train, train[:count]), chosen(data.test, test[:count]), held


def generated(path: Path, config: DictConfig) -> Tensor:
    """Return samples of a run.

    Raises:
        LabError: If they are made of others.
    """
    import torch

    from gan_lab.metrics import seeded_batches
    from gan_lab.run.checkpoint import load_task

    task = load_task(path, config.weights, config.trust)
    if task.needs:
        raise LabError(f"{path} makes samples of {', '.join(task.needs)}; this audits generators")
    with torch.inference_mode():
        batches = seeded_batches(
            lambda count: task.sample(count)["x"],
            config.num_samples,
            config.seed,
            config.batch_size,
        )
        return torch.cat([task.medium.to_float(task.medium.to_raw(batch)) for batch in batches])


def attacked(
    config: DictConfig,
    path: Path,
    content: Mapping[str, Any],
    made: Tensor,
    members: Sample,
    others: Sample,
    held: Tensor,
) -> tuple[list[Attack], list[str]]:
    """Return what each attack reaches, and why some could not be made."""
    from gan_lab.metrics import attack
    from gan_lab.run.checkpoint import find_checkpoint

    found, reasons = [], []
    try:
        scores = [logits(config, path, content, side) for side in (members, others)]
        found.append(attack("logits", scores[0], scores[1], config.resamples, config.seed))
    except LabError as error:
        reasons.append(f"no attack by logits: {error}")
    near = [-distance(side["x"], made) for side in (members, others)]
    found.append(attack("nearest", near[0], near[1], config.resamples, config.seed))
    beside = held
    if config.reference is not None:
        beside = generated(find_checkpoint(config.reference), config)
    by = [distance(side["x"], beside) for side in (members, others)]
    both = near[0] + by[0], near[1] + by[1]
    found.append(attack("calibrated", *both, config.resamples, config.seed))
    return found, reasons


def logits(config: DictConfig, path: Path, content: Mapping[str, Any], side: Sample) -> Tensor:
    """Return by how much the discriminator takes each record for a real one, shape (N,).

    Raises:
        LabError: If it cannot judge records one by one.
    """
    import torch

    from gan_lab.run.checkpoint import CONFIG_KEY, load_discriminator
    from gan_lab.run.rebuild import allowed

    network = load_discriminator(path, config.trust)
    if not set(network.reads) <= set(side) or network.packing > 1:
        raise LabError(f"the discriminator reads {', '.join(network.reads)}, not one record each")
    node = content[CONFIG_KEY]["config"]["module"].get("loss")
    target = node.get("_target_") if isinstance(node, Mapping) else None
    sign = allowed(str(target), config.trust, ("losses",)).real_sign
    found = []
    with torch.inference_mode():
        for index in torch.split(torch.arange(len(side["x"])), config.batch_size):
            verdict = network({name: value[index] for name, value in side.items()})
            heads = [v.float().reshape(len(index), -1).mean(1) for v in verdict.logits.values()]
            found.append(sign * torch.stack(heads).mean(0))
    return torch.cat(found)


def distance(records: Tensor, others: Tensor) -> Tensor:
    """Return each record's Euclidean distance to the nearest of others, shape (N,)."""
    from gan_lab.metrics import nearest

    return nearest(records.flatten(1), others.flatten(1))[0][:, 0]


def account_of(content: Mapping[str, Any]) -> tuple[float, float]:
    """Return the epsilon and delta that a checkpoint tells; infinity and 0 where it tells none.

    Raises:
        LabError: If they are no numbers.
    """
    from gan_lab.game.updates import ACCOUNT_KEY

    account = content.get(ACCOUNT_KEY)
    if account is None:
        return math.inf, 0.0
    try:
        epsilon, delta = float(account["epsilon"]), float(account["delta"])
    except (KeyError, TypeError, ValueError) as error:
        raise LabError("the checkpoint's privacy account holds no epsilon and delta") from error
    return (epsilon, delta) if epsilon >= 0 and 0 <= delta < 1 else (math.inf, 0.0)


if __name__ == "__main__":
    main()
