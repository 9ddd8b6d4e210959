"""The functions of NumPy and SciPy as operations of the catalogue.

Each function of `TABLE` takes the recorder first, then the arguments of NumPy's function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.engines.importing.numpy import linalg, moves
from ad_conformance.engines.importing.numpy.moves import as_value, recorded_list
from ad_conformance.engines.importing.recorder import CannotImport, Recorder
from ad_conformance.generators.rewrite.recording import Recorded

Function = Callable[..., Any]

#: Functions that compute entry by entry, by their names in NumPy, `scipy.special` and the array
#: API: those whose name in the catalogue is another.
_OTHER_NAMES = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh", "arctan2": "atan2", "true_divide": "divide", "absolute": "abs",
    "fabs": "abs", "rint": "round", "mod": "remainder", "degrees": "rad2deg",
    "radians": "deg2rad", "fmax": "maximum", "fmin": "minimum", "gammaln": "lgamma",
    "psi": "digamma", "log_expit": "logsigmoid", "bitwise_and": "logical_and",
    "bitwise_or": "logical_or", "bitwise_xor": "logical_xor", "invert": "logical_not",
    "conjugate": "positive", "conj": "positive",
}  # fmt: skip
_SAME_NAMES = (
    "abs", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
    "atanh", "atan2", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt",
    "square", "reciprocal", "negative", "positive", "sign", "floor", "ceil", "trunc", "round",
    "add", "subtract", "multiply", "divide", "maximum", "minimum", "hypot", "logaddexp",
    "logaddexp2", "remainder", "fmod", "floor_divide", "copysign", "less", "less_equal",
    "greater", "greater_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_xor",
    "logical_not", "rad2deg", "deg2rad", "erf", "erfc", "erfcx", "erfinv", "erfcinv", "expit",
    "logit", "ndtr", "ndtri", "log_ndtr", "gamma", "rgamma", "digamma", "beta", "betaln", "i0",
    "i0e", "i1", "i1e", "j0", "j1", "y0", "y1", "exp1", "expi", "xlogy", "xlog1py", "entr",
    "rel_entr", "spence", "gammainc", "gammaincc", "betainc", "hyp1f1", "hyp2f1", "owens_t",
    "boxcox", "boxcox1p", "poch", "dawsn", "sinc",
)  # fmt: skip
UFUNCS = {**{name: name for name in _SAME_NAMES}, **_OTHER_NAMES}


def power(rec: Recorder, a: Any, b: Any) -> Any:
    """a ** b: a constant exponent is a parameter, as in a program."""
    if not isinstance(b, Recorded) and np.ndim(b) == 0:
        exponent = float(b)
        if exponent.is_integer() and abs(exponent) <= 64:
            return rec.square(a) if exponent == 2 else rec.pow_int(a, exponent=int(exponent))
        return rec.pow_float(a, exponent=exponent)
    return rec.pow(a, b)


def _axes(x: Any, axis: Any) -> list[int | None]:
    """The axes to reduce one after the other, the last one first."""
    if axis is None or isinstance(axis, (int, np.integer)):
        return [None if axis is None else int(axis)]
    ndim = len(np.shape(x))
    return [*sorted((int(k) % ndim for k in axis), reverse=True)]


def _reduction(name: str) -> Function:
    """A reduction over one axis, several or all; several are reduced one after the other."""

    def function(rec: Recorder, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
        result = as_value(rec, a)
        for k in _axes(result, axis):
            if result.ndim or k is not None:
                result = getattr(rec, name)(result, axis=k, keepdims=bool(keepdims))
        return result

    return function


def _spread(name: str) -> Function:
    def function(
        rec: Recorder, a: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False,
        correction: int | None = None,
    ) -> Any:  # fmt: skip
        given = int(ddof if correction is None else correction)
        x = as_value(rec, a)
        axes = _axes(x, axis)
        if len(axes) > 1:
            options = {"keepdims": bool(keepdims), "correction": given}
            chosen = tuple(int(k) for k in reversed(axes) if k is not None)
            return getattr(rec, f"{name}_axes")(x, axes=chosen, **options)
        return getattr(rec, name)(x, axis=axes[0], keepdims=bool(keepdims), correction=given)

    return function


def _scan(name: str) -> Function:
    def function(rec: Recorder, a: Any, axis: int | None = None) -> Any:
        x = as_value(rec, a)
        if axis is None:
            x, axis = rec.shaped(x, (x.size,)), 0
        return getattr(rec, name)(x, axis=int(axis))

    return function


def _where(rec: Recorder, condition: Any, a: Any = None, b: Any = None) -> Any:
    if a is None:
        raise CannotImport("numpy.where with one argument", rec.line, "where")
    values = [recorded_list(rec, part) for part in (condition, a, b)]
    if not isinstance(values[0], Recorded):
        values[0] = np.asarray(values[0], dtype=bool)
    return rec.where(*values)


def _select(rec: Recorder, conditions: Any, choices: Any, default: Any = 0.0) -> Any:
    result = default
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        result = _where(rec, condition, choice, result)
    return result


def _clip(
    rec: Recorder, a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Any:
    x, low, high = a, a_min if min is None else min, a_max if max is None else max
    plain = all(v is not None and not isinstance(v, Recorded) and np.ndim(v) == 0
                for v in (low, high))  # fmt: skip
    if plain:
        return rec.clip(x, min=float(low), max=float(high))
    x = x if low is None else rec.maximum(x, low)
    return x if high is None else rec.minimum(x, high)


def _sort(rec: Recorder, a: Any, axis: int | None = -1, **_: Any) -> Any:
    x = as_value(rec, a)
    if axis is None:
        x, axis = rec.shaped(x, (x.size,)), 0
    return rec.sort(x, axis=axis % x.ndim, descending=False)


def _argsort(rec: Recorder, a: Any, axis: int = -1, **_: Any) -> Any:
    """The order at the point, which must hold: neighbours in this order are increasing."""
    x = as_value(rec, a)
    value = rec.at_point(x)
    order = np.argsort(value, axis=axis, kind="stable")
    places = np.take_along_axis(np.arange(x.size).reshape(x.shape), order, axis)
    length = x.shape[axis]
    low = rec.moved(x, np.take(places, range(length - 1), axis))
    high = rec.moved(x, np.take(places, range(1, length), axis))
    rec.holds(rec.less_equal(low, high))
    return order


def _extreme_index(largest: bool) -> Function:
    def function(rec: Recorder, a: Any, axis: int | None = None, keepdims: bool = False) -> Any:
        x = as_value(rec, a)
        value = rec.at_point(x)
        found = (np.argmax if largest else np.argmin)(value, axis=axis, keepdims=keepdims)
        extreme = (rec.max if largest else rec.min)(x, axis=axis, keepdims=True)
        # All others stay behind it.
        behind = rec.greater(extreme, x) if largest else rec.less(extreme, x)
        rec.holds(rec.logical_or(behind, value == rec.at_point(extreme)))
        return found

    return function


def _average(rec: Recorder, a: Any, axis: Any = None, weights: Any = None) -> Any:
    total, mean = _reduction("sum"), _reduction("mean")
    if weights is None:
        return mean(rec, a, axis)
    x, given = as_value(rec, a), as_value(rec, weights)
    if given.ndim < x.ndim:
        shape = [1] * x.ndim
        shape[int(axis)] = given.size
        given = rec.broadcast_to(rec.shaped(given, tuple(shape)), shape=x.shape)
    return rec.divide(total(rec, rec.multiply(x, given), axis), total(rec, given, axis))


def _quantile(percent: bool) -> Function:
    def function(rec: Recorder, a: Any, q: Any, axis: int | None = None) -> Any:
        x = as_value(rec, a)
        if axis is None:
            x, axis = rec.shaped(x, (x.size,)), 0
        fractions = np.asarray(q, dtype=float) / (100 if percent else 1)
        given = tuple(np.atleast_1d(fractions).tolist())
        found = rec.quantile(x, q=given, axis=axis % x.ndim)
        return found if fractions.ndim else rec.shaped(found, found.shape[1:])

    return function


def _diff(rec: Recorder, a: Any, n: int = 1, axis: int = -1) -> Any:
    x = as_value(rec, a)
    return rec.diff(x, n=int(n), axis=axis % x.ndim)


def _trapezoid(rec: Recorder, y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    value = as_value(rec, y)
    axis %= value.ndim
    places = as_value(rec, dx * np.arange(value.shape[axis]) if x is None else x)
    if places.ndim < value.ndim:
        shape = [1] * value.ndim
        shape[axis] = places.size
        places = rec.broadcast_to(rec.shaped(places, tuple(shape)), shape=value.shape)
    return rec.trapezoid(value, places, axis=axis)


def _interp(rec: Recorder, x: Any, xp: Any, fp: Any) -> Any:
    if isinstance(xp, Recorded) or isinstance(recorded_list(rec, fp), Recorded):
        raise CannotImport("numpy.interp with knots that depend on the input", rec.line, "interp")
    plain = [tuple(np.asarray(part, dtype=float).tolist()) for part in (xp, fp)]
    return rec.interp(x, knots=plain[0], heights=plain[1])


def _convolve(name: str) -> Function:
    def function(rec: Recorder, a: Any, v: Any, mode: str = "full") -> Any:
        return getattr(rec, name)(as_value(rec, a), as_value(rec, v), mode=mode)

    return function


def _nonfinite(answer: bool) -> Function:
    return lambda rec, a: np.full(np.shape(a), answer)


def _all(answer: bool) -> Function:
    """all or any of truth values at the point, which must hold."""

    def function(rec: Recorder, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
        x = as_value(rec, a)
        value = rec.at_point(x)
        number = rec.where(x, 1.0, 0.0) if value.dtype == bool else x
        least = _reduction("min" if answer else "max")(rec, number, axis, keepdims)
        return rec.greater(least, 0.5) if value.dtype == bool else rec.not_equal(least, 0.0)

    return function


def _gradient(rec: Recorder, f: Any, spacing: float = 1.0, axis: int = 0) -> Any:
    return rec.numerical_gradient(as_value(rec, f), spacing=float(spacing), axis=int(axis), edge=1)


def _logsumexp(
    rec: Recorder, a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, **_: Any
) -> Any:
    x = as_value(rec, a)
    if b is not None:
        x = rec.add(x, rec.log(b))
    if isinstance(axis, (tuple, list)):
        return rec.logsumexp_axes(x, axes=tuple(map(int, axis)), keepdims=bool(keepdims))
    return rec.logsumexp(x, axis=axis, keepdims=bool(keepdims))


def _along(name: str, default: int = -1) -> Function:
    def function(rec: Recorder, x: Any, axis: int | None = None) -> Any:
        value = as_value(rec, x)
        if axis is None and default is not None and name in ("softmax", "log_softmax"):
            flat = rec.shaped(value, (value.size,))
            return rec.shaped(getattr(rec, name)(flat, axis=0), value.shape)
        return getattr(rec, name)(value, axis=int(default if axis is None else axis) % value.ndim)

    return function


def _polygamma(rec: Recorder, n: Any, x: Any) -> Any:
    return rec.polygamma(x, n=int(n))


def _heaviside(rec: Recorder, x: Any, at_zero: Any) -> Any:
    return rec.where(rec.greater(x, 0.0), 1.0, rec.where(rec.equal(x, 0.0), at_zero, 0.0))


def _ufunc_method(name: str) -> Function:
    return lambda rec, a, axis=0, keepdims=False: _reduction(name)(rec, a, axis, keepdims)


TABLE: dict[str, Function] = {
    **{name: _reduction(name) for name in ("sum", "prod", "mean", "max", "min", "ptp", "median")},
    "amax": _reduction("max"),
    "amin": _reduction("min"),
    **{f"nan{name}": _reduction(name) for name in ("sum", "prod", "mean", "max", "min", "median")},
    **{name: _spread(name) for name in ("var", "std")},
    **{name: _scan(name) for name in ("cumulative_sum", "cumulative_prod")},
    "cumsum": _scan("cumulative_sum"),
    "cumprod": _scan("cumulative_prod"),
    "add.reduce": _ufunc_method("sum"),
    "multiply.reduce": _ufunc_method("prod"),
    "maximum.reduce": _ufunc_method("max"),
    "minimum.reduce": _ufunc_method("min"),
    "add.accumulate": lambda rec, a, axis=0: _scan("cumulative_sum")(rec, a, axis),
    "multiply.accumulate": lambda rec, a, axis=0: _scan("cumulative_prod")(rec, a, axis),
    "maximum.accumulate": lambda rec, a, axis=0: rec.cumulative_max(a, axis=axis),
    "minimum.accumulate": lambda rec, a, axis=0: rec.cumulative_min(a, axis=axis),
    "add.outer": lambda rec, a, b: rec.outer_sum(a, b),
    "multiply.outer": lambda rec, a, b: rec.outer(a, b),
    "subtract.outer": lambda rec, a, b: rec.outer_sum(a, rec.negative(b)),
    "power": power,
    "float_power": power,
    "heaviside": _heaviside,
    "copy": lambda rec, a: a,
    "real": lambda rec, a: a,
    "array": lambda rec, a: recorded_list(rec, a),
    "asarray": lambda rec, a: recorded_list(rec, a),
    "where": _where,
    "select": _select,
    "clip": _clip,
    "sort": _sort,
    "argsort": _argsort,
    "argmax": _extreme_index(True),
    "argmin": _extreme_index(False),
    "average": _average,
    "quantile": _quantile(False),
    "percentile": _quantile(True),
    "diff": _diff,
    "trapezoid": _trapezoid,
    "trapz": _trapezoid,
    "gradient": _gradient,
    "interp": _interp,
    "convolve": _convolve("convolve"),
    "correlate": _convolve("correlate"),
    "isfinite": _nonfinite(True),
    "isnan": _nonfinite(False),
    "isinf": _nonfinite(False),
    "all": _all(True),
    "any": _all(False),
    "nan_to_num": lambda rec, a, **_: a,
    "shape": lambda rec, a: np.shape(a),
    "ndim": lambda rec, a: len(np.shape(a)),
    "size": lambda rec, a: int(np.prod(np.shape(a))),
    "logsumexp": _logsumexp,
    "softmax": _along("softmax"),
    "log_softmax": _along("log_softmax"),
    "polygamma": _polygamma,
    **moves.TABLE,
    **linalg.TABLE,
}
