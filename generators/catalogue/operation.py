"""What a row of the catalogue is."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.catalogue.operands import OperandFamily

Array = np.ndarray
#: Entries that one value may have: the generator stays far below, and a file must not take the
#: machine's memory.
MAX_SIZE = 4096
#: How often something may be done over, which takes as much time or room; the generator draws 5 at
#: most.
MAX_TIMES = 64
#: Parameter types as they stand in JSON, each with the predicate that its values satisfy. All are
#: bounded, far above what is drawn, so that no file makes an operation run on or take up memory
#: before its result can be looked at.
PARAMETER_TYPES: dict[str, Callable[[Any], bool]] = {
    # A place in a value, or a number of them.
    "int": lambda v: type(v) is int and abs(v) <= MAX_SIZE,
    "times": lambda v: type(v) is int and abs(v) <= MAX_TIMES,
    "bool": lambda v: type(v) is bool,
    "float": lambda v: type(v) is float,
    # A word of the row's own; the row raises ValueError for one that it does not know.
    "name": lambda v: type(v) is str and v.isidentifier(),
    "axis": lambda v: v is None or PARAMETER_TYPES["int"](v),
    # A shape may have any number in it: a value of that shape is looked at before there is one.
    "ints": lambda v: (
        isinstance(v, tuple) and len(v) <= MAX_SIZE and all(type(i) is int for i in v)
    ),
    "some ints": lambda v: PARAMETER_TYPES["ints"](v) and len(v) > 0,
    "list of times": lambda v: PARAMETER_TYPES["ints"](v) and all(map(PARAMETER_TYPES["times"], v)),
    # By how much each axis grows, or how often it is repeated: a value grows by all of them.
    "growth": lambda v: PARAMETER_TYPES["ints"](v) and math.prod(1 + abs(i) for i in v) <= MAX_SIZE,
    # Of a norm: a number, or a name where JSON has no number.
    "order": lambda v: type(v) is float or v in ("inf", "-inf", "nuc"),
    "subscripts": lambda v: (
        type(v) is str and re.fullmatch(r"[a-h]{0,4}(,[a-h]{0,4}){0,3}->[a-h]{0,3}", v) is not None
    ),
    "indices": lambda v: _entries(v, int) <= MAX_SIZE,
    "array": lambda v: _entries(v, float) <= MAX_SIZE,
}


def _entries(value: Any, kind: type) -> float:
    """How many there are in nested tuples of that kind, infinitely many where there is something
    else.
    """
    if isinstance(value, tuple):
        return sum(_entries(v, kind) for v in value)
    return 1 if type(value) is kind else math.inf


@dataclass(frozen=True)
class Call:
    """One step as a dialect sees it: texts of the operands, parameters, and the operands' shapes."""

    operands: tuple[str, ...]
    params: Mapping[str, Any]
    shapes: tuple[tuple[int, ...], ...]


Template = str | Callable[[Call], str]


def unbound(*_operands: Any, **_params: Any) -> Any:
    """`evaluate` of an operation with a definition, until `bound_to` replaces it."""
    raise RuntimeError("bind the operation to the catalogue that its definition calls")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A row.

    `arity` None means one operand or more. `exact`: dyadic operands give an exact result.
    `literals`: scalar constants may stand as literals. `curvature`: how the result depends on the
    operands, apart from kinks. `weight`: how often it is drawn, more where rules have special
    cases, 0 for what only other operations ask for. `terms`: the size of the terms of a result that
    may cancel, where curvature does not tell it. `spelling` None: only engines whose dialect spells
    it have it. `definition`: how a derived row is made of others; `enclosed`: the same function
    without what is infinite on the way, for values and balls. `elementwise`: each entry of the
    result is made of the entry at its place of the only operand, and of nothing else.
    `truth_values`: which operands are truth values; all others are numbers.
    """

    name: str
    evaluate: Callable[..., Any]
    template: Template | None
    operands: OperandFamily
    arity: int | None = 1
    params: Mapping[str, str] = field(default_factory=dict)
    exact: bool = False
    literals: bool = False
    curvature: Literal["linear", "multilinear", "nonlinear"] = "nonlinear"
    terms: Callable[..., float] | None = None
    weight: int = 1
    definition: Callable[..., Any] | None = None
    enclosed: Callable[..., Any] | None = None
    elementwise: bool = False
    truth_values: tuple[int, ...] = ()

    def bound_to(self, namespace: Any) -> Operation:
        """The same operation; if a definition gives it, it calls the operations of `namespace`."""
        definition = self.enclosed or self.definition
        if definition is None:
            return self
        return replace(
            self, evaluate=lambda *ops, **params: as_array(definition(namespace, *ops, **params))
        )

    @property
    def call(self) -> str:
        """The row as a call of a function that has its name, its operands and its parameters."""
        return f"xp.{self.name}({', '.join(['{args}', *(f'{p}={{{p}!r}}' for p in self.params)])})"

    def size_of_terms(self, operands: Sequence[Array], result: Array) -> float:
        """The magnitude of what is added up in the result, which may cancel and leave a result far
        smaller.
        """
        sizes = [float(np.max(np.abs(v), initial=0.0)) for v in operands if v.dtype != bool]
        own = float(np.max(np.abs(result), initial=0.0))
        # What is too large for a float is infinite.
        with np.errstate(all="ignore"):
            if self.terms is not None:
                return max(own, self.terms(*operands))
            match self.curvature:
                case "linear":
                    return max([own, *sizes])
                case "multilinear":
                    return max(own, float(np.prod(sizes)))
                case _:
                    return own


def _subscript(call: Call, key: str) -> str:
    """The subscript that selects `key` on the axis given in the parameters, and everything on those
    before it.
    """
    return ", ".join([":"] * (call.params["axis"] % len(call.shapes[0])) + [key])


def along(call: Call, key: str, through: str = "") -> str:
    """The first operand's text, then `through`, with a subscript that has `key` at the axis of the
    call.
    """
    return f"{call.operands[0]}{through}[{_subscript(call, key)}]"


def whole_index(call: Call) -> list[Any]:
    """For each axis the indices of the entries that an array of indices names along the axis of the
    call.
    """
    indices = np.array(call.params["indices"], dtype=int)
    axis = call.params["axis"] % indices.ndim
    grid = list(np.indices(indices.shape))
    grid[axis] = indices % call.shapes[0][axis]
    return [g.tolist() for g in grid]


def padded(function: str, mode: str) -> Callable[[Call], str]:
    """The spelling of a pad in an engine whose `function` takes what NumPy's takes: a pair of
    widths for each axis.
    """

    def write(call: Call) -> str:
        given = call.params["widths"]
        pairs = [(0, 0)] * (len(call.shapes[0]) - len(given) // 2)
        pairs += list(zip(given[::2], given[1::2], strict=True))[::-1]
        value = f", constant_values={call.params['value']}" if "value" in call.params else ""
        return f"{function}({call.operands[0]}, {pairs}, mode='{mode}'{value})"

    return write


def slice_text(call: Call) -> str:
    start, stop, step = (call.params[k] for k in ("start", "stop", "step"))
    key = f"{start}:{stop}" + (f":{step}" if step != 1 else "")
    return along(call, key)


def order_text(value: object) -> str:
    """A parameter as text; the order of a norm that JSON has no number for as a float."""
    return f"float({value!r})" if value in ("inf", "-inf") else repr(value)


def index_text(call: Call) -> str:
    return f"{call.operands[0]}[{', '.join(map(str, call.params['index']))}]"
