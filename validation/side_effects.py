"""Faults beside the numbers: the share of drawn cases in which each is caught.

    python -m validation.side_effects --cases 500 --write docs/detection.md

The engines are those of tests/broken_engines.py. Each is asked the same drawn cases, first as a
campaign asks them, with further calls in some of the cases, and then with further calls in all.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ad_conformance.conformance.pool import LATER, asked_later, truth_of
from ad_conformance.conformance.verdicts import Verdict, judge, repeated
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import EVERY, Sandbox
from ad_conformance.generators.ir.mode import USUAL_MODES
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.sampling import draw

from benchmarks.tables import markdown, write_section

#: What each engine does wrong.
FAULTS = {
    "overwriting": "its input is overwritten",
    "lending": "all answers of one shape are in the same memory",
    "adding": "a second call adds what the first one gave",
    "single_use": "a second call raises",
    "mixing": "derivatives are kept by the shape of the input only",
    "ageing": "what was asked before gives a result times 1.001",
    "narrow": "answers in float64 are rounded to float32 on the way",
    "honest": "none",
}


def caught(engine: Engine, cases: Sequence[Case], every: int) -> tuple[int, int, int]:
    """How many cases are findings when they are asked, and how many when they are asked later; the
    number of the first finding, 0 if there is none.
    """
    with Sandbox(engine, every=every) as sandbox:
        pending = [(case, sandbox.submit(case)) for case in cases]
        results = [
            judge(case, engine.name, answer.result(), truth_of(case)) for case, answer in pending
        ]
        later = [
            repeated(first, judge(first.case, engine.name, sandbox.ask(first.case), first.truth))
            for first in results
            if asked_later(first)
        ]
    findings = [k for k, result in enumerate(results, start=1) if result.is_finding]
    first = findings[0] if findings else 0
    return len(findings), sum(r.verdict is Verdict.IMPURE for r in later), first


def page(count: int) -> str:
    """The section of the document."""
    cases = list(draw(USUAL_MODES, count))
    for case in cases:
        truth_of(case)
    header = ["fault", "caught", "only later", "further calls in all cases", "first by case"]
    rows = []
    for name, fault in FAULTS.items():
        engine = registry.find(f"tests.broken_engines:{name}")
        found, later, first = caught(engine, cases, EVERY)
        always, _, _ = caught(engine, cases, 1)
        shares = [f"{100 * n / count:.1f} %" for n in (found + later, later, always)]
        rows.append([fault, *shares, str(first or "-")])
    return f"""\
## Faults beside the numbers

Some faults show only if a derivative is called more than once, or if its input is looked at
afterwards (`tests/broken_engines.py`). The table gives the share of drawn cases in which each is
caught. After every call, inputs are compared with copies. In one case of {EVERY}, the derivative is
called again at a point nearby and at the same point. One agreeing case of {LATER} is asked again
after other cases. Cases with a warmup_point, which call the derivative twice anyway, give a wrong
answer if the second call does.

Made by `python -m validation.side_effects --cases {count} --write docs/detection.md`.

{markdown(header, rows)}
"""


def main() -> None:
    """Print the section and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--write", type=Path, help="the document with the section")
    options = parser.parse_args()
    text = page(options.cases)
    print(text)
    if options.write:
        write_section(options.write, "side effects", text)


if __name__ == "__main__":
    main()
