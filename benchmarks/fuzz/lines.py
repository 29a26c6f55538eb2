"""Command lines as people mistype them, and worse."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.fuzz.bases import IMAGES, TINY, paths
from benchmarks.fuzz.trial import Trial

Random = random.Random

NUMBERS = ("-1", "0", "1e-30", "2.5", "1.0", "4294967296", "1e30", "-inf", "nan", "1_0", "0x10")
WORDS = ("foo", "perhaps", "tpu", "../x", "''", "' '", '"', "'", "\\", "a\\", "é", "*", "???")
GRAMMAR = ("[", "{", "${", "${x}", "'${x}'", "${oc.env:X}", "a:b", "[1.5]", "[null]", "[]", "{}")
NESTED = ("{a: 1}", "[[1]]", "{_target_: os.getcwd}", "[1,28.0,28]", "[0.5]", "[-1]", "[0]")
SPECIAL = ("null", "true", "false", "", "0,1", "range(3)", "glob(*)", "~", "~/x", "1000000000")
VALUES = (*NUMBERS * 3, *WORDS, *GRAMMAR, *NESTED * 2, *SPECIAL * 2)

MET = (
    *("seed=4294967296", "model=null", "loss=null", "data=null", "optimizer=null"),
    *("model.generator.hidden=[1.5]", "data.sample_shape=[1,28.0,28]", "latent_dim=100000000000"),
    *("model.generator.hidden=[100000000,100000000]", "optimizer.betas=[0.5]", "data.modes=0"),
    *("scheduler=cosine scheduler.T_max=0", "data=grid data.side=0", "+callbacks.x=5"),
    *("auxiliary=foo", "+terms.auxiliary=foo", "trainer.accelerator=tpu", "data.batch_size=null"),
    *("+trainer.gradient_clip_val=1", "+trainer.accumulate_grad_batches=2", "gradient_clip_val=1"),
    *("trainer.devices=100000", "+trainer.num_nodes=2", "trainer.strategy=foo", "n_critic=1.5"),
    *("discriminator_norm=foo", "num_classes=-1", "allow_changes=perhaps", "first_step=5"),
    *("data=spiral data.spacing=0", "data=grid data.spacing=0", "hydra.run.dir=", "data.root="),
    *("callbacks.evaluation.final_num_samples=1", "callbacks.evaluation.num_samples=1"),
    *("metrics.figures.fid=5", "callbacks.progress=5", "run_dir=/proc/1/x", "resume=[1]"),
    *("hydra.run.dir='a\\'", "hydra.run.dir=${x}", "trust=5", "pretrained.freeze=5"),
)
"""Command lines that once went wrong, an override or several; they are the first trials."""

ENDLESS = "trainer.max_steps", "n_critic", "data.train_size", "data.test_size"
"""Keys at which a large number asks for a run of days, which is no mistake of the lab's."""
LARGE = "4294967296", "1e30", "1000000000"

READERS = {
    "sample": ["num_samples=4"],
    "evaluate": ["num_samples=32", "floor=false", "device=cpu", "metrics=points"],
    "export": ["format=safetensors"],
}


def trial(seed: int, index: int, runs: dict[str, Path]) -> Trial:
    """Return the trial with this index: a sound command line, and one or two overrides changed.

    The first are those of MET. Of the others, two of three train, the rest read a sound checkpoint.

    Args:
        seed: With the index, decides everything.
        index: From 0.
        runs: Sound runs by name, as ``bases.make`` returns them.
    """
    dice = random.Random(f"{seed}/lines/{index}")
    met = MET[index].split(" ") if index < len(MET) else []
    command = "train" if met or index % 3 else dice.choice(list(READERS))
    if command == "train":
        base = "points" if met else dice.choice(["points", "points", "images"])
        line = [*(TINY if base == "points" else IMAGES), *paths(base, runs["points"].parent)]
        line.append("+trainer.max_time={seconds: 5}")  # for what is sound and long
    else:
        base = "points"
        line = [f"checkpoint={runs[base]}", "output=../out", *READERS[command]]
    changed = met or [override(dice, command, line) for _ in range(dice.choice([1, 1, 2]))]
    if command == "train" and not met and dice.random() < 0.1:
        changed.append(f"hydra.run.dir={runs[base]}")  # which is finished, and must stay as it is
    return Trial(
        name=f"lines-{index}",
        command=command,
        arguments=[*line, "hydra.run.dir=../out", *changed],
        what=f"{command} ({base}): {json.dumps(changed, ensure_ascii=False)}",
        here=True,
    )


def override(dice: Random, command: str, line: list[str]) -> str:
    """Return an override that is wrong, or strange."""
    keys, groups = known(command, tuple(line))
    if groups and dice.random() < 0.15:
        return f"{dice.choice(groups)}={dice.choice(['null', 'none', 'foo', '', '[a,b]', '../x'])}"
    key = dice.choice(keys)
    value = dice.choice(VALUES)
    while key in ENDLESS and value in LARGE:
        value = dice.choice(VALUES)
    how = dice.random()
    if how < 0.08:
        return f"{misspelt(dice, key)}={value}"
    if how < 0.12:
        return f"~{key}"
    if how < 0.18:
        return f"+{key}.{dice.choice(['x', '_target_', '0', 'a b'])}={value}"
    if how < 0.21:
        return dice.choice(
            [key, f"{key}:{value}", f"={value}", f"--{key}", f"+{key}", "-m", "a=b=c"]
        )
    return f"{key}={value}"


def misspelt(dice: Random, key: str) -> str:
    """Return ``key`` with a letter left out, doubled, or a level too few."""
    place = dice.randrange(len(key))
    left_out, doubled = key[:place] + key[place + 1 :], key[:place] + key[place] + key[place:]
    return dice.choice([left_out, doubled, key.rpartition(".")[2]])


KNOWN: dict[tuple[str, tuple[str, ...]], tuple[list[str], list[str]]] = {}
"""What :func:`known` has composed already."""


def known(command: str, line: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return all keys of a command's composed configuration, inner ones too, and its groups."""
    if (command, line) not in KNOWN:
        from hydra import compose, initialize_config_dir
        from omegaconf import OmegaConf

        from gan_lab.cli.app import config_dir

        folder = config_dir()
        with initialize_config_dir(str(folder), version_base="1.3"):
            config = compose(command, list(line))
        keys = [key for key in inner(OmegaConf.to_container(config, resolve=False)) if key]
        groups = [
            entry.name
            for entry in sorted(folder.iterdir())
            if entry.is_dir() and entry.name in config and command == "train"
        ]
        KNOWN[command, line] = keys, groups
    return KNOWN[command, line]


def inner(node: Any, path: str = "") -> Iterator[str]:
    """Yield the dotted keys of mappings, of what they hold too."""
    yield path
    if isinstance(node, dict):
        for key, value in node.items():
            yield from inner(value, f"{path}.{key}" if path else str(key))
