"""Finds the special numbers that a failure needs: as many numbers as possible become general."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.features import features
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite.slicing import Slicer
from ad_conformance.generators.rewrite.variants import Numbers, general, numbers, with_numbers

#: Entries that are made general one by one. Further entries stay as they are.
MAX_ENTRIES = 24
#: What replaces a zero if a general number does not do; the next zero gets the next number. Only a
#: whole exponent gives zero a smooth power, so these numbers are whole.
WHOLE = 3.0

#: Whether a case fails as the finding does.
Fails = Callable[[Case], bool]


def minimize_features(
    case: Case, culprits: frozenset[str], fails: Fails
) -> tuple[Case, tuple[str, ...]]:
    """The case with as few special numbers as it needs to fail, and the features of these numbers.

    `culprits` are the operations at fault: only their features count.
    """
    usable = [given for given in general(case) if valid(with_numbers(case, given)) is not None]
    if not usable:
        return case, ()
    plain = with_numbers(case, usable[0])
    own = next((given for given in usable if fails(with_numbers(case, given))), numbers(case))
    found = plain
    if own is not usable[0]:
        found = with_numbers(case, _fewest(case, own, usable[0], fails))
    if len(culprits) == 1 and all(
        _has_tie(with_numbers(case, given), culprits) for given in usable
    ):
        # Values that are equal whatever the numbers are: perhaps it fails also if they are not.
        untied = next((other for other in _untied(found, culprits) if fails(other)), None)
        if untied is None:
            return found, ("tie",)
        return minimize_features(untied, culprits, fails)
    return found, () if found is plain else _special(found, plain, culprits)


def _has_tie(case: Case, culprits: frozenset[str]) -> bool:
    """Whether entries of the one operand of the operation at fault are equal."""
    return all(CATALOGUE[c].arity == 1 for c in culprits) and "tie" in features_of(case, culprits)


def _untied(tied: Case, culprits: frozenset[str]) -> Iterator[Case]:
    """The operation at fault alone, with numbers that are all different."""
    for k, candidate in Slicer(tied).plain_steps():
        if tied.program.steps[k - 1].operation not in culprits:
            continue
        for sign in (-1, 1):
            flat = candidate.input.reshape(-1).copy()
            _, first = np.unique(flat, return_index=True)
            again = np.setdiff1d(np.arange(flat.size), first)
            flat[again] += sign * (1 + np.arange(again.size)) / 16
            untied = with_numbers(candidate, {0: flat.reshape(candidate.input.shape)})
            if again.size and valid(untied) is not None:
                yield untied


def _fewest(case: Case, own: Numbers, plain: Numbers, fails: Fails) -> Numbers:
    """The case's numbers, each replaced by a general one if the case still fails.

    First whole arrays, then entry by entry, at last all equal entries by one number.
    """
    kept = dict(own)
    for k in own:
        if fails(with_numbers(case, {**kept, k: plain[k]})):
            kept[k] = plain[k]
    entries = [
        (k, index) for k in own if kept[k] is not plain[k] for index in np.ndindex(own[k].shape)
    ][:MAX_ENTRIES]
    for n, (k, index) in enumerate(entries):
        number, entry = float(plain[k][index]), float(kept[k][index])
        if entry == number:
            continue
        smaller = [WHOLE + n]
        if entry:
            smaller = [entry / 2**m for m in (8, 4, 2, 1) if abs(entry) > 2**m]
        for other in (number, *smaller):
            changed = kept[k].copy()
            changed[index] = other
            if fails(with_numbers(case, {**kept, k: changed})):
                kept[k] = changed
                break
    for entry, count in Counter(float(kept[k][index]) for k, index in entries).items():
        number = float(next(plain[k][index] for k, index in entries if kept[k][index] == entry))
        same = {k: v if v is plain[k] else np.where(v == entry, number, v) for k, v in kept.items()}
        if count > 1 and entry != number and fails(with_numbers(case, same)):
            kept = same
    return kept


def features_of(case: Case, culprits: frozenset[str]) -> frozenset[str]:
    """The features of the steps whose operations are at fault."""
    found = zip(case.program.steps, features(case), strict=True)
    return frozenset().union(*(own for step, own in found if step.operation in culprits))


#: Groups of features. The first group that a failure has names the bug; features of later groups
#: mostly come along with it.
_BY_WEIGHT = (
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
    """Features of the operations at fault that the plain case lacks: the first group of them."""
    found = features_of(case, culprits) - features_of(plain, culprits)
    for group in _BY_WEIGHT[1 if "1x1" in features_of(case, culprits) else 0 :]:
        if named := tuple(sorted(found & set(group))):
            return named
    return tuple(sorted(found))
