"""The cost of questions about large inputs: a Hessian-vector product along a direction.

    python -m benchmarks.large --write docs/benchmarks.md

The functions have vectors of 10, 100 and 1,000 entries. Times are in processor time, the minimum of
several repetitions; that of the certified derivative is also a multiple of one evaluation of the
program on balls.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.engines import registry
from ad_conformance.generators.arithmetic.balls import Branches, following, to_balls
from ad_conformance.generators.ir.program import Case, Program, Step, nested
from ad_conformance.generators.rewrite.directions import directed

from benchmarks.tables import duration, markdown, ratio, versions, write_section

LENGTHS = (10, 100, 1000)
REPETITIONS = 5
#: Each ends in a number. Value 0 is the input.
FUNCTIONS: dict[str, tuple[tuple[str, tuple[int, ...], dict[str, Any]], ...]] = {
    "sum(sin(x) * roll(x))": (
        ("sin", (0,), {}),
        ("roll", (0,), {"shift": 1, "axis": 0}),
        ("multiply", (1, 2), {}),
        ("sum", (3,), {"axis": None, "keepdims": False}),
    ),
    "logsumexp(x * tanh(x))": (
        ("tanh", (0,), {}),
        ("multiply", (0, 1), {}),
        ("logsumexp", (2,), {"axis": None, "keepdims": False}),
    ),
    "vector_norm(cumulative_sum(exp(x)))": (
        ("exp", (0,), {}),
        ("cumulative_sum", (1,), {"axis": 0}),
        ("vector_norm", (2,), {"axis": None}),
    ),
}


def large_case(name: str, length: int) -> Case:
    """The Hessian-vector product of a function at `length` entries, along a direction."""
    steps = tuple(Step(n, o, tuple(sorted(p.items()))) for n, o, p in FUNCTIONS[name])
    k = np.arange(length)
    case = Case(
        Program(steps),
        nested((k * 7 % 32 - 16) / 16 + 1 / 64),
        "FR",
        operator="hvp",
        tangent=nested((k * 5 % 7 - 3) / 4 + 1 / 8),
    )
    return directed(case, (k * 3 % 11 - 5) / 4 + 1 / 8)


def fastest(call: Callable[[], object]) -> float:
    """The least processor time of several calls, in seconds."""
    times = []
    for _ in range(REPETITIONS):
        begun = time.process_time()
        call()
        times.append(time.process_time() - begun)
    return min(times)


def evaluation(case: Case) -> float:
    """Seconds for one evaluation of the program on balls."""
    evaluate, x = Evaluator(case.program, case.input), to_balls(case.input)
    with following(Branches()):
        return fastest(lambda: evaluate(x))


def main() -> None:
    """Print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", default="inhouse,torch,autograd")
    parser.add_argument("--write", type=Path, help="the document whose section is replaced")
    options = parser.parse_args()
    names = options.engines.split(",")
    rows = []
    with closing(EnginePool([registry.find(name) for name in names])) as pool:
        for name in names:
            pool.judge(large_case(next(iter(FUNCTIONS)), 2), name)  # Engines start.
        for function in FUNCTIONS:
            for length in LENGTHS:
                case = large_case(function, length)
                one, truth = evaluation(case), fastest(partial(certify, case))
                results = [pool.judge(case, name) for name in names]
                assert all(result.verdict == "agree" for result in results), case.json
                seconds = [duration(result.answer.seconds) for result in results]
                rows.append(
                    [f"{function}, n = {length}", duration(truth), ratio(truth / one), *seconds]
                )
    header = ["Hessian-vector product", "certified", "of one evaluation", *names]
    text = (
        "## Large inputs\n\n"
        "Made by `python -m benchmarks.large --write docs/benchmarks.md`, with\n"
        f"{versions(names)}.\n"
        "The derivative along the tangent and one more direction is certified. Its cost is that\n"
        "of evaluations of the program, whose number does not depend on n. The times of the\n"
        "engines include compilation. All engines agree.\n\n" + markdown(header, rows)
    )
    if options.write is None:
        print(text)
    else:
        write_section(options.write, "large", text)


if __name__ == "__main__":
    main()
