"""How many planted faults are detected, and after how many cases.

    python -m validation.mutation --cases 2000 --further 14000 --write docs/detection.md

Each mutant of validation/mutants.py is a fault planted in the in-house engine. All mutants are
asked the same drawn cases, in an order that mixes modes and signatures, until the first finding.
`--further` more cases are drawn for the mutants not found. A case for which the honest engine did
not consult the faulty rule counts, but is not run. Seconds are the time to draw, certify and ask
all cases up to the finding in one process. The customary checks (validation/customary.py) are made
of the same mutants.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
from ad_conformance.conformance.reference.certify import Truth, certify
from ad_conformance.conformance.verdicts import Result, judge
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.engines.contract import Answer
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.program import SIGNATURES, Case
from ad_conformance.generators.strategies.sampling import BATCH, draw
from ad_conformance.generators.strategies.source import SEED_VERSION

from benchmarks.tables import markdown, versions
from validation.customary import Check, checks
from validation.mutants import MODES, Mutant, consulted, left_out, mutants, plant


@dataclass(frozen=True)
class Question:
    """A case with its certified derivative, its compiled script, the sites that the honest engine
    consulted, and the seconds that all of it took.
    """

    case: Case
    truth: Truth
    pieces: tuple[tuple[str, CodeType], ...]
    sites: frozenset[str]
    seconds: float


@dataclass(frozen=True)
class Detection:
    """The result of one mutant: the number of cases until the finding (None: not found), and
    whether the customary checks find it.
    """

    mutant: Mutant
    cases: int | None
    seconds: float
    finding: Result | None
    customary: bool
    ran: int


def namespace() -> dict[str, Any]:
    """The names that scripts of the engine use."""
    names: dict[str, Any] = {}
    exec(inhouse.header, names)
    return names


def ask(pieces: Iterable[tuple[str, CodeType]], names: dict[str, Any]) -> Answer:
    """The engine's answer, in this process."""
    space, reached = dict(names), ""
    try:
        with np.errstate(all="ignore"):
            for stage, code in pieces:
                reached = stage
                exec(code, space)
        return Answer("answered", value=space["got"])
    except Exception as error:
        return Answer("raised", None, reached, type(error).__name__, str(error))


def questions(count: int, start: int = 0) -> list[Question]:
    """Drawn cases in an order that mixes modes. Raises AssertionError if the honest engine has a
    finding.
    """
    made = prepared(draw(MODES, count, start))
    return [made[i] for i in np.random.default_rng(0).permutation(len(made))]


def prepared(cases: Iterable[Case]) -> list[Question]:
    """The cases with all that is needed to ask them. Raises AssertionError if the honest engine has
    a finding.
    """
    names, made, mark = namespace(), [], time.process_time()
    for case in cases:
        truth = certify(case)
        script = inhouse.script(case)
        pieces = tuple(
            (stage, compile(text, f"<{stage}>", "exec"))
            for stage, text in (("compile", script.program + script.compile), ("run", script.run))
        )
        with consulted() as sites:
            honest = judge(case, "honest", ask(pieces, names), truth)
        assert not honest.is_finding, f"the honest engine: {honest.verdict} in {case.json}"
        now = time.process_time()
        made.append(Question(case, truth, pieces, frozenset(sites), now - mark))
        mark = now
    return made


def first_finding(
    mutant: Mutant, asked: Sequence[Question], names: dict[str, Any]
) -> tuple[int, Result | None, int]:
    """The number of the case that found the mutant (from 1), the finding or None, and how many
    cases were run.
    """
    ran = 0
    with plant(mutant):
        for number, question in enumerate(asked, start=1):
            if mutant.site in question.sites:
                ran += 1
                result = judge(
                    question.case, mutant.name, ask(question.pieces, names), question.truth
                )
                if result.is_finding:
                    return number, result, ran
    return len(asked), None, ran


def customary_finds(mutant: Mutant, customary: Sequence[Check]) -> bool:
    with plant(mutant), np.errstate(all="ignore"):
        return any(mutant.site in check.sites and not check.passes() for check in customary)


def detect(
    planted: Sequence[Mutant], asked: Sequence[Question], customary: Sequence[Check]
) -> list[Detection]:
    """Ask every mutant the cases, and make the customary checks of it."""
    names = namespace()
    elapsed = np.cumsum([q.seconds for q in asked])
    found = []
    for mutant in planted:
        number, finding, ran = first_finding(mutant, asked, names)
        cases = None if finding is None else number
        usual = customary_finds(mutant, customary)
        found.append(Detection(mutant, cases, float(elapsed[number - 1]), finding, usual, ran))
    return found


