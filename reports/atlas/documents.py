"""The pages as JSON documents. The templates show these, and they are written beside the pages."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ad_conformance.generators.catalogue import CATALOGUE, MODULES, SUBJECTS
from ad_conformance.generators.ir.mode import modes_of_order
from ad_conformance.generators.ir.program import DTYPES
from ad_conformance.generators.scenarios.cells import GOAL
from ad_conformance.generators.scenarios.situations import SITUATIONS, possible_situations
from ad_conformance.reports.atlas.answers import Answer, Answers, tallied
from ad_conformance.reports.atlas.failures import Failure, Failures
from ad_conformance.reports.atlas.outcomes import FAILURES, WORDS, Tally
from ad_conformance.reports.atlas.writing import Writers, public_names
from ad_conformance.reports.campaign.plan import DEEP, SHARED_ORDER

Document = dict[str, Any]
#: The version of the documents.
FORMAT = 1


@dataclass
class Atlas:
    """What all documents are made from."""

    url: str
    run: Mapping[str, Any]
    answers: Answers
    failures: Failures
    writers: Writers
    engines: list[str] = field(init=False)
    operations: tuple[str, ...] = field(init=False)
    _failures: dict[tuple[str, str], list[Failure]] = field(default_factory=dict)
    _by_mode: dict[tuple[str, str], dict[str, Document]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engines = list(self.run["engines"])
        self.operations = tuple(self.run["grid"]["operations"])

    def modes(self, engine: str) -> tuple[str, ...]:
        """The modes that the engine is asked."""
        deepest = self.run["grid"]["order"] if engine.partition("@")[0] == DEEP else SHARED_ORDER
        return modes_up_to(deepest)

    def asked_modes(self, engine: str) -> int:
        """How many modes the engine is asked and has."""
        return sum(self.writers.answers(engine, mode) for mode in self.modes(engine))

    def failures_of(self, operation: str, engine: str) -> list[Failure]:
        key = operation, engine
        if key not in self._failures:
            self._failures[key] = self.failures.of(operation, engine)
        return self._failures[key]

    def by_mode(self, operation: str, engine: str) -> dict[str, Document]:
        """What the engine did in each mode: the drawn cases, and pinned ones that fail."""
        key = operation, engine
        if key not in self._by_mode:
            self._by_mode[key] = self._modes_of(operation, engine)
        return self._by_mode[key]

    def _modes_of(self, operation: str, engine: str) -> dict[str, Document]:
        found: dict[str, Tally] = {mode: Tally() for mode in self.modes(engine)}
        for answer in self.answers.by_operation.get(operation, ()):
            if answer.engine == engine and answer.mode in found:
                found[answer.mode].add(answer.word, answer.count, certified=answer.certified)
        documents = {mode: tally.document for mode, tally in found.items()}
        for mode, document in documents.items():
            if document["word"] == "untested" and not self.writers.answers(engine, mode):
                document |= {"word": "unsupported", "text": "unsupported"}
        order = list(WORDS)
        for pinned in self.failures.pinned.get((operation, engine), ()):
            met = documents.get(pinned.mode)
            if met and order.index(pinned.word) < order.index(met["word"]):
                met |= {"word": pinned.word, "text": f"{pinned.word}: a pinned case"}
        for mode, document in documents.items():
            document["failures"] = [
                {"anchor": f.anchor, "scope": f.scope, "limited": f.limited}
                for f in self.failures_of(operation, engine)
                if mode in f.modes
            ]
            document["expected"] = [
                {"anchor": f.anchor, "scope": f.scope if f.limited else ""}
                for f in self.failures_of(operation, engine)
                if document["word"] == "untested" and self.failures.covers(f, mode)
            ]
        return documents


def modes_up_to(order: int) -> tuple[str, ...]:
    return tuple(mode for n in range(1, order + 1) for mode in modes_of_order(n))


def cells(answers: Sequence[Answer]) -> list[Document]:
    """The cells of one operation with an answer: counts by engine, mode, dtype and situation."""
    groups: dict[tuple[str, str, str, str], list[Answer]] = defaultdict(list)
    for answer in answers:
        for situation in answer.situations:
            groups[answer.engine, answer.mode, answer.dtype, situation].append(answer)
    place = {name: k for k, name in enumerate(SITUATIONS)}
    return [
        {
            "engine": engine,
            "mode": mode,
            "dtype": dtype,
            "situation": situation,
            **tallied(found).document,
        }
        for (engine, mode, dtype, situation), found in sorted(
            groups.items(),
            key=lambda item: (
                item[0][0],
                len(item[0][1]),
                *item[0][1:3],
                place.get(item[0][3], 99),
            ),
        )
    ]


def operation_document(atlas: Atlas, operation: str) -> Document:
    """Everything about one operation."""
    row = CATALOGUE[operation]
    found = cells(atlas.answers.by_operation.get(operation, ()))
    calls = {engine: atlas.writers.call(engine, operation) for engine in atlas.engines}
    possible = possible_situations(operation)
    return {
        "format": FORMAT,
        "operation": operation,
        "meaning": row.meaning,
        "parameters": sorted(row.params),
        "group": group_of(operation),
        "subject": SUBJECTS[group_of(operation)],
        "engines": atlas.engines,
        "releases": dict(atlas.run["engines"]),
        "calls": calls,
        "situations": possible,
        "advice": {engine: advice(atlas.by_mode(operation, engine)) for engine in atlas.engines},
        "by_mode": {engine: atlas.by_mode(operation, engine) for engine in atlas.engines},
        "failures": [
            failure.document
            for engine in atlas.engines
            for failure in atlas.failures_of(operation, engine)
        ],
        "cells": found,
        "coverage": {
            engine: _coverage(
                found, engine, atlas.asked_modes(engine) * len(DTYPES) * len(possible)
            )
            for engine in atlas.engines
        },
    }


def _coverage(found: Sequence[Document], engine: str, of: int) -> Document:
    """How many of the cells of an engine have enough certified cases, some, and none."""
    certified = [cell["certified"] for cell in found if cell["engine"] == engine]
    return {
        "cells": of,
        "enough": sum(n >= GOAL for n in certified),
        "some": sum(0 < n < GOAL for n in certified),
        "untested": of - sum(n > 0 for n in certified),
    }


def worst(words: Iterable[str]) -> str:
    """The worst of the words. Untested only if nothing was compared, and unsupported only if all
    are.
    """
    met = set(words)
    if met == {"unsupported"}:
        return "unsupported"
    return next((word for word in (*FAILURES, "right") if word in met), "untested")


def advice(by_mode: Mapping[str, Document]) -> dict[str, str]:
    """By order, which mode to use: those that fail least, and those that fail more."""
    found = {}
    for order in sorted({len(mode) for mode in by_mode}):
        of_order = {mode: cell for mode, cell in by_mode.items() if len(mode) == order}
        ranked: dict[tuple[int, float], list[str]] = defaultdict(list)
        for mode, cell in of_order.items():
            if cell["word"] in ("right", *FAILURES):
                ranked[_badness(cell)].append(mode)
        texts: list[str] = []
        ranks = sorted(ranked)
        if ranks:
            texts += _told(ranks[0], [(mode, of_order[mode]) for mode in ranked[ranks[0]]])
        else:
            lacking = [mode for mode, cell in of_order.items() if cell["word"] == "unsupported"]
            if lacking and len(lacking) < len(of_order):
                texts.append(f"unsupported: {', '.join(lacking)}")
            elif lacking:
                texts.append("unsupported")
        texts += _worse((mode, of_order[mode]) for rank in ranks[1:] for mode in ranked[rank])
        untested = [mode for mode, cell in of_order.items() if cell["word"] == "untested"]
        if len(untested) == len(of_order) and not any(of_order[m]["expected"] for m in untested):
            texts.append("untested")
        else:
            texts += _untested({mode: of_order[mode] for mode in untested})
        found[str(order)] = "; ".join(texts)
    return found


def _untested(cells_: Mapping[str, Document]) -> Iterator[str]:
    """What to say about untested modes, which known failures may cover."""
    groups: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for mode, cell in cells_.items():
        scopes = dict.fromkeys(f["scope"] for f in cell["expected"])
        scope = "" if "" in scopes else ", ".join(scopes)
        groups[bool(scopes), scope].append(mode)
    for (known, scope), modes in groups.items():
        text = f"untested: {', '.join(modes)}"
        if known:
            text += f" (a known failure covers {'it' if len(modes) == 1 else 'them'}"
            text += f" at: {scope})" if scope else ")"
        yield text


def _badness(cell: Document) -> tuple[int, float]:
    """0 if nothing fails, 1 if only pinned cases do, else 2 with the share of failing cases.

    Pinned cases count more if it is not known at which points alone the mode fails.
    """
    failed = sum(cell["counts"].get(word, 0) for word in FAILURES)
    if not failed:
        anywhere = any(not f["limited"] for f in cell["failures"])
        return (1 if cell["failures"] else 0), float(anywhere)
    return 2, failed / (failed + cell["counts"].get("right", 0))


def _by_scope(of_modes: Iterable[tuple[str, Document]]) -> dict[str, list[tuple[str, Document]]]:
    """Modes and their cells by the points at which they fail."""
    groups: dict[str, list[tuple[str, Document]]] = defaultdict(list)
    for mode, cell in of_modes:
        groups[", ".join(dict.fromkeys(f["scope"] for f in cell["failures"]))].append((mode, cell))
    return groups


def _told(rank: tuple[int, float], of_modes: Sequence[tuple[str, Document]]) -> Iterator[str]:
    """What to say about the modes of an order that fail least."""
    for scope, found in _by_scope(of_modes).items():
        names = ", ".join(mode for mode, _ in found)
        least = min(cell["certified"] for _, cell in found)
        cases = f"{least} certified case{'s' if least != 1 else ''}"
        cases += " or more each" if len(found) > 1 else ""
        if rank[0] == 0:
            yield f"{names}: right so far, in {cases}"
        elif rank[0] == 1:
            right = f"right in {cases}" if least else "no drawn case"
            yield f"{names}: {right}; known to fail at: {scope}"
        else:
            yield (
                f"{names}: {'fail' if len(found) > 1 else 'fails'} least, in {rank[1]:.0%} of the "
                f"cases ({scope})"
            )


def _worse(of_modes: Iterable[tuple[str, Document]]) -> Iterator[str]:
    """What to say about the other modes of an order that fail."""
    for scope, found in _by_scope(of_modes).items():
        yield f"worse: {', '.join(mode for mode, _ in found)} ({scope})"


def engine_document(atlas: Atlas, engine: str) -> Document:
    """Everything about one engine."""
    by_operation = {name: atlas.by_mode(name, engine) for name in atlas.operations}
    failures = [f for name in atlas.operations for f in atlas.failures_of(name, engine)]
    modes = atlas.modes(engine)
    return {
        "format": FORMAT,
        "engine": engine,
        "release": atlas.run["engines"][engine],
        "modes": modes,
        "by_operation": {
            name: {
                "word": worst(cell["word"] for cell in found.values()),
                "modes": {
                    mode: cell["text"] for mode, cell in found.items() if cell["word"] != "untested"
                },
            }
            for name, found in by_operation.items()
        },
        "by_order": _by_order(modes, by_operation),
        "failures": [
            {
                "operation": f.operation,
                "anchor": f.anchor,
                "word": f.word,
                "title": f.title,
                "modes": f.modes,
                "where": f.where,
                "entry": f.entry,
                "issue": f.issue,
                "since": f.since,
                "count": f.count,
                "compared": f.compared,
            }
            for f in sorted(failures, key=lambda f: (FAILURES.index(f.word), f.operation, f.anchor))
        ],
    }


def _by_order(
    modes: Sequence[str], by_operation: Mapping[str, Mapping[str, Document]]
) -> dict[str, dict[str, int]]:
    """How many operations have each word, by order and over all orders."""
    orders = sorted({len(mode) for mode in modes})
    found: dict[str, dict[str, int]] = {}
    for order in (*orders, 0):
        found[str(order) if order else "all"] = _counted(
            worst(cell["word"] for mode, cell in of_modes.items() if order in (0, len(mode)))
            for of_modes in by_operation.values()
        )
    return found


def _counted(words: Iterable[str]) -> dict[str, int]:
    """How often each word is there, the worst first."""
    counts = Counter(words)
    return {word: counts[word] for word in WORDS if counts[word]}


def index_document(atlas: Atlas, totals: Document) -> Document:
    """The matrix of groups, engines and modes, and the operations for the search."""
    modes = modes_up_to(SHARED_ORDER)
    of_cells = {
        (name, engine): atlas.by_mode(name, engine)
        for name in atlas.operations
        for engine in atlas.engines
    }
    groups = []
    for group, names in MODULES.items():
        members = [name for name in names if name in set(atlas.operations)]
        if not members:
            continue
        groups.append(
            {
                "group": group,
                "subject": SUBJECTS[group],
                "operations": members,
                "matrix": _matrix(atlas.engines, modes, members, of_cells),
            }
        )
    calls = {name: _names(atlas, name) for name in atlas.operations}
    return {
        "format": FORMAT,
        "engines": dict(atlas.run["engines"]),
        "absent": dict(atlas.run["absent"]),
        "begun": atlas.run["begun"],
        "modes": modes,
        "totals": totals,
        "matrix": _matrix(atlas.engines, modes, atlas.operations, of_cells),
        "groups": groups,
        "operations": {
            name: {
                "group": group_of(name),
                "names": calls[name],
                "words": {
                    engine: worst(c["word"] for c in of_cells[name, engine].values())
                    for engine in atlas.engines
                },
            }
            for name in atlas.operations
        },
    }


def _matrix(
    engines: Sequence[str],
    modes: Sequence[str],
    names: Sequence[str],
    of_cells: Mapping[tuple[str, str], Mapping[str, Document]],
) -> dict[str, dict[str, dict[str, int]]]:
    """How many of the operations have each word, by engine and mode."""
    return {
        engine: {
            mode: _counted(of_cells[name, engine][mode]["word"] for name in names) for mode in modes
        }
        for engine in engines
    }


def _names(atlas: Atlas, operation: str) -> list[str]:
    """The public names that the engines have for the operation."""
    calls = [atlas.writers.call(engine, operation) for engine in atlas.engines]
    return [name for name in public_names(calls) if not re.match(r"[a-h]\.|self\.", name)]


def group_of(operation: str) -> str:
    """The module of the catalogue that has the operation."""
    return next(module for module, names in MODULES.items() if operation in names)
