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
ENGINE = "name of an engine, NAME@RELEASE, or package.module:attribute of an adapter"
#: Of commands that ask one engine. There is no default: a case does not say whose finding it is.
EngineName = Annotated[str, typer.Option("--engine", metavar="NAME", help=ENGINE)]
#: Of commands that ask several engines; without the option, those of registry.DEFAULT.
Engines = Annotated[
    list[str] | None,
    typer.Option(
        "--engine",
        "--engines",
        metavar="NAMES",
        help=f"engines, separated by commas; may be repeated. Each is a {ENGINE}. Default: "
        f"{','.join(registry.DEFAULT)}",
    ),
]
#: Of commands that read a campaign, which must not import what only a file names.
Imported = Annotated[
    list[str] | None,
    typer.Option(
        "--engine",
        "--engines",
        metavar="NAMES",
        help="engines of the campaign that may be imported, as package.module:attribute, separated "
        "by commas; may be repeated. Engines of this project need not be named",
    ),
]


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


def listed(option: str, given: str) -> tuple[str, ...]:
    """The names in a list separated by commas, without duplicates."""
    items = tuple(dict.fromkeys(item.strip() for item in given.split(",") if item.strip()))
    if not items:
        refuse(f"{option}: no name is given")
    return items


def engines_listed(
    given: list[str] | None, default: tuple[str, ...] = registry.DEFAULT
) -> tuple[str, ...]:
    """The engines that --engine names, or the default without the option."""
    return default if given is None else listed("--engine", ",".join(given))


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
