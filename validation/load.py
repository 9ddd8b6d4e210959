"""Check that a busy machine gives the verdicts of a quiet one: run the suite with and without load.

python -m validation.load --busy 8 conformance/test_seed_family.py --engine=inhouse,jax
"""

from __future__ import annotations

import argparse
import difflib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: A process that computes until its parent is gone.
BUSY = "import os, sys\nhere = int(sys.argv[1])\nwhile os.getppid() == here:\n    sum(range(10**5))"


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Processes that take all the processor time that they get."""
    command = [sys.executable, "-c", BUSY, str(os.getpid())]
    started = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def table(printed: str) -> list[str]:
    """The closing table of a run of the suite, with the lines about known and skipped ones."""
    lines = printed.splitlines()
    starts = [k for k, line in enumerate(lines) if line.startswith("engine ")]
    if not starts:
        raise SystemExit(f"the suite printed no table:\n{printed}")
    rest = lines[starts[-1] :]
    end = next((k for k, line in enumerate(rest) if line.startswith("profile ")), len(rest))
    return rest[:end]


def suite(arguments: list[str]) -> tuple[list[str], int, float]:
    """Run the suite; its table, its exit status, and seconds."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], capture_output=True, text=True, check=False
    )
    return table(done.stdout), done.returncode, time.monotonic() - begun


def main() -> int:
    """Print the differences of both tables; exit status 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--busy", type=int, default=8, help="processes that compute beside it")
    options, arguments = parser.parse_known_args()
    arguments = arguments or ["conformance/"]
    quiet, status, seconds = suite(arguments)
    print("\n".join(quiet))
    print(f"without load: {seconds:.0f} s, exit status {status}", flush=True)
    with busy(options.busy):
        loaded, other_status, seconds = suite(arguments)
    print(f"beside {options.busy} busy processes: {seconds:.0f} s, exit status {other_status}")
    different = list(difflib.unified_diff(quiet, loaded, "quiet", "busy", lineterm="", n=0))
    print("\n".join(different) or "the tables are equal")
    return int(bool(different) or status != other_status)


if __name__ == "__main__":
    sys.exit(main())
