"""Features of a step: special values of its operands at the point, where derivative rules often
fail.

Known failures name features: an entry about products with a zero among the factors must not cover
other failures of the product. Coverage counts features.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic.numpy_ops import as_array, as_arrays
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, Step
from ad_conformance.generators.touched_kinks import touched
from scipy import special

Array = np.ndarray


def _real(operands: list[Array]) -> list[Array]:
    return [v for v in operands if v.dtype != bool]


def _zero_singular_values(operands: list[Array]) -> int:
    """How many singular values of a square matrix are zero; the most of a stack of matrices."""
    matrix = operands[0]
    if matrix.ndim < 2 or not matrix.size or matrix.shape[-1] != matrix.shape[-2]:
        return 0
    return int(matrix.shape[-1] - np.min(np.linalg.matrix_rank(matrix)))


def _singular(operands: list[Array]) -> bool:
    return _zero_singular_values(operands) > 0


def _tied_singular_values(operands: list[Array]) -> bool:
    matrix = operands[0]
    if matrix.ndim < 2 or not matrix.size or min(matrix.shape[-2:]) < 2:
        return False
    return _tied(np.linalg.svd(matrix, compute_uv=False)[..., ::-1])


def _close_singular_values(operands: list[Array]) -> bool:
    """Whether two singular values differ by less than a fourth of the largest, or are equal."""
    matrix = operands[0]
    if matrix.ndim < 2 or not matrix.size:
        return False
    values = np.linalg.svd(matrix, compute_uv=False)
    return bool(np.any(-np.diff(values, axis=-1) < np.max(values) / 4))


def _tied_positive_singular_values(operands: list[Array]) -> bool:
    matrix = operands[0]
    if not _tied_singular_values(operands):
        return False
    values = np.linalg.svd(matrix, compute_uv=False)[..., ::-1]
    scale = max(float(np.max(values)), 1.0)
    near = np.diff(values, axis=-1) <= 1e-9 * scale
    return bool(np.any(near & (values[..., :-1] > 1e-9 * scale)))


def _tied_eigenvalues(operands: list[Array]) -> bool:
    """Whether two eigenvalues of the symmetric part are equal."""
    matrix = operands[0]
    if matrix.ndim < 2 or not matrix.size or matrix.shape[-1] != matrix.shape[-2]:
        return False
    return _tied(np.linalg.eigvalsh((matrix + np.swapaxes(matrix, -1, -2)) / 2))


def _tied(ascending: Array) -> bool:
    return bool(
        np.any(np.diff(ascending, axis=-1) <= 1e-9 * max(float(np.max(np.abs(ascending))), 1.0))
    )


def _complex(operands: list[Array]) -> list[Array]:
    """The complex matrix of the first two operands, its real and its imaginary part, as a list."""
    pair = operands[:2]
    if len(pair) < 2 or pair[0].shape != pair[1].shape or not all(v.dtype == float for v in pair):
        return [np.zeros(0)]
    return [pair[0] + 1j * pair[1]]


def _complex_last(operands: list[Array], number: int) -> bool:
    """Whether an entry of the complex array of the last two operands, its parts, is the number."""
    parts = operands[-2:]
    if len(operands) < 3 or not _broadcastable(parts):
        return False
    return bool(np.any((parts[0] == number) & (parts[1] == 0)))


def _tie(operands: list[Array]) -> bool:
    if len(operands) > 1:
        return any(
            bool(np.any(np.equal(*np.broadcast_arrays(a, b))))
            for a, b in itertools.pairwise(operands)
        )
    return np.unique(operands[0]).size < operands[0].size


def _vanishing(value: Array) -> bool:
    """Whether an entry is zero, or only rounding keeps it from being zero."""
    sizes = np.abs(value)
    return bool(np.any(sizes <= 2.0**-40 * np.max(sizes, initial=0.0)))


def _beyond(value: Array, exponent: int) -> bool:
    """Whether an entry other than zero has a binary exponent of a larger magnitude."""
    exponents = np.frexp(value[np.isfinite(value) & (value != 0)])[1]
    return bool(np.any(np.abs(exponents) > exponent))


def _erfc_underflows(value: Array) -> bool:
    """Whether erfc is below the normal numbers of one of the dtypes and exp(x**2) does not
    overflow.
    """
    return any(
        bool(np.any((special.erfc(value) < limits.tiny) & (value**2 < np.log(limits.max))))
        for limits in (np.finfo(np.float32), np.finfo(np.float64))
    )


#: Each feature by name, as a predicate on the values of the operands.
_ON_VALUES: Mapping[str, Callable[[list[Array]], bool]] = {
    "zero": lambda ops: any(bool(np.any(v == 0)) for v in _real(ops)),
    "vanishing": lambda ops: any(_vanishing(v) for v in _real(ops)),
    "zeros": lambda ops: any(int(np.sum(v == 0)) > 1 for v in _real(ops)),
    "zero base": lambda ops: any(bool(np.any(v == 0)) for v in _real(ops)[:1]),
    "zero last": lambda ops: len(ops) > 1 and bool(np.any(ops[-1] == 0)),
    "one last": lambda ops: len(ops) > 1 and bool(np.any(ops[-1] == 1)),
    "complex zero last": lambda ops: _complex_last(ops, 0),
    "complex one last": lambda ops: _complex_last(ops, 1),
    "negative": lambda ops: bool(np.any(ops[0] < 0)),
    "tie": lambda ops: len({v.dtype for v in ops}) == 1 and _broadcastable(ops) and _tie(ops),
    "same size": lambda ops: (
        len(ops) == 2 and _broadcastable(ops) and _tie([np.abs(v) for v in ops])
    ),
    "empty": lambda ops: any(v.size == 0 for v in ops),
    "length 1": lambda ops: any(1 in v.shape for v in ops),
    "scalar": lambda ops: any(v.ndim == 0 for v in ops),
    "vector": lambda ops: any(v.ndim == 1 for v in ops),
    "batch": lambda ops: any(v.ndim > 2 for v in ops),
    "broadcast": lambda ops: len({v.shape for v in ops}) > 1,
    "broadcast array": lambda ops: len({v.shape for v in ops if v.ndim}) > 1,
    "singular": _singular,
    "4 rows or more": lambda ops: ops[0].ndim > 1 and ops[0].shape[-2] >= 4,
    "2 or 3 rows": lambda ops: ops[0].ndim > 1 and ops[0].shape[-2] in (2, 3),
    "tied singular values": _tied_singular_values,
    "tied positive singular values": _tied_positive_singular_values,
    "close singular values": _close_singular_values,
    "two zero singular values": lambda ops: _zero_singular_values(ops) > 1,
    "tied eigenvalues": _tied_eigenvalues,
    "complex singular": lambda ops: _singular(_complex(ops)),
    "not square": lambda ops: ops[0].ndim > 1 and ops[0].shape[-1] != ops[0].shape[-2],
    "1x1": lambda ops: any(v.shape[-2:] == (1, 1) for v in ops),
    "below 1/8": lambda ops: any(bool(np.any((v != 0) & (np.abs(v) < 1 / 8))) for v in _real(ops)),
    "beyond 4": lambda ops: any(bool(np.any(np.abs(v) > 4)) for v in _real(ops)),
    "large": lambda ops: any(bool(np.any(np.abs(v) > 18)) for v in _real(ops)),
    "8 or more": lambda ops: any(bool(np.any(v >= 8)) for v in _real(ops)),
    "below -5": lambda ops: bool(np.any(ops[0] < -5)),
    "8th power beyond float32": lambda ops: any(_beyond(v, 15) for v in _real(ops)),
    "8th power beyond float64": lambda ops: any(_beyond(v, 127) for v in _real(ops)),
    "erfc underflows": lambda ops: any(_erfc_underflows(v) for v in _real(ops)),
}

#: Those that decompose a matrix.
_OF_MATRICES = {name for name in _ON_VALUES if "singular" in name or "eigenvalues" in name}


def _broadcastable(operands: list[Array]) -> bool:
    try:
        np.broadcast_shapes(*(v.shape for v in operands))
    except ValueError:
        return False
    return True


class _Domains:
    """The operations as functions, for a definition: `left` says whether one of them left its
    domain.
    """

    def __init__(self) -> None:
        self.left = False

    def __getattr__(self, name: str) -> Callable[..., Array]:
        def function(*operands: Any, **params: Any) -> Array:
            given = (
                operands[0] if len(operands) == 1 and isinstance(operands[0], list) else operands
            )
            arrays = as_arrays(tuple(given))
            varied = [isinstance(v, np.ndarray) for v in given]
            self.left = self.left or leaves_domain(name, arrays, params, varied)
            return as_array(CATALOGUE[name].evaluate(*arrays, **params))

        return function


def leaves_domain(
    name: str, operands: Sequence[Array], params: Mapping[str, Any], varied: Sequence[bool]
) -> bool:
    """Whether the operation, or one in its definition, is at the end of its domain or outside.

    That is so if its value is not finite, or not after the smallest change of an operand: its
    derivative is infinite or NaN. `varied` says which operands may change.
    """
    row = CATALOGUE[name]
    if not all(bool(np.all(np.isfinite(v))) for v in operands):
        return False
    with np.errstate(all="ignore"):
        if row.definition:
            watched = _Domains()
            row.definition(watched, *operands, **params)
            return watched.left
        moved = [
            [*operands[:j], np.nextafter(v, side), *operands[j + 1 :]]
            for j, v in enumerate(operands)
            for side in (-np.inf, np.inf)
            if varied[j] and v.dtype != bool
        ]
        try:
            return not all(
                bool(np.all(np.isfinite(row.evaluate(*near, **params))))
                for near in (operands, *moved)
            )
        except ArithmeticError:
            return True


#: The deviation of entries that are equal but for rounding, relative to the largest entry; and the
#: standard deviation, relative to the mean, below which mean(x**2) - mean(x)**2 has few digits.
_EQUAL, _CLOSE = 2.0**-40, 1 / 8


def _variances(x: Array, axis: int) -> set[str]:
    """Which variances the entries along the axis have, if there are several: zero, or small beside
    the mean.
    """
    if x.dtype == bool or not -x.ndim <= axis < x.ndim or not x.size or x.shape[axis] < 2:
        return set()
    if not np.all(np.isfinite(x)):
        return set()
    mean = np.mean(x, axis=axis, keepdims=True)
    zero = np.max(np.abs(x - mean), axis=axis) <= _EQUAL * np.max(np.abs(x), axis=axis)
    small = np.std(x, axis=axis) < _CLOSE * np.abs(mean.squeeze(axis))
    return {
        *(("zero variance",) if np.any(zero) else ()),
        *(("small variance",) if np.any(small & ~zero) else ()),
    }


#: Operations whose result is a view of their operand, with other strides; and operations whose
#: result is such a view if their operand is.
_VIEWS = {
    *("diagonal", "diagonal_offset", "matrix_transpose", "permute_dims", "moveaxis", "rot90"),
    *("slice", "index", "unstack", "split", "broadcast_to", "flip"),
}
_VIEWS_OF_VIEWS = {"reshape", "expand_dims", "squeeze"}

#: The names of all features. Those after the first group depend on the step, not on values only.
FEATURES = (
    *_ON_VALUES,
    "repeated",
    "reused",
    "constant",
    "constant first",
    "constant last",
    "first varies",
    "last varies",
    "several vary",
    "parameter zero",
    "parameter infinite",
    "end of domain",
    "zero variance",
    "small variance",
    "several outputs",
    "view",
    "touched kink",
)


def special_values(operands: list[Array], names: Collection[str]) -> set[str]:
    """Those of the features `names` that the values of the operands alone give."""
    # Decompositions raise errors for entries that are infinite or NaN.
    ended = not all(bool(np.all(np.isfinite(v))) for v in operands)
    return {
        name
        for name, holds in _ON_VALUES.items()
        if name in names and not (ended and name in _OF_MATRICES) and operands and holds(operands)
    }


def _of_step(step: Step, operands: list[Array], depends: list[bool]) -> frozenset[str]:
    if not operands:
        return frozenset()
    found = special_values(operands, _ON_VALUES)
    if len(set(step.operands)) < len(step.operands):
        found.add("repeated")
    if any(value == 0 and type(value) in (int, float) for value in step.arguments.values()):
        found.add("parameter zero")
    if "inf" in step.arguments.values():
        found.add("parameter infinite")
    if any(depends) and leaves_domain(step.operation, operands, step.arguments, depends):
        found.add("end of domain")
    axis = step.arguments.get("axis")
    if type(axis) is int and len(operands) == 1:
        found |= _variances(operands[0], axis)
    if depends[0]:
        found.add("first varies")
    if depends[-1]:
        found.add("last varies")
    if sum(depends) > 1:
        found.add("several vary")
    if not any(depends):
        found.add("constant")
    else:
        found.update(
            name
            for name, varies in (("constant first", depends[0]), ("constant last", depends[-1]))
            if not varies
        )
    return frozenset(found)


@lru_cache(maxsize=4096)
def features(case: Case) -> tuple[frozenset[str], ...]:
    """The features of each step of the case at its point."""
    values = evaluate_steps(case.program, case.input)
    value_ids = (0, *case.program.arguments)
    varied = {value_ids[i] for i in case.inputs}
    depends = [0 in varied]
    uses = Counter(i for step in case.program.steps for i in step.operands)
    found = []
    views: set[int] = set()
    # Values that the output does not depend on may be infinite.
    with np.errstate(invalid="ignore"):
        met = touched(case, values)
    for k, step in enumerate(case.program.steps, start=1):
        if step.operation in _VIEWS or (
            step.operation in _VIEWS_OF_VIEWS and step.operands[0] in views
        ):
            views.add(k)
        used = [depends[i] for i in step.operands]
        own = _of_step(step, [values[i] for i in step.operands], used)
        if own and values[-1].size > 1:
            own |= {"several outputs"}
        if any(uses[i] > 1 for i in step.operands):
            own |= {"reused"}
        if not views.isdisjoint(step.operands):
            own |= {"view"}
        if k in met:
            own |= {"touched kink"}
        found.append(own)
        depends.append(k in varied or any(used))
    return tuple(found)
