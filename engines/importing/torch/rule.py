"""The rows of the tables: what one aten operator records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from ad_conformance.engines.importing.recorder import Recorder
from ad_conformance.engines.importing.torch.tracking import Tracking


@dataclass(frozen=True)
class Rule:
    """What an operator records.

    record: by the tracking, the operator, its arguments and what it returned, the values of the
        tensors that it returned: one, or one for each. None for a constant.
    moves: whether it only moves entries, so that it also does for complex numbers.
    """

    record: Callable[[Tracking, Any, list[Any], Any], Any]
    moves: bool = False


def entrywise(rule: Callable[..., Any]) -> Rule:
    """A row by the recorder and the values of the arguments, which are broadcast by operations."""
    return Rule(
        lambda t, _func, args, _made: rule(t.recorder, *(t.numbers(a, spread=False) for a in args))
    )


def whole(rule: Callable[..., Any]) -> Rule:
    """A row by the recorder and the values of the arguments in their shapes."""
    return Rule(
        lambda t, _func, args, _made: rule(
            t.recorder, *(_of_list(t, a) if isinstance(a, list) else t.numbers(a) for a in args)
        )
    )


def _of_list(t: Tracking, given: list[Any]) -> list[Any]:
    return [t.numbers(a) if isinstance(a, torch.Tensor) else a for a in given]


def tensors(rule: Callable[..., Any], moves: bool = False) -> Rule:
    """A row by the tracking, what the operator returned, and the arguments as they are."""
    return Rule(lambda t, _func, args, made: rule(t, made, *args), moves)


def renamed(names: Mapping[str, str]) -> dict[str, Rule]:
    """Rows of operators that are operations of the catalogue without parameters."""

    def row(operation: str) -> Rule:
        return entrywise(lambda r, *operands: getattr(r, operation)(*operands))

    return {operator: row(operation) for operator, operation in names.items()}


def is_option(argument: Any) -> bool:
    """Whether an argument is for a result, or chooses its type and memory."""
    for_result = argument.alias_info is not None and argument.alias_info.is_write
    chosen = ("dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking")
    return argument.kwarg_only and (for_result or argument.name in chosen)


def axes_of(dims: Any, ndim: int) -> list[int]:
    """The axes that `dim` of an operator names: all for None and an empty list."""
    if dims is None or (isinstance(dims, (list, tuple)) and not dims):
        return list(range(ndim))
    given = dims if isinstance(dims, (list, tuple)) else [dims]
    return [d % max(ndim, 1) for d in given][: max(ndim, 0)]


def reduced(r: Recorder, name: str, x: Any, dims: Any, keepdims: bool, **params: Any) -> Any:
    """A reduction of the catalogue over the axes that `dim` names."""
    axes = axes_of(dims, x.ndim)
    if len(axes) == x.ndim and not (keepdims and x.ndim):
        return getattr(r, name)(x, axis=None, keepdims=False, **params)
    if len(axes) == 1:
        return getattr(r, name)(x, axis=axes[0], keepdims=keepdims, **params)
    return getattr(r, f"{name}_axes")(x, axes=tuple(axes), keepdims=keepdims, **params)
