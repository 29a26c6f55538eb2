"""Reports: every number recomputed from the run folders, nothing guessed, nothing executed."""

import csv
import json
import re
import statistics
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from gan_lab.report.__main__ import main
from gan_lab.run.folder import RunFolder, find_runs

FID = "fid/mnist_classifier_10000"
EVIL = "<script>alert(1)</script>"


def make_run(
    root: Path,
    loss: str,
    seed: int,
    last: float | None,
    best: float | None = None,
    status: str = "finished",
    **more: object,
) -> Path:
    folder = root / f"loss={loss.replace('/', '_')},seed={seed}"
    (folder / ".hydra").mkdir(parents=True)
    overrides = [f"loss={loss}", f"seed={seed}", "model=mlp"]
    if seed % 2:
        overrides += ["resume='x'", "first_step=5"]  # of one attempt, and not of the run
    (folder / ".hydra" / "overrides.yaml").write_text(json.dumps(overrides))
    choices = {"loss": loss, "model": "mlp"}
    (folder / ".hydra" / "hydra.yaml").write_text(
        json.dumps({"hydra": {"runtime": {"choices": choices}}})
    )
    final = {} if last is None else {FID: last, "loss/generator": last / 2}
    summary = {"status": status, "steps": 20, "seed": seed, "final": final, **more}
    if best is not None:
        summary["best"] = {FID: best}
    (folder / "summary.json").write_text(json.dumps(summary))
    if last is not None:
        lines = [f"step,{FID},loss/generator"]
        lines += [f"{step},{last + 30 / step},{seed + step}" for step in (10, 20)]
        (folder / "metrics.csv").write_text("\n".join(lines) + "\n")
        (folder / "samples").mkdir()
        Image.new("L", (8, 8), 40 * seed).save(folder / "samples" / "step=000020.png")
    return folder


LAST = {
    "wgan": [4.0, 6.0, 5.0, 7.0, 5.5],
    "hinge": [14.0, 16.0, 15.0, 19.0, 15.5],
    "lsgan": [5.0, 15.0, 6.0, 30.0, 4.0],
}


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    root = tmp_path / "sweep"
    for loss, values in LAST.items():
        for seed, value in enumerate(values):
            make_run(root, loss, seed, value, value - 1 if loss == "wgan" else None)
    return root


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def command(*line: str) -> Path:
        given = [*line, f"output={tmp_path}/report", f"hydra.run.dir={tmp_path}/hydra"]
        monkeypatch.setattr(sys, "argv", ["report", *given])
        main()
        return tmp_path / "report"

    return command


def table(folder: Path) -> dict[tuple[str, str, str], dict[str, str]]:
    with (folder / "report.csv").open() as file:
        return {(r["group"], r["metric"], r["which"]): r for r in csv.DictReader(file)}


def iqm(values: list[float]) -> float:
    return statistics.mean(sorted(values)[1:-1])  # of five values, one goes at either end


def test_every_number_is_what_the_summaries_say(report, sweep: Path) -> None:  # type: ignore[no-untyped-def]
    folder = report(f"runs={sweep}")
    rows = table(folder)
    html, markdown = (folder / "report.html").read_text(), (folder / "report.md").read_text()
    for loss, values in LAST.items():
        # Without figures of the best weights, the best point of the curve: at step 20.
        best = [v - 1 if loss == "wgan" else v + 1.5 for v in values]
        for which, expected in {"last": values, "best": best}.items():
            row = rows[f"loss={loss}", FID, which]
            assert (row["seeds"], row["failed"], row["unfinished"]) == ("5", "0", "0")
            assert float(row["mean"]) == pytest.approx(statistics.mean(expected))
            assert float(row["standard_deviation"]) == pytest.approx(statistics.stdev(expected))
            assert float(row["interquartile_mean"]) == pytest.approx(iqm(expected))
            low, high = float(row["interval_low"]), float(row["interval_high"])
            assert min(expected) <= low < statistics.mean(expected) < high <= max(expected)
            for page in (html, markdown):
                for number in (statistics.mean(expected), statistics.stdev(expected)):
                    assert f"{number:.4g}" in page
                assert f"[{low:.4g}, {high:.4g}]" in page
        half = rows[f"loss={loss}", "loss/generator", "last"]
        assert float(half["mean"]) == pytest.approx(statistics.mean(values) / 2)
    for better, worse in [("wgan", "lsgan"), ("wgan", "hinge"), ("lsgan", "hinge")]:
        wins = sum(a < b for a in LAST[better] for b in LAST[worse])
        ties = sum(a == b for a in LAST[better] for b in LAST[worse])
        line = rf"\| loss={better} \| loss={worse} \| {(wins + ties / 2) / 25:.4g} \| \["
        assert re.search(line, markdown)


