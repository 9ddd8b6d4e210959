"""Check that the scripts of a campaign's buckets fail in a fresh interpreter.

    ad-conformance triage runs/tuesday --known
    python -m validation.scripts runs/tuesday

Each script runs in an environment with the engine's release and without this project. It must end
as the bucket says: with an assertion, an exception or a signal.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.standalone_script import standalone
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines import registry
from ad_conformance.engines.process.environments import Release
from ad_conformance.reports.campaign.store import Folder
from ad_conformance.reports.issues.bucket_files import BucketFile, bucket_files
from packaging.version import Version

from benchmarks.tables import markdown

#: Seconds that a script may take.
TIMEOUT = 120.0


@dataclass(frozen=True)
class Shown:
    """A bucket's script with its number of lines.

    `otherwise` tells how the script ended, and is "" if it ended as the bucket says.
    """

    bucket: BucketFile
    lines: int
    otherwise: str

    @property
    def steps(self) -> int:
        return sum(bool(step.operands) for step in self.bucket.case.program.steps)


def shown(bucket: BucketFile) -> Shown:
    """Run the bucket's script. Raises NoEnvironment or UnsupportedOperation."""
    engine = registry.find(bucket.engine)
    text = standalone(bucket.case, engine, truth_of(bucket.case))
    lines = sum(
        1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    )
    python = Release(engine.distribution, Version(bucket.version).public).command(0)[0]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.py"
        script.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run(
                [python, "-I", str(script)],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Shown(bucket, lines, "" if bucket.verdict == Verdict.TIMEOUT else "no end")
    last = (
        [line for line in done.stderr.splitlines() if line and not line.startswith(" ")] or [""]
    )[-1]
    match bucket.verdict:
        case Verdict.CRASH:
            right = done.returncode < 0
        case Verdict.COMPILE_FAILURE | Verdict.RUNTIME_FAILURE:
            right = any(bucket.error in line for line in done.stderr.splitlines())
        case _:
            right = any(line.startswith("AssertionError") for line in done.stderr.splitlines())
    return Shown(
        bucket,
        lines,
        "" if right and done.returncode else f"exit status {done.returncode}: {last[:150]}",
    )


def main() -> None:
    """Print a table by engine and the scripts that ended otherwise, with exit status 1 if any."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", help="a campaign's folder, with buckets")
    found = [shown(bucket) for bucket in bucket_files(Folder(parser.parse_args().run))]
    rows = []
    for name in [*sorted({s.bucket.engine for s in found}), "all"]:
        own = [s for s in found if name in (s.bucket.engine, "all")]
        steps, lines = [s.steps for s in own], [s.lines for s in own]
        rows.append(
            [
                name,
                str(sum(len(s.bucket.findings) for s in own)),
                str(len(own)),
                f"{statistics.median(steps):g}, {max(steps)}",
                f"{statistics.median(lines):g}, {max(lines)}",
                f"{sum(not s.otherwise for s in own)} of {len(own)}",
            ]
        )
    header = (
        "engine",
        "findings",
        "buckets",
        "steps: median, maximum",
        "lines: median, maximum",
        "scripts that fail as expected",
    )
    print(markdown(header, rows))
    for s in found:
        if s.otherwise:
            print(f"{s.bucket.name}: {s.otherwise}")
    if any(s.otherwise for s in found):
        sys.exit(1)


if __name__ == "__main__":
    main()
