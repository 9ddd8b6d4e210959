"""Kill campaigns at random, resume them, and compare their records with an undisturbed campaign.

python -m validation.kills --engines inhouse,torch --cases 900 --kills 20
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

#: Tables that do not depend on time.
SAME = ("cases", "verdicts")


def start(out: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "ad_conformance.reports",
        "campaign",
        "--out",
        str(out),
        *arguments,
    ]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def workers(main: int) -> list[int]:
    """The worker processes of a campaign, without the helper process of multiprocessing."""
    found = []
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(main).children():
            with contextlib.suppress(psutil.Error):
                if any("spawn_main" in argument for argument in child.cmdline()):
                    found.append(child.pid)
    return found


def disturbed(
    out: Path,
    arguments: Iterable[str],
    kills: int,
    chance: random.Random,
    pause: tuple[float, float],
) -> str:
    """Run a campaign to its end with this many kills on the way. Returns what it printed."""
    arguments = [*arguments]
    printed, left, process = "", kills, start(out, *arguments)
    while left:
        time.sleep(chance.uniform(*pause))
        if process.poll() is not None:
            raise SystemExit(
                f"the campaign ended after {kills - left} of {kills} kills: use more cases"
            )
        targets = workers(process.pid)
        target = chance.choice(targets) if targets and chance.random() < 0.5 else process.pid
        os.kill(target, signal.SIGKILL)
        left -= 1
        if target == process.pid:
            printed += process.communicate()[0]
            process = (
                start(out, *arguments, "--resume")
                if (out / "run.json").exists()
                else start(out, *arguments)
            )
    return printed + process.communicate()[0]


def differences(one: Path, other: Path) -> list[str]:
    """Files that differ between the two folders."""
    names = {
        str(path.relative_to(root))
        for root in (one, other)
        for t in SAME
        for path in (root / t).glob("*.parquet")
    }
    names |= {
        str(path.relative_to(root))
        for root in (one, other)
        for path in (root / "findings").glob("*.json")
    }
    return sorted(name for name in names if _bytes(one / name) != _bytes(other / name))


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def lost(out: Path, printed: str) -> set[str]:
    """Findings that were printed and are not in the folder."""
    shown = set(re.findall(r"findings/([\w.@-]+\.json)", printed))
    return {name for name in shown if not (out / "findings" / name).exists()}


def main() -> None:
    """Print the differences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", default="inhouse,torch")
    parser.add_argument("--cases", default="900")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="seed of the kills")
    options = parser.parse_args()
    arguments = ["--engines", options.engines, "--cases", options.cases]
    with tempfile.TemporaryDirectory() as folder:
        calm, killed = Path(folder, "calm"), Path(folder, "killed")
        begun = time.monotonic()
        start(calm, *arguments).communicate()
        undisturbed = time.monotonic() - begun
        pause = (0.2, 1.4 * undisturbed / options.kills)
        printed = disturbed(killed, arguments, options.kills, random.Random(options.seed), pause)
        found = differences(calm, killed)
        files = len(list(calm.rglob("*.parquet")))
        print(
            f"{options.kills} kills, {files} files of a run of {undisturbed:.0f} s; different: "
            f"{found or 'none'}"
        )
        print(f"findings printed and lost: {sorted(lost(killed, printed)) or 'none'}")


if __name__ == "__main__":
    main()
