"""Public names of a package that are imported when they are first used (PEP 562).

A package so offers names of its modules without importing these modules, and what they import in
turn (Hypothesis, SciPy, python-flint), in programs that use another part of the project.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazily(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package: `modules` names, for each public name, its module.

    Modules are named relative to the package, such as ".ir.program". The `__getattr__` raises
    AttributeError for every other name, as a module does.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(modules[name], package), name)

    return __getattr__
