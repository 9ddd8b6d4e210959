"""How Julia writes the operations that every engine is expected to have.

The catalogue follows NumPy: it counts axes from 0, the last axis runs fastest, shapes are broadcast
from the last axis on, and a number is an array without axes. Julia counts from 1, the first axis
runs fastest, shapes are broadcast from the first axis on, and a number is no array. The templates
assign to no entry of an array, because some engines refuse that. Every result is an array, not a
view.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from ad_conformance.engines.adapters.julia.language import dims, indices
from ad_conformance.generators.catalogue.operation import Call, Template
from ad_conformance.generators.render.dialect import UnsupportedOperation


def atom(text: str) -> str:
    """The text as the operand of an operator: in parentheses if it begins with a sign."""
    return f"({text})" if text.startswith("-") else text


def axis_of(call: Call) -> int:
    """The axis of the call as Julia counts it."""
    return int(call.params["axis"]) % len(call.shapes[0]) + 1


def only(call: Call, *axes: int) -> str:
    """The text of the first operand, which must have one of these numbers of axes.

    Raises UnsupportedOperation.
    """
    if len(call.shapes[0]) not in axes:
        raise UnsupportedOperation(f"function of an array with {len(call.shapes[0])} axes")
    return call.operands[0]


def along(call: Call, key: str, axis: int | None = None, text: str = "") -> str:
    """The first operand, or another text, with a subscript that has `key` at an axis.

    The axis is counted from 1; by default it is that of the call.
    """
    at = axis or axis_of(call)
    keys = [":"] * len(call.shapes[0])
    keys[at - 1] = key
    return f"{text or call.operands[0]}[{', '.join(keys)}]"


def reshaped(text: str, before: tuple[int, ...], after: tuple[int, ...]) -> str:
    """The entries in an array of another shape, the first axis running fastest in both."""
    if before == after:
        return text
    if not before:
        return f"[{text}]" if after == (1,) else f"reshape([{text}], {dims(after)})"
    if not after:
        return f"{atom(text)}[{dims([1] * len(before))}]"
    return f"vec({text})" if len(after) == 1 else f"reshape({text}, {dims(after)})"


def reversed_axes(text: str, ndim: int) -> str:
    """The transpose of an array of `ndim` axes."""
    if ndim < 2:
        return text
    if ndim == 2:
        return f"permutedims({text})"
    return f"permutedims({text}, ({dims(range(ndim, 0, -1))}))"


def reshape(text: str, before: tuple[int, ...], after: tuple[int, ...]) -> str:
    """The entries in an array of another shape, the last axis running fastest in both."""
    if before == after:
        return text
    if [n for n in before if n != 1] == [n for n in after if n != 1]:
        return reshaped(text, before, after)
    turned = reshaped(reversed_axes(text, len(before)), before[::-1], after[::-1])
    return reversed_axes(turned, len(after))


def aligned(call: Call) -> list[str]:
    """The operands, all arrays with the same number of axes; numbers stay numbers."""
    most = max(map(len, call.shapes))
    return [
        atom(reshaped(text, shape, (1,) * (most - len(shape)) + shape)) if shape else atom(text)
        for text, shape in zip(call.operands, call.shapes, strict=True)
    ]


def broadcast(template: str) -> Callable[[Call], str]:
    """An operation on entries, whose template takes `aligned` operands and parameters."""
    return lambda call: template.format(*aligned(call), **call.params)


def dotted(name: str) -> Callable[[Call], str]:
    """A function that is applied to each entry."""
    return lambda call: f"{name}.({', '.join(aligned(call))})"


def kept(text: str, call: Call, keepdims: bool) -> str:
    """A reduction to one number; with `keepdims` in an array with the operand's number of axes."""
    return reshaped(text, (), (1,) * len(call.shapes[0])) if keepdims else text


def reduced(name: str, before: str = "") -> Callable[[Call], str]:
    """A reduction by a function that takes `dims` and keeps these axes with length 1.

    `before` is the text of arguments before the operand.
    """

    def write_reduction(call: Call) -> str:
        x, shape = call.operands[0], call.shapes[0]
        keepdims = call.params.get("keepdims", False)
        if call.params["axis"] is None or (len(shape) == 1 and not keepdims):
            return kept(f"{name}({before}{x})", call, keepdims)
        k = axis_of(call)
        text = f"{name}({before}{x}; dims={k})"
        return text if keepdims else f"dropdims({text}; dims={k})"

    return write_reduction


def scanned(name: str, before: str = "") -> Callable[[Call], str]:
    """A scan along an axis; `before` is the text of arguments before the operand."""

    def write_scan(call: Call) -> str:
        options = "" if len(call.shapes[0]) == 1 else f"; dims={axis_of(call)}"
        return f"{name}({before}{call.operands[0]}{options})"

    return write_scan


