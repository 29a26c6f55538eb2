"""Whatever file is given for a checkpoint: one line, no memory, and never half of it."""

import random
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gan_lab.errors import LabError
from gan_lab.run.checkpoint import FORMAT, load_task, newest_checkpoint, read_checkpoint

Content = dict[str, Any]
GENERATOR = {
    "_target_": "gan_lab.models.MLPGenerator",
    "latent_dim": 3,
    "sample_shape": [2],
    "hidden": [4],
}


def content(step: int = 2, sequence: int = 1) -> Content:
    """Return what little a checkpoint needs, with weights of a small generator."""
    from gan_lab.run.rebuild import rebuild

    node = {"_target_": "gan_lab.tasks.Generation", "generator": dict(GENERATOR)}
    task = rebuild(node)
    return {
        "gan_lab": {
            "format": FORMAT,
            "version": "0",
            "sequence": sequence,
            "choices": {},
            "config": {"module": {"task": node}},
        },
        "global_step": step,
        "state_dict": {f"task.{name}": value for name, value in task.state_dict().items()},
    }


def write(path: Path, change: Callable[[Content], object] = lambda _: None, **options: int) -> Path:
    made = content(**options)
    change(made)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(made, path)
    return path


def test_the_least_checkpoint_is_read_and_sampled(tmp_path: Path) -> None:
    assert load_task(write(tmp_path / "x.ckpt")).sample(3)["x"].shape == (3, 2)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.sampled_from([b"", b"PK\x03\x04", b"\x80\x02", b"PK\x05\x06"]))
def test_any_bytes_are_no_checkpoint(tmp_path: Path, content: bytes, start: bytes) -> None:
    path = tmp_path / "x.ckpt"
    path.write_bytes(start + content)
    with pytest.raises(LabError, match=r"x\.ckpt is"):
        read_checkpoint(path)


def test_files_of_the_system_are_no_checkpoints() -> None:
    with pytest.raises(LabError, match="is no checkpoint"):
        read_checkpoint(Path("/etc/passwd"))


def test_flipped_bits_are_told_or_change_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "x.ckpt")
    sound, before = path.read_bytes(), read_checkpoint(path)
    flips = random.Random(0)
    told = 0
    for _ in range(200):
        damaged = bytearray(sound)
        for _ in range(20):
            damaged[flips.randrange(len(damaged))] ^= 1 << flips.randrange(8)
        path.write_bytes(damaged)
        try:
            now = read_checkpoint(path)
        except LabError:
            told += 1
            continue
        assert now["gan_lab"] == before["gan_lab"]
        assert all(torch.equal(v, now["state_dict"][k]) for k, v in before["state_dict"].items())
    assert told > 150  # the rest hit what only fills the file up


def test_an_archive_is_as_torch_writes_it(tmp_path: Path) -> None:
    path = write(tmp_path / "x.ckpt")
    with zipfile.ZipFile(path) as archive:
        parts = {part.filename: archive.read(part) for part in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    with pytest.raises(LabError, match="its parts are compressed"):
        read_checkpoint(path)


def task(**changes: Any) -> Callable[[Content], object]:
    def change(made: Content) -> None:
        made["gan_lab"]["config"]["module"]["task"]["generator"] |= changes

    return change


def record(**changes: Any) -> Callable[[Content], object]:
    return lambda made: made["gan_lab"].update(changes)


def weights(tensor: Any) -> Callable[[Content], object]:
    return lambda made: made["state_dict"].update({"task.x": tensor})


def without(name: str) -> Callable[[Content], object]:
    return lambda made: made.pop(name)


SPARSE = torch.sparse_coo_tensor(
    torch.tensor([[0]]), torch.ones(1), (10**9,), check_invariants=True
)
UNSOUND = {
    "no step": without("global_step"),
    "no weights": without("state_dict"),
    "no record": without("gan_lab"),
    "record of text": lambda made: made.update(gan_lab="x"),
    "step of text": lambda made: made.update(global_step="2"),
    "step below": lambda made: made.update(global_step=-1),
    "weights in a list": lambda made: made.update(state_dict=[1, 2]),
    "averages of text": lambda made: made.update(task_ema={"x": "y"}),
    "no version": record(version=None),
    "no configuration": record(config={}),
    "no task": record(config={"module": {}}),
    "task of text": record(config={"module": {"task": "x"}}),
    "task that is a model": record(config={"module": {"task": dict(GENERATOR)}}),
    "deep": record(config={"module": {}, "x": eval("[" * 90 + "]" * 90)}),
    "keys": record(config={"module": {}, 3: 4}),
    "interpolation": record(config={"module": {}, "x": "${oc.env:HOME}"}),
    "expanded": weights(torch.zeros(1).expand(10**9)),
    "meta": weights(torch.zeros(10**9, device="meta")),
    "sparse": weights(SPARSE),
    "one too many": weights(torch.zeros(3)),
    "unknown argument": task(widht=3),
    "other class": task(_target_="os.system"),
    "other shapes": task(hidden=[5]),
    "wrong type": task(hidden=[1.5]),
    "wrong kind": task(hidden={"a": 1}),
    "text": task(hidden="many"),
    "null": task(latent_dim=None),
    "none": task(latent_dim=0),
    "huge": task(hidden=[10**7, 10**7]),
    "absurd": task(hidden=[10**30]),
    "many": task(hidden=[4] * 10_000),
    "many samples": task(sample_shape=[2, 10**5, 10**5]),
    "no shape": task(sample_shape=[]),
    "another medium": lambda made: made["gan_lab"]["config"]["module"]["task"].update(
        medium={"_target_": "gan_lab.media.Points", "shape": [3]}
    ),
    "another prior": lambda made: made["gan_lab"]["config"]["module"]["task"].update(
        prior={"_target_": "gan_lab.priors.Normal", "dim": 10**9}
    ),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_sound_archives_of_something_else_are_told_in_one_line(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x.ckpt", UNSOUND[name])
    tracemalloc.start()
    with pytest.raises(LabError) as error:
        load_task(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "\n" not in str(error.value)
    assert most < 200e6


def test_the_furthest_checkpoint_is_the_newest_whatever_the_times(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    assert newest_checkpoint(tmp_path) is None
    for name, step, sequence in [("last", 8, 3), ("previous", 6, 9), ("kept", 8, 2)]:
        write(folder / f"{name}.ckpt", step=step, sequence=sequence)  # written in this order
    assert newest_checkpoint(tmp_path) == folder / "last.ckpt"
    damaged = bytearray((folder / "last.ckpt").read_bytes())
    for place in range(200, len(damaged) - 200, 50):
        damaged[place] ^= 255
    (folder / "last.ckpt").write_bytes(damaged)
    (folder / "other.ckpt").write_bytes(b"no checkpoint")
    assert newest_checkpoint(tmp_path) == folder / "kept.ckpt"
