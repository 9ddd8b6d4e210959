"""Functions as people write them: the share that is imported and certified, verdicts, and time.

    python -m validation.own_functions [--engines jax,torch] [--write docs/own-functions.md]

Each function is checked in its own library's engine. Time is that on the wall, so the machine
should be quiet: that of the check, and beside it that of the engine alone.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ad_conformance.conformance.functions.check import MODES, Check
from ad_conformance.conformance.functions.report import Report

from benchmarks.tables import write_section
from validation.functions import Function

#: The lists of functions of each library, and the engine that is asked.
LISTS = {
    "jax": (
        ("jax_functions.FUNCTIONS", "jax_statistics.STATISTICS", "jax_models.MODELS"),
        "jax",
    ),
    "torch": (("torch_functions.FUNCTIONS", "torch_modules.FUNCTIONS"), "torch"),
    "autograd": (("numpy_functions.FUNCTIONS",), "autograd"),
}


@dataclass(frozen=True)
class Measured:
    """One function: its report, or why there is none; seconds.

    `beside` is the time that is spent beside the engine: import and certification.
    """

    library: str
    function: Function
    report: Report | None
    why: str
    loading: float
    beside: float
    inside: float

    @property
    def inputs(self) -> int:
        return 0 if self.report is None else int(self.report.arguments.point.size)


def measured(library: str, engine: str, function: Function, modes: Sequence[str]) -> Measured:
    """Check one function."""
    begun = time.perf_counter()
    try:
        check = Check(function.f, function.args, engine=engine, modes=modes, kwargs=function.kwargs)
    except ValueError as error:
        return Measured(library, function, None, str(error), time.perf_counter() - begun, 0.0, 0.0)
    loading = time.perf_counter() - begun
    report = check.report()
    total = time.perf_counter() - begun
    inside = sum(row.answer.seconds for row in report.rows)
    return Measured(library, function, report, report.not_imported, loading,
                    max(total - inside, 0.0), inside)  # fmt: skip


def functions_of(library: str) -> list[Function]:
    """The functions of a library."""
    found: list[Function] = []
    for path in LISTS[library][0]:
        module, _, name = path.partition(".")
        found += getattr(import_module(f"validation.functions.{module}"), name)
    return found


def page(found: Sequence[Measured], modes: Sequence[str]) -> str:
    """The tables in Markdown."""
    lines = [
        "| library | functions | imported | all modes certified | verdicts | beside the engine, "
        "median | in the engine, median |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for library in dict.fromkeys(m.library for m in found):
        some = [m for m in found if m.library == library]
        imported = [m for m in some if m.report is not None and m.report.imported]
        certified = [m for m in imported if _certified(m)]
        verdicts = Counter(
            row.verdict for m in some if m.report is not None for row in m.report.rows
        )
        told = ", ".join(f"{verdict} {n}" for verdict, n in verdicts.most_common())
        beside = statistics.median(m.beside / len(modes) for m in some)
        inside = statistics.median(m.inside / len(modes) for m in some)
        lines.append(
            f"| {library} | {len(some)} | {len(imported)} | {len(certified)} | {told} | "
            f"{beside:.2f} s | {inside:.2f} s |"
        )
    lines += [
        "",
        "Times are for one function and mode.",
        "",
        "| library | function | inputs | operations | import | verdicts |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for m in found:
        if m.report is None:
            lines.append(f"| {m.library} | {m.function.name} | | | | not asked: {m.why} |")
            continue
        verdicts = Counter(row.verdict for row in m.report.rows)
        told = ", ".join(f"{verdict} {n}" for verdict, n in verdicts.most_common())
        size = m.report.imported.removeprefix("a program of ").partition(" ")[0]
        lines.append(
            f"| {m.library} | {m.function.name} | {m.inputs} | {size} | {m.loading:.2f} s "
            f"| {told} |"
        )
    return "\n".join(lines)


def _certified(m: Measured) -> bool:
    return m.report is not None and all(
        row.result is not None and row.result.truth.kind == "certified"
        for row in m.report.rows
        if row.verdict != "unsupported"
    )


def main() -> None:
    """Check the functions and print the tables; findings are printed whole."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", default="jax,torch,autograd", help="libraries, with commas")
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--only", default="", help="functions with this text in their names")
    parser.add_argument("--write", type=Path, help="a page to put the tables into")
    options = parser.parse_args()
    modes = options.modes.split(",")
    found = []
    for library in options.engines.split(","):
        for function in functions_of(library):
            if options.only in function.name:
                one = measured(library, LISTS[library][1], function, modes)
                found.append(one)
                told = one.why or ("" if one.report is None else one.report.imported)
                verdicts = (
                    {} if one.report is None else Counter(row.verdict for row in one.report.rows)
                )
                print(f"{library} {function.name}: {told}, {dict(verdicts)}, import "
                      f"{one.loading:.2f} s, beside {one.beside:.2f} s, engine {one.inside:.2f} s",
                      flush=True)  # fmt: skip
                if one.report is not None and not one.report:
                    print(one.report, flush=True)
    table = page(found, modes)
    print(table)
    if options.write:
        write_section(options.write, "functions", table, title="# Functions as people write them\n")


if __name__ == "__main__":
    main()
