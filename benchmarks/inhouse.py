"""The in-house engine compared with hand-written NumPy, JAX, PyTorch and autograd.

python -m benchmarks.inhouse
"""

from __future__ import annotations

import argparse
import gc
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import benchmarks.threads  # noqa: F401  (before NumPy)

# isort: split
import numpy as np

from benchmarks import by_hand, contestants, first, measure, tables
from benchmarks.contestants import Contestant
from benchmarks.measure import Call, Timing
from benchmarks.problems import Problem, objectives, programs

US, HAND = "in-house", "by hand"
RTOL = 1e-8


@dataclass
class Row:
    """The times of one problem by contestant; `refused` holds those without a correct answer."""

    problem: Problem
    warm: dict[str, Timing] = field(default_factory=dict)
    cold: dict[str, Timing] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def _call(problem: Problem, contestant: Contestant) -> Call:
    derivative = contestant.wrap(problem.question(contestant, problem.fresh(contestant)))
    further = [contestant.library.array(a) for a in problem.further]
    finish = contestant.finish
    finish(derivative(*[contestant.library.array(a) for a in problem.first]))
    if finish is contestants.as_it_is:
        return partial(derivative, *further)
    return lambda: finish(derivative(*further))


def _by_hand(hand: Callable[..., Any], problem: Problem, us: Contestant) -> Call:
    return partial(hand, *[us.library.array(a) for a in problem.further])


def measured(problem: Problem, field_of: list[Contestant], rounds: int) -> Row:
    """Compare all answers with the in-house one, then time the contestants that agree."""
    row = Row(problem)
    calls: dict[str, Call] = {}
    us = field_of[0]
    expected = np.asarray(_call(problem, us)())
    candidates: dict[str, tuple[Callable[[], Call], Callable[[Any], Any]]] = {
        c.name: (partial(_call, problem, c), c.numpy) for c in field_of
    }
    if problem.by_hand is not None:
        candidates[HAND] = (partial(_by_hand, problem.by_hand, problem, us), np.asarray)
    for name, (make, to_numpy) in candidates.items():
        try:
            call = make()
            got = to_numpy(call())
        except Exception as error:
            row.refused[name] = f"raises {type(error).__name__}"
            continue
        if got.shape != expected.shape or not np.allclose(
            got, expected, RTOL, RTOL * np.abs(expected).max()
        ):
            row.refused[name] = "different answer"
        else:
            calls[name] = call
    row.warm = measure.warm(calls, rounds)
    makers = {c.name: partial(problem.maker, c) for c in field_of if c.name in calls}
    row.cold = measure.cold(makers, rounds, 1.0)
    return row


def table(rows: list[Row], names: list[str], timings: Callable[[Row], Mapping[str, Timing]]) -> str:
    """Times of the in-house engine, and those of the others as multiples of them."""
    lines = []
    for row in rows:
        found = timings(row)
        ours = found[US].least
        cells = [row.problem.name, tables.duration(ours), tables.duration(found[US].median)]
        for name in names:
            if name in found:
                cells.append(tables.ratio(found[name].least / ours))
            else:
                cells.append(row.refused.get(name, "-"))
        lines.append(cells)
    return tables.markdown(["problem", "in-house", "median", *names], lines)


