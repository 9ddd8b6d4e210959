"""The plan of a campaign: the same cases on every machine and with any number of workers."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from ad_conformance.conformance.known_failures import load
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.interpreters import Interpreter
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.program import Case, MalformedCase
from ad_conformance.generators.scenarios.cells import GOAL, Grid
from ad_conformance.generators.scenarios.kinks import kink_cases
from ad_conformance.generators.scenarios.seed_programs import SEED_FAMILY, seed_case
from ad_conformance.generators.strategies.sampling import PORTION, portion
from ad_conformance.generators.strategies.source import SEED_VERSION
from ad_conformance.reports.campaign.store import Folder, StoreError, record

#: The key in records for the version of the map from a seed to cases.
SEEDING = "seeding"
#: The shard of the named cases; the shards of generated cases follow.
NAMED = 0
#: The highest order of the seed programs: beyond it, some engines take minutes for the largest.
SEED_ORDER = 2

#: The order up to which an atlas asks all engines, and the engine that is asked a higher one too.
SHARED_ORDER, DEEP = 3, "inhouse"


@dataclass(frozen=True)
class Plan:
    """Named cases, and generated cases after them: portions, or those of the grid of an atlas.

    `engines` are names as `ad_conformance.engines.registry.find` takes them. Generated case n is
    in portion n // PORTION, see `ad_conformance.generators.strategies.sampling.portion`; a
    shard has `shard` portions. With a `grid`, it is case n of the grid, if there is one; a shard
    has as many numbers. `named` are triples: origin (kink, seed, known, previous, around), name,
    and the case as JSON. An engine has `timeout` seconds of processor time for a case. `python` is
    the interpreter that `find` takes.
    """

    engines: tuple[str, ...]
    modes: tuple[str, ...]
    seed: int
    shard: int
    timeout: float
    named: tuple[tuple[str, str, str], ...] = ()
    python: str = ""
    grid: Grid | None = None

    def find(self, name: str) -> Engine:
        """The engine of that name, in the plan's interpreter. Raises UnknownEngine."""
        return registry.find(name, self.python)

    def asks(self, engine: str, case: Case) -> bool:
        """Whether the engine of that name is asked the case.

        In an atlas, only the in-house engine is asked the orders beyond SHARED_ORDER.
        """
        deep = engine.partition("@")[0] == DEEP or case.order <= SHARED_ORDER
        return self.grid is None or deep

    @property
    def size(self) -> int:
        """The number of cases of a whole shard."""
        return self.shard * PORTION

    def shards(self, cases: int | None) -> Iterator[tuple[int, int | None]]:
        """Shard numbers, each with its number of cases, of a campaign of `cases` generated cases.

        None: the campaign has no end, or that of its grid after GOAL rounds, and the shard of named
        cases has all of them.
        """
        if cases is None and self.grid:
            cases = GOAL * self.grid.size
        if self.named:
            yield NAMED, None
        first, number = 0, NAMED
        while cases is None or first < cases:
            number += 1
            yield number, self.size if cases is None else min(self.size, cases - first)
            first += self.size

    def cases(self, shard: int, count: int | None) -> Iterator[tuple[int, str, str | None, Case]]:
        """Number, origin, name and case of each case of a shard.

        Raises MalformedCase for a named case that cannot be read.
        """
        if shard == NAMED:
            for n, (origin, name, text) in enumerate(self.named, start=1):
                yield -n, origin, name, parse_case(text)
            return
        first = (shard - 1) * self.size
        if self.grid:
            for number in range(first, first + (self.size if count is None else count)):
                if (found := self.grid.case(number)) is not None:
                    yield number, "atlas", *found
            return
        for index in range(self.shard):
            for place, case in enumerate(portion(self.modes, self.seed, first // PORTION + index)):
                number = index * PORTION + place
                if count is None or number < count:
                    yield first + number, "generated", None, case
            if count is not None and count <= (index + 1) * PORTION:
                return


def _grid(found: Mapping[str, Any], where: str) -> Grid | None:
    """The grid in a record, None without one. Raises StoreError."""
    if (recorded := found.get("grid")) is None:
        return None
    grid = Grid(tuple(recorded["operations"]), recorded["order"])
    if unknown := [name for name in grid.operations if name not in CATALOGUE]:
        raise StoreError(f"{where}: grid: operation {unknown[0]!r} is not in the catalogue")
    return grid


def named_cases(engines: tuple[str, ...], modes: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """The cases that every campaign asks first: kinks, the seed programs, and known failures.

    Raises MalformedEntry.
    """
    for (name, _), case in kink_cases().items():
        yield "kink", name, case.json
    for member in SEED_FAMILY:
        for mode in modes:
            if len(mode) <= SEED_ORDER:
                yield "seed", member, seed_case(member, mode).json
    bases = {registry.find(name).base for name in engines}
    for entry in load():
        if bases & set(entry.engines):
            yield "known", entry.name, entry.pinned.json


def check_python(found: Mapping[str, Any], where: str, python: str) -> None:
    """Raise StoreError if the record names another interpreter than `python`, the user's.

    Nothing that only a file names is run.
    """
    recorded = (found.get("interpreter") or {}).get("path", "")
    if recorded and not python:
        raise StoreError(f"{where}: interpreter: {recorded!r} is used only if --python names it")
    if recorded != python:
        other = f"in {recorded!r}" if recorded else "without --python"
        raise StoreError(f"{where}: interpreter: the campaign ran {other}, not in {python!r}")


def planned(found: Mapping[str, Any], where: str, python: str = "") -> Plan:
    """The plan in a record; `python` is the interpreter that the user names.

    Raises StoreError for another interpreter, or for a named case that cannot be read.
    """
    check_python(found, where, python)
    plan = Plan(
        tuple(found["asked"].values()),
        tuple(found["words"]),
        found["seed"],
        found["shard"],
        float(found["timeout"]),
        tuple((origin, name, text) for origin, name, text in found["named"]),
        python,
        _grid(found, where),
    )
    for _, name, text in plan.named:
        try:
            parse_case(text)
        except MalformedCase as error:
            raise StoreError(f"{where}: named: {name!r}: {error}") from None
    return plan


def other_release(plan: Plan, found: Mapping[str, Any]) -> str:
    """Names with another release here than in the record: engines, this project, the seeding.

    One line; "" if all are the same.
    """
    here = {
        engine.name: engine.version() if engine.installed() else None
        for engine in map(plan.find, plan.engines)
    }
    here |= {"ad-conformance": version("ad-conformance"), SEEDING: str(SEED_VERSION)}
    # Records of the first version do not name it.
    recorded = {SEEDING: "1", **found["harness"], **found["engines"]}
    if plan.python:
        here[plan.python] = Interpreter(plan.python).python_version
        recorded[plan.python] = found["interpreter"].get("python")
    return "; ".join(
        f"{name} is {release or 'not installed'} here, {recorded.get(name)} in the campaign"
        for name, release in here.items()
        if release != recorded.get(name)
    )


@lru_cache(maxsize=4)
def plan_of(url: str, digest: str, python: str) -> Plan:
    """The plan of the folder, for a worker. `digest` of its record makes the cache safe. `python`
    is the interpreter that the user named.

    Raises StoreError, also if releases on this machine differ from the record.
    """
    found = record(Folder(url), "run.json")
    plan = planned(found, f"{url}/run.json", python)
    if other := other_release(plan, found):
        raise StoreError(f"{platform.node()}: {other}")
    return plan
