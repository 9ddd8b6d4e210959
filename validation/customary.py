"""The customary check of derivative rules, for comparison: each operation alone, at a random point.

It works as `gradcheck` and `check_grads` of the libraries do: central differences in float64 along
one random direction, with a step of 1e-6, compared at rtol 1e-3. The second order is checked by
differences of the engine's own first derivative.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import is_defined
from ad_conformance.generators.ir.mode import UP_TO_SECOND_ORDER
from ad_conformance.generators.ir.program import Case, Program, nested
from ad_conformance.generators.strategies.sampling import operation_examples

from validation.mutants import consulted

STEP, RTOL, ATOL = 1e-6, 1e-3, 1e-5
#: The derivative of the first letter is compared with differences of the result of the others.
#: Checks of each operation, cases that are drawn for them, and most entries of a point.
SAMPLES, DRAWN, ENTRIES = 1, 16, 6

Array = np.ndarray


@dataclass(frozen=True)
class Check:
    """One operation, point and mode, with the sites of faults that the engine uses."""

    operation: str
    mode: str
    derivative: Any
    first: Any
    point: Array
    direction: Array
    sites: frozenset[str]

    def passes(self) -> bool:
        """Whether the derivative agrees with differences. An engine that raises does not pass."""
        try:
            x, v = self.point, self.direction
            got = np.tensordot(np.asarray(self.derivative(self.mode)(x)), v, x.ndim)
            lower = self.derivative(self.mode[1:]) if len(self.mode) > 1 else self.first
            numeric = (np.asarray(lower(x + STEP * v)) - np.asarray(lower(x - STEP * v))) / (
                2 * STEP
            )
        except Exception:
            return False
        # The last axes are those of the outermost letter.
        return bool(np.all(np.isfinite(got)) and np.allclose(got, numeric, rtol=RTOL, atol=ATOL))


def alone(name: str) -> Iterator[tuple[Program, Array]]:
    """Programs that end with this operation, each with two random points: one anywhere and one near
    the point that was drawn.
    """
    rng = np.random.default_rng(list(name.encode()))
    for case in operation_examples(name, "R", DRAWN):
        ends = [k for k, step in enumerate(case.program.steps, start=1) if step.operation == name]
        if not ends or case.input.size > ENTRIES:
            continue
        program = Program(case.program.steps[: ends[-1]]).pruned()
        for spread, around in ((1.0, 0.0), (0.125, case.input)):
            point = np.asarray(around + spread * rng.standard_normal(case.input.shape))
            if is_defined(program, point):
                yield program, point


def _checks_of(name: str, program: Program, point: Array, names: dict[str, Any]) -> list[Check]:
    """One check for each mode.

    None at all if the correct engine does not pass one of them, for example near a kink or a pole.
    """
    space, made = dict(names), []
    exec(inhouse.script(Case(program, nested(point), "R")).program, space)
    direction = np.random.default_rng(0).standard_normal(point.shape)

    def derivative(mode: str) -> Any:
        return names["inhouse"].nest(space["f"], mode)

    for mode in UP_TO_SECOND_ORDER:
        with consulted() as sites:
            check = Check(name, mode, derivative, space["f"], point, direction, frozenset())
            if not check.passes():
                return []
        made.append(Check(name, mode, derivative, space["f"], point, direction, frozenset(sites)))
    return made


def checks(operations: Collection[str] = CATALOGUE) -> list[Check]:
    """Checks of each operation that is drawn, with the sites that the correct engine uses.

    Raises ValueError for an operation without a check that the correct engine passes.
    """
    names: dict[str, Any] = {}
    exec(inhouse.header, names)
    made: list[Check] = []
    for name in operations:
        if not CATALOGUE[name].weight:
            continue
        with np.errstate(all="ignore"):
            found = filter(None, (_checks_of(name, *sample, names) for sample in alone(name)))
            chosen = list(itertools.islice(found, SAMPLES))
        if not chosen:
            raise ValueError(f"{name}: the customary check fails wherever it is tried")
        made += itertools.chain(*chosen)
    return made
