"""How C++ with <cmath> writes operations: as the loops that a programmer writes by hand."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from ad_conformance.engines.adapters.enzyme.llvm.expressions import EXPRESSIONS
from ad_conformance.engines.adapters.enzyme.llvm.loops import (
    AXES,
    Writer,
    contraction,
    einsum,
    elementwise,
    embedded,
    entry,
    flat,
    joined,
    loops,
    moved,
    moving,
    over,
    reduced,
    scanned,
    strides,
)
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.extra.control_flow import body_text
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.render.dialect import UnsupportedOperation

#: Operations that only move entries.
MOVING = (
    *("reshape", "expand_dims", "permute_dims", "matrix_transpose", "flip", "roll"),
    *("broadcast_to", "index", "slice", "take", "diagonal", "take_along_axis", "unstack", "split"),
    *("pad_edge", "pad_reflect", "pad_wrap", "tile", "repeat", "roll_axes", "rot90", "moveaxis"),
    *("squeeze", "unfold", "diagonal_offset"),
)


def _triangle(lower: bool) -> Writer:
    def write_call(call: Call) -> str:
        (shape,) = call.shapes
        k = call.params.get("k", 0)
        row, column = (AXES[a] if shape[a] > 1 else "0" for a in (len(shape) - 2, len(shape) - 1))
        edge = f"{row} + {k}" if k > 0 else f"{row} - {-k}" if k else row
        at = flat(shape, AXES)
        kept = f"{column} {'<=' if lower else '>='} {edge}"
        return loops(shape, f"OUT[{at}] = {kept} ? {call.operands[0]}[{at}] : 0.0;")

    return write_call


def _matmul(call: Call) -> str:
    a, b = call.shapes
    before = max(len(a), len(b)) - 2
    batch = "cdef"[: max(before, 0)]
    first = batch[len(batch) - (len(a) - 2) :] + "ik" if len(a) > 1 else "k"
    second = batch[len(batch) - (len(b) - 2) :] + "kj" if len(b) > 1 else "k"
    result = batch + "i" * (len(a) > 1) + "j" * (len(b) > 1)
    return contraction(f"{first},{second}->{result}", call.operands, call.shapes)


def _tensordot(call: Call) -> str:
    a, b = (len(s) for s in call.shapes)
    n = call.params["axes"]
    letters = "abcdefgh"
    first, second = letters[:a], letters[a - n : a + b - n]
    return contraction(
        f"{first},{second}->{first[: a - n]}{second[n:]}", call.operands, call.shapes
    )


def _vecdot(call: Call) -> str:
    a, b = (len(s) for s in call.shapes)
    batch = "abcdef"[: max(a, b) - 1]
    terms = (f"{batch[len(batch) - n + 1 :]}k" for n in (a, b))
    return contraction(f"{','.join(terms)}->{batch}", call.operands, call.shapes)


def _trace(call: Call) -> str:
    batch = "abcdef"[: len(call.shapes[0]) - 2]
    return contraction(f"{batch}kk->{batch}", call.operands, call.shapes)


def _norm(axes: Callable[[Call], tuple[int, ...] | None]) -> Writer:
    return lambda call: over(
        call.operands[0],
        call.shapes[0],
        axes(call),
        False,
        "0.0",
        "{s} += {x} * {x}",
        "{s} = std::sqrt({s})",
    )


def _determinant(rows: list[list[str]]) -> str:
    """A determinant, by Laplace's expansion along the first row."""
    if len(rows) == 1:
        return rows[0][0]
    text = ""
    for k, first in enumerate(rows[0]):
        minor = _determinant([row[:k] + row[k + 1 :] for row in rows[1:]])
        if len(rows) > 2:
            minor = f"({minor})"
        sign = " - " if k % 2 else " + "
        text += f"{sign if k else ''}{first} * {minor}"
    return text


def _det(call: Call) -> str:
    (shape,) = call.shapes
    n, batch = shape[-1], shape[:-2]
    if n > 4:
        raise UnsupportedOperation("det of more than 4 rows")
    steps = strides(shape)

    def at(i: int, j: int) -> str:
        return f"{call.operands[0]}[{flat(batch, AXES, steps, i * n + j)}]"

    formula = _determinant([[at(i, j) for j in range(n)] for i in range(n)])
    return loops(batch, f"{entry('OUT', batch, flat(batch, AXES))} = {formula};")