HEADER = (
    "fault",
    "mutants",
    "found",
    "score",
    "cases: median",
    "largest",
    "seconds: median",
    "customary checks",
    "score",
)


def _row(name: str, part: Sequence[Detection]) -> list[str]:
    hits = [d for d in part if d.cases is not None]
    usual = sum(d.customary for d in part)
    cases = [d.cases for d in hits if d.cases is not None]
    return [
        name,
        str(len(part)),
        str(len(hits)),
        f"{len(hits) / len(part):.1%}",
        f"{statistics.median(cases):.0f}" if cases else "",
        str(max(cases)) if cases else "",
        f"{statistics.median(d.seconds for d in hits):.2f}" if cases else "",
        str(usual),
        f"{usual / len(part):.1%}",
    ]


def table(found: Sequence[Detection]) -> str:
    """A row for each class of fault, one for faults wrong at second order only, and one for all."""
    faults = list(dict.fromkeys(d.mutant.fault for d in found))
    rows = [_row(fault, [d for d in found if d.mutant.fault == fault]) for fault in faults]
    late = [d for d in found if d.mutant.second]
    rows += [_row("right at first order, wrong beyond", late)] if late else []
    return markdown(HEADER, [*rows, _row("all", found)])


PAGE = """\
# What the judge detects

One fault at a time is planted in the in-house engine. The faults are made from its table of
derivative rules and from the identities behind them (`validation/mutants.py`). Each engine with a
fault is asked the same drawn cases until the first finding.

`cases` counts every case drawn, also those that do not use the faulty rule. The cases cover the
modes {modes} and the nine signatures.
Every other case is of one operation, the {ops} operations of the catalogue in turn; the others are
compositions (`generators/strategies/sampling.py`). `seconds` is the time to draw, certify and ask
the cases on one core. The customary checks take each operation alone at a random point, in reverse
and forward mode, at first and second order, with central differences of step 1e-6 at rtol 1e-3
(`validation/customary.py`). The honest engine has no finding for the same cases, and passes every
customary check.

Made by `python -m validation.mutation --cases {count} --further {further}` with
{versions}.

{table}"""
LEFT_OUT = """
## Left out

Faults that change no derivative that is asked for, at a smooth point of a generated program:
"""


def _missed(late: Detection, count: int) -> str:
    """One line on a mutant not found within the first cases: whether it was found later."""
    name = late.mutant.name
    if late.cases is not None:
        return f"- `{name}`: found by case {late.cases}; {late.ran} cases had used the rule"
    return f"- `{name}`: not found within {count} cases, {late.ran} of which used the rule"


def document(
    found: Sequence[Detection], later: Sequence[Detection], count: int, further: int
) -> str:
    """The page: the planted faults, those found, those missed and those left out."""
    missed = [_missed(d, count + further) for d in later]
    last = sum(d.cases is not None for d in (*found, *later))
    page = PAGE.format(
        count=count,
        further=further,
        modes=f"{', '.join(MODES[:-1])} and {MODES[-1]}",
        ops=sum(op.weight > 0 for op in CATALOGUE.values()),
        versions=versions(["numpy", "python-flint"]) + f", seed version {SEED_VERSION}",
        table=table(found),
    )
    if missed:
        page += (
            f"\nWithin {count + further} cases {last} of {len(found)} are found ("
            f"{last / len(found):.1%}).\n"
        )
        page += "\n".join([f"\n## Not found within {count} cases\n", *missed, ""])
    return page + "\n".join([LEFT_OUT, *(f"- {line}" for line in left_out()), ""])


def main() -> None:
    """Print the page and write it to a file if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument(
        "--further", type=int, default=0, help="cases more for the mutants that were not found"
    )
    parser.add_argument("--write", type=Path, help="the document to write")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    asked = questions(options.cases)
    customary = checks()
    failing = {check.operation for check in customary if not check.passes()}
    assert not failing, f"the honest engine fails customary checks of {sorted(failing)}"
    found = detect(mutants(), asked, customary)
    if options.further:
        # Batches with other numbers than the first ones.
        asked = [
            *asked,
            *questions(
                options.further, start=1 + options.cases // (BATCH * len(MODES) * len(SIGNATURES))
            ),
        ]
    later = detect([d.mutant for d in found if d.cases is None], asked, [])
    page = document(found, later, options.cases, options.further)
    print(page)
    if options.write:
        options.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
