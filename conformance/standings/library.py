"""Asks one release of a library the pinned cases of all its known failures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ad_conformance.conformance.known_failures import KnownFailure
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.standings.standing import Standing, Standings, release_of
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from packaging.version import Version


@dataclass(frozen=True)
class LookedAt:
    """What the pinned case of an entry does on one release, in each engine that the entry names."""

    entry: KnownFailure
    release: Version | None
    standings: tuple[tuple[str, Standing], ...]

    @property
    def standing(self) -> Standing | None:
        """The standing in all engines that can be compared; None if they differ."""
        found = {s for _, s in self.standings} - {Standing.NOT_COMPARED}
        if not found:
            return Standing.NOT_COMPARED
        return found.pop() if len(found) == 1 else None

    @property
    def line(self) -> str:
        """The name of the entry with its standing, or with the standings of its engines."""
        told = self.standing
        if told is not None:
            return f"{told}: {self.entry.name}: {self.entry.summary}"
        each = ", ".join(f"{standing} in {engine}" for engine, standing in self.standings)
        return f"{each}: {self.entry.name}: {self.entry.summary}"


def engines_of_library(engine: Engine, entries: Iterable[KnownFailure]) -> list[Engine]:
    """The engine and all engines of the same distribution that entries name, in its interpreter.

    A library offers several engines (`jax` and `jax-eager`). One entry may name more than one of
    them, and says the same of all.
    """
    found = [engine]
    named = {name for entry in entries for name in entry.engines}
    for name in registry.OWN:
        other = registry.find(name)
        if name in named and name != engine.base and other.distribution == engine.distribution:
            suffix = engine.name.removeprefix(engine.base)
            found.append(replace(other, name=f"{name}{suffix}", runner=engine.runner))
    return found


def look_at(
    engine: Engine, entries: Sequence[KnownFailure], *, timeout: float = 60.0
) -> list[LookedAt]:
    """What the pinned case of each entry of the engine's library does on the engine's release.

    Raises EngineUnavailable if the engine cannot be imported.
    """
    engines = [registry.of_any_release(one) for one in engines_of_library(engine, entries)]
    pool = EnginePool(engines, timeout=timeout)
    try:
        pool.sandbox(engine.name)
        standings = Standings(entries, pool.probe)
        release = release_of(engine)
        found = []
        for entry in entries:
            mine = [
                (other.base, standings.of(entry, other)) for other in engines if entry.names(other)
            ]
            if mine:
                found.append(LookedAt(entry, release, tuple(mine)))
        return found
    finally:
        pool.close()
