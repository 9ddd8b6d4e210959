"""Ask engines ill-conditioned programs and print what is called wrong.

    python -m validation.ill_conditioned --programs 5000 --engines inhouse,torch,autograd

All cases are drawn deterministically, by their numbers. Every finding that no known failure covers
is printed with its case and script: the engine is wrong, or the tolerance.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ad_conformance.conformance.reference.certify import Truth
from ad_conformance.conformance.reference.tolerance import TINY
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines import registry
from ad_conformance.generators.ir.program import Case

from benchmarks.tables import markdown
from validation.asking import Asking
from validation.ill_conditioned.draws import Family, drawn
from validation.ill_conditioned.families import FAMILIES

ENGINES = "inhouse,torch,autograd"
PAGE = Path("docs/ill-conditioned.md")
#: A tolerance above this, relative to the entry, means that the derivative is ill-conditioned; for
#: each dtype.
WIDE = {"float64": 1e-8, "float32": 1e-2}


@dataclass
class Tally:
    """What came of the cases of one family."""

    truths: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    #: Cases in which the tolerance of each entry other than zero is wide, or reaches the entry.
    wide: int = 0
    idle: int = 0
    largest: float = 0.0

    def add_truth(self, truth: Truth, dtype: str) -> None:
        self.truths[truth.kind] += 1
        if truth.reason:
            self.reasons[truth.reason] += 1
        least = sharpness(truth, dtype)
        self.wide += least > WIDE[dtype]
        self.idle += least > 1

    def add(self, result: Result, known: bool) -> None:
        self.verdicts["known" if known else str(result.verdict)] += 1
        if result.verdict is Verdict.AGREE:
            self.largest = max(self.largest, result.error_ratio)


def sharpness(truth: Truth, dtype: str) -> float:
    """The least tolerance relative to an entry other than zero; 0 if there is none."""
    if truth.value is None or truth.tolerance is None:
        return 0.0
    judged = np.ones(truth.value.shape, bool) if truth.judged is None else truth.judged
    value, tolerance = np.abs(truth.value[judged]), truth.tolerance[judged]
    relative = tolerance[value > 1e3 * TINY[dtype]] / value[value > 1e3 * TINY[dtype]]
    return float(np.min(relative)) if relative.size else 0.0


def asked(
    asking: Asking, numbers: Sequence[int], families: Sequence[Family] = FAMILIES
) -> Iterator[tuple[Family, Case, list[tuple[Result, bool]]]]:
    """For each number its family, its case, and each engine's result with whether it is known."""
    for number in numbers:
        one, case = drawn(families, number)
        results = [(result, match is not None) for result, match in asking.judged(case)]
        yield one, case, results


def tallied(
    asking: Asking, numbers: Sequence[int], families: Sequence[Family] = FAMILIES
) -> dict[str, Tally]:
    """The tally of each family. New findings are printed."""
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    for one, case, results in asked(asking, numbers, families):
        tally = tallies[one.name]
        for k, (result, known) in enumerate(results):
            if k == 0:
                tally.add_truth(result.truth, case.dtype)
            tally.add(result, known)
            if result.is_finding and not known:
                print(f"{one.name}: error_ratio {result.error_ratio:.3g}")
                print(asking.report(result), flush=True)
    return dict(tallies)


def lines(tallies: dict[str, Tally], families: Sequence[Family] = FAMILIES) -> Iterator[str]:
    """The tables: families with the verdicts, and why cases have no certified derivative."""
    rows = []
    for one in families:
        if (tally := tallies.get(one.name)) is None:
            continue
        count = sum(tally.truths.values())
        shares = (tally.truths[k] / count for k in ("certified", "convention", "uncertified"))
        new = sum(tally.verdicts[v] for v in Verdict if v.is_finding)
        rows.append(
            (
                one.kind,
                one.name,
                str(count),
                *(f"{share:.0%}" for share in shares),
                *(str(n) for n in (tally.verdicts["agree"], tally.verdicts["known"], new)),
                f"{tally.largest:.2g}",
                f"{tally.wide / count:.0%}",
                f"{tally.idle / count:.0%}",
            )
        )
    head = ("kind", "family", "cases", "certified", "convention", "uncertified", "agree", "known")
    yield markdown((*head, "new", "largest error_ratio", "wide", "idle"), rows)
    reasons: Counter[str] = Counter()
    for tally in tallies.values():
        reasons.update(tally.reasons)
    yield from (f"- {times}: {reason}" for reason, times in reasons.most_common())


def main() -> None:
    """Print the tables, or write the page."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--start", type=int, default=0, help="the number of the first program")
    parser.add_argument("--engines", default=ENGINES)
    parser.add_argument("--family", help="only programs of families with this text in their name")
    parser.add_argument("--write", type=Path, help=f"a page to write, such as {PAGE}")
    options = parser.parse_args()
    numbers: Sequence[int] = range(options.start, options.start + options.programs)
    if options.family:
        numbers = [n for n in numbers if options.family in FAMILIES[n % len(FAMILIES)].name]
    with Asking([registry.find(name) for name in options.engines.split(",")]) as asking:
        tallies = tallied(asking, numbers)
    print("\n".join(lines(tallies)))


if __name__ == "__main__":
    main()
