"""What must be special about the numbers of a case: as many become general ones as can while it
fails all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.features import features
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite.single_step import (
    Numbers,
    general,
    numbers,
    stand_alones,
    with_numbers,
)

#: Entries that are made general one by one; more are taken as they are.
MAX_ENTRIES = 24
#: Tried for a zero where a general number does not do, or the next one for the next: zero has a
#: smooth power only where the exponent is whole.
WHOLE = 3.0

#: Whether a case fails as it should.
Fails = Callable[[Case], bool]


def generalized(case: Case, culprits: frozenset[str], fails: Fails) -> tuple[Case, tuple[str, ...]]:
    """The case with as few special numbers as it fails with, and what is special about them."""
    usable = [given for given in general(case) if valid(with_numbers(case, given)) is not None]
    if not usable:
        return case, ()
    plain = with_numbers(case, usable[0])
    own = next((given for given in usable if fails(with_numbers(case, given))), numbers(case))
    found = plain if own is usable[0] else with_numbers(case, _fewest(case, own, usable[0], fails))
    if len(culprits) == 1 and all(
        _is_tied(with_numbers(case, given), culprits) for given in usable
    ):
        loose = next((untied for untied in _untied(found, culprits) if fails(untied)), None)
        return (found, ("tie",)) if loose is None else generalized(loose, culprits, fails)
    return found, () if found is plain else _special(found, plain, culprits)


def _is_tied(case: Case, culprits: frozenset[str]) -> bool:
    """Whether entries of the one operand of what matters are equal."""
    return all(CATALOGUE[c].arity == 1 for c in culprits) and "tie" in features_of(case, culprits)


def _untied(tied: Case, culprits: frozenset[str]) -> Iterator[Case]:
    """What matters of a case alone, with no two of its numbers equal."""
    for k, candidate in stand_alones(tied):
        if tied.program.steps[k - 1].operation in culprits:
            for sign in (-1, 1):
                flat = candidate.input.reshape(-1).copy()
                _, first = np.unique(flat, return_index=True)
                again = np.setdiff1d(np.arange(flat.size), first)
                flat[again] += sign * (1 + np.arange(again.size)) / 16
                loose = with_numbers(candidate, {0: flat.reshape(candidate.input.shape)})
                if again.size and valid(loose) is not None:
                    yield loose


def _fewest(case: Case, own: Numbers, plain: Numbers, fails: Fails) -> Numbers:
    """The case's numbers, each replaced by a general one where the case fails all the same.

    At last equal ones by equal ones.
    """
    kept = dict(own)
    for k in own:
        if fails(with_numbers(case, {**kept, k: plain[k]})):
            kept[k] = plain[k]
    places = [
        (k, place) for k in own if kept[k] is not plain[k] for place in np.ndindex(own[k].shape)
    ][:MAX_ENTRIES]
    for n, (k, place) in enumerate(places):
        number, entry = float(plain[k][place]), float(kept[k][place])
        smaller = (
            [entry / 2**m for m in (8, 4, 2, 1) if abs(entry) > 2**m] if entry else [WHOLE + n]
        )
        for other in (number, *smaller):
            changed = kept[k].copy()
            changed[place] = other
            if entry != number and fails(with_numbers(case, {**kept, k: changed})):
                kept[k] = changed
                break
    for entry, count in Counter(float(kept[k][place]) for k, place in places).items():
        number = float(next(plain[k][place] for k, place in places if kept[k][place] == entry))
        same = {k: v if v is plain[k] else np.where(v == entry, number, v) for k, v in kept.items()}
        if count > 1 and entry != number and fails(with_numbers(case, same)):
            kept = same
    return kept


def features_of(case: Case, culprits: frozenset[str]) -> frozenset[str]:
    """Those of the steps that matter."""
    found = zip(case.program.steps, features(case), strict=True)
    return frozenset().union(*(own for step, own in found if step.operation in culprits))


#: What is special about numbers, by what it says about a cause; what comes after it goes along with
#: it.
_TELLING = (
    ("tied eigenvalues", "tied singular values", "complex singular", "singular"),
    ("erfc underflows",),
    ("zero base", "zero last"),
    ("zero",),
    ("vanishing",),
    ("tie", "same size"),
    ("one last",),
    ("parameter zero",),
    ("beyond 4",),
    ("below -5",),
    ("negative",),
)


def _special(case: Case, plain: Case, culprits: frozenset[str]) -> tuple[str, ...]:
    """The features of what matters that the plain case does not have, the most telling only."""
    found = features_of(case, culprits) - features_of(plain, culprits)
    for group in _TELLING[1 if "1x1" in features_of(case, culprits) else 0 :]:
        if told := tuple(sorted(found & set(group))):
            return told
    return tuple(sorted(found))
