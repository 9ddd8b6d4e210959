"""Values that are infinite or NaN, or have no finite derivative, where nothing selects them.

An operation is applied to entries at the end of its domain or outside, and then other entries are
selected. The result is smooth. In many engines its derivative is NaN: zero times infinity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.strategies.builder import Abandon, Builder

#: Numbers at which domains end, or functions overflow; and numbers that lie inside most domains.
_ENDS, _INSIDE = (0.0, 1.0, -1.0, -2.5, 3.0, 1024.0), (0.5, 2.0, 0.25, 1.25, -0.5, 3.0)
#: Around these, functions inside their domain must be finite.
_AROUND = 1 / 16
#: Parameters of operations that have a domain only for some of them.
_PARAMETERS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "pow_float": ({"exponent": 0.5}, {"exponent": -1.0}, {"exponent": 1.5}, {"exponent": -0.5}),
    "pow_int": ({"exponent": -1}, {"exponent": -2}),
}


@dataclass(frozen=True)
class _Function:
    """An elementwise function, with points where it or its derivative is not finite, and others."""

    params: dict[str, Any]
    ends: tuple[float, ...]
    inside: tuple[float, ...]


def _finite_at(name: str, params: dict[str, Any], *points: float) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.all(np.isfinite(CATALOGUE[name].evaluate(np.array(points), **params))))


@cache
def functions() -> Mapping[str, tuple[_Function, ...]]:
    """The functions of one operand that have an end, by operation."""
    found: dict[str, tuple[_Function, ...]] = {}
    for name, op in CATALOGUE.items():
        if name not in _PARAMETERS and not (op.elementwise and op.weight and not op.params):
            continue
        for params in _PARAMETERS.get(name, ({},)):
            ends = tuple(
                x
                for x in _ENDS
                if not _finite_at(name, params, x, np.nextafter(x, 9e9), np.nextafter(x, -9e9))
            )
            inside = tuple(
                x for x in _INSIDE if _finite_at(name, params, x, x - _AROUND, x + _AROUND)
            )
            if ends and inside:
                found[name] = (*found.get(name, ()), _Function(params, ends, inside))
    return found


def hidden(b: Builder, operation: str | None = None) -> int | None:
    """Add such an operation and a selection: `operation` is one or the other, if it is given.

    Returns the value_id of the result, or None if it does not fit; then no step is added.
    """
    length = len(b.steps)
    try:
        return _hidden(b, operation)
    except Abandon:
        b.rewind(length)
        return None
    finally:
        b.wanted = None


def can_hide(operation: str) -> bool:
    """Whether `hidden` can be about this operation."""
    selections = {*_SELECTIONS, *_FROM_BELOW, *_FROM_ABOVE, "divide"}
    return operation in selections or operation in functions()


def _hidden(b: Builder, operation: str | None) -> int:
    if operation in {*_FROM_BELOW, *_FROM_ABOVE} or (operation in (None, *_CLAMPED) and b.flag(4)):
        return _clamped(b, operation)
    name: str = operation or ""
    if name not in functions() and name != "divide":
        name = b.choose([*functions(), "divide"])
    if name == "divide":
        function = _Function({}, (0.0,), (0.5, 2.0, -1.0))
    else:
        function = b.choose(functions()[name])
    start = _exact_value(b)
    at, good = _moved(b, start, function.ends, function.inside)
    if name == "divide":
        found = b.hide(name, (b.constant(1.0) if b.flag() else start, at))
    else:
        found = b.hide(name, (at,), **function.params)
    if b.flag(4):
        found = b.hide(b.choose(["sin", "negative", "square"]), (found,))
    names = [operation] if operation in _SELECTIONS else ["where"]
    if operation not in _SELECTIONS and np.any(good) and good.ndim:
        names = list(_SELECTIONS)
    return _SELECTIONS[b.choose(names)](b, found, at, good)


def _moved(
    b: Builder, start: int, ends: tuple[float, ...], inside: tuple[float, ...]
) -> tuple[int, np.ndarray]:
    """The value, with a constant subtracted: one entry or more becomes one of `ends`, others become
    one of `inside`. Also a mask of the latter.
    """
    value = b.values[start]
    good = np.array([b.flag() for _ in range(value.size)], dtype=bool).reshape(value.shape)
    if np.all(good):
        good.flat[0] = False
    # Both differences are exact, so the entries are exactly these numbers in every engine.
    aims = np.where(
        good,
        np.array(b.choices(inside, good.size)).reshape(good.shape),
        np.array(b.choices(ends, good.size)).reshape(good.shape),
    )
    return b.must("subtract", (start, b.constant(value - aims))), good


#: Functions of zero that are far below or above a bound, with the operations that select the bound.
_FROM_BELOW, _FROM_ABOVE = ("maximum", "clip", "max"), ("minimum", "clip", "min")
_CLAMPED = {"sqrt": _FROM_BELOW, "log": _FROM_BELOW, "reciprocal": _FROM_ABOVE}
_BOUNDS = (0.5, 0.0625, 2.0, 3.0)


def _clamped(b: Builder, operation: str | None) -> int:
    """A function of entries some of which are zero, and a bound or a larger entry in its place."""
    names = [n for n, clamps in _CLAMPED.items() if operation in (None, n, *clamps)]
    name = b.choose(names)
    at, good = _moved(b, _exact_value(b), (0.0,), (0.5, 2.0, 1.5, 1.0))
    if name == "reciprocal" or b.flag():
        at = b.must("square", (at,))
    found = b.hide(name, (at,))
    values = b.values[found][good]
    clamps = [clamp for clamp in _CLAMPED[name] if operation in (None, name, clamp)]
    match b.choose(clamps):
        case "clip":
            # `clip` to one bound: the other one is beyond all values.
            apart = _apart(b, values)
            low, high = (-64.0, apart) if name == "reciprocal" else (apart, 64.0)
            return b.must("clip", (found,), min=low, max=high)
        case "max" | "min" as clamp:
            largest = values if clamp == "max" else -values
            if not values.size or not good.ndim or np.sum(largest == np.max(largest)) > 1:
                raise Abandon
            return b.must(clamp, (found,), axis=None, keepdims=False)
        case clamp:
            return b.must(clamp, (found, b.constant(_apart(b, values))))


def _apart(b: Builder, values: np.ndarray) -> float:
    """A bound that is apart from all values."""
    bounds = [c for c in _BOUNDS if np.all(np.abs(values - c) >= _AROUND)]
    return float(b.choose(bounds))


def _exact_value(b: Builder) -> int:
    """A value that the input changes and that is the same number in every engine."""
    if b.wanted is not None and b.exact[b.wanted] and b.values[b.wanted].dtype != bool:
        found = [b.wanted]
    else:
        found = [i for i in range(len(b.values) - 1, -1, -1) if b.exact[i] and b.pickable(i)]
    found = [i for i in found if b.values[i].size and np.all(b.moves(i))]
    return int(found[0] if found and b.flag() else b.choose(found))


def _where(b: Builder, found: int, at: int, good: np.ndarray) -> int:
    """`where`, with a condition on the operand itself or on a constant."""
    value = b.values[at]
    low, high = value[~good], value[good]
    shape = value.shape
    other = b.choose([at, None])
    if other is None:
        other = b.constant(b.numbers(shape if b.flag() else ()))
    if not high.size:
        # Nothing is selected.
        above, taken = b.must("greater", (at, b.constant(float(np.max(low)) + 1.0))), True
    elif np.max(low) < np.min(high):
        bound = float(np.max(low) + np.min(high)) / 2
        above, taken = b.must("greater", (at, b.constant(bound))), True
    elif np.max(high) < np.min(low):
        bound = float(np.max(high) + np.min(low)) / 2
        above, taken = b.must("greater", (at, b.constant(bound))), False
    else:
        marks = b.constant(np.where(good, 1.0, -1.0))
        above, taken = b.must("greater", (marks, b.constant(0.0))), True
    if b.flag(3):
        above, taken = b.must("logical_not", (above,)), not taken
    return b.must("where", (above, *((found, other) if taken else (other, found))))


def _index(b: Builder, found: int, at: int, good: np.ndarray) -> int:
    return b.must("index", (found,), index=tuple(b.choose(np.argwhere(good).tolist())))


def _along(b: Builder, good: np.ndarray) -> tuple[int, list[int]]:
    """An axis, and the indices along it at which all entries are good."""
    if not good.ndim:
        raise Abandon
    axis = b.integer(-good.ndim, good.ndim - 1)
    rows = np.all(np.moveaxis(good, axis, 0).reshape(good.shape[axis], -1), axis=1)
    return axis, np.flatnonzero(rows).tolist()


def _take(b: Builder, found: int, at: int, good: np.ndarray) -> int:
    axis, rows = _along(b, good)
    taken = tuple(b.choices(rows, b.integer(1, 3)))
    return b.must("take", (found,), indices=taken, axis=axis)


def _slice(b: Builder, found: int, at: int, good: np.ndarray) -> int:
    axis, rows = _along(b, good)
    start = b.choose(rows)
    stop = start + 1
    while stop in rows:
        stop += 1
    return b.must("slice", (found,), axis=axis, start=start, stop=stop, step=1)


#: What selects entries, by operation.
_SELECTIONS: Mapping[str, Callable[[Builder, int, int, np.ndarray], int]] = {
    "where": _where,
    "index": _index,
    "take": _take,
    "slice": _slice,
}
