"""SymPy: NumPy arrays of expressions, differentiated symbolically, and the result compiled to
float64 by lambdify.

There is one derivative of an expression, and no mode: both letters ask for it.
"""

from __future__ import annotations

from collections.abc import Callable

from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.extra import complex_ops as detours
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
        # Symbols of its own: what f captures, even x itself, is others.
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
    """What sympy.Matrix has, which knows no stacks."""

    def write(call: Call) -> str:
        if max(map(len, call.shapes)) > 2:
            raise UnsupportedOperation("stacks of matrices")
        texts = [f"sp.Matrix({operand})" for operand in call.operands]
        text = template.format(*texts, **call.params)
        return f"{text}[:, 0]" if call.shapes[1:] and len(call.shapes[1]) == 1 else text

    return write


def _whole(name: str) -> str:
    return f"reduced(sp.{name}, {{0}}, {{axis}}, {{keepdims}})"


def _take(call: Call) -> str:
    return (
        f"np.take({call.operands[0]}, np.array({call.params['indices']}, dtype=int), "
        f"axis={call.params['axis']})"
    )


FUNCTIONS = (
    "sin", "cos", "tan", "exp", "log", "sqrt", "tanh", "sinh", "cosh", "atan", "asin", "acos", "asinh", "acosh",
    "atanh", "sign", "erf", "erfc", "erfinv", "gamma", "digamma", "beta",
)  # fmt: skip
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
            # numbers, no comparisons.
            **dict.fromkeys(
                (
                    *(row.name for row in detours.ROWS),
                    "trunc",
                    "round",
                    "logaddexp",
                    "copysign",
                    "sort",
                    "floor_divide",
                    "remainder",
                )
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
            "cumulative_sum": "np.cumsum({0}, axis={axis})",
            "cumulative_prod": "np.cumprod({0}, axis={axis})",
            "concat": "np.concatenate([{args}], axis={axis})",
            "permute_dims": "np.transpose({0}, {axes})",
            "matrix_transpose": "np.swapaxes({0}, -1, -2)",
            "take": _take,
            "diagonal": "np.diagonal({0}, axis1=-2, axis2=-1)",
            "trace": "np.trace({0}, axis1=-2, axis2=-1)",
            "outer": "np.outer({0}, {1})",
            "vecdot": "np.sum({0} * {1}, axis=-1)",
            "mean": "np.mean({0}, axis={axis}, keepdims={keepdims})",
            "det": _of_matrix("{0}.det()"),
            "inv": _of_matrix("np.array({0}.inv())"),
            "solve": _of_matrix("np.array({0}.LUsolve({1}))"),
            "vector_norm": "each(sp.sqrt, np.sum({0} ** 2, axis={axis}))",
            "matrix_norm": _of_matrix("{0}.norm()"),
            # what only some engines have
            "polygamma": "each(lambda t: sp.polygamma({n}, t), {0})",
            "zeta": "each(lambda t: sp.zeta({s}, t), {0})",
            **{
                name: f"each(lambda t: sp.bessel{name[0]}({name[1]}, t), {{0}})"
                for name in ("i0", "i1", "j0", "j1")
            },
            "kron": "np.kron({0}, {1})",
            "inner": "np.inner({0}, {1})",
            "cross": "np.cross({0}, {1}, axis={axis})",
            "matrix_power": _of_matrix("np.array({0} ** {n})"),
            "relu": "each(lambda t: sp.Max(t, 0), {0})",
            "masked_sqrt": IF.format(value="sp.sqrt(t)", otherwise="0.0"),
            "masked_log": IF.format(value="sp.log(t)", otherwise="0.0"),
            "masked_reciprocal": IF.format(value="1 / t", otherwise="0.0"),
            "root_at_least": "each(lambda t: sp.Max(sp.sqrt(t**2), {least}), {0})",
            "masked_sum": "np.sum(" + IF.format(value="t", otherwise="0.0") + ", axis={axis})",
            "masked_prod": "np.prod(" + IF.format(value="t", otherwise="1.0") + ", axis={axis})",
            "branch": (
                "(lambda s: each(lambda t: sp.Piecewise((t * sp.sin(t), s > {threshold}), (t * t, "
                "True)), {0}))"
                "(np.sum({0}))"
            ),
            "newton_sqrt": "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), 1 + "
            "0 * {0})",
            "logistic_map": "functools.reduce(lambda t, k: {rate} * t * (1 - t), range({count}), "
            "{0})",
            "moveaxis": "np.moveaxis({0}, {source}, {destination})",
            "squeeze": "np.squeeze({0}, axis={axis})",
            "rot90": "np.rot90({0}, {k})",
            "tile": "np.tile({0}, {repetitions})",
            "roll_axes": "np.roll({0}, {shift}, axis={axis})",
            "diff": "np.diff({0}, n={n}, axis={axis})",
        },
    ),
    mode_transforms={"R": "jacobian({f})", "F": "jacobian({f})"},
    compile="derivative = compiled({nested}, x)",
    unsupported=(
        # The derivative of floor, ceiling or Mod stays as it is written.
        (
            "PrintMethodNotImplementedError",
            r"^Unsupported by .*: <class 'sympy.core.function.(Derivative|Subs)'>",
        ),
        # The second derivative of sign and Abs has no counterpart in NumPy.
        ("NameError", r"^name 'DiracDelta' is not defined$"),
    ),
)
