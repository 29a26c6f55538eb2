"""Loaders of any make, and data that do not fit the game."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, TensorDataset

from gan_lab.contracts import Discriminator, Player, Report, Round, Sample, Verdict
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.game.batches import minibatches, size_of
from gan_lab.losses import NonSaturating
from gan_lab.media import Image, Points
from gan_lab.models import (
    LabelPlanes,
    MLPBackbone,
    MLPGenerator,
    OneHotLabels,
    Packs,
    Scores,
)
from gan_lab.priors import Coded
from gan_lab.tasks import Generation
from gan_lab.terms import Classification, Information
from tests.game.playing import Steps, trainer

NETWORK = partial(MLPBackbone, hidden=(8,))


class Watched(GAN):
    """Notes the real samples of each of the discriminator's updates."""

    def descend(self, player: Player, round: Round) -> Report:
        if player == "discriminator":
            self.seen.append(round.real)
        return super().descend(player, round)


def game(classes: int = 0, packing: int = 1, **options: Any) -> Watched:
    torch.manual_seed(0)
    labels = OneHotLabels(classes) if classes else None
    inputs = [LabelPlanes(classes)] if classes else [Packs(packing)]
    module = Watched(
        Generation(MLPGenerator(4, (2,), (8,), labels=labels)),
        Scores(NETWORK, (2,), inputs=inputs),
        NonSaturating(),
        **options,
    )
    module.seen = []
    return module


X, Y = torch.arange(40.0).reshape(20, 2), torch.arange(20) % 3


@pytest.mark.filterwarnings("ignore:.*does not have many workers.*")
@pytest.mark.parametrize(("n_critic", "batch_size"), [(1, 4), (5, 10), (5, 20)])
@pytest.mark.parametrize("kind", ["pairs", "tensors", "mappings"])
def test_a_plain_loaders_batch_is_divided_into_a_steps_minibatches(
    kind: str, n_critic: int, batch_size: int
) -> None:
    sets: dict[str, Any] = {
        "pairs": TensorDataset(X, Y),
        "tensors": X,
        "mappings": [{"x": x, "label": y, "weight": x[0]} for x, y in zip(X, Y, strict=True)],
    }
    module = game(0 if kind == "tensors" else 3, n_critic=n_critic)
    trainer(2).fit(module, DataLoader(sets[kind], batch_size=batch_size))
    assert len(module.seen) == 2 * n_critic
    size = batch_size // n_critic
    for index, sample in enumerate(module.seen):
        rows = [(index * size + i) % 20 for i in range(size)]
        assert torch.equal(sample["x"], X[rows])
        if kind != "tensors":
            assert torch.equal(sample["label"], Y[rows])
    assert ("weight" in module.seen[0]) == (kind == "mappings")


@pytest.mark.filterwarnings("ignore:.*does not have many workers.*")
def test_a_batch_that_does_not_divide_is_refused_by_a_sentence() -> None:
    with pytest.raises(LabError, match="a batch of 8 does not divide into n_critic=5") as refusal:
        trainer(1).fit(game(n_critic=5), DataLoader(TensorDataset(X, Y), batch_size=8))
    assert "let the loader give batches of 5" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_mappings_of_any_keys_are_divided_alike() -> None:
    batch = {"left": torch.arange(6), "right": torch.rand(6, 3)}
    first, second = minibatches(batch, 2)
    assert torch.equal(first["left"], torch.tensor([0, 1, 2]))
    assert torch.equal(second["right"], batch["right"][3:])
    assert minibatches(batch, 1)[0] is batch
    assert size_of(batch) == 6
    assert size_of([first, second]) == 6
    assert size_of((X, Y)) == 20


@pytest.mark.parametrize(
    ("batch", "count", "sentence"),
    [
        ((X, Y, Y), 1, "a pair of samples and labels, got a tuple of 3"),
        ([X, Y, Y], 5, "a pair of samples and labels, got a list of 3"),
        ("text", 1, "a loader must yield a mapping of named tensors, a tensor or a pair"),
        ([], 1, "got a list of 0"),
        ([{"x": X}, {"x": X}], 3, "a step takes n_critic=3 minibatches, got 2"),
    ],
)
def test_batches_that_say_not_what_is_what_are_refused(
    batch: Any, count: int, sentence: str
) -> None:
    with pytest.raises(LabError, match=sentence) as refusal:
        minibatches(batch, count)
    assert "\n" not in str(refusal.value)


