"""Drawn cases with longer arrays, whose answers are contracted with a direction.

The kernels of an engine depend on the length: they are blocked and vectorized in groups of 8, 16,
32 or 64 entries, and sums of many entries are computed in pairs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue import CORE
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, Program, nested
from ad_conformance.generators.rewrite.directions import directed
from ad_conformance.generators.rewrite.variants import weights
from ad_conformance.generators.strategies.sampling import batch

#: Lengths beside the groups of entries that kernels take together, and large ones.
LENGTHS = (7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 129, 257, 1000)
#: Modes whose answer has the axes of one input, or of none.
MODES = ("R", "F", "RR", "FR", "RF", "FF")
#: The kinds of input and output that are drawn.
SIGNATURES = ("vec_to_num", "vec_to_vec", "mat_to_num")
#: Batches that are drawn until a program fits, at most.
ATTEMPTS = 40
#: The difference of repeated entries, so that they are no ties.
JITTER = 2.0**-9


def sized(case: Case, length: int) -> Case | None:
    """The case with arrays of `length` entries along the last axis of its input, and an answer
    that is contracted with a direction. None if the program does not fit such arrays.

    Every array whose last axis is as long as that of the input is repeated along it.
    """
    old = case.input.shape[-1]
    # Other operations are costly on balls; of these, engines have the blocked kernels.
    if not case.program.operations <= CORE.keys():
        return None
    if old == 0 or old >= length or case.program.arguments:
        return None

    def longer(value: Any) -> Any:
        array = np.asarray(value, dtype=float)
        if not array.ndim or array.shape[-1] != old:
            return value
        repeated = np.concatenate([array] * -(-length // old), axis=-1)[..., :length]
        away = JITTER * (np.arange(length) // old % 32)
        return nested(repeated + np.where(repeated == 0, 0.0, away))

    steps = tuple(
        replace(step, params=(("value", longer(step.arguments["value"])),))
        if step.operation == "constant"
        else step
        for step in case.program.steps
    )
    point = longer(case.point)
    plain = Case(Program(steps), point, case.mode, dtype=case.dtype)
    try:
        output = evaluate_steps(plain.program, plain.input)[-1]
    except ValueError:
        return None
    return _asked(plain, output.shape, weights(plain.input.shape))


def _asked(case: Case, output: tuple[int, ...], numbers: np.ndarray) -> Case | None:
    """The case with an operator of one product, and the direction if its answer is as large as the
    input.
    """
    innermost, to_number = case.mode[-1], not output
    if case.order == 2 and to_number:
        found = replace(case, operator="hvp", tangent=nested(numbers))
    elif case.order == 1 and innermost == "F":
        found = replace(case, operator="pushforward", tangent=nested(numbers))
    elif case.order == 1 and to_number:
        found = replace(case, operator="gradient")
    elif case.order == 1:
        found = replace(case, operator="pullback", cotangent=nested(weights(output)))
    elif innermost == "F":
        found = replace(case, operator="pushforward", tangent=nested(numbers))
    else:
        return None
    if found.order - found.asked.along == 1:
        found = directed(found, numbers[..., ::-1])
    return valid(found)


@cache
def sized_case(mode: str, length: int, number: int = 0) -> Case | None:
    """A drawn case of one of MODES with that length, always the same for a `number`. None if no
    drawn program fits.
    """
    for attempt in range(ATTEMPTS):
        signature = SIGNATURES[(number + attempt) % len(SIGNATURES)]
        for drawn in batch(mode, signature, ATTEMPTS * number + attempt):
            if (case := sized(drawn, length)) is not None:
                return case
    return None


def draw_sized(count: int, start: int = 0, modes: Sequence[str] = MODES) -> Iterator[Case]:
    """`count` cases, always the same; the modes and lengths take turns. Another `start` gives other
    cases.
    """
    found: set[str] = set()
    for number in itertools.count(start):
        for mode, length in itertools.product(modes, LENGTHS):
            case = sized_case(mode, length, number)
            if case is not None and case.id not in found:
                found.add(case.id)
                yield case
                if len(found) == count:
                    return
