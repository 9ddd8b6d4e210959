"""Hypothesis strategies for cases, and the source of random choices that Hypothesis makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ad_conformance.generators.ir.operator import SIGNATURES
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.case_drawing import draw_case, draw_operation_case
from ad_conformance.generators.strategies.source import Source, T
from ad_conformance.generators.strategies.wrapping import wrap
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

#: Most options of one choice. Hypothesis at times replaces an integer by a constant of 100 or more
#: that it found in an imported local module; indices below this number are never replaced, so that
#: cases do not depend on what else is imported.
_MOST = 64


class HypothesisSource(Source):
    """Choices that Hypothesis makes, records and shrinks.

    `draw` is what a composite strategy gets as its first argument.
    """

    def __init__(self, draw: Callable[[SearchStrategy[Any]], Any]) -> None:
        self._draw = draw

    def index(self, count: int) -> int:
        groups = -(-count // _MOST)
        if groups == 1:
            return int(self._draw(st.sampled_from(range(count))))
        size = -(-count // groups)
        start = size * self.index(groups)
        return start + self.index(min(size, count - start))

    def part(self, make: Callable[[], T]) -> T:
        made: T = self._draw(_part(self, make))
        return made


@st.composite
def _part(draw: st.DrawFn, source: HypothesisSource, make: Callable[[], T]) -> T:
    """What `make` returns. Hypothesis removes the choices of a nested strategy together."""
    outer, source._draw = source._draw, draw
    try:
        return make()
    finally:
        source._draw = outer


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    signature: str,
    mode: str,
    max_steps: int = 6,
    pairs: Sequence[tuple[str, str]] = (),
) -> Case:
    """Cases of one signature and mode. Parameters and errors are those of `draw_case`."""
    source = HypothesisSource(draw)
    return draw_case(source, signature=signature, mode=mode, max_steps=max_steps, pairs=pairs)


@st.composite
def wrapped_cases(
    draw: st.DrawFn,
    *,
    wrapper: str,
    mode: str,
    signatures: Sequence[str] = SIGNATURES,
    further: Sequence[str] = (),
) -> Case:
    """Cases with `wrapper` around one level, at times with some of `further`."""
    source = HypothesisSource(draw)
    case = draw_case(source, signature=source.choice(signatures), mode=mode)
    return wrap(source, case, wrapper, source.index(case.order + 1), further)


@st.composite
def operation_cases(
    draw: st.DrawFn, *, operation: str, mode: str, signature: str | None = None
) -> Case:
    """Cases of one operation. Parameters and errors are those of `draw_operation_case`."""
    source = HypothesisSource(draw)
    return draw_operation_case(source, operation=operation, mode=mode, signature=signature)
