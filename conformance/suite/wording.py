"""How scripts, failure reports and issues write arrays and errors."""

from __future__ import annotations

import math

import numpy as np
from ad_conformance.conformance.reference.certify import Truth
from ad_conformance.conformance.verdicts import Result

#: Entries of an array that are printed.
ENTRIES = 64


def short(array: np.ndarray) -> str:
    """An array in one line: all entries, or the shape and the first entries of a large one. Of an
    empty array, the shape.
    """
    if not array.size:
        return f"no entries, shape {array.shape}"
    if array.size > ENTRIES:
        return (
            f"shape {array.shape}, first entries "
            f"{np.array2string(array.reshape(-1)[:8], precision=17)}"
        )
    return " ".join(np.array2string(array, precision=17, separator=", ").split())


def factor(ratio: float) -> str:
    """A factor with two significant digits: "3.4", "13,000", "3.3e12"."""
    if ratio < 100:
        return f"{ratio:.2g}"
    if ratio < 1e6:
        return f"{float(f'{ratio:.2g}'):,.0f}"
    return f"{ratio:.1e}".replace("e+", "e")


def largest_error(result: Result) -> str:
    """The entry of a wrong answer with the largest error, as "got ..., expected ...: relative error
    ..., ... times the tolerance for rounding".

    Both numbers have as many digits as are needed to see the difference. The index is given if
    there is more than one entry. The error is absolute if the expected entry is zero. Raises
    ValueError if the answer and the certified derivative cannot be compared entry by entry.
    """
    got, truth = result.answer.value, result.truth
    if got is None or truth.value is None or truth.tolerance is None:
        raise ValueError(f"case {result.case.id}: {result.verdict} has no error to show")
    if got.shape != truth.value.shape or not got.size:
        raise ValueError(f"case {result.case.id}: shapes {got.shape} and {truth.value.shape}")
    ratios = truth.ratios(got)
    index = np.unravel_index(int(np.argmax(ratios)), got.shape)
    one, other = float(got[index]), float(truth.value[index])
    error, kind = abs(one - other), "absolute"
    if other:
        error, kind = error / abs(other), "relative"
    place = f" at {[int(i) for i in index]}" if got.size > 1 else ""
    digits = _digits(one, other)
    return (
        f"got {one:.{digits}g}, expected {other:.{digits}g}{place}: {kind} error {error:.2g}, "
        f"{factor(float(ratios[index]))} times the tolerance for rounding"
    )


def worst_entry(value: np.ndarray, truth: Truth) -> tuple[tuple[int, ...] | None, float]:
    """The index of the worst entry, and its correct digits; None and NaN if nothing is compared.

    Of a wrong answer, it is the entry with the largest error in units of its tolerance; of a right
    one, that with the largest relative error. An entry that is zero but for rounding has none.
    """
    nothing = None, math.nan
    if truth.value is None or truth.tolerance is None or value.shape != truth.shape:
        return nothing
    judged = np.ones(value.shape, bool) if truth.judged is None else truth.judged
    if not np.any(judged):
        return nothing
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.abs(value - truth.value) / np.abs(truth.value)
    ratios = np.nan_to_num(truth.ratios(value), nan=np.inf)
    zero = np.abs(truth.value) <= truth.tolerance
    relative = np.where(zero, np.where(ratios <= 1, 0.0, 1.0), np.nan_to_num(relative, nan=1.0))
    order = ratios if np.any(ratios[judged] > 1) else relative
    worst = int(np.argmax(np.where(judged, order, -1.0)))
    index = tuple(map(int, np.unravel_index(worst, value.shape)))
    share = max(float(relative[index]), float(np.finfo(value.dtype).eps) / 2)
    return index, -math.log10(share) if math.isfinite(share) else 0.0


def _digits(one: float, other: float) -> int:
    """Significant digits with which two numbers look different, 6 to 17."""
    difference, size = abs(one - other), max(abs(one), abs(other))
    if not difference:
        return 6
    return min(17, max(6, math.ceil(math.log10(size / difference)) + 1))
