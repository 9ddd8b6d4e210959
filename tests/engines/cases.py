"""Cases with a given operation, and the values of their programs in this process."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from unittest import mock

import numpy as np
import pytest
from ad_conformance.conformance.known_failures import load
from ad_conformance.engines import registry
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.sampling import operation_examples

#: Operations that cases are drawn for.
OPERATIONS = tuple(name for name, row in CATALOGUE.items() if row.weight)
#: How many cases are drawn for an operation.
EXAMPLES = 8
#: Known failures that are wrong values, not only wrong derivatives.
WRONG_VALUES = ("torch-antialias-width-one",)


def unless_missing(missing: str, values: Iterable[Any]) -> list[Any]:
    """Values for a parametrized test.

    If `missing` names something that is not installed, the result is one skipped test instead of
    one for each value.
    """
    found = list(values)
    if not missing:
        return found
    reason = f"{missing} is not installed: {len(found)} tests"
    return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id=f"no {missing}")]


@lru_cache
def drawn(operation: str) -> tuple[Case, ...]:
    """Cases with the operation, the same in every run."""
    met: dict[str, Case] = {}
    for case in operation_examples(operation, "R", EXAMPLES):
        if operation in case.program.operations:
            met[case.plain.id] = case.plain
    return tuple(met.values())


def shown(case: Case, operation: str) -> set[Any]:
    """What a template may depend on: parameters, floats by their sign, and the numbers of axes."""
    values = evaluate_steps(case.program, case.input)
    found: set[Any] = set()
    for step in case.program.steps:
        if step.operation == operation:
            params = tuple(
                (k, np.sign(v) if isinstance(v, float) else repr(v))
                for k, v in step.arguments.items()
            )
            found.add((params, *(values[i].ndim for i in step.operands)))
    return found


def telling(operation: str) -> tuple[Case, ...]:
    """Those of the drawn cases that show something new.

    The later ones come first, because the first one drawn is the simplest.
    """
    met: set[Any] = set()
    kept = []
    for case in reversed(drawn(operation)):
        if not (new := shown(case, operation)) <= met:
            met |= new
            kept.append(case)
    return tuple(kept)


def is_known(engine: str, operation: str, program: str) -> bool:
    """Whether a known failure says that the engine computes the program wrong."""
    return any(
        entry.names(registry.find(engine))
        and operation in entry.operations
        and entry.text.search(program)
        for entry in load()
        if entry.name in WRONG_VALUES
    )


def value(engine: str, program: str, shape: tuple[int, ...]) -> np.ndarray:
    """The value of a script's function `f` at `x`.

    CasADi's value, which is a matrix, is given the `shape`.
    """
    names = dict(names_of(engine))
    if registry.find(engine).module == "jax":
        _limit_what_jax_keeps()
    exec(program, names)
    f, x = names["f"], names["x"]
    # Symbols have no values.
    names["derivative"] = names["compiled"](f, x) if "compiled" in names else f
    exec(registry.find(engine).run, names)
    got = np.asarray(names["got"])
    return got.reshape(shape) if engine == "casadi" else got


#: After so many programs, what JAX compiled for them is dropped. It keeps about 8 MB a program, and
#: needs little of that again.
JAX_PROGRAMS = 128
_computed = itertools.count(1)


def _limit_what_jax_keeps() -> None:
    if next(_computed) % JAX_PROGRAMS == 0:
        import jax

        jax.clear_caches()
        # The C library of Linux keeps what is free in pieces, unless it is told not to.
        with contextlib.suppress(AttributeError, OSError, TypeError):
            ctypes.CDLL(None).malloc_trim(0)


#: XLA compiles in half the time if it does not optimize. Values are the same up to rounding.
UNOPTIMIZED = {
    "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
}


@lru_cache
def names_of(engine: str) -> dict[str, Any]:
    """The names that an engine's header defines."""
    names: dict[str, Any] = {}
    adapter = registry.find(engine)
    with mock.patch.dict(os.environ, {**adapter.environment, **UNOPTIMIZED}):
        exec(adapter.header, names)
        if adapter.module == "jax":
            exec("jax.devices()", names)  # Reads the flags.
    return names
