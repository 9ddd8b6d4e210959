"""The seed family: the programs with which this project began.

`num_to_vec` and `num_to_mat` are those of EnzymeAD/Enzyme.jl#2640. The others compute what the
default scenarios of DifferentiationInterfaceTest.jl compute, at the same points.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from ad_conformance.generators.ir.program import Case, Program, Step, frozen


def _steps(*rows: tuple[Any, ...]) -> Program:
    """Rows of (operation, operands, params) as a program."""
    return Program(
        tuple(
            Step(name, tuple(ops), tuple(sorted((p[0] if p else {}).items())))
            for name, ops, *p in rows
        )
    )


def _constant(value: Any) -> tuple[Any, ...]:
    return ("constant", (), {"value": value})


_NUMBER, _VECTOR = 0.42, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
#: reshape(1:6, 2, 3), column-major.
_MATRIX = ((1.0, 3.0, 5.0), (2.0, 4.0, 6.0))

_NUM_TO_VEC = (_constant((1.0, 2.0)), ("multiply", (1, 0)), ("sin", (2,)))
#: hcat(num_to_vec(x), num_to_vec(3 * x)), as value 8.
_NUM_TO_MAT = (
    *_NUM_TO_VEC,
    _constant(3.0),
    ("multiply", (4, 0)),
    ("multiply", (1, 5)),
    ("sin", (6,)),
    ("stack", (3, 7), {"axis": 1}),
)
#: vec(sin(x)) and vec(cos(x)), in column-major order, as values 3 and 6.
_SIN_COS = tuple(
    row
    for k, name in ((0, "sin"), (3, "cos"))
    for row in (
        (name, (0,)),
        ("matrix_transpose", (k + 1,)),
        ("reshape", (k + 2,), {"shape": (-1,)}),
    )
)


def _arr_to_num(*flat: tuple[Any, ...]) -> Program:
    """sum(vec(x**4) * transpose(vec(x**6))); `flat` makes a vector of the input."""
    k = len(flat)
    return _steps(
        *flat,
        ("pow_int", (k,), {"exponent": 4}),
        ("pow_int", (k,), {"exponent": 6}),
        ("outer", (k + 1, k + 2)),
        ("sum", (k + 3,), {"axis": None, "keepdims": False}),
    )


#: Name to program and point.
SEED_FAMILY: Mapping[str, tuple[Program, Any]] = {
    # sin(x)
    "num_to_num": (_steps(("sin", (0,))), _NUMBER),
    # sin([1, 2] * x)
    "num_to_vec": (_steps(*_NUM_TO_VEC), _NUMBER),
    # hcat(num_to_vec(x), num_to_vec(3 * x))
    "num_to_mat": (_steps(*_NUM_TO_MAT), _NUMBER),
    # sum([1 2; 3 4] .* num_to_mat(x)): no loop over outputs stands between its levels
    "num_to_mat_weighted": (
        _steps(
            *_NUM_TO_MAT,
            _constant(((1.0, 2.0), (3.0, 4.0))),
            ("multiply", (8, 9)),
            ("sum", (10,), {"axis": None, "keepdims": False}),
        ),
        0.7,
    ),
    "vec_to_num": (_arr_to_num(), _VECTOR),
    "mat_to_num": (
        _arr_to_num(("matrix_transpose", (0,)), ("reshape", (1,), {"shape": (-1,)})),
        _MATRIX,
    ),
    # vcat(sin(x), cos(x))
    "vec_to_vec": (_steps(("sin", (0,)), ("cos", (0,)), ("concat", (1, 2), {"axis": 0})), _VECTOR),
    # hcat(sin(x), cos(x))
    "vec_to_mat": (_steps(("sin", (0,)), ("cos", (0,)), ("stack", (1, 2), {"axis": 1})), _VECTOR),
    # vcat(vec(sin(x)), vec(cos(x)))
    "mat_to_vec": (_steps(*_SIN_COS, ("concat", (3, 6), {"axis": 0})), _MATRIX),
    # hcat(vec(sin(x)), vec(cos(x)))
    "mat_to_mat": (_steps(*_SIN_COS, ("stack", (3, 6), {"axis": 1})), _MATRIX),
}


def seed_case(name: str, mode: str, dtype: str = "float64") -> Case:
    """One member of the seed family in one mode, at a point that is exact in that dtype.

    Raises KeyError for a name that is not in the family.
    """
    program, point = SEED_FAMILY[name]
    return Case(
        program, frozen(np.asarray(point, dtype=dtype).astype(float).tolist()), mode, dtype=dtype
    )
