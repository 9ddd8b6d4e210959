"""What each primitive computes: its NumPy function and the shape that comes out. No derivatives
here.

Axes are counted from the end, and structural parameters speak of trailing axes only. Leading batch
axes, such as cotangents and tangents carry, therefore passes through every primitive untouched,
with the same parameters.

Parameters, by primitive:

    reshape    (k, shape): the last k axes become `shape`
    broadcast  shape: the last len(shape) axes, each of length 1 or already right, are stretched to it
    transpose  perm: negative axes, the new order of the last len(perm) axes
    index      key: per trailing axis an int, or a (start, stop, step) of non-negative bounds
    pad        (key, shape): the adjoint of index, into zeros whose last len(key) axes have `shape`
    take       (axis, indices)
    scatter    (axis, indices, size): the adjoint of take
    concat     axis
    cumsum     axis
    argsort    axis: the stable order of the entries along it
    reorder    axis: the first operand by the second, a permutation along it
    sum, max, logsumexp   (axes, keepdims)
    softmax    axes
    astype     the name of a dtype
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse import runtime, special_values

Shape = tuple[int, ...]

NUMPY_NAMES = {
    "sin": "sin", "cos": "cos", "tan": "tan", "exp": "exp", "log": "log", "log1p": "log1p",
    "expm1": "expm1", "sqrt": "sqrt", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh",
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh", "abs": "abs", "sign": "sign", "logical_not": "logical_not", "add": "add",
    "multiply": "multiply", "divide": "divide", "power": "power", "maximum": "maximum",
    "minimum": "minimum", "hypot": "hypot", "atan2": "arctan2", "logaddexp": "logaddexp",
    "greater": "greater", "greater_equal": "greater_equal", "equal": "equal",
    "logical_and": "logical_and", "logical_or": "logical_or", "logical_xor": "logical_xor",
    "select": "where", "log2": "log2", "log10": "log10", "exp2": "exp2", "cbrt": "cbrt", "floor": "floor",
    "ceil": "ceil", "trunc": "trunc", "round": "rint", "remainder": "remainder",
    "floor_divide": "floor_divide", "copysign": "copysign",
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    op: getattr(np, name) for op, name in NUMPY_NAMES.items()
}
FUNCTIONS |= {"sech": runtime.sech, "logistic": runtime.logistic, "guarded": runtime.guarded}
FUNCTIONS |= special_values.FUNCTIONS

ELEMENTWISE = frozenset(FUNCTIONS)
BOOLEAN = frozenset({"greater", "greater_equal", "equal", "logical_not", "logical_and", "logical_or",
                     "logical_xor"})  # fmt: skip
COMMUTATIVE = frozenset({"add", "multiply", "maximum", "minimum", "hypot", "logaddexp", "equal", "guarded",
                         "logical_and", "logical_or", "logical_xor"})  # fmt: skip

#: Functions of one matrix that generated code calls by their name in runtime.py.
OF_MATRICES = ("cholesky", "expm", "sqrtm", "eigvalsh", "eigenvectors", "polar")

# Finite whenever the operands are. Products and sums count as finite: their overflow would need
# operands beyond 1e150, while exp overflows at 710 and belongs to the others.
KEEPS_FINITE = frozenset({
    "sin", "cos", "sech", "logistic", "tanh", "abs", "sign", "add", "multiply", "maximum",
    "minimum", "logaddexp", "select", "guarded", "reshape", "broadcast", "transpose", "index",
    "argsort", "reorder",
    "pad", "take", "scatter", "concat", "cumsum", "sum", "max", "logsumexp", "softmax", "matmul", "mark", "astype",
    "floor", "ceil", "trunc", "round", "copysign", "cbrt", "erf", "erfc", "ndtr", "jv", "sinc",
})  # fmt: skip


class Mismatch(Exception):
    """Operand shapes that do not fit; becomes a CompileError with the operation and the traced
    step.
    """


def broadcast_shapes(*shapes: Shape) -> Shape:
    """NumPy's broadcasting rule. Raises Mismatch."""
    first = shapes[0]
    if shapes.count(first) == len(shapes):
        return first
    out = max(shapes, key=len)
    if len(shapes) == 2 and () in shapes:
        return out
    result = list(out)
    for s in shapes:
        offset = len(result) - len(s)
        for i, n in enumerate(s, offset):
            if n != result[i]:
                if result[i] == 1:
                    result[i] = n
                elif n != 1:
                    raise Mismatch("the shapes do not broadcast")
    return tuple(result)


def index_shape(key: tuple[Any, ...], shape: Shape) -> Shape:
    """The shape of x[..., key]."""
    tail = shape[len(shape) - len(key) :]
    kept = tuple(
        len(range(*slice(*k).indices(n)))
        for k, n in zip(key, tail, strict=True)
        if isinstance(k, tuple)
    )
    return shape[: len(shape) - len(key)] + kept


def _reshape(params: Any, s: Shape) -> Shape:
    k, new = params
    if math.prod(s[len(s) - k :]) != math.prod(new):
        raise Mismatch(f"cannot take the shape {new}")
    return s[: len(s) - k] + tuple(new)


def _broadcast(params: Any, s: Shape) -> Shape:
    tail = s[len(s) - len(params) :]
    if len(tail) != len(params) or any(n not in (1, m) for n, m in zip(tail, params, strict=True)):
        raise Mismatch(f"cannot be broadcast to {params}")
    return s[: len(s) - len(params)] + tuple(params)


