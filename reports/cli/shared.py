"""What the commands share: the application, options, and refusals in one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from ad_conformance.conformance.reference.certify import MAX_ORDER
from ad_conformance.conformance.triage.ask import judged
from ad_conformance.conformance.verdicts import Result
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import EngineUnavailable, Sandbox
from ad_conformance.generators.ir.case_io import read_case
from ad_conformance.generators.ir.program import Case, MalformedCase
from ad_conformance.generators.render.dialect import UnsupportedOperation

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Generated compositions and nested derivatives for automatic-differentiation engines.",
)

#: Characters of a line that says what is wrong, some of which may repeat what a file has.
LONGEST = 500
CasePath = Annotated[
    Path, typer.Argument(metavar="CASE.json", help="a case, as the suite keeps them in findings/")
]
EngineName = Annotated[str, typer.Option("--engine", help="a name, or package.module:attribute")]


def complain(message: str) -> None:
    """One line to standard error, whatever is told in it; of what is too long for one, the
    beginning and the end.
    """
    line = " ".join(message.splitlines())
    if len(line) > LONGEST:
        line = f"{line[: LONGEST // 2]} ... {line[-LONGEST // 2 :]}"
    print(f"ad-conformance: {line}", file=sys.stderr)


def refuse(message: str) -> NoReturn:
    """One line to standard error, and exit status 2."""
    complain(message)
    raise typer.Exit(2)


def engine_named(name: str) -> Engine:
    try:
        return registry.find(name)
    except registry.UnknownEngine as error:
        refuse(str(error))


def all_engines() -> tuple[dict[str, Engine], list[str]]:
    """Every engine that can be loaded, and one line for each that cannot."""
    loaded: dict[str, Engine] = {}
    problems = []
    for name in registry.names():
        try:
            loaded[name] = registry.find(name)
        except registry.UnknownEngine as error:
            problems.append(str(error))
    return loaded, problems


def case_at(path: Path) -> Case:
    try:
        case = read_case(path)
    except MalformedCase as error:
        refuse(str(error))
    if case.order > MAX_ORDER:
        refuse(
            f"{path}: word: {case.mode} is longer than {MAX_ORDER}, the order to which truth is "
            f"certified"
        )
    return case


@contextmanager
def finding_of(case: Case, engine: Engine) -> Iterator[tuple[Result, Sandbox]]:
    """What the case is a finding of, and the engine's sandbox to ask on; exit status 1 where it is
    none.

    What the engine, its dialect or a file refuses meanwhile is one line.
    """
    try:
        with Sandbox(engine) as sandbox:
            finding = judged(case, sandbox)
            if not finding.is_finding:
                print(
                    f"{engine.name} {engine.version()} {case.mode}: {finding.verdict}, which is "
                    f"no finding"
                )
                raise typer.Exit(1)
            yield finding, sandbox
    except EngineUnavailable as error:
        refuse(f"engine {error}")
    except UnsupportedOperation as error:
        refuse(f"{engine.name} has no {error}")
    except MalformedCase as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename or 'findings/'}: {error.strerror or error}")
