"""Arrays of Python objects that NumPy makes of autograd's boxes.

`numpy.array([x[0], x[1]])` does not know the boxes with which autograd follows a function, and
makes an array of Python objects of them. autograd can compute with some of these arrays, but its
derivatives mostly raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
from ad_conformance.engines.importing import lines
from ad_conformance.engines.importing.replacing import replaced_member

#: Functions of NumPy that make an array of a list.
_MAKING = (
    *("array", "asarray", "asanyarray", "stack", "concatenate"),
    *("vstack", "hstack", "dstack", "column_stack"),
)


class ObjectArray(TypeError):
    """A function whose derivative raises because of such an array; the message names the line."""


@contextmanager
def object_arrays() -> Iterator[list[tuple[str, str]]]:
    """Meanwhile, the list gets the name of each function of NumPy that makes such an array, and the
    line of the user at which it does.
    """
    found: list[tuple[str, str]] = []

    def watched(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def function(*args: Any, **kwargs: Any) -> Any:
            made = original(*args, **kwargs)
            if isinstance(made, np.ndarray) and made.dtype == object:
                found.append((name, lines.running()))
            return made

        return function

    with ExitStack() as stack:
        for name in _MAKING:
            stack.enter_context(replaced_member(np, name, partial(watched, name)))
        yield found
