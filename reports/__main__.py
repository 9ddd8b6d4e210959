"""The command line: `ad-conformance`, also `python -m reports`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from conformance.checking import check
from conformance.failures import keep, kind
from conformance.known_failures import MalformedEntry, covering, load
from conformance.panel import truth_of
from conformance.standalone import standalone
from conformance.truth import MAX_ORDER
from conformance.verdicts import Judgement, Verdict, judge
from engines import registry
from engines.contract import Engine
from engines.sandbox import EngineUnavailable, Sandbox
from generators import reduction
from generators.dialects import Unspeakable
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


def _refuse(message: str) -> NoReturn:
    print(f"ad-conformance: {message}", file=sys.stderr)
    raise typer.Exit(2)


def _engine(name: str) -> Engine:
    try:
        return registry.find(name)
    except registry.UnknownEngine as error:
        _refuse(str(error))


def _all_engines() -> tuple[dict[str, Engine], list[str]]:
    """Every engine that can be loaded, and one line for each that cannot."""
    loaded: dict[str, Engine] = {}
    problems = []
    for name in registry.names():
        try:
            loaded[name] = registry.find(name)
        except registry.UnknownEngine as error:
            problems.append(str(error))
    return loaded, problems


def _case(path: Path) -> Case:
    try:
        case = read_case(path)
    except MalformedCase as error:
        _refuse(str(error))
    if case.order > MAX_ORDER:
        _refuse(f"{path}: word: {case.word} is longer than {MAX_ORDER}, the order to which truth is certified")
    return case


@app.command()
def engines() -> None:
    """What is installed, in which release, and the letters and orders of its mode words."""
    rows = [("engine", "installed", "mode words")]
    loaded, problems = _all_engines()
    for name, engine in loaded.items():
        version = (engine.version() or "yes") if engine.installed() else "no"
        letters = " and ".join(sorted(engine.levels, reverse=True))
        words = f"{letters}, freely nested" if engine.words == "[RF]+" else f"{letters}, where {engine.words} matches"
        rows.append((name, version, words))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for problem in problems:
        print(f"ad-conformance: {problem}", file=sys.stderr)
    if problems:
        raise typer.Exit(2)


@app.command()
def show(case: CasePath, engine: EngineName = "inhouse") -> None:
    """Print the case as a script in the engine's language; it runs where only that engine is installed."""
    asked = _case(case)
    adapter = _engine(engine)
    try:
        print(standalone(asked, adapter, truth_of(asked)), end="")
    except Unspeakable as error:
        _refuse(f"{engine} has no {error}")


@app.command()
def replay(
    case: CasePath,
    engine: Annotated[
        list[str] | None, typer.Option("--engine", help="may be given more than once; default: all that are installed")
    ] = None,
) -> None:
    """Ask the case again and print the verdict of each engine. Exit status 1 on a finding, known or new."""
    asked = _case(case)
    if engine:
        chosen = [_engine(name) for name in engine]
    else:
        loaded, problems = _all_engines()
        chosen = [adapter for adapter in loaded.values() if adapter.installed()]
        for problem in problems:
            print(f"ad-conformance: {problem}", file=sys.stderr)
    try:
        entries = load()
    except MalformedEntry as error:
        _refuse(str(error))
    truth = truth_of(asked)
    findings = 0
    for adapter in chosen:
        try:
            with Sandbox(adapter) as sandbox:
                judgement = judge(asked, adapter.name, sandbox.ask(asked), truth)
        except EngineUnavailable as error:
            _refuse(f"engine {error}")
        findings += judgement.is_finding
        line = f"{adapter.name} {adapter.version()} {asked.word}: {judgement.verdict}"
        if judgement.verdict is Verdict.WRONG:
            line += f", {judgement.units:.2g} times the allowance"
        if judgement.answer.error:
            line += f": {judgement.answer.error}: {judgement.answer.message.partition(chr(10))[0]}"
        if judgement.is_finding and (entry := covering(judgement, adapter, entries)):
            line += f" (known: {entry.name}, {entry.issue})"
        print(line)
        if judgement.answer.value is not None and truth.value is not None and judgement.is_finding:
            print(f"  got   {judgement.answer.value.tolist()}\n  truth {truth.value.tolist()}")
    if truth.kind != "certified":
        print(f"truth: {truth.kind}: {truth.reason}")
    if findings:
        raise typer.Exit(1)


@app.command()
def reduce(
    case: CasePath,
    engine: EngineName = "inhouse",
    seconds: Annotated[float, typer.Option(min=0.0, help="after so long the smallest case until then will do")] = 120.0,
) -> None:
    """Make a case that fails smaller, with the same kind of failure, and keep it in findings/. Exit status 1 where it
    does not fail.
    """
    asked, adapter = _case(case), _engine(engine)
    try:
        with Sandbox(adapter) as sandbox:

            def judged(candidate: Case) -> Judgement:
                return judge(candidate, adapter.name, sandbox.ask(candidate), truth_of(candidate))

            finding = judged(asked)
            if not finding.is_finding:
                print(f"{adapter.name} {asked.word}: {finding.verdict}, which is no finding")
                raise typer.Exit(1)
            wanted = kind(finding)

            def fails(candidate: Case) -> bool:
                try:
                    adapter.script(candidate)
                except Exception:
                    # A candidate that the adapter cannot write is none; the case itself it could.
                    return False
                other = judged(candidate)
                return other.is_finding and kind(other) == wanted

            smaller = judged(reduction.reduce(asked, fails, seconds=seconds))
        print(standalone(smaller.case, adapter, smaller.truth), end="")
        print(f"# {smaller.verdict}; kept as {keep(smaller)}")
    except EngineUnavailable as error:
        _refuse(f"engine {error}")
    except Unspeakable as error:
        _refuse(f"{engine} has no {error}")
    except OSError as error:
        _refuse(f"findings/: {error.strerror}")


@app.command()
def check_adapter(
    engine: Annotated[str, typer.Argument(metavar="ENGINE", help="a name, or package.module:attribute")],
) -> None:
    """What an adapter itself gets wrong: spellings, levels, operators. Exit status 1 where there is anything."""
    adapter = _engine(engine)
    if not adapter.installed():
        _refuse(f"{adapter.name}: {adapter.distribution} is not installed")
    print(f"{adapter.name} {adapter.version()}")
    failed = False
    try:
        for done in check(adapter):
            print(done.line, flush=True)
            failed = failed or bool(done.wrong)
            for line in done.wrong:
                print(f"  {line}")
            if done.absent:
                print(f"  not there: {', '.join(done.absent)}")
    except EngineUnavailable as error:
        _refuse(f"engine {error}")
    if failed:
        raise typer.Exit(1)


def main() -> None:
    """The entry point of the `ad-conformance` command."""
    app()


if __name__ == "__main__":
    main()
