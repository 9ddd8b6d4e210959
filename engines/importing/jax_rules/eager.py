"""Functions of JAX whose Python code branches on values, followed operation by operation.

`jax.make_jaxpr` cannot trace them, but `jax.grad` can: it calls a function on arrays that know
their values. This does the same. It needs classes of JAX that are not public, so it is used only
where there is no jaxpr.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import jax
import numpy as np
from ad_conformance.engines.importing.jax_rules.values import Reader, Value, is_key, is_known

#: Without types, as its classes and functions have none.
core: Any = import_module("jax._src.core")
#: The shape and dtype of a value. Older releases have no jax.typeof.
_type_of: Any = getattr(jax, "typeof", None) or core.get_aval


class FollowedArray(core.Tracer):  # type: ignore[misc]
    """An array whose operations are followed. Where Python asks for its value, it is the value at
    the point, and the program relies on it.
    """

    def __init__(self, trace: Following, aval: Any, value: Value) -> None:
        # Not that of the class above, whose arguments differ from release to release.
        self._trace, self._line_info = trace, None
        self._type, self.value = aval, value

    @property
    def aval(self) -> Any:
        return self._type

    def to_concrete_value(self) -> Any:
        trace: Any = self._trace
        to: Reader = trace.to
        if self.aval.dtype.kind == "f":
            to.recorder.held.append(to.recorder.line)
        else:
            to.decided(self.value, self.aval.shape, self.aval.dtype)
        return to.at_point(self.value, self.aval)


class Following(core.Trace):  # type: ignore[misc]
    """Hands operations on arrays to a reader."""

    __slots__ = ("to",)

    def __init__(self, to: Reader) -> None:
        super().__init__()
        self.to = to

    def stage_value(self, val: Any) -> Any:
        return val

    def process_primitive(self, primitive: Any, tracers: Sequence[Any], params: Any, /) -> Any:
        if not any(isinstance(t, FollowedArray) for t in tracers):
            return primitive.bind(*tracers, **params)
        avals = [_type_of(t) for t in tracers]
        known = [
            t.value if isinstance(t, FollowedArray) else t if is_key(aval) else np.asarray(t)
            for t, aval in zip(tracers, avals, strict=True)
        ]
        traced = jax.make_jaxpr(lambda *xs: primitive.bind(*xs, **params))(*avals)
        made = self.to.run(traced.jaxpr, traced.consts, known)
        results = [
            self._wrapped(var.aval, value)
            for var, value in zip(traced.jaxpr.outvars, made, strict=True)
        ]
        return results if primitive.multiple_results else results[0]

    def _wrapped(self, aval: Any, value: Value) -> Any:
        if not is_known(value):
            return FollowedArray(self, aval, value)
        return value if is_key(value) else jax.numpy.asarray(np.broadcast_to(value, aval.shape))

    def process_custom_jvp_call(
        self, primitive: Any, fun: Any, jvp: Any, tracers: Any, /, **_: Any
    ) -> Any:
        return self._called(fun, tracers)

    def process_custom_vjp_call(
        self, primitive: Any, fun: Any, fwd: Any, bwd: Any, tracers: Any, /, **_: Any
    ) -> Any:
        return self._called(fun, tracers)

    def process_call(self, primitive: Any, fun: Any, tracers: Any, params: Any, /) -> Any:
        return self._called(fun, tracers)

    def _called(self, fun: Any, tracers: Any) -> Any:
        with core.set_current_trace(self):
            return fun.call_wrapped(*tracers)


def followed(f: Callable[[Any], Any], given: Any, to: Reader) -> Value:
    """The output of a function at the input of the recorder, with the shape of the output."""
    trace = Following(to)
    with core.set_current_trace(trace):
        output = f(FollowedArray(trace, _type_of(given), to.recorder.input))
    if isinstance(output, FollowedArray):
        return to.full(output.value, output.aval.shape)
    return np.asarray(output)
