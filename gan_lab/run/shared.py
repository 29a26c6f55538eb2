"""Which figure several runs can be compared by."""

from collections.abc import Sequence

from gan_lab.run.figures import resolve, short_names, without_count
from gan_lab.run.folder import RunFolder


def known_figures(runs: Sequence[RunFolder]) -> list[str]:
    """Return the full names of all that any of ``runs`` ended with, sorted."""
    return sorted({name for run in runs for name in run.summary.get("final", {})})


def shared_figure(name: str, runs: Sequence[RunFolder]) -> str:
    """Return the full name of what ``name`` means in several runs.

    Of several sample counts it is the largest that all finished runs have: those of
    different counts do not compare. Where they have none in common it is the largest of all, and
    the others have no value.

    Args:
        name: As a person gave it, such as "fid"; see :func:`gan_lab.run.figures.resolve`.
        runs: What is listed or compared.

    Raises:
        LabError: If no run has it, or it means several figures.
    """
    known = known_figures(runs)
    if name in known:
        return name
    meant = {full for full in known if name in short_names(without_count(full)[0])}
    finished = [
        meant & set(run.summary.get("final", {})) for run in runs if run.status == "finished"
    ]
    measured = [names for names in finished if names]
    shared = set.intersection(*measured) if measured else set()
    return resolve(name, shared or known)
