"""Smooth selections that meet at the point, compared entry by entry of the derivative.

A program with comparisons (`abs`, `maximum`, `where` ...) is one smooth function on either side of
each comparison: a smooth selection. If a comparison is not decided at the point, several selections
meet there. In a neighbourhood of the point, the value of the program is always that of one of them.
So an entry of the derivative does not depend on a convention if all selections agree on it and on
the lower derivatives that it is made of. They may have different values: the derivative of `sign`
is zero on both sides of its jump.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from ad_conformance.conformance.reference.stencils import (
    FINE_BITS,
    Blocks,
    Neighbourhood,
    Wide,
    cut_off,
    magnitudes,
    random_direction,
)
from ad_conformance.conformance.reference.visitors import Array
from ad_conformance.generators.arithmetic.balls import Branches, Decision
from ad_conformance.generators.arithmetic.certain import Weighed, follow
from ad_conformance.generators.arithmetic.signs import Facts
from flint import arb, ctx

#: Evaluates the program at the point, with rounding errors enclosed, so that the comparisons of the
#: given branches are decided.
Decide = Callable[[Branches], None]

MAX_SELECTIONS = 64
#: The most points of stencils at which selections are evaluated in order to compare entries. If
#: more are needed, all derivatives of an output at a kink count as conventions.
MAX_POINTS = 4000
#: Derivatives whose difference may be zero agree if the enclosure of the difference is narrower
#: than this, relative to the derivative.
NARROW = 2.0**-60
#: Random directions along which selections are compared. Two different functions have the same
#: derivatives along a random direction with probability zero.
DIRECTIONS = 2


@dataclass(frozen=True)
class Agreement:
    """What the selections that meet at the point agree on. Arrays have the shape of the derivative:
    an axis of outputs, then one per block of coordinates.

    script, value: the comparisons of one selection, and the program on the polydisc along it.
    judged: where all selections have the same derivative; None: everywhere.
    finite: where the derivatives of all selections are finite; None: everywhere.
    order: an order of derivatives at which selections differ, None if none do; 0 if their values do
        and nothing is known of their derivatives.
    several: whether more than one selection meets.
    """

    script: tuple[Decision, ...]
    value: Array
    judged: Array | None = None
    finite: Array | None = None
    order: int | None = None
    several: bool = False


@dataclass
class _Side:
    """One selection: its decisions, and bounds on the polydisc by output."""

    script: tuple[Decision, ...]
    value: Array
    bounds: list[arb]
    #: Derivatives along the random directions, by number of bits: `jets[bits][direction][order]`.
    jets: dict[int, list[list[Array]]] = field(default_factory=dict)

    @property
    def finite(self) -> Array:
        return np.array([bool(b.is_finite()) for b in self.bounds], dtype=bool)


def agreement(
    hood: Neighbourhood, decide: Decide, blocks: Blocks, radii: Sequence[int]
) -> Agreement:
    """What the selections agree on that meet at the point.

    `decide` evaluates the program at the point and so decides its comparisons. `radii` are those of
    all neighbourhoods that may be tried. Raises Wide if a smaller one is better: a comparison that
    is decided at the point is so on it, or a selection may have a finite bound. Also raises Wide if
    no selection has one. If there are more than MAX_SELECTIONS, they count as agreeing on nothing
    if any differ, or OverflowError is raised.
    """
    sides: list[_Side] = []
    try:
        for side in _sides(hood, decide):
            sides.append(side)
    except OverflowError:
        if (order := _some_difference(_Comparison(hood, len(blocks)), sides)) is None:
            raise
        nowhere = np.zeros((len(sides[0].bounds), *map(len, blocks)), dtype=bool)
        return Agreement(sides[0].script, sides[0].value, nowhere, nowhere, order, several=True)
    if len(sides) == 1:
        return Agreement(sides[0].script, sides[0].value)
    finite = np.array([side.finite for side in sides])
    whole = [side for side, known in zip(sides, finite, strict=True) if np.all(known)]
    # Where a selection is infinite at the point itself, no radius helps: two are tried.
    if not whole or (len(whole) < len(sides) and hood.radius == radii[0]):
        raise Wide
    base = whole[0]
    shape = (len(base.bounds), *map(len, blocks))
    bounded = np.broadcast_to(_by_output(np.all(finite, axis=0), len(blocks)), shape)
    compared = _Comparison(hood, len(blocks))
    first = compared.differences(base, sides)
    apart = [side for side, orders in zip(sides, first, strict=True) if np.any(orders >= 0)]
    if not apart:
        return Agreement(base.script, base.value, several=True)
    worst = np.where(first < 0, np.iinfo(int).max, first).min(axis=0)
    judged = np.broadcast_to(_by_output(np.all(first < 0, axis=0), len(blocks)), shape).copy()
    open_outputs = np.flatnonzero((worst <= len(blocks)) & np.all(finite, axis=0))
    if open_outputs.size:
        _judge_entries(hood, base, compared.distinct(base, apart), blocks, open_outputs, judged)
    return Agreement(
        base.script,
        base.value,
        judged,
        None if np.all(finite) else bounded,
        int(worst.min()),
        several=True,
    )


def _some_difference(compared: _Comparison, sides: list[_Side]) -> int | None:
    """The order at which the first selection that differs from the first of all does so."""
    for other in sides[1:]:
        orders = compared.differences(sides[0], [other], least=0)
        if np.any(orders >= 0):
            return int(np.min(orders[orders >= 0]))
    return None


def _by_output(mask: Array, order: int) -> Array:
    return mask.reshape(-1, *(1,) * order)


def _sides(hood: Neighbourhood, decide: Decide) -> Iterator[_Side]:
    """Smooth selections of the program that meet at the point.

    Near a kink of `abs`, `maximum` or `minimum`, the value is that of one side, and engines choose
    one side or a mean of both by convention, at each kink anew. The derivatives are polynomials in
    the weights of these means. A polynomial that has one value for all weights 0 and arbitrary
    weights is constant, with probability one. So these two selections stand for all. All other
    comparisons have every combination of their results.

    Raises OverflowError if there are more than MAX_SELECTIONS, and Wide if a comparison that is
    decided at the point is not on the whole polydisc.
    """
    pending: list[dict[int, Decision]] = [{}]
    count = 0
    while pending:
        forced = pending.pop()
        branches = Branches(forced=forced)
        decide(branches)
        free = [index for index in branches.open if index not in forced]
        possible = _possible(hood, branches, free) if free else {}
        seen: dict[int, Decision] = {}
        #: The results in `seen` that do not follow from the sides that are taken at the kinks.
        chosen: dict[int, Decision] = {}
        kinks = False
        for index, others in branches.open.items():
            taken = branches.taken[index]
            results = possible.get(index, (taken, *others))
            if index in branches.continuous and len(results) > 1 and index not in forced:
                kinks = True
                continue
            if taken not in results:
                # This selection is none: the comparison has other results all around the point.
                pending.extend({**forced, **seen, index: result} for result in results)
                break
            if index not in forced:
                pending.extend(
                    {**forced, **seen, index: result} for result in results if result != taken
                )
            seen[index] = taken
            if len(results) > 1:
                chosen[index] = taken
        else:
            for side in _with_means(hood, decide, branches, {**forced, **chosen}, kinks=kinks):
                if (count := count + 1) > MAX_SELECTIONS:
                    raise OverflowError(f"more than {MAX_SELECTIONS} branches meet at the point")
                yield side


def _with_means(
    hood: Neighbourhood,
    decide: Decide,
    branches: Branches,
    chosen: dict[int, Decision],
    *,
    kinks: bool,
) -> Iterator[_Side]:
    """The selection of `branches`; and if it has `kinks`, those with the results `chosen` and
    arbitrary means of both sides at all kinks.

    Comparisons after a kink are decided again: what follows from one of its sides does not follow
    from a mean. So there may be several selections with means.
    """
    yield _side(hood, branches)
    pending = [chosen] if kinks else []
    while pending:
        fixed = pending.pop()
        branches = Branches(forced=fixed, blend=True)
        decide(branches)
        free = [i for i in branches.open if i not in fixed]
        possible = _possible(hood, branches, free)
        settled = {i: results[0] for i, results in possible.items() if len(results) == 1}
        jumps = [i for i in free if i not in branches.continuous]
        if settled:
            pending.append({**fixed, **settled})
        elif jumps:
            index = jumps[0]
            results = possible.get(index, (branches.taken[index], *branches.open[index]))
            pending.extend({**fixed, index: result} for result in results)
        else:
            yield _side(hood, branches)


def _side(hood: Neighbourhood, branches: Branches) -> _Side:
    value = hood.disc(branches)
    return _Side(tuple(branches.taken), value, magnitudes(value))


def _possible(
    hood: Neighbourhood, branches: Branches, asked: list[int]
) -> dict[int, tuple[Decision, ...]]:
    """The results that comparisons which are not decided at the point can have around it where
    those before them are as in `branches`.
    """
    facts = Facts()
    weighed = Weighed(tuple(branches.taken), asked, facts)
    values = hood.evaluate.inputs(facts.variables(hood.x))
    # What follows an operation that cannot be enclosed stays open.
    next(follow(hood.evaluate.steps, values, facts, weighed), None)
    return weighed.possible


class _Comparison:
    """Compares selections along random directions, output by output."""

    def __init__(self, hood: Neighbourhood, order: int) -> None:
        self.hood, self.order = hood, order
        self.directions = [random_direction(hood.n, order, copy) for copy in range(DIRECTIONS)]

    def _jets(self, hood: Neighbourhood, side: _Side) -> list[list[Array]]:
        if hood.bits not in side.jets:
            side.jets[hood.bits] = [
                hood.jet(d, range(self.order + 1), side.script) for d in self.directions
            ]
        return side.jets[hood.bits]

    def differences(self, base: _Side, others: list[_Side], least: int = 1) -> Array:
        """For each of the others and each output the first order, of those from `least` on, at
        which it differs from the base, -1 if it does not. The value has order 0.
        """
        kept = ctx.prec
        found = np.full((len(others), len(base.bounds)), -1)
        doubtful = []
        for k, other in enumerate(others):
            if other is not base:
                found[k], sure = self._first(self.hood, base, other, least)
                if not sure:
                    doubtful.append(k)
        try:
            if doubtful:
                fine = Neighbourhood(self.hood.evaluate, self.hood.radius, self.order, FINE_BITS)
                ctx.prec = fine.precision
                for k in doubtful:
                    found[k], _ = self._first(fine, base, others[k], least)
        finally:
            ctx.prec = kept
        return found

    def _first(
        self, hood: Neighbourhood, one: _Side, two: _Side, least: int = 1
    ) -> tuple[Array, bool]:
        """For each output the first order from `least` on at which two selections certainly differ,
        or -1; and whether all others certainly agree.
        """
        found, sure = np.full(len(one.bounds), -1), True
        fine = hood.bits == FINE_BITS
        jets = zip(self._jets(hood, one), self._jets(hood, two), strict=True)
        for mine, theirs in jets:
            for o, (here, there) in enumerate(zip(one.bounds, two.bounds, strict=True)):
                for j in range(least, self.order + 1 if found[o] < 0 else found[o]):
                    a, b = mine[j][o], theirs[j][o]
                    apart = a - b
                    if j:
                        apart += arb(0, cut_off(hood, here + there, j).abs_upper())
                    if not apart.is_finite() or 0 not in apart:
                        found[o] = j
                        break
                    narrow = NARROW * max(abs(a).upper(), abs(b).upper())
                    sure = sure and (fine or not j or bool(abs(apart).upper() <= narrow))
        return found, sure

    def distinct(self, base: _Side, sides: list[_Side]) -> list[_Side]:
        """Selections among which each output has all the functions that it has among `sides`."""
        kept = [base]
        for side in sides:
            differs = [self._first(self.hood, one, side)[0] >= 0 for one in kept]
            if np.any(np.all(differs, axis=0)):
                kept.append(side)
        return kept[1:]


def _judge_entries(
    hood: Neighbourhood,
    base: _Side,
    others: list[_Side],
    blocks: Blocks,
    outputs: Array,
    judged: Array,
) -> None:
    """Set the entries of `judged` that all selections agree on, in the rows of `outputs`.

    An entry is a derivative of a derivative. It exists if it does in some order of the variables:
    all selections agree on the derivatives by the first of them, by the first two, and so on. A
    derivative by no variable is the value. Engines choose it too, but each of its choices comes
    with the derivatives of one selection.
    """
    order = len(blocks)
    n = len(set(itertools.chain(*blocks)))
    points = (1 + len(others)) * math.comb(n + order - 1, order) * 2**order
    if points > MAX_POINTS:
        return
    letters = range(order)
    seen = np.zeros(len(outputs), dtype=bool)
    #: For each set of letters, the entries that exist as derivatives by them in some order.
    exists: dict[tuple[int, ...], Array] = {(): np.ones((len(outputs),) + (1,) * order, bool)}
    agree: dict[Blocks, Array] = {}
    for chosen in (c for k in letters for c in itertools.combinations(letters, k + 1)):
        by = tuple(blocks[i] for i in chosen)
        if by not in agree:
            agree[by] = _same(hood, base, others, by)[outputs]
            seen |= ~np.all(agree[by].reshape(len(outputs), -1), axis=1)
        shape = [judged.shape[1 + i] if i in chosen else 1 for i in letters]
        before = [exists[tuple(i for i in chosen if i != last)] for last in chosen]
        exists[chosen] = agree[by].reshape(-1, *shape) & np.logical_or.reduce(
            np.broadcast_arrays(*before)
        )
    # A difference that only the comparison along directions sees is too small to be located.
    judged[outputs] = exists[tuple(letters)] & _by_output(seen, order)


def _same(hood: Neighbourhood, base: _Side, others: list[_Side], blocks: Blocks) -> Array:
    """Where all selections may have the same derivative by these blocks: their differences are
    certainly not zero elsewhere.
    """
    mine = hood.tensor(base.value, base.script, blocks)
    same = np.ones(mine.shape, dtype=bool)
    for other in others:
        apart = mine - hood.tensor(other.value, other.script, blocks, partial=True)
        same &= np.vectorize(lambda z: bool(z.is_finite() and 0 in z), otypes=[bool])(apart)
    return same
