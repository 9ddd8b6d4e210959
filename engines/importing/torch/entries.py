"""Tensors as arrays of codes: where each of their entries comes from.

A code names one entry of a recorded value, or a constant. Views, copies, joins and selections only
move codes, so they need no step. A step is recorded when an operation reads what was moved.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from ad_conformance.engines.importing.recorder import Recorder
from ad_conformance.generators.catalogue.operation import MAX_SIZE
from ad_conformance.generators.rewrite.recording import Recorded

Array = np.ndarray
#: Joins of more parts than this are not looked for along an axis.
MOST_PARTS = 64
#: Names of operations with their parameters, one after the other.
Steps = list[tuple[str, dict[str, Any]]]


class Plan(NamedTuple):
    """A way to record an array of entries: the number of steps, and what records them."""

    cost: int
    make: Callable[[], Any]


def _cost(plan: Plan) -> int:
    return plan.cost


class Entries:
    """The codes of all values of a recorder.

    Codes above 0 count the entries of recorded values; others are constants, 0 the number 0.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._starts: list[int] = [1]
        self._values: list[Recorded] = []
        self._first: dict[int, int] = {}
        self._numbers: list[float] = [0.0]
        self._places: dict[int, int] = {0: 0}
        self._same: dict[bytes, Any] = {}
        self._read: dict[tuple[Any, ...], Any] = {}

    def codes(self, value: Any) -> Array:
        """The codes of a recorded value or of an array of constants, in its shape."""
        if not isinstance(value, Recorded):
            return self._constants(np.asarray(value))
        if value.value_id not in self._first:
            self._first[value.value_id] = self._starts[-1]
            self._values.append(value)
            self._starts.append(self._starts[-1] + value.size)
        first = self._first[value.value_id]
        return np.arange(first, first + value.size).reshape(value.shape)

    def _constants(self, array: Array) -> Array:
        bits, places = np.unique(array.astype(np.float64).view(np.int64), return_inverse=True)
        for number in bits.tolist():
            if number not in self._places:
                self._places[number] = -len(self._numbers)
                self._numbers.append(float(np.int64(number).view(np.float64)))
        codes = np.array([self._places[b] for b in bits.tolist()], dtype=np.int64)
        found: Array = codes[places.reshape(array.shape)]
        return found

    def constants(self, codes: Array) -> Array:
        """The numbers that codes of constants stand for."""
        return np.asarray(np.array(self._numbers)[-codes])

    def at_point(self, codes: Array) -> Array:
        """The numbers of the entries at the point. No step is recorded."""
        found = self.constants(np.minimum(codes, 0))
        owners = self._owners(codes)
        for owner in np.unique(owners[owners >= 0]).tolist():
            here = owners == owner
            numbers = self.recorder.at_point(self._values[owner]).reshape(-1)
            found[here] = numbers[codes[here] - self._starts[owner]]
        return found

    def read(self, codes: Array, spread: bool = True) -> Any:
        """The value with these entries, an array if all are constants.

        Truth values are numbers, 1 and 0, unless the codes are those of one value. Without
        `spread`, an axis along which entries do not change may have the length 1.
        """
        if np.all(codes <= 0):
            return self.constants(codes)
        core = codes
        for axis in range(codes.ndim):
            first = core.take([0], axis)
            if core.shape[axis] > 1 and np.array_equal(np.broadcast_to(first, core.shape), core):
                core = first
        key = (core.shape, core.tobytes())
        if key not in self._read:
            self._read[key] = min([self._plan(core), *self._again(core)], key=_cost).make()
            self._same.setdefault(core.tobytes(), self._read[key])
        found = self._read[key]
        if spread and found.shape != codes.shape:
            whole = (codes.shape, codes.tobytes())
            if whole not in self._read:
                numbers = self.numbers(found)
                self._read[whole] = self.recorder.broadcast_to(numbers, shape=codes.shape)
            return self._read[whole]
        return found

    def _again(self, codes: Array) -> list[Plan]:
        """What was read already, in another shape or transposed."""
        plans, r = [], self.recorder
        if (value := self._same.get(codes.tobytes())) is not None:
            plans.append(Plan(1, lambda: r.shaped(self.numbers(value), codes.shape)))
        if codes.ndim > 1:
            turned = codes.swapaxes(-1, -2)
            if (other := self._read.get((turned.shape, turned.tobytes()))) is not None:
                axes = (*range(codes.ndim - 2), codes.ndim - 1, codes.ndim - 2)
                plans.append(Plan(1, lambda: r.permute_dims(self.numbers(other), axes=axes)))
        return plans

    def numbers(self, value: Any) -> Any:
        """Truth values as the numbers 1 and 0; other values as they are."""
        if isinstance(value, Recorded):
            truths = self.recorder.at_point(value).dtype == bool
            return self.recorder.where(value, 1.0, 0.0) if truths else value
        array = np.asarray(value)
        return array.astype(float) if array.dtype == bool else array

    def _owners(self, codes: Array) -> Array:
        """The number of the value that each entry belongs to, -1 for constants."""
        return np.where(codes > 0, np.searchsorted(self._starts, codes, side="right") - 1, -1)

    def _plan(self, codes: Array) -> Plan:
        owners = self._owners(codes)
        found = np.unique(owners).tolist()
        if found == [-1]:
            return Plan(0, lambda: self.constants(codes))
        if len(found) == 1:
            return self._of_one(found[0], codes - self._starts[found[0]])
        plans = [self._gathered(codes, owners, found)]
        if len(found) == 2 and (chosen := self._chosen(codes, owners, found)):
            plans.append(chosen)
        plans += self._joined(codes, owners)
        return min(plans, key=_cost)

    def _of_one(self, owner: int, indices: Array) -> Plan:
        """Entries of one value."""
        value, r = self._values[owner], self.recorder
        if indices.shape == value.shape and _in_order(indices):
            return Plan(0, lambda: value)
        if indices.size == value.size and _in_order(indices):
            return Plan(1, lambda: r.shaped(self.numbers(value), indices.shape))
        plans: list[Plan] = [
            Plan(
                1 + (value.ndim != 1) + (indices.ndim != 1),
                lambda: r.moved(self.numbers(value), indices),
            )
        ]
        for find in (_taken, _run, _permuted, _sliced):
            steps = find(value.shape, indices)
            if steps is not None:
                plans.append(Plan(len(steps), partial(self._stepped, value, steps)))
        best: Plan = min(reversed(plans), key=_cost)
        return best

    def _stepped(self, value: Recorded, steps: Steps) -> Any:
        found = self.numbers(value)
        for name, params in steps:
            found = self.recorder.called(name, (found,), params)
        return found

    def _chosen(self, codes: Array, owners: Array, found: list[int]) -> Plan | None:
        """Each entry at its own place in one of two values, or in one value and constants."""
        places = np.arange(codes.size).reshape(codes.shape)
        plans = []
        for owner in found:
            if owner == -1:
                continue
            indices = codes - self._starts[owner]
            offsets = (indices - places)[owners == owner]
            first = int(offsets[0])
            if np.any(offsets != first) or first < 0:
                return None
            if first + codes.size > self._values[owner].size:
                return None
            plans.append(self._of_one(owner, places + first))
        r, numbers = self.recorder, np.unique(self.constants(codes[owners == -1]))
        cost = sum(plan.cost for plan in plans)

        def make() -> Any:
            values = [self.numbers(plan.make()) for plan in plans]
            chosen = owners == found[1]
            if len(values) == 2:
                return r.where(chosen, values[1], values[0])
            if numbers.size != 1:
                return r.where(chosen, values[0], self.constants(np.minimum(codes, 0)))
            if numbers[0] == 0 and np.all(np.isfinite(r.at_point(values[0]))):
                return r.multiply(values[0], chosen.astype(float))
            mask = tuple_of((owners == -1).astype(int))
            return r.masked_fill(values[0], numbers[0], mask=mask)

        return Plan(cost + (2 if numbers.size == 1 else 4), make)

    def _gathered(self, codes: Array, owners: Array, found: list[int]) -> Plan:
        """All values end to end, and the entries taken from there."""
        r, parts = self.recorder, [k for k in found if k != -1]
        constants = np.unique(codes[codes <= 0])
        where, offsets = np.zeros(codes.shape, dtype=int), 0
        for k in parts:
            here = owners == k
            where[here] = codes[here] - self._starts[k] + offsets
            offsets += self._values[k].size
        where[owners == -1] = offsets + np.searchsorted(constants, codes[owners == -1])
        single = not constants.size and all(self._values[k].ndim == 0 for k in parts)

        def make() -> Any:
            values = [self.numbers(self._values[k]) for k in parts]
            if single:
                return r.moved(r.stack(values, axis=0), where)
            flat = [r.shaped(value, (value.size,)) for value in values]
            ends = [self.constants(constants)] if constants.size else []
            return r.moved(r.concat([*flat, *ends], axis=0), where)

        shapes = 0 if single else sum(self._values[k].ndim != 1 for k in parts)
        in_order = where.size == offsets and _in_order(where)
        cost = shapes + 1 + (constants.size > 0) + (not in_order) + (where.ndim != 1)
        return Plan(int(cost), make)

    def _joined(self, codes: Array, owners: Array) -> list[Plan]:
        """Parts joined along an axis along which the values change."""
        plans = []
        for axis in range(codes.ndim):
            rows = np.moveaxis(owners, axis, 0).reshape(codes.shape[axis], -1)
            cuts = (np.flatnonzero(np.any(rows[1:] != rows[:-1], axis=1)) + 1).tolist()
            if not cuts or len(cuts) >= MOST_PARTS:
                continue
            bounds = itertools.pairwise([0, *cuts, codes.shape[axis]])
            pieces = [codes.take(range(a, b), axis) for a, b in bounds]
            parts = [self._plan(piece) for piece in pieces]
            cost = 1 + sum(part.cost for part in parts)
            plans.append(Plan(cost, partial(self._concat, parts, axis)))
            if len(pieces) == codes.shape[axis]:
                flat = [self._plan(piece.squeeze(axis)) for piece in pieces]
                cost = 1 + sum(part.cost for part in flat)
                plans.append(Plan(cost, partial(self._stack, flat, axis)))
        return plans

    def _concat(self, parts: list[Plan], axis: int) -> Any:
        return self.recorder.concat([self.numbers(p.make()) for p in parts], axis=axis)

    def _stack(self, parts: list[Plan], axis: int) -> Any:
        return self.recorder.stack([self.numbers(p.make()) for p in parts], axis=axis)


