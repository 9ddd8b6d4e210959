"""Primitives of JAX that compute entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.engines.importing import lines
from ad_conformance.engines.importing.jax_rules.values import Pair, Reader, Value, is_known, paired

Rule = Callable[..., Value]

#: Primitives that are an operation of the catalogue, on real numbers and truth values.
SAME: dict[str, str] = {
    "abs": "abs",
    "acos": "acos",
    "acosh": "acosh",
    "add": "add",
    "add_any": "add",
    "asin": "asin",
    "asinh": "asinh",
    "atan": "atan",
    "atan2": "atan2",
    "atanh": "atanh",
    "bessel_i0e": "i0e",
    "bessel_i1e": "i1e",
    "cbrt": "cbrt",
    "ceil": "ceil",
    "cos": "cos",
    "cosh": "cosh",
    "digamma": "digamma",
    "div": "divide",
    "eq": "equal",
    "erf": "erf",
    "erf_inv": "erfinv",
    "erfc": "erfc",
    "exp": "exp",
    "exp2": "exp2",
    "expm1": "expm1",
    "floor": "floor",
    "ge": "greater_equal",
    "gt": "greater",
    "igamma": "gammainc",
    "igammac": "gammaincc",
    "le": "less_equal",
    "le_to": "less_equal",
    "lgamma": "lgamma",
    "log": "log",
    "log1p": "log1p",
    "logistic": "expit",
    "lt": "less",
    "lt_to": "less",
    "max": "maximum",
    "min": "minimum",
    "mul": "multiply",
    "ne": "not_equal",
    "neg": "negative",
    "regularized_incomplete_beta": "betainc",
    "rem": "fmod",
    "round": "round",
    "rsqrt": "rsqrt",
    "sign": "sign",
    "sin": "sin",
    "sinh": "sinh",
    "sqrt": "sqrt",
    "square": "square",
    "sub": "subtract",
    "tan": "tan",
    "tanh": "tanh",
    "zeta": "zeta_of_order",
}

#: Of a primitive of two operands: the operand that changes nothing, on the right and on the left.
_NEUTRAL: dict[str, tuple[float | None, float | None]] = {
    "add": (0.0, 0.0),
    "add_any": (0.0, 0.0),
    "sub": (0.0, None),
    "mul": (1.0, 1.0),
    "div": (1.0, None),
    "max": (-np.inf, -np.inf),
    "min": (np.inf, np.inf),
}


def _is(x: Value, number: float | None) -> bool:
    return number is not None and is_known(x) and bool(np.all(np.asarray(x) == number))


def same(to: Reader, eqn: Any, *operands: Value) -> Value:
    """A primitive that is an operation of the catalogue."""
    name = eqn.primitive.name
    if any(isinstance(x, Pair) for x in operands):
        raise to.refuse(f"{name} of complex numbers")
    if name in _NEUTRAL:
        right, left = _NEUTRAL[name]
        if _is(operands[1], right):
            return operands[0]
        if _is(operands[0], left):
            return operands[1]
    operation = SAME[name]
    if operation in ("equal", "not_equal") and eqn.invars[0] is eqn.invars[1]:
        # This is how JAX asks for NaN.
        return np.asarray(operation == "equal")
    if eqn.invars[0].aval.dtype.kind in "iu":
        operation = {"divide": "trunc_divide"}.get(operation, operation)
    return getattr(to.recorder, operation)(*map(to.get, operands))


def integer_pow(to: Reader, eqn: Any, x: Value) -> Value:
    exponent = int(eqn.params["y"])
    if exponent == 2:
        return to.recorder.square(to.get(x))
    return to.recorder.pow_int(to.get(x), exponent=exponent)


def power(to: Reader, eqn: Any, x: Value, y: Value) -> Value:
    exponent = to.get(y)
    if is_known(exponent) and exponent.ndim == 0:
        number = float(exponent)
        if number == 2.0:
            return to.recorder.square(to.get(x))
        if number.is_integer() and abs(number) <= 64:
            return to.recorder.pow_int(to.get(x), exponent=int(number))
        return to.recorder.pow_float(to.get(x), exponent=number)
    return to.recorder.pow(to.get(x), exponent)


def polygamma(to: Reader, eqn: Any, order: Value, x: Value) -> Value:
    found = to.get(order)
    if not is_known(found) or found.ndim or not float(found).is_integer():
        raise to.refuse("polygamma of several orders")
    return to.recorder.polygamma(to.get(x), n=int(found))


def clamp(to: Reader, eqn: Any, low: Value, x: Value, high: Value) -> Value:
    low, high = to.get(low), to.get(high)
    if all(is_known(b) and b.ndim == 0 and np.isfinite(b) for b in (low, high)):
        return to.recorder.clip(to.get(x), min=float(low), max=float(high))
    return to.recorder.clamp(to.get(x), low, high)


def is_finite(to: Reader, eqn: Any, x: Value) -> Value:
    return np.isfinite(to.at_point(x, eqn.invars[0].aval))


def nextafter(to: Reader, eqn: Any, x: Value, y: Value) -> Value:
    x, y = to.get(x), to.get(y)
    up = to.recorder.greater(y, x)
    ways = [to.recorder.next_number(x, number=number) for number in (1e30, -1e30)]
    at_point = to.recorder.at_point(up)
    if np.all(at_point) or not np.any(at_point):
        to.recorder.holds(up if np.all(at_point) else to.recorder.logical_not(up))
        return ways[0] if np.all(at_point) else ways[1]
    return to.recorder.where(up, *ways)


def logical(to: Reader, eqn: Any, *operands: Value) -> Value:
    """and, or, xor, not: of truth values."""
    if eqn.invars[0].aval.dtype.kind != "b":
        return integers(to, eqn, *operands)
    return getattr(to.recorder, f"logical_{eqn.primitive.name}")(*map(to.get, operands))


def select(to: Reader, eqn: Any, which: Value, *cases: Value) -> Value:
    """One of the cases in each entry. With two cases, `which` may be a truth value."""
    if any(isinstance(case, Pair) for case in cases):
        pairs = [*map(paired, cases)]
        return Pair(
            select(to, eqn, which, *(pair.re for pair in pairs)),
            select(to, eqn, which, *(pair.im for pair in pairs)),
        )
    which = to.get(which)
    if is_known(which) and which.ndim == 0:
        return cases[int(which)]
    truth = eqn.invars[0].aval.dtype.kind == "b"
    if truth and is_known(which) and all(is_known(case) for case in cases):
        return np.where(which, cases[1], cases[0])
    found = to.get(cases[0])
    if len(cases) == 2 and _is(cases[0], 0.0) and _is_lower(to, which, to.get(cases[1])):
        return cases[1]
    for number, case in enumerate(cases[1:], 1):
        chosen = which if truth else to.recorder.equal(which, float(number))
        found = to.recorder.where(chosen, to.get(case), found)
    return found


def _is_lower(to: Reader, mask: Value, x: Value) -> bool:
    """Whether the mask keeps the lower triangle of a matrix that is one."""
    return (
        is_known(mask)
        and not is_known(x)
        and x.value_id in to.triangles
        and np.array_equal(mask, np.tri(*mask.shape[-2:], dtype=bool))
    )


def convert(to: Reader, eqn: Any, x: Value) -> Value:
    """Another dtype. Truth values become numbers, floats become integers."""
    old, new = eqn.invars[0].aval.dtype, np.dtype(eqn.params["new_dtype"])
    if new.kind == "c":
        return paired(x)
    if isinstance(x, Pair):
        x = x.re
    if is_known(x):
        return np.asarray(x).astype(new)
    if old.kind == "b" and new.kind != "b":
        return to.numbers(to.get(x))
    if new.kind == "b" and old.kind != "b":
        return to.recorder.not_equal(to.get(x), 0.0)
    if new.kind in "iu" and old.kind == "f":
        return to.recorder.trunc(to.get(x))
    if new.kind not in "iufb" or (new.kind == "f" and new.itemsize < to.itemsize):
        raise to.refuse(f"a conversion to {new.name}")
    return x


def unchanged(to: Reader, eqn: Any, x: Value) -> Value:
    return x


def all_unchanged(to: Reader, eqn: Any, *operands: Value) -> Value:
    """The results of primitives of several operands."""
    return list(operands) if eqn.primitive.multiple_results else operands[0]


def held(to: Reader, eqn: Any, x: Value) -> Value:
    """stop_gradient: derivatives are those of a constant, the value at the point."""
    frames = getattr(eqn.source_info.traceback, "frames", ())
    callers = [k for k, frame in enumerate(frames, 1) if frame.function_name == "stop_gradient"]
    # JAX itself holds values constant of which a result does not depend, as in softmax.
    by_user = not callers or lines.of_user(frames[callers[-1]].file_name)
    to.recorder.held.append(to.recorder.line if by_user else "")
    return to.at_point(x, eqn.invars[0].aval)


def precision(to: Reader, eqn: Any, x: Value) -> Value:
    bits = {8: (11, 52), 4: (8, 23)}[to.itemsize]
    if (eqn.params["exponent_bits"], eqn.params["mantissa_bits"]) != bits:
        raise to.refuse("reduce_precision to fewer bits than those of the dtype")
    return x


#: Primitives of integers only, whose values at the point are used.
INTEGERS = (
    "clz",
    "population_count",
    "shift_left",
    "shift_right_arithmetic",
    "shift_right_logical",
)


def integers(to: Reader, eqn: Any, *operands: Value) -> Value:
    shapes = [(v.aval.shape, v.aval.dtype) for v in eqn.invars]
    known = [to.decided(x, *given) for x, given in zip(operands, shapes, strict=True)]
    return np.asarray(eqn.primitive.bind(*known, **eqn.params))


ELEMENTWISE: dict[str, Rule] = {
    **dict.fromkeys(SAME, same),
    **dict.fromkeys(INTEGERS, integers),
    "and": logical,
    "clamp": clamp,
    "convert_element_type": convert,
    "copy": unchanged,
    "copy_p": unchanged,
    "device_put": all_unchanged,
    "integer_pow": integer_pow,
    "is_finite": is_finite,
    "name": unchanged,
    "nextafter": nextafter,
    "not": logical,
    "optimization_barrier": all_unchanged,
    "or": logical,
    "polygamma": polygamma,
    "pow": power,
    "reduce_precision": precision,
    "select_n": select,
    "sharding_constraint": unchanged,
    "stop_gradient": held,
    "xor": logical,
}