ELIMINATION = """\
double m_OUT[{size}], r_OUT[{all}];
for (int i = 0; i < {size}; i++) m_OUT[i] = {a}[i];
for (int i = 0; i < {all}; i++) r_OUT[i] = {b};
for (int k = 0; k < {n}; k++) {{
  int p = k;
  for (int i = k + 1; i < {n}; i++) \
if (std::abs(m_OUT[{n} * i + k]) > std::abs(m_OUT[{n} * p + k])) p = i;
  if (p != k) {{
    for (int j = 0; j < {n}; j++) std::swap(m_OUT[{n} * k + j], m_OUT[{n} * p + j]);
    for (int j = 0; j < {c}; j++) std::swap(r_OUT[{c} * k + j], r_OUT[{c} * p + j]);
  }}
  for (int i = k + 1; i < {n}; i++) {{
    double q = m_OUT[{n} * i + k] / m_OUT[{n} * k + k];
    for (int j = k; j < {n}; j++) m_OUT[{n} * i + j] -= q * m_OUT[{n} * k + j];
    for (int j = 0; j < {c}; j++) r_OUT[{c} * i + j] -= q * r_OUT[{c} * k + j];
  }}
}}
for (int i = {last}; i >= 0; i--) for (int j = 0; j < {c}; j++) {{
  double s = r_OUT[{c} * i + j];
  for (int k = i + 1; k < {n}; k++) s -= m_OUT[{n} * i + k] * OUT[{c} * k + j];
  OUT[{c} * i + j] = s / m_OUT[{n} * i + i];
}}"""


def _eliminated(call: Call) -> str:
    """The solution of a system, or the inverse: Gaussian elimination with partial pivoting."""
    n = call.shapes[0][-1]
    if len(call.shapes[0]) > 2:
        raise UnsupportedOperation("systems in a stack")
    columns = n if len(call.shapes) == 1 else math.prod(call.shapes[1][1:])
    right = f"i % {n + 1} == 0 ? 1.0 : 0.0" if len(call.shapes) == 1 else f"{call.operands[1]}[i]"
    text = ELIMINATION.format(
        n=n, last=n - 1, c=columns, size=n * n, all=n * columns, a=call.operands[0], b=right
    )
    if columns > 1:
        return text
    # One column needs no loop.
    return re.sub(r"\b1 \* (\w) \+ j\b", r"\1", text.replace("for (int j = 0; j < 1; j++) ", ""))


def _updated(targets: Callable[..., np.ndarray], to: str) -> Writer:
    """The first operand's entries, updated at `targets` with those of the second.

    `to` is the template of the update of `{0}` with `{1}`.
    """

    def write_call(call: Call) -> str:
        shape, own = call.shapes
        size = math.prod(shape)
        at = np.asarray(targets(np.arange(size).reshape(shape), **call.params))
        copied = moved(call.operands[0], shape, np.arange(size))
        sources = np.arange(math.prod(own)).reshape(own)
        return f"{copied}\n{moved(call.operands[1], own, sources, at, to)}"

    return write_call


def _along(offsets: np.ndarray, indices: object, axis: int) -> np.ndarray:
    return np.take(offsets, np.asarray(indices, dtype=int), axis)


def _among(offsets: np.ndarray, indices: object, axis: int) -> np.ndarray:
    return np.take_along_axis(offsets, np.asarray(indices, dtype=int), axis)


def _slice(offsets: np.ndarray, axis: int, **key: int) -> np.ndarray:
    rows = np.moveaxis(offsets, axis, 0)
    return np.moveaxis(rows[key["start"] : key["stop"] : key["step"]], 0, axis)


def _shrunk(name: str) -> Writer:
    """Without a band to shrink, the function is the identity, which is smooth at zero."""
    return lambda call: elementwise(EXPRESSIONS[name] if call.params["lambd"] else "{0}")(call)


CHOLESKY = """\
for (int j = 0; j < {n}; j++) {{
  for (int i = 0; i < j; i++) OUT[{n} * i + j] = 0.0;
  for (int i = j; i < {n}; i++) {{
    double s = ({a}[{n} * i + j] + {a}[{n} * j + i]) / 2.0;
    for (int k = 0; k < j; k++) s -= OUT[{n} * i + k] * OUT[{n} * j + k];
    OUT[{n} * i + j] = i == j ? std::sqrt(s) : s / OUT[{n} * j + j];
  }}
}}"""


