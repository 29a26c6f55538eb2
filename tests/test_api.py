"""The lab from Python: what the command line does, and errors that can be caught."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

import gan_lab
from gan_lab.api import as_overrides
from gan_lab.contracts import Player, Report, Round
from gan_lab.data import MNISTDataModule
from gan_lab.engine.trainer import build_trainer
from gan_lab.errors import LabError
from gan_lab.losses import NonSaturating
from gan_lab.models import MLPBackbone, MLPGenerator, Scores
from gan_lab.run.checkpoint import read_checkpoint
from gan_lab.tasks import Generation

SMALL = {"hidden": [16]}
WATCHED: dict[str, Any] = {
    **dict.fromkeys(("evaluation", "nearest_neighbours", "samples", "progress")),
}


@pytest.fixture(scope="module")
def settings(mnist_root: Path) -> dict[str, Any]:
    return {
        "model": "mlp",
        "model.generator": SMALL,
        "model.discriminator": SMALL,
        "data": {"root": mnist_root, "batch_size": 8, "validation_size": 59_000},
        "trainer": {"max_steps": 4, "accelerator": "cpu", "log_every_n_steps": 2},
        "callbacks": WATCHED,
    }


@pytest.fixture(autouse=True)
def _environment(_clean_environment: None, tmp_path: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        yield


@pytest.fixture(scope="module")
def run(settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> gan_lab.Run:
    folder = tmp_path_factory.mktemp("api") / "run"
    return gan_lab.train(loss="wgan", **settings, **{"hydra.run.dir": folder})


def test_training_is_what_the_command_line_does(run: gan_lab.Run, tmp_path: Path) -> None:
    assert (run.summary["status"], run.summary["steps"]) == ("finished", 4)
    assert json.loads((run.folder / "summary.json").read_text()) == run.summary
    content = read_checkpoint(run.folder / "checkpoints" / "last.ckpt")
    assert content["gan_lab"]["config"]["loss"]["_target_"] == "gan_lab.losses.Wasserstein"
    assert content["optimizer_states"][0]["state"][0]["step"] == 4 * 5
    on = gan_lab.train(resume=run.folder, trainer={"max_steps": 6})
    assert (on.folder, on.summary["steps"]) == (run.folder, 6)
    assert not list(tmp_path.iterdir())


def test_samples_depend_on_the_seed_alone(run: gan_lab.Run, tmp_path: Path) -> None:
    gan = gan_lab.load(run.folder)
    before = torch.get_rng_state()
    first, again, other = gan.sample(6), gan.sample(6), gan.sample(6, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.x, again.x) and not torch.equal(first.x, other.x)
    assert first.x.shape == (6, 1, 28, 28) and set(first.made) == {"x", "z"}
    picture = first.picture(columns=3)
    assert picture.size == (3 * 30 + 2, 2 * 30 + 2)
    assert first.show(columns=3).tobytes() == picture.tobytes()
    files = first.save(tmp_path / "digits")
    assert len(files) == 6
    with Image.open(files[2]) as image:
        assert np.array_equal(np.asarray(image), gan.task.medium.to_raw(first.x)[2, 0].numpy())
    twins = gan.sample(2, z=torch.ones(2, 100)).x
    assert torch.equal(twins[0], twins[1])
    with pytest.raises(LabError, match="count must be at least 1, got 0"):
        gan.sample(0)


def test_a_run_is_measured(run: gan_lab.Run, mnist_root: Path) -> None:
    options = {"metrics": "quick", "num_samples": 100, "root": mnist_root, "device": "cpu"}
    figures = gan_lab.evaluate(run.load(), floor=False, **options)
    assert figures["fid/mnist_classifier_100"] > 1
    assert "inception_score/mnist_classifier_100" in figures
    assert figures == gan_lab.evaluate(run, floor=False, **options)


@pytest.mark.parametrize(
    ("mistyped", "message"),
    [
        ({"los": "wgan"}, "did you mean loss?"),
        ({"loss": "wgn"}, "loss=wgn does not exist; choose one of"),
        ({"trainer": {"max_step": 4}}, "did you mean trainer.max_steps?"),
        ({"optimizer.lr": "much"}, "optimizer.lr must be a valid number"),
        ({"resume": "no/where"}, "there is no checkpoint at no/where"),
        ({"n_critic": 0}, "n_critic must be at least 1, got 0"),
    ],
)
def test_what_is_mistyped_raises_an_error_of_one_line(
    settings: dict[str, Any], mistyped: dict[str, Any], message: str
) -> None:
    with pytest.raises(LabError) as error:
        gan_lab.train(**{**settings, **mistyped})
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_mistakes_elsewhere_raise_too(run: gan_lab.Run, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="there is no checkpoint at"):
        gan_lab.load(tmp_path)
    with pytest.raises(LabError, match="weights must be raw or ema, got 'best'"):
        gan_lab.load(run.folder, "best")
    with pytest.raises(LabError, match="there is no key num_sample "):
        gan_lab.evaluate(run, num_sample=3)
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        gan_lab.trian  # noqa: B018
    assert set(gan_lab.__all__) <= set(dir(gan_lab))


def test_values_are_written_as_the_command_line_has_them() -> None:
    given = {"a": None, "b": True, "c": [1, 2.5, "x,y"], "d": {"e": "it's", "f": Path("/a=b")}}
    assert as_overrides(given) == [
        "a=null",
        "b=true",
        "c=[1,2.5,'x,y']",
        r"d.e='it\'s'",
        "d.f='/a=b'",
    ]


def small_gan(n_critic: int = 1, kind: type[gan_lab.GAN] | None = None) -> gan_lab.GAN:
    torch.manual_seed(0)
    return (kind or gan_lab.GAN)(
        Generation(MLPGenerator(8, (1, 28, 28), hidden=(8,))),
        Scores(partial(MLPBackbone, hidden=(8,)), (1, 28, 28)),
        NonSaturating(),
        n_critic=n_critic,
    )


def test_the_data_module_serves_as_many_minibatches_as_the_module_takes(mnist_root: Path) -> None:
    seen: list[tuple[Player, int]] = []

    class Watched(gan_lab.GAN):
        def descend(self, player: Player, round: Round) -> Report:
            seen.append((player, len(round.real["x"])))
            return super().descend(player, round)

    trainer = build_trainer(2, accelerator="cpu")
    trainer.fit(small_gan(5, Watched), datamodule=MNISTDataModule(mnist_root))
    assert seen == ([("discriminator", 64)] * 5 + [("generator", 64)]) * 2


@pytest.mark.filterwarnings("ignore:The 'train_dataloader' does not have many workers")
def test_a_game_takes_batches_of_any_loader() -> None:
    images = torch.rand(40, 1, 28, 28)
    loader = DataLoader(TensorDataset(images), batch_size=20)
    trainer = build_trainer(2, accelerator="cpu")
    trainer.fit(small_gan(5), loader)
    assert trainer.global_step == 2
    with pytest.raises(LabError, match="a batch of 20 does not divide into n_critic=3"):
        build_trainer(2, accelerator="cpu").fit(small_gan(3), loader)
