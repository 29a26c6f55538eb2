"""Run folders on bad days: a damaged or closed one is a line of its own."""

import errno
import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest

from gan_lab.errors import LabError
from gan_lab.run import folder as run_folder
from gan_lab.run.folder import RunFolder, claimed, find_runs, is_running, record_failure
from tests.report.test_report import make_run

DAMAGES = [
    ("summary.json", b""),
    ("summary.json", b"\xff\xfe"),
    ("summary.json", b"[" * 100_000),
    ("summary.json", b'{"final": [1]}'),
    ("summary.json", b'{"final": null}'),
    ("summary.json", b'{"seed": "x"}'),
    ("summary.json", b'{"steps": [3]}'),
    (".hydra/hydra.yaml", b""),
    (".hydra/hydra.yaml", b"hydra: {runtime: [1]}"),
    (".hydra/hydra.yaml", b"hydra: null"),
    (".hydra/overrides.yaml", b"!!int ''"),
    (".hydra/overrides.yaml", b"!!timestamp x"),
    (".hydra/overrides.yaml", b"\xff"),
    ("metrics.csv", b"step,fid\n1,2\nx,3\n"),
    ("metrics.csv", b"step,fid\n1,2\n2,y\n"),
    ("metrics.csv", b"fid\n3\n"),
    ("metrics.csv", b"step,fid\n1,2,3,4\n"),
]


@pytest.mark.parametrize(("name", "content"), DAMAGES)
def test_a_damaged_folder_hides_no_other(tmp_path: Path, name: str, content: bytes) -> None:
    damaged, sound = make_run(tmp_path, "wgan", 0, 5.0), make_run(tmp_path, "hinge", 1, 6.0)
    (damaged / name).write_bytes(content)
    runs = {run.path: run for run in find_runs(tmp_path)}
    assert runs[sound].status == "finished" and runs[sound].problem is None
    assert runs[damaged].status == "damaged"
    assert runs[damaged].seed is runs[damaged].steps is None
    assert str(damaged / name) in str(runs[damaged].problem)


@pytest.mark.parametrize("name", ["summary.json", ".hydra/hydra.yaml", "metrics.csv"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "closed"])
def test_what_is_no_file_or_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    path = make_run(tmp_path, "wgan", 0, 5.0) / name
    if kind == "closed":
        read = Path.read_text

        def refuse(self: Path, *args: Any, **kwargs: Any) -> str:
            if self == path:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
            return read(self, *args, **kwargs)

        monkeypatch.setattr(Path, "read_text", refuse)
    else:
        path.unlink()
        os.mkfifo(path) if kind == "pipe" else path.mkdir()
    run = RunFolder.read(path.parent.parent if name.startswith(".hydra") else path.parent)
    told = {"closed": "cannot be read: Permission denied"}.get(kind, "no regular file")
    assert run.status == "damaged" and told in str(run.problem)


def test_a_closed_folder_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound, closed = make_run(tmp_path, "wgan", 0, 5.0), tmp_path / "closed"
    closed.mkdir()
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path) == closed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert [(run.path, run.status) for run in find_runs(tmp_path)] == [
        (closed, "damaged"),
        (sound, "finished"),
    ]


def test_a_cut_row_is_not_a_point(tmp_path: Path) -> None:
    run = make_run(tmp_path, "wgan", 0, 5.0, status="running")
    with (run / "metrics.csv").open("a") as file:
        file.write("3")  # of "30,..."
    assert RunFolder.read(run).steps == 20


def test_a_folder_that_can_only_be_read_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path, "wgan", 0, 5.0)
    with claimed(run):
        pass

    class Refused:
        def __init__(self, *_: object, **__: object) -> None: ...

        def __enter__(self) -> None:
            raise PermissionError(errno.EROFS, os.strerror(errno.EROFS))

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(run_folder, "FileLock", Refused)
    assert RunFolder.read(run).status == "finished"
    with (run / ".lock").open("rb") as file:  # another user's process
        fcntl.flock(file, fcntl.LOCK_EX)
        assert is_running(run)


def test_a_failure_is_recorded_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        record_failure(tmp_path, "no such loss")
    assert list(tmp_path.iterdir()) == []
    record_failure(tmp_path, "no such loss")
    assert json.loads((tmp_path / "summary.json").read_text())["error"] == "no such loss"
    record_failure(tmp_path, "another")  # what is told of the run stays
    assert RunFolder.read(tmp_path).summary["error"] == "no such loss"


def test_there_must_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="there is no folder"):
        find_runs(tmp_path / "absent")
