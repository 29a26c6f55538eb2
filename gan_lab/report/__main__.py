"""Compare runs: ``python -m gan_lab.report runs=outputs/multirun/...``."""

from pathlib import Path

from omegaconf import DictConfig

from gan_lab.cli.app import complain, literal_paths, run
from gan_lab.errors import LabError
from gan_lab.run.folder import find_runs


def main() -> None:
    """Run the command line."""
    run(report, "report", rewrite=literal)


def literal(arguments: list[str]) -> list[str]:
    """Return ``arguments`` with their paths quoted; a list of runs is Hydra's to read.

    >>> literal(["runs=a=1,b=2"]), literal(["runs=[a,b]"])
    (["runs='a=1,b=2'"], ['runs=[a,b]'])
    """
    found = []
    for argument in arguments:
        key, _, value = argument.partition("=")
        listed = key == "runs" and value[:1] == "[" and value[-1:] == "]"
        plain = listed and not Path(value).exists()
        found += [argument] if plain else literal_paths([argument], "runs", "output")
    return found


def report(config: DictConfig) -> None:
    """Write the report that ``config`` asks for and print where it is.

    Raises:
        LabError: If there are no runs, or what to compare is not clear.
    """
    roots = [config.runs] if isinstance(config.runs, str) else list(config.runs)

    from gan_lab.report.comparison import compare
    from gan_lab.report.metric import choose_metric
    from gan_lab.report.pages import save_page, save_table
    from gan_lab.report.plots import save_plots

    listed = [run for root in roots for run in find_runs(Path(root).expanduser())]
    runs = list({found.path.resolve(): found for found in listed}.values())
    for found in runs:
        if found.status == "damaged":
            complain(f"left out: {found.problem}")
    if all(found.status == "damaged" for found in runs):
        raise LabError(f"there are no run folders in {', '.join(map(str, roots))}")
    metric = choose_metric(runs, config.metric, config.better)
    comparison = compare(runs, metric)
    family = metric.name.partition("/")[0]
    names = sorted({key for run in runs for key in run.summary.get("final", {})})
    columns = [metric.name, *(n for n in names if n.startswith(f"{family}/")), *config.curves]
    output = Path(config.output).expanduser()
    plots = save_plots(comparison, list(dict.fromkeys(columns)), output / "plots")
    save_page(comparison, plots, output / "report.html", "page.html.jinja")
    save_page(comparison, plots, output / "report.md", "page.md.jinja")
    save_table(comparison, output / "report.csv")
    for name in ("report.html", "report.md", "report.csv"):
        print(output / name)


if __name__ == "__main__":
    main()
