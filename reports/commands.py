"""What the commands share: the application, options, and refusals in one line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from conformance.truth import MAX_ORDER
from engines import registry
from engines.contract import Engine
from generators.programs import Case, MalformedCase
from generators.reading import read_case

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Generated compositions and nested derivatives for automatic-differentiation engines.",
)

CasePath = Annotated[Path, typer.Argument(metavar="CASE.json", help="a case, as the suite keeps them in findings/")]
EngineName = Annotated[str, typer.Option("--engine", help="a name, or package.module:attribute")]


def refuse(message: str) -> NoReturn:
    """One line to standard error, and exit status 2."""
    print(f"ad-conformance: {message}", file=sys.stderr)
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
        refuse(f"{path}: word: {case.word} is longer than {MAX_ORDER}, the order to which truth is certified")
    return case
