"""Time of the first derivative of a process, without imports.

    python -m benchmarks.first in-house

This includes what an engine sets up only once in a process.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

import benchmarks.threads  # noqa: F401  (before NumPy)

# isort: split
from benchmarks import contestants, measure
from benchmarks.measure import Timing
from benchmarks.problems import programs


def seconds(name: str) -> float:
    contestant = contestants.KNOWN[name][1]()
    problem = programs()[0]
    return measure.once(problem.maker(contestant))


def in_fresh_processes(names: Iterable[str], samples: int) -> dict[str, Timing]:
    """Times in new interpreters, one for each sample, with the contestants in turn."""
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(samples):
        for name, found in taken.items():
            command = [sys.executable, "-m", "benchmarks.first", name]
            found.append(
                float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            )
    return {name: Timing.of(found) for name, found in taken.items()}


if __name__ == "__main__":
    print(seconds(sys.argv[1]))
