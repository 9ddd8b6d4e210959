"""The arguments of a user's function as one array, and back.

A function of nested tuples, lists and dictionaries of arrays becomes a function of one array: the
entries of all arrays by which it is differentiated, one after the other. If there is only one such
array, with at most two axes, it stays as it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ad_conformance.engines.importing.library import Library
from ad_conformance.generators.ir.operator import KINDS

Array = np.ndarray
#: `wrt` of the parameters of a module of PyTorch.
PARAMETERS = "parameters"


class BadArguments(ValueError):
    """Arguments with which a function cannot be checked; the message says what to do."""


@dataclass(frozen=True)
class Leaf:
    """One array of the arguments: its path, such as "params['w']", and its value."""

    path: str
    value: Array
    varied: bool


@dataclass(frozen=True)
class Arguments:
    """The arguments of one check.

    `tree` has the arguments with a number in place of each array: its index in `leaves`.
    """

    leaves: tuple[Leaf, ...]
    tree: Any
    dtype: str

    @property
    def varied(self) -> tuple[Leaf, ...]:
        return tuple(leaf for leaf in self.leaves if leaf.varied)

    @property
    def alone(self) -> bool:
        """Whether the input is one array that stays as it is."""
        varied = self.varied
        return len(varied) == 1 and varied[0].value.ndim < len(KINDS)

    @property
    def point(self) -> Array:
        """The input: one array of float64, whose numbers are exact in the dtype."""
        varied = [leaf.value for leaf in self.varied]
        return varied[0] if self.alone else np.concatenate([value.reshape(-1) for value in varied])

    def entry(self, index: tuple[int, ...]) -> str:
        """The name of an entry of the input, such as "params['w'][0, 1]"."""
        if self.alone:
            leaf, place = self.varied[0], index
        else:
            (number,) = index
            for leaf in self.varied:
                if number < leaf.value.size:
                    break
                number -= leaf.value.size
            place = tuple(map(int, np.unravel_index(number, leaf.value.shape)))
        return f"{leaf.path}[{', '.join(map(str, place))}]" if leaf.value.ndim else leaf.path

    def called(self, function: Callable[..., Any], library: Library) -> Callable[[Any], Any]:
        """The function of the one input, with arrays of the library."""

        def of_one_input(x: Any) -> Any:
            arrays, start = dict[int, Any](), 0
            for k, leaf in enumerate(self.leaves):
                if not leaf.varied:
                    # Made at each call, within the settings of the library.
                    floats = leaf.value.dtype.kind == "f"
                    arrays[k] = library.array(leaf.value, self.dtype) if floats else leaf.value
                elif self.alone:
                    arrays[k] = x
                else:
                    size = leaf.value.size
                    arrays[k] = x[start : start + size].reshape(leaf.value.shape)
                    start += size
            args, kwargs = _filled(self.tree, arrays)
            return joined(function(*args, **kwargs), library)

        # Importers look at the module of the user's function.
        of_one_input.__module__ = getattr(function, "__module__", None) or ""
        return of_one_input


@dataclass(frozen=True)
class _Place:
    """An array's place in the arguments."""

    index: int


def joined(output: Any, library: Library) -> Any:
    """The output as one array: of several arrays, their entries one after the other."""
    found: list[Any] = []
    _collect(output, library, found)
    if not found:
        raise BadArguments("the function returns no array")
    if len(found) == 1:
        array = found[0]
        return array if len(np.shape(array)) < len(KINDS) else array.reshape(-1)
    return library.join(found)


def _collect(output: Any, library: Library, found: list[Any]) -> None:
    if isinstance(output, Mapping):
        for key in output:
            _collect(output[key], library, found)
    elif isinstance(output, (tuple, list)):
        for part in output:
            _collect(part, library, found)
    elif output is None:
        return
    elif isinstance(output, (str, bytes)):
        raise BadArguments(f"the function returns a {type(output).__name__}, not numbers")
    elif isinstance(output, (bool, int, float)):
        found.append(library.array(np.asarray(float(output)), "float64"))
    else:
        found.append(output)


def _filled(tree: Any, arrays: Mapping[int, Any]) -> Any:
    if isinstance(tree, _Place):
        return arrays[tree.index]
    if isinstance(tree, Mapping):
        return {key: _filled(value, arrays) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(_filled(value, arrays) for value in tree))
    if isinstance(tree, (tuple, list)):
        return type(tree)(_filled(value, arrays) for value in tree)
    return tree