def tuple_of(array: Array) -> Any:
    """Nested tuples of the entries."""
    return tuple(map(tuple_of, array)) if array.ndim else array.item()


def _in_order(indices: Array) -> bool:
    return bool(np.array_equal(indices.reshape(-1), np.arange(indices.size)))


def _contiguous(shape: tuple[int, ...]) -> list[int]:
    """The distance of neighbours along each axis, in entries."""
    return [int(np.prod(shape[k + 1 :])) for k in range(len(shape))]


def _affine(indices: Array) -> tuple[int, list[int]] | None:
    """The first index, and the distance along each axis, if it is constant."""
    first, strides = int(indices.flat[0]), []
    expected = np.full(indices.shape, first)
    for axis, length in enumerate(indices.shape):
        stride = int(indices.take(1, axis).flat[0]) - first if length > 1 else 0
        strides.append(stride)
        shape = [length if k == axis else 1 for k in range(indices.ndim)]
        expected = expected + (np.arange(length) * stride).reshape(shape)
    return (first, strides) if np.array_equal(expected, indices) else None


def _taken(shape: tuple[int, ...], indices: Array) -> Steps | None:
    """Parts along one axis, in any order."""
    if indices.ndim != len(shape) or not indices.size:
        return None
    changed = [k for k, n in enumerate(shape) if indices.shape[k] != n]
    all_indices = np.arange(int(np.prod(shape))).reshape(shape)
    for axis in changed if len(changed) == 1 else range(0 if changed else len(shape)):
        line = indices[tuple(slice(None) if k == axis else 0 for k in range(len(shape)))]
        parts = np.unravel_index(line, shape)[axis]
        if np.array_equal(all_indices.take(parts, axis), indices):
            return [("take", {"indices": tuple(parts.tolist()), "axis": axis})]
    return None


