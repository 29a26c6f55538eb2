"""Random crops: where the seed says, other ones each epoch, no photograph in two splits."""

import pickle
from itertools import combinations, islice
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from gan_lab.data import Crops, PhotographFolderDataModule, PhotographsDataModule
from gan_lab.data.crops import CropLoader, scaled
from gan_lab.data.shipped import GREY, SHIPPED, SPLITS, shipped_photographs
from gan_lab.errors import LabError


def numbered(count: int = 3, height: int = 9, width: int = 11) -> list[Tensor]:
    """Return grey photographs whose pixels say where they are, and in which."""
    rows = 20 * torch.arange(height)[:, None] + torch.arange(width)
    photographs = [(rows + which).byte()[None] for which in range(count)]
    photographs[-1] = photographs[-1][:, :-2]  # not all of one size
    return photographs


def found_in(crop: Tensor, photographs: list[Tensor]) -> list[tuple[int, int, int, bool]]:
    """Return everywhere that a crop could have been cut out."""
    _, height, width = crop.shape
    return [
        (which, top, left, mirrored)
        for which, photograph in enumerate(photographs)
        for top in range(photograph.shape[1] - height + 1)
        for left in range(photograph.shape[2] - width + 1)
        for mirrored in (False, True)
        if torch.equal(
            crop.flip(2) if mirrored else crop,
            photograph[:, top : top + height, left : left + width],
        )
    ]


def test_crops_are_cut_out_of_the_photographs_everywhere() -> None:
    random = torch.Generator().manual_seed(0)
    photographs = [
        torch.randint(256, (3, *size), dtype=torch.uint8, generator=random)
        for size in ((6, 7), (5, 9), (4, 5))
    ]
    crops = Crops(photographs, (3, 4, 5), 400, seed=3)
    places = set()
    for crop in crops:
        (place,) = found_in(crop, photographs)
        places.add(place)
    assert len(places) == 2 * (3 * 3 + 2 * 5 + 1)  # every one that there is
    plain = Crops(photographs, (3, 4, 5), 50, seed=3, flip=False)
    assert not any(found_in(crop, photographs)[0][3] for crop in plain)


def test_crops_are_a_function_of_seed_and_epoch() -> None:
    crops = Crops(numbered(), (1, 4, 5), 60, seed=1)
    whole = crops[:]
    order = torch.randperm(60, generator=torch.Generator().manual_seed(0))
    assert torch.equal(crops[order], whole[order])
    assert torch.equal(crops.select(order[:7])[:], whole[order[:7]])
    assert torch.equal(crops.at(0)[:], whole)
    assert torch.equal(pickle.loads(pickle.dumps(crops))[:], whole)
    others = [crops.at(1), Crops(numbered(), (1, 4, 5), 60, seed=2)]
    assert not any(torch.equal(other[:], whole) for other in others)
    digests = [part.digest for part in (crops, *others, crops.select(order))]
    assert len(set(digests)) == 4 and crops.at(0).digest == digests[0]


@pytest.mark.parametrize("stop", [0, 3, 5, 11])
def test_a_run_sees_the_same_crops_whenever_it_was_stopped(stop: int) -> None:
    def loader() -> CropLoader:
        crops = Crops(numbered(), (1, 4, 5), 20, seed=5)
        return CropLoader(crops, torch.zeros(20), 4, seed=5)

    def stream(steps: CropLoader, count: int) -> list[Tensor]:
        def endless():  # type: ignore[no-untyped-def]
            while True:
                yield from steps

        return [step[0]["x"] for step in islice(endless(), count)]

    whole = stream(loader(), 12)
    first, second = loader(), loader()
    beginning = stream(first, stop)
    second.load_state_dict(first.state_dict())
    assert torch.equal(torch.cat(whole), torch.cat(beginning + stream(second, 12 - stop)))
    assert not torch.equal(torch.cat(whole[:5]).sort().values, torch.cat(whole[5:10]).sort().values)


