"""Few labels: which are known, that no other can be read, and that steps come again."""

from typing import Any

import pytest
import torch
from torch import Tensor

from gan_lab.data.base import InMemoryDataModule, Samples
from gan_lab.data.labelled import UNKNOWN, LabelledLoader, balanced
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.game.checks import refuse_data
from gan_lab.losses import NonSaturating
from gan_lab.models import ClassScores, MLPBackbone, MLPGenerator, OneHotLabels, Scores
from gan_lab.tasks import Generation
from gan_lab.terms import FeatureMatching, Supervision

SHAPE, CLASSES, COUNT = (1, 4, 4), 4, 60


def images() -> Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (COUNT, *SHAPE), generator=random, dtype=torch.uint8)


class Digits(InMemoryDataModule):
    """Images whose classes are drawn, and may be lied about."""

    def __init__(self, lies: Tensor | None = None, **options: Any) -> None:
        super().__init__(SHAPE, batch_size=6, **options)
        self.lies = lies

    def load(self, train: bool) -> Samples:
        labels = torch.arange(COUNT) % CLASSES
        if self.lies is not None and train:
            labels = torch.where(self.lies >= 0, self.lies, labels)
        return Samples(images(), labels)


def data(**options: Any) -> Digits:
    made = Digits(**({"labels": 8} | options))
    made.setup()
    return made


def test_as_many_of_each_class_are_known_and_the_seed_says_which() -> None:
    chosen = {tuple(balanced(data().test.labels, 12, seed).tolist()) for seed in range(4)}
    assert len(chosen) == 4
    for seed in range(4):
        train = data(seed=seed).train.labels
        assert (train != UNKNOWN).sum() == 8
        assert train[train >= 0].bincount().tolist() == [2] * CLASSES
        known = train >= 0
        assert torch.equal(train[known], data().test.labels[known])
    assert torch.equal(data(seed=1).train.labels, data(seed=1).train.labels)
    assert torch.equal(data().test.labels, torch.arange(COUNT) % CLASSES)  # those are all known


@pytest.mark.parametrize(
    ("count", "words"),
    [(10, "data.labels=8 does"), (2, "data.labels=4 does"), (80, "one has 15; make it smaller")],
)
def test_counts_that_do_not_divide_are_refused(count: int, words: str) -> None:
    with pytest.raises(LabError, match=words):
        data(labels=count)
    with pytest.raises(ValueError, match="labels must be at least 1"):
        Digits(labels=0)


def test_labelled_samples_come_beside_each_minibatch_and_again() -> None:
    made = data()
    labels = made.train.labels

    def loader() -> LabelledLoader:
        return LabelledLoader(made.train.images, labels, 6, 2, made.medium, seed=3)

    steps = [batch for _ in range(2) for step in loader() for batch in step]
    first, again = loader(), loader()
    seen = list(first)
    known = {
        tuple(x.flatten().tolist()): y for x, y in zip(images(), labels, strict=True) if y >= 0
    }
    for step in seen:
        for batch in step:
            assert set(batch) == {"x", "label", "labelled_x", "labelled_label"}
            assert len(batch["x"]) == len(batch["labelled_x"]) == 6
            raw = made.medium.to_raw(batch["labelled_x"])
            for x, y in zip(raw, batch["labelled_label"], strict=True):
                assert known[tuple(x.flatten().tolist())] == y
    again.load_state_dict({"epoch": 0, "position": 3})
    for expected, found in zip(seen[3:], again, strict=True):
        for a, b in zip(expected, found, strict=True):
            assert all(torch.equal(a[name], b[name]) for name in a)
    assert len({tuple(batch["labelled_label"].tolist()) for batch in steps}) > 5


def game(**options: Any) -> GAN:
    torch.manual_seed(0)
    judge = ClassScores(lambda shape: MLPBackbone(shape, (8,)), SHAPE, CLASSES)
    terms = [FeatureMatching(), Supervision()]
    generation = Generation(MLPGenerator(3, SHAPE, (8,)))
    return GAN(generation, judge, NonSaturating(), terms, adversarial_weight=0.0, **options)


