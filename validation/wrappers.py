"""Measure engines on cases with wrappers: verdicts and time for each wrapper and position.

    python -m validation.wrappers --engines inhouse,torch --cases 2000
    python -m validation.wrappers --engines torch --nests 'vmap(R(f)),R(vmap(f))' --each 2

With `--nests`, every operation is asked in each of these nests, in so many cases of it alone that
differ in what its rule may depend on. Without, the cases are compositions with drawn nests.

A finding counts for the wrappers only if the engine does not fail in the same way without them.
Each finding that no known failure covers is printed with its case and script. A column of the
table is a position: `f<R` is between the program and a reverse derivative of it, `R<F` between a
reverse derivative and a forward derivative of that, `R<` around the whole.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from ad_conformance.conformance.known_failures import KnownFailure
from ad_conformance.conformance.reference.certify import MAX_ORDER
from ad_conformance.conformance.triage.failure_key import FailureKey
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.evaluate import is_single
from ad_conformance.generators.ir.mode import LETTERS, UP_TO_SECOND_ORDER
from ad_conformance.generators.ir.nest import WRAPPERS, Wrappers, deepest_mode, names_of, parse_nest
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import UnsupportedOperation
from ad_conformance.generators.scenarios.cells import OPERATIONS
from ad_conformance.generators.scenarios.varied import varied_cases
from ad_conformance.generators.strategies.wrapping import draw_wrapped

from validation.asking import Asking

#: Cases that are submitted before their answers are judged.
AHEAD = 4
POSITIONS = (
    *(f"f<{outer}" for outer in LETTERS),
    *(f"{inner}<{outer}" for inner in LETTERS for outer in ("", *LETTERS)),
)
#: Cases of each engine without `--nests`, if nothing else is said.
CASES = 1000
#: Columns of the counts.
AGREE, FAULT, PLAIN, OTHER = "agree", "finding", "fails without", "no verdict"


def positions(case: Case) -> Iterator[tuple[str, str]]:
    """Each wrapper of a case, and its position."""
    letters = ("f", *reversed(case.mode), "")
    for k, level in enumerate(case.wrappers):
        for name in level:
            yield name, f"{letters[k]}<{letters[k + 1]}"


def askable(
    engine: Engine, modes: Sequence[str], start: int, wrappers: Collection[str] = WRAPPERS
) -> Iterator[Case]:
    """Wrapped cases that the engine's adapter can write, without end."""
    modes = [mode for mode in modes if engine.answers(mode)]
    own = tuple(name for name in engine.wrappers if name in wrappers)
    for case in draw_wrapped(modes, 10**9, start, own):
        if _has(engine, case):
            yield case


def of_each_operation(
    engine: Engine, nests: Sequence[str], each: int, operations: Sequence[str] = OPERATIONS
) -> Iterator[Case]:
    """`each` cases of every operation in each of the nests, if the adapter can write them.

    Nests with the same mode get the same cases, which so share their certified derivative.
    """
    modes: defaultdict[str, list[Wrappers]] = defaultdict(list)
    for mode, wrappers in map(parse_nest, nests):
        modes[mode].append(wrappers)
    for operation, mode in itertools.product(operations, modes):
        for case in varied_cases(operation, mode, each):
            wrapped = (replace(case, wrappers=wrappers) for wrappers in modes[mode])
            yield from (nested for nested in wrapped if _has(engine, nested))


def _has(engine: Engine, case: Case) -> bool:
    single = engine.dtype == "float32" and is_single(case)
    try:
        engine.script(replace(case, dtype=engine.dtype) if single else case)
    except UnsupportedOperation:
        return False
    return True


