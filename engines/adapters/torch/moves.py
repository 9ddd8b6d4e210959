"""How PyTorch scatters, selects and moves entries, with all options."""

from __future__ import annotations

import itertools

from ad_conformance.engines.adapters.numpy_calls import indexed, text_of, unless
from ad_conformance.generators.catalogue.operation import Call, Template

_LONG = "torch.tensor({list}, dtype=torch.long)"
_SELF = ", include_self={include_self})"


def _scatter_reduce(reduce: str) -> Template:
    def write_call(call: Call) -> str:
        text = indexed("torch.scatter_reduce({0}, {axis}, {indices}, {1}, ", _LONG)(call)
        return f"{text}'{reduce}'{_SELF.format(**call.params)}"

    return write_call


def _index_reduce(reduce: str) -> Template:
    def write_call(call: Call) -> str:
        text = indexed("torch.index_reduce({0}, {axis}, {indices}, {1}, ", _LONG)(call)
        return f"{text}'{reduce}'{_SELF.format(**call.params)}"

    return write_call


def _sorted_and_inside(call: Call) -> bool:
    ids = list(call.params["ids"])
    return ids == sorted(ids) and all(0 <= i < call.params["count"] for i in ids)


def _segment(reduce: str) -> Template:
    """PyTorch's segments follow each other, and are given by their lengths."""

    def write_call(call: Call) -> str:
        lengths = [call.params["ids"].count(k) for k in range(call.params["count"])]
        return (
            f"torch.segment_reduce({call.operands[0]}, '{reduce}', "
            f"lengths={_LONG.format(list=lengths)})"
        )

    return unless(lambda call: not _sorted_and_inside(call), "segments in any order", write_call)


def _nested(value: object) -> object:
    return [_nested(v) for v in value] if isinstance(value, tuple) else value


def _masked(template: str) -> Template:
    def write_call(call: Call) -> str:
        mask = f"torch.tensor({_nested(call.params['mask'])}, dtype=torch.bool)"
        return template.format(*call.operands, mask=mask)

    return write_call


def _index_put(call: Call) -> str:
    rows, columns = (_LONG.format(list=list(call.params[k])) for k in ("rows", "columns"))
    x, v = call.operands
    return f"torch.index_put({x}, ({rows}, {columns}), {v}, {call.params['accumulate']})"


def _put(call: Call) -> str:
    indices = _LONG.format(list=_nested(call.params["indices"]))
    x, v = call.operands
    return f"torch.put({x}, {indices}, {v}, {call.params['accumulate']})"


def _take_flat(call: Call) -> str:
    return f"torch.take({call.operands[0]}, {_LONG.format(list=_nested(call.params['indices']))})"


#: A copy, because strides and offset count the entries of the whole storage.
_ROWS = "{0}.clone(memory_format=torch.contiguous_format)"
_STRIDED = "{shape}, {strides}, {offset})"


def _split_at(call: Call) -> str:
    """By the lengths of the parts."""
    axis, n = call.params["axis"], call.shapes[0][call.params["axis"]]
    bounds = [0, *call.params["indices"], n]
    sizes = [b - a for a, b in itertools.pairwise(bounds)]
    return f"torch.split({call.operands[0]}, {sizes}, dim={axis})[{call.params['which']}]"


def _trace(call: Call) -> str:
    return text_of(MOVES["diagonal_axes"], call) + ".sum(-1)"


MOVES: dict[str, Template] = {
    **{
        f"scatter_reduce_{name}": _scatter_reduce(reduce)
        for name, reduce in (
            ("sum", "sum"),
            ("mean", "mean"),
            ("prod", "prod"),
            ("max", "amax"),
            ("min", "amin"),
        )
    },
    **{
        f"index_reduce_{name}": _index_reduce(reduce)
        for name, reduce in (("mean", "mean"), ("prod", "prod"), ("max", "amax"), ("min", "amin"))
    },
    **{f"segment_{name}": _segment(name) for name in ("sum", "mean", "prod", "max", "min")},
    "index_put": _index_put,
    "put": _put,
    "take_flat": _take_flat,
    "scatter_set": indexed("torch.scatter({0}, {axis}, {indices}, {1})", _LONG),
    "index_fill": indexed("torch.index_fill({0}, {axis}, {indices}, {1})", _LONG),
    "masked_fill": _masked("torch.masked_fill({0}, {mask}, {1})"),
    "masked_select": _masked("torch.masked_select({0}, {mask})"),
    "masked_scatter": _masked("torch.masked_scatter({0}, {mask}, {1})"),
    "select_scatter": "torch.select_scatter({0}, {1}, {axis}, {which})",
    "diagonal_scatter": (
        "torch.diagonal_scatter({0}, {1}, offset={offset}, dim1={axis1}, dim2={axis2})"
    ),
    "as_strided": f"torch.as_strided({_ROWS}, " + _STRIDED,
    "as_strided_scatter": f"torch.as_strided_scatter({_ROWS}, {{1}}, " + _STRIDED,
    "block_diag": "torch.block_diag({args})",
    "cartesian_prod": "torch.cartesian_prod({args})",
    "combinations": "torch.combinations({0}, r={r}, with_replacement={repeated})",
    "diagonal_axes": "torch.diagonal({0}, offset={offset}, dim1={axis1}, dim2={axis2})",
    "trace_axes": _trace,
    "swapaxes": "torch.transpose({0}, {axis1}, {axis2})",
    "flip_axes": "torch.flip({0}, {axes})",
    "rot90_axes": "torch.rot90({0}, {k}, dims={axes})",
    "roll_flat": "torch.roll({0}, {shift})",
    "move_axes": "torch.movedim({0}, {sources}, {destinations})",
    "split_at": _split_at,
}
