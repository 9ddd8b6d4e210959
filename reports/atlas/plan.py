"""The plan of an atlas: all cells of a grid, and the pinned cases of known failures before them."""

from __future__ import annotations

from collections.abc import Iterator

from ad_conformance.conformance.known_failures import KnownFailure, load
from ad_conformance.conformance.standings.standing import Standing, recorded, release_of
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.mode import modes_of_order
from ad_conformance.generators.scenarios.cells import OPERATIONS, Grid
from ad_conformance.reports.campaign.plan import DEEP, SHARED_ORDER, Plan

#: The order up to which the engine DEEP is asked.
DEEPEST = 4
#: Pinned cases up to this order are asked in all modes, so that the atlas can say which is right.
AROUND = 2
#: Where the tables are, in the folder of the pages.
CAMPAIGN = "campaign"


def atlas_plan(engines: tuple[str, ...], timeout: float, python: str = "") -> Plan:
    """The plan of an atlas of these engines. Raises UnknownEngine or MalformedEntry."""
    found = [registry.find(name, python) for name in engines]
    deep = any(engine.base == DEEP for engine in found)
    order = DEEPEST if deep else SHARED_ORDER
    modes = tuple(mode for n in range(1, order + 1) for mode in modes_of_order(n))
    named = tuple(_named(found))
    return Plan(engines, modes, 0, 1, timeout, named, python, Grid(OPERATIONS, order))


def _named(engines: list[Engine]) -> Iterator[tuple[str, str, str]]:
    """The pinned cases of the known failures of these engines, then the same in other modes.

    Failures of wrappers, and those that are fixed in the installed release, are left out.
    """
    entries = [entry for entry in load() if any(_is_open(entry, engine) for engine in engines)]
    for entry in entries:
        yield "known", entry.name, entry.pinned.json
    for entry in entries:
        case = entry.pinned
        for mode in modes_of_order(case.order) if case.order <= AROUND else ():
            other = case.with_mode(mode)
            if mode != case.mode and valid(other) is not None:
                yield "around", entry.name, other.json


def _is_open(entry: KnownFailure, engine: Engine) -> bool:
    settled = (Standing.FIXED, Standing.NOT_YET)
    standing = recorded(entry, release_of(engine))
    return entry.names(engine) and not entry.of_nests and standing not in settled
