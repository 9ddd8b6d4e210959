"""Kinds of mistakes in adapters: how each is recognized, and what to do about it."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from ad_conformance.conformance.severity import SINGLE_SUSPECTED, Kind, severity_of
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines.contract import Answer

#: Exceptions by which Python or a library says that it does not have a function.
ABSENT = ("AttributeError", "ImportError", "ModuleNotFoundError", "NameError")
#: The exception by which a library says that it does not have something.
NOT_IMPLEMENTED = "NotImplementedError"


class Mistake(StrEnum):
    """A kind of mistake; the value names it in a sentence, and `advice` says what to do."""

    NOTHING_RUNS = (
        "no program runs",
        "correct first what every program uses: `header`; `namespace` and `array` of the dialect; "
        "`compile` and `run`. A saved script shows which of them fails",
    )
    MISSING = (
        "the library does not have it",
        "write the operation with other functions in `templates`, or set it to None there. If the "
        "library raises one exception for many operations, add its type and a narrow pattern to "
        "`unsupported`",
    )
    CALL = (
        "a template raises",
        "run the saved script and correct the call in `templates`: names, order and types of the "
        "arguments. If the library does not have the operation, set it to None",
    )
    VALUE = (
        "a template computes another value",
        "compare your function with the operation (`ad-conformance operations NAME`): the order of "
        "operands, axes, defaults. Correct the entry in `templates`, or set it to None",
    )
    COMPILE = (
        "`compile` or an entry of `mode_transforms` raises",
        "`mode_transforms` must be expressions for functions of x, and `compile` must assign "
        "`derivative`, a function of x, made of {nested}. Run a saved script to see the line",
    )
    RUN = (
        "`run` raises",
        "`run` must call `derivative(x)` and assign a NumPy array of numbers to `got`. Run a saved "
        "script to see the line",
    )
    TRANSPOSED = (
        "a Jacobian has its axes in another order",
        "`mode_transforms` must put the axes of the output first and the axes of the input last",
    )
    SHAPE = (
        "a derivative has the wrong shape",
        "`mode_transforms` must give shape f(x).shape + x.shape, where a number has shape (), and "
        "`run` must not change it",
    )
    DTYPE = (
        "a derivative has the wrong dtype",
        "`array` must make arrays of float64, `single` those of float32, and no other statement "
        'may convert them. For a library without float64, set `dtype="float32"`',
    )
    DERIVATIVE = (
        "a derivative is wrong",
        "if a letter is wrong for all programs, correct its entry in `mode_transforms`. If it is "
        "wrong for a few, run the saved script: the library itself may be wrong",
    )
    OPERATOR = (
        "an operator is wrong",
        "correct the entry in `operators`, a function of x: the gradient of {f}; the pushforward "
        "J v with the tangent {v}; the pullback w^T J with the cotangent {w}. Or leave it out",
    )
    CAPTURED = (
        "a derivative by one of several inputs is wrong",
        "if the modes are correct: each level must differentiate by its own input and keep the "
        "inputs that its closure captures. A library that cannot needs {i} in `mode_transforms`",
    )
    FIRST_POINT = (
        "the compiled function is wrong at a second point",
        "`compile` must make a function of x: it must not use values of the x that it sees",
    )
    SIDE_EFFECT = (
        "a derivative has side effects",
        "the value is right, but `derivative` changes the array that it is given, or gives another "
        "result when it is called again. Look for arrays that a function of `header` changes, "
        "returns twice or keeps between calls; for caches whose key lacks the function, the point "
        "or the dtype; and for conversions that share memory (`torch.from_numpy`, `np.asarray`). "
        "If there are none, the library itself is at fault",
    )
    NARROW = (
        "float64 is rounded to float32 on the way",
        "let the library compute in float64 (an option of it, or an argument `dtype`). Look for "
        "numbers that a function of `header` or a template makes without a dtype",
    )
    SINGLE = (
        "float32 is wrong",
        "`single` must make arrays of float32, and functions of `header` must keep the dtype. "
        "Without `single`, cases in float32 are unsupported",
    )
    ENDED = (
        "the engine's process ends or does not answer",
        "run the saved script by itself. For a slow library, increase `timeout_factor`. If one "
        "operation does it, set its template to None",
    )

    advice: str

    def __new__(cls, value: str, advice: str) -> Mistake:
        """A member with its advice."""
        member = str.__new__(cls, value)
        member._value_, member.advice = value, advice
        return member


def of_value(
    answer: Answer, expected: np.ndarray, tolerance: float, point: np.ndarray
) -> tuple[Mistake, str] | None:
    """What is wrong with the value that an engine computed for a program, in a line, or None.

    Entries that are not finite are not compared. `point` is quoted.
    """
    if answer.value is None:
        told = f"{answer.error or answer.outcome} in {answer.stage or 'run'}: {_first(answer)}"
        if answer.outcome != "raised":
            return Mistake.ENDED, told
        missing = answer.error in (*ABSENT, NOT_IMPLEMENTED)
        return Mistake.MISSING if missing else Mistake.CALL, told
    if answer.value.shape != expected.shape:
        return Mistake.VALUE, f"got shape {answer.value.shape}, expected {expected.shape}"
    finite = np.isfinite(expected)
    if np.allclose(answer.value[finite], expected[finite], rtol=0, atol=tolerance):
        return None
    at = np.array2string(point, separator=", ").replace("\n", "")
    return Mistake.VALUE, f"{_both(answer.value, expected)}, in a program with input {at}"


def of_derivative(result: Result, of_its_kind: Mistake | None) -> tuple[Mistake, str]:
    """What is wrong in a finding, in a line.

    `of_its_kind` is the mistake that wrong numbers, shapes and exceptions show, if the case is
    about one thing, such as an operator; None for the full derivative by the only input.
    """
    answer, value = result.answer, result.truth.value
    told = f"{result.verdict}: {answer.error}: {_first(answer)}"
    if result.verdict in (Verdict.CRASH, Verdict.TIMEOUT):
        return Mistake.ENDED, told
    if result.verdict is Verdict.IMPURE:
        return Mistake.SIDE_EFFECT, answer.message
    if result.verdict is Verdict.WRONG_DTYPE and answer.value is not None:
        told = f"got dtype {answer.value.dtype}, expected {result.case.dtype}"
        return of_its_kind if of_its_kind is Mistake.SINGLE else Mistake.DTYPE, told
    if answer.value is None or value is None:
        failed = Mistake.COMPILE if answer.stage == "compile" else Mistake.RUN
        if answer.error == NOT_IMPLEMENTED:
            failed = Mistake.MISSING
        return of_its_kind or failed, told
    found = Mistake.DERIVATIVE
    told = _both(answer.value, value)
    how = severity_of(result)
    if how is not None and how.kind is not Kind.NOT_FINITE:
        told = f"{told}: {how.text}"
    if how is not None and SINGLE_SUSPECTED in how.text:
        return Mistake.NARROW, told
    if answer.value.shape != value.shape:
        found = Mistake.SHAPE
        told = f"got shape {answer.value.shape}, expected {value.shape}"
    if _is_transposed(result):
        found, told = Mistake.TRANSPOSED, f"{told}: the axes are in another order"
    return of_its_kind or found, told


def _is_transposed(result: Result) -> bool:
    """Whether the answer would agree if its axes were rotated or reversed."""
    got, truth = result.answer.value, result.truth
    if got is None or truth.value is None or got.ndim < 2:
        return False
    axes = tuple(range(got.ndim))
    orders = {axes[k:] + axes[:k] for k in axes[1:]} | {axes[::-1]}
    moved = (np.transpose(got, order) for order in orders)
    return any(
        turned.shape == truth.shape and bool(np.all(truth.ratios(turned) <= 1)) for turned in moved
    )


def _both(got: np.ndarray, expected: np.ndarray) -> str:
    return f"got {got.reshape(-1)[:4]}, expected {expected.reshape(-1)[:4]}"


def _first(answer: Answer) -> str:
    return answer.message.partition("\n")[0]
