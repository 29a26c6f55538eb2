"""The list of runs, and the removal of failed ones."""

from pathlib import Path

import pytest

from gan_lab.errors import LabError
from gan_lab.runs import runs
from tests.report.test_report import make_run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_run(tmp_path, "wgan", 0, 5.0, 4.0)
    make_run(tmp_path, "wgan", 1, 3.0)
    make_run(tmp_path, "hinge", 2, 9.0)
    make_run(tmp_path, "hinge", 3, None, status="failed")
    make_run(tmp_path, "[red]x", 4, None, status="running")
    return tmp_path


def listed(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    lines = capsys.readouterr().out.splitlines()
    return [line.split() for line in lines[1:]]


def never(question: str) -> str:
    raise AssertionError(question)


def test_sort_and_filter(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs([str(root), "--sort", "metric", "--status", "finished"], never)
    lines = listed(capsys)
    assert [line[0] for line in lines] == ["finished"] * 3
    assert [line[5] for line in lines] == ["3", "4", "9"]
    assert [line[3] for line in lines] == ["1", "0", "2"]
    runs([str(root), "--loss", "hinge", "--sort", "seed", "--reverse"], never)
    assert [line[3] for line in listed(capsys)] == ["3", "2"]
    runs([str(root), "--model", "dcgan"], never)
    assert listed(capsys) == []
    runs([str(root), "--metric", "loss/generator", "--highest", "--loss", "wgan"], never)
    assert sorted(line[5] for line in listed(capsys)) == ["1.5", "2.5"]


def test_markup_in_a_name_is_shown(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs([str(root), "--status", "killed"], never)
    assert "[red]x" in capsys.readouterr().out


def test_removal_asks_and_spares_what_is_sound(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name for path in root.iterdir()}
    runs([str(root), "--remove"], lambda question: "")
    assert {path.name for path in root.iterdir()} == before
    asked = []
    runs([str(root), "--remove"], lambda question: asked.append(question) or "y")
    assert "remove these 2 folder(s) for good?" in asked[0]
    gone = before - {path.name for path in root.iterdir()}
    assert gone == {"loss=hinge,seed=3", "loss=[red]x,seed=4"}
    runs([str(root), "--remove"], never)
    assert "nothing to remove" in capsys.readouterr().out


def test_a_run_at_work_is_not_removed(root: Path) -> None:
    from gan_lab.run.folder import claimed

    with claimed(root / "loss=hinge,seed=3"):
        runs([str(root), "--remove", "--loss", "hinge"], never)
    assert (root / "loss=hinge,seed=3").exists()


def test_what_is_not_known_is_named(root: Path) -> None:
    with pytest.raises(LabError, match="--status must be one of"):
        runs([str(root), "--status", "done"], never)
    with pytest.raises(LabError, match="there is no folder"):
        runs([str(root / "nowhere")], never)
