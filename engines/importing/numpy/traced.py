"""Arrays that record what a function computes with them, instead of NumPy arrays.

They implement NumPy's protocols: `__array_ufunc__`, `__array_function__`, `__array_namespace__`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from ad_conformance.engines.importing import lines
from ad_conformance.engines.importing.recorder import CannotImport
from ad_conformance.generators.rewrite.recording import Recorded

if TYPE_CHECKING:
    from ad_conformance.engines.importing.numpy.tracer import Tracer

Array = np.ndarray


class Traced:
    """An array of a function that is being imported.

    `recorded` is its value in the program. Assignment to entries changes `recorded`, so that all
    names of the array see it; views of it do not.
    """

    def __init__(self, tracer: Tracer, recorded: Recorded) -> None:
        self.tracer, self.recorded = tracer, recorded

    # NumPy's protocols.

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        outputs = kwargs.pop("out", None)
        result = self.tracer.ufunc(ufunc.__name__, method, inputs, kwargs)
        if outputs is None:
            return result
        if not isinstance(outputs[0], Traced):
            raise CannotImport(f"numpy.{ufunc.__name__} into a NumPy array", self.tracer.place())
        outputs[0].recorded = self.tracer.recorded(result)
        return outputs[0]

    def __array_function__(self, function: Any, _: Any, args: Any, kwargs: Any) -> Any:
        module = (getattr(function, "__module__", "") or "").removeprefix("numpy")
        name = f"{module.lstrip('.')}.{function.__name__}".lstrip(".")
        return self.tracer.call(name, args, kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> Namespace:
        return Namespace(self.tracer)

    def __array__(self, *_: Any, **__: Any) -> Array:
        by = f" by {function}" if (function := lines.called()) else ""
        what = f"the conversion of a traced array to a NumPy array{by}"
        raise CannotImport(what, self.tracer.place())

    # What an array tells about itself.

    @property
    def shape(self) -> tuple[int, ...]:
        return self.recorded.shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def dtype(self) -> np.dtype[Any]:
        value = self.tracer.recorder.at_point(self.recorded)
        return value.dtype if value.dtype == bool else np.dtype(self.tracer.recorder.dtype)

    @property
    def T(self) -> Any:  # noqa: N802
        return self.tracer.call("transpose", (self,), {})

    @property
    def mT(self) -> Any:  # noqa: N802
        return self.tracer.call("matrix_transpose", (self,), {})

    @property
    def real(self) -> Traced:
        return self

    @property
    def flat(self) -> Iterator[Any]:
        return iter(self.tracer.call("ravel", (self,), {}))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def __hash__(self) -> int:
        return id(self)

    # Conversions to Python decide the course of the function.

    def __bool__(self) -> bool:
        recorder = self.tracer.recorder
        self.tracer.mark()
        value = recorder.at_point(self.recorded)
        if value.size != 1:
            raise ValueError("the truth value of an array with several entries is ambiguous")
        condition = self.recorded
        if value.dtype != bool:
            condition = recorder.not_equal(condition, 0.0)
        recorder.holds(condition if value.item() else recorder.logical_not(condition))
        return bool(value.item())

    def __int__(self) -> int:
        recorder = self.tracer.recorder
        self.tracer.mark()
        value = int(recorder.at_point(self.recorded).item())
        # The numbers of which int() makes this one: it cuts towards zero.
        low, high = (value, value + 1) if value > 0 else (value - 1, value)
        low, high = (-1, 1) if value == 0 else (low, high)
        recorder.holds(recorder.greater_equal(self.recorded, float(low)) if value > 0
                       else recorder.greater(self.recorded, float(low)))  # fmt: skip
        recorder.holds(recorder.less(self.recorded, float(high)) if value >= 0
                       else recorder.less_equal(self.recorded, float(high)))  # fmt: skip
        return value

    def __float__(self) -> float:
        raise CannotImport(
            "float() of a value that depends on the input (as in functions of a library that is "
            "not followed)",
            self.tracer.place(),
        )

    def item(self, *index: int) -> Any:
        found = self[index] if index else self
        return self.tracer.call("reshape", (found, ()), {})

    # Entries.

    def __getitem__(self, key: Any) -> Any:
        return self.tracer.entries(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.tracer.assign(self, key, value)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """A method of arrays that is also a function."""
        if name.startswith("__") or not self.tracer.has(name):
            raise AttributeError(name)
        return lambda *args, **kwargs: self.tracer.call(name, (self, *args), kwargs)

    def astype(self, dtype: Any, *_: Any, **__: Any) -> Traced:
        """The array itself; what is cut or rounded by the conversion is no function of it."""
        if np.dtype(dtype).kind not in "fc":
            raise CannotImport(f"astype({np.dtype(dtype)})", self.tracer.place())
        return self

    def copy(self, *_: Any, **__: Any) -> Traced:
        return Traced(self.tracer, self.recorded)

    def reshape(self, *shape: Any, **kwargs: Any) -> Any:
        given = shape[0] if len(shape) == 1 else shape
        return self.tracer.call("reshape", (self, given), kwargs)

    def transpose(self, *axes: Any) -> Any:
        given = axes[0] if len(axes) == 1 else axes or None
        return self.tracer.call("transpose", (self, given), {})

    def dot(self, other: Any) -> Any:
        return self.tracer.call("dot", (self, other), {})

    def flatten(self, *_: Any) -> Any:
        return self.tracer.call("ravel", (self,), {})


def _operator(name: str, turned: bool = False) -> Callable[[Traced, Any], Any]:
    def method(self: Traced, other: Any) -> Any:
        return self.tracer.ufunc(name, "__call__", (other, self) if turned else (self, other), {})

    return method


def _in_place(name: str) -> Callable[[Traced, Any], Traced]:
    def method(self: Traced, other: Any) -> Traced:
        result = self.tracer.ufunc(name, "__call__", (self, other), {})
        self.recorded = self.tracer.recorded(result)
        return self

    return method


_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "power",
    "matmul": "matmul", "mod": "remainder", "floordiv": "floor_divide",
}  # fmt: skip
for _short, _ufunc in _OPERATORS.items():
    setattr(Traced, f"__{_short}__", _operator(_ufunc))
    setattr(Traced, f"__r{_short}__", _operator(_ufunc, turned=True))
    setattr(Traced, f"__i{_short}__", _in_place(_ufunc))
for _short, _ufunc in {
    "lt": "less", "gt": "greater", "le": "less_equal", "ge": "greater_equal", "eq": "equal",
    "ne": "not_equal", "and": "logical_and", "or": "logical_or", "xor": "logical_xor",
}.items():  # fmt: skip
    setattr(Traced, f"__{_short}__", _operator(_ufunc))
for _short, _ufunc in {
    "neg": "negative", "pos": "positive", "abs": "absolute", "invert": "logical_not",
}.items():  # fmt: skip
    setattr(
        Traced,
        f"__{_short}__",
        lambda self, name=_ufunc: self.tracer.ufunc(name, "__call__", (self,), {}),
    )


class Namespace(ModuleType):
    """The functions of the array API, for arrays that are traced."""

    def __init__(self, tracer: Tracer) -> None:
        super().__init__("numpy")
        self._tracer = tracer

    def __getattr__(self, name: str) -> Any:
        if name == "linalg":
            return _Part(self._tracer, "linalg.")
        if name == "fft":
            return _Part(self._tracer, "fft.")
        original = getattr(np, name)
        if not callable(original) or isinstance(original, type):
            return original

        def function(*args: Any, **kwargs: Any) -> Any:
            if any(map(is_traced, (*args, *kwargs.values()))):
                if isinstance(original, np.ufunc):
                    return self._tracer.ufunc(original.__name__, "__call__", args, kwargs)
                return self._tracer.call(name, args, kwargs)
            return original(*args, **kwargs)

        return function


class _Part:
    """The functions of a part of the array API, such as `linalg`."""

    def __init__(self, tracer: Tracer, part: str) -> None:
        self._tracer, self._part = tracer, part

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args, **kwargs: self._tracer.call(self._part + name, args, kwargs)


def is_traced(value: Any) -> bool:
    """Whether a value is a traced array, or a list, tuple or array of objects that has one."""
    if isinstance(value, Traced):
        return True
    if isinstance(value, (list, tuple)):
        return any(map(is_traced, value))
    return isinstance(value, np.ndarray) and value.dtype == object