@pytest.mark.parametrize("channels", [1, 3])
def test_no_two_splits_share_a_shipped_photograph(channels: int) -> None:
    splits = [{p.numpy().tobytes() for p in shipped_photographs(s, channels)} for s in SPLITS]
    assert [len(split) for split in splits] == [
        len(SHIPPED["train"]) + (len(GREY) if channels == 1 else 0),
        *(len(SHIPPED[split]) for split in SPLITS[1:]),
    ]
    assert not any(one & other for one, other in combinations(splits, 2))


def test_shipped_photographs_are_cut_to_any_shape() -> None:
    data = PhotographsDataModule(
        sample_shape=(3, 40, 72), train_size=30, test_size=10, validation_size=5, batch_size=8
    )
    data.prepare_data()
    data.setup()
    steps = list(data.train_dataloader())
    assert len(steps) == 3
    assert steps[0][0]["x"].shape == (8, 3, 40, 72)
    assert steps[0][0]["x"].abs().max() <= 1
    assert [len(s.images) for s in (data.train, data.validation, data.test)] == [30, 5, 10]
    tall = PhotographsDataModule(sample_shape=(1, 600, 8))
    with pytest.raises(LabError, match="the test split has room for a crop of 600 × 8 pixels"):
        tall.crops("test")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_shape": (2, 8, 8)}, r"sample_shape must be \[1, height, width\]"),
        ({"train_size": 0}, "train_size must be at least 1"),
        ({"scales": ()}, "scales must lie above 0"),
        ({"scales": (1.5,)}, "scales must lie above 0"),
    ],
)
def test_numbers_out_of_range_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PhotographsDataModule(**options)


def test_without_the_libraries_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setitem(PhotographsDataModule.prepare_data.__globals__, "shipped", refuse)
    monkeypatch.setattr("gan_lab.data.shipped.from_scikit_image", absent)
    with pytest.raises(LabError, match=r"pip install 'gan-lab\[photographs\]'; or give a folder"):
        shipped_photographs("test", 3)


def refuse(*_: object) -> None:
    raise AssertionError


@pytest.mark.parametrize("count", [2, 3, 25])
def test_a_folder_of_any_sizes_is_parted_by_photographs(tmp_path: Path, count: int) -> None:
    for index in range(count):
        Image.new("L", (30 + index, 20), index).save(tmp_path / f"{index:02d}.png")
    Image.new("L", (30, 20), 0).save(tmp_path / "zz_again.png")  # of the first, so of no use
    validation = 0 if count == 2 else 50
    data = PhotographFolderDataModule(
        tmp_path, sample_shape=(1, 8, 16), train_size=200, test_size=50, validation_size=validation
    )
    data.prepare_data()
    data.setup()
    parts = [set(s.images[:].flatten().tolist()) for s in (data.train, data.validation, data.test)]
    assert set().union(*parts) == set(range(count))
    assert not any(one & other for one, other in combinations(parts, 2))
    assert len(parts[2]) == max(1, count // 10)


def test_a_folder_of_too_few_is_refused(tmp_path: Path) -> None:
    Image.new("L", (30, 20), 1).save(tmp_path / "one.png")
    with pytest.raises(LabError, match="holds 1 different photographs .* at least 2 are needed"):
        PhotographFolderDataModule(tmp_path).prepare_data()
    with pytest.raises(LabError, match="is no folder"):
        PhotographFolderDataModule(tmp_path / "absent").prepare_data()


def test_smaller_photographs_keep_their_mean_and_alias_nothing() -> None:
    stripes = (torch.arange(40) % 2 * 255).byte().expand(1, 30, 40)
    half = scaled(stripes, 0.5)
    assert half.shape == (1, 15, 20)
    assert (half[..., 2:-2].int() - 127).abs().max() < 40
    assert scaled(stripes, 1.0) is stripes


def test_a_photograph_asks_for_twice_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is held as it was read, and as it will be cut from."""
    asked: list[int] = []
    monkeypatch.setattr(
        "gan_lab.data.photographs.require_memory", lambda _, count: asked.append(count)
    )
    Image.new("RGB", (20, 30)).save(tmp_path / "one.png")
    PhotographFolderDataModule(tmp_path, sample_shape=(3, 8, 8)).read(tmp_path / "one.png")
    assert asked == [2 * 3 * 20 * 30]
