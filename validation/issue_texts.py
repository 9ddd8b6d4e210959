"""Issue texts of different kinds, made from pinned cases of known failures.

    python -m validation.issue_texts --write docs/issue-texts.md

The cases go through a campaign, triage and `issue`, as new findings do.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from ad_conformance.conformance.known_failures import load
from ad_conformance.reports.campaign.plan import Plan
from ad_conformance.reports.campaign.runner import Campaign, run
from ad_conformance.reports.campaign.store import Folder
from ad_conformance.reports.issues.bucket_files import bucket_files
from rich.console import Console

#: The kind of failure, and a known failure of that kind.
KINDS = {
    "A wrong value": "torch-det-over-forward",
    "Lost digits": "torch-sinc-near-zero",
    "An exception": "torch-conv-tbc-second",
    "The end of the process": "torch-batch-norm-empty-batch",
    "A failure that needs a wrapper": "torch-vmap-select-scatter",
}
#: The engine whose failures these are, and engines that may do better.
ENGINE, OTHERS = "torch", ("torch-autograd", "inhouse", "autograd")
#: Seconds for all causes, and for one. To find the cause of a crash, the engine starts many times.
SECONDS, EACH = 900, 300

TOP = """# Issue texts

`ad-conformance issue BUCKET.json` prints a cause that [triage](triage.md) found as an issue for the
engine's maintainers. This page shows one for each kind of failure: pinned cases of
[known failures](add-an-engine.md#known-failures) of PyTorch went through a campaign, triage and
this command, as new findings do. The page is made by

    python -m validation.issue_texts --write docs/issue-texts.md
"""


@contextmanager
def _one() -> Iterator[Callable[[], Executor]]:
    with ThreadPoolExecutor(1) as executor:
        yield lambda: executor


def _command(*arguments: str) -> str:
    command = [sys.executable, "-m", "ad_conformance.reports", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Each kind, and the text of its issue. Raises ValueError for a failure without a bucket."""
    entries = {entry.name: entry for entry in load()}
    cases = {name: entries[name].pinned for name in KINDS.values()}
    named = tuple(("known", name, case.json) for name, case in cases.items())
    store, plan = Folder(str(folder)), Plan((ENGINE, *OTHERS), ("R",), 0, 1, 60.0, named)
    quiet = Console(quiet=True)
    run(Campaign.begin(store, plan), _one(), 1, cases=0, seconds=None, console=quiet)
    limits = ("--seconds", str(SECONDS), "--each", str(EACH))
    _command("triage", str(folder), "--known", *limits)
    buckets = [bucket for bucket in bucket_files(store) if bucket.engine == ENGINE]
    for kind, name in KINDS.items():
        found = [b for b in buckets if any(cases[name].id in file for file in b.findings)]
        if not found:
            raise ValueError(f"{name}: triage found no cause; does the failure still occur?")
        text = _command("issue", str(folder / "buckets" / found[0].file))
        yield kind, text.replace(f"- {platform.platform()}\n", f"- {platform.system()}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write a page")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # The text of an issue has code blocks of its own.
        parts = [f"## {kind}\n\n````markdown\n{text}````\n" for kind, text in texts(Path(folder))]
    page = "\n".join([TOP, *parts])
    if given.write:
        given.write.write_text(page, encoding="utf-8")
    else:
        print(page)


if __name__ == "__main__":
    main()