def _cholesky(call: Call) -> str:
    (shape,) = call.shapes
    if len(shape) > 2:
        raise UnsupportedOperation("factors of a stack")
    return CHOLESKY.format(n=shape[0], a=call.operands[0])


def _sort(call: Call) -> str:
    (shape,) = call.shapes
    n = shape[-1]
    if call.params["axis"] % len(shape) != len(shape) - 1:
        raise UnsupportedOperation("sorting along another axis than the last")
    copied = moved(call.operands[0], shape, np.arange(math.prod(shape)))
    order = ", std::greater<double>()" if call.params["descending"] else ""
    rows = f"for (int i = 0; i < {math.prod(shape)}; i += {n}) " if len(shape) > 1 else ""
    first, last = ("OUT + i", f"OUT + i + {n}") if rows else ("OUT", f"OUT + {n}")
    return f"{copied}\n{rows}std::sort({first}, {last}{order});"


def _outer_sum(call: Call) -> str:
    (n,), (m,) = call.shapes
    i, j = flat((n,), "i"), flat((m,), "j")
    return loops(
        (n, m), f"OUT[{flat((n, m), AXES)}] = {call.operands[0]}[{i}] + {call.operands[1]}[{j}];"
    )


def _inner(call: Call) -> str:
    a, b = (len(s) - 1 for s in call.shapes)
    first, second = "abcdefgh"[:a], "abcdefgh"[a : a + b]
    return contraction(f"{first}k,{second}k->{first}{second}", call.operands, call.shapes)


def _repeated(start: str, step: str) -> Writer:
    """For every entry, a number of steps that each begin with the result of the one before."""
    body = "{ double t = START; for (int p = 0; p < COUNT; p++) t = STEP; RESULT = t; }"

    def write_call(call: Call) -> str:
        (shape,) = call.shapes
        size = (math.prod(shape),) if shape else ()
        at = flat(size, AXES)
        x = entry(call.operands[0], shape, at)
        text = body.replace("START", start.format(x)).replace("STEP", step.format(x, **call.params))
        text = text.replace("COUNT", str(call.params["count"]))
        return loops(size, text.replace("RESULT", entry("OUT", shape, at)))

    return write_call


def _recurrence(step: str) -> Writer:
    """A recurrence over the entries of a vector, with the state after each entry kept."""

    def write_call(call: Call) -> str:
        ((n,), *_) = call.shapes
        met = step.format(*call.operands, **call.params)
        loop = f"for (int i = 0; i < {n}; i++) {{ h_OUT = {met}; OUT[i] = h_OUT; }}"
        return f"double h_OUT = 0.0;\n{loop}"

    return write_call


def _branch(call: Call) -> str:
    (shape,) = call.shapes
    size = (math.prod(shape),) if shape else ()
    x, out = (entry(name, shape, flat(size, AXES)) for name in (call.operands[0], "OUT"))
    threshold = call.params["threshold"]
    return (
        f"double s_OUT = 0.0;\n{loops(size, f's_OUT += {x};')}\n"
        f"if (s_OUT > {threshold}) {{ {loops(size, f'{out} = {x} * std::sin({x});')} }}\n"
        f"else {{ {loops(size, f'{out} = {x} * {x};')} }}"
    )


def _inside(derivative: str, more: str = "") -> Writer:
    """A derivative inside a program. The body, a function of t, becomes a C++ function."""

    def write_call(call: Call) -> str:
        text = body_text(replace(call, operands=("t", "c"))).replace("xp.", "std::")
        functions = f"static double body_OUT(double t, double c) {{\n  return {text};\n}}\n{more}"
        return f"{functions}\n{elementwise(derivative)(call)}"

    return write_call


SLOPE = "__enzyme_autodiff<double>((void*){f}_OUT, enzyme_out, {x}, enzyme_const, {c})"
BODY_SLOPE = SLOPE.format(f="body", x="t", c="c")
SLOPE_FUNCTION = f"static double slope_OUT(double t, double c) {{\n  return {BODY_SLOPE};\n}}\n"


