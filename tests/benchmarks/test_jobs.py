"""Runs that are made once: what has ended is left, what has not goes on."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import jobs


def test_only_what_is_missing_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Sequence[str]] = []
    monkeypatch.setattr(jobs, "call", lambda command: asked.append(command[3:]))
    folder = tmp_path / "run"
    assert jobs.train(folder, ["loss=wgan"]) == {}
    jobs.train(folder, ["loss=wgan"], steps=9)
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "last.ckpt").touch()
    jobs.train(folder, ["loss=wgan"])
    begin, place = ["loss=wgan"], f"hydra.run.dir={folder}"
    more = "trainer.max_steps=9"
    assert asked == [[*begin, place], [*begin, more, place], [f"resume={folder}"]]
    asked.clear()
    ended = {"status": "finished", "steps": 7}
    (folder / "summary.json").write_text(json.dumps(ended))
    assert jobs.train(folder, begin) == jobs.train(folder, begin, steps=7) == ended
    assert not asked
    jobs.train(folder, begin, steps=9)
    assert asked == [[f"resume={folder}", more]]
