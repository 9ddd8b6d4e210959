"""Templates that depend on the shapes and parameters of a call, for engines like NumPy.

Each function here makes a function of a `Call` that gives the call's text, from a template in which
names such as `{indices}` stand for what the function computes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.operation import Call, Template, along, order_text
from ad_conformance.generators.render.dialect import UnsupportedOperation

Writer = Callable[[Call], str]
#: A further name: None if the operands do not fit.
Fitting = Callable[[Call], str | None]


def text_of(template: Template, call: Call) -> str:
    """The text of a call: the template filled in, or what the template gives for the call."""
    if callable(template):
        return template(call)
    return template.format(*call.operands, args=", ".join(call.operands), **call.params)


def unless(refused: Callable[[Call], bool], reason: str, template: Template) -> Writer:
    """The template for an engine that does not have the calls for which `refused` is true.

    The result raises UnsupportedOperation with the reason for these calls.
    """

    def write_call(call: Call) -> str:
        if refused(call):
            raise UnsupportedOperation(reason)
        return text_of(template, call)

    return write_call


def axis_from_0(call: Call) -> int:
    """The axis of the call, not counted from the end."""
    return int(call.params["axis"]) % len(call.shapes[0])


def indices_from_0(call: Call) -> Any:
    """The indices of the call as a nested list, none of them counted from the end."""
    indices = np.array(call.params["indices"], dtype=int)
    return (indices % call.shapes[0][call.params["axis"]]).tolist()


def indexed(template: str, array: str) -> Writer:
    """A function of an array of indices, for an engine that counts indices from 0 only.

    `{indices}` in the template is `array`, with the list of indices in place of `{list}`; `{axis}`
    is the axis as it is asked, and `{axis_from_0}` the same counted from 0.
    """

    def write_call(call: Call) -> str:
        values = {"axis": call.params["axis"], "axis_from_0": axis_from_0(call)}
        indices = array.format(list=indices_from_0(call))
        return template.format(*call.operands, indices=indices, **values)

    return write_call


def selected(template: str, key: str, through: str = "") -> Writer:
    """A function of the entries along an axis, which are selected by a subscript.

    `{entries}` in the template is the first operand with the subscript, with `through` between the
    two. `key` is the template of the subscript at the axis; in it `{list}` stands for the indices.
    """

    def write_call(call: Call) -> str:
        indices = list(call.params.get("indices", ()))
        entries = along(call, key.format(list=indices, **call.params), through)
        return template.format(*call.operands, entries=entries)

    return write_call


def lists(template: str) -> Writer:
    """The template with lists for parameters that are tuples."""

    def write_call(call: Call) -> str:
        values = {k: list(v) if isinstance(v, tuple) else v for k, v in call.params.items()}
        return template.format(*call.operands, **values)

    return write_call


def norm(template: str) -> Writer:
    """The template with the orders of norms as text, `float('inf')` for instance."""
    return lambda call: template.format(
        *call.operands, **{k: order_text(v) for k, v in call.params.items()}
    )


def solver(template: str) -> Writer:
    """A solution of a linear system.

    Beside the operands and parameters, the template may have `{b_ndim}`, the number of axes of the
    right-hand side; of a triangular system also `{lower}`, the contrary of `{upper}`, and
    `{trans}`, 1 for the transposed matrix and 0 for the matrix itself.
    """

    def write_call(call: Call) -> str:
        values = dict(call.params, b_ndim=len(call.shapes[1]))
        if "upper" in values:
            values |= {"lower": not values["upper"], "trans": int(values["transpose"])}
        return template.format(*call.operands, **values)

    return write_call


def column_solver(template: str) -> Writer:
    """As `solver`, for an engine that takes no vector for the right-hand side: a column instead."""
    write_solution = solver(template)

    def write_call(call: Call) -> str:
        if len(call.shapes[1]) > 1:
            return write_solution(call)
        matrix, vector = call.operands
        column = Call((matrix, f"{vector}[:, None]"), call.params, call.shapes)
        return f"{write_solution(column)}[:, 0]"

    return write_call


def repeat(template: str, several: str) -> Writer:
    """Entries repeated `{count}` times.

    That is one number for all entries, or `several`, with a number for each entry in `{list}`.
    """

    def write_call(call: Call) -> str:
        repeats = list(call.params["repeats"])
        count = repeats[0] if len(repeats) == 1 else several.format(list=repeats)
        return template.format(*call.operands, count=count, axis=call.params["axis"])

    return write_call


def ascending_sort(sort: str, flip: str) -> Writer:
    """A sort of an engine that only sorts upwards: downwards, `{sorted}` is flipped."""

    def write_call(call: Call) -> str:
        ordered = text_of(sort, call)
        if not call.params["descending"]:
            return ordered
        return flip.format(sorted=ordered, axis=call.params["axis"])

    return write_call


def broadcast_mask(call: Call) -> str:
    """The mask of the call as an array of truth values with the shape of the operand."""
    mask = np.broadcast_to(np.array(call.params["mask"], dtype=bool), call.shapes[0])
    return f"np.array({mask.tolist()})"


def is_number(text: str) -> bool:
    """Whether the text of an operand is a plain number."""
    return re.fullmatch(r"\(?-?[\d.]+(e[+-]?\d+)?\)?", text) is not None


def no_number(text: str) -> Fitting:
    """A template whose operands must be arrays."""
    return lambda call: None if any(map(is_number, call.operands)) else text_of(text, call)


def of_ranks(text: str, *wanted: int) -> Fitting:
    """A template for operands with these numbers of axes."""
    return lambda call: text_of(text, call) if tuple(map(len, call.shapes)) == wanted else None


def in_one_axis(text: str, axis: int) -> Fitting:
    """A template for one value of the parameter `axis`."""
    return lambda call: (
        text_of(text, call)
        if call.params["axis"] is not None and call.params["axis"] % len(call.shapes[0]) == axis
        else None
    )


def of_square_matrix(text: str) -> Fitting:
    """A template for a square matrix."""

    def write(call: Call) -> str | None:
        shape = call.shapes[0]
        return text_of(text, call) if len(shape) == 2 and shape[0] == shape[1] else None

    return write


def one_axis(text: str, whole: str | None = None, kept: bool | None = None) -> Fitting:
    """A template of a reduction over one axis; `whole` of one over all axes.

    With `kept`, only calls with this value of `keepdims` have the template.
    """

    def write(call: Call) -> str | None:
        keepdims = call.params.get("keepdims", False)
        if call.params["axis"] is None:
            return (whole and not keepdims and text_of(whole, call)) or None
        return text_of(text, call) if kept in (None, keepdims) else None

    return write


def whole_axes(text: str) -> Fitting:
    """A template of a reduction with `{axes}`, a tuple of axes counted from 0, which it removes."""

    def write(call: Call) -> str | None:
        if call.params.get("keepdims"):
            return None
        every = tuple(range(len(call.shapes[0])))
        axes = every if call.params["axis"] is None else (axis_from_0(call),)
        return text.format(*call.operands, axes=axes)

    return write


def single_index(text: str) -> Fitting:
    """A template for an index of the first axis only, `{i}`."""

    def write(call: Call) -> str | None:
        index = call.params["index"]
        return text.format(call.operands[0], i=index[0]) if len(index) == 1 else None

    return write


def equal_parts(text: str) -> Fitting:
    """A template for `split` in equal parts of length `{n}`, `{sizes}` being the list of these."""

    def write(call: Call) -> str | None:
        length, sections = call.shapes[0][call.params["axis"]], call.params["sections"]
        if length % sections or not length:
            return None
        n = length // sections
        return text.format(call.operands[0], n=n, sizes=[n] * sections, **call.params)

    return write


def of_rank_from(text: str, least: int) -> Fitting:
    """A template for an operand with at least this number of axes."""
    return lambda call: text_of(text, call) if len(call.shapes[0]) >= least else None


#: Functions that split along the first and second axis.
SPLITS = ("vsplit", "hsplit")


def split_in(function: str, axis: int) -> Fitting:
    """A split in equal parts along one axis, which the function's name says."""
    fitting = in_one_axis(f"{function}({{0}}, {{sections}})[{{which}}]", axis)

    def write(call: Call) -> str | None:
        length = call.shapes[0][call.params["axis"]]
        if length % call.params["sections"] or not length:
            return None
        return fitting(call) if len(call.shapes[0]) > 1 else None

    return write


def split_in_depth(function: str) -> Fitting:
    """A split in equal parts along the last of one to three axes, as the third axis."""

    def write(call: Call) -> str | None:
        rank, p = len(call.shapes[0]), call.params
        if rank > 3 or p["axis"] % rank != rank - 1 or not call.shapes[0][-1]:
            return None
        if call.shapes[0][-1] % p["sections"]:
            return None
        missing = 3 - rank
        x = call.operands[0] + (f"[{', '.join(['None'] * missing)}]" if missing else "")
        first = f"[{', '.join(['0'] * missing)}]" if missing else ""
        return f"{function}({x}, {p['sections']})[{p['which']}]{first}"

    return write
