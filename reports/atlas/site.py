"""Write the pages of an atlas: HTML, and the same as JSON beside each page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ad_conformance.conformance.known_failures import load
from ad_conformance.generators.scenarios.cells import GOAL
from ad_conformance.generators.scenarios.situations import MEANINGS, SITUATIONS
from ad_conformance.reports.atlas import documents
from ad_conformance.reports.atlas.answers import Answers
from ad_conformance.reports.atlas.documents import Atlas, Document
from ad_conformance.reports.atlas.failures import Failures
from ad_conformance.reports.atlas.outcomes import WORDS
from ad_conformance.reports.atlas.writing import Writers
from ad_conformance.reports.campaign.plan import SHARED_ORDER
from ad_conformance.reports.campaign.store import Folder, StoreError, record, sessions
from ad_conformance.reports.campaign.tables import tables
from ad_conformance.reports.nightly.findings import files_of
from ad_conformance.reports.nightly.page import STYLE, embedded, environment
from markupsafe import Markup

_SOURCES = Path(__file__).parent / "templates"
_ENGINE = re.compile(r"[a-z0-9][a-z0-9._-]*(@[\w.+!]+)?", re.ASCII)
_CASE = re.compile(r"cases/[0-9a-f]+\.json")


def write_site(folder: Folder, out: Path, imported: Collection[str] = ()) -> str:
    """Write all pages of the atlas in `folder` into `out`; return in a few words what was written.

    `imported` are engines, as package.module:attribute, that the user has named. Raises StoreError,
    MalformedEntry, MalformedBucket or OSError.
    """
    run = record(folder, "run.json")
    # The names become names of files.
    for name in run["engines"]:
        if not _ENGINE.fullmatch(name):
            raise StoreError(f"{folder.url}/run.json: engines: {name!r} is no name of an engine")
    times = [record(folder, name) for _, name in sorted(sessions(folder).items())]
    entries = {entry.name: entry for entry in load()}
    with tables(folder) as connection:
        answers = Answers(connection, entries, files_of(folder))
        cases = connection.sql(
            "SELECT count(DISTINCT id), count(DISTINCT id) FILTER (truth = 'certified') FROM cases "
            "WHERE origin = 'atlas'"
        ).fetchall()[0]
        failures = Failures(answers, entries)
    atlas = Atlas(folder.url, run, answers, failures, Writers(dict(run["asked"]), imported))
    site = _Site(out)
    found = {}
    for operation in atlas.operations:
        found[operation] = documents.operation_document(atlas, operation)
        _write_failures(site, atlas, found[operation])
        site.page(f"operations/{operation}", "operation.html", found[operation], up="../")
    for engine in atlas.engines:
        document = documents.engine_document(atlas, engine)
        site.page(f"engines/{engine}", "engine.html", document, up="../")
    totals = _totals(list(found.values()), times, cases)
    site.page("index", "index.html", documents.index_document(atlas, totals), up="")
    site.style()
    return f"{site.pages} pages, {site.bytes / 1e6:.1f} MB, the largest {site.largest / 1e3:.0f} kB"


def _write_failures(site: _Site, atlas: Atlas, document: Document) -> None:
    """The cases of the failures as files, and their scripts as part of the document."""
    for failure in document["failures"]:
        example = failure["example"]
        if not _CASE.fullmatch(example["case"]):
            raise StoreError(f"{atlas.url}: cases.id: {example['case']!r} is no id of a case")
        text = next(
            f.example.json
            for f in atlas.failures_of(document["operation"], failure["engine"])
            if f.anchor == failure["anchor"]
        )
        site.write(example["case"], f"{text}\n")
        example["script"], example["no_script"] = atlas.writers.script(failure["engine"], text)


def _totals(found: list[Document], times: list[dict[str, Any]], cases: tuple[int, int]) -> Document:
    """Counts over all operations and engines."""
    coverage = [c for document in found for c in document["coverage"].values()]
    return {
        "goal": GOAL,
        "operations": len(found),
        "cases": cases[0],
        "certified_cases": cases[1],
        **{key: sum(c[key] for c in coverage) for key in ("cells", "enough", "some", "untested")},
        "worker_seconds": sum(float(t["seconds"]) * t["workers"] for t in times),
    }


class _Site:
    """The files of the pages."""

    def __init__(self, out: Path) -> None:
        self.out, self.pages, self.bytes, self.largest = out, 0, 0, 0
        self._templates = environment(_SOURCES)
        self._templates.filters |= {
            "count": lambda number: f"{number:,}",
            "by_depth": _by_depth,
            "rows_of": _rows_of,
            "word": lambda text: text.partition(" ")[0].rstrip(":"),
        }
        self._script = (_SOURCES / "atlas.js").read_text(encoding="utf-8")
        self._hash = base64.b64encode(hashlib.sha256(self._script.encode()).digest()).decode()

    def page(self, name: str, template: str, document: Document, *, up: str) -> None:
        """Write a document as a page and as JSON. `up` leads to the folder of the index."""
        shown = json.loads(_text(document))
        html = self._templates.get_template(template).render(
            doc=shown,
            up=up,
            json=f"{name.rpartition('/')[2]}.json",
            words=WORDS,
            situations=SITUATIONS,
            meanings=MEANINGS,
            goal=GOAL,
            script=Markup(self._script),
            script_hash=self._hash,
            search=embedded(_search(shown)) if "operations" in shown else "",
        )
        # Text from an engine may have unpaired surrogates, which UTF-8 cannot encode.
        self.pages += 1
        self.largest = max(self.largest, self.write(f"{name}.html", html))
        self.write(f"{name}.json", f"{_text(document)}\n")

    def style(self) -> None:
        """Write the style of all pages: that of the nightly page, and what is only here."""
        own = (_SOURCES / "atlas.css").read_text(encoding="utf-8")
        self.write("atlas.css", f"{STYLE.read_text(encoding='utf-8')}\n{own}")

    def write(self, name: str, text: str) -> int:
        """Write a file; return its size."""
        path, data = self.out / name, text.encode("utf-8", "replace")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.bytes += len(data)
        return len(data)


def _text(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"))


def _search(document: Document) -> Document:
    """What the search on the first page looks through."""
    return {
        name: [row["names"], list(row["words"].items())]
        for name, row in document["operations"].items()
    }


def _by_depth(document: Document) -> list[Document]:
    """The modes of a page that are shown together: those that all engines are asked, and the rest.

    Modes that are untested in all engines have no row.
    """
    engines, by_mode = document["engines"], document["by_mode"]
    longest = max(by_mode.values(), key=len)
    parts = []
    for deep in (False, True):
        modes = [mode for mode in longest if deep == (len(mode) > SHARED_ORDER)]
        asked = [engine for engine in engines if any(mode in by_mode[engine] for mode in modes)]
        tested = [
            mode
            for mode in modes
            if any(
                by_mode[e][mode]["word"] != "untested" or by_mode[e][mode]["expected"]
                for e in asked
            )
        ]
        untested = [mode for mode in modes if mode not in tested]
        if modes:
            part = {"deep": deep, "engines": asked, "modes": tested, "untested": untested}
            parts.append(part)
    return parts


def _rows_of(cells: list[Document], engine: str) -> list[tuple[tuple[str, str], Document]]:
    """The cells of an engine by mode and dtype, and then by situation."""
    found: dict[tuple[str, str], Document] = {}
    for cell in cells:
        if cell["engine"] == engine:
            found.setdefault((cell["mode"], cell["dtype"]), {})[cell["situation"]] = cell
    return list(found.items())
