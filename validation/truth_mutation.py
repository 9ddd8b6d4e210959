"""Measure the tests of certified derivatives: plant faults in a copy of the code and run one test.

    python -m validation.truth_mutation --write docs/reference-faults.md

Each fault of validation/truth_faults.toml replaces one piece of text in one file of the reference
or of the ball arithmetic. The packages are copied to a temporary folder, the fault is planted in
the copy, and the test that is named beside the fault runs on it. It must fail.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tables import markdown, versions
from validation.structure import NAMESPACE, PACKAGES, ROOT

DATA = Path(__file__).with_name("truth_faults.toml")
#: Exit codes of pytest.
PASSED, FAILED = 0, 1
#: Seconds that a test may take.
LIMIT = 120


@dataclass(frozen=True)
class Fault:
    """`old` in `file` is replaced by `new`; `test` is the node id of the test that must fail."""

    name: str
    file: str
    old: str
    new: str
    test: str


class Unusable(Exception):
    """A fault that cannot be planted, or a test that says nothing about it."""


def faults(data: Path = DATA) -> list[Fault]:
    """The faults of the data file. Raises KeyError for a test that the file does not name."""
    document = tomllib.loads(data.read_text(encoding="utf-8"))
    tests = document.pop("tests")
    found = []
    for file, rows in document.items():
        for name, (old, new, test) in rows.items():
            short, bracket, parameters = test.partition("[")
            found.append(Fault(name, file, old, new, tests[short] + bracket + parameters))
    return found


def planted(fault: Fault, text: str) -> str:
    """The text of the file with the fault. Raises Unusable unless its place is found once and the
    result is Python.
    """
    if (count := text.count(fault.old)) != 1:
        raise Unusable(f"{fault.name!r}: {fault.file} contains its text {count} times: {fault.old}")
    changed = text.replace(fault.old, fault.new)
    try:
        same = ast.dump(ast.parse(changed)) == ast.dump(ast.parse(text))
    except SyntaxError as error:
        raise Unusable(f"{fault.name!r}: {error}") from None
    if same:
        raise Unusable(f"{fault.name!r} changes nothing")
    return changed


@contextmanager
def copied(fault: Fault | None) -> Iterator[Path]:
    """A folder from which the packages can be imported, with the fault in one of them. The others
    are links.
    """
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / NAMESPACE
        folder.mkdir()
        for package in PACKAGES:
            if fault is not None and fault.file.startswith(f"{package}/"):
                shutil.copytree(ROOT / package, folder / package)
            else:
                (folder / package).symlink_to(ROOT / package)
        if fault is not None:
            path = folder / fault.file
            path.write_text(planted(fault, path.read_text(encoding="utf-8")), encoding="utf-8")
        yield Path(made)


def run(tests: Sequence[str], folder: Path) -> tuple[int, str]:
    """The exit code of pytest, and what it printed."""
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *tests]
    ran = subprocess.run(
        command,
        cwd=ROOT,
        # Without plugins, which take longer to load than most of the tests.
        env={
            **os.environ,
            "PYTHONPATH": str(folder),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "",
        },
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT * max(len(tests), 1),
        check=False,
    )
    return ran.returncode, ran.stdout


def check(planned: Sequence[Fault]) -> None:
    """Raise Unusable if a named test does not pass without a fault."""
    tests = list(dict.fromkeys(fault.test for fault in planned))
    with copied(None) as folder:
        code, printed = run(tests, folder)
    if code != PASSED:
        raise Unusable(f"without a fault:\n{printed[-2000:]}")


def caught(fault: Fault) -> bool:
    """Whether the test fails on the faulty copy. Raises Unusable if it cannot run there."""
    with copied(fault) as folder:
        try:
            code, printed = run([fault.test], folder)
        except subprocess.TimeoutExpired:
            raise Unusable(f"{fault.name!r}: {fault.test} does not end") from None
    if code not in (PASSED, FAILED):
        raise Unusable(f"{fault.name!r}: pytest returned {code}:\n{printed[-2000:]}")
    return code == FAILED


def measure(planned: Sequence[Fault], workers: int = 1) -> list[tuple[Fault, bool]]:
    """Each fault with whether its test caught it."""
    with ThreadPoolExecutor(workers) as executor:
        found = []
        for fault, hit in zip(planned, executor.map(caught, planned), strict=True):
            print(f"{'caught' if hit else 'NOT CAUGHT'}: {fault.name}", file=sys.stderr, flush=True)
            found.append((fault, hit))
    return found


PAGE = """\
# Faults planted in the reference

The certified derivatives are checked by tests, and this page measures these tests. Each fault of
`validation/truth_faults.toml` is planted in a copy of the code, one at a time. One test, which is
named beside the fault, runs on the copy and must fail. [detection.md](detection.md) measures in the
same way how well the certified derivatives find faults of engines.

Made by `python -m validation.truth_mutation --write docs/reference-faults.md` with {versions}.

{table}
| file | fault | test |
| --- | --- | --- |
{rows}
"""


def table(found: Sequence[tuple[Fault, bool]]) -> str:
    """The score of each file and of all."""
    files = dict.fromkeys(fault.file for fault, _ in found)
    parts = [(f"`{file}`", [hit for fault, hit in found if fault.file == file]) for file in files]
    parts.append(("all", [hit for _, hit in found]))
    return markdown(
        ("file", "faults", "caught", "score"),
        [
            [name, str(len(hits)), str(sum(hits)), f"{sum(hits) / len(hits):.1%}"]
            for name, hits in parts
        ],
    )


def document(found: Sequence[tuple[Fault, bool]]) -> str:
    rows = []
    for fault, hit in found:
        test = fault.test.rpartition("::")[2]
        rows.append(
            f"| `{fault.file.rpartition('/')[2]}` | {fault.name} | "
            f"{'' if hit else '**not caught** by '}`{test}` |"
        )
    return PAGE.format(
        versions=versions(["numpy", "python-flint", "mpmath"]),
        table=table(found),
        rows="\n".join(rows),
    )


def main() -> None:
    """Print the table and write the page; exit with 1 if a fault is not caught."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", help="faults with this text in their name or file")
    parser.add_argument("--workers", type=int, default=1, help="tests at a time")
    parser.add_argument("--write", type=Path, help="the document to write")
    options = parser.parse_args()
    planned = [f for f in faults() if (options.only or "") in f"{f.file} {f.name}"]
    check(planned)
    found = measure(planned, options.workers)
    print(table(found))
    missed = [fault for fault, hit in found if not hit]
    for fault in missed:
        print(f"not caught: {fault.name} ({fault.file}) by {fault.test}")
    if options.write:
        options.write.write_text(document(found), encoding="utf-8")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
