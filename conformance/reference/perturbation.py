"""Perturbed copies of a program, which show how much rounding errors are amplified.

An operand v, whose value at the point is v0, becomes v0 (1 + size c0) + (v - v0) (1 + size c1) with
random numbers c0 and c1 of magnitude 1/2 to 1, for each entry and each use. So the value and the
derivatives of each operand are changed relative to their own sizes, as rounding in a derivative
program changes them: every product of derivatives in the chain rule gets an error of its own. An
operation that mixes the entries of an operand (`inv`, `solve`) gets errors relative to the largest
entry, as the backward error analysis of such algorithms has them (Higham, Accuracy and Stability of
Numerical Algorithms, 2nd edition, chapters 9 and 10).

A function on entries also gets an error in each of its derivatives of order 2 and higher, because
each has a formula of its own. Otherwise the perturbed program would be a smooth function, of which
some derivatives can be zero for every perturbation: hypot(a x, b x) is linear for all a and b.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from ad_conformance.conformance.reference.taylor import Orders, coefficients, has_coefficients
from ad_conformance.conformance.reference.visitors import Array, Visitor
from ad_conformance.generators.arithmetic.balls import to_balls
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.rewrite.identities import MOVING
from flint import arb

#: Operations that round nothing: they move entries, choose among them or compare them.
UNROUNDED = {
    *MOVING,
    *("concat", "stack", "squeeze", "where", "negative", "abs", "maximum", "minimum"),
    *("less", "greater", "less_equal", "greater_equal", "equal", "not_equal"),
}


#: Operations whose result every engine has exactly if the dtype can hold it, and the operands are
#: exact. Division is not one of them: it may be a product with a rounded reciprocal.
EXACT = {"add", "subtract", "multiply"}
#: Exponents of numbers that every dtype holds with all its digits.
HELD = 96

#: How many random numbers one copy has. More entries than that use some of them again.
POOL = 4093


INEXACT = np.array(False)


@lru_cache(maxsize=16)
def _pool(copy: int, size: float) -> Array:
    """Random numbers of magnitude size / 2 to size with either sign, twice in a row."""
    rng = np.random.default_rng(copy)
    numbers = rng.choice([-1.0, 1.0], POOL) * rng.uniform(0.5, 1.0, POOL) * size
    return np.tile(to_balls(numbers), 2)


@dataclass
class Known:
    """What is computed once for each call of a program: the Taylor coefficients of the operation,
    and the size of its terms, with what each order of a derivative by an operand divides it by.
    """

    taylor: dict[int, dict[Orders, Array]] = field(default_factory=dict)
    terms: dict[int, tuple[Array, list[Array]]] = field(default_factory=dict)


class Noise:
    """The random numbers of one perturbed copy of one program, prepared for many evaluations.

    `seen` is what a Recorder kept at the point. Terms of order up to `order` are perturbed. Several
    copies share `known`. The dtype holds numbers of `bits` bits.
    """

    def __init__(
        self,
        seed: int,
        size: float,
        order: int,
        seen: list[list[Array]],
        known: Known,
        bits: int,
    ) -> None:
        self.seed, self.size, self.order, self.seen, self.bits = seed, size, order, seen, bits
        self.taylor, self.terms = known.taylor, known.terms
        #: For each call and slot the factor and the summand of its perturbation.
        self.prepared: dict[tuple[int, int], tuple[Array, Array]] = {}

    def coefficients(self, call: int, slot: int, count: int, shape: tuple[int, ...]) -> list[Array]:
        """`count` arrays of random numbers for an operand or the result of a call."""
        # Far apart, so that no two calls have the same numbers for several entries.
        start = (call * 1009 + slot * 211) % POOL
        each = math.prod(shape)
        needed = count * each
        pool = _pool(self.seed, self.size)
        numbers = pool[start : start + needed]
        if needed > POOL:
            numbers = np.resize(np.roll(pool[:POOL], -start), needed)
        return [numbers[k * each : (k + 1) * each].reshape(shape) for k in range(count)]


class Perturbed(Visitor):
    """One evaluation of a perturbed copy, which must make the same calls as the recorded one."""

    def __init__(self, noise: Noise) -> None:
        self.noise = noise
        self.call = -1
        #: How many operations are being computed, each in the definition of the one before.
        self.depth = 0

    def operands(self, op: Operation, operands: list[Array]) -> list[Array]:
        self.call += 1
        self.depth += 1
        if op.name in UNROUNDED:
            return operands
        # Engines may compute a definition by other formulas, which round.
        if self.depth == 1 and op.name in EXACT:
            change: Callable[[int, Array, Array], Array] = self._exactly
        else:
            change = self._mixed if op.mixes else self._entrywise
        pairs = zip(operands, self.noise.seen[self.call], strict=True)
        return [
            change(slot, v, at) if v.dtype == object and v.size else v
            for slot, (v, at) in enumerate(pairs)
        ]

    def result(
        self,
        op: Operation,
        operands: list[Array],
        params: Mapping[str, Any],
        value: Array,
    ) -> Array:
        self.call += 1
        self.depth -= 1
        *operands_at, at = self.noise.seen[self.call]
        if value.dtype != object or value.size == 0:
            return value
        if op.mixes:
            value = self._mixed(len(operands), value, at)
        exponent: Any = None
        if op.exponent is not None:
            with np.errstate(all="ignore"):
                size = op.exponent(*map(_floats, (at, *operands_at)), **params)
            exponent = to_balls(np.asarray(size, dtype=float))
            # Without Taylor coefficients, it is the logarithm of a sum. Its rules make products of
            # its derivatives from exp(x - f), whose sum is 1 except for the error of the exponent.
            count = 1 if has_coefficients(op) else self.noise.order
            total: Any = arb(0)
            for c in self.noise.coefficients(self.call, len(operands) + 1, count, value.shape):
                total = (c * exponent + total) * (value - at)
            value = as_array(value + total)
        if self.noise.order > 1 and has_coefficients(op):
            value = self._of_order_2(op, params, operands, operands_at, value, exponent)
        if op.terms is not None or op.mixes:
            value = as_array(value + self._of_terms(op, params, operands, operands_at, at))
        return value

    def _exactly(self, slot: int, value: Array, at: Array) -> Array:
        """An operand of an operation that rounds no value that the dtype can hold."""
        bits, seen = self.noise.bits, self.noise.seen
        if (self.call, slot) in self.noise.prepared:
            return self._entrywise(slot, value, at)
        exact = np.logical_and.reduce(
            np.broadcast_arrays(*(_held(v, bits) for v in seen[self.call + 1]))
        )
        # A number that is used for several entries is as exact as all of these.
        axes = tuple(range(exact.ndim - at.ndim))
        exact = np.all(exact, axis=axes)
        stretched = tuple(k for k, n in enumerate(at.shape) if n == 1)
        return self._entrywise(slot, value, at, np.all(exact, axis=stretched, keepdims=True))

    def _entrywise(self, slot: int, value: Array, at: Array, exact: Array = INEXACT) -> Array:
        """The operand with errors in each entry. Values that are `exact` have none."""
        key = self.call, slot
        if key not in self.noise.prepared:
            constant, relative = self.noise.coefficients(*key, 2, value.shape)
            exact = np.broadcast_to(exact, at.shape)
            summand = [
                c * (0 if e or _has_no_error(z) else z) - r * (z if z.is_finite() else 0)
                for c, r, z, e in zip(
                    constant.flat, relative.flat, at.flat, exact.flat, strict=True
                )
            ]
            self.noise.prepared[key] = (
                as_array(1 + relative),
                _objects(summand).reshape(value.shape),
            )
        factor, shift = self.noise.prepared[key]
        return as_array(value * factor + shift)

    def _mixed(self, slot: int, value: Array, at: Array) -> Array:
        weights, constant, relative = self.noise.coefficients(self.call, slot, 3, value.shape)
        moved = as_array(weights * (value - at)).sum() / self.noise.size
        largest = float(np.max(np.abs(_floats(at))))
        return as_array(value + relative * moved + constant * largest)

    def _of_order_2(
        self,
        op: Operation,
        params: Mapping[str, Any],
        operands: list[Array],
        operands_at: list[Array],
        value: Array,
        exponent: Array | None,
    ) -> Array:
        """The result with a relative error in each Taylor coefficient of order 2 and higher, as
        rules compute each derivative of the operation by another formula. It has the size of the
        exponents of e, if there are such.
        """
        noise = self.noise
        if self.call not in noise.taylor:
            noise.taylor[self.call] = coefficients(op, params, operands_at, noise.order)
        known = noise.taylor[self.call]
        if not known:
            return value
        moves = [v - at for v, at in zip(operands, operands_at, strict=True)]
        slot = len(operands) + 2
        errors = noise.coefficients(self.call, slot, len(known), value.shape)
        for error, (orders, coefficient) in zip(errors, known.items(), strict=True):
            term: Any = error * coefficient
            if exponent is not None:
                term = term * (exponent + 1)
            for n, move in zip(orders, moves, strict=True):
                for _ in range(n):
                    term = term * move
            value = as_array(value + term)
        return value

    def _of_terms(
        self,
        op: Operation,
        params: Mapping[str, Any],
        operands: list[Array],
        operands_at: list[Array],
        result_at: Array,
    ) -> Array:
        """An error relative to the terms of the result and of its derivatives."""
        if self.call not in self.noise.terms:
            self.noise.terms[self.call] = _terms(op, params, operands_at, result_at)
        size, scales = self.noise.terms[self.call]
        along: dict[str, Any] = {}
        if "axis" in params and not op.mixes:
            # Some operations reduce an axis and have no parameter that says so.
            kept = params.get("keepdims", result_at.ndim == operands_at[0].ndim)
            along = {"axis": params["axis"], "keepdims": kept}
        on_entries = op.elementwise or op.broadcasts
        u: Any = arb(0)
        for slot, (operand, at) in enumerate(zip(operands, operands_at, strict=True)):
            if operand.dtype == object and operand.size:
                weights = self.noise.coefficients(self.call, slot, 1, operand.shape)[0]
                moves = as_array(weights * (operand - at))
                if on_entries:
                    u = u + moves / scales[slot]
                elif op.term_scale is not None and scales[slot].shape != operand.shape:
                    u = u + moves.sum(**along) / scales[slot]
                else:
                    u = u + as_array(moves / scales[slot]).sum(**along)
        # `weights` have the size of the errors, and the terms themselves are moved by their sizes.
        u = u / self.noise.size
        total: Any = arb(0)
        count = self.noise.order + 1
        for c in self.noise.coefficients(self.call, len(operands), count, result_at.shape)[::-1]:
            total = c + u * total
        return as_array(total * size)


def _terms(
    op: Operation, params: Mapping[str, Any], operands: list[Array], result: Array
) -> tuple[Array, list[Array]]:
    """The size of the terms of the result, and what each order of a derivative by an operand
    divides it by.
    """
    floats = [_floats(at) if at.dtype == object else at for at in operands]
    # Algorithms that mix entries add up terms of the size of the largest entry.
    size: Any = np.max(np.abs(_floats(result)))
    with np.errstate(all="ignore"):
        if op.terms is not None:
            size = op.terms(*floats, **params)
        if op.term_scale is not None:
            found = op.term_scale(*floats, **params)
            scales = [*found] if isinstance(found, tuple) else [found] * len(operands)
        elif op.elementwise or op.broadcasts:
            scales = [np.ones(())] * len(operands)
        else:
            # The usual formulas are polynomials of the entries.
            scales = [np.abs(at) for at in floats]
    if op.mixes:
        scales = [np.full(np.shape(s), np.max(s, initial=0.0)) for s in scales]
    return (
        to_balls(np.broadcast_to(np.asarray(size, dtype=float), result.shape)),
        [to_balls(np.where(s == 0, 1.0, s)) for s in scales],
    )


def _has_no_error(z: arb) -> bool:
    """Whether every honest engine has the value exactly. A small integer that no rounding was
    needed for may be an exponent, whose neighbours have another domain.
    """
    return not z.is_finite() or (z.is_exact() and z.is_integer() and abs(z) < 2**24)


def _held(value: Array, bits: int) -> Array:
    """Whether each entry is known exactly, and a number of so many bits."""
    if value.dtype != object:
        return np.ones(value.shape, dtype=bool)
    return np.array([_has_bits(z, bits) for z in value.flat], dtype=bool).reshape(value.shape)


def _has_bits(z: arb, bits: int) -> bool:
    if not (z.is_finite() and z.is_exact()):
        return False
    mantissa, exponent = z.mid().man_exp()
    length = abs(int(mantissa)).bit_length()
    return length <= bits and abs(int(exponent) + length) <= HELD


def _objects(entries: list[Any]) -> Array:
    out = np.empty(len(entries), dtype=object)
    out[:] = entries
    return out


def _floats(value: Array) -> Array:
    return np.array([float(z) for z in value.flat]).reshape(value.shape)