def summary(rows: list[Row]) -> str:
    """The main figures, one a line."""
    said = []
    top = rows[0]
    if HAND in top.warm:
        said.append(
            f"{top.problem.name}, warm: {_of(top.warm, US, HAND)} the time of hand-written NumPy."
        )
    if HAND in top.warm and top.problem.name.startswith("num_to_mat"):
        x = float(top.problem.further[0])
        least = measure.warm({"stacked": lambda: by_hand.num_to_mat_stacked(x)})["stacked"].least
        said.append(
            f"Hand-written NumPy with constants stacked beforehand takes "
            f"{tables.duration(least)}; the rest of the in-house time is the call."
        )
    others = {k: v for k, v in top.cold.items() if k != US}
    ours = top.cold[US].least
    said.append(f"{top.problem.name}, cold: {tables.duration(ours)}.")
    for name, timing in sorted(others.items(), key=lambda item: item[1].least):
        said.append(
            f"The same with {name}: {tables.ratio(timing.least / ours)} ("
            f"{tables.duration(timing.least)})."
        )
    for name in ("torch.func", "create_graph", "autograd"):
        ratios = [
            (r.warm[name].least / r.warm[US].least, r.problem.name)
            for r in rows
            if r.problem.small and name in r.warm
        ]
        if ratios:
            least, where = min(ratios)
            said.append(
                f"Small problems, warm: {name} takes at least {tables.ratio(least)} ({where})."
            )
    for kind in ("mixture gradient", "mixture Hessian", "logistic"):
        largest = [r for r in rows if r.problem.name.startswith(kind)]
        if largest:
            row = largest[-1]
            torches = [n for n in ("torch.func", "create_graph") if n in row.warm]
            said += [
                f"{row.problem.name}: {_of(row.warm, US, n)} the time of {n}." for n in torches
            ]
    return "\n".join(f"- {line}" for line in said) + "\n"


def _of(timings: Mapping[str, Timing], a: str, b: str) -> str:
    return tables.ratio(timings[a].least / timings[b].least)


def first_table(problem: Problem, timings: Mapping[str, Timing]) -> str:
    ours = timings[US].median
    cells = [
        problem.name,
        tables.duration(ours),
        *[tables.ratio(t.median / ours) for n, t in timings.items() if n != US],
    ]
    return tables.markdown(["problem", *timings], [cells])


def document(
    rows: list[Row], names: list[str], missing: list[str], fresh: Mapping[str, Timing]
) -> str:
    columns = [HAND, *names[1:]]
    text = f"""## The in-house engine and others

Made by `python -m benchmarks.inhouse --write docs/benchmarks.md`, with {_versions()},
on one thread each, in float64. The first column is the time of the in-house engine. The other
columns are multiples of it. Every answer was compared with the in-house one before it was timed.
Contestants take turns in interleaved rounds. Times are the minimum over the rounds; the median of
the in-house engine is given, too.

### Warm: another call, at another point

{table(rows, columns, lambda row: row.warm)}
### Cold: from the Python function to the first value

The function is new each time, so no cache helps. Engines that do not compile (jax eager, torch,
autograd) have this cost again in every further call. The in-house engine and jax.jit have the warm
cost from then on.

{table(rows, names[1:], lambda row: row.cold)}
The same in a new process, without imports (medians). It includes what an engine sets up only once.

{first_table(rows[0].problem, fresh)}
### Summary

{summary(rows)}"""
    return text + (f"\nNot installed: {', '.join(missing)}.\n" if missing else "")


def _versions() -> str:
    return tables.versions(["numpy", "jax", "torch", "autograd"])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inhouse", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and small sizes")
    parser.add_argument("--write", type=Path, help="the Markdown document to put the tables into")
    parser.add_argument("--only", default="", help="only problems with this in their name")
    options = parser.parse_args(arguments)
    there, missing = contestants.installed()
    for name in missing:
        print(f"{name} is not installed: skipped", file=sys.stderr)
    rounds = 5 if options.quick else 15
    warnings.filterwarnings("ignore")
    gc.freeze()
    rows = []
    for problem in [*programs(), *objectives(options.quick)]:
        if options.only in problem.name:
            print(problem.name, file=sys.stderr, flush=True)
            rows.append(measured(problem, there, rounds))
    names = [c.name for c in there]
    text = document(
        rows, names, missing, first.in_fresh_processes(names, 3 if options.quick else 7)
    )
    print(text)
    if options.write:
        tables.write_section(options.write, "in-house", text)


if __name__ == "__main__":
    main()
