"""Characterisation data: what the project does today, in files for comparison with later states.

    python -m tests.characterization.freeze                    # compare case ids, scripts, truths
    python -m tests.characterization.freeze causes             # compare buckets: ten minutes
    python -m tests.characterization.freeze verdicts           # compare the table of the suite
    python -m tests.characterization.freeze --write case_ids   # write a file anew

A change that is meant to alter none of this must reproduce every file. A change that alters one
writes that file anew and says why in its commit. `verdicts` depends on the installed releases of
the engines and of Hypothesis, so no test compares it.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ad_conformance.conformance.known_failures import load
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.engines import registry
from ad_conformance.engines.registry import OWN
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import UnsupportedOperation
from ad_conformance.generators.strategies.sampling import portion

from validation import buckets, seeded
from validation.mutation import questions

FOLDER = Path(__file__).parent
#: Modes of the portions: those that the suite asks by default.
MODES = ("R", "F", "RR", "FR", "RF", "FF", "RRR")
SEED, PORTIONS = 3, 10
#: The engines of the table in docs/triage.md: number of the first, and how many.
FIRST, ENGINES = 50, 8
#: The one of them that a test compares.
QUICK = (53,)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def case_ids() -> Any:
    """Case ids of ten portions."""
    return [[case.id for case in portion(MODES, SEED, index)] for index in range(PORTIONS)]


def _script(engine: str, case: Case) -> str:
    try:
        script = registry.find(engine).script(case)
    except UnsupportedOperation as missing:
        return f"unsupported: {missing}"
    return _digest(f"{script.program}{script.compile}{script.point}{script.run}".encode())


def scripts() -> Any:
    """A digest of the script of every pinned case in every engine; headers, which only import,
    stand apart.
    """
    return {
        "headers": {name: registry.find(name).header for name in OWN},
        **{
            entry.name: {name: _script(name, entry.pinned) for name in OWN}
            for entry in sorted(load(), key=lambda e: e.name)
        },
    }


def truths() -> Any:
    """The bytes of every pinned case's truth: value, radius and tolerance."""
    found = {}
    for entry in sorted(load(), key=lambda e: e.name):
        truth = certify(entry.pinned)
        arrays = [
            a for a in (truth.value, truth.radius, truth.tolerance, truth.judged) if a is not None
        ]
        found[entry.name] = f"{truth.kind} {_digest(b'|'.join(a.tobytes() for a in arrays))}"
    return found


def causes(numbers: tuple[int, ...] = tuple(range(FIRST, FIRST + ENGINES))) -> Any:
    """Cause ids of the buckets of engines with planted faults, and how many pairs fall together as
    they should.
    """
    asked = questions(700)
    found: dict[str, Any] = {}
    for number in numbers:
        outcome = buckets.measured(seeded.chosen(number, 12, False), number, asked, 60, 600.0)
        both, together, same = buckets.pairs(outcome.placed)
        found[str(number)] = {
            "causes": sorted(b.cause.id for b in outcome.buckets.buckets),
            "names": sorted(b.cause.name for b in outcome.buckets.buckets),
            "findings": outcome.findings,
            "precision": round(both / together, 4),
            "recall": round(both / same, 4),
        }
    return found


def verdicts() -> Any:
    """The closing table of the suite, in an environment with JAX, PyTorch and autograd."""
    command = [sys.executable, "-m", "pytest", "conformance/"]
    done = subprocess.run(
        command, cwd=FOLDER.parents[1], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith("engine "))
    return list(itertools.takewhile(lambda line: not line.startswith("known: "), lines[first:]))


FROZEN: dict[str, Callable[[], Any]] = {
    "case_ids": case_ids,
    "scripts": scripts,
    "truths": truths,
    "causes": causes,
    "verdicts": verdicts,
}
#: What is compared if nothing is named.
USUAL = ("case_ids", "scripts", "truths")


def stored(name: str) -> Any:
    """The data as they were frozen."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def write(name: str, data: Any) -> None:
    """Freeze data, one entry a line as far as that reads well."""
    text = json.dumps(data, indent=1, ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Compare, or write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", default=USUAL, help=f"some of {', '.join(FROZEN)}")
    parser.add_argument("--write", action="store_true", help="write the files anew")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in FROZEN]:
        parser.error(f"{unknown[0]!r} is not one of {', '.join(FROZEN)}")
    warnings.simplefilter("ignore")
    changed = []
    for name in options.names:
        data = FROZEN[name]()
        if options.write:
            write(name, data)
        elif data != stored(name):
            changed.append(name)
    sys.exit(f"changed: {', '.join(changed)}" if changed else 0)


if __name__ == "__main__":
    main()