def _run(shape: tuple[int, ...], indices: Array) -> Steps | None:
    """Successive entries of a vector."""
    if len(shape) != 1 or not indices.size:
        return None
    first = int(indices.flat[0])
    if not np.array_equal(indices.reshape(-1), first + np.arange(indices.size)):
        return None
    stop = first + indices.size
    if stop > MAX_SIZE:
        return None
    steps: Steps = [("slice", {"axis": 0, "start": first, "stop": stop, "step": 1})]
    if indices.ndim != 1:
        steps.append(("reshape", {"shape": indices.shape}))
    return steps


def _permuted(shape: tuple[int, ...], indices: Array) -> Steps | None:
    """All entries, the axes in another order, after a reshape if need be."""
    if indices.size != int(np.prod(shape)) or not (affine := _affine(indices)) or affine[0]:
        return None
    strides = affine[1]
    order = sorted(range(indices.ndim), key=lambda k: (-strides[k] or -np.inf, k))
    split = tuple(indices.shape[k] for k in order)
    if [strides[k] for k in order if indices.shape[k] > 1] != [
        stride for stride, n in zip(_contiguous(split), split, strict=True) if n > 1
    ]:
        return None
    axes = tuple(order.index(k) for k in range(indices.ndim))
    steps: Steps = []
    if split != shape:
        steps.append(("reshape", {"shape": split}))
    return [*steps, ("permute_dims", {"axes": axes})]


