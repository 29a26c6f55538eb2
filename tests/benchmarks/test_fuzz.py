"""The fuzzer notices what it looks for, and makes the same trials again."""

import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch

from benchmarks.fuzz import checkpoints, hostile, lines, trial
from benchmarks.fuzz.trial import Trial, attempt


def outcome_of(
    main: Callable[[], None], folder: Path, monkeypatch: pytest.MonkeyPatch, **options: object
) -> str:
    """Return the category of a trial of an entry point."""
    strange = folder / "strange"
    strange.mkdir()
    (strange / "file").write_text("theirs")
    monkeypatch.setattr(trial, "TIMEOUT", 1.0)
    # A forked child begins with all that the tests before have left in this process.
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    monkeypatch.setattr(trial, "MEMORY", trial.MEMORY + pages * resource.getpagesize())
    entry = ModuleType("entry")
    entry.main = main  # type: ignore[attr-defined]
    asked = Trial("name", "entry", [str(strange)], "what", **options)  # type: ignore[arg-type]
    return attempt(asked, {"entry": entry}, folder / "place", strange).category


def refuse() -> None:
    print("gan_lab: no", file=sys.stderr)
    sys.exit(1)


def fail_without_a_word() -> None:
    sys.exit(1)


def crash() -> None:
    raise KeyError


def hang() -> None:
    time.sleep(60)


def launch() -> None:
    subprocess.run(["true"], check=False)


def overwrite() -> None:
    (Path(sys.argv[1]) / "file").write_text("mine")


def leave_a_file_here() -> None:
    Path("left").touch()


def hold() -> None:
    raise MemoryError


def kill() -> None:
    import os

    os.kill(os.getpid(), 9)


@pytest.mark.parametrize(
    ("main", "category"),
    [
        *((lambda: None, "accepted"), (refuse, "refused"), (fail_without_a_word, "wordless")),
        *((crash, "traceback"), (hang, "hang"), (launch, "launched"), (kill, "killed")),
        *((overwrite, "overwritten"), (leave_a_file_here, "overwritten"), (hold, "memory")),
    ],
)
def test_what_comes_of_a_trial(
    main: Callable[[], None], category: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outcome_of(main, tmp_path, monkeypatch) == category


def test_what_cannot_be_sound_must_be_refused_and_a_person_may_write_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    assert outcome_of(lambda: None, tmp_path / "a", monkeypatch, sound=False) == "overlooked"
    (tmp_path / "b").mkdir()
    assert outcome_of(leave_a_file_here, tmp_path / "b", monkeypatch, here=True) == "accepted"


def sound_run(folder: Path) -> dict[str, Path]:
    (folder / "points" / "checkpoints").mkdir(parents=True)
    record = {"config": {"data": {"size": 3, "root": "x"}, "hidden": [4]}, "overrides": ["seed=1"]}
    content = {"gan_lab": record, "state_dict": {"w": torch.ones(2, 3)}, "global_step": 2}
    torch.save(content, folder / "points" / "checkpoints" / "last.ckpt")
    return {"points": folder / "points"}


def test_trials_are_functions_of_seed_and_index(tmp_path: Path) -> None:
    runs = sound_run(tmp_path)
    first, again = ([checkpoints.trial(3, i, runs, tmp_path) for i in range(40)] for _ in range(2))
    assert first == again
    assert len({made.file for made in first}) > 35
    assert first[:10] != [checkpoints.trial(4, i, runs, tmp_path) for i in range(10)]
    assert {made.what.partition(" of ")[0] for made in first} == set(checkpoints.DAMAGES)
    count = len(lines.MET)
    runs |= {"images": runs["points"]}
    asked = [lines.trial(3, index, runs) for index in (0, count, count + 1)]
    assert asked == [lines.trial(3, index, runs) for index in (0, count, count + 1)]
    assert lines.MET[0] in asked[0].arguments


@pytest.mark.parametrize("kind", checkpoints.DAMAGES)
def test_every_damage_changes_the_file(kind: str, tmp_path: Path) -> None:
    sound = (sound_run(tmp_path)["points"] / "checkpoints" / "last.ckpt").read_bytes()
    for seed in range(10):
        dice = random.Random(seed)
        more = (tmp_path, seed) if kind == "hostile" else ()
        file, what = checkpoints.DAMAGES[kind](dice, sound, *more)
        assert file != sound
        assert what


def test_the_strangers_files_do_what_they_say(tmp_path: Path) -> None:
    """Else nothing would be noticed where they are obeyed."""
    hostile.lay_out(tmp_path)
    subprocess.run([tmp_path / "script.sh"], check=True)
    code = (
        f"import sys, pickle; sys.path.append({str(tmp_path)!r}); import {hostile.MODULE} as m; "
        f"m.run(1, a=2); pickle.load(open({str(tmp_path / 'config.pickle')!r}, 'rb'))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {"script_ran", "imported", "called", "unpickled"} <= {p.name for p in tmp_path.iterdir()}
