"""Cost of the sandbox: a case in it and in this process, and the time to answer after a crash.

python -m benchmarks.sandbox --engines inhouse,jax,enzyme-mlir
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace
from typing import Any

from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.scenarios.seed_programs import seed_case

CRASHING = "import ctypes\nctypes.string_at(0)"


def here(engine: Engine, rounds: int) -> list[float]:
    """Seconds of compiling and running the script in this process."""
    names: dict[str, Any] = {}
    exec(engine.header, names)
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        script = engine.script(seed_case("num_to_mat", "RR"))
        exec(
            compile(script.program + script.compile + script.point + script.run, "<case>", "exec"),
            dict(names),
        )
        taken.append(time.perf_counter() - started)
    return taken


def main() -> None:
    """Print one line per engine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", default="inhouse,jax,torch,autograd")
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    case = seed_case("num_to_mat", "RR")
    for name in options.engines.split(","):
        engine = registry.find(name)
        with Sandbox(engine) as sandbox:
            sandbox.ask(case)
            through, inside = [], []
            for _ in range(options.rounds):
                started = time.perf_counter()
                inside.append(sandbox.ask(case).seconds)
                through.append(time.perf_counter() - started)
            noticed, again = [], []
            for _ in range(3):
                sandbox.engine = replace(engine, run=CRASHING)
                started = time.perf_counter()
                sandbox.ask(case)
                noticed.append(time.perf_counter() - started)
                sandbox.engine = engine
                started = time.perf_counter()
                sandbox.ask(case)
                again.append(time.perf_counter() - started)
                # Long enough for the next spare process to have imported the engine.
                time.sleep(5)
        direct = here(engine, options.rounds)
        median = statistics.median
        overhead = median(t - i for t, i in zip(through, inside, strict=True))
        print(
            f"{name}: {median(through) * 1e3:.2f} ms per case, {overhead * 1e3:.2f} ms of it "
            f"outside the engine; "
            f"{median(direct) * 1e3:.2f} ms in this process, ratio "
            f"{median(through) / median(direct):.2f}; "
            f"crash noticed after {median(noticed) * 1e3:.0f} ms, next one answered "
            f"{median(again) * 1e3:.0f} ms later (the first time {again[0] * 1e3:.0f} ms)"
        )


if __name__ == "__main__":
    main()
