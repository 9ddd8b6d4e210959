"""Measure rule coverage: the share of an engine's derivative rules that cases use.

    python -m validation.rules --cases 2000 --write docs/rule-coverage.md
    python -m validation.rules --engines torch --each 6 --modes RR,F

The engines run in this process. The first command draws cases as campaigns do. With --each, the
cases are some of every operation, and the modes take turns.
"""

from __future__ import annotations

import argparse
import importlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ad_conformance.engines import registry
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.mode import USUAL_MODES
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.scenarios.mixed import mixed
from ad_conformance.generators.scenarios.names import named_cases
from ad_conformance.generators.scenarios.varied import varied_cases
from ad_conformance.generators.strategies.sampling import draw

from benchmarks.tables import write_section
from validation.rules import report
from validation.rules.coverage import LEVELS, Coverage, measure
from validation.rules.record import Recorder, Tables
from validation.rules.unreachable import idle

if TYPE_CHECKING:  # It imports PyTorch.
    from validation.rules.opinfo import Spelled

#: The module and the class of each engine.
ENGINES = {
    "torch": "torch_rules:TorchRules",
    "jax": "jax_rules:JaxRules",
    "autograd": "autograd_rules:AutogradRules",
    "tensorflow": "tensorflow_rules:TensorflowRules",
    "pytensor": "pytensor_rules:PytensorRules",
}
#: The engines that the project's own environment has.
USUAL = ("torch", "jax", "autograd")
TITLE = "# Rule coverage\n"


def tables(engine: str) -> Tables:
    """The rules of an engine. Imports the engine."""
    module, _, name = ENGINES[engine].partition(":")
    found: Tables = getattr(importlib.import_module(f"validation.rules.{module}"), name)()
    return found


def of_each(count: int, modes: Sequence[str]) -> Iterator[Case]:
    """`count` different cases of every operation that is drawn; the modes take turns."""
    for operation in (name for name, row in CATALOGUE.items() if row.weight):
        for mode, n in Counter(modes[k % len(modes)] for k in range(count)).items():
            yield from varied_cases(operation, mode, n)


def mixed_of(cases: Iterable[Case], modes: Sequence[str]) -> list[Case]:
    """Mixed derivatives of the programs of cases of first order, in each mode of higher order."""
    higher = [mode for mode in modes if len(mode) > 1]
    made = [mixed(case, mode) for case in cases if case.order == 1 for mode in higher]
    return [case for case in made if case is not None]


def main() -> None:
    """Print the report and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", default=",".join(USUAL))
    parser.add_argument("--modes", default=",".join(USUAL_MODES))
    parser.add_argument("--cases", type=int, default=2000, help="number of drawn cases")
    parser.add_argument("--start", type=int, default=0, help="number of the first batch")
    parser.add_argument("--each", type=int, help="cases of every operation, in place of --cases")
    parser.add_argument(
        "--names",
        type=int,
        default=0,
        help="also so many cases of every further name of an operation, in each mode",
    )
    parser.add_argument(
        "--mixed",
        action="store_true",
        help="also mixed derivatives: of each program of first order, in each mode of higher order",
    )
    parser.add_argument("--write", type=Path, help="the document to put the report into")
    parser.add_argument("--all", type=Path, help="a file for a line about each rule and level")
    options = parser.parse_args()
    modes = options.modes.split(",")
    if options.each:
        cases = list(of_each(options.each, modes))
        both = f"{options.each} case{'s' if options.each > 1 else ''} of every operation"
    else:
        cases = list(draw(modes, options.cases, options.start))
        both = f"{len(cases)} drawn cases"
    rows: list[str] = []
    for engine in options.engines.split(","):
        asked, every = [both], cases
        if options.names:
            further = registry.find(engine).dialect
            named = [case for mode in modes for case in named_cases(further, mode, options.names)]
            asked.append(f"{len(named)} of further names")
            every = [*cases, *named]
        if options.mixed:
            more = mixed_of(every, modes)
            asked.append(f"{len(more)} mixed derivatives")
            every = [*every, *more]
        coverage = measure(Recorder(tables(engine)), every)
        if unmatched := idle(engine, coverage.rules):
            raise SystemExit(f"unreachable.toml: patterns that match no rule: {unmatched}")
        which = " and ".join(filter(None, [", ".join(asked[:-1]), asked[-1]]))
        text = report.section(engine, which, coverage, modes)
        if engine == "torch":
            text += f"\n{report.opinfo(_spelled(every, coverage))}"
        print(f"{engine}: {which}\n", text, report.outcomes(coverage), sep="\n")
        rows += report.lines(coverage)
        if options.write:
            name = f"{engine} {'each' if options.each else 'drawn'}"
            write_section(options.write, name, f"## {engine}: {which}\n\n{text}", TITLE)
    if options.all:
        options.all.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def _spelled(cases: Sequence[Case], coverage: Coverage) -> Spelled:
    """PyTorch's list of operations, compared with what the cases call."""
    from validation.rules import opinfo

    met = {rule for table in coverage.tables for at in LEVELS for rule in coverage.met(table, at)}
    return opinfo.compare(opinfo.called(cases), met)


if __name__ == "__main__":
    main()