class Depth(Discriminator):
    """Reads a key that the task does not give."""

    reads = ("x", "depth")

    def __init__(self) -> None:
        super().__init__()
        self.scores = Scores(NETWORK, (2,))

    def forward(self, sample: Sample) -> Verdict:
        verdict: Verdict = self.scores(sample)
        return verdict


@pytest.mark.parametrize(
    ("discriminator", "real", "sentence"),
    [
        (Depth(), X, "the discriminator reads depth, which the task's real samples lack; they"),
        (None, torch.rand(8, 3), r"samples differ in the shape of x: \[3\] and \[2\]"),
        (None, torch.rand(8, 2, 1), r"samples differ in the shape of x: \[2, 1\] and \[2\]"),
    ],
)
def test_samples_that_the_discriminator_cannot_read_are_refused_at_the_first_round(
    discriminator: Any, real: Tensor, sentence: str
) -> None:
    task = Generation(MLPGenerator(4, (2,), (8,)))
    module = GAN(task, discriminator or Scores(NETWORK, (2,)), NonSaturating())
    with pytest.raises(LabError, match=sentence) as refusal:
        trainer(1).fit(module, Steps(lambda random: {"x": real}))
    assert "\n" not in str(refusal.value)


class Data(LightningDataModule):
    """A data module of this lab's kind, as far as the checks look."""

    def __init__(self, medium: Any = None, labels: Any = Y, batch_size: int = 4) -> None:
        super().__init__()
        self.medium, self.batch_size = medium or Points((2,)), batch_size
        self.train = SimpleNamespace(images=X, labels=labels)

    def train_dataloader(self) -> Any:
        return Steps(lambda random: {"x": X[:4], "label": Y[:4]})


class Foreign(LightningDataModule):
    """A data module that knows nothing of this lab."""

    def train_dataloader(self) -> Any:
        return DataLoader(TensorDataset(X, Y), batch_size=4)


@pytest.mark.parametrize(
    ("module", "data", "sentence"),
    [
        (game(), Data(Image((1, 2, 2))), "the data holds samples of the medium image and the task"),
        (game(2), Data(), "the data's labels go up to 2, and the networks know 2 classes"),
        (game(10), Data(), "the networks know 10 classes, .* up to 2; set num_classes=3"),
        (
            game(10),
            Data(labels=torch.zeros_like(Y)),
            "as there is one class only",
        ),
        (game(packing=3), Data(), "data.batch_size=4 does not divide into packs of 3"),
    ],
)
def test_data_that_do_not_fit_the_game_are_refused_by_a_sentence(
    module: GAN, data: Data, sentence: str
) -> None:
    with pytest.raises(LabError, match=sentence) as refusal:
        trainer(1).fit(module, datamodule=data)
    assert "\n" not in str(refusal.value)


def test_labels_of_the_data_matter_only_where_somebody_reads_them() -> None:
    recognised = GAN(
        Generation(MLPGenerator(4, (2,), (8,))),
        Scores(NETWORK, (2,), heads={"label": 2}),
        NonSaturating(),
        [Classification()],
    )
    with pytest.raises(LabError, match="the data's labels go up to 2, and the networks know 2"):
        trainer(1).fit(recognised, datamodule=Data())
    drawn = GAN(
        Generation(MLPGenerator(4, (2,), (8,), labels=OneHotLabels(2)), Coded(4, 2, 2)),
        Scores(NETWORK, (2,), heads={"label": 2}),
        NonSaturating(),
        [Information()],
    )
    trainer(1).fit(drawn, datamodule=Data())  # the prior's classes are two
    trainer(1).fit(game(), datamodule=Data())


@pytest.mark.filterwarnings("ignore:.*does not have many workers.*")
def test_data_modules_of_any_make_are_played() -> None:
    for data in (Data(), Foreign()):
        module = game(3)
        trainer(2).fit(module, datamodule=data)
        assert len(module.seen) == 2


class Rows(Dataset[tuple[Tensor, Tensor, Tensor]]):
    def __len__(self) -> int:
        return 20

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        return X[index], Y[index], X[index]


@pytest.mark.filterwarnings("ignore:.*does not have many workers.*")
def test_a_loader_of_three_tensors_is_refused_by_a_sentence() -> None:
    with pytest.raises(LabError, match="a pair of samples and labels, got a list of 3") as refusal:
        trainer(1).fit(game(), DataLoader(Rows(), batch_size=4))
    assert "\n" not in str(refusal.value)
