"""Each engine's template of each operation computes what the catalogue computes, so that no finding
comes from an adapter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines import registry
from ad_conformance.generators.ir.evaluate import evaluate_steps, is_single
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.render.dialect import UnsupportedOperation

from tests.engines.cases import OPERATIONS, drawn, telling, value

ENGINES = (
    *("inhouse", "jax-eager", "torch", "autograd", "tensorflow", "casadi", "sympy", "pytensor"),
    *("paddle", "mlx", "tinygrad", "mygrad"),
)
#: Relative errors of values that a library itself computes with fewer digits than float64 has:
#: torch's trigamma leaves out terms of 5e-10, JAX's beta is off by 1e-6, TensorFlow rounds gelu's
#: constants to float32, PaddlePaddle selu's, and PaddlePaddle computes complex exponentials in
#: float32. CasADi's erfinv is a rational function that is off by 1e-8, and
#: torch's Bessel functions of VonMises by as much. JAX's truncnorm takes three terms of a series.
#: float32. CasADi's erfinv is a rational function that is off by 1e-8. JAX's attention takes the
#: softmax in float32.
ROUGH = {
    ("torch", "polygamma"): 1e-8,
    ("jax-eager", "beta"): 1e-5,
    ("jax-eager", "betaln"): 1e-5,
    ("jax-eager", "betabinom_logpmf"): 1e-4,
    ("casadi", "erfinv"): 1e-6,
    ("torch", "vonmises_logpdf"): 1e-6,
    **{("jax-eager", f"truncnorm_{name}"): 1e-8 for name in ("logpdf", "cdf", "logsf")},
    ("jax-eager", "attention_batch"): 1e-5,
    ("paddle", "selu"): 1e-6,
    ("paddle", "complex_exp"): 1e-5,
    ("tensorflow", "gelu"): 1e-7,
    ("tensorflow", "gelu_tanh"): 1e-7,
}
#: Finite values for which a library gives infinity or NaN; the known failures have entries for it.
OVERFLOWING = {("torch", "soft_margin_loss"), ("jax-eager", "jv")}
#: Operations for which a library makes float64 of float32; the known failures have entries for it.
WIDENED = {
    *(("pytensor", name) for name in ("var", "std", "cov")),
    ("jax-eager", "owens_t"),
    ("jax-eager", "norm_ppf"),
}
#: Of this many operations, one is asked by tests that are not slow. JAX compiles every primitive
#: for every shape, and there are thousands of templates.
ONE_IN = 10
#: NumPy itself makes float64 of float32 in some functions, and the known failures of autograd have
#: entries for it. MyGrad makes arrays of plain numbers, which NumPy takes for float64.
NOT_IN_FLOAT32 = ("autograd", "mygrad")


def engines_and_operations(engines: Iterable[str]) -> list[Any]:
    """Each installed engine with each operation; one skipped test for each of the other engines."""
    pairs: list[Any] = []
    for engine in engines:
        if registry.find(engine).installed():
            pairs += [
                pytest.param(
                    engine,
                    name,
                    id=f"{engine}-{name}",
                    marks=[pytest.mark.slow] if k % ONE_IN else [],
                )
                for k, name in enumerate(OPERATIONS)
            ]
        else:
            reason = f"{engine} is not installed: {len(OPERATIONS)} operations"
            pairs.append(pytest.param(engine, "", marks=pytest.mark.skip(reason=reason), id=engine))
    return pairs


@pytest.mark.parametrize(
    ("engine", "operation"),
    engines_and_operations(e for e in ENGINES if e not in NOT_IN_FLOAT32),
)
def test_a_template_keeps_float32(engine: str, operation: str) -> None:
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
def test_a_template_computes_what_the_catalogue_computes(engine: str, operation: str) -> None:
    adapter = registry.find(engine)
    # Fewer cases for JAX, which compiles every primitive for every shape, and for PyTensor, which
    # compiles every program, and SymPy.
    cases = telling(operation) if engine in ("jax-eager", "pytensor", "sympy") else drawn(operation)
    assert cases, "never drawn"
    rtol, atol = ROUGH.get((engine, operation), 1e-11), 1e-12
    if adapter.dtype == "float32":
        cases, rtol, atol = tuple(case for case in cases if is_single(case)), 1e-4, 1e-4
    for case in cases:
        try:
            # The engine's own dtype, and no other point before this one.
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


@pytest.mark.parametrize("condition", [(1, 0, 1), (0,)])
def test_jax_compiles_compress(condition: tuple[int, ...]) -> None:
    """Elsewhere here, JAX does not compile functions."""
    pytest.importorskip("jax")
    step = Step("compress", (0,), (("axis", 0), ("condition", condition)))
    case = Case(Program((step,)), (1.0, 2.0, 3.0), "R")
    pool = EnginePool([registry.find("jax")])
    try:
        assert pool.judge(case, "jax").verdict is Verdict.AGREE
    finally:
        pool.close()


@pytest.mark.parametrize("name", ["jax", "jax-eager"])
def test_jax_documents_that_it_does_not_differentiate_eigenvectors(name: str) -> None:
    pytest.importorskip("jax")
    case = Case(Program((Step("eigvals_exp", (0,)),)), ((2.0, 0.5), (0.25, -1.0)), "FR")
    pool = EnginePool([registry.find(name)])
    try:
        assert pool.judge(case, name).verdict is Verdict.UNSUPPORTED
    finally:
        pool.close()
