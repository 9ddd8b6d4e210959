"""A sum of pieces that cover an array, as one concatenation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ad_conformance.engines.inhouse.core.graph import Node, Shape
from ad_conformance.engines.inhouse.rules import ops
from ad_conformance.engines.inhouse.rules.ops import Key


def cover(terms: list[Node]) -> list[Node] | None:
    """The terms of a sum with its pads joined; None if they overlap or leave gaps."""
    pads = [t for t in terms if t.op == "pad"]
    if len(pads) < 2 or any(t.params[1] != pads[0].params[1] for t in pads):
        return None
    whole = tiles([t.args[0] for t in pads], [t.params[0] for t in pads], pads[0].params[1])
    return None if whole is None else [*[t for t in terms if t.op != "pad"], whole]


def tiles(parts: Sequence[Node], keys: Sequence[Key], tail: Shape) -> Node | None:
    """The sum of pads of the same shape as one concatenation, where they neither overlap nor leave
    gaps.
    """
    whole = tuple((0, n) for n in tail)
    boxes = [tuple(interval(k, n) for k, n in zip(key, tail, strict=True)) for key in keys]
    if any(b is None for box in boxes for b in box):
        return None
    full: list[Node] = []
    for part, box in zip(parts, boxes, strict=True):
        lead = part.ndim - _kept_axes(keys[len(full)])
        lengths = tuple([hi - lo for lo, hi in box])  # type: ignore[misc]
        full.append(ops.reshape(part, part.shape[:lead] + lengths))
    return _tiles(list(zip(boxes, full, strict=True)), whole, 0)


def _kept_axes(key: Key) -> int:
    return sum(isinstance(k, tuple) for k in key)


def interval(k: Any, n: int) -> tuple[int, int] | None:
    if isinstance(k, int):
        return (k % n, k % n + 1)
    r = range(*slice(*k).indices(n))
    return (r.start, r.stop) if r.step == 1 and len(r) else None


def _tiles(pieces: list[Any], whole: tuple[tuple[int, int], ...], axis: int) -> Node | None:
    if axis == len(whole):
        return pieces[0][1] if len(pieces) == 1 else None
    groups: dict[tuple[int, int], list[Any]] = {}
    for box, node in pieces:
        groups.setdefault(box[axis], []).append((box, node))
    at, columns = whole[axis][0], []
    for lo, hi in sorted(groups):
        column = _tiles(groups[lo, hi], whole, axis + 1) if lo == at else None
        if column is None:
            return None
        columns.append(column)
        at = hi
    return ops.concat(columns, axis - len(whole)) if at == whole[axis][1] else None
