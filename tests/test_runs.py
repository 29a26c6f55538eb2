"""The list of runs, and the removal of failed ones."""

import json
from pathlib import Path

import pytest

from gan_lab.errors import LabError
from gan_lab.run.folder import find_runs
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
    runs([str(root), "--metric", "loss/generator", "--loss", "wgan"], never)
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


def other_folder(root: Path, command: str) -> Path:
    """Return a folder as another command line than training leaves it."""
    folder = root / f"{command}s" / "12-00-00"
    (folder / ".hydra").mkdir(parents=True)
    content = {"hydra": {"job": {"config_name": command}, "runtime": {"choices": {}}}}
    (folder / ".hydra" / "hydra.yaml").write_text(json.dumps(content))
    return folder


def test_only_trainings_are_runs(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = [run.path for run in find_runs(root)]
    for command in ("sample", "export", "report", "evaluate", "theory"):
        other_folder(root, command)
    begun = other_folder(root, "train")
    assert [run.path for run in find_runs(root)] == sorted([*before, begun])
    runs([str(root), "--status", "not begun"], never)
    assert [line[-1] for line in listed(capsys)] == ["trains/12-00-00"]


def test_a_run_stays_one_when_another_command_ran_in_its_folder(root: Path) -> None:
    folder = root / "loss=wgan,seed=0"
    other = other_folder(root, "sample")
    (folder / ".hydra" / "hydra.yaml").write_text((other / ".hydra" / "hydra.yaml").read_text())
    assert folder in [run.path for run in find_runs(root)]


def measured(root: Path, seed: int, **figures: float) -> None:
    folder = make_run(root, "rpgan", seed, None)
    summary = json.loads((folder / "summary.json").read_text())
    summary["final"] = {f"fid/{name}": value for name, value in figures.items()}
    (folder / "summary.json").write_text(json.dumps(summary))


def test_sample_counts_never_mix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured(tmp_path, 0, raw_2000=1.0, raw_10000=3.0)
    measured(tmp_path, 1, raw_2000=2.0, raw_10000=2.5)
    runs([str(tmp_path), "--sort", "metric"], never)
    assert [line[5] for line in listed(capsys)] == ["2.5", "3"]
    measured(tmp_path, 2, raw_2000=1.5, raw_5000=1.2)
    runs([str(tmp_path), "--sort", "metric", "--metric", "fid"], never)
    out = capsys.readouterr().out
    assert "fid/raw_2000" in out and "fid/raw_10000" not in out  # the largest that all have
    assert [line.split()[5] for line in out.splitlines()[1:]] == ["1", "1.5", "2"]


def test_a_figure_of_each_network_is_a_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured(tmp_path, 0, raw_2000=1.0)
    measured(tmp_path, 1, mnist_classifier_2000=2.0)
    runs([str(tmp_path)], never)
    header = capsys.readouterr().out.splitlines()[0].split()
    assert header[5:7] == ["fid/mnist_classifier_2000", "fid/raw_2000"]
    with pytest.raises(LabError, match="ambiguous; choose one of fid/mnist_classifier_2000"):
        runs([str(tmp_path), "--metric", "fid"], never)
    with pytest.raises(LabError, match="there is no figure fib"):
        runs([str(tmp_path), "--metric", "fib"], never)
