"""A pinned case belongs to its own entry: no other entry of the same engine covers it."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from ad_conformance.conformance.known_failures import KnownFailure, load
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.standings.standing import release_of
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import UnsupportedOperation

ENTRIES = load()
NAMED = sorted({name for entry in ENTRIES for name in entry.engines})
RAISED = {Verdict.COMPILE_FAILURE, Verdict.RUNTIME_FAILURE}


def may_cover(other: KnownFailure, entry: KnownFailure, case: Case, engine: Engine) -> bool:
    """Whether the other entry may cover the pinned case, if that has a verdict of its own entry.

    Two patterns for what an engine says are taken to exclude each other unless they are equal.
    """
    texts = ((entry.error, other.error), (entry.printed, other.printed))
    (errors, printed) = ("" in (a.pattern, b.pattern) or a.pattern == b.pattern for a, b in texts)
    shared = set(entry.verdicts) & set(other.verdicts)
    return (
        printed
        and is_in_the_text(other, case, engine)
        and other.dtype in ("", case.dtype)
        and any(
            (errors or verdict not in RAISED) and other.concerns(case, raised=verdict in RAISED)
            for verdict in shared
        )
    )


def is_in_the_text(other: KnownFailure, case: Case, engine: Engine) -> bool:
    """Whether the engine's text of the case has what the entry wants to be in it."""
    if not other.text.pattern:
        return True
    try:
        return other.text.search(engine.script(case).program) is not None
    except UnsupportedOperation:
        return False


def asked(entry: KnownFailure, engine: Engine) -> Case:
    """The pinned case in the dtype in which the engine is asked."""
    return replace(
        entry.pinned, dtype="float32" if engine.dtype == "float32" else entry.pinned.dtype
    )


def test_no_other_entry_may_cover_a_pinned_case() -> None:
    """Without the engines: by mode, verdicts, operations, features, dtype and messages."""
    engines = {name: registry.find(name) for name in NAMED}
    cases = {
        (entry.name, name): asked(entry, engines[name])
        for entry in ENTRIES
        for name in entry.engines
    }
    found = [
        f"{other.name} may cover the pinned case of {entry.name}"
        for entry, other in permutations(ENTRIES, 2)
        for name in sorted({*entry.engines} & {*other.engines})[:1]
        if may_cover(other, entry, cases[entry.name, name], engines[name])
    ]
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMED)
def test_each_pinned_case_is_covered_by_its_own_entry_only(name: str) -> None:
    """With the engine. A release in which an entry was not seen may be right, or fail otherwise."""
    engine = registry.find(name)
    if not engine.installed():
        pytest.skip(f"{name} is not installed")
    pool, release = EnginePool([engine]), release_of(engine)
    mine = [entry for entry in ENTRIES if entry.names(engine)]
    found = []
    try:
        for entry in mine:
            if not engine.answers(entry.pinned.mode):
                continue
            result = pool.judge(entry.pinned, name)
            covering = [other.name for other in mine if other.covers(result)]
            if covering != [entry.name] and (covering or release in entry.seen):
                found.append(f"{entry.name}: {result.verdict}, covered by {covering}")
    finally:
        pool.close()
    assert not found, "\n".join(found)
