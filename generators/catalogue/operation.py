"""The record of one operation, and helpers that write operations as text."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.catalogue.bodies import is_body
from ad_conformance.generators.catalogue.operands import OperandFamily

Array = np.ndarray
#: The largest length, and the most entries of what an operation makes inside. Far more than the
#: generator draws; a file with more could use up the memory.
MAX_SIZE = 4096
#: The most entries of one value. Functions of users have more than the generator draws.
MAX_ENTRIES = 2**16
#: The most repetitions of anything that takes time or memory; the generator draws at most 5.
MAX_TIMES = 64
#: The types of parameters in JSON, each with the predicate that its values satisfy.  All are
#: bounded, far above what is drawn: an operation must not run for long, or use up memory, before
#: its result can be checked.
PARAMETER_TYPES: dict[str, Callable[[Any], bool]] = {
    # An index into a value, or a number of entries.
    "int": lambda v: type(v) is int and abs(v) <= MAX_SIZE,
    "times": lambda v: type(v) is int and abs(v) <= MAX_TIMES,
    "bool": lambda v: type(v) is bool,
    "float": lambda v: type(v) is float,
    # One of a few names that the operation knows; it raises ValueError for any other.
    "name": lambda v: type(v) is str and v.isidentifier(),
    "axis": lambda v: v is None or PARAMETER_TYPES["int"](v),
    # A shape may have any numbers in it: the size is checked before there is such a value.
    "ints": lambda v: (
        isinstance(v, tuple) and len(v) <= MAX_ENTRIES and all(type(i) is int for i in v)
    ),
    "some ints": lambda v: PARAMETER_TYPES["ints"](v) and len(v) > 0,
    "list of times": lambda v: PARAMETER_TYPES["ints"](v) and all(map(PARAMETER_TYPES["times"], v)),
    # By how much each axis grows, or how often it is repeated; the value grows by the product.
    "growth": lambda v: PARAMETER_TYPES["ints"](v) and math.prod(1 + abs(i) for i in v) <= MAX_SIZE,
    # The order of a norm: a number, or a name if JSON has no such number.
    "order": lambda v: type(v) is float or v in ("inf", "-inf", "nuc"),
    "subscripts": lambda v: (
        type(v) is str and re.fullmatch(r"[a-h]{0,4}(,[a-h]{0,4}){0,3}->[a-h]{0,3}", v) is not None
    ),
    "indices": lambda v: _entries(v, int) <= MAX_ENTRIES,
    "array": lambda v: _entries(v, float) <= MAX_ENTRIES,
    "body": is_body,
}


def _entries(value: Any, kind: type) -> float:
    """The number of values of that kind in nested tuples; infinity if there is anything else."""
    if isinstance(value, tuple):
        return sum(_entries(v, kind) for v in value)
    return 1 if type(value) is kind else math.inf


@dataclass(frozen=True)
class Call:
    """One step as a template sees it: the operands as text, the parameters, the shapes."""

    operands: tuple[str, ...]
    params: Mapping[str, Any]
    shapes: tuple[tuple[int, ...], ...]


Template = str | Callable[[Call], str]


def unbound(*_operands: Any, **_params: Any) -> Any:
    """`evaluate` of an operation with a definition, until `bound_to` replaces it."""
    raise RuntimeError("bind the operation to the catalogue that its definition calls")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A row of the catalogue.

    evaluate: computes the operation on float64 arrays and on object arrays of balls.
    template: how dialects write it by default; None if only engines with a template of their own
        have it.
    operands: how its operands and parameters are drawn.
    arity: the number of operands; None for one or more.
    params: the type of each parameter, by name.
    exact: whether operands that are multiples of a power of two give a result without rounding.
    literals: whether scalar constants are written as literals.
    curvature: how the result depends on the operands, apart from kinks.
    terms: the size of terms that may cancel in the usual formulas for the result or for its
        derivatives, such as 1 in 1 - tanh(x)**2; None if there are no such terms.
    term_scale: what each further order of a derivative divides those terms by, by the operands and
        parameters; None: 1, and the entries themselves if the operation is none on entries.
    mixes: whether the usual algorithms have errors relative to the largest entry of an operand.
    exponent: the size of the exponents of e in the usual formulas for the derivatives, by the
        result and the operands. An error of an exponent, relative to it, makes one of the
        derivatives that is as many times as large. None if there are none, or they are exact.
    in_steps: the same function by elementary operations, as a definition; its rounding errors stand
        for those of the usual formulas for the derivatives. None for elementary operations.
    weight: how often it is drawn: more for rules with special cases, 0 for steps that only help
        others.
    definition: how a derived operation computes its result by other operations.
    elementwise: whether each entry of the result depends on one entry of the only operand.
    broadcasts: whether each entry of the result depends on one entry of each of several operands,
        which are broadcast.
    truth_values: the indices of operands that are truth values; all others are numbers.
    large: whether its operands and its result may have more entries and axes than other values.
    summary: what it computes, in one sentence, if neither the name says so nor the docstring of a
        definition.
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
    terms: Callable[..., Any] | None = None
    term_scale: Callable[..., Any] | None = None
    mixes: bool = False
    exponent: Callable[..., Any] | None = None
    in_steps: Callable[..., Any] | None = None
    weight: int = 1
    definition: Callable[..., Any] | None = None
    elementwise: bool = False
    broadcasts: bool = False
    truth_values: tuple[int, ...] = ()
    large: bool = False
    summary: str = ""

    @property
    def meaning(self) -> str:
        """What it computes, in a sentence; "" if it is the function of this name of the array API
        standard, NumPy or SciPy.
        """
        docstring = self.definition.__doc__ if self.definition else None
        return " ".join((docstring or self.summary).partition("\n\n")[0].split())

    @property
    def operand_names(self) -> tuple[str, ...]:
        """The names of its operands, those that may be left out in brackets; ("...",) for one or
        more.
        """
        function, found = self.definition or self.evaluate, []
        # Not of ufuncs: whether these have a signature depends on the release of NumPy.
        if inspect.isfunction(function):
            found = list(inspect.signature(function).parameters.values())
        named = [
            p for p in found[self.definition is not None :] if p.kind is p.POSITIONAL_OR_KEYWORD
        ]
        if self.arity is None:
            names = (p.name if p.default is p.empty else f"[{p.name}]" for p in named)
            return tuple(names) or ("...",)
        if len(named) == self.arity:
            return tuple(p.name for p in named)
        return ("x",) if self.arity == 1 else tuple(f"x{i + 1}" for i in range(self.arity))

    def bound_to(self, namespace: Any) -> Operation:
        """The same operation; if a definition gives it, it calls the operations of `namespace`."""
        definition = self.definition
        if definition is None:
            return self
        return replace(
            self, evaluate=lambda *ops, **params: as_array(definition(namespace, *ops, **params))
        )

    @property
    def call(self) -> str:
        """The operation as a call of a function of the same name, with operands and parameters."""
        return f"xp.{self.name}({', '.join(['{args}', *(f'{p}={{{p}!r}}' for p in self.params)])})"


def _subscript(call: Call, key: str) -> str:
    """A subscript with `key` at the axis of the call, and all entries of the axes before it."""
    return ", ".join([":"] * (call.params["axis"] % len(call.shapes[0])) + [key])


def along(call: Call, key: str, through: str = "") -> str:
    """The first operand as text, then `through`, then a subscript with `key` at the axis of the
    call.
    """
    return f"{call.operands[0]}{through}[{_subscript(call, key)}]"


def whole_index(call: Call) -> list[Any]:
    """For each axis, the indices of the entries that an array of indices selects along the axis of
    the call.
    """
    indices = np.array(call.params["indices"], dtype=int)
    axis = call.params["axis"] % indices.ndim
    grid = list(np.indices(indices.shape))
    grid[axis] = indices % call.shapes[0][axis]
    return [g.tolist() for g in grid]


def padded(function: str, mode: str) -> Callable[[Call], str]:
    """The template of a pad for an engine whose `function` takes one pair of widths for each axis,
    as numpy.pad does.
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
    """A parameter as text; infinite orders of norms, which JSON writes as names, as floats."""
    return f"float({value!r})" if value in ("inf", "-inf") else repr(value)


def index_text(call: Call) -> str:
    return f"{call.operands[0]}[{', '.join(map(str, call.params['index']))}]"
