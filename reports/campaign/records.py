"""Check the records of a campaign, run.json and sessions/*.json, when they are read.

Code that uses a record can rely on its fields. Both records may have further fields.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from ad_conformance.conformance.reference.certify import MAX_ORDER
from ad_conformance.generators.ir.json_io import converted
from ad_conformance.generators.ir.mode import ANY_LETTER

#: Numbers beyond these come from no clock and no campaign.
_LONGEST, _MOST = 1e9, 10**6
_Count = Annotated[int, msgspec.Meta(ge=0)]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=_LONGEST)]
_Mode = Annotated[str, msgspec.Meta(pattern=rf"^{ANY_LETTER}{{1,{MAX_ORDER}}}\Z")]


_Line = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]*\Z")]


class Interpreter(msgspec.Struct):
    """The interpreter of the engines that pip installs: its path, and releases there."""

    path: _Line
    python: _Line
    numpy: _Line


class Grid(msgspec.Struct):
    """The grid of an atlas: operations, and the highest order."""

    operations: Annotated[list[_Line], msgspec.Meta(min_length=1)]
    order: Annotated[int, msgspec.Meta(ge=1, le=MAX_ORDER)]


class Run(msgspec.Struct):
    """run.json: what is asked, of which releases, on which machine."""

    engines: dict[str, str]
    asked: dict[str, str]
    absent: dict[str, str]
    words: list[_Mode]
    seed: _Count
    shard: Annotated[int, msgspec.Meta(ge=1, le=_MOST)]
    timeout: Annotated[float, msgspec.Meta(gt=0, le=_LONGEST)]
    begun: str
    harness: dict[str, str]
    platform: dict[str, str | _Count | None]
    named: list[tuple[str, str, str]]
    interpreter: Interpreter | None = None
    grid: Grid | None = None


class Session(msgspec.Struct):
    """sessions/*.json: one time that the campaign was at work."""

    seconds: _Seconds
    workers: _Count
    lost: list[_Count]
    ended: str | None


def problem(found: Mapping[str, Any], name: str) -> str:
    """What is wrong with the record of that name, run.json or sessions/...; "" if nothing is."""
    try:
        if name != "run.json":
            converted(found, Session)
            return ""
        # msgspec takes fewer forms of a date than datetime does.
        begun = converted(found, Run).begun
    except ValueError as error:
        return str(error)
    try:
        datetime.datetime.fromisoformat(begun)
    except ValueError:
        return f"begun: {begun!r} is not a date"
    return ""
