"""Further names in PyTorch of functions that move, select and compare entries, and of matrices."""

from __future__ import annotations

import math

import numpy as np
from ad_conformance.engines.adapters.numpy_calls import (
    SPLITS,
    Fitting,
    Writer,
    equal_parts,
    in_one_axis,
    indexed,
    no_number,
    of_rank_from,
    of_ranks,
    one_axis,
    split_in,
    text_of,
)
from ad_conformance.generators.catalogue.bodies import written
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.render.dialect import Name

ATEN = "torch.ops.aten"
_LONG = "torch.tensor({list}, dtype=torch.long)"


def _positive_rows(text: str) -> Fitting:
    """A template with `{n}`, the length of the first axis, which is not 0."""

    def write(call: Call) -> str | None:
        shape = call.shapes[0]
        return text.format(*call.operands, n=shape[0]) if shape and shape[0] else None

    return write


def _shapes(text: str) -> Name:
    """A template of a reshape with `{rows}`, the strides of a contiguous result."""

    def write(call: Call) -> str:
        # One length may be -1.
        shape = np.empty(call.shapes[0]).reshape(call.params["shape"]).shape
        rows = tuple(math.prod(shape[k + 1 :]) for k in range(len(shape)))
        return text.format(call.operands[0], shape=shape, rows=rows)

    return write


def _at(text: str) -> Writer:
    """A template with `{key}`, a list of indices of which those before the axis are None."""

    def write(call: Call) -> str:
        axis = call.params["axis"] % len(call.shapes[0])
        n = call.shapes[0][axis]
        indices = [i % n for i in call.params["indices"]]
        key = [*["None"] * axis, _LONG.format(list=indices)]
        return text.format(*call.operands, key=f"[{', '.join(key)}]")

    return write


def _first_axis(text: str) -> Fitting:
    """The same for the first axis only."""
    return lambda call: text_of(_at(text), call) if call.params["axis"] in _firsts(call) else None


def _firsts(call: Call) -> tuple[int, int]:
    return 0, -len(call.shapes[0])


def _different(text: str) -> Fitting:
    """A template for indices that all differ."""

    def write(call: Call) -> str | None:
        n = call.shapes[0][call.params["axis"]]
        rows = np.array(call.params["indices"], dtype=int) % n
        flat = rows.ravel().tolist()
        return None if len(set(flat)) < len(flat) else indexed(text, _LONG)(call)

    return write


def _whole(text: str) -> Fitting:
    """A reduction of all entries."""

    def write(call: Call) -> str | None:
        if call.params["axis"] is not None or call.params["keepdims"]:
            return None
        return text_of(text, call)

    return write


def _odd(fitting: Fitting) -> Fitting:
    """A median of an odd number of entries, for which all definitions agree."""

    def write(call: Call) -> str | None:
        axis = call.params["axis"]
        n = math.prod(call.shapes[0]) if axis is None else call.shapes[0][axis]
        return fitting(call) if n % 2 else None

    return write


def _joined_at(text: str, axis: int, *ranks: int) -> Fitting:
    """A concatenation along one axis of arrays with one of these numbers of axes."""

    def write(call: Call) -> str | None:
        rank = len(call.shapes[0])
        if rank not in ranks or call.params["axis"] % rank != axis:
            return None
        return text_of(text, call)

    return write


def _ascending(text: str) -> Fitting:
    fitting = in_one_axis(text, 0)
    return lambda call: None if call.params["descending"] else fitting(call)


def _triangular(call: Call) -> str | None:
    p = call.params
    if not p["left"] or len(call.shapes[1]) < 2:
        return None
    return (
        f"torch.triangular_solve({call.operands[1]}, {call.operands[0]}, upper={p['upper']}, "
        f"transpose={p['transpose']}, unitriangular={p['unit_diagonal']}).solution"
    )


def _one_row(text: str) -> Fitting:
    return lambda call: text_of(text, call) if call.shapes[0].count(1) == 1 else None


