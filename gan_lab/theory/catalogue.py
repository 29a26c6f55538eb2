"""Every loss and regularizer there is, a user's own included, and what to call it."""

import inspect
from collections.abc import Iterator
from typing import Any, TypeVar

from gan_lab.contracts import Term
from gan_lab.losses import F_DIVERGENCES, AdversarialLoss, FDivergence, LeastSquares
from gan_lab.terms import Constraint, GradientPenalty, OrthogonalRegularization

T = TypeVar("T")
Regularizer = Term | Constraint

VARIANTS: dict[type, list[dict[str, Any]]] = {
    FDivergence: [{"name": name} for name in F_DIVERGENCES],
    LeastSquares: [{}, {"fake_target": -1.0, "real_target": 1.0, "generator_target": 0.0}],
    GradientPenalty: [{}, {"target": 0.0}, {"one_sided": True}],
    OrthogonalRegularization: [
        {"player": "discriminator"},
        {"player": "discriminator", "unit_length": True},
    ],
}
"""Arguments for classes of which one instance does not say it all."""


def losses() -> list[AdversarialLoss]:
    """Return one of every loss class that is imported, a user's own included."""
    return list(instances(AdversarialLoss))  # type: ignore[type-abstract]


def regularizers() -> list[Regularizer]:
    """Return one of every class of terms that regularize a discriminator, and of constraints.

    What recognises second heads, or belongs to the generator alone, does not.
    """
    terms = instances(Term)  # type: ignore[type-abstract]
    ours = [item for item in terms if "discriminator" in item.players and not item.needs_heads]
    return [*ours, *instances(Constraint)]  # type: ignore[type-abstract]


def instances(base: type[T]) -> Iterator[T]:
    """Yield what can be built of ``base``'s concrete subclasses without being told how."""
    kinds: list[Any] = list(subclasses(base))
    for subclass in kinds:
        if subclass in VARIANTS:
            yield from (subclass(**arguments) for arguments in VARIANTS[subclass])
        elif not needs_arguments(subclass):
            yield subclass()


def left_out(base: type[Any]) -> list[str]:
    """Name the subclasses of ``base`` that cannot be built without being told how."""
    return [
        subclass.__name__
        for subclass in subclasses(base)
        if subclass not in VARIANTS and needs_arguments(subclass)
    ]


def subclasses(base: type[T]) -> Iterator[type[T]]:
    """Yield the concrete subclasses of ``base``, each once, in the order of their making."""
    seen: dict[type[T], None] = {}
    children: list[type[T]] = base.__subclasses__()
    for child in children:
        for one in (child, *subclasses(child)):
            if not inspect.isabstract(one):
                seen[one] = None
    yield from seen


def needs_arguments(component: type) -> bool:
    """Whether the constructor has an argument without a default."""
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    return any(
        parameter.default is inspect.Parameter.empty and parameter.kind in positional
        for parameter in inspect.signature(component).parameters.values()
    )


def label(component: object) -> str:
    """Return the class's name and its arguments up to the last that is not a default.

    >>> label(LeastSquares(-1, 1, 0))
    'LeastSquares(-1, 1, 0)'
    """
    values = arguments(component)
    name = type(component).__name__
    return f"{name}({', '.join(values)})" if values else name


def arguments(component: object) -> list[str]:
    """Return the arguments up to the last that is not a default.

    >>> arguments(LeastSquares(-1, 1, 0))
    ['-1', '1', '0']
    """
    parameters = inspect.signature(type(component)).parameters.items()
    values = [(getattr(component, name, p.default), p.default) for name, p in parameters]
    while values and values[-1][0] == values[-1][1]:
        values.pop()
    return [f"{v:g}" if isinstance(v, int | float) else str(v) for v, _ in values]
