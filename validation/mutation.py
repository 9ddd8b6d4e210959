"""Measure detection: plant faults in the in-house engine and count the cases until each is found.

    python -m validation.mutation --cases 2000 --further 14000 --write docs/detection.md

Every mutant of validation/mutants.py is asked the same drawn cases, in all modes and signatures,
until the first finding. For mutants without a finding, `--further` more cases are drawn. A case
that does not use the faulty rule counts but is not run: the rules that the correct engine uses for
each case are recorded first. The times are for drawing, certifying and asking all cases up to the
finding, in one process. The customary checks (validation/customary.py) test the same mutants.
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
from ad_conformance.conformance.known_failures import load
from ad_conformance.conformance.reference.certify import Truth, certify
from ad_conformance.conformance.verdicts import Result, judge
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.engines.contract import Answer
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.operator import SIGNATURES
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.sampling import BATCH, draw
from ad_conformance.generators.strategies.source import SEED_VERSION

from benchmarks.tables import markdown, versions, write_section
from validation.customary import Check, checks
from validation.mutants import MODES, Mutant, consulted, left_out, mutants, plant


@dataclass(frozen=True)
class Question:
    """A case with its certified derivative, its compiled script, the sites of faults that the
    correct engine uses for it, and the seconds that all this took.
    """

    case: Case
    truth: Truth
    pieces: tuple[tuple[str, CodeType], ...]
    sites: frozenset[str]
    seconds: float


@dataclass(frozen=True)
class Detection:
    """The result for one mutant.

    `cases` is the number of cases up to the finding, None without one. `customary` says whether the
    customary checks find the mutant. `ran` counts the cases that use the faulty rule.
    """

    mutant: Mutant
    cases: int | None
    seconds: float
    finding: Result | None
    customary: bool
    ran: int


def namespace() -> dict[str, Any]:
    """The names that scripts of the in-house engine use."""
    names: dict[str, Any] = {}
    exec(inhouse.header, names)
    return names


def ask(pieces: Iterable[tuple[str, CodeType]], names: dict[str, Any]) -> Answer:
    """The answer of the engine in this process, without a sandbox."""
    space, reached = dict(names), ""
    try:
        with np.errstate(all="ignore"):
            for stage, code in pieces:
                reached = stage
                exec(code, space)
        return Answer("answered", value=space["got"])
    except Exception as error:
        return Answer("raised", None, reached, type(error).__name__, str(error))


def watched(
    case: Case, names: dict[str, Any]
) -> tuple[tuple[tuple[str, CodeType], ...], set[str], Answer]:
    """The compiled script of the case, the sites of faults that the engine uses, and its answer."""
    pieces = tuple(
        (stage, compile(text, f"<{stage}>", "exec")) for stage, text in inhouse.script(case).pieces
    )
    with consulted() as sites:
        answer = ask(pieces, names)
    return pieces, sites, answer


def _is_unsupported(answer: Answer) -> bool:
    """Whether the engine says that it has no rule for the case."""
    return inhouse.documented(answer).outcome == "unsupported"


#: Cases in which the correct engine is known to be wrong are left out.
KNOWN = [entry for entry in load() if entry.names(inhouse)]


def questions(count: int, start: int = 0) -> list[Question]:
    """Drawn cases with modes in random order. Raises AssertionError if the correct engine has a
    finding.
    """
    made = prepared(draw(MODES, count, start))
    return [made[i] for i in np.random.default_rng(0).permutation(len(made))]


def prepared(cases: Iterable[Case]) -> list[Question]:
    """Certify and compile cases. Raises AssertionError if the correct engine has a finding."""
    names, made, mark = namespace(), [], time.process_time()
    for case in cases:
        truth = certify(case)
        pieces, sites, answer = watched(case, names)
        if _is_unsupported(answer):
            continue
        honest = judge(case, "honest", answer, truth)
        if any(entry.covers(honest) for entry in KNOWN):
            continue
        assert not honest.is_finding, f"the correct engine: {honest.verdict} in {case.json}"
        now = time.process_time()
        made.append(Question(case, truth, pieces, frozenset(sites), now - mark))
        mark = now
    return made


def first_finding(
    mutant: Mutant, asked: Sequence[Question], names: dict[str, Any]
) -> tuple[int, Result | None, int]:
    """The number of the case that finds the mutant, from 1, the finding, and the number of cases
    that ran. Without a finding: the number of all cases and None.
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
    """Ask every mutant the cases and run the customary checks."""
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
    """A row for each kind of fault, for faults with correct first derivatives, and for all."""
    faults = list(dict.fromkeys(d.mutant.fault for d in found))
    rows = [_row(fault, [d for d in found if d.mutant.fault == fault]) for fault in faults]
    late = [d for d in found if d.mutant.second]
    rows += [_row("wrong at second order only", late)] if late else []
    return markdown(HEADER, [*rows, _row("all", found)])


PAGE = """\
# What is detected

Faults are planted in the in-house engine, one at a time. They are made from its derivative rules
and its algebraic identities (`validation/mutants.py`). Each faulty engine is asked the same drawn
cases until the first finding.

`cases` counts all drawn cases, in the modes {modes} and
in the nine signatures, whether a case uses the faulty rule or not. Every second case has one
operation, and the {rows} operations of the catalogue and the rules of engines take
turns. The others are compositions (`generators/strategies/sampling.py`). `seconds` is the time for
drawing, certifying and asking all
these cases on one core. The customary checks test each operation alone at a random point, in
reverse and forward mode, at first and second order, by central differences with step 1e-6 and rtol
1e-3 (`validation/customary.py`). The correct engine has no finding in the same cases and passes
every customary check.

Made by
`python -m validation.mutation --cases {count} --further {further} --write docs/detection.md`
with {versions}.

{table}"""
LEFT_OUT = """
## Left out

These faults cannot change any derivative at a smooth point of a generated program:
"""


def _missed(late: Detection, count: int) -> str:
    """A line on a mutant that was not found among the first cases."""
    name = late.mutant.name
    if late.cases is not None:
        return f"- `{name}`: found by case {late.cases}; it is case {late.ran} that uses the rule"
    return f"- `{name}`: not found in {count} cases; {late.ran} of them use the rule"


def document(
    found: Sequence[Detection], later: Sequence[Detection], count: int, further: int
) -> str:
    """The page on all faults: found, missed and left out."""
    missed = [_missed(d, count + further) for d in later]
    last = sum(d.cases is not None for d in (*found, *later))
    page = PAGE.format(
        count=count,
        further=further,
        modes=f"{', '.join(MODES[:-1])} and {MODES[-1]}",
        rows=sum(row.weight > 0 for row in CATALOGUE.values()),
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
    """Print the page and write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument(
        "--further", type=int, default=0, help="further cases for mutants that were not found"
    )
    parser.add_argument("--write", type=Path, help="the document to write")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    asked = questions(options.cases)
    customary = checks()
    failing = {check.operation for check in customary if not check.passes()}
    assert not failing, f"the correct engine fails customary checks of {sorted(failing)}"
    found = detect(mutants(), asked, customary)
    if options.further:
        # These batches are not among the first ones.
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
        write_section(options.write, "planted faults", page, title="")


if __name__ == "__main__":
    main()
