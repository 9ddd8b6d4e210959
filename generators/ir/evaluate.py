"""Programs evaluated on float64 NumPy arrays."""

from __future__ import annotations

import math

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.operation import MAX_SIZE
from ad_conformance.generators.ir.program import Case, MalformedCase, Program

#: Limits that are far above what is drawn, so that no file makes the machine run out of memory:
#: entries of all values of one program together, and entries of the common shape that the operands
#: of a step are broadcast to.
MAX_TOTAL, MAX_SPREAD = 2**22, 2**24


def evaluate_steps(program: Program, point: np.ndarray) -> list[np.ndarray]:
    """Every value of the program on float64 NumPy arrays: the input, then one per step.

    Raises MalformedCase, naming the step, if an operation does not take its operands.
    """
    values, total = [point], point.size
    for k, step in enumerate(program.steps):
        operands = [values[i] for i in step.operands]
        try:
            if len(operands) > 2 and _spread(operands) > MAX_SPREAD:
                raise ValueError("too large together")
            with np.errstate(all="ignore"):
                values.append(
                    np.asarray(CATALOGUE[step.operation].evaluate(*operands, **step.arguments))
                )
        except (ValueError, IndexError, TypeError, ArithmeticError, MemoryError) as error:
            shapes = ", ".join(str(value.shape) for value in operands)
            raise MalformedCase(
                f"steps[{k}] ({step.operation} of {shapes or 'nothing'}): {error}"
            ) from None
        # An empty value counts with its other axes: a sum along the empty axis has that many
        # entries.
        if math.prod(max(n, 1) for n in values[-1].shape) > MAX_SIZE:
            raise MalformedCase(f"steps[{k}] ({step.operation}): more than {MAX_SIZE} entries")
        total += values[-1].size
        if total > MAX_TOTAL:
            raise MalformedCase(
                f"steps[{k}] ({step.operation}): more than {MAX_TOTAL} entries in all"
            )
    return values


def _spread(operands: list[np.ndarray]) -> int:
    """Entries of the common shape that the operands are broadcast to, 0 if there is none."""
    try:
        return math.prod(np.broadcast_shapes(*(value.shape for value in operands)))
    except ValueError:
        return 0


def is_defined(program: Program, point: np.ndarray) -> bool:
    """Whether every step has finite values at the point. Not all operations are defined everywhere."""
    try:
        with np.errstate(all="ignore"):
            return all(np.all(np.isfinite(v)) for v in evaluate_steps(program, point))
    except MalformedCase:
        return False


def is_single(case: Case) -> bool:
    """Whether every array of the case is exact in float32."""
    arrays = [
        case.input,
        *(
            np.asarray(v)
            for v in (case.tangent, case.cotangent, case.warmup_point)
            if v is not None
        ),
    ]
    arrays += [
        np.asarray(s.arguments["value"])
        for s in case.program.steps
        if s.operation in ("constant", "argument")
    ]
    with np.errstate(over="ignore"):
        return all(np.array_equal(a.astype(np.float32), a) for a in arrays)
