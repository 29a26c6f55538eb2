"""Texts are read, cut and spelled; bad ones are refused in a line."""

from pathlib import Path
from typing import Any

import pytest
import torch

from gan_lab.data import OracleDataModule, TextFileDataModule, WordsDataModule
from gan_lab.errors import LabError
from gan_lab.media import Text, Vocabulary

RHYME = "Twinkle, twinkle, little star, how I wonder what you are. " * 40


@pytest.fixture
def rhyme(tmp_path: Path) -> Path:
    (tmp_path / "poem.txt").write_text(RHYME)
    return tmp_path


def ready(data: Any) -> Any:
    data.prepare_data()
    data.setup("fit")
    return data


@pytest.mark.parametrize("level", ["words", "characters"])
def test_a_stream_is_cut_and_spelled_again(rhyme: Path, level: Any) -> None:
    data = ready(TextFileDataModule(rhyme, level, sample_shape=(8,), vocabulary_size=40))
    text = "".join if level == "characters" else " ".join
    told = data.medium.texts(data.train.images[:3])
    plain = RHYME if level == "characters" else RHYME.lower().replace(",", " ,").replace(".", " .")
    assert text(told) in plain
    assert len(data.test.images) > 0 and data.train.images.shape[1] == 8
    assert data.medium.vocabulary_size == len(data.medium.vocabulary) == 40


def test_lines_end_and_long_ones_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "names.txt"
    names = [f"{a}{b}" for a in "abcdefgh" for b in "aeiou"]
    file.write_text("\n".join([*names, "a very long line", "", "aa"]))
    data = ready(WordsDataModule(file, sample_shape=(4,)))
    assert (len(data.train.images), len(data.test.images)) == (36, 4)
    assert (data.train.images[:, 2:] == 0).all()
    told = set(data.medium.texts(torch.cat([data.train.images, data.test.images])))
    assert told == set(names)


def test_pythons_own_text_is_there_offline() -> None:
    data = ready(TextFileDataModule())
    assert len(data.train.images) > 5000
    share = (data.train.images == 1).double().mean()
    assert share < 0.02  # unknown characters


def test_an_oracles_splits_depend_on_the_seed_alone() -> None:
    small = {"vocabulary_size": 9, "sample_shape": (5,), "train_size": 20, "test_size": 10}
    one, again, other = (ready(OracleDataModule(**small, seed=s)) for s in (1, 1, 2))
    assert torch.equal(one.train.images, again.train.images)
    assert not torch.equal(one.train.images, other.train.images)
    assert one.medium.texts(torch.tensor([[0, 1, 8, 2, 3]])) == ["0 1 8 2 3"]
    (batch,) = next(iter(OneStep(one)))
    assert batch["x"].dtype == torch.int64 and batch["x"].shape == (4, 5)


class OneStep:
    def __init__(self, data: Any) -> None:
        data.batch_size = 4
        self.loader = data.train_dataloader()

    def __iter__(self) -> Any:
        return iter(self.loader)


def test_texts_are_written_a_line_each_and_read_again(tmp_path: Path) -> None:
    vocabulary = Vocabulary("words", ["", "�", "to", "be", "or", "not", ","])
    medium = Text((4,), 7, "words", vocabulary)
    samples = torch.tensor([[2, 3, 0, 0], [5, 2, 3, 6]])
    (file,) = medium.write(samples, tmp_path)
    assert file.read_text() == "to be\nnot to be ,\n"
    found = medium.read(tmp_path)
    assert sorted(found.tolist()) == sorted(samples.tolist())
    assert medium.picture(samples) is None
    numbers = Text((3,), 12)
    (file,) = numbers.write(torch.tensor([[10, 11, 0]]), tmp_path)
    assert numbers.read(file).tolist() == [[10, 11, 0]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "is no text; give a file"),
        (b"", "is too short for training samples"),
        (b"\xff\xfe\x00", "is no text in UTF-8"),
    ],
)
def test_bad_texts_are_one_clear_line(tmp_path: Path, content: Any, sentence: str) -> None:
    file = tmp_path / "bad.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LabError, match=sentence) as refusal:
        ready(TextFileDataModule(file))
    assert "\n" not in str(refusal.value)


def test_strangers_numbers_must_be_numbers_that_there_are(tmp_path: Path) -> None:
    file = tmp_path / "tokens.txt"
    for text, sentence in (("1 2 77\n", "'77'"), ("1 2\n", "a line of 2"), ("\n", "holds no text")):
        file.write_text(text)
        with pytest.raises(LabError, match=sentence):
            Text((3,), 12).read(file)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"level": "letters"}, "level must be words or characters"),
        ({"unit": "page"}, "unit must be one of"),
        ({"vocabulary_size": 3}, "vocabulary_size must be at least 4"),
        ({"sample_shape": (2, 3)}, "must be \\[length\\]"),
    ],
)
def test_options_out_of_range_are_refused(options: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        TextFileDataModule(**options)
