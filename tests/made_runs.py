"""Small runs made by hand, of which every count is known; with names and messages as hostile as can
be, on demand.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.scenarios.kinks import kink_cases
from ad_conformance.reports.campaign.store import Folder, record, write_record
from ad_conformance.reports.campaign.tables import Journal
from ad_conformance.reports.nightly.run_report import Bucket, RunReport

#: Ends what it may stand in, and acts in whatever it may then be read as.
HOSTILE = (
    "'\">--></script></style></pre><script>window.hacked=1</script><img src=x "
    "onerror='window.hacked=1'>"
    "<a href='javascript:window.hacked=1'>$x$</a>&lt;{{ 7 * 7 }}\u2028`"
)
#: f(x) = sin(x), by reverse mode at 0.5: cos(0.5).
SINE = Case(Program((Step("sin", (0,)),)), 0.5, "R")
COSINE = 0.8775825618903728


def write(
    folder: Path, *, begun: str = "2026-11-23T02:00:00+00:00", name: str = "", not_known: int = 1
) -> Folder:
    """A run of inhouse and torch, 20 generated cases in R and 10 in FF, and a kink.

    In-house is right everywhere but at the kink; torch, in FF, has 3 known findings and so many
    `not_known`, a flaky one and 2 unsupported. What can be named is called `name`.
    """
    made = Folder(str(folder))
    write_record(made, "run.json", _run(begun, name))
    session = {
        "begun": begun,
        "seconds": 75.0,
        "workers": 2,
        "shards": 2,
        "lost": [],
        "ended": name or "done",
    }
    write_record(made, "sessions/0001.json", session)
    _named(made, name)
    journal = Journal(made, 1)
    journal.write("timings", number=0, engine=None, phase="generate", seconds=1.0)
    for number in range(30):
        mode = "R" if number < 20 else "FF"
        case = replace(SINE, mode=mode)
        told: dict[str, str | tuple[str, ...]] = {
            "operations": ("sin", name or "add"),
            "signature": name or "num_to_vec",
        }
        if name and number == 29:
            told["word"] = name
        _case(journal, number, "generated", None, case, "certified", **told)
        _verdict(
            journal,
            number,
            "inhouse",
            "agree",
            units=0.0 if number % 2 else 10.0 ** -(number // 5),
        )
        _verdict(journal, number, "torch", **_torch(number - 20, not_known, name))
        for engine, seconds in (("inhouse", 0.001), ("torch", 0.002 * (number + 1))):
            journal.write("timings", number=number, engine=engine, phase="compile", seconds=seconds)
            journal.write("timings", number=number, engine=engine, phase="run", seconds=seconds / 2)
            journal.write("timings", number=number, engine=engine, phase="judge", seconds=0.01)
        journal.write("timings", number=number, engine=None, phase="truth", seconds=0.1)
    journal.write("timings", number=0, engine=None, phase="shard", seconds=20.0)
    journal.finish()
    journal.close()
    return made


def _run(begun: str, name: str) -> dict[str, Any]:
    return {
        "engines": {
            "inhouse": "0.1.0",
            "torch": name or "2.13.0",
            **({name: name} if name else {}),
        },
        "asked": {},
        "absent": {"casadi": name or "casadi is not installed"},
        "words": ["R", "FF"],
        "seed": 7,
        "shard": 1,
        "timeout": 60.0,
        "named": [],
        "begun": begun,
        "harness": {"numpy": name or "2.4.6"},
        "platform": {
            "system": name or "Linux",
            "machine": name or "x86_64",
            "python": "3.11.7",
            "cores": 2,
        },
    }


def _named(folder: Folder, name: str) -> None:
    journal = Journal(folder, 0)
    for number, ((told, mode), case) in enumerate(kink_cases().items(), start=1):
        if told != "abs(x) at 0":
            continue
        _case(journal, -number, "kink", name or told, case, "convention")
        _verdict(journal, -number, "inhouse", "convention", got="0.0")
        _verdict(
            journal,
            -number,
            "torch",
            "convention",
            got="1.0" if mode == "R" else name or "-Infinity",
        )
    journal.finish()
    journal.close()


def _case(
    journal: Journal,
    number: int,
    origin: str,
    name: str | None,
    case: Case,
    truth: str,
    **told: str | tuple[str, ...],
) -> None:
    fields = {
        "id": case.id,
        "json": case.json,
        "word": case.mode,
        "operator": case.operator,
        "dtype": case.dtype,
    }
    row = {
        **fields,
        "signature": "num_to_num",
        "operations": ("abs",),
        "steps": 1,
        "truth": truth,
        "reason": "",
    }
    journal.write("cases", number=number, origin=origin, name=name, radius=None, **{**row, **told})


def _verdict(journal: Journal, number: int, engine: str, verdict: str, **fields: Any) -> None:
    empty = dict.fromkeys(
        (
            "units",
            "stage",
            "error",
            "message",
            "printed",
            "got",
            "wanted",
            "again",
            "known",
            "finding",
        )
    )
    journal.write(
        "verdicts", **{**empty, "number": number, "engine": engine, "verdict": verdict, **fields}
    )


def _torch(place: int, not_known: int, name: str) -> dict[str, Any]:
    """What torch answers to the case at a place among those in FF."""
    finding = {"message": name, "printed": name, "error": name, "finding": f"torch-FF-{place}.json"}
    if place in (0, 1, 2):
        return {"verdict": "wrong", "units": 1e6, "known": name or "torch-sine", **finding}
    if place in range(3, 3 + not_known):
        return {"verdict": "not_finite", "again": "not_finite", **finding}
    if place == 7:
        return {"verdict": "timeout", "again": "agree", **finding}
    if place in (8, 9):
        return {
            "verdict": "unsupported",
            "message": f"{name or 'no erfcx'} {place}",
            "error": name or None,
        }
    return {"verdict": "agree", "units": 1e-3}


def bucket(**fields: Any) -> Bucket:
    """Of torch and SINE, changed by what is given."""
    plain = Bucket(
        id="torch-sine",
        engine="torch",
        name="sin R wrong",
        status="new",
        verdict="wrong",
        known=None,
        summary="the sine of half is off",
        issue="",
        modes=("R",),
        operations=("sin",),
        count=2,
        case=SINE.json,
        finding="torch-R-0123456789ab.json",
        error="",
        message="",
        printed="",
        stage="",
        got="0.5",
        wanted=json.dumps(COSINE),
        error_ratio=4.5e12,
        severity="value",
        how_wrong="0.5 instead of 0.877583",
        right_modes=("F",),
        wrong_modes=(),
        right_engines=("inhouse",),
        wrong_engines=("autograd",),
        rewritten=(),
        suspect="",
    )
    return replace(plain, **fields)


def report_of(folder: Folder, name: str = "") -> RunReport:
    """With a bucket of every status; what comes from an engine or a file is called `name`, where
    that is given.
    """
    told = {
        field: name
        for field in (
            "id",
            "name",
            "known",
            "summary",
            "error",
            "message",
            "printed",
            "stage",
            "got",
            "wanted",
        )
        if name
    }
    statuses = ("new", "regressed", "flaky", "fixed", "still there", "known", "not compared")
    buckets = tuple(
        bucket(
            **{
                "id": f"torch-{k}",
                "status": status,
                "finding": name or f"torch-R-{k}.json",
                **told,
            },
            issue=f"related: https://example.org/issues/{k}",
        )
        for k, status in enumerate(statuses)
    )
    strange = bucket(
        engine=name or "package.module:attribute",
        id="strange",
        issue=name and f"javascript:{name} https://example.org/{name}",
        right_modes=(name,),
        wrong_modes=(name,),
        right_engines=(name,),
        wrong_engines=(name,),
        rewritten=(name,),
        suspect=name,
        operations=(name,),
        modes=(name,),
        case=name or "{}",
        finding="",
    )
    session = json.loads(folder.read("sessions/0001.json"))
    return RunReport(
        folder,
        record(folder, "run.json"),
        (session,),
        name or "2026-11-22",
        (*buckets, strange),
        {name or "torch": (name or "it did not import",)},
        {"inhouse": 120, name or "torch": 110},
    )
