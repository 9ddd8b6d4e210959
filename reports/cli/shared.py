"""Shared by all commands: the application, common options, and one-line error messages."""

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
from ad_conformance.engines.process.interpreters import BadInterpreter, checked
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

#: Most characters of an error message; it may quote a file.
LONGEST = 500
CasePath = Annotated[
    Path, typer.Argument(metavar="CASE.json", help="a case in JSON, as in findings/")
]
#: How help texts describe the name of an engine.
ENGINE = "name of an engine, or package.module:attribute of an adapter"
EngineName = Annotated[str, typer.Option("--engine", help=ENGINE)]


def _interpreter(path: str | None) -> str:
    try:
        return checked(path) if path else ""
    except BadInterpreter as error:
        refuse(f"--python: {error}")


Python = Annotated[
    str,
    typer.Option("--python", metavar="PATH", help=registry.PYTHON, callback=_interpreter),
]


def complain(message: str) -> None:
    """Print one line to standard error; of a long message, the beginning and the end."""
    line = " ".join(message.splitlines())
    if len(line) > LONGEST:
        line = f"{line[: LONGEST // 2]} ... {line[-LONGEST // 2 :]}"
    print(f"ad-conformance: {line}", file=sys.stderr)


def refuse(message: str) -> NoReturn:
    """Print one line to standard error and exit with status 2."""
    complain(message)
    raise typer.Exit(2)


def engine_named(name: str, python: str = "") -> Engine:
    """The engine of that name, in the interpreter `python`; exit status 2 if there is none."""
    try:
        return registry.find(name, python)
    except registry.UnknownEngine as error:
        refuse(str(error))


def all_engines(python: str = "") -> tuple[dict[str, Engine], list[str]]:
    """All engines that can be loaded, and one line for each reason why others cannot."""
    loaded: dict[str, Engine] = {}
    problems = []
    for name in registry.names():
        try:
            loaded[name] = registry.find(name, python)
        except registry.UnknownEngine as error:
            problems.append(str(error))
    return loaded, list(dict.fromkeys(problems))


def case_at(path: Path) -> Case:
    """The case in a file; exit status 2 if it cannot be read or has too high an order."""
    try:
        case = read_case(path)
    except MalformedCase as error:
        refuse(str(error))
    if case.order > MAX_ORDER:
        refuse(
            f"{path}: word: {case.mode} is longer than {MAX_ORDER}, the highest order with a "
            f"certified derivative"
        )
    return case


@contextmanager
def finding_of(case: Case, engine: Engine) -> Iterator[tuple[Result, Sandbox]]:
    """The Result of a case that fails, and the sandbox of its engine; exit status 1 if it does not
    fail.

    Errors of the engine, its adapter or a file are reported in one line, with exit status 2.
    """
    try:
        with Sandbox(engine, every=1) as sandbox:
            finding = judged(case, sandbox)
            if not finding.is_finding:
                print(
                    f"{engine.name} {engine.version()} {case.mode}: {finding.verdict}; "
                    f"the case does not fail"
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
