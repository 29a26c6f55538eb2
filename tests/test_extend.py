"""The package of docs/extend.md works as the page says, with nothing of it in this repository."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "extend.md"
FENCE = re.compile(r"`(my_\w+/[\w/]+\.(?:py|yaml))`\s+```\w+\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write every file that the page shows, and return the folder that holds the package."""
    folder = tmp_path_factory.mktemp("extend")
    for name, content in FENCE.findall(PAGE.read_text()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


@pytest.fixture
def run(
    package: Path,
    main_of: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    _no_stranger: None,
) -> Callable[[str], int]:
    """Run a command of the page in the package's folder."""
    monkeypatch.chdir(package)
    monkeypatch.syspath_prepend(package)

    def command(line: str) -> int:
        program, option, module, *arguments = shlex.split(line)
        assert (program, option) == ("python", "-m")
        return main_of(module, *arguments)

    return command


@pytest.mark.filterwarnings("ignore:.*smaller than the logging interval")
def test_every_command_of_the_page_runs(
    package: Path, run: Callable[[str], int], capsys: pytest.CaptureFixture[str]
) -> None:
    (commands,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    train, sample, evaluate, export, resume = commands.strip().splitlines()
    assert run(train) == 0
    capsys.readouterr()
    assert run(sample.replace(" 'trust=[my_lab]'", "")) == 1
    refused = capsys.readouterr().err
    assert "trust=[my_lab]" in refused
    assert len(refused.strip().splitlines()) == 1
    for command in (sample, evaluate, export, resume):
        assert run(command) == 0, capsys.readouterr().err
    outputs = package / "outputs"
    assert (outputs / "stripes_samples" / "grid.png").exists()
    assert "brightness/pixels_500" in (outputs / "stripes_figures" / "evaluation.json").read_text()
    assert (outputs / "stripes_export" / "generator.safetensors").exists()
    assert '"steps": 120' in (outputs / "stripes" / "summary.json").read_text()
