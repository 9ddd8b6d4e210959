"""Derivatives of functions that cannot be imported: estimated by finite differences.

The function is called at points near the point, along one or two directions. `scipy.differentiate`
extrapolates and says how large its error may be; that is no proof, so a verdict is one step weaker.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

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
#: The relative tolerance of a derivative of which another one is taken, as in
#: `scipy.differentiate.hessian`.
INNER = float(np.finfo(float).eps) ** 0.5 / 100
#: The most seconds for the estimate of one derivative.
MOST_SECONDS = 10.0


class _Late(Exception):
    """The estimate takes too long. The message says how many values of the function it has."""


class Estimates:
    """The estimates of one check. Modes of one order that ask for the same derivative share it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], tuple[Array, Array] | _Late] = {}

    def of(self, subject: Subject, question: Question) -> tuple[Array, Array]:
        """The derivative that is asked for, with estimated errors. Raises _Late."""
        case = replace(question.case, mode="R" * question.case.order)
        key = (subject.library.name, question.about, case.json)
        if key not in self._known:
            try:
                self._known[key] = _estimated(subject, question)
            except _Late as late:
                self._known[key] = late
        found = self._known[key]
        if isinstance(found, _Late):
            raise found
        return found


def row(
    subject: Subject, question: Question, engine: str, found: Answer, estimates: Estimates
) -> Row:
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
    try:
        expected, error = estimates.of(subject, question)
    except _Late as late:
        return Row(engine, mode, UNDECIDED, about, found, value=found.value, reason=str(late))
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
    """The derivative that the case asks for, with estimated errors, in the shape of the answer.

    Raises _Late.
    """
    case = question.case
    shape = _output_shape(question, subject)
    point = np.asarray(case.point, dtype=float)
    basis = np.eye(point.size)
    given = [np.asarray(v, dtype=float).reshape(1, -1) for v in (case.tangent, case.direction)
             if v is not None]  # fmt: skip
    blocks = given + [basis] * (case.order - len(given))
    axes = [len(block) for block in blocks]
    symmetric = case.order == 2 and not given
    values = np.zeros((*axes, *shape))
    errors = np.zeros((*axes, *shape))
    value = _valued(subject, question, time.monotonic() + MOST_SECONDS)
    scale = max(1.0, float(np.max(np.abs(point), initial=0.0)))
    for index in np.ndindex(*axes):
        if symmetric and index[0] > index[1]:
            values[index], errors[index] = values[index[::-1]], errors[index[::-1]]
            continue
        steps = np.stack([block[i] for block, i in zip(blocks, index, strict=True)])
        found = _along(value, steps, scale, math.prod(shape))
        values[index], errors[index] = (part.reshape(shape) for part in found)
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


def _valued(subject: Subject, question: Question, deadline: float) -> Callable[[Array], Array]:
    """The function of a move away from the point, flat: the output, flat. It raises _Late after the
    deadline, which is a time of `time.monotonic`.
    """
    case, library = question.case, subject.library
    point = np.asarray(case.point, dtype=float)
    weights = None if case.cotangent is None else np.asarray(case.cotangent)
    function = question.function
    assert function is not None
    known: dict[bytes, Array] = {}

    def value(move: Array) -> Array:
        key = move.tobytes()
        if key in known:
            return known[key]
        if time.monotonic() > deadline:
            raise _Late(
                f"not estimated within {MOST_SECONDS:g} s, in which the function was called "
                f"{len(known)} times"
            )
        x = point + move.reshape(point.shape)
        with library.settings(case.dtype):
            output = library.numpy(function(library.array(x, case.dtype)))
        output = np.asarray(output, dtype=float)
        known[key] = np.reshape(output if weights is None else np.sum(weights * output), (-1,))
        return known[key]

    return value


def _along(
    value: Callable[[Array], Array], steps: Array, scale: float, size: int
) -> tuple[Array, Array]:
    """The derivative of each output along one or two directions, and its estimated error.

    Raises _Late.
    """
    first = STEP * scale / (float(np.max(np.abs(steps))) or 1.0)
    values, errors = np.zeros(size), np.zeros(size)

    def at(k: int, *coefficients: Array) -> Array:
        """Output k at coefficients of the directions, which broadcast together."""
        spread = np.broadcast_arrays(*coefficients)
        columns = np.stack([part.reshape(-1) for part in spread], axis=-1)
        return np.reshape([value(column @ steps)[k] for column in columns], spread[0].shape)

    for k in range(size):

        def inner(t: Array, k: int = k) -> Array:
            """The derivative along the second direction, at coefficients of the first one."""
            found = differentiate.derivative(
                lambda s, t: at(k, t, s), np.zeros_like(t), args=(t,), initial_step=first,
                tolerances={"rtol": INNER},
            )  # fmt: skip
            return np.asarray(found.df)

        outer = inner if len(steps) == 2 else lambda t, k=k: at(k, t)
        found = differentiate.derivative(outer, 0.0, initial_step=first)
        values[k], errors[k] = found.df, found.error
    return values, errors
