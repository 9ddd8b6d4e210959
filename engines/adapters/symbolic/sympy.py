"""SymPy: NumPy arrays of expressions, which are differentiated symbolically and compiled to float64
functions by `lambdify`.

A symbolic derivative has no mode: R and F ask for the same one.
"""

from __future__ import annotations

from collections.abc import Callable

from ad_conformance.engines.adapters.numpy_family import LOOPS, NUMPY, shared
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.extra import complex_ops
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

HEADER = """\
import functools

import numpy as np
import sympy as sp
from sympy.codegen import cfunctions


def each(function, *operands):
    return np.frompyfunc(function, len(operands), 1)(*operands)


def reduced(function, x, axis, keepdims):
    if axis is None:
        value = function(*np.ravel(x))
        return np.full((1,) * np.ndim(x), value, dtype=object) if keepdims else value
    rows = np.moveaxis(x, axis, -1)
    values = array([function(*row) for row in rows.reshape(-1, rows.shape[-1])], rows.shape[:-1])
    return np.expand_dims(values, axis) if keepdims else values


def array(entries, shape):
    values = np.empty(len(entries), dtype=object)
    values[:] = entries
    return values.reshape(shape)[()]


def symbols(x):
    return array([sp.Dummy("t", real=True) for _ in np.ravel(x)], np.shape(x))


def jacobian(f):
    def derivative(x):
        # New symbols: f may capture those of x itself, which are constant here.
        t = symbols(x)
        y = f(t)
        back = dict(zip(np.ravel(t), np.ravel(x)))
        entries = [sp.diff(e, s).xreplace(back) for e in np.ravel(y) for s in np.ravel(t)]
        return array(entries, np.shape(y) + np.shape(t))

    return derivative


def compiled(f, x):
    t = symbols(x)
    y = f(t)
    function = sp.lambdify([list(np.ravel(t))], list(np.ravel(y)), ["scipy", "numpy"], cse=True)
    return lambda x: np.array(function(np.ravel(x).astype(float)), dtype=float).reshape(np.shape(y))
"""


def _of_matrix(template: str) -> Callable[[Call], str]:
    """A method of `sympy.Matrix`, which takes no stacks of matrices.

    The solution of a system with a vector is a column, of which the template takes the entries.
    """

    def write_call(call: Call) -> str:
        if max(map(len, call.shapes)) > 2:
            raise UnsupportedOperation("stacks of matrices")
        texts = [f"sp.Matrix({operand})" for operand in call.operands]
        text = template.format(*texts, **call.params)
        return f"{text}[:, 0]" if call.shapes[1:] and len(call.shapes[1]) == 1 else text

    return write_call


def _whole(name: str) -> str:
    return f"reduced(sp.{name}, {{0}}, {{axis}}, {{keepdims}})"


#: Functions of a number that have the operation's name.
FUNCTIONS = (
    *("sin", "cos", "tan", "exp", "log", "sqrt", "tanh", "sinh", "cosh", "atan", "asin", "acos"),
    *("asinh", "acosh", "atanh", "sign", "erf", "erfc", "erfinv", "gamma", "digamma", "beta"),
)
#: Functions of numbers, which the scripts apply to each entry.
EACH = {
    **{name: f"sp.{name}" for name in FUNCTIONS},
    **{name: f"cfunctions.{name}" for name in ("log1p", "expm1", "log2", "log10", "exp2", "hypot")},
    "abs": "sp.Abs",
    "floor": "sp.floor",
    "ceil": "sp.ceiling",
    "maximum": "sp.Max",
    "minimum": "sp.Min",
    "atan2": "sp.atan2",
    "lgamma": "sp.loggamma",
    "expi": "sp.Ei",
    "less": "sp.Lt",
    "greater": "sp.Gt",
    "less_equal": "sp.Le",
    "greater_equal": "sp.Ge",
    "equal": "sp.Eq",
    "not_equal": "sp.Ne",
    **{f"logical_{name.lower()}": f"sp.{name}" for name in ("And", "Or", "Xor", "Not")},
}
IF = "each(lambda t: sp.Piecewise(({value}, t > {{threshold}}), ({otherwise}, True)), {{0}})"

