"""Mixed derivatives: by a factor of the whole program first, then by an input of the program."""

from __future__ import annotations

from dataclasses import replace

from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.program import INPUTS, Case, Program, Step

#: The factor, at the point.
FACTOR = 0.75


def mixed(case: Case, mode: str) -> Case | None:
    """The program of `case` times a further input, by which the innermost letter of `mode`
    differentiates; the other letters differentiate by the first input.

    The innermost derivative is the value of the program. So the engine uses the rules of its
    operations while an inner level passes them by. These derivatives exist even if the derivative
    of an operation has no derivative in the engine. None if there is no such case.
    """
    factor = len(case.program.arguments) + 1
    if factor >= len(INPUTS):
        return None
    steps, output = case.program.steps, len(case.program.steps)
    more = (
        Step("argument", (), (("value", FACTOR),)),
        Step("multiply", (output, output + 1)),
    )
    made = Case(
        Program((*steps, *more)),
        case.point,
        mode,
        wrt="0" * (len(mode) - 1) + str(factor),
        dtype=case.dtype,
    )
    return valid(replace(made, names=case.names))
