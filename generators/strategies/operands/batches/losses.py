"""Operands of losses with margins, weights of classes, or sequences of labels."""

from __future__ import annotations

import math

import numpy as np
from ad_conformance.generators.catalogue.operands import Domain
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    fit,
    shaped,
    some,
)
from ad_conformance.generators.strategies.operands.batches.large import grown
from ad_conformance.generators.strategies.operands.batches.pooling import distinct
from ad_conformance.generators.strategies.operands.networks import (
    Draw,
    apart_from,
    drawn,
    like,
    saturated,
)

_WEIGHTS = (1.0, 2.0, 0.5, 0.25)


def _weights(b: Builder, count: int) -> tuple[float, ...]:
    return tuple(b.choices(_WEIGHTS, count))


def _signs(b: Builder, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(b.choices([1, -1], math.prod(shape)))


def signed(count: int, **params: Draw) -> OperandStrategy:
    """One or two values and a sign for each entry."""

    def strategy(b: Builder) -> DrawnOperands:
        first = some(b, lambda v: 0 < v.size <= 9)
        operands = [first, *(like(b, first, 2) for _ in range(count - 1))]
        values = drawn(b, params)
        return operands, {"labels": _signs(b, b.values[first].shape), **values}

    return strategy


def _rows(b: Builder) -> int:
    value_id = b.pick(lambda v: v.ndim == 2 and 0 < v.size <= 12)
    if value_id is None or b.flag(4):
        return shaped(b, (b.choose([2, 1, 3]), b.choose([2, 3])))
    return value_id


def signed_rows(**params: Draw) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        first = _rows(b)
        second = like(b, first, 4)
        for value_id in (first, second):
            if np.min(np.sum(np.square(b.values[value_id]), axis=-1)) < 1 / 16:
                raise Abandon("a row of zeros has no direction")
        rows = b.values[first].shape[:-1]
        return [first, second], {"labels": _signs(b, rows), **drawn(b, params)}

    return strategy


def triplets(**params: Draw) -> OperandStrategy:
    """Three values of rows with positive distances."""

    def strategy(b: Builder) -> DrawnOperands:
        anchor = _rows(b)
        positive, negative = (apart_from(b, anchor, like(b, anchor, 0)) for _ in range(2))
        negative = apart_from(b, positive, negative)
        values = {"p": b.choose([2.0, 1.0, 3.0]), "swap": b.flag()}
        return [anchor, positive, negative], {**values, **drawn(b, params)}

    return strategy


def classes(**params: Draw) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        value_id = _rows(b)
        rows, count = b.values[value_id].shape
        weights = _weights(b, count) if b.flag() else ()
        labels = b.integers(0, count - 1, rows)
        return [value_id], {"labels": labels, "weights": weights, **drawn(b, params)}

    return strategy


def hot(weighted: bool = False, **params: Draw) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        value_id = _rows(b)
        if weighted:
            value_id = saturated(b, value_id)
        shape = b.values[value_id].shape
        values = drawn(b, params)
        if weighted:
            values["weights"] = _weights(b, shape[-1]) if b.flag() else ()
        return [value_id], {"labels": tuple(b.choices([1, 0], math.prod(shape))), **values}

    return strategy


def labelled_places(**params: Draw) -> OperandStrategy:
    """A batch of logits with classes on axis 1, and labels, some of them ignored."""

    def strategy(b: Builder) -> DrawnOperands:
        axes = b.choose([2, 0, 1])
        count = b.choose([2, 3, 1])
        shape = (b.choose([1, 2]), count, *(b.choose([1, 2]) for _ in range(axes)))
        value_id = grown(b, shape)
        if np.max(np.abs(b.values[value_id])) < 16:
            value_id = saturated(b, value_id)
        places = math.prod(shape) // count
        ignored = b.choose([-100, 0]) if count > 1 else -100
        labels = list(b.integers(0, count - 1, places))
        for k in range(places):
            if b.flag(4):
                labels[k] = ignored
        if all(k == ignored for k in labels):
            labels[0] = count - 1
        return [value_id], {
            "labels": tuple(labels),
            "weights": _weights(b, count),
            "ignored": ignored,
            **drawn(b, params),
        }

    return strategy


def weighted_logits(**params: Draw) -> OperandStrategy:
    def strategy(b: Builder) -> DrawnOperands:
        value_id = saturated(b, _rows(b))
        count = b.values[value_id].shape[-1]
        weights = {"weights": _weights(b, count), "positive": _weights(b, count)}
        return [value_id, like(b, value_id)], {**weights, **drawn(b, params)}

    return strategy


def sequences(**params: Draw) -> OperandStrategy:
    """Logits with the axes (time, batch, classes), and the labels of each sequence."""

    def strategy(b: Builder) -> DrawnOperands:
        times, batch, count = b.choose([3, 2, 4]), b.choose([1, 2]), b.choose([3, 2, 4])
        labels = []
        for _ in range(batch):
            row = b.integers(1, count - 1, b.choose([1, 2, 0]))
            # Equal labels in a row need a blank in between.
            if len(row) == 2 and row[0] == row[1] and times < 3:
                row = row[:1]
            labels.append(row)
        value_id = (
            distinct(b, (times, batch, count)) if b.flag(6) else grown(b, (times, batch, count))
        )
        return [fit(b, value_id, Domain(low=-32, high=32))], {
            "labels": tuple(labels),
            **drawn(b, params),
        }

    return strategy
