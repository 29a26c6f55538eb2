"""Figures of translations: closed forms, invariants, and what trivial methods must score."""

import math

import pytest
import torch
from torch import Tensor, nn

from gan_lab.contracts import Direction, Round, Sample, Translating
from gan_lab.data import Domains
from gan_lab.data.samples import Samples
from gan_lab.errors import LabError
from gan_lab.media import Image
from gan_lab.metrics import (
    ClassifierFeatures,
    RawFeatures,
    fitting_network,
    held_out,
    measure,
    trivial_methods,
    way_back,
)
from gan_lab.metrics.pairs import (
    absolute_error,
    colourfulness,
    detail,
    ms_ssim,
    pixel_agreement,
    psnr,
    saturation,
    scales_of,
    ssim,
)
from gan_lab.metrics.tally import IDEALS, Tally
from gan_lab.metrics.translations import label

SHAPE = (3, 16, 20)


def images(count: int = 6, shape: tuple[int, ...] = SHAPE, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, *shape), dtype=torch.uint8, generator=random)


def flat(grey: int, shape: tuple[int, ...] = SHAPE) -> Tensor:
    return torch.full((1, *shape), grey, dtype=torch.uint8)


@pytest.mark.parametrize("step", [1, 10, 255])
def test_psnr_of_a_shift_is_its_closed_form(step: int) -> None:
    expected = 20 * math.log10(255 / step)
    assert psnr(flat(0), flat(step)).item() == pytest.approx(expected, rel=1e-5)
    assert absolute_error(flat(0), flat(step)).item() == pytest.approx(step / 255)


def test_equal_images_have_the_best_of_every_figure() -> None:
    pixels = images()
    torch.testing.assert_close(ssim(pixels, pixels), torch.ones(6))
    torch.testing.assert_close(
        ms_ssim(images(2, (1, 64, 64)), images(2, (1, 64, 64))), torch.ones(2)
    )
    assert pixel_agreement(pixels, pixels).eq(1).all()
    assert psnr(pixels, pixels).eq(psnr(flat(0), flat(0)).item()).all()
    assert psnr(flat(0), flat(0)).item() == pytest.approx(10 * math.log10(12 * 255**2), rel=1e-5)


def test_the_range_of_values_does_not_matter_but_the_data_range_is_one() -> None:
    one, other = images(), images(seed=1)
    floats = Image(SHAPE).to_float
    for function in (psnr, ssim, absolute_error, pixel_agreement):
        assert torch.equal(function(one, other), function(floats(one), floats(other)))
    # SSIM of flat images is its luminance term, with C1 = (0.01 · 1)²:
    a, b, c = 100 / 255, 200 / 255, 1e-4
    expected = (2 * a * b + c) / (a * a + b * b + c)
    assert ssim(flat(100), flat(200)).item() == pytest.approx(expected, rel=1e-4)


def test_as_many_scales_are_looked_at_as_there_is_room_for() -> None:
    for side in (11, 22, 28, 44, 64, 99, 176):
        assert scales_of(side, 300) >= 1
        ms_ssim(images(1, (1, side, side)), images(1, (1, side, side), seed=1))
    assert [scales_of(side, side) for side in (10, 11, 22, 44, 99, 176)] == [0, 1, 2, 3, 4, 5]


def test_colours_of_known_images() -> None:
    red = torch.tensor([255, 0, 0], dtype=torch.uint8).reshape(1, 3, 1, 1).expand(1, 3, 16, 20)
    assert saturation(red).item() == 1 and saturation(flat(77)).item() == 0
    # rg = 255, yb = 127.5, no spread: 0.3 · √(255² + 127.5²)
    assert colourfulness(red).item() == pytest.approx(0.3 * math.hypot(255, 127.5), rel=1e-5)
    assert colourfulness(flat(77)).item() == 0
    shuffled = images()[:, :, :, torch.randperm(20, generator=torch.Generator().manual_seed(0))]
    torch.testing.assert_close(colourfulness(shuffled), colourfulness(images()))


