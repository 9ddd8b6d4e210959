"""Programs on balls whose operations are seen by a visitor, which may change values on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic.balls import Ranged, ranged
from ad_conformance.generators.arithmetic.numpy_ops import as_array, as_arrays
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.operation import Operation
from flint import acb, arb

Array = np.ndarray


BALLS = {arb, acb, Ranged}


def coerced(value: Array) -> Array:
    """The value as an object array of balls; truth values as they are."""
    # The sum over an empty axis and the zeros of diag and tril are Python integers in an object
    # array. They have no methods of balls.
    if value.dtype == bool or BALLS.issuperset(map(type, value.flat)):
        return value if value.dtype in (bool, object) else value.astype(object)
    out = np.empty(value.shape, dtype=object)
    for index, entry in np.ndenumerate(value):
        out[index] = entry if isinstance(entry, (arb, acb)) else arb(float(entry))
    return out


class Visitor:
    """Sees every operation of one evaluation, also those inside the definition of a derived
    operation, and may change operands and results. This one changes nothing.
    """

    def definition(self, op: Operation) -> Callable[..., Any] | None:
        """How the operation is computed by others; None if it is computed by itself."""
        return op.in_steps or op.definition

    def operands(self, op: Operation, operands: list[Array]) -> list[Array]:
        """The operands that the operation gets."""
        return operands

    def result(
        self, op: Operation, operands: list[Array], params: Mapping[str, Any], value: Array
    ) -> Array:
        """The result that later operations get."""
        return value


def applied(
    op: Operation, operands: list[Array], params: dict[str, Any], visitor: Visitor
) -> Array:
    """The operation on balls, seen by `visitor`."""
    operands = visitor.operands(op, operands)
    definition = visitor.definition(op)
    if definition is not None:
        given = definition(_Called(visitor), *(_seen(v, visitor) for v in operands), **params)
    else:
        given = op.evaluate(*operands, **params)
    return visitor.result(op, operands, params, coerced(np.asarray(as_array(given))))


class _Called:
    """The operations of the catalogue as a definition calls them."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor

    def __getattr__(self, name: str) -> Callable[..., Array]:
        op = CATALOGUE[name]

        def called(*operands: Any, **params: Any) -> Array:
            if len(operands) == 1 and isinstance(operands[0], list):
                operands = tuple(operands[0])
            given = [np.asarray(v) for v in as_arrays(operands)]
            result: Array = _seen(applied(op, given, params, self._visitor), self._visitor)
            return result

        return called


#: The operations that arithmetic operators stand for in definitions.
_OPERATORS: Mapping[Any, str] = {
    np.add: "add",
    np.subtract: "subtract",
    np.multiply: "multiply",
    np.divide: "divide",
    np.power: "pow",
    np.negative: "negative",
    np.matmul: "matmul",
}


class _Seen(np.ndarray):
    """An array of balls in a definition: the visitor sees arithmetic operators, too."""

    visitor: Visitor

    def __array_finalize__(self, origin: Any) -> None:
        self.visitor = getattr(origin, "visitor", self.visitor if origin is None else Visitor())

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        visitor = next(v.visitor for v in inputs if isinstance(v, _Seen))
        given = [np.asarray(v) if isinstance(v, _Seen) else v for v in inputs]
        if method == "__call__" and ufunc in _OPERATORS and not kwargs:
            op = CATALOGUE[_OPERATORS[ufunc]]
            return _seen(applied(op, as_arrays(given), {}, visitor), visitor)
        return _seen(getattr(ufunc, method)(*given, **kwargs), visitor)

    def __getitem__(self, key: Any) -> Any:
        return _seen(super().__getitem__(key), self.visitor)


def _seen(value: Any, visitor: Visitor) -> Any:
    """Balls as an array that `visitor` sees; other values as they are."""
    if isinstance(value, (arb, acb)):
        entry = np.empty((), dtype=object)
        entry[()] = value
        value = entry
    if not isinstance(value, np.ndarray) or value.dtype != object:
        return value
    view = value.view(_Seen)
    view.visitor = visitor
    return view


class Recorder(Visitor):
    """Keeps the operands of each call and, as the next item, its operands and result."""

    def __init__(self) -> None:
        self.seen: list[list[Array]] = []

    def operands(self, op: Operation, operands: list[Array]) -> list[Array]:
        self.seen.append(operands)
        return operands

    def result(
        self, op: Operation, operands: list[Array], params: Mapping[str, Any], value: Array
    ) -> Array:
        self.seen.append([*operands, value])
        return value


class Rounded(Visitor):
    """Makes each result enclose what an engine with rounding errors may have instead.

    A value of `bits` bits needs no rounding and stays as it is.
    """

    def __init__(self, bits: int, log_error: int) -> None:
        self.bits, self.error = bits, arb(0, 2.0**log_error)

    def result(
        self, op: Operation, operands: list[Array], params: Mapping[str, Any], value: Array
    ) -> Array:
        if value.dtype != object:
            return value
        out = np.empty(value.shape, dtype=object)
        for index, z in np.ndenumerate(value):
            out[index] = self._rounded(z)
        return out

    def _rounded(self, z: arb | acb) -> arb | acb:
        if not z.is_finite() or abs(z.real.mid().man_exp()[0]).bit_length() <= self.bits:
            return z
        wider = z + z * self.error
        if isinstance(z, Ranged):
            return ranged(
                acb(wider), (z.low + z.low * self.error).lower(), z.high + z.high * self.error
            )
        return wider