def _stack(call: Call) -> str:
    shape, count = call.shapes[0], len(call.operands)
    axis = call.params["axis"] % (len(shape) + 1)
    if not shape:
        return f"[{', '.join(call.operands)}]"
    if len(shape) == 1 and axis == 1:
        return f"hcat({', '.join(call.operands)})"
    parts = [reshaped(x, shape, (*shape[:axis], 1, *shape[axis:])) for x in call.operands]
    return parts[0] if count == 1 else _joined(parts, axis)


def _joined(parts: list[str], axis: int) -> str:
    name, options = (
        (("vcat", ""), ("hcat", ""))[axis] if axis < 2 else ("cat", f"; dims={axis + 1}")
    )
    return f"{name}({', '.join(parts)}{options})"


def _reshape(call: Call) -> str:
    shape = call.shapes[0]
    return reshape(call.operands[0], shape, np.empty(shape).reshape(call.params["shape"]).shape)


def _expand_dims(call: Call) -> str:
    shape = call.shapes[0]
    return reshaped(
        call.operands[0], shape, np.expand_dims(np.empty(shape), call.params["axis"]).shape
    )


def permuted(text: str, axes: tuple[int, ...]) -> str:
    """The array with its axes in another order; `axes` are counted from 0."""
    if list(axes) == sorted(axes):
        return text
    if axes == (1, 0):
        return f"permutedims({text})"
    return f"permutedims({text}, ({dims(a + 1 for a in axes)}))"


def _permute_dims(call: Call) -> str:
    n = len(call.shapes[0])
    return permuted(call.operands[0], tuple(a % n for a in call.params["axes"]))


def _matrix_transpose(call: Call) -> str:
    n = len(call.shapes[0])
    return permuted(call.operands[0], (*range(n - 2), n - 1, n - 2))


def _flip(call: Call) -> str:
    x = call.operands[0]
    return f"reverse({x})" if len(call.shapes[0]) == 1 else f"reverse({x}; dims={axis_of(call)})"


def circshift(text: str, shifts: list[int]) -> str:
    return f"circshift({text}, {shifts[0] if len(shifts) == 1 else f'({dims(shifts)})'})"


def _roll(call: Call) -> str:
    shifts = [0] * len(call.shapes[0])
    shifts[axis_of(call) - 1] = call.params["shift"]
    return circshift(call.operands[0], shifts)


def _broadcast_to(call: Call) -> str:
    x, shape, target = call.operands[0], call.shapes[0], tuple(call.params["shape"])
    if not shape:
        return f"fill({x}, {dims(target)})" if target else x
    filled = (1,) * (len(target) - len(shape)) + shape
    counts = [n if m == 1 else 1 for m, n in zip(filled, target, strict=True)]
    text = reshaped(x, shape, filled)
    return text if set(counts) == {1} else f"repeat({text}, {dims(counts)})"


def _index(call: Call) -> str:
    index, shape = call.params["index"], call.shapes[0]
    if not index:
        return call.operands[0]
    keys = [str(i % n + 1) for i, n in zip(index, shape, strict=False)]
    return f"{call.operands[0]}[{', '.join(keys + [':'] * (len(shape) - len(index)))}]"


def range_text(found: range) -> str:
    """A range of indices, counted from 0, as Julia writes it."""
    if not len(found):
        return "1:0"
    step = f"{found.step}:" if found.step != 1 else ""
    return f"{found[0] + 1}:{step}{found[-1] + 1}"


def _slice(call: Call) -> str:
    n = call.shapes[0][axis_of(call) - 1]
    part = slice(*(call.params[k] for k in ("start", "stop", "step")))
    return along(call, range_text(range(*part.indices(n))))


def _take(call: Call) -> str:
    n = call.shapes[0][axis_of(call) - 1]
    return along(call, indices(i % n for i in call.params["indices"]))


def of_matrix(template: str) -> Callable[[Call], str]:
    """A function of one matrix, not of a stack of matrices."""
    return lambda call: template.format(only(call, 2), *call.operands[1:], **call.params)


def _matmul(call: Call) -> str:
    a, b = call.operands
    match tuple(map(len, call.shapes)):
        case 1, 1:
            return f"LinearAlgebra.dot({a}, {b})"
        case (2, 1) | (2, 2):
            return f"{a} * {b}"
        case 1, 2:
            return f"transpose({b}) * {a}"
    raise UnsupportedOperation("matmul of stacks")


