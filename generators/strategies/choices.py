"""What was chosen for a step: values of parameters, and numbers of axes, as short texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from ad_conformance.generators.ir.program import Step

#: Numbers up to this are choices, such as the order of a norm.
SMALL = 3


def choices(step: Step, values: Sequence[np.ndarray]) -> Iterator[str]:
    """The choices of a step: values of parameters that are names, truth values or small numbers,
    lengths of tuples, and the numbers of axes of the operands. `values` are all of the program.
    """
    for name, value in step.params:
        yield from _choices(name, value)
    yield f"of {','.join(str(values[i].ndim) for i in step.operands)} axes"


def _choices(name: str, value: object) -> Iterator[str]:
    """A parameter as a choice, if it is one. Of a tuple, the choices are its length, and whether
    these are the last axes, for which engines have functions of their own.
    """
    if isinstance(value, tuple):
        yield f"{name} has {len(value)}"
        yield f"{name} {'=' if value == tuple(range(-len(value), 0)) else '!='} last axes"
    elif _is_choice(value):
        yield f"{name} = {value}"


def _is_choice(value: object) -> bool:
    if isinstance(value, float):
        return False
    return not isinstance(value, int) or isinstance(value, bool) or abs(value) <= SMALL