sympy = Engine(
    name="sympy",
    distribution="sympy",
    module="sympy",
    header=HEADER,
    dialect=Dialect(
        namespace="np",
        array="np.array({value}, dtype=object)",
        templates={
            # NumPy's arrays of objects have no Fourier transforms, no magnitudes of complex
            # numbers and no comparisons.
            **dict.fromkeys(row.name for row in complex_ops.ROWS),
            **dict.fromkeys(("trunc", "round", "logaddexp", "copysign", "sort")),
            **dict.fromkeys(("floor_divide", "remainder")),
            **shared(
                NUMPY,
                *("cumulative_sum", "cumulative_prod", "concat", "permute_dims"),
                *("matrix_transpose", "diagonal", "trace", "outer", "kron", "inner", "cross"),
                *("moveaxis", "squeeze", "rot90", "tile", "roll_axes", "diff"),
            ),
            **{name: f"each({function}, {{args}})" for name, function in EACH.items()},
            "square": "{0} ** 2",
            "reciprocal": "1 / {0}",
            "negative": "-{0}",
            "positive": "+{0}",
            "clip": "each(lambda t: sp.Min(sp.Max(t, {min}), {max}), {0})",
            "where": "each(lambda c, a, b: sp.Piecewise((a, c), (b, True)), {0}, {1}, {2})",
            "max": _whole("Max"),
            "min": _whole("Min"),
            "take": "np.take({0}, np.array({indices}, dtype=int), axis={axis})",
            "vecdot": "np.sum({0} * {1}, axis=-1)",
            "det": _of_matrix("{0}.det()"),
            "inv": _of_matrix("np.array({0}.inv())"),
            "solve": _of_matrix("np.array({0}.LUsolve({1}))"),
            "vector_norm": "each(sp.sqrt, np.sum({0} ** 2, axis={axis}))",
            "matrix_norm": _of_matrix("{0}.norm()"),
            "polygamma": "each(lambda t: sp.polygamma({n}, t), {0})",
            "zeta": "each(lambda t: sp.zeta({s}, t), {0})",
            **{
                name: f"each(lambda t: sp.bessel{name[0]}({name[1]}, t), {{0}})"
                for name in ("i0", "i1", "j0", "j1")
            },
            "matrix_power": _of_matrix("np.array({0} ** {n})"),
            "relu": "each(lambda t: sp.Max(t, 0), {0})",
            "masked_sum": "np.sum(" + IF.format(value="t", otherwise="0.0") + ", axis={axis})",
            "masked_prod": "np.prod(" + IF.format(value="t", otherwise="1.0") + ", axis={axis})",
            "branch": (
                "(lambda s: each(lambda t: sp.Piecewise((t * sp.sin(t), s > {threshold}), "
                "(t * t, True)), {0}))(np.sum({0}))"
            ),
            "newton_sqrt": (
                "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), 1 + 0 * {0})"
            ),
            **shared(LOOPS, "logistic_map"),
        },
    ),
    mode_transforms={"R": "jacobian({f})", "F": "jacobian({f})"},
    compile="derivative = compiled({nested}, x)",
    unsupported=(
        # SymPy leaves derivatives of floor, ceiling and Mod unevaluated.
        (
            "PrintMethodNotImplementedError",
            r"^Unsupported by .*: <class 'sympy.core.function.(Derivative|Subs)'>",
        ),
        # Such a derivative at a captured number is a derivative with respect to that number.
        ("ValueError", r"^\s*Can't calculate derivative wrt -?[\d.]+"),
        # The second derivatives of sign and Abs have no counterpart in NumPy.
        ("NameError", r"^name 'DiracDelta' is not defined$"),
    ),
)
