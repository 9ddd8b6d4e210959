"""Tracers: the arguments with which a user's function is called, so that it builds a graph."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np
from ad_conformance.engines.inhouse.core import tracing
from ad_conformance.engines.inhouse.core.graph import DType, Graph, Node, Shape, make
from ad_conformance.engines.inhouse.errors import CompileError
from ad_conformance.engines.inhouse.namespace import on_nodes

Array = np.ndarray[Any, np.dtype[Any]]
SINGLE: np.dtype[Any] = np.dtype(np.float32)
DOUBLE: np.dtype[Any] = np.dtype(np.float64)


class _Tracing(threading.local):
    def __init__(self) -> None:
        self.graphs: list[Graph] = []
        # The dtype of float64 constants that meet a tracer: float32 while a definition of the
        # catalogue runs on float32 operands.
        self.floating = DOUBLE


TRACING = _Tracing()


class Tracer(tracing.Tracer):
    """An array whose value is not known yet, with the operators of the array API standard."""

    __slots__ = ()
    __array_ufunc__ = None  # a NumPy array beside a tracer leaves the operation to the tracer
    __hash__ = None  # type: ignore[assignment]

    @property
    def shape(self) -> Shape:
        return self.node.shape

    @property
    def ndim(self) -> int:
        return len(self.node.shape)

    @property
    def size(self) -> int:
        return self.node.size

    @property
    def dtype(self) -> DType:
        return self.node.dtype

    @property
    def T(self) -> Tracer:  # noqa: N802
        if self.ndim < 2:
            return self
        return Tracer(on_nodes.permute_dims(begin(self), tuple(reversed(range(self.ndim)))))

    @property
    def mT(self) -> Tracer:  # noqa: N802
        return Tracer(on_nodes.matrix_transpose(begin(self)))

    def reshape(self, *shape: Any) -> Any:
        return Tracer(on_nodes.reshape(begin(self), shape[0] if len(shape) == 1 else shape))

    def __add__(self, other: Any) -> Any:
        return emit("add", self, other)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        return emit("multiply", self, other)

    __rmul__ = __mul__

    def __sub__(self, other: Any) -> Any:
        return emit("add", self, negated(other))

    def __rsub__(self, other: Any) -> Any:
        return emit("add", other, negated(self))

    def __truediv__(self, other: Any) -> Any:
        return emit("divide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return emit("divide", other, self)

    def __pow__(self, other: Any) -> Any:
        return power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return power(other, self)

    def __matmul__(self, other: Any) -> Any:
        return Tracer(on_nodes.matmul(*begun(self, other)))

    def __rmatmul__(self, other: Any) -> Any:
        return Tracer(on_nodes.matmul(*begun(other, self)))

    def __neg__(self) -> Any:
        return emit("multiply", -1.0, self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return emit("abs", self)

    def __gt__(self, other: Any) -> Any:
        return emit("greater", self, other)

    def __lt__(self, other: Any) -> Any:
        return emit("greater", other, self)

    def __ge__(self, other: Any) -> Any:
        return emit("greater_equal", self, other)

    def __le__(self, other: Any) -> Any:
        return emit("greater_equal", other, self)

    def __eq__(self, other: Any) -> Any:
        return emit("equal", self, other)

    def __ne__(self, other: Any) -> Any:
        return emit("logical_not", emit("equal", self, other))

    def __and__(self, other: Any) -> Any:
        return emit("logical_and", self, other)

    def __or__(self, other: Any) -> Any:
        return emit("logical_or", self, other)

    def __invert__(self) -> Any:
        return emit("logical_not", self)

    def __getitem__(self, key: Any) -> Any:
        return Tracer(on_nodes.getitem(begin(self), key))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d array")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    def __bool__(self) -> bool:
        self._refuse("bool", "Python control flow cannot depend on a traced value; use where")

    def __float__(self) -> float:
        self._refuse("float", "a traced value is not a number yet")

    def __int__(self) -> int:
        self._refuse("int", "a traced value is not a number yet")

    def __index__(self) -> int:
        self._refuse("index", "indices must be constant integers, not traced values")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        self._refuse(
            "array",
            "NumPy cannot compute with a traced value; use the functions of "
            "ad_conformance.engines.inhouse",
        )

    def _refuse(self, operation: str, why: str) -> NoReturn:
        raise CompileError(operation, (self.shape,), why, self.node.graph.step)

    def __repr__(self) -> str:
        return f"Tracer({self.node.op}, shape={self.shape}, dtype={self.dtype})"


def is_traced(*values: Any) -> bool:
    return any(isinstance(v, Tracer) for v in values)


def nodes(*values: Any) -> tuple[Node, ...]:
    """Operands as nodes of one graph; at least one of them is a tracer. Python numbers are weak."""
    graph = beside = None
    for v in values:
        if isinstance(v, Tracer):
            graph = graph or v.node.graph
            if v.node.graph is not graph:
                raise CompileError(
                    "trace", (v.shape,), "a tracer of another compilation has leaked into this one"
                )
            if beside is None or beside.kind != "f":
                beside = v.node.dtype
        elif not isinstance(v, (int, float)) and (beside is None or beside.kind != "f"):
            beside = _array(v).dtype
    assert graph is not None
    assert beside is not None
    return tuple([v.node if isinstance(v, Tracer) else _constant(graph, v, beside) for v in values])


def _constant(graph: Graph, value: Any, beside: np.dtype[Any]) -> Node:
    # A NumPy scalar such as float64 is also a Python float, but not a weak one.
    if type(value) in (int, float, bool):
        weak = beside.kind == "f" or not isinstance(value, float)
        return graph.full((), value, beside if weak else TRACING.floating)
    array = _array(value)
    if array.dtype.kind not in "fbiu":
        raise CompileError(
            "constant", (array.shape,), f"dtype {array.dtype} is not supported", graph.step
        )
    return graph.constant(array)


def _array(value: Any) -> Array:
    array = np.asarray(value)
    return array.astype(TRACING.floating, copy=False) if array.dtype == DOUBLE else array


def begin(x: Tracer) -> Node:
    """The node of an operation's operand; counts the step for error messages."""
    x.node.graph.step += 1
    return x.node


def begun(*values: Any) -> tuple[Node, ...]:
    """The nodes of an operation's operands; counts the step."""
    args = nodes(*values)
    args[0].graph.step += 1
    return args


def emit(op: str, *values: Any, params: Any = None) -> Any:
    """One traced operation. Raises CompileError."""
    return Tracer(make(op, *begun(*values), params=params))


def negated(x: Any) -> Any:
    if is_traced(x):
        return emit("multiply", -1.0, x)
    # A Python number must stay one: it takes the dtype of what it meets.
    return -x if type(x) in (int, float) else np.negative(x)


def power(x: Any, y: Any) -> Any:
    """x to the power y, of which at least one is a tracer."""
    base, exponent = nodes(x, y)
    if (
        exponent.value is not None
        and exponent.dtype != base.dtype
        and base.dtype.kind == "f" != exponent.dtype.kind
    ):
        return emit("power", x, exponent.value.astype(base.dtype))
    return emit("power", x, y)
