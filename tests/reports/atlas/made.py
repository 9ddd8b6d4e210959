"""A small atlas made by hand, of which every count is known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ad_conformance.generators.ir.mode import modes_of_order
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.scenarios import cells
from ad_conformance.reports.campaign.store import Folder, write_record
from ad_conformance.reports.campaign.tables import Journal

OPERATIONS = ("det", "sin", "sort")
#: The name of a known failure of this project that the made atlas uses.
KNOWN = "torch-det-over-forward"
DET = Case(Program((Step("det", (0,)),)), ((2.0, 0.5), (0.25, 3.0)), "RR")


def case(number: int, mode: str = "RR", operation: str = "det") -> Case:
    """Case `number` of a mode and operation; different numbers give different cases."""
    if operation == "det":
        return replace(DET, mode=mode, point=((2.0 + number, 0.5), (0.25, 3.0)))
    return Case(Program((Step(operation, (0,)),)), 0.25 * (number + 1), mode)


def document(site: Path, name: str) -> dict[str, Any]:
    """What a page of the site says, as data."""
    found: dict[str, Any] = json.loads((site / f"{name}.json").read_text(encoding="utf-8"))
    return found


def write(out: Path, name: str = "", engines: tuple[str, ...] = ("inhouse", "torch")) -> Folder:
    """An atlas of in-house and torch; what can be named is called `name`.

    Cases of det in RR: 6 general ones, 4 singular ones, and a case without a certified derivative;
    in RF 5 general ones. In-house is right in all of them. torch is wrong at the singular ones,
    right at the others in RR, and in RF it fails as the known failure KNOWN, except in one case,
    where it raises. In 3 cases of sin in R, torch kills the process, loses digits, and has another
    verdict when it is asked again; one more is unsupported. There is no case of sort.
    """
    folder = Folder(str(out / "campaign"))
    run = {
        "engines": {"inhouse": "0.1.0", "torch": name or "2.13.0"},
        "asked": {"inhouse": "inhouse", "torch": "torch"},
        "absent": {"casadi": name or "casadi is not installed"},
        "words": ["R", "F", "RR", "RF", "FR", "FF"],
        "seed": 0,
        "shard": 1,
        "timeout": 60.0,
        "named": [],
        "begun": "2026-11-23T02:00:00+00:00",
        "harness": {"numpy": "2.4.6"},
        "platform": {"system": "Linux", "machine": "x86_64", "python": "3.11.7", "cores": 2},
        "grid": {"operations": list(OPERATIONS), "order": 3},
    }
    write_record(folder, "run.json", run)
    session = {"seconds": 75.0, "workers": 2, "lost": [], "ended": "done"}
    write_record(folder, "sessions/0001.json", session)
    journal = Journal(folder, 1)
    rows = _Rows(journal, name)
    for n in range(6):
        rows.add(case(n), "det", ("general",), {"verdict": "agree"})
    for n in range(6, 10):
        rows.add(case(n), "det", ("tie", "singular"), rows.finding("wrong", "value"))
    rows.add(case(10), "det", ("general",), {"verdict": "uncertified"}, truth="uncertified")
    for n in range(4):
        told = {**rows.finding("wrong", "value"), "known": KNOWN, "again": None}
        rows.add(case(n, "RF"), "det", ("general",), told)
    rows.add(case(4, "RF"), "det", ("general",), rows.finding("runtime_failure", "raised"))
    for n, (verdict, severity, again) in enumerate(
        [("crash", "killed", ""), ("wrong", "digits", ""), ("wrong", "value", "agree")]
    ):
        told = rows.finding(verdict, severity)
        told["again"] = again or told["again"]
        rows.add(case(n, "R", "sin"), "sin", ("general",), told)
    rows.add(case(3, "R", "sin"), "sin", ("general",), {"verdict": "unsupported"})
    journal.finish()
    journal.close()
    return folder


def write_full(out: Path) -> Folder:
    """An atlas with an answer in every mode of every operation, and in every cell of det."""
    folder = write(out)
    run = json.loads(folder.read("run.json"))
    run["grid"] = {"operations": list(cells.OPERATIONS), "order": 4}
    write_record(folder, "run.json", run)
    journal = Journal(folder, 2)
    rows = _Rows(journal, "", 1000)
    for n, operation in enumerate(cells.OPERATIONS):
        for mode in (mode for order in range(1, 5) for mode in modes_of_order(order)):
            told = rows.finding("wrong", "value") if n % 2 else {"verdict": "agree"}
            rows.add(case(n, mode, "sin"), operation, ("general",), told)
    for cell in cells.Grid(("det",), 4).cells():
        asked = replace(case(50, cell.mode), dtype=cell.dtype)
        rows.add(asked, "det", (cell.situation,), rows.finding("wrong", "value"))
    journal.finish()
    journal.close()
    return folder


class _Rows:
    def __init__(self, journal: Journal, name: str, first: int = 0) -> None:
        self._journal, self._name, self._number = journal, name, first

    def finding(self, verdict: str, severity: str) -> dict[str, Any]:
        """The columns of a finding that had the same verdict when it was asked again."""
        failed = verdict in ("runtime_failure", "crash")
        return {
            "verdict": verdict,
            "again": verdict,
            "severity": severity,
            "how_wrong": self._name or f"{severity} of {verdict}",
            "error": (self._name or "RuntimeError") if failed else None,
            "message": self._name or ("no rule" if failed else None),
            "got": None if failed else "0.5",
            "wanted": self._name or "0.75",
            "finding": f"torch-{self._number}.json",
        }

    def add(
        self,
        asked: Case,
        operation: str,
        situations: tuple[str, ...],
        told: dict[str, Any],
        truth: str = "certified",
    ) -> None:
        """A case, which in-house gets right, and what torch did with it."""
        self._journal.write(
            "cases",
            number=self._number,
            origin="atlas",
            name=operation,
            situations=situations,
            id=asked.id,
            json=asked.json,
            word=asked.mode,
            operator=asked.operator,
            dtype=asked.dtype,
            signature="mat_to_num",
            operations=(operation,),
            steps=1,
            truth=truth,
            reason="",
        )
        right = "agree" if truth == "certified" else truth
        for engine, row in (("inhouse", {"verdict": right}), ("torch", told)):
            self._journal.write("verdicts", number=self._number, engine=engine, **row)
        self._number += 1
