"""Functions as people write them, with arguments at which their derivatives exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Function:
    """A function and its arguments: NumPy arrays, or tuples, lists and dictionaries of them.

    The function takes arrays of its library in their place.
    """

    name: str
    f: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
