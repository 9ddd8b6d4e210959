"""The command that makes an atlas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from ad_conformance.conformance.known_failures import MalformedEntry
from ad_conformance.engines import registry
from ad_conformance.reports.cli.campaign import (
    Budget,
    Timeout,
    Workers,
    need_reports,
    seconds_of,
)
from ad_conformance.reports.cli.shared import Engines, Python, app, engines_listed, refuse
from rich.console import Console


@app.command()
def atlas(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="folder of the pages, and of the tables behind them")
    ],
    engine: Engines = None,
    budget: Budget = None,
    workers: Workers = 2,
    timeout: Timeout = 60.0,
    python: Python = "",
    resume: Annotated[bool, typer.Option("--resume", help="continue the atlas in DIR")] = False,
    pages: Annotated[
        bool, typer.Option("--pages", help="ask nothing: write the pages of the atlas in DIR again")
    ] = False,
) -> None:
    """Ask engines cases of every operation, mode, dtype and situation, and write pages to look up
    what is right.

    The cases are asked in rounds: round k has case k of every cell. --budget ends the work at any
    time, and --resume continues it. With --resume, --engine may be left out; --timeout keeps its
    first value.
    """
    need_reports("duckdb", "fsspec", "rich", "jinja2")
    from ad_conformance.reports.atlas.plan import CAMPAIGN, atlas_plan
    from ad_conformance.reports.atlas.site import write_site
    from ad_conformance.reports.campaign.plan import planned
    from ad_conformance.reports.campaign.runner import Campaign, CampaignError, pool, run
    from ad_conformance.reports.campaign.store import Folder, StoreError, record
    from ad_conformance.reports.campaign.totals import totals
    from ad_conformance.reports.issues.bucket_files import MalformedBucket

    seconds = seconds_of(budget)
    if seconds is None and not pages:
        refuse("give --budget, such as 30m: all rounds of an atlas take weeks")
    folder, ended, given = Folder(str(out / CAMPAIGN)), "pages only", engines_listed(engine)
    again = registry.python_named(python)
    try:
        if Folder(str(out)).exists("run.json"):
            refuse(f"{out}: this is the folder of a campaign; give another folder for an atlas")
        if resume or pages:
            plan = planned(record(folder, "run.json"), f"{folder.url}/run.json", python)
            if plan.grid is None:
                refuse(f"{folder.url}: this is a campaign, not an atlas")
            if engine is not None and set(given) != set(plan.engines):
                refuse(
                    f"--engine: the atlas in {out} has {', '.join(plan.engines)}; leave out "
                    f"--engine, or begin another atlas"
                )
        elif folder.exists("run.json"):
            refuse(f"{out}: there is an atlas here; --resume continues it")
        elif out.exists() and (not out.is_dir() or any(out.iterdir())):
            refuse(f"{out}: not an empty folder, and there is no atlas in it")
        else:
            plan = atlas_plan(given, timeout, python)
        if not pages:
            begun = Campaign.resume(folder, python) if resume else Campaign.begin(folder, plan)
            for name, why in begun.absent.items():
                print(f"skipped: {name}: {why}")
            executors = pool(folder, workers)
            console = Console(soft_wrap=True)
            ended = run(begun, executors, workers, cases=None, seconds=seconds, console=console)
        # With --pages, nothing that only a file names is imported.
        imported = given if pages and engine else () if pages else plan.engines
        made = write_site(folder, out, imported)
        found = totals(folder)
    except (registry.UnknownEngine, MalformedEntry, MalformedBucket) as error:
        refuse(str(error))
    except (StoreError, CampaignError) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename or out}: {error.strerror or error}")
    except KeyboardInterrupt:
        refuse(
            f"interrupted; to continue: ad-conformance atlas --resume --out {out}{again}; to write "
            f"the pages: ad-conformance atlas --pages --out {out}{again}"
        )
    print(f"{ended}: {found.line}; {made}; open {out / 'index.html'}")
