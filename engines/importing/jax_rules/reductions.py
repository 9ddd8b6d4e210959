"""Primitives of JAX that reduce, accumulate, sort or multiply along axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.engines.importing.jax_rules.arrays import padded
from ad_conformance.engines.importing.jax_rules.values import (
    Array,
    Pair,
    Reader,
    Shape,
    Value,
    is_known,
)

Rule = Callable[..., Value]

#: Primitives that reduce axes, with the operation for one axis or all; "_axes" is for several.
REDUCED = {
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_prod": "prod",
    "reduce_sum": "sum",
}


def reduce(to: Reader, eqn: Any, x: Value) -> Value:
    if isinstance(x, Pair):
        if eqn.primitive.name != "reduce_sum":
            raise to.refuse(f"{eqn.primitive.name} of complex numbers")
        return Pair(_part(to, eqn, x.re), _part(to, eqn, x.im))
    shape = eqn.invars[0].aval.shape
    return reduced(to, REDUCED[eqn.primitive.name], to.full(x, shape), eqn.params["axes"])


def _part(to: Reader, eqn: Any, x: Value) -> Value:
    shape, axes = eqn.invars[0].aval.shape, tuple(eqn.params["axes"])
    return np.broadcast_to(x, shape).sum(axes) if is_known(x) else reduce(to, eqn, x)


def reduced(to: Reader, kind: str, x: Value, axes: Any) -> Value:
    """A reduction: `kind` is "sum", "prod", "max" or "min"."""
    axes = tuple(sorted(int(a) for a in axes))
    shape = x.shape
    if not axes or all(shape[a] == 1 for a in axes):
        left = tuple(n for a, n in enumerate(shape) if a not in axes)
        return to.recorder.shaped(x, left)
    if len(axes) == 1 or len(axes) == len(shape):
        axis = None if len(axes) == len(shape) else axes[0]
        return getattr(to.recorder, kind)(x, axis=axis, keepdims=False)
    return getattr(to.recorder, f"{kind}_axes")(x, axes=axes, keepdims=False)


def reduce_truth(to: Reader, eqn: Any, x: Value) -> Value:
    """reduce_and, reduce_or, of truth values."""
    shape, dtype = eqn.invars[0].aval.shape, eqn.invars[0].aval.dtype
    if dtype.kind != "b":
        raise to.refuse(f"{eqn.primitive.name} of integers")
    kind = "min" if eqn.primitive.name == "reduce_and" else "max"
    numbers = to.numbers(to.full(x, shape))
    return to.recorder.greater(reduced(to, kind, numbers, eqn.params["axes"]), 0.5)


def arg_extreme(to: Reader, eqn: Any, x: Value) -> Value:
    """argmax, argmin: the index at the point, and that this entry is the extreme one."""
    (axis,) = eqn.params["axes"]
    shape = eqn.invars[0].aval.shape
    found = np.asarray(eqn.primitive.bind(to.at_point(x, eqn.invars[0].aval), **eqn.params))
    index = np.expand_dims(found, axis)
    if eqn.invars[0].aval.dtype.kind == "b":
        x = to.numbers(to.full(x, shape))
    best = to.get(to.moved(x, shape, lambda a: np.take_along_axis(a, index, axis)))
    if best.shape:
        best = to.full(best, index.shape)
    largest = eqn.primitive.name == "argmax"
    compared = to.recorder.greater_equal if largest else to.recorder.less_equal
    to.recorder.holds(compared(best, to.get(x)))
    return found


#: Primitives that accumulate, with the operations for both directions.
ACCUMULATED = {
    "cumlogsumexp": ("logcumsumexp", "logsumexp_from_end"),
    "cummax": ("cumulative_max", "max_from_end"),
    "cummin": ("cumulative_min", "min_from_end"),
    "cumprod": ("cumulative_prod", "prod_from_end"),
    "cumsum": ("cumulative_sum", "sum_from_end"),
}


def accumulate(to: Reader, eqn: Any, x: Value) -> Value:
    operation = ACCUMULATED[eqn.primitive.name][bool(eqn.params["reverse"])]
    found = to.full(x, eqn.invars[0].aval.shape)
    return getattr(to.recorder, operation)(found, axis=int(eqn.params["axis"]))


def increasing(to: Reader, keys: Value, shape: Shape, axis: int) -> None:
    """The program relies on it that these keys increase along an axis."""
    if shape[axis] < 2 or is_known(keys):
        return
    before = (slice(None),) * axis + (slice(0, -1),)
    after = (slice(None),) * axis + (slice(1, None),)
    lower = to.get(to.moved(keys, shape, lambda a: a[before]))
    upper = to.get(to.moved(keys, shape, lambda a: a[after]))
    to.recorder.holds(to.recorder.less_equal(lower, upper))


def sort(to: Reader, eqn: Any, *operands: Value) -> Value:
    """The first operands are keys. The order is that at the point."""
    axis, count = int(eqn.params["dimension"]), int(eqn.params["num_keys"])
    shape = eqn.invars[0].aval.shape
    if len(operands) == 1:
        return (to.recorder.sort(to.full(operands[0], shape), axis=axis, descending=False),)
    keys = [to.at_point(x, v.aval) for x, v in zip(operands, eqn.invars[:count], strict=False)]
    # numpy.lexsort has its most important key last.
    order = np.lexsort([*reversed(keys)], axis=axis)

    def ordered(x: Value) -> Value:
        return to.moved(x, shape, lambda a: np.take_along_axis(a, order, axis))

    if count == 1 and not is_known(operands[0]):
        increasing(to, ordered(operands[0]), shape, axis)
    elif any(not is_known(x) for x in operands[:count]):
        raise to.refuse("sort by several keys computed from the input")
    return tuple(map(ordered, operands))


def top_k(to: Reader, eqn: Any, x: Value) -> Value:
    shape, k = eqn.invars[0].aval.shape, int(eqn.params["k"])
    axis = len(shape) - 1
    if eqn.params.get("axis", axis) % len(shape) != axis:
        raise to.refuse("top_k along an axis that is not the last one")
    at_point = to.at_point(x, eqn.invars[0].aval)
    _, indices = eqn.primitive.bind(at_point, **eqn.params)
    if to.needs(eqn, 1):
        order = np.argsort(at_point, axis=axis, kind="stable")
        ordered = to.moved(x, shape, lambda a: np.take_along_axis(a, order, axis))
        increasing(to, ordered, shape, axis)
    return to.recorder.top_k(to.full(x, shape), k=k), np.asarray(indices)


def dot_general(to: Reader, eqn: Any, x: Value, y: Value) -> Value:
    if isinstance(x, Pair) or isinstance(y, Pair):
        raise to.refuse("dot_general of complex numbers")
    (over_x, over_y), (batch_x, batch_y) = eqn.params["dimension_numbers"]
    left, right = (to.full(p, v.aval.shape) for p, v in zip((x, y), eqn.invars, strict=True))
    return product(to, left, right, over_x, over_y, batch_x, batch_y)


def product(
    to: Reader, x: Any, y: Any, over_x: Any, over_y: Any, batch_x: Any, batch_y: Any
) -> Any:
    """A sum of products over axes, as a product of matrices where that is one step."""
    given = [tuple(int(a) for a in axes) for axes in (over_x, over_y, batch_x, batch_y)]
    over_x, over_y, batch_x, batch_y = given
    leading = tuple(range(len(batch_x)))
    if batch_x == batch_y == leading and len(over_x) == len(over_y) == 1:
        last, first = over_x == (len(x.shape) - 1,), over_y == (len(leading),)
        sizes = len(x.shape) - len(leading), len(y.shape) - len(leading)
        if last and first and (sizes == (2, 2) or (not leading and max(sizes) <= 2)):
            return to.recorder.matmul(x, y)
    if not over_x and not leading and len(x.shape) <= 1 and len(y.shape) <= 1:
        return to.recorder.outer(x, y) if x.shape and y.shape else to.recorder.multiply(x, y)
    return to.recorder.dot_general(
        x, y, contract_x=over_x, contract_y=over_y, batch_x=batch_x, batch_y=batch_y
    )


def ragged(to: Reader, eqn: Any, x: Value, y: Value, sizes: Value) -> Value:
    groups = to.decided(sizes, eqn.invars[2].aval.shape, eqn.invars[2].aval.dtype)
    left, right = (to.full(p, v.aval.shape) for p, v in zip((x, y), eqn.invars, strict=False))
    return to.recorder.ragged_dot(left, right, sizes=tuple(groups.tolist()))


def convolution(to: Reader, eqn: Any, x: Value, weight: Value) -> Value:
    params = eqn.params
    numbers = params["dimension_numbers"]
    batch = to.moved(x, eqn.invars[0].aval.shape, lambda a: a.transpose(numbers.lhs_spec))
    kernel = to.moved(weight, eqn.invars[1].aval.shape, lambda a: _kernel(a, params))
    shapes = [
        tuple(v.aval.shape[a] for a in spec)
        for v, spec in zip(eqn.invars, (numbers.lhs_spec, numbers.rhs_spec), strict=True)
    ]
    padding = [list(map(int, pair)) for pair in params["padding"]]
    steps = zip(shapes[1][2:], params["rhs_dilation"], strict=True)
    dilation = [1 if n == 1 else int(d) for n, d in steps]
    if any(low < 0 or high < 0 for low, high in padding):
        cut = [(0, 0, 0), (0, 0, 0)]
        stretch = [int(d) - 1 for d in params["lhs_dilation"]]
        cut += [(low, high, more) for (low, high), more in zip(padding, stretch, strict=True)]
        batch = to.moved(batch, shapes[0], lambda a: padded(a, 0, cut))
        shapes[0] = tuple(
            n + low + high + max(n - 1, 0) * more
            for n, (low, high, more) in zip(shapes[0], cut, strict=True)
        )
        padding, stretch = [[0, 0]] * len(padding), [1] * len(padding)
    else:
        stretch = [int(d) for d in params["lhs_dilation"]]
    made = to.recorder.convolution_general(
        to.full(batch, shapes[0]),
        to.full(kernel, shapes[1]),
        stride=tuple(int(s) for s in params["window_strides"]),
        padding=tuple(width for pair in padding for width in pair),
        dilation=tuple(dilation),
        x_dilation=tuple(stretch),
        groups=int(params["feature_group_count"]),
        batch_groups=int(params["batch_group_count"]),
        layout="channels_first",
    )
    order = tuple(int(a) for a in np.argsort(numbers.out_spec))
    return to.moved(made, made.shape, lambda a: a.transpose(order))


def _kernel(a: Array, params: dict[str, Any]) -> Array:
    return a.transpose(params["dimension_numbers"].rhs_spec)


#: Primitives that fold windows.
WINDOWS = {
    "reduce_window_max": "max",
    "reduce_window_min": "min",
    "reduce_window_sum": "add",
}


def reduce_window(to: Reader, eqn: Any, x: Value) -> Value:
    params = eqn.params
    return to.recorder.reduce_window(
        to.full(x, eqn.invars[0].aval.shape),
        kind=WINDOWS[eqn.primitive.name],
        window=tuple(map(int, params["window_dimensions"])),
        stride=tuple(map(int, params["window_strides"])),
        padding=tuple(int(width) for pair in params["padding"] for width in pair),
        x_dilation=tuple(map(int, params["base_dilation"])),
        dilation=tuple(map(int, params["window_dilation"])),
    )


def select_and_scatter_add(to: Reader, eqn: Any, source: Value, operand: Value) -> Value:
    """The transpose of pooling by maxima: each entry of `source` goes to the largest entry of its
    window of `operand`.
    """
    shape, other = (v.aval.shape for v in eqn.invars)
    targets = _chosen(to, eqn, operand, other)
    start = to.recorder.value(np.zeros(math.prod(other)))
    flat = to.full(to.moved(source, shape, lambda a: a.reshape(-1)), targets.shape)
    total = to.recorder.index_add(start, flat, indices=tuple(targets.tolist()), axis=0)
    return to.recorder.shaped(total, other)


def select_and_gather_add(to: Reader, eqn: Any, tangents: Value, operand: Value) -> Value:
    """The derivative of pooling by maxima: the entry of `tangents` where that of `operand` is the
    largest one of its window.
    """
    other, shape = eqn.invars[1].aval.shape, eqn.outvars[0].aval.shape
    targets = _chosen(to, eqn, operand, other).reshape(shape)
    return to.moved(tangents, other, lambda a: a.reshape(-1)[targets])


def _chosen(to: Reader, eqn: Any, operand: Value, shape: Shape) -> Array:
    """The number of the largest entry of each window at the point, on which the program relies."""
    params = eqn.params
    padding = list(params["padding"])
    numbers = np.arange(math.prod(shape)).reshape(shape)
    wide = np.pad(numbers, padding, constant_values=-1)
    seen = np.lib.stride_tricks.sliding_window_view(wide, params["window_dimensions"])
    seen = seen[tuple(slice(None, None, s) for s in params["window_strides"])]
    rows = seen.reshape(-1, math.prod(params["window_dimensions"]))
    # A window that ends in the padding has one of its entries twice.
    rows = np.where(rows < 0, rows.max(axis=1, keepdims=True), rows)
    entries = to.at_point(operand, eqn.invars[1].aval).reshape(-1)[rows]
    least = params["select_prim"].name == "le"
    best = np.argmin(entries, axis=1) if least else np.argmax(entries, axis=1)
    targets: Array = rows[np.arange(len(rows)), best]
    chosen = to.get(to.moved(operand, shape, lambda a: a.reshape(-1)[targets][:, None]))
    if chosen.shape:
        chosen = to.full(chosen, (len(targets), 1))
    others = to.get(to.moved(operand, shape, lambda a: a.reshape(-1)[rows]))
    compared = to.recorder.less_equal if least else to.recorder.greater_equal
    to.recorder.holds(compared(chosen, others))
    return targets


REDUCTIONS: dict[str, Rule] = {
    **dict.fromkeys(REDUCED, reduce),
    **dict.fromkeys(ACCUMULATED, accumulate),
    **dict.fromkeys(WINDOWS, reduce_window),
    "argmax": arg_extreme,
    "argmin": arg_extreme,
    "conv_general_dilated": convolution,
    "dot_general": dot_general,
    "ragged_dot": ragged,
    "ragged_dot_general": ragged,
    "reduce_and": reduce_truth,
    "reduce_or": reduce_truth,
    "select_and_gather_add": select_and_gather_add,
    "select_and_scatter_add": select_and_scatter_add,
    "sort": sort,
    "top_k": top_k,
}
