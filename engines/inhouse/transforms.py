"""The public functions: derivatives of any order and nesting, compiled to NumPy.

A mode such as "RFR" names a nesting, outermost first: R is one reverse pass, F one forward
pass. Each letter is a full Jacobian level, so the result has the shape of the function's value
followed by the shape of the input once per letter, the newest input axes last.

Everything returned here is a plain callable, and callables nest: `grad(grad(f))`, or a derivative
inside a function that is itself differentiated, also through a closure. Called with numbers or
arrays, they compile themselves once per shape and dtype of the arguments, and run; called inside a
function that is being traced, they build into its graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.codegen.source import Source, generate
from ad_conformance.engines.inhouse.core.graph import Graph, Node
from ad_conformance.engines.inhouse.core.nesting import derivative
from ad_conformance.engines.inhouse.core.passes import backward_pass, forward_pass
from ad_conformance.engines.inhouse.errors import CompileError
from ad_conformance.engines.inhouse.namespace.tracer import TRACING, Array, Tracer, is_traced, nodes
from ad_conformance.engines.inhouse.optimize.graph import OptimizedGraph
from ad_conformance.engines.inhouse.optimize.lowering import lower
from ad_conformance.engines.inhouse.optimize.substitution import substitute
from ad_conformance.engines.inhouse.rules import ops
from ad_conformance.engines.inhouse.rules.table import PRIMITIVES

__all__ = [
    "CompileError",
    "Compiled",
    "compile",
    "explain",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "nest",
    "vjp",
]

Function = Callable[..., Any]
Build = Callable[[Graph, tuple[Node, ...]], Node]
_NUMBER = ((), np.dtype(np.float64))


class Compiled:
    """One program for one shape and dtype of its arguments: call it, or read its `source`.

    `operations` says how many it computes, and `run` is the bare function: unchecked, it takes
    arrays of these very shapes and dtypes, and NumPy scalars for 0-d ones.
    """

    __slots__ = ("_dtypes", "_shapes", "operations", "run", "source")

    def __init__(self, source: Source, inputs: Sequence[Node]) -> None:
        self.source = source.text
        self.operations = source.operations
        self.run = source.load()
        self._shapes = tuple(i.shape for i in inputs)
        self._dtypes = tuple(i.dtype for i in inputs)

    def __call__(self, *xs: Any) -> Array:
        """The value at xs. Raises TypeError for another number or other shapes of arguments."""
        if len(xs) == len(self._shapes) == 1:
            x = xs[0]
            if (
                type(x) is np.ndarray
                and x.ndim
                and x.shape == self._shapes[0]
                and x.dtype == self._dtypes[0]
            ):
                return self.run(x)  # type: ignore[no-any-return]
        arrays = [np.asarray(x, d) for x, d in zip(xs, self._dtypes, strict=False)]
        shapes = tuple([a.shape for a in arrays])
        if shapes != self._shapes or len(xs) != len(arrays):
            raise TypeError(
                f"compiled for shapes {self._shapes}, called with {tuple(np.shape(x) for x in xs)}"
            )
        return self.run(*[a if a.shape else a[()] for a in arrays])  # type: ignore[no-any-return]


def _floating(x: Any) -> Array:
    array = np.asarray(x)
    if array.dtype in (np.float64, np.float32):
        return array
    if array.dtype.kind not in "fiub":
        raise CompileError("input", (array.shape,), f"dtype {array.dtype} is not supported")
    return array.astype(np.float64)


class Derivative:
    """A function that compiles itself when it is called. `lower` compiles without a call."""

    def __init__(self, build: Build, title: str) -> None:
        self._build = build
        self._title = title
        self._cache: dict[Any, Compiled] = {}
        self._runs: dict[Any, Callable[..., Any]] = {}

    def lower(self, *xs: Any) -> Compiled:
        """The program for arguments of the shapes and dtypes of xs. Raises CompileError."""
        arrays = [_floating(x) for x in xs]
        graph = OptimizedGraph(PRIMITIVES)
        inputs = tuple([graph.input(a.shape, a.dtype) for a in arrays])
        TRACING.graphs.append(graph)
        try:
            out = self._build(graph, inputs)
        finally:
            TRACING.graphs.pop()
        program = Compiled(generate(inputs, lower(out), self._title), inputs)
        # Nodes and graph refer to each other: without this only the garbage collector frees them.
        graph.nodes.clear()
        return program

    def __call__(self, *xs: Any) -> Any:
        if TRACING.graphs:
            return self._inline(TRACING.graphs[-1], xs)
        if len(xs) == 1:
            # The usual case, kept short: for small programs this is half of the time of a call.
            x = xs[0]
            kind = type(x)
            if kind is np.ndarray and x.ndim:
                run = self._runs.get((x.shape, x.dtype))
                if run is not None:
                    return run(x)
            elif kind is float or kind is np.float64:
                run = self._runs.get(float)
                if run is not None:
                    return run(np.float64(x))
        if is_traced(*xs):
            raise CompileError("trace", (), "a tracer has leaked out of the function it belongs to")
        arrays = [_floating(x) for x in xs]
        key = tuple([(a.shape, a.dtype) for a in arrays])
        program = self._cache.get(key)
        if program is None:
            program = self._cache[key] = self.lower(*arrays)
            if len(xs) == 1:
                self._runs[float if key[0] == _NUMBER else key[0]] = program.run
        return program(*arrays)

    def _inline(self, graph: Graph, xs: Sequence[Any]) -> Any:
        """Build into the graph of the function that is being traced."""
        actual = [x.node if is_traced(x) else graph.constant(_floating(x)) for x in xs]
        if any(a.graph is not graph for a in actual):
            raise CompileError(
                "trace", (), "a tracer of another compilation has leaked into this one"
            )
        fresh = tuple([graph.fresh_variable(a) for a in actual])
        out = self._build(graph, fresh)
        for variable, node in zip(fresh, actual, strict=True):
            out = substitute(out, variable, node)
        return Tracer(out) if out.value is None else np.array(out.value)


class Nested(Derivative):
    """A derivative by a mode. `nest` of it lengthens the mode instead of nesting two functions."""

    function: Function
    mode: str
    argnum: int


def _trace(f: Function, graph: Graph, inputs: tuple[Node, ...]) -> Node:
    if isinstance(f, Derivative):
        return f._build(graph, inputs)  # its inputs are fresh already
    out = f(*[Tracer(i) for i in inputs])
    if is_traced(out):
        return out.node  # type: ignore[no-any-return]
    if isinstance(out, (list, tuple)) or out is None:
        shapes = tuple(i.shape for i in inputs)
        raise CompileError(
            "trace",
            shapes,
            f"the function returned {type(out).__name__}, not one array",
            graph.step,
        )
    # A constant result: of the dtype that the input suggests, if it is a Python number.
    return nodes(Tracer(inputs[0]), out)[1]


def compile(f: Function) -> Derivative:
    """f as a callable that is compiled once for each shape and dtype of its arguments.

    `compile(f).lower(x)` separates compiling from running: it returns the program for arguments
    like x.
    """
    return f if isinstance(f, Derivative) else Derivative(lambda g, xs: _trace(f, g, xs), _name(f))


def nest(f: Function, mode: str, argnum: int = 0) -> Derivative:
    """The derivative of f by the mode, outermost letter first, with respect to argument `argnum`.

    The result has the shape `f(x).shape + x.shape * len(mode)`. Raises ValueError for letters other
    than R and F.
    """
    if isinstance(f, Nested) and f.argnum == argnum:
        return nest(f.function, mode + f.mode, argnum)
    if set(mode) - {"R", "F"}:
        raise ValueError(f"a mode consists of the letters R and F, not {mode!r}")

    def build(graph: Graph, xs: tuple[Node, ...]) -> Node:
        out = _trace(f, graph, xs)
        return derivative(out, xs[argnum], mode)

    nested = Nested(build, f"{mode or 'value'} of {_name(f)}")
    nested.function, nested.mode, nested.argnum = f, mode, argnum
    return nested


def grad(f: Function, argnum: int = 0) -> Derivative:
    """The gradient of f by one reverse pass. Raises CompileError if f(x) is not a 0-d array."""

    def build(graph: Graph, xs: tuple[Node, ...]) -> Node:
        out = _trace(f, graph, xs)
        if out.shape != ():
            raise CompileError(
                "grad", (out.shape,), "the function's value is not a 0-d array", graph.step
            )
        return derivative(out, xs[argnum], "R")

    return Derivative(build, f"gradient of {_name(f)}")


def jacobian(f: Function, mode: str = "R", argnum: int = 0) -> Derivative:
    """The Jacobian, of shape f(x).shape + x.shape, by reverse ("R") or forward mode ("F")."""
    return nest(f, mode, argnum)


def hessian(f: Function, mode: str = "RR", argnum: int = 0) -> Derivative:
    """The second derivative, of shape f(x).shape + x.shape + x.shape."""
    return nest(f, mode, argnum)


def vjp(f: Function) -> Derivative:
    """The pullback of f: a function of x and a cotangent.

    The cotangent has the shape of f(x), the result that of x. More arguments of f are passed
    between the two.
    """
    return Derivative(lambda g, xs: _directed(f, g, xs, "R"), f"pullback of {_name(f)}")


def jvp(f: Function) -> Derivative:
    """The pushforward of f: a function of x and a tangent.

    The tangent has the shape of x, the result that of f(x). More arguments of f are passed between
    the two.
    """
    return Derivative(lambda g, xs: _directed(f, g, xs, "F"), f"pushforward of {_name(f)}")


def _directed(f: Function, graph: Graph, xs: tuple[Node, ...], letter: str) -> Node:
    """The pullback or pushforward along the last of xs."""
    *inputs, direction = xs
    out = _trace(f, graph, tuple(inputs))
    like = out if letter == "R" else inputs[0]
    if direction.shape != like.shape:
        what = "cotangent" if letter == "R" else "tangent"
        raise CompileError(what, (direction.shape, like.shape), "the shapes differ", graph.step)
    if direction.dtype != like.dtype:
        direction = ops.astype(direction, like.dtype)
    go = backward_pass if letter == "R" else forward_pass
    return go(out, inputs[0], direction)


def hvp(f: Function, mode: str = "FR") -> Derivative:
    """The Hessian of a function of one argument, times a vector: a function of x and v.

    v has the shape of x. FR pushes v through the gradient. RR pulls it back through the gradient.
    RF takes the gradient of the pushforward along v. FF pushes v through a forward gradient. The
    result has the shape f(x).shape + x.shape. Raises ValueError for other modes.
    """
    if len(mode) != 2 or set(mode) - {"R", "F"}:
        raise ValueError(
            f"a Hessian-vector product has a mode of two letters R and F, not {mode!r}"
        )

    def build(graph: Graph, xs: tuple[Node, ...]) -> Node:
        x, v = xs
        if v.shape != x.shape:
            raise CompileError("hvp", (x.shape, v.shape), "the shapes differ", graph.step)
        out = _trace(f, graph, (x,))
        if mode == "RF":
            return derivative(forward_pass(out, x, v), x, "R")
        first = derivative(out, x, mode[1])
        if mode[0] == "F":
            return forward_pass(first, x, v)
        if out.shape != ():
            raise CompileError(
                "hvp", (out.shape,), "RR needs a function whose value is a number", graph.step
            )
        return backward_pass(first, x, v)

    return Derivative(build, f"Hessian-vector product ({mode}) of {_name(f)}")


def explain(f: Function, *xs: Any, mode: str = "RR") -> str:
    """The NumPy source that computes the derivative of f by the mode, for arguments like xs."""
    return nest(f, mode).lower(*xs).source


def _name(f: Function) -> str:
    return f._title if isinstance(f, Derivative) else getattr(f, "__name__", "f").strip("<>")
