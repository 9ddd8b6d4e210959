"""What drawn cases ask in turn: operations, further names of them, and choices of parameters.

The rules by which engines differentiate are the measure: each rule that `turns.toml` has a turn for
gets as many cases as any other, in each mode. `python -m validation.rules.turns` makes the file
from the engines' own tables of rules. All other operations take turns besides, and all names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.features import special_values
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.mode import index_of
from ad_conformance.generators.ir.program import Case, Step
from ad_conformance.generators.strategies.case_drawing import (
    draw_fitting_case,
    draw_operation_case,
)
from ad_conformance.generators.strategies.choices import choices
from ad_conformance.generators.strategies.source import SeededSource

FILE = Path(__file__).with_name("turns.toml")
#: How many cases are drawn to find one with the choices of a turn.
ATTEMPTS = 60
#: Step through a list of turns, so that successive batches take different operations.
_STRIDE = 7919
#: The further names that operations are asked under in turn: more than any has.
_MOST_NAMES = 24


def made(step: Step, steps: Sequence[Step], values: Sequence[np.ndarray]) -> set[str]:
    """The choices that were made for one of the steps, and which special cases of rules its
    operands are: a zero in the first or the last one, if it is no constant, and a tie of several.
    `values` are all of the program.
    """
    operands = [values[i] for i in step.operands]
    # An entry that is NaN is neither zero nor equal to another.
    varied = [
        np.full(values[i].shape, np.nan)
        if i and steps[i - 1].operation == "constant"
        else values[i]
        for i in step.operands
    ]
    return {
        *choices(step, values),
        *special_values(varied, ("zero base", "zero last")),
        *special_values(operands, ("tie",) if len(operands) > 1 else ()),
    }


@dataclass(frozen=True, order=True)
class Turn:
    """An operation, which of its names is asked (`Case.names`), and what has to be chosen."""

    operation: str
    names: int = 0
    choices: tuple[str, ...] = ()

    def fits(self, steps: Sequence[Step], values: Sequence[np.ndarray]) -> bool:
        """Whether one of the steps is of the operation and has the choices. `values` are all of the
        program.
        """
        return any(
            step.operation == self.operation and set(self.choices) <= made(step, steps, values)
            for step in steps
        )

    def is_met_by(self, case: Case) -> bool:
        """Whether a step of the case fits."""
        if not self.choices or self.operation not in case.program.operations:
            return self.operation in case.program.operations
        return self.fits(case.program.steps, evaluate_steps(case.program, case.input))

    def case(self, seed: str, mode: str, signature: str) -> Case:
        """A case of the turn, always the same. If ATTEMPTS attempts give none with the choices, it
        is one of the operation with others.
        """

        for attempt in range(ATTEMPTS if self.choices else 0):
            case = draw_fitting_case(
                SeededSource(f"{seed} {attempt}"),
                operation=self.operation,
                mode=mode,
                signature=signature,
                fits=self.fits,
            )
            if case is not None and case.program.operations >= {self.operation}:
                return replace(case, names=self.names)
        case = draw_operation_case(
            SeededSource(seed), operation=self.operation, mode=mode, signature=signature
        )
        return replace(case, names=self.names)


def _read() -> tuple[Turn, ...]:
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["turns"]
    return tuple(
        Turn(row["operation"], row.get("names", 0), tuple(row.get("choices", ())))
        for row in rows
        for _ in range(row.get("times", 1))
    )


#: The turns of rules, and those of the operations that none of these asks under its usual name.
RULES = _read()
OPERATIONS = tuple(
    Turn(name) for name in sorted(CATALOGUE) if CATALOGUE[name].weight and Turn(name) not in RULES
)


def in_turn(turns: Sequence[Turn], mode: str, start: int, own: int, count: int) -> list[Turn]:
    """`count` of the turns; `start` says how many come before in this mode, and `own` how many of
    these are of the same seed.

    A mode goes through all turns before any comes again. Each mode starts at another turn. The
    starts are multiples of the golden ratio (modulo 1), so that few batches of several modes meet
    most turns. Every other round of a seed, from the second on, asks the operations without choices
    under a further name.
    """
    n = len(turns)
    first = round(n * (index_of(mode) * 0.6180339887 % 1))
    found = []
    for k in range(count):
        turn, rounds = turns[(first + start + k) * _STRIDE % n], (own + k) // n
        if rounds % 2 and turn == Turn(turn.operation):
            turn = replace(turn, names=rounds // 2 % _MOST_NAMES + 1)
        found.append(turn)
    return found
