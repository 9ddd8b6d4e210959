"""The command that runs a campaign."""

from __future__ import annotations

import re
from contextlib import nullcontext
from importlib.util import find_spec
from typing import Annotated

import typer
from ad_conformance.conformance.known_failures import MalformedEntry
from ad_conformance.conformance.reference.certify import MAX_ORDER
from ad_conformance.engines import registry
from ad_conformance.generators.ir.mode import HINT, USUAL_MODES, is_mode
from ad_conformance.reports.cli.shared import (
    Engines,
    Python,
    app,
    engines_listed,
    listed,
    refuse,
)
from rich.console import Console

#: Options of campaigns and atlases.
Budget = Annotated[str | None, typer.Option(help="time limit, such as 90s, 30m or 8h")]
Workers = Annotated[
    int, typer.Option(min=1, help="shards at a time, each by a worker that runs all engines")
]
Timeout = Annotated[
    float,
    typer.Option(
        min=1.0,
        help="limit for one answer, in seconds of processor time; on the wall, ten times as many",
    ),
]
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def _modes(given: str) -> tuple[str, ...]:
    modes = listed("--modes", given)
    for mode in modes:
        if not is_mode(mode):
            refuse(f"--modes: {mode!r} is not a mode; use {HINT}")
        if len(mode) > MAX_ORDER:
            refuse(
                f"--modes: {mode!r} is longer than {MAX_ORDER}, the highest order with a "
                f"certified derivative"
            )
    return modes


def seconds_of(given: str | None) -> float | None:
    """The duration that --budget gives; exit status 2 if it is none."""
    if given is None:
        return None
    parts = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", given)
    if parts is None or not float(parts[1]):
        refuse(f"--budget: {given!r} is not a duration such as 90s, 30m or 8h")
    if not parts[2]:
        units = f"{given}s, {given}m or {given}h"
        refuse(f"--budget: {given} of what? Write {units} for seconds, minutes or hours")
    return float(parts[1]) * _UNITS[parts[2]]


def need_reports(*modules: str, extra: str = "reports") -> None:
    """Exit with status 2 if modules that a command needs are not installed."""
    if missing := [module for module in modules if find_spec(module) is None]:
        refuse(f"{', '.join(missing)} is not installed: pip install 'ad-conformance[{extra}]'")


@app.command()
def campaign(
    out: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="folder that records the campaign: a path, or a URL that fsspec reaches",
        ),
    ],
    engine: Engines = None,
    modes: Annotated[str, typer.Option(help=f"modes, separated by commas; {HINT}")] = ",".join(
        USUAL_MODES
    ),
    budget: Budget = None,
    cases: Annotated[int | None, typer.Option(min=1, help="number of generated cases")] = None,
    seed: Annotated[int, typer.Option(min=0, help="another seed gives other cases")] = 0,
    workers: Workers = 2,
    scheduler: Annotated[
        str | None,
        typer.Option(help="address of a dask scheduler; its workers are used instead of processes"),
    ] = None,
    shard: Annotated[int, typer.Option(min=1, help="size of a shard, in portions of 90 cases")] = 1,
    timeout: Timeout = 60.0,
    previous: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="an earlier campaign whose findings are asked again"),
    ] = None,
    python: Python = "",
    resume: Annotated[bool, typer.Option("--resume", help="continue the campaign in DIR")] = False,
) -> None:
    """Ask engines many generated cases and record every verdict.

    Exit status 1 if there are findings that no known failure covers. With --resume, the options
    --engine, --modes, --seed, --shard, --timeout and --previous keep their first values. --python
    has to be given again, with the same interpreter.
    """
    need_reports("duckdb", "fsspec", "rich")
    if scheduler:
        need_reports("distributed", extra="cluster")
    from ad_conformance.reports.campaign.cluster import cluster
    from ad_conformance.reports.campaign.plan import Plan, named_cases
    from ad_conformance.reports.campaign.runner import (
        Campaign,
        CampaignError,
        pool,
        previous_findings,
        run,
    )
    from ad_conformance.reports.campaign.store import Folder, StoreError
    from ad_conformance.reports.campaign.totals import totals

    seconds = seconds_of(budget)
    if seconds is None and cases is None:
        refuse("give --budget or --cases; otherwise the campaign never ends")
    folder = Folder(out)
    try:
        # Connect first: no campaign must be recorded if the scheduler does not answer.
        with cluster(scheduler) if scheduler else nullcontext() as make:
            if resume:
                begun = Campaign.resume(folder, python)
            else:
                names, nested = engines_listed(engine), _modes(modes)
                named = [
                    *named_cases(names, nested),
                    *(previous_findings(Folder(previous)) if previous else []),
                ]
                begun = Campaign.begin(
                    folder, Plan(names, nested, seed, shard, timeout, tuple(named), python)
                )
            for name, why in begun.absent.items():
                print(f"skipped: {name}: {why}")
            executors = nullcontext(make) if make else pool(folder, workers)
            console = Console(soft_wrap=True)
            ended = run(begun, executors, workers, cases=cases, seconds=seconds, console=console)
        found = totals(folder)
    except (registry.UnknownEngine, MalformedEntry, StoreError, CampaignError) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename or out}: {error.strerror or error}")
    except KeyboardInterrupt:
        again = registry.python_named(python)
        refuse(f"interrupted; to continue: ad-conformance campaign --resume --out {out}{again}")
    following = "triage" if found.new else "report"
    print(f"{ended}: {found.line}; next: ad-conformance {following} {out}")
    if found.new:
        raise typer.Exit(1)
