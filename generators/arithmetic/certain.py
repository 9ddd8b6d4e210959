"""Comparisons that have one result all around a point, even if it is not decided at the point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ad_conformance.generators.arithmetic.balls import ZERO, Branches, Decision, following
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.arithmetic.signs import INFINITY, Array, Facts, Real, enclosed

#: What an operation raises that asks for more than is known of functions.
UNKNOWN = (TypeError, AttributeError, ValueError, ArithmeticError)


class Certain(Branches):
    """Branches that decide what is the same all around the point, and raise ValueError for other
    comparisons.
    """

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self.facts = facts

    def less(
        self,
        a: Any,
        b: Any,
        *,
        mean: bool = False,
        continuous: bool = False,
        signed_zero: bool = False,
    ) -> Decision:
        gap = self.facts.real(b) - self.facts.real(a)
        low, high = gap.interval
        results = None if signed_zero else _results(gap, mean=mean, continuous=continuous)
        if low > 0 or high < 0:
            results = (bool(low > 0),)
        if results is None or len(results) > 1:
            raise ValueError("the comparison has several results around the point")
        self.taken.append(results[0])
        return results[0]

    def floor(self, a: Any, *, even: bool) -> Decision:
        low, high = self.facts.real(a).interval
        n = low.floor().unique_fmpz()
        if n is None or not n < low <= high < n + 1:
            raise ValueError("rounding down has several results around the point")
        self.taken.append(int(n))
        return int(n)


class Weighed(Branches):
    """Branches that follow a script, and find out which results comparisons can have where those
    before them have theirs.

    possible: the results that comparisons of `asked` can have, by index. A comparison whose result
        does not matter where the values are equal may have another result there.
    """

    def __init__(self, script: tuple[Decision, ...], asked: Iterable[int], facts: Facts) -> None:
        super().__init__(script=script)
        self.asked, self.facts = frozenset(asked), facts
        self.possible: dict[int, tuple[Decision, ...]] = {}
        #: Pairs of functions of which the first is less than the second, and not only at most it.
        self._strict: set[tuple[int, int]] = set()

    def less(
        self,
        a: Any,
        b: Any,
        *,
        mean: bool = False,
        continuous: bool = False,
        signed_zero: bool = False,
    ) -> Decision:
        index = len(self.taken)
        answer = super().less(a, b, mean=mean, continuous=continuous)
        one, other = self.facts.real(a), self.facts.real(b)
        gap = other - one
        if index in self.asked and not signed_zero:
            if (one.number, other.number) in self._strict:
                self.possible[index] = (True,)
            elif (results := _results(gap, mean=mean, continuous=continuous)) is not None:
                self.possible[index] = results
        # Each result of a continuous comparison is combined with each of later ones.
        if answer is not None and not (continuous and index in self.asked):
            if answer and not continuous:
                self._strict.add((one.number, other.number))
            self._learn(one, other, gap, below=bool(answer))
        return answer

    def _learn(self, one: Real, other: Real, gap: Real, *, below: bool) -> None:
        """Where the comparison has this result, one - other is at most or at least zero."""
        low, high = (ZERO, INFINITY) if below else (-INFINITY, ZERO)
        self.facts.narrow(gap.number, low, high)
        self.facts.narrow((one - other).number, -high, -low)
        for value, bound, under in ((one, other.constant, below), (other, one.constant, not below)):
            if bound is not None:
                ends = (-INFINITY, bound) if under else (bound, INFINITY)
                self.facts.narrow(value.number, *ends)

    def floor(self, a: Any, *, even: bool) -> Decision:
        index = len(self.taken)
        answer = super().floor(a, even=even)
        low, high = self.facts.real(a).interval
        if index in self.asked and low.is_integer() and high < low + 1:
            least = low.unique_fmpz()
            if least is not None and not (even and int(least) % 2):
                self.possible[index] = (int(least),)
        return answer

    def forget(self, count: int) -> None:
        super().forget(count)
        self.possible = {i: results for i, results in self.possible.items() if i < count}


def _results(gap: Real, *, mean: bool, continuous: bool) -> tuple[Decision, ...] | None:
    """The results that a < b can have if b - a is `gap`; None if nothing is known."""
    low, high = gap.interval
    # Only an exact zero is the same for numbers that are rounded.
    if low == 0 == high:
        return (None,) if mean else (False,)
    if high == 0:
        return (False, None) if mean else (False,)
    if low == 0 and continuous:
        return (True,)
    if low == 0 and mean:
        return True, None
    return None


def follow(
    steps: Iterable[tuple[int, Any, Sequence[int], Any]],
    values: list[Array],
    facts: Facts,
    branches: Branches,
) -> Iterator[int]:
    """Evaluate the steps, each (value_id, operation, operands, parameters), on functions instead of
    numbers, and put the results into `values`.

    Results of operations that ask for more than is known of functions are known by their intervals
    only. Yields the value_id of an operation that cannot enclose them, and goes on if its result
    has been put into `values`.
    """
    for k, op, operands, params in steps:
        given = [values[i] for i in operands]
        made = len(branches.taken)
        with following(branches):
            try:
                values[k] = as_array(op.evaluate(*given, **params))
                continue
            except UNKNOWN:
                branches.forget(made)
            try:
                value = as_array(op.evaluate(*map(enclosed, given), **params))
                values[k] = facts.results((op.name, repr(params), *map(facts.form, given)), value)
                continue
            except UNKNOWN:
                branches.forget(made)
        yield k
