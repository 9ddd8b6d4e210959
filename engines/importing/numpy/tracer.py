"""Follows calls of NumPy with traced arrays: each becomes operations of the recorder."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.engines.importing import lines
from ad_conformance.engines.importing.numpy.traced import Traced, is_traced
from ad_conformance.engines.importing.recorder import CannotImport, Recorder, nearest_operation
from ad_conformance.generators.rewrite.recording import Recorded


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
        return lines.running()

    def mark(self) -> None:
        self.recorder.line = lines.running()

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
            name = f"{name}.{method}"
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
        short = name if name in self.table else name.rpartition(".")[2]
        if short in self.ufuncs and short not in self.table:
            return self.ufunc(short, "__call__", args, kwargs)
        if short not in self.table or (name.startswith(("linalg.", "fft.")) and name != short):
            last = name.rpartition(".")[2]
            raise CannotImport(f"numpy.{name}", self.recorder.line, nearest_operation(last))
        kwargs = {k: v for k, v in kwargs.items() if k not in ("dtype", "order", "like", "copy")}
        try:
            return self.traced(
                self.table[short](
                    self.recorder,
                    *(_unwrapped(self, value) for value in args),
                    **{key: _unwrapped(self, value) for key, value in kwargs.items()},
                )
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


def _unwrapped(tracer: Tracer, value: Any) -> Any:
    """An argument with recorded values for traced arrays; lists of them stay lists."""
    if isinstance(value, Traced):
        return value.recorded
    if isinstance(value, (list, tuple)) and is_traced(value):
        return [_unwrapped(tracer, part) for part in value]
    if isinstance(value, np.ndarray) and value.dtype == object:
        return tracer.joined(value)
    return value