def _sum_to_size(call: Call) -> str:
    axis, shape = call.params["axis"], list(call.shapes[0])
    kept = [1] * len(shape)
    if axis is not None:
        kept = list(shape)
        kept[axis] = 1
    text = f"{call.operands[0]}.sum_to_size({kept})"
    if call.params["keepdims"]:
        return text
    return f"{text}.reshape(())" if axis is None else f"{text}.squeeze({axis})"


def _narrow(call: Call) -> str | None:
    p = call.params
    n = p["stop"] - p["start"]
    if p["step"] != 1 or p["start"] < 0 or n < 0 or p["stop"] > call.shapes[0][p["axis"]]:
        return None
    return f"torch.narrow({call.operands[0]}, {p['axis']}, {p['start']}, {n})"


_STRIDED = "{0}.clone(memory_format=torch.contiguous_format)"
_PAIR = "torch.stack(torch.broadcast_tensors({0}, {1}), -1)"

NAMES: dict[str, tuple[Name, ...]] = {
    "positive": (
        "{0} + torch.fill({0}, 0.0)", "{0} + {0}.clone().fill_(0.0)", "{0} + {0}.clone().zero_()",
        "{0}.resolve_conj()", "{0}.resolve_neg()", f"{ATEN}.lift_fresh({{0}})",
        "torch.atleast_1d({0}).reshape({0}.shape)",
        of_rank_from("torch.atleast_2d({0})", 2), of_rank_from("torch.atleast_3d({0})", 3),
        _positive_rows("torch.nn.utils.rnn.pack_padded_sequence({0}[:, None], [{n}]).data"),
    ),
    "add": (no_number("{1}.__radd__({0})"),),
    "multiply": (no_number("{1}.__rmul__({0})"),),
    "remainder": (no_number("{1}.__rmod__({0})"),),
    "squeeze": (_one_row("{0}.clone().squeeze_()"), _one_row("torch.squeeze_copy({0})")),
    "broadcast_to": (
        of_ranks("torch.fill({0}.new_zeros({shape}), {0})", 0),
        of_ranks("{0}.new_zeros({shape}).fill_({0})", 0),
        "{0}.expand_as(torch.empty({shape}))",
    ),
    "reshape": (
        _shapes(f"{ATEN}._reshape_alias_copy({{0}}.contiguous(), {{shape}}, {{rows}})"),
        _shapes("{0}.contiguous().view_as(torch.empty({shape}))"),
        _shapes("{0}.reshape_as(torch.empty({shape}))"),
        lambda call: (
            f"torch.flatten({call.operands[0]})" if len(call.params["shape"]) == 1 else None
        ),
        lambda call: (
            f"torch.unflatten({call.operands[0]}, 0, {call.params['shape']})"
            if len(call.shapes[0]) == 1 and call.shapes[0] != (0,) and call.params["shape"]
            else None
        ),
    ),
    "sum": (_sum_to_size,),
    "matrix_transpose": (of_ranks("{0}.T", 2), of_ranks("{0}.H", 2), "{0}.mH",
                         of_ranks("torch.transpose({0}, 0, 1)", 2)),
    "flip": (in_one_axis("torch.flipud({0})", 0), in_one_axis("torch.fliplr({0})", 1)),
    "concat": (_joined_at("torch.hstack([{args}])", 0, 1),
               _joined_at("torch.hstack([{args}])", 1, 2, 3),
               _joined_at("torch.vstack([{args}])", 0, 2, 3),
               _joined_at("torch.dstack([{args}])", 2, 3),
               _joined_at("torch.column_stack([{args}])", 1, 2)),
    "split": (*(split_in(f"torch.{name}", axis) for axis, name in enumerate(SPLITS)),
              equal_parts("torch.unsafe_chunk({0}, {sections}, {axis})[{which}]")),
    "slice": (_narrow,),
    "sort": (_ascending("torch.msort({0})"),),
    "take": (_at(f"{ATEN}._unsafe_index({{0}}, {{key}})"),
             _first_axis(f"{ATEN}._unsafe_masked_index({{0}}, torch.ones((), dtype=torch.bool), "
                         "{key}, 0.0)")),
    "index_set": (_at(f"{ATEN}._unsafe_index_put({{0}}, {{key}}, {{1}})"),
                  _at(f"{ATEN}._index_put_impl_({{0}}.clone(), {{key}}, {{1}})"),
                  _first_axis("{0}.clone().index_put_({key}, {1})"),
                  _different("{0}.index_copy({axis}, {indices}, {1})"),
                  _different("{0}.clone().index_copy_({axis}, {indices}, {1})"),
                  _different("{0}.index_fill({axis}, {indices}, 0.0)"
                             ".index_add({axis}, {indices}, {1})")),
    "index_add": (_at(f"{ATEN}.index_put({{0}}, {{key}}, {{1}}, True)"),
                  _first_axis(f"{ATEN}._unsafe_masked_index_put_accumulate({{0}}, "
                              "torch.ones((), dtype=torch.bool), {key}, {1})"),
                  indexed("{0}.clone().index_add_({axis}, {indices}, {1})", _LONG)),
    "scatter_set": (_different("{0}.scatter({axis}, {indices}, 0.0)"
                               ".scatter_add({axis}, {indices}, {1})"),),
    "as_strided": (f"torch.as_strided_copy({_STRIDED}, {{shape}}, {{strides}}, {{offset}})",
                   f"{_STRIDED}.as_strided_({{shape}}, {{strides}}, {{offset}})"),
    "max": (_whole("torch.max({0}.flatten())"),
            one_axis("torch.max({0}, {axis}, {keepdims}).values")),
    "min": (_whole("torch.min({0}.flatten())"),
            one_axis("torch.min({0}, {axis}, {keepdims}).values")),
    "floor": (f"{ATEN}.div.Scalar_mode({{0}}, 1.0, rounding_mode='floor')",),
    "trunc": (f"{ATEN}.div.Scalar_mode({{0}}, 1.0, rounding_mode='trunc')",),
    "median": (_odd(one_axis("torch.nanmedian({0}, {axis}, {keepdims}).values")),
               _odd(one_axis("torch.median({0}, {axis}, {keepdims}).values")),
               _odd(_whole("torch.nanmedian({0}.flatten())")),
               _odd(_whole("torch.median({0}.flatten())")),
               "torch.nanquantile({0}, 0.5, dim={axis}, keepdim={keepdims})"),
    "quantile": ("torch.nanquantile({0}, torch.tensor({q}, dtype={0}.dtype), dim={axis})",),
    "trapezoid": ("torch.trapz({0}, {1}, dim={axis})",),
    "vector_norm": (
        one_axis(f"{ATEN}.norm.ScalarOpt_dim({{0}}, 2, [{{axis}}])",
                 f"{ATEN}.norm.Scalar({{0}}, 2)"),
        one_axis(f"{ATEN}.norm.ScalarOpt_dim_dtype({{0}}, 2, [{{axis}}], False, "
                 "dtype={0}.dtype)",
                 f"{ATEN}.norm.ScalarOpt_dtype({{0}}, 2, dtype={{0}}.dtype)"),
        one_axis("torch.linalg.norm({0}, dim={axis})"),
        one_axis("torch.norm({0}, dim={axis})"),
    ),
    "matrix_norm": ("torch.linalg.norm({0}, dim=(-2, -1))",),
    "matmul": ("{1}.__rmatmul__({0})",),
    "cross": ("torch.cross({0}, {1}, dim={axis})",),
    "pinv": ("torch.pinverse({0})",),
    "triangular_solve": (_triangular,),
    "lu_solve": (of_ranks("torch.lu_solve({1}, *torch.linalg.lu_factor({0}))", 2, 2),),
    "map_body": (lambda call: (
        f"torch.vmap(lambda t: {written(call.params['body'], c=call.operands[1])})"
        f"({call.operands[0]})"),),
    "complex_abs": (no_number(f"torch.abs(torch.view_as_complex({_PAIR}))"),),
    "complex_pairs_product": (
        "torch.view_as_real_copy(torch.view_as_complex({0}.contiguous()) * "
        "torch.view_as_complex({1}.contiguous()))",),
}  # fmt: skip
