"""Whether the answer to a case seems to be zero, and steps that make it nonzero.

An answer of zeros detects few faults. It comes from programs that are linear or constant in pieces,
from products with several zeros, from saturation, and from seeds that meet no entry.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.builder import NEGLIGIBLE, STEP, Abandon, Builder

#: How often a nonlinear function is tried.
ATTEMPTS = 4
#: Nonlinear functions without a zero derivative of all entries, with the largest argument for each.
_NONLINEAR = {"exp": 8.0, "sin": 64.0, "tanh": 2.0, "cosh": 8.0, "sinh": 8.0}
#: Multiples of the golden ratio, modulo 1, are in no simple relation to each other.
_GOLDEN = 0.6180339887


def _direction(size: int, number: int) -> np.ndarray:
    """A direction in which no derivative vanishes by chance."""
    return 0.5 + (np.arange(size) + 1 + number * size) * _GOLDEN % 1


def answers_zero(b: Builder, case: Case, output: int) -> bool:
    """Whether all entries of the answer seem to be zero: an estimate by central differences along
    one direction for each input. False if the output is undefined nearby. `output` is the value_id
    of the output in the builder.
    """
    if not b.values[output].size:
        return False
    if case.tangent is None and not case.program.arguments:
        derivative = b.derivative(output, case.order)
    else:
        derivative = _mixed_derivative(b, case, output)
    if derivative is None:
        return False
    with np.errstate(all="ignore"):
        if case.cotangent is not None:
            derivative = np.sum(derivative * np.asarray(case.cotangent, dtype=float))
        return bool(np.all(np.abs(derivative) <= NEGLIGIBLE))


def _mixed_derivative(b: Builder, case: Case, output: int) -> np.ndarray | None:
    """An estimate of the derivative by the inputs that the case asks for, along the tangent if it
    has one, else along one direction for each input.
    """
    value_ids = _inputs(b, output)
    groups = Counter(
        (value_ids[i], number < case.asked.along) for number, i in enumerate(case.inputs)
    )
    directions = {}
    for number, (value_id, seeded) in enumerate(groups):
        shape = b.values[value_id].shape
        along = (
            np.asarray(case.tangent, dtype=float)
            if seeded
            else _direction(math.prod(shape), number).reshape(shape)
        )
        directions[value_id, seeded] = along * (STEP / np.max(np.abs(along), initial=1e-9))
    total = np.zeros(b.values[output].shape)
    with np.errstate(all="ignore"):
        for steps in itertools.product(*(range(count + 1) for count in groups.values())):
            moved = {value_id: b.values[value_id] for value_id in value_ids}
            weight = 1
            for (key, count), k in zip(groups.items(), steps, strict=True):
                weight *= (-1) ** k * math.comb(count, k)
                moved[key[0]] = moved[key[0]] + (count / 2 - k) * directions[key]
            value = b.value_at(output, moved)
            if value is None or value.shape != total.shape:
                return None
            total += weight * value
    return total / STEP**case.order


def _inputs(b: Builder, output: int) -> tuple[int, ...]:
    """The value_ids of the inputs of the program that ends in `output`."""
    return (0, *(k for k, s in enumerate(b.steps[:output], 1) if s.operation == "argument"))


def made_nonzero(b: Builder, case: Case, output: int) -> int | None:
    """Add a nonlinear function of the output and of the inputs that are differentiated by, so that
    the answer is not zero. Returns its value_id, or None if none fits; then no step is added.
    """
    length = len(b.steps)
    for _ in range(ATTEMPTS):
        try:
            found = _nonlinear(b, case, output)
        except Abandon:
            b.rewind(length)
            continue
        if not answers_zero(b, case, found):
            return found
        b.rewind(length)
    return None


def _nonlinear(b: Builder, case: Case, output: int) -> int:
    value_ids = _inputs(b, output)
    value = b.values[output]
    largest = float(np.max(np.abs(value), initial=0.0))
    name = b.choose(list(_NONLINEAR))
    if largest > _NONLINEAR[name] / 2:
        scale = 2.0 ** math.floor(math.log2(_NONLINEAR[name] / 2 / largest))
        output = b.must("multiply", (output, b.constant(scale)))
    for i in dict.fromkeys(case.inputs):
        output = b.must("add", (output, _combination(b, value_ids[i], value.shape)))
    if float(np.max(np.abs(b.values[output]), initial=0.0)) > _NONLINEAR[name]:
        raise Abandon
    return b.must(name, (output,))


def _combination(b: Builder, value_id: int, shape: tuple[int, ...]) -> int:
    """A linear combination of the entries of an input: a number, or for an input of the shape of
    the output at times each entry by itself.
    """
    size = b.values[value_id].size
    weights = np.array(b.choices([1.0, 0.5, -0.5, 0.25, -1.0], size)).reshape(
        b.values[value_id].shape
    )
    weighted = b.must("multiply", (value_id, b.constant(weights)))
    if weights.shape in ((), shape):
        return weighted
    return b.must("sum", (weighted,), axis=None, keepdims=False)
