"""Paths go through Hydra's grammar as they are, whatever characters they hold."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from gan_lab.cli.app import literal_paths, quoted, unquoted

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