def _sliced(shape: tuple[int, ...], indices: Array) -> Steps | None:
    """Slices along axes, or the part at an index of the first axes, in the same order."""
    if not indices.size or not (affine := _affine(indices)):
        return None
    first, strides = affine
    start = [int(i) for i in np.unravel_index(first, shape)]
    base = _contiguous(shape)
    lengths, steps = [1] * len(shape), [1] * len(shape)
    last = -1
    for stride, length in zip(strides, indices.shape, strict=True):
        if length == 1:
            continue
        fitting = [j for j in range(last + 1, len(shape)) if shape[j] > 1 and base[j] <= stride]
        if not fitting:
            return None
        axis = fitting[0]
        step, rest = divmod(stride, base[axis])
        if rest or start[axis] + step * (length - 1) >= shape[axis]:
            return None
        lengths[axis], steps[axis], last = length, step, axis
    found: Steps = []
    leading = 0
    if lengths != list(shape):
        while leading < len(shape) and lengths[leading] == 1:
            leading += 1
    if leading and tuple(lengths[leading:]) == shape[leading:]:
        found.append(("index", {"index": tuple(start[:leading])}))
        now = tuple(lengths[leading:])
    else:
        for axis, length in enumerate(lengths):
            if length != shape[axis]:
                stop = start[axis] + steps[axis] * (length - 1) + 1
                if stop > MAX_SIZE:
                    return None
                params = {"axis": axis, "start": start[axis], "stop": stop, "step": steps[axis]}
                found.append(("slice", params))
        now = tuple(lengths)
    if now != indices.shape:
        found.append(("reshape", {"shape": indices.shape}))
    return found