def test_a_winner_needs_clear_intervals_and_enough_seeds(report, sweep: Path) -> None:  # type: ignore[no-untyped-def]
    undecided = "No group is named as better than all others"
    assert undecided in (report(f"runs={sweep}", "curves=[]") / "report.html").read_text()
    two = [str(path) for path in sweep.iterdir() if "lsgan" not in path.name]
    quoted = ",".join(f"'{path}'" for path in two)
    better = report(f"runs=[{quoted}]", "curves=[]")
    assert "<strong>loss=wgan</strong>" in (better / "report.html").read_text()
    worse = report(f"runs=[{quoted}]", f"metric='{FID}'", "better=higher")
    assert "<strong>loss=hinge</strong>" in (worse / "report.html").read_text()
    few = ",".join(f"'{path}'" for path in two if "seed=4" not in path)
    assert undecided in (report(f"runs=[{few}]", "curves=[]") / "report.html").read_text()


def test_failed_and_unfinished_runs_are_listed_and_not_counted(report, sweep: Path) -> None:  # type: ignore[no-untyped-def]
    make_run(sweep, "wgan", 5, None, status="failed", error="the loss became nan")
    make_run(sweep, "wgan", 6, 1e9, status="running")
    make_run(sweep, "wgan", 7, 1e9, status="interrupted")
    (sweep / "not_begun" / ".hydra").mkdir(parents=True)
    folder = report(f"runs={sweep}")
    row = table(folder)["loss=wgan, model=mlp", FID, "last"]
    assert (row["seeds"], row["failed"], row["unfinished"]) == ("5", "1", "2")
    assert float(row["mean"]) == pytest.approx(statistics.mean(LAST["wgan"]))
    html = (folder / "report.html").read_text()
    for text in ("the loss became nan", "killed", "interrupted", "not begun"):
        assert text in html
    assert [run.status for run in find_runs(sweep) if run.seed == 6] == ["killed"]


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [v or "" for k, v in attrs if k in ("href", "src")]


def test_the_page_is_self_contained_and_escaped(report, sweep: Path) -> None:  # type: ignore[no-untyped-def]
    make_run(sweep, f'{EVIL}"$x_1$', 0, 3.0, error=f"{EVIL}|`")
    folder = report(f"runs={sweep}")
    page = Page()
    page.feed((folder / "report.html").read_text())
    assert "script" not in page.tags
    for address in page.addresses:
        inside = address.startswith("data:image/png;base64,")
        assert inside or (not re.match(r"\w+:", address) and address.startswith("../"))
    links = [a for a in page.addresses if a.startswith("../")]
    assert len(links) == len(find_runs(sweep))
    assert EVIL not in (folder / "report.md").read_text()
    plots = {path.name for path in (folder / "plots").iterdir()}
    stems = ("intervals", "fid_mnist_classifier_10000", "loss_generator")
    assert plots == {f"{stem}.{kind}" for stem in stems for kind in ("png", "svg")}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ((), "give runs=FOLDER"),
        (("runs=/no/such/folder",), "there is no folder /no/such/folder"),
        (("runs={sweep}", "metric=fod"), "no run has metric=fod; choose one of fid/"),
        (("runs={sweep}", "metric=loss/generator"), "better=lower or better=higher"),
        (("runs={sweep}/../empty",), "there are no run folders"),
    ],
)
def test_what_is_not_clear_is_asked(  # type: ignore[no-untyped-def]
    report,
    sweep: Path,
    capsys: pytest.CaptureFixture[str],
    line: tuple[str, ...],
    message: str,
) -> None:
    (sweep.parent / "empty").mkdir()
    with pytest.raises(SystemExit):
        report(*(text.format(sweep=sweep) for text in line))
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("summary.json", "{"),
        ("summary.json", "[]"),
        ("metrics.csv", "step,fid/mnist_classifier_10000\n1,x\n"),
        (".hydra/overrides.yaml", "!!python/object/apply:os.system ['touch /tmp/ran']"),
        (".hydra/hydra.yaml", "- 1"),
    ],
)
def test_a_damaged_or_malicious_folder_is_named(  # type: ignore[no-untyped-def]
    report, sweep: Path, capsys: pytest.CaptureFixture[str], name: str, content: str
) -> None:
    (sweep / "loss=wgan,seed=0" / name).write_text(content)
    with pytest.raises(SystemExit):
        report(f"runs={sweep}")
    assert f"{name} is damaged" in capsys.readouterr().err


def test_an_interpolation_in_a_folder_is_not_resolved(report, sweep: Path) -> None:  # type: ignore[no-untyped-def]
    make_run(sweep, "${oc.env:HOME}", 0, 3.0)
    assert "loss=${oc.env:HOME}" in (report(f"runs={sweep}") / "report.html").read_text()


def test_steps_of_a_killed_run_are_those_logged(sweep: Path) -> None:
    folder = make_run(sweep, "wgan", 9, 1.0, status="running")
    assert RunFolder.read(folder).steps == 20
