"""One name for a figure everywhere: what a person writes short, by its full name."""

import difflib
import re
from collections.abc import Collection

from gan_lab.errors import LabError

AVERAGED = "_ema"
"""How the figures of averaged weights end."""


def resolve(name: str, known: Collection[str]) -> str:
    """Return the one of ``known`` that ``name`` means.

    A full name means itself. A short one is what stands before a slash ("fid"), or the whole
    without the count of samples ("fid/mnist_classifier"); of several counts it means the largest,
    which is how a run is measured at its end. Figures of averaged weights are meant by "fid_ema"
    alone.

    Args:
        name: As a person gave it, such as "fid".
        known: Full names, as summary.json has them: "fid/mnist_classifier_10000", "loss/generator".

    Raises:
        LabError: If it means nothing, or several that differ in more than the count.

    >>> resolve("fid", ["fid/mnist_classifier_2000", "fid/mnist_classifier_10000"])
    'fid/mnist_classifier_10000'
    """
    if name in known:
        return name
    counts: dict[str, dict[int, str]] = {}
    for full in sorted(known):
        stem, count = without_count(full)
        if name in short_names(stem):
            counts.setdefault(stem, {})[count] = full
    if len(counts) == 1:
        (found,) = counts.values()
        return found[max(found)]
    if counts:
        candidates = [found[max(found)] for found in counts.values()]
        raise LabError(f"{name} is ambiguous; choose one of {', '.join(candidates)}")
    shorts = {short for full in known for short in short_names(without_count(full)[0])}
    near = difflib.get_close_matches(name, sorted(shorts), n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    choice = f"choose one of {', '.join(sorted(known))}" if known else "nothing was measured"
    raise LabError(f"there is no figure {name}{hint}; {choice}")


def without_count(full: str) -> tuple[str, int]:
    """Return a full name without the count of samples, and the count; 0 where there is none.

    >>> without_count("fid/mnist_classifier_10000_ema")
    ('fid/mnist_classifier_ema', 10000)
    """
    match = re.fullmatch(rf"(.+/.+)_(\d+)({AVERAGED})?", full)
    return (match[1] + (match[3] or ""), int(match[2])) if match else (full, 0)


def short_names(stem: str) -> set[str]:
    """Return what a full name without its count may be called.

    >>> sorted(short_names("fid/mnist_classifier_ema"))
    ['fid/mnist_classifier_ema', 'fid_ema']
    """
    family, slash, _ = stem.partition("/")
    return {stem, family + AVERAGED if slash and stem.endswith(AVERAGED) else family}
