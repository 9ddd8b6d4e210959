"""Write the pages of an atlas: HTML, and the same as JSON beside each page."""

from __future__ import annotations

import base64
import hashlib
import json
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
from ad_conformance.reports.campaign.store import Folder, record, sessions
from ad_conformance.reports.campaign.tables import tables
from ad_conformance.reports.nightly.findings import files_of
from ad_conformance.reports.nightly.page import STYLE, embedded, environment
from markupsafe import Markup

_SOURCES = Path(__file__).parent / "templates"


def write_site(folder: Folder, out: Path, imported: Collection[str] = ()) -> str:
    """Write all pages of the atlas in `folder` into `out`; return in a few words what was written.

    `imported` are engines, as package.module:attribute, that the user has named. Raises StoreError,
    MalformedEntry, MalformedBucket or OSError.
    """
    run = record(folder, "run.json")
    times = [record(folder, name) for _, name in sorted(sessions(folder).items())]
    entries = {entry.name: entry for entry in load()}
    with tables(folder) as connection:
        answers = Answers(connection, entries, files_of(folder))
        samples = dict(
            connection.sql(
                "SELECT name, arg_min(json, (steps, length(json), id)) FROM cases "
                "WHERE origin = 'atlas' GROUP BY name"
            ).fetchall()
        )
        cases = connection.sql(
            "SELECT count(DISTINCT id), count(DISTINCT id) FILTER (truth = 'certified') FROM cases "
            "WHERE origin = 'atlas'"
        ).fetchall()[0]
        failures = Failures(answers, entries)
    atlas = Atlas(run, answers, failures, Writers(dict(run["asked"]), imported), samples)
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
    """The files of the pages. A file that has not changed is not written again."""

    def __init__(self, out: Path) -> None:
        self.out, self.pages, self.bytes, self.largest = out, 0, 0, 0
        self._templates = environment(_SOURCES)
        self._templates.filters |= {"longest": _longest, "rows_of": _rows_of}
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
        name: [row["names"], sorted(set(row["words"].values()), key=list(WORDS).index)]
        for name, row in document["operations"].items()
    }


def _longest(engines: list[str], by_mode: Document) -> str:
    """The engine that was asked most modes."""
    return max(engines, key=lambda engine: len(by_mode[engine]))


def _rows_of(cells: list[Document], engine: str) -> list[tuple[tuple[str, str], Document]]:
    """The cells of an engine by mode and dtype, and then by situation."""
    found: dict[tuple[str, str], Document] = {}
    for cell in cells:
        if cell["engine"] == engine:
            found.setdefault((cell["mode"], cell["dtype"]), {})[cell["situation"]] = cell
    return list(found.items())
