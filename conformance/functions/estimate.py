"""Derivatives of functions that cannot be imported: estimated by finite differences.

The function is called at points near the point, along one or two directions. `scipy.differentiate`
extrapolates and says how large its error may be; that is no proof, so a verdict is one step weaker.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ad_conformance.conformance.functions.question import Question, Subject
from ad_conformance.conformance.functions.report import (
    PROBABLY_RIGHT,
    PROBABLY_WRONG,
    UNDECIDED,
    Row,
)
from ad_conformance.engines.contract import Answer
from scipy import differentiate

Array = np.ndarray
#: The highest order that is estimated: beyond it, differences of float64 leave too few digits.
MAX_ORDER = 2
#: An answer is probably right if its error is at most so many estimated errors, and probably wrong
#: if it is more than WRONG of them and more than SHARE of the size of the derivative.
RIGHT, WRONG, SHARE = 16.0, 1000.0, 1e-3
#: The first step of the finite differences, relative to the size of the point.
STEP = 2.0**-4


def row(subject: Subject, question: Question, engine: str, found: Answer) -> Row:
    """The row of a question without a program: the answer beside the estimated derivative."""
    mode = question.case.mode
    about = question.about
    if found.outcome == "unsupported":
        return Row(engine, mode, "unsupported", about, found, reason=found.message)
    if found.value is None:
        verdict = found.outcome
        if verdict == "raised":
            verdict = "compile_failure" if found.stage == "compile" else "runtime_failure"
        reason = f"{found.error}: {found.message}".rstrip(": ")
        return Row(engine, mode, verdict, about, found, reason=reason)
    if len(mode) > MAX_ORDER:
        reason = f"derivatives of order {len(mode)} are not estimated"
        return Row(engine, mode, UNDECIDED, about, found, value=found.value, reason=reason)
    expected, error = _estimated(subject, question)
    if found.value.shape != expected.shape:
        reason = f"shape {found.value.shape} instead of {expected.shape}"
        return Row(engine, mode, PROBABLY_WRONG, about, found, value=found.value, reason=reason)
    with np.errstate(invalid="ignore"):
        off = np.abs(found.value - expected)
    size = float(np.max(np.abs(expected), initial=0.0))
    finite = np.isfinite(expected) & np.isfinite(error)
    unit = float(np.finfo(question.case.dtype).eps)
    allowed = RIGHT * error + 64 * unit * size
    wrong = np.where(finite, ~(off <= np.maximum(WRONG / RIGHT * allowed, SHARE * size)), False)
    if np.any(wrong):
        verdict, reason = PROBABLY_WRONG, ""
    elif not np.all(finite):
        verdict, reason = UNDECIDED, "the finite differences do not converge"
    elif np.all(off <= allowed) and np.all(allowed <= SHARE * max(size, 1e-300)):
        verdict, reason = PROBABLY_RIGHT, ""
    else:
        verdict, reason = UNDECIDED, f"the finite differences are known to {np.max(error):.1g} only"
    worst = tuple(
        map(int, np.unravel_index(int(np.argmax(np.where(finite, off, -1.0))), off.shape))
    )
    relative = float(np.max(np.where(finite, off, 0.0), initial=0.0)) / (size or 1.0)
    known = float(np.max(np.where(finite, error, 0.0), initial=0.0)) / (size or 1.0)
    share = max(relative, known, 1e-16)
    digits = -math.log10(share) if math.isfinite(share) else 0.0
    return Row(engine, mode, verdict, about, found, value=found.value, truth=expected, worst=worst,
               digits=digits, reason=reason)  # fmt: skip


def _estimated(subject: Subject, question: Question) -> tuple[Array, Array]:
    """The derivative that the case asks for, with estimated errors, in the shape of the answer."""
    case = question.case
    shape = _output_shape(question, subject)
    point = np.asarray(case.point, dtype=float)
    n = point.size
    basis = np.eye(n)
    given = [np.asarray(v, dtype=float).reshape(1, -1) for v in (case.tangent, case.direction)
             if v is not None]  # fmt: skip
    blocks = given + [basis] * (case.order - len(given))
    axes = [len(block) for block in blocks]
    values = np.zeros((*axes, *shape))
    errors = np.zeros((*axes, *shape))
    for index in np.ndindex(*axes):
        found = _along(
            subject, question, [block[i] for block, i in zip(blocks, index, strict=True)]
        )
        values[index], errors[index] = found
    # The axes of the outputs come first in an answer.
    order = tuple(range(len(axes), len(axes) + len(shape))) + tuple(range(len(axes)))
    values, errors = np.transpose(values, order), np.transpose(errors, order)
    inputs = tuple(m for block in blocks if len(block) > 1 or block is basis for m in point.shape)
    return values.reshape((*shape, *inputs)), errors.reshape((*shape, *inputs))


def _output_shape(question: Question, subject: Subject) -> tuple[int, ...]:
    """The shape of what is differentiated: a number, if a cotangent contracts the output."""
    if question.scalar or question.case.cotangent is not None:
        return ()
    return subject.output.shape


def _along(subject: Subject, question: Question, directions: list[Array]) -> tuple[Any, Any]:
    """The derivative along the directions, and its estimated error."""
    case, library = question.case, subject.library
    point = np.asarray(case.point, dtype=float)
    weights = None if case.cotangent is None else np.asarray(case.cotangent)
    function = question.function
    assert function is not None

    def value(x: Array) -> Array:
        with library.settings(case.dtype):
            output = library.numpy(function(library.array(x.reshape(point.shape), case.dtype)))
        output = np.asarray(output, dtype=float)
        return output if weights is None else np.asarray(np.sum(weights * output))

    steps = np.stack(directions)
    scale = max(1.0, float(np.max(np.abs(point), initial=0.0)))
    longest = float(np.max(np.abs(steps))) or 1.0
    first = STEP * scale / longest

    def at(t: Array) -> Array:
        """For coefficients (order, ...) of the directions, the values, with axes (outputs, ...)."""
        flat = t.reshape(len(directions), -1)
        found = [value(point.reshape(-1) + column @ steps).reshape(-1) for column in flat.T]
        return np.stack(found, axis=-1).reshape(-1, *t.shape[1:])

    size = int(np.prod(_output_shape(question, subject)))
    zero = np.zeros(len(directions))
    values, errors = np.zeros(size), np.zeros(size)
    for k in range(size):
        if len(directions) == 1:
            found = differentiate.derivative(lambda t, k=k: at(t[None])[k], 0.0, initial_step=first)
            values[k], errors[k] = found.df, found.error
        else:
            found = differentiate.hessian(lambda t, k=k: at(t)[k], zero, initial_step=first)
            values[k], errors[k] = found.ddf[0, 1], found.error[0, 1]
    shape = _output_shape(question, subject)
    return values.reshape(shape), errors.reshape(shape)
