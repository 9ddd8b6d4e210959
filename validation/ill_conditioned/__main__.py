"""Ask engines ill-conditioned programs and print what is called wrong.

    python -m validation.ill_conditioned --programs 5700 --engines inhouse,torch,autograd --slow jax

All cases are drawn deterministically, by their numbers. Every finding that no known failure covers
is printed with its case and script: the engine is wrong, or the tolerance.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ad_conformance.conformance.reference.certify import Truth
from ad_conformance.conformance.reference.tolerance import TINY
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines import registry

from benchmarks.tables import markdown
from validation.asking import Asking
from validation.ill_conditioned.draws import Family, drawn
from validation.ill_conditioned.families import FAMILIES

ENGINES = "inhouse,torch,autograd"
#: Slow engines are asked one program in so many.
SELDOM = 10
PAGE = Path("docs/ill-conditioned.md")
#: A tolerance above this, relative to the entry, means that the derivative is ill-conditioned; for
#: each dtype.
WIDE = {"float64": 1e-8, "float32": 1e-2}
KINDS = ("certified", "convention", "uncertified")
LAST_COLUMNS = ("agree", "known", "new", "largest")


#: A family, and the result of each engine for a case of it, with whether it is a known failure.
Asked = tuple[Family, list[tuple[Result, bool]]]


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

    def add_truth(self, result: Result) -> None:
        truth, dtype = result.truth, result.case.dtype
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
) -> Iterator[Asked]:
    """Ask the cases of these numbers."""
    for number in numbers:
        one, case = drawn(families, number)
        yield one, [(result, match is not None) for result, match in asking.judged(case)]


def tallied(answers: Iterable[Asked], report: Callable[[Result], str]) -> dict[str, Tally]:
    """The tally of each family. New findings are printed by `report`."""
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    for one, results in answers:
        tally = tallies[one.name]
        for result, known in results:
            tally.add(result, known)
            if result.is_finding and not known:
                print(f"{one.name}: error_ratio {result.error_ratio:.3g}")
                print(report(result), flush=True)
        if results:
            tally.add_truth(results[0][0])
    return dict(tallies)


def new_findings(verdicts: Counter[str]) -> int:
    """How many are findings, apart from cases for which the engine takes too long."""
    return sum(verdicts[v] for v in Verdict if v.is_finding and v is not Verdict.TIMEOUT)


def lines(tallies: dict[str, Tally], families: Sequence[Family] = FAMILIES) -> Iterator[str]:
    """The table of families, and why cases have no certified derivative."""
    rows = []
    for one in families:
        if (tally := tallies.get(one.name)) is None:
            continue
        count = sum(tally.truths.values())
        parts = (*(tally.truths[kind] for kind in KINDS), tally.wide, tally.idle)
        new = new_findings(tally.verdicts)
        rows.append(
            (
                f"{one.kind}: {one.name}",
                str(count),
                *(f"{part / count:.0%}" for part in parts),
                *(str(n) for n in (tally.verdicts["agree"], tally.verdicts["known"], new)),
                f"{tally.largest:.2g}",
            )
        )
    yield markdown(("family", "cases", *KINDS, "wide", "idle", *LAST_COLUMNS), rows)
    reasons: Counter[str] = Counter()
    for tally in tallies.values():
        reasons.update(tally.reasons)
    yield from (f"- {times}: {reason}" for reason, times in reasons.most_common())


def outcome(tallies: dict[str, Tally]) -> tuple[int, str]:
    """The number of programs, and what came of them, as a clause."""
    verdicts: Counter[str] = Counter()
    for tally in tallies.values():
        verdicts.update(tally.verdicts)
    count = sum(sum(tally.truths.values()) for tally in tallies.values())
    return count, (
        f"{verdicts['agree']} answers agree, {verdicts['known']} are\n"
        f"known failures, {verdicts[Verdict.TIMEOUT]} take longer than the time limit, and "
        f"{new_findings(verdicts)} are new findings."
    )


def page(
    tallies: dict[str, Tally], programs: int, engines: str, slow: dict[str, dict[str, Tally]]
) -> Iterator[str]:
    """The page about ill-conditioned programs."""
    count, came = outcome(tallies)
    command = f"python -m validation.ill_conditioned --programs {programs} --engines {engines}"
    command += "".join(f" --slow {name}" for name in slow) + f" --write {PAGE}"
    yield f"""\
# Ill-conditioned programs

Made by `{command}`.

{len(FAMILIES)} families of programs are written by hand: cancellation, saturation, near ties,
nearly singular matrices, long chains, far entries, and numbers near the ends of the range of the
dtype. Rounding moves their derivatives a lot, so an honest engine must not be called wrong. One
case of three is in float32, and half of all cases have order 2.

{count} programs were asked of {engines.replace(",", ", ")}: {came}
The table is about them.

- `wide`: the tolerance of every entry other than zero is more than 1e-8 of the entry (float32:
  1e-2);
- `idle`: it is even larger than the entry, so the case detects only NaN and large errors;
- `largest`: the largest error_ratio of an answer that agrees.
"""
    for name, of_engine in slow.items():
        some, came = outcome(of_engine)
        largest = max(tally.largest for tally in of_engine.values())
        yield (
            f"{name} was asked {some} of them, one in {SELDOM}: {came} The largest error_ratio\n"
            f"of an answer that agrees is {largest:.2g}.\n"
        )
    yield from lines(tallies)


def main() -> None:
    """Print the tables, or write the page."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--start", type=int, default=0, help="the number of the first program")
    parser.add_argument("--engines", default=ENGINES)
    parser.add_argument(
        "--slow",
        action="append",
        default=[],
        metavar="ENGINE",
        help=f"an engine that is asked one program in {SELDOM}; with --write",
    )
    parser.add_argument("--family", help="only programs of families with this text in their name")
    parser.add_argument("--write", type=Path, help=f"a page to write, such as {PAGE}")
    options = parser.parse_args()
    numbers: Sequence[int] = range(options.start, options.start + options.programs)
    if options.family:
        numbers = [n for n in numbers if options.family in FAMILIES[n % len(FAMILIES)].name]
    with Asking([registry.find(name) for name in options.engines.split(",")]) as asking:
        tallies = tallied(asked(asking, numbers), asking.report)
    slow = {}
    for name in options.slow:
        with Asking([registry.find(name)]) as asking:
            slow[name] = tallied(asked(asking, numbers[::SELDOM]), asking.report)
    if options.write:
        text = "\n".join(page(tallies, options.programs, options.engines, slow))
        options.write.write_text(text.rstrip() + "\n", encoding="utf-8")
    else:
        print("\n".join(lines(tallies)))


if __name__ == "__main__":
    main()
