"""What is checked before a commit is what `make test` checks, by the project's own tools."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def test_hooks_before_a_commit_are_the_projects_own_checks() -> None:
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]  # nothing is fetched
    hooks = repos[0]["hooks"]
    assert all(hook["language"] == "system" for hook in hooks)
    test = (ROOT / "Makefile").read_text().partition("\ntest:")[2].partition("\n\n")[0]
    commands = re.findall(r"\$\(BIN\)/([^&;\n]*)", test)  # one of them runs beside the tests
    checks = [command.strip().removesuffix(" .") for command in commands]
    tools = [line for line in checks if not line.startswith("python -m pytest")]
    assert [hook["entry"].removeprefix(".venv/bin/") for hook in hooks] == tools