def _descent(call: Call) -> str:
    rate, count = call.params["rate"], call.params["count"]
    function = (
        "static double descent_OUT(double t, double c) {\n"
        f"  for (int p = 0; p < {count}; p++) t -= {rate} * {BODY_SLOPE};\n  return t;\n}}\n"
    )
    return _inside("descent_OUT({0}, {1})", function)(
        replace(call, params={"body": call.params["body"]})
    )


SET, ADD, MULTIPLY, LARGEST = "{0} = {1}", "{0} += {1}", "{0} *= {1}", "{0} = std::max({0}, {1})"


def _padded(numbers: np.ndarray, widths: tuple[int, ...], value: float) -> np.ndarray:
    return np.asarray(CATALOGUE["pad_constant"].evaluate(numbers, widths=widths, value=0.0))


TEMPLATES: Mapping[str, Writer | None] = {
    **dict.fromkeys(CATALOGUE),
    **{name: elementwise(text) for name, text in EXPRESSIONS.items()},
    **{name: moving(CATALOGUE[name].evaluate) for name in MOVING},
    "stack": joined(lambda *parts, axis: np.stack(parts, axis)),
    "concat": joined(lambda *parts, axis: np.concatenate(parts, axis)),
    "diag": embedded(CATALOGUE["diag"].evaluate),
    "diag_embed": embedded(CATALOGUE["diag_embed"].evaluate),
    "pad_constant": embedded(_padded, lambda call: repr(call.params["value"])),
    **dict.fromkeys(("tril", "tril_offset"), _triangle(lower=True)),
    **dict.fromkeys(("triu", "triu_offset"), _triangle(lower=False)),
    # reductions and scans
    "sum": reduced("0.0", "{s} += {x}"),
    "prod": reduced("1.0", "{s} *= {x}"),
    "mean": reduced("0.0", "{s} += {x}", "{s} /= {n}"),
    "max": reduced("{x}", "{s} = std::max({s}, {x})"),
    "min": reduced("{x}", "{s} = std::min({s}, {x})"),
    "cumulative_sum": scanned("{s} + {x}"),
    "cumulative_prod": scanned("{s} * {x}"),
    "cumulative_max": scanned("std::max({s}, {x})"),
    "cumulative_min": scanned("std::min({s}, {x})"),
    "vector_norm": _norm(
        lambda call: None if call.params["axis"] is None else (call.params["axis"],)
    ),
    "matrix_norm": _norm(lambda call: (-2, -1)),
    # products
    "matmul": _matmul,
    "tensordot": _tensordot,
    "outer": einsum(lambda call: "i,j->ij"),
    "vecdot": _vecdot,
    "trace": _trace,
    "einsum": einsum(lambda call: call.params["subscripts"]),
    "det": _det,
    "inv": _eliminated,
    "solve": _eliminated,
    "lu_solve": _eliminated,
    "inner": _inner,
    "outer_sum": _outer_sum,
    "cholesky": _cholesky,
    "sort": _sort,
    "softshrink": _shrunk("softshrink"),
    "hardshrink": _shrunk("hardshrink"),
    # control flow, and derivatives within a program
    "associative_product": scanned("{s} * {x}"),
    "newton_sqrt": _repeated("1.0", "(t + {0} / t) / 2.0"),
    "logistic_map": _repeated("{0}", "{rate} * t * (1.0 - t)"),
    "scan_decay": _recurrence("{decay} * h_OUT + {0}[i]"),
    "scan_tanh": _recurrence("std::tanh({1} * h_OUT + {0}[i])"),
    "branch": _branch,
    "inner_derivative": _inside(SLOPE.format(f="body", x="{0}", c="{1}")),
    "inner_second_derivative": _inside(SLOPE.format(f="slope", x="{0}", c="{1}"), SLOPE_FUNCTION),
    "inner_pushforward": _inside(
        "__enzyme_fwddiff<double>((void*)body_OUT, enzyme_dup, {0}, {1}, enzyme_const, {1})"
    ),
    "descent": _descent,
    # updates
    "index_set": _updated(_along, SET),
    "slice_set": _updated(_slice, SET),
    "index_add": _updated(_along, ADD),
    "index_multiply": _updated(_along, MULTIPLY),
    "index_max": _updated(_along, LARGEST),
    "scatter_add": _updated(_among, ADD),
    "scatter_multiply": _updated(_among, MULTIPLY),
    "scatter_max": _updated(_among, LARGEST),
}