def contracted(call: Call, count: int) -> str:
    """The sum of products over the last `count` axes of one operand and the first of the other.

    Axes are merged with the first one running fastest, in both operands.
    """
    (a, b), (s, t) = call.operands, call.shapes
    if not s or not t:
        return f"{atom(a)} .* {atom(b)}"
    rest = s[: len(s) - count], t[count:]
    if not rest[0] and not rest[1]:
        return f"LinearAlgebra.dot({a}, {b})"
    k = math.prod(t[:count])
    left, right = (reshaped(a, s, (math.prod(rest[0]), k)), reshaped(b, t, (k, math.prod(rest[1]))))
    return reshaped(
        f"{left} * {right}", (math.prod(rest[0]), math.prod(rest[1])), (*rest[0], *rest[1])
    )


def _vecdot(call: Call) -> str:
    if set(map(len, call.shapes)) == {1}:
        return f"LinearAlgebra.dot({', '.join(call.operands)})"
    k = max(map(len, call.shapes))
    a, b = aligned(call)
    return f"dropdims(sum({a} .* {b}; dims={k}); dims={k})"


def _trace(call: Call) -> str:
    x, (m, n) = only(call, 2), call.shapes[0]
    return f"LinearAlgebra.tr({x})" if m == n else f"sum(LinearAlgebra.diag({x}))"


def _solve(call: Call) -> str:
    return f"{only(call, 2)} \\ {call.operands[1]}"


def _vector_norm(call: Call) -> str:
    if call.params["axis"] is None or len(call.shapes[0]) == 1:
        return f"LinearAlgebra.norm({call.operands[0]})"
    return f"sqrt.({reduced('sum', 'abs2, ')(call)})"


#: Functions of a number that have the operation's name.
SAME_NAME = (
    *("sin", "cos", "tan", "exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "tanh"),
    *("sinh", "cosh", "atan", "asin", "acos", "asinh", "acosh", "atanh", "abs", "sign"),
    *("floor", "ceil", "trunc", "round", "hypot", "copysign"),
)
CORE_TEMPLATES: dict[str, Template | None] = {
    **{name: dotted(name) for name in SAME_NAME},
    "square": broadcast("{0} .^ 2"),
    "reciprocal": dotted("inv"),
    "negative": broadcast(".-{0}"),
    "positive": broadcast(".+{0}"),
    "pow_int": broadcast("{0} .^ {exponent}"),
    "pow_float": broadcast("{0} .^ {exponent}"),
    "pow": broadcast("{0} .^ {1}"),
    "clip": broadcast("clamp.({0}, {min}, {max})"),
    "add": broadcast("{0} .+ {1}"),
    "subtract": broadcast("{0} .- {1}"),
    "multiply": broadcast("{0} .* {1}"),
    "divide": broadcast("{0} ./ {1}"),
    "maximum": dotted("max"),
    "minimum": dotted("min"),
    "atan2": dotted("atan"),
    "logaddexp": dotted("LogExpFunctions.logaddexp"),
    "remainder": dotted("mod"),
    "floor_divide": dotted("fld"),
    "less": broadcast("{0} .< {1}"),
    "greater": broadcast("{0} .> {1}"),
    "less_equal": broadcast("{0} .<= {1}"),
    "greater_equal": broadcast("{0} .>= {1}"),
    "equal": broadcast("{0} .== {1}"),
    "not_equal": broadcast("{0} .!= {1}"),
    "logical_and": broadcast("{0} .& {1}"),
    "logical_or": broadcast("{0} .| {1}"),
    "logical_xor": dotted("xor"),
    "logical_not": broadcast(".!{0}"),
    "where": dotted("ifelse"),
    "sum": reduced("sum"),
    "prod": reduced("prod"),
    "mean": reduced("Statistics.mean"),
    "max": reduced("maximum"),
    "min": reduced("minimum"),
    "cumulative_sum": scanned("cumsum"),
    "cumulative_prod": scanned("cumprod"),
    "stack": _stack,
    "concat": lambda call: _joined(list(call.operands), axis_of(call) - 1),
    "reshape": _reshape,
    "expand_dims": _expand_dims,
    "permute_dims": _permute_dims,
    "matrix_transpose": _matrix_transpose,
    "flip": _flip,
    "roll": _roll,
    "broadcast_to": _broadcast_to,
    "index": _index,
    "slice": _slice,
    "take": _take,
    "tril": of_matrix("LinearAlgebra.tril({0})"),
    "triu": of_matrix("LinearAlgebra.triu({0})"),
    "diag": "LinearAlgebra.diagm({0})",
    "diagonal": of_matrix("LinearAlgebra.diag({0})"),
    "matmul": _matmul,
    "tensordot": lambda call: contracted(call, call.params["axes"]),
    "outer": "{0} * transpose({1})",
    "vecdot": _vecdot,
    "trace": _trace,
    "det": of_matrix("LinearAlgebra.det({0})"),
    "inv": of_matrix("inv({0})"),
    "solve": _solve,
    "vector_norm": _vector_norm,
    "matrix_norm": of_matrix("LinearAlgebra.norm({0})"),
}
