"""Operand strategies that many operations of the catalogue use.

An operand strategy is called with the program under construction and returns operands (value_ids)
and parameters. It picks values for which the operation is defined, or adds steps that shift or
scale a value into the domain. One time in three it chooses special values at which engines often
fail, such as zeros and ties.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.operands import ANY, Domain
from ad_conformance.generators.strategies.builder import MAX_ENTRIES, Abandon, Builder

DrawnOperands = tuple[list[int], dict[str, Any]]
OperandStrategy = Callable[[Builder], DrawnOperands]


def fit(b: Builder, value_id: int, domain: Domain) -> int:
    """The value if it lies in `domain`; else the value scaled by a power of two, or shifted by a
    dyadic number, so that it does. Raises Abandon if neither can be done.
    """
    if domain.saturate and b.flag(6):
        value_id = b.must("multiply", (value_id, b.constant(b.choose([32.0, -32.0, 256.0]))))
    value = b.values[value_id]
    if domain.holds(value):
        return value_id
    low, high = max(domain.low, domain.gap if domain.gap else -math.inf), domain.high
    if math.isfinite(low) and math.isfinite(high):
        if not low < 0 < high:
            raise Abandon
        spread = float(np.max(np.abs(value)))
        scale = 2.0 ** math.floor(math.log2(min(abs(low), abs(high)) / spread))
        return b.must("multiply", (value_id, b.constant(scale)))
    if math.isfinite(low):
        if b.flag(3):
            squared = b.must("square", (value_id,))
            return b.must("add", (squared, b.constant(max(math.ceil(low * 4) / 4, 0.25))))
        shift = math.ceil((low - float(np.min(value))) * 4) / 4
        return b.must("add", (value_id, b.constant(shift + b.choose([0.25, 1.0]))))
    raise Abandon


def some(b: Builder, accept: Callable[[np.ndarray], bool] = lambda value: True) -> int:
    """`Builder.pick`, but raises Abandon if there is no such value."""
    value_id = b.pick(accept)
    if value_id is None:
        raise Abandon
    return value_id


def shaped(b: Builder, shape: tuple[int, ...]) -> int:
    """A value of that shape: an existing one, or another one reshaped or broadcast."""
    if not b.flag(3) and (found := b.pick(lambda v: v.shape == shape)) is not None:
        return found
    value_id = some(b, lambda v: v.size > 0)
    value = b.values[value_id]
    if value.shape == shape:
        return value_id
    if value.size == math.prod(shape):
        return b.must("reshape", (value_id,), shape=shape)
    if not _broadcasts(value.shape, shape):
        value_id = _number(b, value_id)
    return b.must(b.choose(["multiply", "add"]), (value_id, b.constant(b.numbers(shape))))


def _number(b: Builder, value_id: int) -> int:
    """A scalar made of the value."""
    value = b.values[value_id]
    if value.ndim == 0:
        return value_id
    if b.flag(3):
        return b.must("sum", (value_id,), axis=None, keepdims=False)
    return b.must("index", (value_id,), index=b.entry(value_id))


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    return len(shape) <= len(to) and all(
        m in (1, n) for m, n in zip(shape[::-1], to[::-1], strict=False)
    )


def with_axes(b: Builder, least: int, nonempty: bool = False) -> int:
    """A value with at least `least` axes; made by broadcasting if there is none."""
    value_id = b.pick(lambda v: v.ndim >= least and (v.size > 0 or not nonempty))
    if value_id is None or b.flag(8):
        return shaped(b, tuple(b.choose([2, 3, 2, 1]) for _ in range(least)))
    return value_id


def axis_of(b: Builder, value_id: int) -> int:
    ndim = b.values[value_id].ndim
    return b.integer(-ndim, ndim - 1)


def aimed(b: Builder, value_id: int, aim: str | None) -> int:
    """The value; one time in three after steps that make some of its entries zero or equal.

    `aim` is "zeros", "tie", or None for no such steps. The zeros are exact in every engine: an
    exact value minus a constant, or a value minus one of its own entries.
    """
    value = b.values[value_id]
    if aim is None or not value.size or not b.flag(3):
        return value_id
    if aim == "zeros" and b.exact[value_id] and (value.size == 1 or b.flag()):
        return zeroed(b, value_id)
    if value.size == 1:
        return value_id
    entry = b.must("index", (value_id,), index=tuple(b.integer(0, n - 1) for n in value.shape))
    operation = b.choose(["maximum", "minimum"]) if aim == "tie" else "subtract"
    return b.must(operation, (value_id, entry))


def zeroed(b: Builder, value_id: int) -> int:
    """The value minus a constant, so that some of its entries are zero and still change with the
    input. For exact values only.
    """
    value = b.values[value_id]
    mask = np.array([b.flag() for _ in range(value.size)], dtype=bool)
    some_zero = mask.reshape(value.shape) if value.size > 1 else np.ones(value.shape, dtype=bool)
    return b.must("subtract", (value_id, b.constant(np.where(some_zero, value, 0.0))))


def constant(b: Builder) -> DrawnOperands:
    return [], {"value": tuple(b.numbers((b.integer(1, 3),)).tolist())}


def unary(domain: Domain) -> OperandStrategy:
    return lambda b: ([fit(b, some(b), domain)], {})


def pair(b: Builder, first: int) -> int:
    """A second operand that broadcasts with the first: the first itself, another value, a value
    made of the first, or a constant.
    """
    shape = b.values[first].shape

    def fits(value: np.ndarray) -> bool:
        try:
            return math.prod(np.broadcast_shapes(value.shape, shape)) <= MAX_ENTRIES
        except ValueError:
            return False

    kind = b.integer(0, 7)
    if kind == 0:
        return first
    if kind < 4 and (other := b.pick(fits)) is not None:
        return other
    if kind == 4:
        return b.must(b.choose(["add", "multiply"]), (first, b.constant(b.numbers(shape))))
    if kind < 6:
        return b.constant(float(b.numbers((1,))[0]))
    choices: list[tuple[int, ...]] = [(2,), (1,), (2, 2), (3,)]
    if shape:
        choices = [shape, shape[-1:], (*shape[:-1], 1), (2, *shape)]
    return b.constant(b.numbers(b.choose(choices)))


def binary(first: Domain = ANY, second: Domain = ANY) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        one = some(b)
        two = pair(b, one)
        if second == ANY and b.flag():
            one, two = two, one
        return [fit(b, one, first), fit(b, two, second)], {}

    return strategy


def legs(b: Builder) -> DrawnOperands:
    """Operands that broadcast, of which one has no zeros: the legs of right triangles."""
    one = some(b)
    value_ids = [fit(b, pair(b, one), Domain(gap=1 / 16)), one]
    return value_ids if b.flag() else value_ids[::-1], {}


def angle(b: Builder) -> DrawnOperands:
    """Operands of atan2, away from its branch cut (y = 0, x < 0)."""
    one = some(b)
    if b.flag(3):
        # On the axis x = 0, where only the sign of y matters.
        two = zeroed(b, one) if b.exact[one] and b.values[one].size else aimed(b, one, "zeros")
        return [fit(b, pair(b, one), Domain(gap=1 / 16)), two], {}
    two = fit(b, pair(b, one), Domain(gap=1 / 16))
    if np.any(np.less(b.values[two], 0) & (np.abs(b.values[one]) < 1 / 16)):
        two = fit(b, two, Domain(low=1 / 16))
    return [one, two], {}


def comparison(b: Builder) -> DrawnOperands:
    one = some(b)
    return [one, pair(b, one)], {}


def _condition(b: Builder, one: int) -> int:
    """Truth values: a comparison of `one`, or of probability 1/2 its negation or two combined."""
    names = ["greater", "less", "greater_equal", "less_equal", "not_equal", "equal"]
    first = b.must(b.choose(names), (one, pair(b, one)))
    if not b.flag():
        return first
    if b.flag(4):
        return b.must("logical_not", (first,))
    second = b.must(b.choose(names), (one, pair(b, one)))
    return b.must(b.choose(["logical_and", "logical_or", "logical_xor"]), (first, second))


def rounding(b: Builder) -> DrawnOperands:
    """An operand away from integers and half integers, where rounding jumps. One time in six an
    unchanged value, which can be at a jump.
    """
    value_id = some(b)
    if not b.flag(6):
        value_id = b.must("add", (value_id, b.constant(b.choose([0.3125, -0.3125]))))
    return [value_id], {}


def quotient(b: Builder) -> DrawnOperands:
    """Operands whose quotient is seldom an integer, where the rounded quotient jumps, and often
    larger than one.
    """
    if b.flag():
        b.wanted = b.must("multiply", (some(b), b.constant(b.choose([4.0, -8.0]))))
    one = rounding(b)[0][0]
    two = fit(b, pair(b, one), Domain(gap=1 / 16))
    ratio = b.values[one] / b.values[two]
    if np.any(np.abs(ratio - np.rint(ratio)) < 1 / 32) and not b.flag(6):
        shifted = b.must("add", (two, b.constant(b.choose([0.171875, -0.4375]))))
        two = fit(b, shifted, Domain(gap=1 / 16))
    return [one, two], {}


def where(b: Builder) -> DrawnOperands:
    one = some(b)
    condition = _condition(b, one)
    left = shaped(b, b.values[condition].shape) if b.flag() else some(b)
    return [condition, left, pair(b, left)], {}


def integer_power(b: Builder) -> DrawnOperands:
    exponent = b.choose([2, 3, 1, 0, 4, 5, -1, -2])
    base = fit(b, some(b), Domain(gap=1 / 8)) if exponent < 0 else aimed(b, some(b), "zeros")
    return [base], {"exponent": exponent}


def float_power(b: Builder) -> DrawnOperands:
    exponent = b.choose([2.0, 0.5, 1.5, 3.0, 1.0, 0.0, -0.5, -1.0, 2.5])
    smooth = exponent >= 0 and exponent.is_integer()
    base = aimed(b, some(b), "zeros") if smooth else fit(b, some(b), Domain(low=1 / 8))
    return [base], {"exponent": exponent}


def power(b: Builder) -> DrawnOperands:
    """Any base with constant exponents 0, 1, 2, 3; or a positive base with a varying exponent; or a
    constant base, which may be zero, with a positive varying exponent.
    """
    base = some(b)
    kind = b.integer(0, 3)
    if kind < 2:
        base = aimed(b, base, "zeros")
        shape = b.values[base].shape if b.flag() else ()
        size = math.prod(shape)
        drawn = b.choices([2.0, 1.0, 0.0, 3.0], size)
        return [base, b.constant(np.array(drawn).reshape(shape))], {}
    if kind == 2:
        exponent = fit(b, pair(b, base), Domain(low=-4, high=4))
        return [fit(b, base, Domain(low=1 / 8)), exponent], {}
    exponent = fit(b, base, Domain(low=1 / 4))
    return [b.constant(b.choose([2.0, 0.5, 1.0, 0.0])), exponent], {}


def clip(b: Builder) -> DrawnOperands:
    low = float(b.numbers((1,))[0])
    return [some(b)], {"min": low, "max": low + b.choose([1.0, 0.5, 4.0])}


def reduction(nonempty: bool = False, aim: str | None = None) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        value_id = aimed(b, with_axes(b, 1, nonempty), aim)
        axis = None if b.flag() else axis_of(b, value_id)
        return [value_id], {"axis": axis, "keepdims": b.flag(4)}

    return strategy


def along_axis(nonempty: bool = False, aim: str | None = None) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        value_id = aimed(b, with_axes(b, 1, nonempty), aim)
        return [value_id], {"axis": axis_of(b, value_id)}

    return strategy


def _alike(b: Builder, first: int, accept: Callable[[np.ndarray], bool]) -> list[int]:
    """`first` and up to two more: other values that `accept` takes, or `first` again."""
    value_ids = [first]
    for _ in range(b.choose([1, 2, 0])):
        other = None if b.flag(4) else b.pick(accept)
        value_ids.append(first if other is None else other)
    return value_ids


def stack(b: Builder) -> DrawnOperands:
    first = some(b, lambda v: v.ndim < 3)
    shape = b.values[first].shape
    return _alike(b, first, lambda v: v.shape == shape), {"axis": b.integer(-1, len(shape))}


def concat(b: Builder) -> DrawnOperands:
    first = with_axes(b, 1)
    axis = axis_of(b, first)
    rest = np.delete(b.values[first].shape, axis).tolist()
    ndim = b.values[first].ndim

    def accept(v: np.ndarray) -> bool:
        return v.ndim == ndim and np.delete(v.shape, axis).tolist() == rest

    return _alike(b, first, accept), {"axis": axis}


def reshape(b: Builder) -> DrawnOperands:
    value_id = some(b)
    size = b.values[value_id].size
    shapes = [(size,), (-1,), (1, size), (size, 1)]
    shapes += [(size // k, k) for k in (2, 3) if size and size % k == 0]
    shapes += [(), (1,), (1, 1)] if size == 1 else []
    return [value_id], {"shape": b.choose(shapes)}


def expand_dims(b: Builder) -> DrawnOperands:
    value_id = some(b, lambda v: v.ndim < 3)
    ndim = b.values[value_id].ndim
    return [value_id], {"axis": b.integer(-ndim - 1, ndim)}


def permute_dims(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 2)
    return [value_id], {"axes": tuple(b.permutation(b.values[value_id].ndim))}


def roll(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1)
    return [value_id], {"shift": b.integer(-3, 3), "axis": axis_of(b, value_id)}


def broadcast_to(b: Builder) -> DrawnOperands:
    value_id = shaped(b, (b.choose([2, 3]),) * 2) if b.flag(4) else some(b, lambda v: v.ndim < 3)
    shape = b.values[value_id].shape
    widened = tuple(b.integer(1, 3) if n == 1 else n for n in shape)
    if b.flag() or not shape or widened == shape:
        widened = (b.choose([1, 2, 3, 2]), *widened)
    return [value_id], {"shape": widened}


def index(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    shape = b.values[value_id].shape
    count = b.integer(1, len(shape))
    return [value_id], {"index": b.entry(value_id)[:count]}


def slice_(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1)
    if b.flag(3):
        # The result is square.
        n = b.choose([2, 3])
        axis = b.choose([-1, -2])
        value_id = shaped(b, (n, n + 1) if axis == -1 else (n + 1, n))
        start = b.choose([0, 1])
        return [value_id], {"axis": axis, "start": start, "stop": start + n, "step": 1}
    axis = axis_of(b, value_id)
    n = b.values[value_id].shape[axis]
    start = b.integer(0, n)
    stop, step = b.integer(start, n), b.choose([1, 2])
    return [value_id], {"axis": axis, "start": start, "stop": stop, "step": step}


def take(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    axis = axis_of(b, value_id)
    shape = b.values[value_id].shape
    # As many rows of a matrix as it has columns, or the other way round: then the result is square.
    least, most = (shape[-1 - axis % 2],) * 2 if len(shape) == 2 and not b.flag(3) else (1, 4)
    drawn = b.integers(0, shape[axis] - 1, b.integer(least, most))
    return [value_id], {"indices": tuple(drawn), "axis": axis}
