"""Measure how well bucketing groups findings by cause, in engines with several planted faults.

    python -m validation.buckets --engines 5 --start 5

The cause of a finding is the planted fault that alone also has a finding for the same case. If no
fault or several faults do, the finding is not counted in the pairs; the table says how many are
counted. Precision is the share of pairs in one bucket that have one cause. Recall is the share of
pairs with one cause that are in one bucket.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ad_conformance.conformance.triage.buckets import Buckets, bucket
from ad_conformance.conformance.triage.causes import Finding, Symptom
from ad_conformance.conformance.triage.reduce import judged
from ad_conformance.engines.process.sandbox import Sandbox

from benchmarks.tables import markdown, write_section
from validation import seeded
from validation.mutation import Question, questions

#: Most findings of one engine with the same exception or signal, so that one fault does not
#: dominate the count.
SAME = 15


@dataclass
class Outcome:
    """The findings of one engine in buckets, their causes as far as known, and the cost."""

    faults: Sequence[str]
    buckets: Buckets
    causes: dict[str, str]
    findings: int
    seconds: float
    asked: int = 0

    @property
    def placed(self) -> list[tuple[str, str]]:
        """Cause and bucket of each finding with one cause; provisional groups count as buckets."""
        groups = [(b.cause.id, b.findings) for b in self.buckets.buckets]
        groups += [(f"provisional {n}", p.findings) for n, p in enumerate(self.buckets.provisional)]
        return [
            (self.causes[f.case.id], name)
            for name, found in groups
            for f in found
            if f.case.id in self.causes
        ]


def pairs(placed: Iterable[tuple[str, str]]) -> tuple[int, int, int]:
    """The numbers of pairs with one bucket and one cause, with one bucket, and with one cause."""
    placed = list(placed)

    def count(keys: Iterable[object]) -> int:
        return sum(n * (n - 1) // 2 for n in Counter(keys).values())

    return count(placed), count(b for _, b in placed), count(c for c, _ in placed)


def collected(
    names: Sequence[str], number: int, asked: Sequence[Question], limit: int
) -> tuple[list[Finding], dict[str, str]]:
    """Findings of the engine with all faults, and the causes of those that have exactly one."""
    sites = {name: seeded.faults()[name].site for name in names}
    concerned = [q for q in asked if q.sites & set(sites.values())]
    findings: list[Finding] = []
    causes: dict[str, str] = {}
    met: Counter[Symptom] = Counter()
    singles = {name: Sandbox(seeded.engine([name], number)) for name in names}
    try:
        with Sandbox(seeded.engine(names, number)) as sandbox:
            for question in concerned:
                result = judged(question.case, sandbox)
                if not result.is_finding:
                    continue
                finding = Finding.of(result)
                met[finding.symptom] += 1
                if finding.symptom[0] != "wrong" and met[finding.symptom] > SAME:
                    continue
                findings.append(finding)
                guilty = [
                    n
                    for n in names
                    if sites[n] in question.sites and judged(question.case, singles[n]).is_finding
                ]
                if len(guilty) == 1:
                    causes[question.case.id] = guilty[0]
                if len(findings) == limit:
                    break
    finally:
        for single in singles.values():
            single.close()
    return findings, causes


def measured(
    names: Sequence[str], number: int, asked: Sequence[Question], limit: int, seconds: float
) -> Outcome:
    """Collect the findings of one engine and group them into buckets."""
    findings, causes = collected(names, number, asked, limit)
    begun = time.monotonic()
    with Sandbox(seeded.engine(names, number)) as sandbox:
        done = bucket(findings, sandbox, seconds=seconds)
    return Outcome(names, done, causes, len(findings), time.monotonic() - begun)


def table(outcomes: Sequence[Outcome], first: int = 1) -> str:
    """A table with a row for each engine, numbered from `first`, and one for all."""
    rows = [_row(f"engine {n}", [outcome]) for n, outcome in enumerate(outcomes, start=first)]
    header = (
        "",
        "findings",
        "with one cause",
        "causes",
        "buckets",
        "matched",
        "left",
        "precision",
        "recall",
        "seconds per finding",
    )
    return markdown(header, [*rows, _row("all", outcomes)])


def _row(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    both, together, same = (sum(n) for n in zip(*(pairs(o.placed) for o in outcomes), strict=True))
    findings = sum(o.findings for o in outcomes)
    return [
        name,
        str(findings),
        str(sum(len(o.causes) for o in outcomes)),
        str(sum(len(set(o.causes.values())) for o in outcomes)),
        str(sum(len(o.buckets.buckets) for o in outcomes)),
        str(sum(len(b.matched) for o in outcomes for b in o.buckets.buckets)),
        str(sum(len(p.findings) for o in outcomes for p in o.buckets.provisional)),
        f"{both / together:.3f}" if together else "",
        f"{both / same:.3f}" if same else "",
        f"{sum(o.seconds for o in outcomes) / max(findings, 1):.2f}",
    ]


def astray(outcome: Outcome) -> list[str]:
    """A line for each bucket with several causes and for each cause in several buckets."""
    names = {
        b.cause.id: f"{b.cause.name} {b.cause.features or ''}" for b in outcome.buckets.buckets
    }
    by_bucket: dict[str, Counter[str]] = {}
    by_cause: dict[str, Counter[str]] = {}
    for cause, name in outcome.placed:
        by_bucket.setdefault(name, Counter())[cause] += 1
        by_cause.setdefault(cause, Counter())[names.get(name, name)] += 1
    lines = [f"  bucket {names.get(b, b)}: {dict(c)}" for b, c in by_bucket.items() if len(c) > 1]
    return lines + [f"  cause {cause}: {dict(c)}" for cause, c in by_cause.items() if len(c) > 1]


def main() -> None:
    """Print the table and the findings in wrong buckets."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--engines", type=int, default=5)
    parser.add_argument(
        "--start", type=int, default=0, help="number of the first engine; it determines the faults"
    )
    parser.add_argument("--faults", type=int, default=12, help="in each engine")
    parser.add_argument("--cases", type=int, default=700)
    parser.add_argument("--findings", type=int, default=60, help="most findings of one engine")
    parser.add_argument("--seconds", type=float, default=600.0, help="time limit for one engine")
    parser.add_argument(
        "--plumbing", action="store_true", help="faults in code that most operations use"
    )
    parser.add_argument("--write", type=Path, help="the document to put the section into")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    asked = questions(options.cases)
    outcomes = []
    for number in range(options.start, options.start + options.engines):
        names = seeded.chosen(number, options.faults, options.plumbing)
        outcomes.append(measured(names, number, asked, options.findings, options.seconds))
        print(
            "\n".join([f"engine {number + 1}: {', '.join(names)}", *astray(outcomes[-1])]),
            flush=True,
        )
        print(" ".join(_row(f"engine {number + 1}", outcomes[-1:])), flush=True)
    text = table(outcomes, options.start + 1)
    print(text)
    if options.write:
        what = "code that most operations use" if options.plumbing else "single operations"
        first, last = options.start + 1, options.start + options.engines
        asked_for = f"--engines {options.engines} --start {options.start}"
        command = f"`python -m validation.buckets {asked_for} --write {options.write}`"
        text = (
            f"{command} makes this table. Engines {first} to {last} have {options.faults} faults "
            f"each, in {what}:\n\n{text}"
        )
        write_section(options.write, "buckets of plumbing" if options.plumbing else "buckets", text)


if __name__ == "__main__":
    main()
