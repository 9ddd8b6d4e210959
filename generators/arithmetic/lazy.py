"""Functions that are imported when they are first called.

The catalogue names functions on balls, which need python-flint, and functions of scipy.special. A
reader of the catalogue, such as a table of its operations, calls none of them and should not have
to load those libraries.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


class LazyFunction:
    """The function `module.name`, imported when it is first called or resolved."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name
        self._function: Callable[..., Any] | None = None

    @property
    def function(self) -> Callable[..., Any]:
        """The function itself. Raises AttributeError if the module has no function of that name."""
        if self._function is None:
            self._function = getattr(importlib.import_module(self._module), self._name)
        return self._function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


class LazyModule:
    """A module of functions: each attribute is a LazyFunction."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> LazyFunction:
        function = LazyFunction(self._name, name)
        # The next access finds the same object without a call of this method.
        setattr(self, name, function)
        return function


def resolved(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function behind a LazyFunction, imported now; any other function as it is."""
    return function.function if isinstance(function, LazyFunction) else function


balls = LazyModule("ad_conformance.generators.arithmetic.balls")
function_balls = LazyModule("ad_conformance.generators.arithmetic.function_balls")
special_balls = LazyModule("ad_conformance.generators.arithmetic.special_balls")
matrix_balls = LazyModule("ad_conformance.generators.arithmetic.matrix_balls")
scipy_special = LazyModule("scipy.special")
scipy_linalg = LazyModule("scipy.linalg")
