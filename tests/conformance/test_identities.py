"""Programs for the same function: identities, and what only looks like one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, nested
from ad_conformance.generators.rewrite.identities import rewritten

from tests.conformance.test_kinks import WHOLE, Row, program, truth

MODES = ("R", "RR", "RRR")

#: A program that is singular at a point, a smooth program for the same function, the shape of the
#: input, and the number that all entries of the singular point are.
Identity = tuple[list[Row], list[Row], tuple[int, ...], float]
IDENTITIES: dict[str, Identity] = {
    "abs(u)**2": ([("abs", (0,)), ("square", (1,))], [("square", (0,))], (), 0.0),
    "abs(u)**4": (
        [("abs", (0,)), ("pow_int", (1,), {"exponent": 4})],
        [("pow_int", (0,), {"exponent": 4})],
        (2,),
        0.0,
    ),
    "abs(u) * abs(u)": ([("abs", (0,)), ("multiply", (1, 1))], [("square", (0,))], (2,), 0.0),
    "(-abs(u))**2": (
        [("abs", (0,)), ("negative", (1,)), ("square", (2,))],
        [("square", (0,))],
        (2,),
        0.0,
    ),
    "sqrt(u**2)**2": (
        [("square", (0,)), ("sqrt", (1,)), ("square", (2,))],
        [("square", (0,))],
        (2,),
        0.0,
    ),
    "sqrt(u)**2 of a square": (
        [
            ("sin", (0,)),
            ("square", (1,)),
            ("exp", (0,)),
            ("multiply", (2, 3)),
            ("sqrt", (4,)),
            ("multiply", (5, 5)),
        ],
        [("sin", (0,)), ("square", (1,)), ("exp", (0,)), ("multiply", (2, 3))],
        (2,),
        0.0,
    ),
    "(u**2)**0.5 squared": (
        [("square", (0,)), ("pow_float", (1,), {"exponent": 0.5}), ("square", (2,))],
        [("square", (0,))],
        (),
        0.0,
    ),
    "vector_norm**2": (
        [("vector_norm", (0,), {"axis": None}), ("square", (1,))],
        [("square", (0,)), ("sum", (1,), WHOLE)],
        (3,),
        0.0,
    ),
    "vector_norm**2, reshaped": (
        [("vector_norm", (0,), {"axis": 0}), ("reshape", (1,), {"shape": (1,)}), ("square", (2,))],
        [("square", (0,)), ("sum", (1,), {"axis": 0, "keepdims": True})],
        (3,),
        0.0,
    ),
    "matrix_norm**2": (
        [("matrix_norm", (0,)), ("multiply", (1, 1))],
        [("square", (0,)), ("sum", (1,), WHOLE)],
        (2, 2),
        0.0,
    ),
    "vector_norm_ord**2": (
        [("vector_norm_ord", (0,), {"ord": 2.0, **WHOLE}), ("square", (1,))],
        [("square", (0,)), ("sum", (1,), WHOLE)],
        (2,),
        0.0,
    ),
    "hypot**2": (
        [("sin", (0,)), ("hypot", (0, 1)), ("square", (2,))],
        [("sin", (0,)), ("square", (0,)), ("square", (1,)), ("add", (2, 3))],
        (),
        0.0,
    ),
    "std**2": (
        [("std", (0,), {**WHOLE, "correction": 1}), ("square", (1,))],
        [("var", (0,), {**WHOLE, "correction": 1})],
        (3,),
        1.0,
    ),
    "cbrt(u**3)": (
        [("pow_int", (0,), {"exponent": 3}), ("cbrt", (1,))],
        [("positive", (0,))],
        (2,),
        0.0,
    ),
    "cbrt(u)**3": (
        [("cbrt", (0,)), ("pow_int", (1,), {"exponent": 3})],
        [("positive", (0,))],
        (2,),
        0.0,
    ),
    "cbrt(u)**7 cbrt(u)**2": (
        [
            ("cbrt", (0,)),
            ("pow_int", (1,), {"exponent": 7}),
            ("square", (1,)),
            ("multiply", (2, 3)),
        ],
        [("pow_int", (0,), {"exponent": 3})],
        (),
        0.0,
    ),
    "maximum + minimum": (
        [("sin", (0,)), ("maximum", (0, 1)), ("minimum", (1, 0)), ("add", (2, 3))],
        [("sin", (0,)), ("add", (0, 1))],
        (2,),
        0.0,
    ),
    "maximum * minimum": (
        [("sin", (0,)), ("maximum", (0, 1)), ("minimum", (0, 1)), ("multiply", (2, 3))],
        [("sin", (0,)), ("multiply", (0, 1))],
        (2,),
        0.0,
    ),
    "max + min of two": (
        [("max", (0,), WHOLE), ("min", (0,), WHOLE), ("add", (1, 2))],
        [("sum", (0,), WHOLE)],
        (2,),
        1.0,
    ),
    "max * min of two": (
        [("max", (0,), WHOLE), ("min", (0,), WHOLE), ("multiply", (1, 2))],
        [("prod", (0,), WHOLE)],
        (2,),
        1.0,
    ),
    "the product of sorted entries": (
        [("sort", (0,), {"axis": 0, "descending": True}), ("prod", (1,), WHOLE)],
        [("prod", (0,), WHOLE)],
        (3,),
        1.0,
    ),
    "logsumexp of sorted entries": (
        [
            ("sort", (0,), {"axis": 0, "descending": False}),
            ("square", (1,)),
            ("logsumexp", (2,), WHOLE),
        ],
        [("square", (0,)), ("logsumexp", (1,), WHOLE)],
        (3,),
        1.0,
    ),
    "sqrt(x - x)": (
        [("subtract", (0, 0)), ("sqrt", (1,)), ("add", (0, 2))],
        [("positive", (0,))],
        (2,),
        1.0,
    ),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_an_identity_holds(name: str) -> None:
    """Both programs, and the one that the first is rewritten to, have the same values at random
    points, and the same derivatives at points where all are smooth.
    """
    singular, smooth, shape, _ = IDENTITIES[name]
    rng = np.random.default_rng(len(name))
    for _ in range(20):
        point = rng.integers(-16, 17, shape) / 8 + rng.integers(1, 5, shape) / 64
        case = Case(program(*singular), nested(np.asarray(point)), "R")
        other = rewritten(case)
        assert other is not None
        value = evaluate_steps(case.program, point)[-1]
        for equal in (program(*smooth), other.program):
            np.testing.assert_allclose(evaluate_steps(equal, point)[-1], value, atol=1e-13)
    for mode in MODES[:2]:
        one, two = truth(singular, point, mode), truth(smooth, point, mode)
        assert one.kind == two.kind == "certified"
        np.testing.assert_allclose(one.value, two.value, rtol=1e-14, atol=1e-14)  # type: ignore[arg-type]
        again = certify(Case(other.program, case.point, mode))
        np.testing.assert_allclose(again.value, two.value, rtol=1e-14, atol=1e-14)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", IDENTITIES)
def test_an_identity_certifies_the_singular_point(name: str, mode: str) -> None:
    singular, smooth, shape, number = IDENTITIES[name]
    point = np.full(shape, number)
    found, expected = truth(singular, point, mode), truth(smooth, point, mode)
    assert found.kind == "certified", found.reason
    assert found.judged is None
    assert expected.judged is None
    np.testing.assert_allclose(found.value, expected.value, atol=1e-20)  # type: ignore[arg-type]


#: Programs that are no smooth functions at the point, although they look like identities.
NOT_EQUAL: dict[str, tuple[list[Row], Any]] = {
    "sqrt(x)**2 at the end of the domain": ([("sqrt", (0,)), ("square", (1,))], 0.0),
    "sqrt(x**3)**2": (
        [("pow_int", (0,), {"exponent": 3}), ("sqrt", (1,)), ("square", (2,))],
        0.0,
    ),
    "sqrt(sin(x) - x)**2": (
        [("sin", (0,)), ("subtract", (1, 0)), ("sqrt", (2,)), ("square", (3,))],
        0.0,
    ),
    "sqrt(x**2)": ([("square", (0,)), ("sqrt", (1,))], 0.0),
    "norm**3": (
        [("vector_norm", (0,), {"axis": None}), ("pow_int", (1,), {"exponent": 3})],
        (0.0, 0.0),
    ),
    "cbrt(x)**2": ([("cbrt", (0,)), ("square", (1,))], 0.0),
    "max + max": (
        [("negative", (0,)), ("maximum", (0, 1)), ("maximum", (1, 0)), ("add", (2, 3))],
        0.0,
    ),
    "max + min of three": (
        [("max", (0,), WHOLE), ("min", (0,), WHOLE), ("add", (1, 2))],
        (1.0, 1.0, 1.0),
    ),
    "the first of sorted entries": (
        [("sort", (0,), {"axis": 0, "descending": True}), ("index", (1,), {"index": (0,)})],
        (1.0, 1.0),
    ),
    "sorted along the other axis": (
        [
            ("sort", (0,), {"axis": 0, "descending": True}),
            ("prod", (1,), {"axis": 1, "keepdims": False}),
        ],
        ((1.0, 2.0), (1.0, 2.0)),
    ),
}


@pytest.mark.parametrize("name", NOT_EQUAL)
def test_what_is_not_smooth_is_not_certified(name: str) -> None:
    rows, point = NOT_EQUAL[name]
    for mode in ("R", "RRR"):
        if (name, mode) in (("norm**3", "R"), ("sqrt(x**2)", "RRR")):
            continue
        assert truth(rows, point, mode).kind != "certified"
