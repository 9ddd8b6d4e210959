"""Growth of the cost of derivatives with the order and the length of the program.

python -m benchmarks.growth
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import benchmarks.threads  # noqa: F401  (before NumPy)

# isort: split
import numpy as np
from ad_conformance.engines import inhouse as xp

from benchmarks import measure, tables

STEPS = (25, 50, 100, 200)
MODES = ("R", "RR", "RRR", "RRRR", "F", "FF", "FFF", "FFFF", "FR", "RFRF")
MATRIX = np.array([[0.5, 0.25, -0.125], [0.25, 0.375, 0.125], [-0.25, 0.125, 0.625]])


def chain(steps: int) -> Callable[[Any], Any]:
    """A program of elementwise functions, products, matrix products and sums, in turn."""

    def f(x: Any) -> Any:
        for k in range(steps):
            match k % 5:
                case 0:
                    x = xp.sin(x)
                case 1:
                    x = x * x
                case 2:
                    x = xp.matmul(MATRIX, x)
                case 3:
                    x = xp.tanh(x) + x
                case _:
                    x = xp.exp(-x)
        return x

    return f


POINTS = {"number": 0.3, "vector of 3": np.array([0.25, -0.5, 0.75])}


def scalar_chain(steps: int) -> Callable[[Any], Any]:
    """The same for a number, without the matrix product."""

    def f(x: Any) -> Any:
        for k in range(steps):
            match k % 4:
                case 0:
                    x = xp.sin(x)
                case 1:
                    x = x * x
                case 2:
                    x = xp.tanh(x) + x
                case _:
                    x = xp.exp(-x)
        return x

    return f


@dataclass
class Cost:
    operations: int
    compiling: float
    running: float


def costs_of(
    functions: dict[int, Callable[[Any], Any]], mode: str, x: Any, samples: int
) -> dict[int, Cost]:
    """By length, in interleaved rounds. Garbage collection included: it is part of what a user
    waits for.
    """
    compiling: dict[int, list[float]] = {n: [] for n in functions}
    programs = {}
    for _ in range(samples):
        for n, f in functions.items():
            start = time.perf_counter()
            programs[n] = xp.nest(f, mode).lower(x)
            compiling[n].append(time.perf_counter() - start)
    running = measure.warm(
        {str(n): partial(p, x) for n, p in programs.items()}, rounds=samples, seconds=0.01
    )
    return {
        n: Cost(p.operations, min(compiling[n]), running[str(n)].least) for n, p in programs.items()
    }


def measured(quick: bool) -> dict[tuple[str, str, int], Cost]:
    makers = {"number": scalar_chain, "vector of 3": chain}
    steps = STEPS[:3] if quick else STEPS
    found = {}
    for kind, x in POINTS.items():
        for mode in MODES:
            costs = costs_of({n: makers[kind](n) for n in steps}, mode, x, 3 if quick else 7)
            found.update({(kind, mode, n): cost for n, cost in costs.items()})
    return found


def by_length(costs: dict[tuple[str, str, int], Cost], kind: str) -> str:
    """A row for each mode and length, with the growth for twice the length."""
    rows = []
    for (k, mode, n), here in costs.items():
        if k != kind:
            continue
        half = costs.get((kind, mode, n // 2))
        row = [
            mode,
            str(n),
            str(here.operations),
            tables.duration(here.compiling),
            tables.duration(here.running),
        ]
        if half is None:
            row += ["", "", ""]
        else:
            row += [
                tables.ratio(here.operations / half.operations),
                tables.ratio(here.compiling / half.compiling),
                tables.ratio(here.running / half.running),
            ]
        rows.append(row)
    header = [
        "mode",
        "steps",
        "operations",
        "compiling",
        "running",
        "2n over n: operations",
        "compiling",
        "running",
    ]
    return tables.markdown(header, rows)


def by_order(costs: dict[tuple[str, str, int], Cost], kind: str) -> str:
    """A row for each mode, for the longest program, with the growth for one more order."""
    n = max(steps for _, _, steps in costs)
    rows = []
    for mode in ("R", "RR", "RRR", "RRRR", "F", "FF", "FFF", "FFFF"):
        here, before = costs[kind, mode, n], costs.get((kind, mode[1:], n))
        row = [
            mode,
            str(here.operations),
            tables.duration(here.compiling),
            tables.duration(here.running),
        ]
        if before is None:
            row += ["", "", ""]
        else:
            row += [
                tables.ratio(here.operations / before.operations),
                tables.ratio(here.compiling / before.compiling),
                tables.ratio(here.running / before.running),
            ]
        rows.append(row)
    header = [
        "mode",
        "operations",
        "compiling",
        "running",
        "k+1 over k: operations",
        "compiling",
        "running",
    ]
    return tables.markdown(header, rows)


def worst(costs: dict[tuple[str, str, int], Cost]) -> str:
    pairs = [
        (costs[k, w, n], costs[k, w, n // 2], f"{w} of a {k}")
        for k, w, n in costs
        if (k, w, n // 2) in costs
    ]
    said = []
    for what in ("operations", "compiling", "running"):
        ratio, where = max((getattr(a, what) / getattr(b, what), name) for a, b, name in pairs)
        said.append(f"{what} at most {tables.ratio(ratio)} ({where})")
    return ", ".join(said)


def document(quick: bool) -> str:
    costs = measured(quick)
    sections = "\n".join(
        f"### {kind.capitalize()}: by order, {max(n for _, _, n in costs)} "
        f"steps\n\n{by_order(costs, kind)}\n"
        f"### {kind.capitalize()}: by length\n\n{by_length(costs, kind)}"
        for kind in POINTS
    )
    return f"""## Growth of the in-house engine

Made by `python -m benchmarks.growth --write docs/benchmarks.md`, with {tables.versions(["numpy"])}.
Times are the minimum over the rounds. Programs are chains of sines, exponentials, squares,
tanh(x) + x and, for vectors, products with a matrix. `operations` counts the operations of the
compiled derivative. The last three columns compare with half the steps (linear growth is 2x), or
with one order less.

With twice the steps: {worst(costs)}.

{sections}"""


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer samples, and programs up to 100 steps"
    )
    parser.add_argument("--write", type=Path, help="the Markdown document to put the tables into")
    options = parser.parse_args(arguments)
    text = document(options.quick)
    print(text)
    if options.write:
        tables.write_section(options.write, "growth", text)


if __name__ == "__main__":
    main()
