"""What a campaign asks: the same cases wherever and by however many workers."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from ad_conformance.conformance.known_failures import load
from ad_conformance.engines import registry
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.program import Case, MalformedCase
from ad_conformance.generators.scenarios.kinks import kink_cases
from ad_conformance.generators.scenarios.seed_programs import SEED_FAMILY, seed_case
from ad_conformance.generators.strategies.sampling import PORTION, portion
from ad_conformance.generators.strategies.source import SEED_VERSION
from ad_conformance.reports.campaign.store import Folder, StoreError, record

#: What records call the version of the map from a seed to cases.
SEEDING = "seeding"
#: The shard of the named cases; the generated ones follow.
NAMED = 0
#: To which order the seed family is asked: beyond it, some engines spend minutes on the largest of
#: it.
SEED_ORDER = 2


@dataclass(frozen=True)
class Plan:
    """Generated cases, and before them named ones.

    `engines` are names as `ad_conformance.engines.registry.find` takes them. Generated case n is
    that of portion n // PORTION, see `ad_conformance.generators.strategies.sampling.portion`; a
    shard has `shard` portions. `named` are cases with where they come from (kink, seed, known,
    previous) and what they are called, as JSON. A case may take `timeout` seconds.
    """

    engines: tuple[str, ...]
    modes: tuple[str, ...]
    seed: int
    shard: int
    timeout: float
    named: tuple[tuple[str, str, str], ...] = ()

    @property
    def size(self) -> int:
        """Cases of a whole shard."""
        return self.shard * PORTION

    def shards(self, cases: int | None) -> Iterator[tuple[int, int | None]]:
        """The shards of a campaign of so many generated cases, or of one without end, each with how
        many it has.
        """
        if self.named:
            yield NAMED, None
        first, number = 0, NAMED
        while cases is None or first < cases:
            number += 1
            yield number, self.size if cases is None else min(self.size, cases - first)
            first += self.size

    def cases(self, shard: int, count: int | None) -> Iterator[tuple[int, str, str | None, Case]]:
        """Number, origin, name and case of what the shard asks. Raises MalformedCase for a named
        one that is none.
        """
        if shard == NAMED:
            for n, (origin, name, text) in enumerate(self.named, start=1):
                yield -n, origin, name, parse_case(text)
            return
        first = (shard - 1) * self.size
        for index in range(self.shard):
            for place, case in enumerate(portion(self.modes, self.seed, first // PORTION + index)):
                number = index * PORTION + place
                if count is None or number < count:
                    yield first + number, "generated", None, case
            if count is not None and count <= (index + 1) * PORTION:
                return


def named_cases(engines: tuple[str, ...], modes: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """What every campaign asks first: conventions at kinks, the seed family, and what is known to
    fail.

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


def planned(found: Mapping[str, Any], where: str) -> Plan:
    """The plan of a record. Raises StoreError for a named case that is none."""
    plan = Plan(
        tuple(found["asked"].values()),
        tuple(found["words"]),
        found["seed"],
        found["shard"],
        float(found["timeout"]),
        tuple((origin, name, text) for origin, name, text in found["named"]),
    )
    for _, name, text in plan.named:
        try:
            parse_case(text)
        except MalformedCase as error:
            raise StoreError(f"{where}: named: {name!r}: {error}") from None
    return plan


def other_release(plan: Plan, found: Mapping[str, Any]) -> str:
    """What is here in another release than in the record, in words: an engine, this project, or the
    version of the map from a seed to cases.
    """
    here = {
        engine.name: engine.version() if engine.installed() else None
        for engine in map(registry.find, plan.engines)
    }
    here |= {"ad-conformance": version("ad-conformance"), SEEDING: str(SEED_VERSION)}
    # Records of the first version do not name it.
    recorded = {SEEDING: "1", **found["harness"], **found["engines"]}
    return "; ".join(
        f"{name} is {release or 'not installed'} here, {recorded.get(name)} in the campaign"
        for name, release in here.items()
        if release != recorded.get(name)
    )


@lru_cache(maxsize=4)
def plan_of(url: str, digest: str) -> Plan:
    """The plan that the folder records, for a worker; `digest` tells it from another that was there
    before.

    Raises StoreError, also where this machine would not ask the same.
    """
    found = record(Folder(url), "run.json")
    plan = planned(found, f"{url}/run.json")
    if other := other_release(plan, found):
        raise StoreError(f"{platform.node()}: {other}")
    return plan
