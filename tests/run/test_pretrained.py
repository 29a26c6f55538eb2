"""A run may start from another's weights, and leave some of them as they are."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from gan_lab.errors import LabError
from gan_lab.models import DCGANGenerator, MLPGenerator, NormLabels
from gan_lab.models.labels import ConditionalBatchNorm
from gan_lab.run.pretrained import learn_norms_alone
from tests.conftest import CommandLine

LINE = (
    *("model=mlp", "model.generator.hidden=[8]", "model.discriminator.hidden=[8]"),
    *("data.batch_size=8", "data.validation_size=59000", "optimizer.lr=0.01"),
    *("callbacks.samples=null", "callbacks.nearest_neighbours=null", "callbacks.progress=null"),
)
FIRST = "task.generator.layers.layers.0.weight"


def state(folder: Path, name: str = "last.ckpt") -> dict[str, Tensor]:
    content = torch.load(folder / "checkpoints" / name, weights_only=True)
    found: dict[str, Tensor] = content["state_dict"]
    return found


@pytest.fixture
def first(train: CommandLine) -> Path:
    return train(*LINE, "trainer.max_steps=3", folder="first")


def start(monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    """Return a mapping that will hold the weights that training begins with."""
    from gan_lab.game import GAN

    begun: dict[str, Tensor] = {}
    fit_start = GAN.on_fit_start

    def note(module: GAN) -> None:
        fit_start(module)
        begun.update({name: value.clone() for name, value in module.state_dict().items()})

    monkeypatch.setattr(GAN, "on_fit_start", note)
    return begun


def test_both_sides_start_where_the_other_run_ended(
    train: CommandLine, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = start(monkeypatch), state(first)
    sides = (f"pretrained.generator={first}", f"pretrained.discriminator={first}")
    train(*LINE, *sides, "trainer.max_steps=1", "seed=1", folder="both")
    assert begun.keys() == ended.keys()
    assert all(torch.equal(begun[name], value) for name, value in ended.items())
    train(*LINE, sides[0], "trainer.max_steps=1", "seed=1", folder="one")
    same = {name.partition(".")[0] for name in ended if torch.equal(begun[name], ended[name])}
    assert "task" in same
    assert not torch.equal(
        begun["discriminator.backbone.layers.1.weight"],
        ended["discriminator.backbone.layers.1.weight"],
    )


def test_frozen_weights_never_move(train: CommandLine, first: Path) -> None:
    pattern = FIRST.removeprefix("task.").removesuffix("weight") + "*"
    freeze = f"pretrained.freeze=[{pattern},discriminator.readout.*]"
    line = (*LINE, f"pretrained.generator={first}", f"pretrained.discriminator={first}", freeze)
    folder = train(*line, "trainer.max_steps=3", folder="frozen")
    before, after = state(first), state(folder)
    still = {name for name, value in after.items() if torch.equal(value, before[name])}
    assert still == {
        *(FIRST, FIRST.replace("weight", "bias")),
        *(name for name in after if name.startswith("discriminator.readout.")),
    }
    train(f"resume={folder}", "trainer.max_steps=5", f"hydra.run.dir={folder}")
    resumed = state(folder)
    assert {name for name, value in resumed.items() if torch.equal(value, after[name])} == still


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["model.generator.hidden=[9]"], "is [8, 100] there and [9, 100] here"),
        (["model.generator.hidden=[8,8]"], "is missing there and [784] here"),
        (["pretrained.freeze=[nothing.*]"], "pretrained.freeze=nothing.* matches no parameter"),
        (["pretrained.freeze=[discriminator.x*]"], "matches no parameter of the discriminator"),
        (["pretrained.discriminator=no/run"], "there is no checkpoint at no/run"),
    ],
)
def test_what_does_not_fit_is_refused_by_one_line(
    train: CommandLine,
    first: Path,
    capsys: pytest.CaptureFixture[str],
    change: list[str],
    message: str,
) -> None:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        train(*LINE, f"pretrained.generator={first}", *change, folder="second")
    assert stop.value.code == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("gan_lab: ")
    assert message in line


def test_norms_alone_may_learn() -> None:
    labels = NormLabels(3)
    network = DCGANGenerator(4, (1, 16, 16), 4, labels=labels)
    learn_norms_alone(network)
    moving = {name for name, p in network.named_parameters() if p.requires_grad}
    norms = [n for n, layer in network.named_modules() if isinstance(layer, ConditionalBatchNorm)]
    assert norms and moving
    assert all(any(name.startswith(f"{norm}.") for norm in norms) for name in moving)
    with pytest.raises(LabError, match="needs a generator with norms that learn"):
        learn_norms_alone(MLPGenerator(4, (2,), (8,)))
