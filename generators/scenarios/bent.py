"""Whether higher derivatives of a program use the derivative of a given operation."""

from __future__ import annotations

from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.program import Program


def is_bent(program: Program, operation: str) -> bool:
    """Whether a nonlinear step follows after a step with the operation.

    If none does, the first derivative of the program may not contain the operation at all, as that
    of `x.reshape(-1)` does not. Then its second derivative uses no rule of the operation.
    """
    varying = program.depending((0, *program.arguments))
    found = [k for k, step in enumerate(program.steps, 1) if step.operation == operation]
    after = program.depending(found)
    for k, step in enumerate(program.steps, 1):
        if k not in program.needed or not any(after[i] for i in step.operands):
            continue
        curvature = CATALOGUE[step.operation].curvature
        products = curvature == "multilinear" and sum(varying[i] for i in step.operands) > 1
        if curvature == "nonlinear" or products:
            return True
    return False
