"""What the tables of races and of whole processes say of what was measured."""

from typing import Any

import pytest

from benchmarks import race_table, whole
from benchmarks.recipes import PLAIN, RECIPES
from tests.cli.test_configs import composed


def entry(fids: dict[float, float], finished: bool, **figures: float) -> dict[str, Any]:
    """An entrant of which the FID was seen at some seconds."""
    laps = [
        {
            "seconds": seconds,
            "steps": round(20 * seconds),
            "finished": finished and seconds == max(fids),
            "figures": {**dict.fromkeys(race_table.AT_THE_END.values(), 0.0), race_table.FID: fid},
        }
        for seconds, fid in fids.items()
    ]
    return {"name": "a", "changes": "b", "seed": 0, "startup_seconds": 4.0, "laps": laps}


FAST = entry({10: 20.0, 30: 4.0, 50: 2.5}, finished=True)
SLOW = entry({10: 90.0, 30: 30.0, 60: 9.0}, finished=False)


def test_seconds_to_a_goal_are_the_first_mark_at_which_it_was_reached() -> None:
    assert race_table.seconds_to(FAST, 5) == 30
    assert race_table.seconds_to(SLOW, 10) == 60
    assert race_table.seconds_to(SLOW, 5) is None


def test_a_finished_run_keeps_its_figure_and_a_stopped_one_has_none() -> None:
    assert race_table.fid_after(FAST, 120) == 2.5
    assert race_table.fid_after(SLOW, 120) is None
    assert race_table.fid_after(SLOW, 60) == 9.0
    assert race_table.fid_after(SLOW, 5) is None


def test_a_goal_that_one_seed_missed_is_a_dash() -> None:
    cells = dict(zip(race_table.GOALS, race_table.row([FAST, SLOW, FAST])[4:], strict=False))
    assert cells == {10: "30", 5: "–", 3: "–", 2: "–", 1: "–"}
    text = race_table.table({"machine": {"threads": 2}, "entries": [FAST, SLOW]})
    *_, head, line, row = text.splitlines()
    assert head.count("|") == line.count("|") == row.count("|")


@pytest.mark.parametrize("name", [name for name in RECIPES if name != PLAIN])
def test_every_entrant_composes(name: str) -> None:
    assert composed(*RECIPES[name].overrides).trainer.max_steps > 0


def test_whole_processes_are_compared_in_pairs() -> None:
    text = whole.table({1: {"plain": [40.0, 10.0, 30.0], "gan_lab": [10.0, 10.0, 10.0]}})
    assert text.splitlines()[-1] == (
        "| 1 | 30.0 (10.0–40.0) | 10.0 (10.0–10.0) | **3.00 (1.00–4.00)** |"
    )
