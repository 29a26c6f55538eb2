"""Paths go through Hydra's grammar as they are, whatever characters they hold."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra._internal.hydra import Hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from gan_lab.cli.app import config_dir, literal_paths, quoted, unquoted
from tests.conftest import MODE

TEXT = st.one_of(
    st.text(st.sampled_from("a\\'\"${}:,=[]() \n~#"), max_size=12),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12),
)


def read(override: str) -> object:
    """Return what a component is given for the value of an override."""
    parsed = OverridesParser.create().parse_override(override)
    return OmegaConf.create({"value": parsed.value()}).value


@given(TEXT)
@example("\\")
@example("it's")
@example("${oc.env:HOME}")
@example("\\${x}\\")
@example("'a'")
def test_a_quoted_text_stands_for_itself(text: str) -> None:
    assert read(f"key={quoted(text)}") == text
    assert unquoted(quoted(text)) == text


@given(TEXT.filter(lambda text: text not in ("", "null") and unquoted(text) == text))
def test_a_path_is_taken_literally(text: str) -> None:
    (argument,) = literal_paths([f"output={text}"], "output")
    assert read(argument) == text


@pytest.mark.parametrize(
    ("given", "expected"),
    [("'a=b'", "a=b"), ('"a b"', "a b"), ("'a", "'a"), ("[a]/b", "[a]/b"), ("null", None)],
)
def test_quotes_of_the_grammar_still_quote(given: str, expected: str | None) -> None:
    (argument,) = literal_paths([f"images={given}"], "images")
    assert read(argument) == expected
    assert literal_paths(["seed=1", "other='x'"], "images") == ["seed=1", "other='x'"]


@pytest.mark.parametrize("command", ["sample", "encode", "export", "audit"])
@pytest.mark.parametrize(
    ("argument", "status", "told"),
    [
        ("checkpoint=null", 1, "a checkpoint is named by a path, got null"),
        ("--num_samples", 2, "a setting is written key=value, without dashes; --help lists them"),
    ],
)
def test_what_is_no_setting_is_told_in_one_line(
    command: str,
    argument: str,
    status: int,
    told: str,
    main_of: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main_of(f"gan_lab.{command}", argument, f"hydra.run.dir={tmp_path / 'here'}") == status
    assert capsys.readouterr().err.splitlines()[-1] == f"gan_lab: {told}"


@pytest.mark.parametrize("command", ["train", "evaluate"])
@pytest.mark.parametrize(
    ("overrides", "found"), [([], None), (["hydra.mode=MULTIRUN"], "MULTIRUN")]
)
def test_no_command_asks_for_a_mode_by_itself(
    command: str, overrides: list[str], found: str | None
) -> None:
    """As the other tests take for granted; see conftest.py."""
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        modes = [mode(hydra, command, ["seed=1", *overrides]) for mode in (MODE, Hydra.get_mode)]
    assert [getattr(mode, "name", mode) for mode in modes] == [found, found]
