"""Measure how sharp the certified derivatives are: tolerances, and answers that are slightly wrong.

    python -m validation.sharpness --cases 10000 --write docs/sharpness.md

For drawn cases it counts how many have a certified derivative, and in how many of those an answer
of zeros, or one with all entries off by a factor, would still agree. It counts the same for smaller
tolerances, and how many right answers of the in-house engine and of autograd these would call
wrong. For a few functions it prints the tolerance, relative to the entry.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.conformance.reference.tolerance import TINY
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines import registry
from ad_conformance.generators.ir.mode import USUAL_MODES
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.strategies.sampling import draw

from validation.asking import Asking

#: Answers that are wrong by a factor, by name. Zeros are off by the whole entry.
ERRORS = {"zeros": 1.0, "times 1.001": 1e-3, "times 1.000001": 1e-6}
DTYPES = ("float64", "float32")
FACTORS = (0, 10, 20, 30, 40)
ORDERS = (1, 2, 3, 4)
#: The engines whose right answers are compared with smaller tolerances, and what the tolerance is
#: multiplied by.
ENGINES = ("inhouse", "autograd")
SMALLER = (1.0, 1 / 4, 1 / 16, 1 / 64)
#: Operations of whose cases fewer than this share have a certified derivative other than zero are
#: listed.
TESTED = 1 / 3


def counted(share: tuple[int, int, int]) -> dict[str, Any]:
    """What one process counts: its cases are those whose number is `part` modulo `parts`."""
    cases, part, parts = share
    kinds: Counter[str] = Counter()
    entries: Counter[str] = Counter()
    lost: Counter[int] = Counter()
    reasons: Counter[str] = Counter()
    by_order: defaultdict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    drawn: Counter[str] = Counter()
    tested: Counter[str] = Counter()
    zero: Counter[str] = Counter()
    smaller: defaultdict[tuple[str, float], Counter[str]] = defaultdict(Counter)
    seconds = 0.0
    asking = Asking([engine for name in ENGINES if (engine := registry.find(name)).installed()])
    for number, case in enumerate(draw(USUAL_MODES, cases)):
        if number % parts != part:
            continue
        asking.submit(case)
        begun = time.process_time()
        truth = truth_of(case)
        seconds += time.process_time() - begun
        kinds[truth.kind] += 1
        drawn.update(case.program.operations)
        if truth.shape is not None:
            entries["all"] += int(np.prod(truth.shape))
            entries["judged"] += truth.known
            lost[int(np.prod(truth.shape)) - truth.known] += 1
        if truth.value is None or truth.tolerance is None or truth.radius is None:
            reasons[truth.reason] += 1
            continue
        counts = by_order[case.dtype, case.order]
        counts["certified"] += 1
        judged = np.ones(truth.value.shape, bool) if truth.judged is None else truth.judged
        value, tolerance = np.abs(truth.value[judged]), truth.tolerance[judged]
        if np.all(value <= truth.radius[judged]):
            counts["truth is zero"] += 1
            zero.update(case.program.operations)
            continue
        tested.update(case.program.operations)
        for name, error in ERRORS.items():
            counts[name] += bool(np.all(value * error <= tolerance))
            for factor in SMALLER:
                smaller[case.dtype, factor][name] += bool(
                    np.all(value * error <= factor * tolerance)
                )
        right = [r.error_ratio for r, _ in asking.judged(case) if r.verdict is Verdict.AGREE]
        for factor in SMALLER:
            row = smaller[case.dtype, factor]
            row["cases"] += 1
            row["answers"] += len(right)
            row["called wrong"] += sum(ratio > factor for ratio in right)
    asking.pool.close()
    return {
        "kinds": kinds,
        "entries": entries,
        "lost": lost,
        "reasons": reasons,
        "by_order": dict(by_order),
        "drawn": drawn,
        "tested": tested,
        "zero": zero,
        "smaller": dict(smaller),
        "seconds": seconds,
    }


def _merged(results: list[dict[str, Any]]) -> dict[str, Any]:
    total = results[0]
    for result in results[1:]:
        for key, value in result.items():
            if key in ("by_order", "smaller"):
                for row, counts in value.items():
                    total[key].setdefault(row, Counter()).update(counts)
            elif key == "seconds":
                total[key] += value
            else:
                total[key].update(value)
    return total


def half(lost: Counter[int]) -> int:
    """The smallest number of cases with half of all entries that are conventions. `lost` counts the
    cases by their number of such entries.
    """
    each = sorted(lost.elements(), reverse=True)
    return 1 + int(np.searchsorted(np.cumsum(each), sum(each) / 2))


def drawn_lines(cases: int, processes: int) -> Iterator[str]:
    """The part of the page about drawn cases."""
    shares = [(cases, part, processes) for part in range(processes)]
    if processes == 1:
        found = counted(shares[0])
    else:
        with ProcessPoolExecutor(processes) as pool:
            found = _merged(list(pool.map(counted, shares)))
    kinds, entries = found["kinds"], found["entries"]
    count = sum(kinds.values())
    yield f"Of {count} drawn cases, " + ", ".join(
        f"{kinds[kind] / count:.2%} are {kind}"
        for kind in ("certified", "convention", "uncertified")
    )
    left = 1 - entries["judged"] / entries["all"]
    yield f"({entries['all']} entries, of which {left:.2%} are conventions; {half(found['lost'])}"
    yield "cases with a large result have half of these). A case takes"
    yield f"{found['seconds'] / count * 1e3:.1f} ms of processor time."
    yield ""
    for reason, times in found["reasons"].most_common():
        yield f"- {times}: {reason}"
    yield ""
    yield "| dtype | order | certified | truth is zero | " + " | ".join(ERRORS) + " |"
    yield "| --- " * (4 + len(ERRORS)) + "|"
    for (dtype, order), counts in sorted(found["by_order"].items()):
        certified = counts["certified"]
        nonzero = certified - counts["truth is zero"]
        shares_of = " | ".join(f"{counts[name] / max(nonzero, 1):.2%}" for name in ERRORS)
        yield (
            f"| {dtype} | {order} | {certified} | {counts['truth is zero'] / certified:.1%} | "
            f"{shares_of} |"
        )
    yield ""
    few = [
        f"`{name}` ({found['tested'][name]} of {times}, {found['zero'][name]} with zero)"
        for name, times in sorted(found["drawn"].items())
        if found["tested"][name] < TESTED * times
    ]
    yield "Operations of whose cases fewer than a third have a certified derivative other than"
    yield f"zero: {', '.join(few) or 'none'}."
    yield ""
    yield "The last columns tell in how many cases with a derivative other than zero an answer"
    yield "would agree that consists of zeros, or has all entries off by a factor. In these cases,"
    yield "rounding moves the derivative by as much: for example, `1 - tanh(x)**2` rounds to zero."
    yield ""
    yield "## Smaller tolerances"
    yield ""
    yield "The same shares if all tolerances were smaller, and how many right answers of"
    yield f"{' and '.join(ENGINES)} would then be called wrong."
    yield ""
    yield f"| dtype | tolerance | {' | '.join(ERRORS)} | right answers called wrong |"
    yield "| --- " * (3 + len(ERRORS)) + "|"
    for (dtype, factor), row in sorted(found["smaller"].items(), key=lambda r: (r[0][0], -r[0][1])):
        shares_of = " | ".join(f"{row[name] / row['cases']:.2%}" for name in ERRORS)
        yield (
            f"| {dtype} | {f'1 / {round(1 / factor)}' if factor < 1 else '1'} | {shares_of} | "
            f"{row['called wrong']} of {row['answers']} |"
        )


def _program(*steps: tuple[str, tuple[int, ...], dict[str, Any]]) -> Program:
    return Program(tuple(Step(name, ids, tuple(params.items())) for name, ids, params in steps))


def _functions(size: float) -> dict[str, tuple[Program, Any]]:
    """Well-conditioned functions, by name, with the point."""
    constant = ("constant", (), {"value": size})
    scaled = ("constant", (), {"value": (size, 1.0)})
    return {
        "-K exp(x)": (
            _program(("exp", (0,), {}), constant, ("multiply", (1, 2), {}), ("negative", (3,), {})),
            0.75,
        ),
        "K + sin(x)": (
            _program(("sin", (0,), {}), constant, ("add", (1, 2), {})),
            0.75,
        ),
        "exp(x / K), x = 1": (
            _program(constant, ("divide", (0, 1), {}), ("exp", (2,), {})),
            1.0,
        ),
        "(K, 1) exp(x), entry of 1": (
            _program(("exp", (0,), {}), scaled, ("multiply", (1, 2), {})),
            (0.5, 0.75),
        ),
    }


def table_lines() -> Iterator[str]:
    """The part of the page about known functions: the tolerance relative to the derivative."""
    for dtype in DTYPES:
        yield f"| {dtype} | order | " + " | ".join(f"K = 2^{k}" for k in FACTORS) + " |"
        yield "| --- " * (2 + len(FACTORS)) + "|"
        for name in _functions(1.0):
            for order in ORDERS:
                row: list[str] = []
                for log_factor in FACTORS:
                    steps, point = _functions(2.0**log_factor)[name]
                    truth = certify(Case(steps, point, "R" * order, dtype=dtype))
                    if truth.value is None or truth.tolerance is None:
                        row.append(truth.kind)
                        continue
                    last = (-1,) * truth.value.ndim
                    size = abs(float(truth.value[last]))
                    tiny = size < 1e3 * TINY[dtype]
                    row.append("tiny" if tiny else f"{truth.tolerance[last] / size:.0e}")
                yield f"| {name} | {order} | {' | '.join(row)} |"
        yield ""


def main() -> None:
    """Print the page, or write it to a file."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--write", type=Path, help="a page to write")
    options = parser.parse_args()
    lines = [
        "# How sharp the certified derivatives are",
        "",
        f"Made by `python -m validation.sharpness --cases {options.cases} --write "
        "docs/sharpness.md`.",
        "",
        "## Drawn cases",
        "",
        *drawn_lines(options.cases, options.processes),
        "",
        "## Known functions",
        "",
        "The tolerance relative to the derivative. All these functions are well conditioned.",
        "",
        *table_lines(),
    ]
    text = "\n".join(lines).rstrip() + "\n"
    if options.write:
        options.write.write_text(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
