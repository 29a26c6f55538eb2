"""Translating a user's images: any size, every name kept, what is damaged told and passed over."""

import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_lab.cli.images import FileTranslator, counted, image_files
from gan_lab.errors import LabError
from gan_lab.run.checkpoint import load_task
from gan_lab.translate import main

SMALL = [
    *("data.batch_size=2", "trainer.max_steps=1", "trainer.accelerator=cpu", "model.width=4"),
    *("callbacks.translations=null", "callbacks.panels=null"),
]


@pytest.fixture(scope="module")
def cycle(mnist_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of a run that translates both ways."""
    from gan_lab.train import main as train

    folder = tmp_path_factory.mktemp("runs") / "cycle"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PL_GLOBAL_SEED", "PL_SEED_WORKERS"):
            patch.delenv(name, raising=False)
        own = ["experiment=cyclegan", "data=mnist_negative", f"data.root={mnist_root}"]
        patch.setattr(sys, "argv", ["train", *own, *SMALL, f"hydra.run.dir={folder}"])
        train()
        yield folder


def paint(path: Path, size: tuple[int, int] = (37, 45)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def translate(monkeypatch: pytest.MonkeyPatch, *options: object) -> None:
    monkeypatch.setattr(sys, "argv", ["translate", *map(str, options)])
    main()


def bomb() -> bytes:
    """Return a PNG of 60,000 × 60,000 pixels in a few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def test_names_and_sizes_are_kept_and_sheets_made(
    cycle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"in/one.jpg": (37, 45), "in/deep/two.png": (64, 28), "in/one.png": (30, 31)}
    for name, size in sizes.items():
        paint(tmp_path / name, size)
    (tmp_path / "in" / "notes.txt").write_text("no image")
    out = tmp_path / "out"
    options = f"checkpoint={cycle}", f"images={tmp_path / 'in'}", f"output={out}"
    translate(monkeypatch, *options, "sheets=true", f"hydra.run.dir={tmp_path / 'run'}")
    for name, size in {
        "one.jpg.png": (37, 45), "deep/two.png": (64, 28), "one.png.png": (30, 31),
    }.items():  # fmt: skip
        with Image.open(out / name) as made, Image.open(out / "sheets" / name) as sheet:
            assert made.size == size
            assert sheet.size == (2 * size[0] + 6, size[1] + 4)
    assert not list(out.rglob("notes*"))


def test_the_direction_decides_and_the_file_holds_what_the_task_makes(
    cycle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(tmp_path / "one.png")
    task = load_task(cycle / "checkpoints" / "last.ckpt")
    with Image.open(tmp_path / "one.png") as image:
        grey = torch.from_numpy(np.array(image.convert("L")))[None, None]
    source = {"source": task.medium.to_float(grey)}
    for direction in ("a_to_b", "b_to_a"):
        options = (
            f"checkpoint={cycle}",
            f"images={tmp_path / 'one.png'}",
            f"output={tmp_path / 'o'}",
        )
        translate(
            monkeypatch, *options, f"direction={direction}", f"hydra.run.dir={tmp_path / 'run'}"
        )
        with torch.inference_mode():
            made = task.medium.to_raw(task.translate(source, direction)["x"])  # type: ignore[operator]
        with Image.open(tmp_path / "o" / "one.png") as image:
            assert np.array_equal(np.array(image), made[0, 0].numpy())
    with pytest.raises(SystemExit):
        translate(monkeypatch, *options, "direction=up", f"hydra.run.dir={tmp_path / 'run'}")
    assert "direction must be one of a_to_b, b_to_a, got 'up'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        translate(
            monkeypatch, *options[:2], f"output={tmp_path}", f"hydra.run.dir={tmp_path / 'run'}"
        )
    assert "is where the images lie; give a folder of its own" in capsys.readouterr().err


def test_what_cannot_be_read_is_told_in_a_line_each_and_the_rest_is_done(
    cycle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    paint(folder / "first.png")
    paint(folder / "last.png")
    paint(folder / "cut.jpg", (64, 64))
    (folder / "cut.jpg").write_bytes((folder / "cut.jpg").read_bytes()[:700])
    (folder / "bomb.png").write_bytes(bomb())
    (folder / "false.png").write_text("these are words")
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as stop:
        translate(
            monkeypatch, f"checkpoint={cycle}", f"images={folder}", f"output={out}",
            f"hydra.run.dir={tmp_path / 'run'}",
        )  # fmt: skip
    assert stop.value.code == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("gan_lab: ")]
    assert len(lines) == 4
    for line, name in zip(
        lines, ("bomb.png", "cut.jpg", "false.png", "3 of 5 images"), strict=True
    ):
        assert name in line
    assert "bomb" in lines[0].replace("bomb.png", "") or "too large" in lines[0]
    assert sorted(path.name for path in out.iterdir()) == ["first.png", "last.png"]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ("absent.png", "cannot be read"),
        ("notes.txt", "is damaged or no image"),
        ("", "no images in"),
    ],
)
def test_nothing_to_translate_is_said(
    cycle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    images: str,
    message: str,
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("words")
    with pytest.raises(SystemExit):
        translate(
            monkeypatch, f"checkpoint={cycle}", f"images={tmp_path / 'in' / images}",
            f"output={tmp_path / 'out'}", f"hydra.run.dir={tmp_path / 'run'}",
        )  # fmt: skip
    assert message in capsys.readouterr().err


def test_tiles_are_chosen_by_the_memory_there_is(
    cycle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = load_task(cycle / "checkpoints" / "last.ckpt")
    paint(tmp_path / "one.png", (200, 150))
    translator = FileTranslator(task, "a_to_b", overlap=16)  # type: ignore[arg-type]
    source = translator.read(tmp_path / "one.png")
    whole = translator(source, tmp_path / "one.png")
    assert whole.shape == (1, 1, 150, 200)
    per_pixel = translator.per_pixel
    assert per_pixel is not None and per_pixel > 4 * 4  # of the widest map alone
    sizes = []
    once = translator.once

    def watched(given: dict[str, torch.Tensor]) -> torch.Tensor:
        sizes.append(max(given["source"].shape[2:]))
        return once(given)

    monkeypatch.setattr(translator, "once", watched)
    monkeypatch.setattr("gan_lab.cli.images.memory", lambda _: int(2 * per_pixel * 100 * 100))
    tiles = translator(source, tmp_path / "one.png")
    assert tiles.shape == whole.shape and len(sizes) > 2 and max(sizes) <= 100
    monkeypatch.setattr("gan_lab.cli.images.available_memory", lambda: 1000)
    with pytest.raises(LabError, match="200 × 150 pixels would be made of it"):
        translator(source, tmp_path / "one.png")
    with pytest.raises(LabError, match="tile must be above twice the overlap of 32, got 60"):
        FileTranslator(task, "a_to_b", tile=60)  # type: ignore[arg-type]


def test_layers_are_counted_while_they_are_used() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Sequential(torch.nn.ReLU()))
    with counted(network) as count:
        network(torch.zeros(2, 3))
    network(torch.zeros(2, 3))
    assert count == [2 * 5 + 2 * 5]


def test_a_run_that_draws_from_noise_translates_nothing(
    train: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = train("model=mlp", "data.batch_size=8", "trainer.max_steps=1")  # type: ignore[operator]
    with pytest.raises(SystemExit):
        translate(
            monkeypatch, f"checkpoint={run}", f"images={tmp_path}", f"output={tmp_path / 'out'}",
            f"hydra.run.dir={tmp_path / 'run2'}",
        )  # fmt: skip
    assert "makes samples of noise, not of images" in capsys.readouterr().err


def test_one_file_keeps_its_name_and_a_camera_is_held_as_it_says(tmp_path: Path) -> None:
    from gan_lab.media.files import read_as, read_holes

    assert image_files(tmp_path / "a.b.jpg") == {tmp_path / "a.b.jpg": Path("a.b.png")}
    image = Image.new("RGB", (30, 20), "red")
    exif = image.getexif()
    exif[0x0112] = 6  # held upright
    image.save(tmp_path / "photo.jpg", exif=exif)
    assert read_as(tmp_path / "photo.jpg", 3).shape == (3, 30, 20)
    assert read_holes(tmp_path / "photo.jpg") is None
    clear = Image.new("RGBA", (4, 2), (9, 9, 9, 255))
    clear.putpixel((1, 0), (9, 9, 9, 0))
    clear.save(tmp_path / "holes.png")
    holes = read_holes(tmp_path / "holes.png")
    assert holes is not None and holes.tolist() == [[[False, True, False, False], [False] * 4]]
