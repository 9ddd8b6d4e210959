"""Writes into the entries of known failures what their pinned cases do on a release."""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ad_conformance.conformance.known_failures import KnownFailure
from ad_conformance.conformance.standings.library import LookedAt
from ad_conformance.conformance.standings.standing import Standing
from packaging.version import Version

#: The fields about releases, in the order in which they are written.
_FIELDS = ("seen", "fixed_in", "right_until", "changed")
#: A field with its value, a list or a string, up to the end of the line.
_FIELD = r"(?m)^{}[ \t]*=[ \t]*(?:\[[^\]]*\]|\"[^\"\n]*\")[ \t]*(?:#.*)?\n?"


def edited(looked_at: LookedAt) -> dict[str, Any]:
    """The fields of an entry that change; an empty field is removed.

    Nothing changes if the engines of the entry differ, or if the release is older than one that is
    in `seen` or `changed` and is right: then the failure comes and goes.
    """
    entry, release, standing = looked_at.entry, looked_at.release, looked_at.standing
    if release is None or standing is None:
        return {}
    failed = {*entry.seen, *entry.changed}
    fields: dict[str, Any]
    match standing:
        case Standing.KNOWN:
            fields = {
                "seen": _with(entry.seen, release),
                "changed": _without(entry.changed, release),
            }
        case Standing.CHANGED:
            fields = {
                "changed": _with(entry.changed, release),
                "seen": _without(entry.seen, release),
            }
        case Standing.REGRESSED:
            fields = {"seen": _with(entry.seen, release), "fixed_in": ""}
        case Standing.FIXED if all(release > one for one in failed):
            fields = {"fixed_in": str(min(filter(None, (release, entry.fixed_in))))}
        case Standing.NOT_YET:
            fields = {"right_until": str(max(filter(None, (release, entry.right_until))))}
        case _:
            return {}
    return {key: value for key, value in fields.items() if value != _now(entry, key)}


def _now(entry: KnownFailure, key: str) -> Any:
    value = getattr(entry, key)
    return [*map(str, value)] if isinstance(value, tuple) else str(value or "")


def _with(releases: Iterable[Version], release: Version) -> list[str]:
    return [str(one) for one in sorted({*releases, release})]


def _without(releases: Iterable[Version], release: Version) -> list[str]:
    return [str(one) for one in releases if one != release]


def write(looked_at: Iterable[LookedAt]) -> dict[Path, int]:
    """Edit the files of the entries; how many entries were edited in each file.

    Everything else in a file stays as it is. Raises OSError, and ValueError with the name of a file
    that is written in an unusual way and has to be edited by hand.
    """
    by_file: dict[Path, dict[str, dict[str, Any]]] = defaultdict(dict)
    for one in looked_at:
        if fields := edited(one):
            by_file[one.entry.file].setdefault(one.entry.name, {}).update(fields)
    for path, entries in by_file.items():
        text = path.read_text(encoding="utf-8")
        wanted = tomllib.loads(text)
        # The text before the first entry, then a text per entry.
        parts = re.split(r"^(?=\[\[failure\]\])", text, flags=re.MULTILINE)
        for k, table in enumerate(wanted["failure"], start=1):
            fields = entries.get(table["name"], {})
            table.update(fields)
            for key in [key for key, value in fields.items() if not value and key != "seen"]:
                del table[key]
            if fields and k < len(parts):
                parts[k] = _rewritten(parts[k], table)
        new = "".join(parts)
        # A text that this function misunderstands must not be written.
        if tomllib.loads(new) != wanted:
            raise ValueError(f"{path}: cannot be edited automatically; edit it by hand")
        path.write_text(new, encoding="utf-8")
    return {path: len(entries) for path, entries in by_file.items()}


def _rewritten(text: str, table: Mapping[str, Any]) -> str:
    """The text of an entry with the fields about releases as in `table`, where `seen` stands."""
    lines = "".join(f"{key} = {json.dumps(table[key])}\n" for key in _FIELDS if key in table)
    mark = "\0\n"
    text = re.sub(_FIELD.format("seen"), mark, text, count=1)
    for key in _FIELDS[1:]:
        text = re.sub(_FIELD.format(key), "", text, count=1)
    return text.replace(mark, lines, 1)
