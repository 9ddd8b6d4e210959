"""Arrays that record what a function computes with them, instead of NumPy arrays.

They implement NumPy's protocols: `__array_ufunc__`, `__array_function__`, `__array_namespace__`.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
from ad_conformance.engines.importing.recorder import CannotImport, Recorder, nearest_operation
from ad_conformance.generators.rewrite.recording import Recorded

Array = np.ndarray
#: Folders whose frames are not lines of the user's function.
OWN = ("ad_conformance", "numpy", "scipy", "autograd", "importlib")


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
        raise CannotImport("the conversion of a traced array to a NumPy array", self.tracer.place())

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

    @property
    def at(self) -> Any:
        raise CannotImport("numpy array attribute 'at'", self.tracer.place())

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
        # What rounds to this integer: int() cuts towards zero.
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


def user_line() -> str:
    """The innermost line that is neither of this project nor of a library, as "model.py:12: text".

    "" if there is none.
    """
    import linecache

    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.split(".")[0] not in OWN:
            code = frame.f_code
            text = linecache.getline(code.co_filename, frame.f_lineno).strip()
            short = code.co_filename.rpartition("/")[2]
            return f"{short}:{frame.f_lineno}: {text}" if text else f"{short}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return ""


class Tracer:
    """Follows a function of NumPy arrays: every call of NumPy becomes operations of the recorder.

    `table` has the functions, by their names in `numpy`; `ufuncs` those that compute entry by
    entry.
    """

    def __init__(
        self,
        recorder: Recorder,
        table: dict[str, Callable[..., Any]],
        ufuncs: dict[str, str],
    ) -> None:
        self.recorder, self.table, self.ufuncs = recorder, table, ufuncs

    def place(self) -> str:
        return user_line()

    def mark(self) -> None:
        self.recorder.line = user_line()

    def has(self, name: str) -> bool:
        return name in self.table or name in self.ufuncs

    def recorded(self, value: Any) -> Any:
        """A value as the recorder takes it."""
        if isinstance(value, Traced):
            return value.recorded
        if is_traced(value):
            return self.joined(value)
        return value if isinstance(value, Recorded) else np.asarray(value)

    def joined(self, value: Any) -> Any:
        """Nested lists with traced arrays in them, as one array."""
        parts = list(value) if not isinstance(value, np.ndarray) or value.ndim else [value.item()]
        if not any(map(is_traced, parts)):
            return np.asarray(value, dtype=float)
        stacked = self.recorder.stack(*map(self.recorded, parts), axis=0)
        if isinstance(value, np.ndarray) and not value.ndim:
            return self.recorder.shaped(stacked, stacked.shape[1:])
        return stacked

    def traced(self, value: Any) -> Any:
        """A result of the recorder as the function sees it."""
        if isinstance(value, tuple):
            return tuple(map(self.traced, value))
        if isinstance(value, list):
            return list(map(self.traced, value))
        return Traced(self, value) if isinstance(value, Recorded) else value

    def ufunc(self, name: str, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.mark()
        kwargs = {
            k: v for k, v in kwargs.items() if k not in ("dtype", "casting", "order", "subok")
        }
        if method != "__call__":
            name, kwargs = f"{name}.{method}", kwargs
        elif kwargs:
            raise CannotImport(f"numpy.{name} with {', '.join(kwargs)}=", self.recorder.line)
        if name in self.table:
            return self.traced(
                self.table[name](self.recorder, *map(self.recorded, inputs), **kwargs)
            )
        if name not in self.ufuncs:
            raise CannotImport(f"numpy.{name}", self.recorder.line, nearest_operation(name))
        return self.traced(
            self.recorder.called(self.ufuncs[name], tuple(map(self.recorded, inputs)), {})
        )

    def call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A function of NumPy. Raises CannotImport if the table does not have it."""
        self.mark()
        name = (
            name.removeprefix("lib.").removeprefix("_core.").rpartition("._")[2] if False else name
        )
        short = name if name in self.table else name.rpartition(".")[2]
        if short in self.ufuncs and short not in self.table:
            return self.ufunc(short, "__call__", args, kwargs)
        if short not in self.table or (name.startswith(("linalg.", "fft.")) and name != short):
            last = name.rpartition(".")[2]
            raise CannotImport(f"numpy.{name}", self.recorder.line, nearest_operation(last))
        kwargs = {k: v for k, v in kwargs.items() if k not in ("dtype", "order", "like", "copy")}
        try:
            return self.traced(
                self.table[short](self.recorder, *args_of(self, args), **kwargs_of(self, kwargs))
            )
        except TypeError as error:
            raise CannotImport(f"numpy.{name} ({error})", self.recorder.line) from error

    def entries(self, x: Traced, key: Any) -> Any:
        """x[key], for a key of constants; integers that depend on the input must hold."""
        self.mark()
        indices = np.arange(x.size).reshape(x.shape)[self.constant_key(key)]
        if isinstance(key, int) and x.ndim:
            return self.traced(self.recorder.index(x.recorded, index=(key,)))
        return self.traced(self.recorder.moved(x.recorded, indices))

    def assign(self, x: Traced, key: Any, value: Any) -> None:
        """x[key] = value: `x` becomes an array with these entries replaced."""
        self.mark()
        places = np.arange(x.size).reshape(x.shape)[self.constant_key(key)]
        recorder, new = self.recorder, self.recorded(value)
        if not isinstance(new, Recorded):
            new = recorder.value(np.asarray(new, dtype=float))
        indices = np.arange(x.size)
        count = int(np.prod(new.shape))
        spread = np.broadcast_to(np.arange(count).reshape(new.shape), places.shape)
        # A later assignment to the same place replaces an earlier one, as in NumPy.
        indices[places.reshape(-1)] = x.size + spread.reshape(-1)
        both = recorder.concat(
            recorder.shaped(x.recorded, (x.size,)), recorder.shaped(new, (count,)), axis=0
        )
        x.recorded = recorder.moved(both, indices.reshape(x.shape))

    def constant_key(self, key: Any) -> Any:
        """An index without traced arrays: truth values are those at the point, and must hold."""
        if isinstance(key, tuple):
            return tuple(map(self.constant_key, key))
        if not isinstance(key, Traced):
            return key
        value = self.recorder.at_point(key.recorded)
        if value.dtype != bool:
            return operator.index(int(key))
        number = self.recorder.where(key.recorded, 1.0, 0.0)
        self.recorder.holds(self.recorder.equal(number, value.astype(float)))
        return value


def args_of(tracer: Tracer, args: Any) -> list[Any]:
    """Traced arrays among arguments as recorded values; lists of them stay lists."""
    return [_unwrapped(tracer, value) for value in args]


def kwargs_of(tracer: Tracer, kwargs: dict[str, Any]) -> dict[str, Any]:
    return {key: _unwrapped(tracer, value) for key, value in kwargs.items()}


def _unwrapped(tracer: Tracer, value: Any) -> Any:
    if isinstance(value, Traced):
        return value.recorded
    if isinstance(value, (list, tuple)) and is_traced(value):
        return [_unwrapped(tracer, part) for part in value]
    if isinstance(value, np.ndarray) and value.dtype == object:
        return tracer.joined(value)
    return value