class Table:
    """What one engine answered."""

    def __init__(self) -> None:
        self.verdicts: Counter[tuple[str, str, str]] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.cases: Counter[str] = Counter()
        self.known: Counter[str] = Counter()

    def count(self, result: Result, outcome: str, entry: KnownFailure | None) -> None:
        """Count a result for each wrapper of its case."""
        for name, position in positions(result.case):
            self.verdicts[name, position, outcome] += 1
        for name in names_of(result.case.wrappers):
            self.seconds[name] += result.answer.seconds
            self.cases[name] += 1
        if entry is not None:
            self.known[entry.name] += 1

    def lines(self) -> Iterator[str]:
        """The table in Markdown: agreeing cases, and findings after a "!"."""
        yield f"| wrapper | cases | ms per case | {' | '.join(POSITIONS)} | {PLAIN} | {OTHER} |"
        yield f"| --- |{' ---: |' * (len(POSITIONS) + 4)}"
        for name in sorted(self.cases):
            cells = []
            for position in POSITIONS:
                right, fault = (self.verdicts[name, position, o] for o in (AGREE, FAULT))
                cells.append(f"{right} !{fault}" if fault else str(right))
            more = [sum(self.verdicts[name, p, o] for p in POSITIONS) for o in (PLAIN, OTHER)]
            cost = self.seconds[name] / self.cases[name] * 1e3
            row = (name, self.cases[name], f"{cost:.1f}", *cells, *more)
            yield f"| {' | '.join(map(str, row))} |"


def fails_without(result: Result, asking: Asking) -> bool:
    """Whether the engine fails in the same way without the wrappers of the case.

    Wrappers that differentiate count as derivatives of the plain case.
    """
    case = result.case.unwrapped
    modes = dict.fromkeys((case.mode, deepest_mode(case.mode, result.case.wrappers)))
    full = replace(case, operator="jacobian", tangent=None, cotangent=None, wrt="")
    for mode in modes:
        plain = case if mode == case.mode else full.with_mode(mode)
        if plain.order > MAX_ORDER or valid(plain) is None:
            continue
        found = asking.pool.probe(plain, result.engine)
        if found.is_finding and FailureKey.of(found).symptom == FailureKey.of(result).symptom:
            return True
    return False


def ask(asking: Asking, engine: Engine, cases: Iterator[Case], count: int, until: float) -> Table:
    """Ask `count` cases, or fewer until a time of the monotonic clock."""
    table, pool = Table(), asking.pool
    waiting: deque[Case] = deque()
    asked = 0
    while asked < count and time.monotonic() < until:
        for case in itertools.islice(cases, AHEAD - len(waiting)):
            waiting.append(case)
            pool.submit(case, engine.name)
        if not waiting:
            break
        ((result, match),) = asking.judged(waiting.popleft())
        asked += 1
        if result.verdict is Verdict.AGREE:
            outcome = AGREE
        elif not result.is_finding:
            outcome = OTHER
        else:
            outcome = PLAIN if fails_without(result, asking) else FAULT
            if match is None:
                print(f"{result.case.nest}: {outcome}\n{asking.report(result)}", flush=True)
        table.count(result, outcome, match.entry if match else None)
    return table


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--engines", default="inhouse")
    parser.add_argument("--modes", default=",".join(UP_TO_SECOND_ORDER))
    parser.add_argument("--wrappers", default=",".join(WRAPPERS))
    parser.add_argument("--nests", default="", help="ask every operation in these nests")
    parser.add_argument("--each", type=int, default=1, help="cases of an operation in a nest")
    parser.add_argument("--operations", default=",".join(OPERATIONS), help="for --nests")
    parser.add_argument("--python", default="", help="interpreter of another environment")
    parser.add_argument("--cases", type=int, default=None, help="for each engine")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="for each engine")
    parser.add_argument("--start", type=int, default=0, help="number of the first batch")
    options = parser.parse_args()
    most = options.cases or (10**9 if options.nests else CASES)
    for name in options.engines.split(","):
        engine = registry.find(name, options.python)
        if options.nests:
            nests, operations = options.nests.split(","), options.operations.split(",")
            cases = of_each_operation(engine, nests, options.each, operations)
        else:
            modes, wrappers = options.modes.split(","), options.wrappers.split(",")
            cases = askable(engine, modes, options.start, wrappers)
        with Asking([engine]) as asking:
            until = time.monotonic() + 60 * options.minutes
            table = ask(asking, engine, cases, most, until)
        print(f"\n{name} {engine.version()}\n", *table.lines(), sep="\n")
        print(f"known: {dict(table.known)}\n", flush=True)


if __name__ == "__main__":
    main()
