"""Each engine's spelling of each operation computes what the row computes: no finding may come from
an adapter.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any
from unittest import mock

import numpy as np
import pytest
from ad_conformance.engines import registry
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import evaluate_steps, is_single
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import UnsupportedOperation
from ad_conformance.generators.strategies.programs import operation_cases
from hypothesis import HealthCheck, Phase, given, seed, settings

ENGINES = (
    "inhouse",
    "jax-eager",
    "torch",
    "autograd",
    "tensorflow",
    "casadi",
    "sympy",
    "pytensor",
    "paddle",
    "mlx",
    "tinygrad",
    "mygrad",
)
OPERATIONS = tuple(name for name, row in CATALOGUE.items() if row.weight)
EXAMPLES = 8
#: Values that a library itself computes with fewer digits: torch's trigamma leaves out terms of
#: 5e-10, JAX's beta is off by 1e-6, TensorFlow rounds gelu's constants to float32, PaddlePaddle
#: selu's, and takes complex exponentials in float32, CasADi's erfinv is a rational function that is
#: off by 1e-8.
ROUGH = {
    ("torch", "polygamma"): 1e-8,
    ("jax-eager", "beta"): 1e-5,
    ("jax-eager", "betaln"): 1e-5,
    ("casadi", "erfinv"): 1e-6,
    ("paddle", "selu"): 1e-6,
    ("paddle", "complex_exp"): 1e-5,
    ("tensorflow", "gelu"): 1e-7,
    ("tensorflow", "gelu_tanh"): 1e-7,
}
#: Values that a library takes to infinity by itself, where they are far from it: known failures
#: tell of them.
OVERFLOWING = {("torch", "soft_margin_loss")}
#: Float32 that a library takes to float64 by itself: known failures tell of it.
WIDENED = {("pytensor", "var"), ("pytensor", "std"), ("pytensor", "cov")}


def engines_and_operations(engines: Iterable[str]) -> list[Any]:
    """Each installed engine with each operation; one skipped test for each of the other engines."""
    pairs: list[Any] = []
    for engine in engines:
        if registry.find(engine).installed():
            pairs += [pytest.param(engine, name, id=f"{engine}-{name}") for name in OPERATIONS]
        else:
            reason = f"{engine} is not installed: {len(OPERATIONS)} operations"
            pairs.append(pytest.param(engine, "", marks=pytest.mark.skip(reason=reason), id=engine))
    return pairs


@lru_cache
def drawn(operation: str) -> tuple[Case, ...]:
    met: dict[str, Case] = {}

    @seed(zlib.crc32(operation.encode()))
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(operation_cases(operation=operation, mode="R"))
    def collect(case: Case) -> None:
        if operation in case.program.operations:
            met[case.plain.id] = case.plain

    collect()
    return tuple(met.values())


def shown(case: Case, operation: str) -> set[Any]:
    """What a spelling may depend on: parameters, floats by their sign, together with the numbers of
    axes.
    """
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
    """Of the cases drawn those that show something new, the later ones first: the first one drawn
    is the simplest.
    """
    met: set[Any] = set()
    kept = []
    for case in reversed(drawn(operation)):
        if not (new := shown(case, operation)) <= met:
            met |= new
            kept.append(case)
    return tuple(kept)


def value(engine: str, program: str, shape: tuple[int, ...]) -> np.ndarray:
    """What the program's function gives at x, in the shape expected where the engine has none of
    its own.
    """
    names = dict(names_of(engine))
    exec(program, names)
    f, x = names["f"], names["x"]
    # Symbols have no values.
    names["derivative"] = names["compiled"](f, x) if "compiled" in names else f
    exec(registry.find(engine).run, names)
    got = np.asarray(names["got"])
    # CasADi has no shapes but those of matrices; its scripts give answers theirs.
    return got.reshape(shape) if engine == "casadi" else got


@lru_cache
def names_of(engine: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    adapter = registry.find(engine)
    with mock.patch.dict(os.environ, adapter.environment):
        exec(adapter.header, names)
    return names


#: NumPy itself takes float32 to float64 here and there, and known failures of autograd tell of it;
#: MyGrad makes arrays of plain numbers, which NumPy takes for float64.
@pytest.mark.parametrize(
    ("engine", "operation"),
    engines_and_operations(e for e in ENGINES if e not in ("autograd", "mygrad")),
)
def test_a_spelling_keeps_float32(engine: str, operation: str) -> None:
    adapter = registry.find(engine)
    for case in [case for case in telling(operation) if is_single(case)][:2]:
        try:
            script = adapter.script(replace(case, dtype="float32", warmup_point=None))
        except UnsupportedOperation:
            continue
        with np.errstate(all="ignore"):
            got = value(engine, script.program, evaluate_steps(case.program, case.input)[-1].shape)
        widened = (engine, operation) in WIDENED and got.dtype == np.float64
        assert widened or got.dtype == np.float32, script.program


@pytest.mark.parametrize(("engine", "operation"), engines_and_operations(ENGINES))
def test_a_spelling_computes_what_the_row_computes(engine: str, operation: str) -> None:
    adapter = registry.find(engine)
    # JAX compiles every primitive anew for every shape, PyTensor every program.
    cases = telling(operation) if engine in ("jax-eager", "pytensor") else drawn(operation)
    assert cases, "never drawn"
    rtol, atol = ROUGH.get((engine, operation), 1e-11), 1e-12
    if adapter.dtype == "float32":
        cases, rtol, atol = tuple(case for case in cases if is_single(case)), 1e-4, 1e-4
    for case in cases:
        try:
            # In the engine's precision and at the point itself, whatever else the case asks.
            script = adapter.script(replace(case, dtype=adapter.dtype, warmup_point=None))
        except UnsupportedOperation as error:
            if str(error) == operation:
                pytest.skip(f"{engine} does not have {operation}")
            continue
        values = evaluate_steps(case.program, case.input)
        with np.errstate(all="ignore"):
            got = value(engine, script.program, values[-1].shape)
        scale = max(float(np.max(np.abs(v), initial=0.0)) for v in values)
        assert got.shape == values[-1].shape, script.program
        if (engine, operation) in OVERFLOWING and not np.all(np.isfinite(got)):
            continue
        np.testing.assert_allclose(
            got, values[-1], rtol=rtol, atol=atol * scale, err_msg=script.program
        )