def _transpose(perm: Any, s: Shape) -> Shape:
    return s[: len(s) - len(perm)] + tuple(s[p] for p in perm)


def _pad(params: Any, s: Shape) -> Shape:
    key, tail = params
    kept = sum(isinstance(k, tuple) for k in key)
    return s[: len(s) - kept] + tuple(tail)


def _replace(s: Shape, axis: int, n: int) -> Shape:
    axis += len(s)
    return (*s[:axis], n, *s[axis + 1 :])


def _concat(axis: int, *shapes: Shape) -> Shape:
    if any(_replace(s, axis, 0) != _replace(shapes[0], axis, 0) for s in shapes):
        raise Mismatch(f"the shapes differ beside axis {axis}")
    return _replace(shapes[0], axis, sum(s[axis] for s in shapes))


def _reduce(params: Any, s: Shape) -> Shape:
    axes, keepdims = params
    n = len(s)
    if keepdims:
        return tuple(1 if i - n in axes else m for i, m in enumerate(s))
    return tuple(m for i, m in enumerate(s) if i - n not in axes)


def _max(params: Any, s: Shape) -> Shape:
    if any(s[a] == 0 for a in params[0]):
        raise Mismatch("no maximum of an empty axis")
    return _reduce(params, s)


def _matmul(params: Any, a: Shape, b: Shape) -> Shape:
    if a[-1] != b[-2]:
        raise Mismatch("the inner lengths differ")
    return (*broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])


def _square(params: Any, a: Shape, b: Shape | None = None) -> Shape:
    if len(a) < 2 or a[-1] != a[-2]:
        raise Mismatch("the matrix is not square")
    if b is None:
        return a
    if a[-1] != b[-2]:
        raise Mismatch("the right-hand side has another length than the matrix")
    return broadcast_shapes(a[:-2], b[:-2]) + b[-2:]


SHAPES: dict[str, Callable[..., Shape]] = {
    "reshape": _reshape,
    "broadcast": _broadcast,
    "transpose": _transpose,
    "index": index_shape,
    "pad": _pad,
    "take": lambda p, s: _replace(s, p[0], len(p[1])),
    "scatter": lambda p, s: _replace(s, p[0], p[2]),
    "concat": _concat,
    "cumsum": lambda p, s: s,
    "sum": _reduce,
    "max": _max,
    "logsumexp": _max,
    "argsort": lambda p, s: s,
    "reorder": lambda p, s, order: s,
    "softmax": lambda p, s: s,
    "astype": lambda p, s: s,
    "mark": lambda p, s: s,
    "matmul": _matmul,
    "inv": _square,
    "solve": _square,
    **dict.fromkeys(OF_MATRICES, _square),
    "eigvalsh": lambda p, s: _square(p, s)[:-1],
    "polar": lambda p, s: s,
}


def _pad_value(params: Any, a: Any) -> Any:
    key, tail = params
    lead = a.ndim - sum(isinstance(k, tuple) for k in key)
    return runtime.pad(a, runtime.slices(key), tail, lead)


def _apply(op: str, params: Any, a: Any) -> Any:
    return getattr(runtime, op)(a)


def full_perm(perm: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """The permutation of all axes that reorders the last len(perm) of them."""
    return tuple(range(ndim - len(perm))) + tuple(p + ndim for p in perm)


VALUES: dict[str, Callable[..., Any]] = {
    "reshape": lambda p, a: a.reshape(_reshape(p, a.shape)),
    "broadcast": lambda p, a: np.broadcast_to(a, _broadcast(p, a.shape)),
    "transpose": lambda p, a: a.transpose(full_perm(p, a.ndim)),
    "index": lambda p, a: a[runtime.slices(p)],
    "pad": _pad_value,
    "take": lambda p, a: a.take(np.array(p[1], np.intp), p[0]),
    "scatter": lambda p, a: runtime.scatter(a, np.array(p[1], np.intp), p[0], p[2]),
    "concat": lambda p, *a: np.concatenate(a, p),
    "cumsum": lambda p, a: a.cumsum(p),
    "sum": lambda p, a: a.sum(p[0], keepdims=p[1]),
    "max": lambda p, a: a.max(p[0], keepdims=p[1]),
    "logsumexp": lambda p, a: runtime.logsumexp(a, p[0], p[1]),
    "argsort": lambda p, a: a.argsort(p, "stable"),
    "reorder": lambda p, a, order: runtime.reorder(a, order, p),
    "softmax": lambda p, a: runtime.softmax(a, p),
    "astype": lambda p, a: a.astype(p),
    "mark": lambda p, a: a,
    "matmul": lambda p, a, b: np.matmul(a, b),
    "inv": lambda p, a: runtime.inv(a),
    "solve": lambda p, a, b: runtime.solve(a, b),
    **{op: partial(_apply, op) for op in OF_MATRICES},
}


def evaluate(op: str, params: Any, *arrays: Any) -> Any:
    """The primitive's value on concrete arrays, as constants are folded."""
    with np.errstate(all="ignore"):
        if op in ELEMENTWISE:
            return FUNCTIONS[op](*arrays)
        return VALUES[op](params, *arrays)