def test_detail_is_of_no_plane_and_of_half_the_contrast_a_quarter() -> None:
    rows, columns = torch.arange(16)[:, None], torch.arange(20)
    slope = (3 * rows + 2 * columns).byte().expand(1, 1, 16, 20)
    assert detail(slope).item() < 1e-9
    sharp = images() // 2 * 2
    torch.testing.assert_close(4 * detail(sharp // 2), detail(sharp))


class Toy(Translating):
    """Two domains, of which the second is the first darkened; or one that is made smaller."""

    def __init__(self, step: float = 0.25, scale: int = 1) -> None:
        super().__init__()
        self.medium, self.scale, self.step = Image(SHAPE), scale, step
        self.empty = nn.Parameter(torch.zeros(()))
        self.directions = {"forth": Direction("a", "b"), "back": Direction("b", "a")}
        if scale > 1:
            self.directions = {"restore": Direction("x", "x")}

    def forward(self, batch: Sample) -> Round:
        raise NotImplementedError

    def sources(
        self, batch: Sample, random: torch.Generator | None = None, direction: str | None = None
    ) -> Sample:
        source = batch[self.direction(direction).source]
        return {"source": source[:, :, :: self.scale, :: self.scale]}

    def translate(self, source: Sample, direction: str | None = None) -> Sample:
        sign = 1 if direction == "back" else -1
        made = source["source"] + sign * self.step
        return {"x": made.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3)}

    def source_medium(self, direction: str | None = None) -> Image:
        return Image((3, *(size // self.scale for size in SHAPE[1:])))


def domains(matched: bool = True) -> Domains:
    """Return a split whose second domain is darker than its first by 0.25 of [-1, 1]."""
    first = images(30).clamp(40, 200)
    darker = (first.int() - 32).byte()
    return Domains({"a": first, "b": darker}, matched=matched)


def figures(task: Toy, split: Samples, direction: str, **options: object) -> dict[str, float]:
    batches = held_out(task, split, task.medium, 25, direction, batch_size=10)
    back = way_back(task, direction)
    methods = {"made": lambda sample: task.translate(sample, direction)["x"]}
    return measure(
        methods,
        batches,
        RawFeatures(task.medium),
        back=None if back is None else lambda sample: task.translate(sample, back)["x"],
        **options,  # type: ignore[arg-type]
    )["made"]


@pytest.mark.parametrize("direction", ["forth", "back"])
def test_the_right_translation_reaches_every_ideal(direction: str) -> None:
    found = figures(Toy(step=2 * 32 / 255), domains(), direction)
    assert found["psnr"] > 58 and found["ssim"] > 0.999 and found["feature_distance"] < 1e-3
    assert found["cycle_error"] < 1e-6 and found["fid"] < 1e-4
    assert found["variance_ratio"] == pytest.approx(1, abs=1e-6)
    assert found["detail_ratio"] == pytest.approx(1, abs=1e-6)


def test_the_truth_itself_has_the_ideal_of_every_figure() -> None:
    truth, found = images(20).float() / 127.5 - 1, Tally(RawFeatures(Image(SHAPE)), lambda x: x)
    found.look(truth, torch.zeros(20))
    found.compare(truth, truth)
    told = found.figures(found)
    assert told.pop("psnr") > 58  # an error of half a step of 255
    assert {"saturation_ratio", "colourfulness_ratio", "fid", "ssim"} <= told.keys()
    assert told == pytest.approx({name: IDEALS[name] for name in told}, abs=1e-4)


def test_a_wrong_translation_is_told_from_the_right_one_by_its_pair() -> None:
    right, wrong = Toy(step=2 * 32 / 255), Toy(step=0.0)
    good, bad = (figures(task, domains(), "forth") for task in (right, wrong))
    assert bad["psnr"] == pytest.approx(20 * math.log10(255 / 32), rel=1e-3)
    assert bad["psnr"] < good["psnr"] and bad["fid"] > good["fid"] + 1


def test_without_pairs_nothing_is_compared_with_a_truth() -> None:
    found = figures(Toy(), domains(matched=False), "forth")
    assert set(found) == {"fid", "variance_ratio", "detail_ratio", "cycle_error",
                          "saturation_ratio", "colourfulness_ratio"}  # fmt: skip


def test_the_mean_over_what_could_be_has_no_variance_left() -> None:
    pixels = images(200)
    split = Domains({"a": pixels, "b": pixels})
    task = Toy()
    mean = Image(SHAPE).to_float(pixels).mean(0, keepdim=True)
    methods = {
        "mean": lambda sample: mean.expand_as(sample["source"]),
        "half": lambda sample: mean + (sample["source"] - mean) / 2,
    }
    found = measure(methods, held_out(task, split, task.medium, 200, "forth"))
    assert found["mean"]["variance_ratio"] < 1e-6
    assert found["half"]["variance_ratio"] == pytest.approx(0.25, rel=0.01)
    assert "fid" not in found["mean"]


def test_accuracy_is_read_off_plain_images_and_of_the_truth_too() -> None:
    digits = torch.zeros(4, 1, 28, 28, dtype=torch.uint8)
    network = ClassifierFeatures()
    verdict = network(digits).logits
    assert verdict is not None
    labels = verdict.argmax(1)
    split = Domains({"a": digits, "b": 255 - digits}, {"a": labels, "b": labels})
    task = Toy()
    task.medium = Image((1, 28, 28))
    methods = {"negative": lambda sample: -sample["source"]}
    batches = list(held_out(task, split, task.medium, 4, "forth"))
    found = measure(methods, batches, network, plain=lambda made: -made)
    assert found["negative"]["class_accuracy"] == found["real"]["class_accuracy"] == 1
    for held in batches:
        held.labels, held.real_labels = (labels + 1) % 10, (labels + torch.arange(4) % 2) % 10
    own = measure(
        methods, batches, network, lambda made: -made, classify=lambda x: network(-x).logits
    )
    assert own["negative"]["class_accuracy"] == 0
    assert own["negative"]["target_accuracy"] == own["real"]["class_accuracy"] == 0.5


def test_held_out_samples_are_the_first_and_always_the_same() -> None:
    split, task = domains(), Toy()
    held = list(held_out(task, split, task.medium, 25, "forth", batch_size=10))
    assert [len(part.real) for part in held] == [10, 10, 5]
    first = task.medium.to_float(split.columns["a"][:25])  # type: ignore[union-attr]
    assert torch.equal(torch.cat([part.source["source"] for part in held]), first)
    assert sum(len(p.real) for p in held_out(task, split, task.medium, 99, "back")) == 30
    with pytest.raises(LabError, match="translates a to b, and the data holds a, label; choose"):
        next(held_out(task, AloneA(images(3), torch.zeros(3)), task.medium, 3, "forth"))


class AloneA(Samples):
    def rows(self, rows: Tensor, labelled: str = "x") -> dict[str, Tensor]:
        return {"a": self.images[rows], "label": self.labels[rows]}


def test_smaller_images_are_enlarged_without_learning() -> None:
    task = Toy(scale=2)
    trivial = trivial_methods(task, None, Image(SHAPE).to_float(images()))
    assert set(trivial) == {"bicubic", "nearest"}
    flat_source = {"source": torch.full((2, 3, 8, 10), 0.3)}
    for method in trivial.values():
        torch.testing.assert_close(method(flat_source), torch.full((2, *SHAPE), 0.3))
    small = torch.rand(2, 3, 8, 10)
    assert torch.equal(trivial["nearest"]({"source": small})[:, :, ::2, ::2], small)
    assert trivial["bicubic"]({"source": small.sign()}).abs().max() <= 1


class Holes(Toy):
    def sources(
        self, batch: Sample, random: torch.Generator | None = None, direction: str | None = None
    ) -> Sample:
        x = batch["x"]
        mask = torch.zeros_like(x[:, :1])
        mask[:, :, 4:8, 5:9] = 1
        return {"source": torch.where(mask > 0, 0.0, x), "mask": mask}


def test_holes_are_filled_and_the_rest_is_left() -> None:
    task = Holes()
    task.directions = {"restore": Direction("x", "x")}
    rows, columns = torch.linspace(-0.5, 0.5, 16)[:, None], torch.linspace(-0.3, 0.3, 20)
    plane = (rows + columns).expand(2, *SHAPE).contiguous()
    source = task.sources({"x": plane})
    trivial = trivial_methods(task, None, plane)
    assert set(trivial) == {"mean_colour", "biharmonic"}
    hole = source["mask"].expand_as(plane) > 0
    for method in trivial.values():
        made = method(source)
        assert torch.equal(made[~hole], plane[~hole])
    torch.testing.assert_close(trivial["biharmonic"](source)[hole], plane[hole], atol=0.02, rtol=0)
    known = plane[0][:, source["mask"][0, 0] == 0].mean(1)
    torch.testing.assert_close(trivial["mean_colour"](source)[0, :, 5, 6], known)


class Grey(Toy):
    def sources(
        self, batch: Sample, random: torch.Generator | None = None, direction: str | None = None
    ) -> Sample:
        return {"source": batch["x"].mean(1, keepdim=True)}

    def source_medium(self, direction: str | None = None) -> Image:
        return Image((1, *SHAPE[1:]))


def test_grey_gets_the_mean_colour_of_the_training_images() -> None:
    task = Grey()
    task.directions = {"colour": Direction("x", "x")}
    tint = torch.tensor([0.1, 0.0, -0.1]).reshape(1, 3, 1, 1)
    x = (torch.rand(5, 1, 16, 20) - 0.5) + tint
    trivial = trivial_methods(task, None, x)
    torch.testing.assert_close(trivial["mean_colour"](task.sources({"x": x})), x)
    grey = trivial["grey"](task.sources({"x": x}))
    torch.testing.assert_close(grey, x.mean(1, keepdim=True).expand_as(x))


def test_the_way_back_is_the_direction_with_its_ends_exchanged() -> None:
    assert way_back(Toy(), "forth") == "back" and way_back(Toy(), "back") == "forth"
    assert way_back(Toy(scale=2), None) is None


def test_only_a_network_that_takes_the_images_is_used() -> None:
    network = ClassifierFeatures()
    assert fitting_network(network, Image((1, 28, 28))) is network
    assert fitting_network(network, Image(SHAPE)) is None


def test_a_figure_of_features_names_them() -> None:
    network = ClassifierFeatures()
    assert label("psnr", "forth", network, 9) == "psnr/forth_9"
    assert label("fid", "forth", network, 9) == "fid/forth_mnist_classifier_9"
