"""Programs evaluated on float64 NumPy arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.operation import MAX_ENTRIES
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step

#: Limits that are far above what is drawn, so that no file makes the machine run out of memory:
#: entries of all values of one program together, and entries of the common shape that the operands
#: of a step are broadcast to.
MAX_TOTAL, MAX_SPREAD = 2**22, 2**24
#: Operations that move or select entries: an entry that is infinite or NaN stays what it is, or has
#: no effect. Every other operation computes with it.
_SELECTING = {
    *("where", "maximum", "minimum", "clip", "max", "min"),
    *("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"),
    *("index", "slice", "take", "take_along_axis", "stack", "concat", "reshape", "expand_dims"),
    *("squeeze", "permute_dims", "matrix_transpose", "flip", "roll", "broadcast_to", "diagonal"),
}


def evaluate_steps(program: Program, point: np.ndarray) -> list[np.ndarray]:
    """Every value of the program on float64 NumPy arrays: the input, then one per step.

    Raises MalformedCase, naming the step, if an operation does not take its operands.
    """
    values, total = [point], point.size
    for k, step in enumerate(program.steps):
        operands = [values[i] for i in step.operands]
        try:
            if (axis := step.arguments.get("axis")) not in (None, ()) and _is_number(
                step, operands
            ):
                raise ValueError(f"a number has no axis {axis}")
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
        if math.prod(max(n, 1) for n in values[-1].shape) > MAX_ENTRIES:
            raise MalformedCase(f"steps[{k}] ({step.operation}): more than {MAX_ENTRIES} entries")
        total += values[-1].size
        if total > MAX_TOTAL:
            raise MalformedCase(
                f"steps[{k}] ({step.operation}): more than {MAX_TOTAL} entries in all"
            )
    return values


def _is_number(step: Step, operands: list[np.ndarray]) -> bool:
    """Whether `axis` must be one of the first operand, and that is a number. Some functions of
    NumPy accept that; those of other libraries do not.
    """
    return step.operation not in ("stack", "expand_dims") and operands[0].ndim == 0


def _spread(operands: list[np.ndarray]) -> int:
    """Entries of the common shape that the operands are broadcast to, 0 if there is none."""
    try:
        return math.prod(np.broadcast_shapes(*(value.shape for value in operands)))
    except ValueError:
        return 0


def endless_step(program: Program, values: Sequence[np.ndarray]) -> int | None:
    """The first step with an entry that is infinite or NaN, if the output depends on such entries;
    else None. `values` are those of `evaluate_steps`.

    Such entries may stand where nothing selects them: in the branch of `where` that is not taken,
    beside the entry that `index` takes, below the bound of `clip`.
    """
    endless = [k for k, value in enumerate(values[1:]) if not _finite(value)]
    if not endless:
        return None
    first = endless[0]
    if literals := [k for k in endless if not program.steps[k].operands]:
        return literals[0]
    # Some functions are finite at infinity, such as tanh, but none is finite at NaN.
    marked = list(values[: first + 2])
    for step, value in zip(program.steps[first + 1 :], values[first + 2 :], strict=True):
        operands = [marked[i] for i in step.operands]
        if all(_finite(operand) for operand in operands):
            marked.append(value)
            continue
        if step.operation not in _SELECTING:
            operands = [v if _finite(v) else np.where(np.isfinite(v), v, np.nan) for v in operands]
        try:
            with np.errstate(all="ignore"):
                row = CATALOGUE[step.operation]
                marked.append(np.asarray(row.evaluate(*operands, **step.arguments)))
        except (ValueError, ArithmeticError):
            return first
    return None if _finite(marked[-1]) else first


def _finite(value: np.ndarray) -> bool:
    return value.dtype == bool or bool(np.all(np.isfinite(value)))


def is_defined(program: Program, point: np.ndarray) -> bool:
    """Whether the output at the point is finite and depends only on finite values."""
    try:
        return endless_step(program, evaluate_steps(program, point)) is None
    except MalformedCase:
        return False


def is_single(case: Case) -> bool:
    """Whether every array of the case is exact in float32."""
    arrays = [
        case.input,
        *(
            np.asarray(v)
            for v in (case.tangent, case.cotangent, case.warmup_point, case.direction)
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