def arguments(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    wrt: Any,
    dtype: str | None,
) -> Arguments:
    """The arguments as leaves. Raises BadArguments.

    `wrt` has indices of positional arguments, names of arguments, or names of entries of
    dictionaries; None: all positional arguments. `dtype` None: that of the arrays, float64 for
    Python numbers.
    """
    names = _names(function, len(args))
    wanted = None if wrt is None else set(wrt if isinstance(wrt, (tuple, list, set)) else (wrt,))
    if wanted is not None:
        wanted = {w + len(args) if isinstance(w, int) and w < 0 else w for w in wanted}
    leaves: list[tuple[str, Any, bool]] = []
    met: set[Any] = set()

    def walk(value: Any, path: str, labels: frozenset[Any]) -> Any:
        if isinstance(value, Mapping):
            return {k: walk(v, f"{path}[{k!r}]", labels | {k}) for k, v in value.items()}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            parts = zip(value._fields, value, strict=True)
            return type(value)(*(walk(v, f"{path}.{k}", labels | {k}) for k, v in parts))
        if (array := _array(value)) is None:
            if isinstance(value, (tuple, list)):
                return type(value)(walk(v, f"{path}[{k}]", labels) for k, v in enumerate(value))
            return value
        chosen = labels & (wanted or set())
        met.update(chosen)
        leaves.append((path, array, bool(chosen) if wanted is not None else "positional" in labels))
        return _Place(len(leaves) - 1)

    positional = [
        walk(value, name, frozenset({k, name, "positional"}))
        for k, (name, value) in enumerate(zip(names, args, strict=True))
    ]
    named = {key: walk(value, key, frozenset({key})) for key, value in kwargs.items()}
    if wanted is not None and (missing := wanted - met):
        given = ", ".join(repr(m) for m in sorted(missing, key=str))
        raise BadArguments(f"wrt: {given} is no array among the arguments {', '.join(names)}")
    chosen = dtype or _dtype([array for _, array, varied in leaves if varied])
    return Arguments(_leaves(leaves, chosen), (positional, named), chosen)


def _leaves(found: list[tuple[str, Array, bool]], dtype: str) -> tuple[Leaf, ...]:
    leaves = []
    for path, array, varied in found:
        if varied and array.dtype.kind != "f":
            kind = "whole numbers" if array.dtype.kind in "iu" else str(array.dtype)
            raise BadArguments(
                f"{path}: it holds {kind}; a derivative needs floats (1.0, not 1), or leave it out "
                f"of wrt"
            )
        if array.dtype.kind == "f":
            array = array.astype(dtype).astype(float)
            if not np.all(np.isfinite(array)):
                raise BadArguments(f"{path}: every number must be finite")
        leaves.append(Leaf(path, array, varied))
    if not any(leaf.varied for leaf in leaves):
        raise BadArguments(
            "no array to differentiate by: give one as an argument, or name it in wrt; a number "
            "must be a float (1.0, not 1)"
        )
    return tuple(leaves)


def _names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of the first positional arguments."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in parameters if p.kind in kinds][:count]
    further = [p.name for p in parameters if p.kind is inspect.Parameter.VAR_POSITIONAL]
    first = len(names) if further else 0
    rest = further[0] if further else "args"
    return names + [f"{rest}[{k - first}]" for k in range(len(names), count)]


def _array(value: Any) -> Array | None:
    """A number or an array of any library as an array of NumPy; None for anything else."""
    if isinstance(value, bool) or value is None or isinstance(value, (str, bytes)):
        return None
    if isinstance(value, float) or (isinstance(value, list) and _of_numbers(value)):
        return np.asarray(value, dtype=float)
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    if hasattr(type(value), "__array__"):
        return np.asarray(value)
    return None


def _of_numbers(value: Any) -> bool:
    """Whether it is a number, or nested lists of numbers of which an array can be made."""
    if isinstance(value, list):
        lengths = {len(part) if isinstance(part, list) else -1 for part in value}
        return len(lengths) == 1 and all(map(_of_numbers, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _dtype(arrays: list[Array]) -> str:
    """The dtype of arrays that are differentiated by. Raises BadArguments if they differ."""
    found = {str(array.dtype) for array in arrays if array.dtype.kind == "f"}
    if len(found) > 1:
        raise BadArguments(
            f"arguments of {' and '.join(sorted(found))}; give all of them one dtype"
        )
    dtype = next(iter(found), "float64")
    if dtype not in ("float64", "float32"):
        raise BadArguments(f"arguments of {dtype}; float64 or float32 is needed")
    return dtype
