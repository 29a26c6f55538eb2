"""What is changed in the code, and that the sample is the same each time."""

import json
from pathlib import Path

import pytest

from benchmarks.mutants.mutant import Site, mutant, sampled
from benchmarks.mutants.yaml import changes

python = pytest.importorskip("benchmarks.mutants.python", reason="cosmic-ray is not installed")

CODE = '''"""A module of 3 lines."""


def f(x: int | None, y: list[int]) -> int | None:
    y.append(x)
    x += 2
    return g(x.detach(), y) * x if x < 1 else None
'''


def made_of(text: str) -> dict[str, set[str]]:
    """Return the changed lines by operator."""
    found: dict[str, set[str]] = {}
    for site in python.sites_of("file.py", text):
        one = mutant(site, text)
        assert one is not None
        assert one.text.count("\n") == text.count("\n")
        found.setdefault(one.operator, set()).add(" ".join(one.after.split()))
    return found


def test_python_is_changed_where_it_runs() -> None:
    found = made_of(CODE)
    assert found["RemoveStatement"] == {"pass"}
    assert found["DropCall"] == {"return g(x, y) * x if x < 1 else None"}
    assert found["SwapArguments"] == {"return g( y,x.detach()) * x if x < 1 else None"}
    assert (
        "return g(x.detach(), y) / x if x < 1 else None" in found["ReplaceBinaryOperator_Mul_Div"]
    )
    assert (
        "return g(x.detach(), y) * x if x <= 1 else None"
        in (found["ReplaceComparisonOperator_Lt_LtE"])
    )
    assert any("x < 2" in line for line in found["NumberReplacer"])
    assert not any("int" in line for lines in found.values() for line in lines)  # annotations


def test_types_tested_for_are_not_swapped_with_what_is_tested() -> None:
    assert "SwapArguments" not in made_of("a = isinstance(b, c)\n")


GROUPS = {"loss": ["hinge", "wgan"], "model": ["mlp"]}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("lr: 2e-4", {"0.0004", "-0.0002", "1.0002"}),
        ("steps: 20_000", {"40000", "-20000", "20001"}),
        ("betas: [0.0, 0.9]", {"[1, 0.9]", "[-1, 0.9]", "[1.0, 0.9]"}
         | {"[0.0, 1.8]", "[0.0, -0.9]", "[0.0, 1.9]"}),
        ("saturating: true", {"false"}),
        ("  - override /loss: hinge", {"wgan"}),
        ("precision: 32-true", set()),
        ("_target_: gan_lab.terms.R1", set()),
    ],
)  # fmt: skip
def test_yaml_is_changed_in_its_values(line: str, expected: set[str]) -> None:
    assert {made.split(": ", 1)[1] for _, made in changes(line, GROUPS)} == expected


def sites(lines: list[str]) -> list[Site]:
    text = "\n".join(lines)
    return [
        Site("a.py", number, operator, line, 0, lambda operator=operator: text + operator)
        for number, line in enumerate(lines, start=1)
        for operator in ("+", "-")
    ]


def test_a_sample_is_the_seeds_and_outlives_changes_elsewhere() -> None:
    lines = [f"x = {number}" for number in range(20)]
    texts = {"a.py": "\n".join(lines)}
    first = sampled(sites(lines), 5, 0, texts)
    assert first == sampled(sites(lines), 5, 0, texts)
    assert len({one.line for one in sampled(sites(lines), 20, 0, texts)}) <= 20
    assert first != sampled(sites(lines), 5, 1, texts)
    ranks = {site.content: site.rank(0) for site in sites(["", *lines])}
    assert all(ranks[site.content] == site.rank(0) for site in sites(lines) if site.operator == "-")


def test_results_are_kept_and_survivors_run_again(tmp_path: Path) -> None:
    from benchmarks.mutants.__main__ import read, report

    file = tmp_path / "results.jsonl"
    assert read(file, keep_survivors=True) == {}
    base = {"path": "gan_lab/terms/base.py", "line": 3, "operator": "o", "tests": 7}
    base |= {"before": "a", "after": "b"}
    rows = [
        {"key": "1", "outcome": "survived", **base},
        {"key": "2", "outcome": "killed", **base},
        {"key": "3", "outcome": "timeout", **base},
        {"key": "4", "outcome": "survived", **base},
        {"key": "1", "outcome": "killed", **base},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    kept = read(file, keep_survivors=True)
    assert [kept[key]["outcome"] for key in "1234"] == ["killed", "killed", "timeout", "survived"]
    assert set(read(file, keep_survivors=False)) == {"1", "2", "3"}
    told = report(list(kept.values()), seed=0)
    assert "| all | 4 | 3 | 75.0% |" in told
    assert "gan_lab/terms/base.py:3 o (of 7 tests)" in told
