"""Loops and branches whose bodies are drawn, in each engine's own form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ad_conformance.generators.catalogue.bodies import computed
from ad_conformance.generators.catalogue.operands import family, one_of
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived


def _same_shape(*shapes: tuple[int, ...]) -> None:
    if len(set(shapes)) > 1:
        raise ValueError(f"operands of one shape are needed, not {', '.join(map(str, shapes))}")


def _rows(x: Any, *others: Any) -> None:
    """Raise ValueError unless x has entries along a first axis, each of the shape of the others."""
    if not x.shape or not x.shape[0]:
        raise ValueError(f"entries along a first axis are needed, not shape {x.shape}")
    _same_shape(x.shape[1:], *(other.shape for other in others))


def loop_body(xp: Any, x: Any, c: Any, *, body: str, count: int) -> Any:
    """`count` steps t -> body from x, which capture c."""
    _same_shape(x.shape, c.shape)
    for _ in range(count):
        x = computed(body, xp, t=x, c=c)
    return x


def scan_body(xp: Any, x: Any, start: Any, c: Any, *, body: str, output: str) -> Any:
    """The outputs of a scan along the first axis, which carries t from `start`: for each entry v
    of x, t becomes the body, and then the result is the output.
    """
    _rows(x, start, c)
    t, results = xp.reshape(start, shape=(1, *start.shape)), []
    for k in range(x.shape[0]):
        v = x[k : k + 1]
        t = computed(body, xp, t=t, v=v, c=c)
        results.append(computed(output, xp, t=t, v=v, c=c))
    return xp.concat(results, axis=0)


def map_body(xp: Any, x: Any, c: Any, *, body: str) -> Any:
    """The body of each entry t along the first axis."""
    _rows(x, c)
    return computed(body, xp, t=x, c=c)


def branch_bodies(xp: Any, x: Any, c: Any, *, body: str, other: str, threshold: float) -> Any:
    """The body of t = x if the sum of x exceeds the threshold, else the other one."""
    _same_shape(x.shape, c.shape)
    exceeds = xp.greater(xp.sum(x, axis=None, keepdims=False), threshold)
    return xp.where(exceeds, computed(body, xp, t=x, c=c), computed(other, xp, t=x, c=c))


_BODY = {"body": "body"}
ROWS: Sequence[Operation] = (
    derived(
        loop_body,
        family("with_body", count=one_of(2, 1, 3, 0)),
        arity=2,
        params={**_BODY, "count": "times"},
    ),
    derived(
        scan_body, family("scanned_body"), arity=3, params={**_BODY, "output": "body"}, weight=2
    ),
    derived(map_body, family("mapped_body"), arity=2, params=_BODY),
    derived(
        branch_bodies,
        family("with_body", second=True, threshold=one_of(0.0, 1.0, -1.0)),
        arity=2,
        params={**_BODY, "other": "body", "threshold": "float"},
    ),
)
