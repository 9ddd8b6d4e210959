"""The rules of the in-house engine: each in general, at second order, at zeros and at ties.

A case meets a rule if the derivative changes when a fault of validation/mutants.py is planted in
the rule. That a rule is used would say less: its result may be multiplied by zero.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.sampling import draw

from validation.mutants import MODES, Mutant, mutants, plant
from validation.mutation import ask, namespace, watched
from validation.rules.record import Rule

#: Rules that so large a share of drawn programs use are not looked for: there are enough of them.
#: So many programs are drawn to know.
OFTEN, PROGRAMS = 1 / 20, 300
#: The faults that are planted, and what each says that a case meets.
FAULTS = {
    "factor 2": "in general",
    "second order dropped": "second order",
    "wrong at zero": "zero",
    "wrong at a tie": "tie",
}


class InhouseRules:
    """What a case meets of the in-house engine's table of derivative rules."""

    def __init__(self) -> None:
        self._names = namespace()
        counts = Counter(
            site for case in draw(MODES, PROGRAMS) for site in watched(case, self._names)[1]
        )
        self._faults: dict[str, list[Mutant]] = defaultdict(list)
        for mutant in mutants():
            if mutant.fault in FAULTS and counts[mutant.site] < OFTEN * PROGRAMS:
                self._faults[mutant.site].append(mutant)

    def met(self, case: Case) -> frozenset[tuple[Rule, int]]:
        """The rules that the case meets. The level is always 1. Raises ValueError if the engine
        gives no answer.
        """
        pieces, sites, answer = watched(case, self._names)
        if answer.value is None:
            raise ValueError(answer.message)
        found = set()
        for mutant in (mutant for site in sites for mutant in self._faults[site]):
            with plant(mutant):
                changed = ask(pieces, self._names)
            if changed.value is None or not _same(changed.value, answer.value):
                place = mutant.name.partition(":")[0]
                found.add((Rule("inhouse", FAULTS[mutant.fault], place), 1))
        return frozenset(found)


def _same(one: object, other: object) -> bool:
    """Whether two answers differ at most by rounding errors."""
    first, second = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    scale = float(np.max(np.abs(second), initial=0.0))
    with np.errstate(all="ignore"):
        return np.allclose(first, second, rtol=1e-6, atol=1e-6 * scale, equal_nan=True)
