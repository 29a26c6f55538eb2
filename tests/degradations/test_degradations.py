"""What is taken away from images, held against laws and other implementations."""

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torch import Tensor

from gan_lab.degradations import JPEG, Blur, Degradation, Downsample, Greyscale, Mask, Noise
from gan_lab.degradations.masks import Kind

EVERY: list[Degradation] = [
    *(Downsample(2), Greyscale(), Noise(), Blur(), JPEG()),
    *(Mask("centre"), Mask("box"), Mask("strokes")),
]
every = pytest.mark.parametrize("degrade", EVERY, ids=lambda d: type(d).__name__)


def smooth(channels: int = 3, height: int = 24, width: int = 40) -> Tensor:
    """Return four smooth images in [-1, 1]."""
    torch.manual_seed(0)
    coarse = torch.rand(4, channels, 4, 5) * 2 - 1
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")


@every
@pytest.mark.parametrize("channels", [1, 3])
def test_sources_have_the_shape_and_range_that_is_promised(
    degrade: Degradation, channels: int
) -> None:
    images = smooth(channels)
    made = degrade({"source": images, "label": torch.arange(4)})
    sizes = [size // degrade.scale for size in images.shape[2:]]
    assert made["source"].shape == (4, degrade.channels(channels), *sizes)
    assert made["source"].abs().max() <= 1
    assert set(made) == {"source", "label", *degrade.gives}
    assert torch.equal(images, smooth(channels))  # what was given is left alone


@every
def test_what_is_drawn_is_a_function_of_a_generators_state_alone(degrade: Degradation) -> None:
    images = {"source": smooth()}
    before = torch.get_rng_state()
    one, two = (degrade(images, torch.Generator().manual_seed(3)) for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert torch.equal(before, torch.get_rng_state())
    other = degrade(images, torch.Generator().manual_seed(4))
    drawn = isinstance(degrade, Noise) or getattr(degrade, "kind", "centre") != "centre"
    assert drawn is not torch.equal(one["source"], other["source"])


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_downsampling_is_pillows_bicubic(scale: int) -> None:
    images = smooth(1)
    small = Downsample(scale)({"source": images})["source"]
    height, width = small.shape[2:]
    for image, ours in zip(images[:, 0], small[:, 0], strict=True):
        picture = Pillow.fromarray(image.numpy(), mode="F")
        theirs = np.asarray(picture.resize((width, height), Pillow.Resampling.BICUBIC))
        np.testing.assert_allclose(ours.numpy(), theirs.clip(-1, 1), atol=2e-3)
    odd = Downsample(scale)({"source": smooth(1, 8 * scale + 1, 8 * scale + scale - 1)})["source"]
    assert odd.shape[2:] == (8, 8)


def test_grey_is_pillows() -> None:
    colours = torch.randint(256, (1, 3, 6, 6), dtype=torch.uint8)
    grey = Greyscale()({"source": colours / 127.5 - 1})["source"]
    picture = Pillow.fromarray(colours[0].permute(1, 2, 0).numpy()).convert("L")
    theirs = torch.from_numpy(np.asarray(picture).copy())
    assert ((grey[0, 0] + 1) * 127.5 - theirs).abs().max() <= 1


def test_noise_has_its_deviation_and_blur_its_variance() -> None:
    noisy = Noise(0.1)({"source": torch.zeros(4, 1, 64, 64)})["source"]
    assert noisy.std().item() == pytest.approx(0.1, rel=0.03)
    point = torch.zeros(1, 1, 31, 31)
    point[..., 15, 15] = 1.0
    spread = Blur(2.0)({"source": point})["source"][0, 0]
    assert spread.sum().item() == pytest.approx(1.0, abs=1e-5)
    places = torch.arange(31.0) - 15
    variance = (spread.sum(0) * places.square()).sum().item()
    assert variance == pytest.approx(4.0, rel=0.05)  # cut off at three deviations
    flat = torch.full((1, 3, 9, 9), 0.3)
    torch.testing.assert_close(Blur(1.0)({"source": flat})["source"], flat)


@pytest.mark.parametrize(("kind", "share"), [("centre", 0.5), ("box", 0.5), ("box", 0.25)])
def test_boxes_take_their_share_and_fill_it(kind: Kind, share: float) -> None:
    made = Mask(kind, share, fill=-0.5)({"source": smooth()})
    assert torch.equal(made["mask"].sum((1, 2, 3)), torch.full((4,), 24 * 40 * share**2))
    hole = made["mask"].expand(-1, 3, -1, -1) > 0
    assert (made["source"][hole] == -0.5).all()
    assert torch.equal(made["source"][~hole], smooth()[~hole])


def test_boxes_lie_at_the_centre_or_anywhere_alike() -> None:
    centre = Mask("centre")({"source": torch.zeros(1, 1, 8, 12)})["mask"][0, 0]
    assert torch.equal(centre, centre.flip(0)) and torch.equal(centre, centre.flip(1))
    assert centre[2:6, 3:9].all()
    torch.manual_seed(0)
    rows = Mask("box")({"source": torch.zeros(2000, 1, 8, 8)})["mask"][:, 0].amax(2)
    counts = rows.argmax(1).bincount(minlength=5)
    assert len(counts) == 5 and (counts - 400).abs().max() < 90  # five standard deviations


def test_strokes_are_thick_connected_and_differ() -> None:
    torch.manual_seed(0)
    masks = Mask("strokes", brush=0.1)({"source": torch.zeros(50, 1, 40, 60)})["mask"]
    shares = masks.mean((1, 2, 3))
    assert shares.min() > 0.005 and shares.max() < 0.6 and shares.std() > 0.01
    thinner = Mask("strokes", brush=0.05)
    wide, thin = (
        degrade({"source": torch.zeros(20, 1, 40, 40)}, torch.Generator().manual_seed(1))["mask"]
        for degrade in (Mask("strokes", brush=0.2), thinner)
    )
    assert (thin <= wide).all() and thin.sum() < wide.sum()  # along the same lines


@pytest.mark.parametrize("quality", [10, 50, 90])
@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_loses_what_libjpeg_loses(quality: int, channels: int) -> None:
    torch.manual_seed(0)
    raw = ((smooth(channels) + 1) * 100 + 15 * torch.randn(4, channels, 24, 40)).clamp(0, 255)
    raw = raw.round()
    ours = (JPEG(quality)({"source": raw / 127.5 - 1})["source"] + 1) * 127.5
    for image, kept in zip(raw.byte(), ours, strict=True):
        array = image.permute(1, 2, 0).numpy().squeeze()
        file = io.BytesIO()
        Pillow.fromarray(array).save(file, "JPEG", quality=quality)
        decoded = np.asarray(Pillow.open(file)).reshape(24, 40, channels)
        theirs = torch.from_numpy(decoded.copy()).permute(2, 0, 1).float()
        apart = (kept - theirs).abs().mean()
        assert apart < 0.15 * (theirs - image.float()).abs().mean() + (0.6 if channels == 1 else 2)
    with pytest.raises(ValueError, match="quality must be 1 to 100, got 0"):
        JPEG(0)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: Downsample(3), "scale must be 2, 4 or 8, got 3"),
        (lambda: Noise(0.0), "deviation must be positive"),
        (lambda: Blur(-1.0), "deviation must be positive"),
        (lambda: Mask("hole"), "kind must be centre, box, strokes, got 'hole'"),
        (lambda: Mask(share=0.0), r"share must be in \(0, 1\], got 0.0"),
        (lambda: Mask(vertices=0), "vertices must be at least 1"),
        (lambda: Greyscale().channels(2), "takes images of 1 or 3 channels, got 2"),
        (lambda: JPEG().channels(4), "takes images of 1 or 3 channels, got 4"),
        (lambda: Downsample(8)({"source": torch.zeros(1, 1, 4, 9)}), "too small for scale 8"),
    ],
)
def test_numbers_out_of_range_are_refused(build: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        build()
