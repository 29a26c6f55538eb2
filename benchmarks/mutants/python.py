"""Mutants of Python: cosmic-ray's operators, and three of our own made like them."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.python.tree import Keyword

from benchmarks.mutants.mutant import Site

ROOMS = (
    *("losses", "terms", "tasks", "game", "metrics", "data"),
    *("priors", "descents", "augmentations", "models"),
)

CHOSEN = re.compile(
    r"core/(ReplaceBinaryOperator_(Add|Sub|Mul|Div|Pow)_(Add|Sub|Mul|Div)"
    r"|ReplaceBinaryOperator_(FloorDiv|Mod)_(Mul|Div)"
    r"|ReplaceBinaryOperator_Bit(And_BitOr|Or_BitAnd)"
    r"|ReplaceComparisonOperator_(Eq|NotEq|Lt|LtE|Gt|GtE)_(Eq|NotEq|Lt|LtE|Gt|GtE)"
    r"|ReplaceComparisonOperator_(Is_IsNot|IsNot_Is)"
    r"|ReplaceUnaryOperator_Delete_\w+|ReplaceUnaryOperator_\w+_Delete|AddNot"
    r"|ReplaceTrueWithFalse|ReplaceFalseWithTrue|ReplaceAndWithOr|ReplaceOrWithAnd"
    r"|ReplaceBreakWithContinue|ReplaceContinueWithBreak|NumberReplacer|RemoveDecorator"
    r"|ZeroIterationForLoop)"
)
"""Of cosmic-ray's: those that leave a program which could be meant, and do not just raise."""


class Ours(Operator):
    """An operator of ours: ``places(node)`` lists what can be done to a node, each a callable."""

    def places(self, node: Any) -> list[Any]:
        """Return what can be done to a node."""
        raise NotImplementedError

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """Yield the node's position once for each."""
        for _ in self.places(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Do it."""
        self.places(node)[index]()
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return none; tests/benchmarks/test_mutants.py has them."""
        return ()


class RemoveStatement(Ours):
    """``x += 1`` and ``f(x)`` become ``pass``."""

    def places(self, node: Any) -> list[Any]:
        """Return how to remove a statement that calls or adds."""
        if node.type != "simple_stmt":
            return []
        statement = node.children[0]
        calls = statement.type in ("atom_expr", "power")
        adds = statement.type == "expr_stmt" and re.fullmatch(
            r"[^=\s]+=", getattr(statement.children[1], "value", "")
        )
        if not calls and not adds:
            return []
        leaf = statement.get_first_leaf()
        new = Keyword("pass", leaf.start_pos, prefix=leaf.prefix)
        return [lambda: node.children.__setitem__(0, new)]


class SwapArguments(Ours):
    """``f(a, b)`` becomes ``f(b, a)``."""

    def places(self, node: Any) -> list[Any]:
        """Return how to swap each two neighbours among the arguments given by position."""
        called = node.parent.get_previous_sibling() if node.parent is not None else None
        if node.type != "arglist" or called is None or called.get_code().strip() == "isinstance":
            return []
        given = [
            place
            for place, child in enumerate(node.children)
            if child.type not in ("argument", "operator")
        ]

        def swap(first: int) -> None:
            children = node.children
            children[first], children[first + 2] = children[first + 2], children[first]

        codes = {place: node.children[place].get_code().strip() for place in given}
        return [
            lambda first=first: swap(first)
            for first in given
            if first + 2 in given and codes[first] != codes[first + 2]
        ]


class DropCall(Ours):
    """``x.detach()`` becomes ``x``."""

    def places(self, node: Any) -> list[Any]:
        """Return how to drop each call of a method without arguments."""
        if node.type not in ("atom_expr", "power"):
            return []

        def drop(place: int) -> None:
            del node.children[place : place + 2]

        return [
            lambda place=place: drop(place)
            for place, (first, second) in enumerate(
                zip(node.children, node.children[1:], strict=False)
            )
            if first.get_code().strip().startswith(".") and second.get_code() == "()"
        ]


OURS = {kind.__name__: kind for kind in (RemoveStatement, SwapArguments, DropCall)}


@lru_cache
def operators() -> dict[str, Operator]:
    """Return the operators by name."""
    theirs = {name: get_operator(name)() for name in operator_names() if CHOSEN.fullmatch(name)}
    return theirs | {name: kind() for name, kind in OURS.items()}


def python_sites(texts: dict[str, str]) -> Iterator[Site]:
    """Yield what can be changed in files, by their paths."""
    for path, text in texts.items():
        if path.endswith(".py"):
            yield from sites_of(path, text)


def sites_of(path: str, text: str) -> Iterator[Site]:
    """Yield what can be changed in a file, but for its annotations."""
    nodes, lines = list(ast_nodes(get_ast(text))), text.splitlines()
    silent = annotations(text)
    for name, operator in operators().items():
        occurrence, seen = 0, Counter[int]()
        for node in nodes:
            for (line, column), _ in operator.mutation_positions(node):
                change = partial(mutate_code, text, operator, occurrence)
                occurrence += 1
                if not any(first <= (line, column) < last for first, last in silent):
                    named = name.removeprefix("core/")
                    yield Site(path, line, named, lines[line - 1], seen[line], change)
                    seen[line] += 1


def annotations(text: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return where a file's annotations begin and end; nothing reads them at run time."""
    found: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.arg | ast.AnnAssign):
            found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            found.append(node.returns)
    return [
        ((node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0))
        for node in found
        if node is not None
    ]
