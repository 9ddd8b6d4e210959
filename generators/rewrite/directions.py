"""Derivatives along given directions as derivatives of a function of few numbers.

The derivative of f at x along v and u is that of t -> f(x + t[0] v + t[1] u) by t[0] and t[1]. So
its cost does not depend on the number of entries of x, beyond that of f itself.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from ad_conformance.generators.ir.program import Case, Program, nested
from ad_conformance.generators.rewrite.program_builder import ProgramBuilder


def along(case: Case) -> Case:
    """The case of a function of one coefficient for each letter. Entry (0, 1 ...) of its answer is
    the derivative along the tangent, if the case has one, and the direction.
    """
    directions = [v for v in (case.tangent, case.direction) if v is not None]
    builder = ProgramBuilder(case.dtype)
    x = builder.constant(case.input)
    for i, direction in enumerate(directions):
        coefficient = builder.add("index", 0, index=(i,))
        moved = builder.add("multiply", builder.constant(np.asarray(direction)), coefficient)
        x = builder.add("add", x, moved)
    ids = {0: x}
    for k, step in enumerate(case.program.steps, start=1):
        operands = (ids[i] for i in step.operands)
        ids[k] = builder.add(step.operation, *operands, **step.arguments)
    pulled = case.cotangent is not None
    return Case(
        Program(tuple(builder.steps)),
        nested(np.zeros(len(directions))),
        case.mode,
        operator="pullback" if pulled else "jacobian",
        cotangent=case.cotangent,
        dtype=case.dtype,
    )


def directed(case: Case, direction: np.ndarray) -> Case:
    """The case with an answer that is contracted with the direction.

    Raises ValueError if the answer does not have the axes of one input.
    """
    if case.order - case.asked.along != 1 or case.wrt:
        raise ValueError(
            f"{case.operator} in mode {case.mode}: no answer of the shape of the input"
        )
    return replace(case, direction=nested(direction))
