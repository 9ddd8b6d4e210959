"""Functions of modules, replaced while a function of the user is followed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

#: The module, the name in it, and what makes the replacement of the function of this name.
Replacement = tuple[str, str, Callable[[Callable[..., Any]], Callable[..., Any]]]


@contextmanager
def replaced(function: Callable[..., Any], replacements: Iterable[Replacement]) -> Iterator[None]:
    """Names of modules, and the same names in the modules of the package of `function`, stand for
    other functions meanwhile. Modules that are not imported stay so.
    """
    kept: list[tuple[dict[str, Any], str, Any]] = []
    package = (getattr(function, "__module__", None) or "").partition(".")[0]
    users = [
        vars(module)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == package and module is not None
    ]
    for module, name, make in replacements:
        namespace = getattr(sys.modules.get(module), "__dict__", {})
        original = namespace.get(name)
        if not callable(original):
            continue
        replacement = make(original)
        for names in (namespace, *users):
            for key in [k for k, v in names.items() if v is original]:
                kept.append((names, key, original))
                names[key] = replacement
    try:
        yield
    finally:
        for names, key, original in reversed(kept):
            names[key] = original


@contextmanager
def replaced_member(
    owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Iterator[None]:
    """A member of a class or module stands for another one meanwhile; owners without it stay so."""
    original = vars(owner).get(name)
    if original is not None:
        setattr(owner, name, make(original))
    try:
        yield
    finally:
        if original is not None:
            setattr(owner, name, original)
