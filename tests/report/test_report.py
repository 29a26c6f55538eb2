"""Reports: every number recomputed from the run folders, nothing guessed, nothing executed."""

import csv
import json
import re
import statistics
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from PIL import Image

from gan_lab.report.__main__ import main
from gan_lab.report.comparison import compare
from gan_lab.report.metric import Metric
from gan_lab.report.plots import curve_plot
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
            reach = 2.776445 * statistics.stdev(expected) / 5**0.5  # Student's t at 4 degrees
            assert (low, high) == pytest.approx(
                (statistics.mean(expected) - reach, statistics.mean(expected) + reach), rel=1e-4
            )
            for page in (html, markdown):
                for number in (statistics.mean(expected), statistics.stdev(expected)):
                    assert f"{number:.4g}" in page
                assert f"[{low:.4g}, {high:.4g}]" in page
                assert "sd: sample standard deviation over seeds, no standard error" in page
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
        (
            ("runs={sweep}", "metric=fod"),
            "there is no figure fod (did you mean fid?); choose one of fid/",
        ),
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
        (".hydra/overrides.yaml", "!!python/object/apply:os.system ['touch /tmp/ran']"),
        (".hydra/hydra.yaml", "- 1"),
    ],
)
def test_a_damaged_or_malicious_folder_is_named(  # type: ignore[no-untyped-def]
    report, sweep: Path, capsys: pytest.CaptureFixture[str], name: str, content: str
) -> None:
    (sweep / "loss=wgan,seed=0" / name).write_text(content)
    report(f"runs={sweep}")
    assert f"{name} is damaged" in capsys.readouterr().err


def test_an_interpolation_in_a_folder_is_not_resolved(report, sweep: Path) -> None:  # type: ignore[no-untyped-def]
    make_run(sweep, "${oc.env:HOME}", 0, 3.0)
    assert "loss=${oc.env:HOME}" in (report(f"runs={sweep}") / "report.html").read_text()


def test_steps_of_a_killed_run_are_those_logged(sweep: Path) -> None:
    folder = make_run(sweep, "wgan", 9, 1.0, status="running")
    assert RunFolder.read(folder).steps == 20


def test_a_damaged_curve_hides_no_other_run(report, sweep: Path) -> None:  # type: ignore[no-untyped-def]
    (sweep / "loss=wgan,seed=0" / "metrics.csv").write_text(f"step,{FID}\nx,1\n")
    folder = report(f"runs={sweep}", "curves=[]")
    assert table(folder)["loss=wgan", FID, "last"]["seeds"] == "4"
    for page in ("report.html", "report.md"):
        text = (folder / page).read_text()
        assert "damaged" in text and re.search(r"loss=wgan,seed=0", text)
    assert "metrics.csv is damaged" in (folder / "report.html").read_text()


def test_what_is_missing_for_a_verdict_is_said(report, sweep: Path) -> None:  # type: ignore[no-untyped-def]
    overlapping = (report(f"runs={sweep}", "curves=[]") / "report.html").read_text()
    assert "the intervals of the best are not clear of each other" in overlapping
    few = ",".join(f"'{path}'" for path in sweep.iterdir() if not re.search("seed=[34]", path.name))
    for page in ("report.html", "report.md"):
        text = (report(f"runs=[{few}]", "curves=[]") / page).read_text()
        assert "five finished seeds of each are needed, and one has three" in text
    alone = ",".join(f"'{path}'" for path in sweep.iterdir() if "wgan" in path.name)
    assert "there is one alone" in (report(f"runs=[{alone}]") / "report.md").read_text()


def test_markdown_escapes_whatever_a_folder_says(report, sweep: Path) -> None:  # type: ignore[no-untyped-def]
    folder = make_run(sweep, "wgan", 8, 3.0)
    summary = json.loads((folder / "summary.json").read_text())
    summary |= {"status": "[x](http://e) | <img src=x> `|`"}
    (folder / "summary.json").write_text(json.dumps(summary))
    text = (report(f"runs={sweep}", "curves=[]") / "report.md").read_text()
    assert not re.search(r"(?<!\\)[<`]", text) and "[x](" not in text
    (line,) = [line for line in text.splitlines() if "http" in line]
    assert len(re.findall(r"(?<!\\)\|", line)) == 6


def test_fid_is_what_is_compared_unless_another_figure_is_named(report, sweep: Path) -> None:  # type: ignore[no-untyped-def]
    for path in sweep.glob("*/summary.json"):
        summary = json.loads(path.read_text())
        summary["final"] |= {"coverage/mnist_classifier_10000": 0.5, "fid/mnist_classifier_2000": 9}
        path.write_text(json.dumps(summary))
    assert (report(f"runs={sweep}") / "report.md").read_text().startswith("# fid/mnist")
    for name in ("coverage", "coverage/mnist_classifier", "loss/generator"):
        text = (report(f"runs={sweep}", f"metric={name}", "better=lower") / "report.md").read_text()
        assert text.replace("\\_", "_").startswith(f"# {name}")


def test_an_ambiguous_figure_lists_its_candidates(report, sweep: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    for path in sweep.glob("*/summary.json"):
        summary = json.loads(path.read_text())
        summary["final"]["fid/raw_10000"] = 1.0
        path.write_text(json.dumps(summary))
    for line in ((), ("metric=fid",)):
        with pytest.raises(SystemExit):
            report(f"runs={sweep}", *line)
        assert "fid/raw_10000" in capsys.readouterr().err


def drawn(sweep: Path, column: str) -> Axes:
    metric = Metric(FID, "lower")
    figure = curve_plot(compare(find_runs(sweep), metric), column)
    assert figure is not None
    return figure.axes[0]


def test_one_loss_does_not_flatten_the_others(sweep: Path) -> None:
    assert drawn(sweep, FID).get_yscale() == "linear"
    path = make_run(sweep, "vanilla", 0, 5000.0) / "metrics.csv"
    assert drawn(sweep, FID).get_yscale() == "log"
    path.write_text(path.read_text().replace("50", "-50"))
    axes = drawn(sweep, FID)
    assert axes.get_yscale() == "symlog"
    places = axes.transData.transform([(0, 5.0), (0, 15.0)])[:, 1]
    assert places[1] - places[0] > 0.02 * axes.bbox.height


def test_a_single_point_is_seen(sweep: Path) -> None:
    assert {line.get_marker() for line in drawn(sweep, FID).lines} == {""}
    for path in sweep.glob("*/metrics.csv"):
        path.write_text("\n".join(path.read_text().splitlines()[:2]) + "\n")
    assert {line.get_marker() for line in drawn(sweep, FID).lines} == {"o"}
