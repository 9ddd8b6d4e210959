"""Hypothesis strategies for programs and cases."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE, CORE, EXTRA
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.ir.evaluate import evaluate_steps, is_defined, is_single
from ad_conformance.generators.ir.mode import HINT, is_mode
from ad_conformance.generators.ir.operator import KINDS, OPERATORS, SIGNATURES
from ad_conformance.generators.ir.program import Case, nested
from ad_conformance.generators.strategies.builder import NUMBERS, Abandon, Builder
from ad_conformance.generators.strategies.operands import strategy_of
from ad_conformance.generators.strategies.operands.basic import aimed, shaped, some, zeroed
from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import HypothesisProvider

#: Bounds on what one case asks for: partial derivatives of each output, and (by order) reverse
#: passes of the outermost level, each over the graph of all the levels below, for an engine that
#: takes them one by one.
MAX_PARTIALS = 256
MAX_PASSES = {1: 256, 2: 256}
MAX_PASSES_BEYOND = 64


def _names(rows: Mapping[str, Operation]) -> tuple[str, ...]:
    """What a draw chooses from, by weight; a program asks for constants and comparisons where it
    needs them.
    """
    return tuple(name for name, row in rows.items() for _ in range(row.weight))


_CORE, _EXTRA = _names(CORE), _names(EXTRA)
#: Steps of one program that may be extra ones: with more of them hardly any engine would have them
#: all.
MAX_EXTRA = 2
#: How often one operation is tried before a case goes without it.
ATTEMPTS = 3
#: Hypothesis mixes the constants that it reads in the source of imported local modules into what it
#: draws, and has no setting against it: without this, a case would depend on what else was
#: imported, and on whose machine.
_repeatable = patch.object(
    HypothesisProvider, "_maybe_draw_constant", lambda *_, **__: None, create=True
)
#: What bends a program that would come out linear, each with the arrangement of its row.
_BENDING = ("multiply", "sin", "square", "prod", "exp", "pow", "vecdot", "tanh")
#: What bends and keeps zeros zero and free to move, more often than not.
_THROUGH_ZERO = ("sin", "tanh", "sinh", "multiply")


@st.composite
def points(draw: st.DrawFn, kind: str, most: int) -> np.ndarray:
    """An input of `kind` with at most `most` entries: small dyadic numbers, with structure one time
    in two.

    Structure means equal entries, entries that are all zero, and for matrices also identity,
    triangular, symmetric and of rank one.
    """
    side = st.integers(1, min(4, most))
    ndim = KINDS.index(kind)
    if ndim == 2:
        rows = draw(st.sampled_from([n for n in (2, 3, 1, 4) if n <= most]))
        square = rows * rows <= most and draw(st.integers(0, 2)) < 2
        shape: tuple[int, ...] = (
            rows,
            rows if square else draw(st.integers(1, min(4, most // rows))),
        )
    else:
        shape = (draw(side),) * ndim
    size = math.prod(shape)
    array = np.array(draw(st.lists(NUMBERS, min_size=size, max_size=size))).reshape(shape)
    match draw(
        st.sampled_from(
            ["none", "none", "equal", "zero", "identity", "triangular", "symmetric", "rank1"]
        )
    ):
        case "equal":
            array = np.full(shape, array.flat[0])
        case "zero" if size > 1:
            array = np.where(np.arange(size).reshape(shape) % 2 == 0, 0.0, array)
        case "identity" if ndim == 2:
            array = np.eye(shape[0], shape[1])
        case "triangular" if ndim == 2:
            array = np.triu(array)
        case "symmetric" if ndim == 2 and shape[0] == shape[1]:
            array = np.asarray((array + array.T) / 2)
        case "rank1" if ndim == 2:
            array = np.outer(array[:, 0], array[0])
    return array


def _draw_step(b: Builder, names: Sequence[str]) -> int | None:
    """One operation of `names` and the steps that help it, or nothing where it does not fit after
    all.
    """
    length = len(b.steps)
    row = CATALOGUE[b.draw(st.sampled_from(names))]
    try:
        operands, params = strategy_of(row)(b)
        return b.must(row.name, operands, **params)
    except Abandon:
        b.rewind(length)
        return None


def _source(b: Builder) -> int:
    """The latest value, or one that bends: a program whose higher derivatives all vanish shows
    little.
    """
    value_id = b.pick() or 0
    if b.curved[value_id] or b.flag(8):
        return value_id
    if any(b.curved):
        return len(b.curved) - 1 - b.curved[::-1].index(True)
    bent = _draw_step(b, _BENDING)
    return value_id if bent is None else bent


def _weighted(b: Builder, value_id: int) -> int:
    """`place`, two times in three with its entries weighed apart: in a plain sum one entry is as
    good as another.
    """
    value = b.values[value_id]
    if not value.size or b.flag(3):
        return value_id
    return b.must("multiply", (value_id, b.constant(b.numbers(value.shape))))


def _output(b: Builder, kind: str) -> int:
    """A value of `kind` made from one of the latest."""
    value_id = _source(b)
    value = b.values[value_id]
    if kind == "num":
        if value.ndim == 0:
            return value_id
        match b.choose(["sum", "index", "mean", "prod", "norm"]):
            case "index" if value.size:
                return b.must("index", (value_id,), index=b.entry(value_id))
            case "mean" if value.size:
                return b.must("mean", (value_id,), axis=None, keepdims=False)
            case "prod":
                return b.must("prod", (aimed(b, value_id, "zeros"),), axis=None, keepdims=False)
            case "norm" if np.sum(np.square(value)) >= 1 / 16:
                return b.must("vector_norm", (value_id,), axis=None)
            case _:
                return b.must("sum", (_weighted(b, value_id),), axis=None, keepdims=False)
    if kind == "vec":
        if value.ndim == 1:
            return value_id
        if value.ndim == 0:
            return b.must("stack", (value_id, value_id), axis=0) if b.flag() else shaped(b, (2,))
        if value.ndim == 2 and b.flag():
            return b.must("sum", (_weighted(b, value_id),), axis=b.choose([0, -1]), keepdims=False)
        return b.must("reshape", (value_id,), shape=(-1,))
    if value.ndim == 2:
        return value_id
    if value.ndim == 1:
        return (
            b.must("stack", (value_id, value_id), axis=b.choose([1, 0]))
            if b.flag()
            else b.must("expand_dims", (value_id,), axis=0)
        )
    return (
        shaped(b, (2, 2))
        if value.ndim == 0
        else b.must("sum", (_weighted(b, value_id),), axis=0, keepdims=False)
    )


def _most(order: int) -> int:
    """Entries of an input whose partial derivatives of that order are not too many."""
    return max(n for n in range(1, 17) if n**order <= MAX_PARTIALS)


def _case(b: Builder, target: str, mode: str) -> Case:
    """The program under construction as a case, its latest values made into an output of kind
    `target`.
    """
    length = len(b.steps)
    try:
        program = b.program(_output(b, target))
        value_ids = (0, *program.arguments)
        # By an input that the output is not made of there is nothing to differentiate; once in a
        # while it is asked.
        inputs = [k for k, i in enumerate(value_ids) if i in program.needed]
        inputs = (
            inputs
            if inputs and not (len(value_ids) > 1 and b.flag(8))
            else list(range(len(value_ids)))
        )
        wrt = "".join(str(b.choose(inputs)) for _ in mode) if program.arguments else ""
        sizes = [b.values[value_ids[int(digit)]].size for digit in wrt or "0" * len(mode)]
        passes = b.values[len(program.steps)].size * math.prod(sizes[1:])
        if passes > MAX_PASSES.get(len(mode), MAX_PASSES_BEYOND) or math.prod(sizes) > MAX_PARTIALS:
            raise Abandon
    except Abandon:
        b.rewind(length)
        wrt = ""
        flat = b.must("sum", (0,), axis=None, keepdims=False) if b.values[0].ndim else 0
        shape = (2,) * KINDS.index(target)
        program = b.program(
            b.must("multiply", (flat, b.constant(np.ones(shape)))) if shape else flat
        )
    if not b.flag(6):
        program = program.pruned()
    return _question(b, Case(program, nested(b.values[0]), mode, wrt=wrt), target)


def _seed(b: Builder, shape: tuple[int, ...]) -> Any:
    """A tangent or cotangent that does not vanish."""
    drawn = b.numbers(shape)
    return nested(drawn if np.any(drawn) else np.ones(shape))


def _question(b: Builder, case: Case, target: str) -> Case:
    """The case with an operator, a dtype and another point to compile at, each now and then."""
    more: dict[str, Any] = {}
    source = KINDS[case.input.ndim]
    if not case.wrt and b.flag():
        output = evaluate_steps(case.program, case.input)[-1].shape
        # Numbers in brackets cannot tell a cotangent of shape (0, 2) from one of shape (0,).
        ambiguous = len(output) > 1 and not output[0]
        operator = b.choose(
            [
                op
                for op in OPERATORS.values()
                if op.applies(case.mode, source, target)
                and not (ambiguous and op.seed == "cotangent")
            ]
        )
        more["operator"] = operator.name
        more |= operator.seeds(lambda shape: _seed(b, shape), case.input.shape, output)
    if b.flag(4):
        # Near enough to stay where the operations hold, and with none of the point's coincidences.
        away = np.array([2.0**-9 * (2 * k + 3) for k in range(case.input.size)]).reshape(
            case.input.shape
        )
        if is_defined(case.program, case.input + away):
            more["warmup_point"] = nested(case.input + away)
    if b.flag(6) and is_single(case):
        more["dtype"] = "float32"
    return replace(case, **more)


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    signature: str,
    mode: str,
    max_steps: int = 6,
    pairs: Sequence[tuple[str, str]] = (),
) -> Case:
    """Cases of one signature and mode word, with programs of 1 to `max_steps` operations besides
    helping steps.

    With `pairs`, every other program ends with one of them: the second operation applied to what
    the first gives. Raises ValueError for a signature or a word that does not exist, or fewer than
    one step.
    """
    if signature not in SIGNATURES:
        raise ValueError(f"signature={signature!r}: use one of {', '.join(SIGNATURES)}")
    if not is_mode(mode):
        raise ValueError(f"word={mode!r}: use {HINT}")
    if max_steps < 1:
        raise ValueError(f"max_steps={max_steps}: use 1 or more")
    source, target = signature.split("_to_")
    with _repeatable:
        point = draw(points(source, _most(len(mode))))
        b = Builder(draw, CATALOGUE, point)
        for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 2]))):
            b.must("argument", (), value=nested(draw(points(draw(st.sampled_from(KINDS)), 4))))
        extra = 0
        for k in range(max_steps):
            # Asked before each step and not once for all, so that shrinking can take any single
            # step away.
            if k and not draw(st.integers(0, 5)):
                break
            if extra < MAX_EXTRA and b.flag(3):
                extra += _draw_step(b, _EXTRA) is not None
            else:
                _draw_step(b, _CORE)
        if pairs and b.flag():
            b.wanted = _prepared(b) if b.flag() else b.wanted
            for name in draw(st.sampled_from(pairs)):
                # What one gives the next takes, and the output is made of what the last one gives.
                b.wanted = _draw_step(b, (name,)) or b.wanted
        return _case(b, target, mode)


@st.composite
def operation_cases(
    draw: st.DrawFn, *, operation: str, mode: str, signature: str | None = None
) -> Case:
    """Cases of one operation, of any signature or the one that is given.

    What it takes is often a square matrix, has zeros, or bends; what becomes of it bends two times
    in three. Between two steps that bend, derivatives of every order pass through the operation,
    also one that is linear. Raises ValueError for an operation that is not in the catalogue.
    """
    if operation not in CATALOGUE:
        raise ValueError(f"operation={operation!r}: it is not in the catalogue")
    with _repeatable:
        source, target = (signature or draw(st.sampled_from(SIGNATURES))).split("_to_")
        b = Builder(draw, CATALOGUE, draw(points(source, _most(len(mode)))))
        for _ in range(ATTEMPTS):
            b.wanted = _prepared(b)
            if (value_id := _draw_step(b, (operation,))) is not None:
                b.wanted = value_id
                if b.flag() or b.flag(3):
                    b.wanted = _draw_step(b, _BENDING) or value_id
                break
        return _case(b, target, mode)


def _prepared(b: Builder) -> int | None:
    """A value that the next operation is to take, if it can: most often a square one, with zeros,
    that bends.
    """
    length = len(b.steps)
    try:
        if not b.flag(3):
            n = b.choose([2, 2, 3])
            b.wanted = shaped(b, (n, n) if b.flag() else (n,))
        value_id = some(b)
        if b.exact[value_id] and b.values[value_id].size and (b.flag() or b.flag()):
            value_id = zeroed(b, value_id)
        b.wanted = value_id
        if not b.flag(3):
            b.wanted = _draw_step(b, _THROUGH_ZERO) or value_id
    except Abandon:
        b.rewind(length)
        return None
    return b.wanted