def trained(lies: Tensor | None) -> dict[str, Tensor]:
    from tests.game.playing import trainer

    module = game()
    trainer(6).fit(module, datamodule=Digits(lies, labels=8, seed=2))
    return module.state_dict()


def test_no_other_label_is_read() -> None:
    """Lies about all labels but the known ones, and the weights stay bit for bit the same."""
    truth = data(seed=2).train.labels
    labels = torch.arange(COUNT) % CLASSES
    order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(2))
    lies = torch.where(truth >= 0, UNKNOWN, (labels + 1) % CLASSES)
    last = {int(order[labels[order] == c][1]) for c in range(CLASSES)}  # who was chosen last
    place = {int(index): k for k, index in enumerate(order)}
    for index in range(COUNT):  # a lie may not change the choice: only who comes after it lies
        other = int((labels[index] + 1) % CLASSES)
        if place[index] < max(place[i] for i in last if labels[i] == other):
            lies[index] = UNKNOWN
    assert (lies >= 0).sum() > COUNT / 3
    honest, lied = trained(None), trained(lies)
    assert all(torch.equal(honest[name], lied[name]) for name in honest)
    wrong = torch.where(truth >= 0, (truth + 1) % CLASSES, UNKNOWN)
    assert any(not torch.equal(honest[name], value) for name, value in trained(wrong).items())


def test_a_game_that_asks_for_every_label_is_refused() -> None:
    from functools import partial

    few = data()
    refuse_data(game(), few)
    labels = OneHotLabels(CLASSES)
    judge = Scores(partial(MLPBackbone, hidden=(8,)), SHAPE)
    judge.num_classes = CLASSES
    asking = GAN(Generation(MLPGenerator(3, SHAPE, (8,), labels=labels)), judge, NonSaturating())
    with pytest.raises(LabError, match=r"data.labels leaves most labels unknown"):
        refuse_data(asking, few)
    refuse_data(asking, data(labels=None))


def test_fewer_training_samples_are_chosen_evenly_and_lie_within_more() -> None:
    sets = {size: data(labels=None, size=size, seed=2) for size in (8, 20)}
    for size, made in sets.items():
        assert made.train.labels.bincount().tolist() == [size // CLASSES] * CLASSES
        assert len(made.test.labels) == COUNT
    few, more = ({tuple(x.flatten().tolist()) for x in m.train.images} for m in sets.values())
    assert few < more
    other = data(labels=None, size=8, seed=3).train.images
    assert not torch.equal(other, sets[8].train.images)
    assert (data(labels=4, size=8).train.labels != UNKNOWN).sum() == 4


def test_classes_that_are_left_out_are_for_testing_alone() -> None:
    made = data(labels=None, leave_out=[1], size=6)
    assert made.train.labels.bincount().tolist() == [2, 0, 2, 2]
    assert made.test.labels.bincount().tolist() == [15] * CLASSES
    assert len(data(labels=None, leave_out=[0, 3]).train.labels) == 30


def test_a_choice_that_cannot_be_made_is_said_in_a_line() -> None:
    with pytest.raises(LabError, match=r"data.size=7 does not divide among 4 classes; data.size=4"):
        data(labels=None, size=7)
    with pytest.raises(LabError, match="data.size=80 asks for 20 samples of each class"):
        data(labels=None, size=80)
    with pytest.raises(LabError, match=r"data.leave_out=\[9\] names the class 9, and there are 0"):
        data(labels=None, leave_out=[9])
    with pytest.raises(LabError, match="leaves no class to train on"):
        data(labels=None, leave_out=[0, 1, 2, 3])
    with pytest.raises(ValueError, match="size must be at least 1, got 0"):
        data(labels=None, size=0)
