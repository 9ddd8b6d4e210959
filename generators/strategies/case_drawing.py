"""Programs and cases, drawn from any source of random choices."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE, CORE, EXTRA
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.ir.evaluate import evaluate_steps, is_defined, is_single
from ad_conformance.generators.ir.mode import HINT, is_mode
from ad_conformance.generators.ir.operator import KINDS, OPERATORS, SIGNATURES
from ad_conformance.generators.ir.program import Case, Program, Step, nested
from ad_conformance.generators.strategies.builder import Abandon, Builder, draw_numbers
from ad_conformance.generators.strategies.operands.basic import shaped, some, zeroed
from ad_conformance.generators.strategies.outputs import ATTEMPTS, bend, draw_step, output_of
from ad_conformance.generators.strategies.source import Source
from ad_conformance.generators.strategies.zero_answers import answers_zero, made_nonzero
from ad_conformance.generators.touched_kinks import moved, seems_flat, share_crossed

#: Bounds on the work of one case: partial derivatives of each output, and (by order) reverse passes
#: of the outermost level. An engine that takes these one by one traverses the graph of all inner
#: levels in each.
MAX_PARTIALS = 256
MAX_PASSES = {1: 256, 2: 256}
MAX_PASSES_BEYOND = 64


def _weighted_names(ops: Mapping[str, Operation]) -> tuple[str, ...]:
    """The names to choose from, each as often as its weight says. Operations without weight
    (constants and comparisons) come in only where another operation needs them.
    """
    return tuple(name for name, op in ops.items() for _ in range(op.weight))


_CORE, _EXTRA = _weighted_names(CORE), _weighted_names(EXTRA)
#: Most steps of one program that are extra operations. Few engines have all operations of a
#: program with more.
MAX_EXTRA = 2
#: One in so many of the cases whose answer would be zero stays as it is: engines fail there too,
#: for instance by giving nothing in place of zeros.
ZERO_ANSWERS = 6
#: One in so many of the cases in which most entries differ on both sides of the point stays as it
#: is: these entries are conventions, but engines may give NaN there, or fail. The points of the
#: others are moved by one of these steps: so far that derivatives are seldom ill-conditioned.
CONVENTIONS = 6
_ASIDE = (-(2.0**-4), 2.0**-4, -(2.0**-7), 2.0**-7)
#: Nonlinear operations that, more often than not, keep zeros zero and let them change with the
#: input.
_THROUGH_ZERO = ("sin", "tanh", "sinh", "multiply")


def draw_point(source: Source, kind: str, most: int) -> np.ndarray:
    """An input of `kind` with at most `most` entries: small dyadic numbers, mostly with structure.

    Structure means equal entries, every second entry zero, and for matrices also identity,
    triangular, symmetric and of rank one.
    """
    ndim = KINDS.index(kind)
    if ndim == 2:
        rows = source.choice([n for n in (2, 3, 1, 4) if n <= most])
        square = rows * rows <= most and not source.flag(3)
        columns = rows if square else source.integer(1, min(4, most // rows))
        shape: tuple[int, ...] = (rows, columns)
    else:
        shape = tuple(source.integer(1, min(4, most)) for _ in range(ndim))
    size = math.prod(shape)
    array = source.part(partial(draw_numbers, source, shape))
    match source.choice(
        ["none", "none", "equal", "zero", "identity", "triangular", "symmetric", "rank1"]
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


def _most(order: int, target: str) -> int:
    """Most entries of an input, so that an output of kind `target` seldom has too many derivatives
    of that order. An output that is no scalar is taken to have four entries.
    """
    passes = MAX_PASSES.get(order, MAX_PASSES_BEYOND) // (1 if target == "num" else 4)
    return max(n for n in range(1, 17) if n**order <= MAX_PARTIALS and n ** (order - 1) <= passes)


def _finished(b: Builder, target: str, mode: str, *, here: bool = False) -> Case:
    """The program under construction as a case: an output of kind `target` is made of its latest
    values. The point is moved from most kinks, unless it must be `here`.
    """
    length = len(b.steps)
    try:
        program, wrt = _with_output(b, target, mode)
    except Abandon:
        b.rewind(length)
        wrt = ""
        flat = b.must("sum", (0,), axis=None, keepdims=False) if b.values[0].ndim else 0
        shape = (2,) * KINDS.index(target)
        if shape:
            flat = b.must("multiply", (flat, b.constant(np.ones(shape))))
        program = b.program(flat)
    output, pruned = len(program.steps), not b.flag(6)
    if pruned:
        program = program.pruned()
    case = _with_options(b, Case(program, nested(b.values[0]), mode, wrt=wrt), target)
    if answers_zero(b, case, output) and b.source.unless(ZERO_ANSWERS):
        made = made_nonzero(b, case, output)
        if made is not None:
            program = b.program(made)
            case = replace(case, program=program.pruned() if pruned else program)
    if not here and share_crossed(case) > 0.5 and b.source.unless(CONVENTIONS):
        return _aside(case)
    return case


def _aside(case: Case) -> Case:
    """The case at a point beside the kinks of its own, if possible one where the derivative is not
    zero; the same if there is none.
    """
    found = [other for other in (moved(case, step) for step in _ASIDE) if _fits_aside(other)]
    return next((other for other in found if not seems_flat(other)), (*found, case)[0])


def _fits_aside(case: Case) -> bool:
    return (
        is_defined(case.program, case.input)
        and share_crossed(case) <= 0.5
        and (case.dtype == "float64" or is_single(case))
    )


def _with_output(b: Builder, target: str, mode: str) -> tuple[Program, str]:
    """A program with an output of kind `target`, and the inputs to differentiate by. Raises Abandon
    if too many derivatives would be asked for.
    """
    program = b.program(output_of(b, target, len(mode)))
    value_ids = (0, *program.arguments)
    # The derivative by an input that the output does not depend on is zero. Ask for it seldom.
    inputs = [k for k, i in enumerate(value_ids) if i in program.needed]
    if not inputs or (len(value_ids) > 1 and b.flag(8)):
        inputs = list(range(len(value_ids)))
    wrt = "".join(str(b.choose(inputs)) for _ in mode) if program.arguments else ""
    sizes = [b.values[value_ids[int(digit)]].size for digit in wrt or "0" * len(mode)]
    passes = b.values[len(program.steps)].size * math.prod(sizes[1:])
    if passes > MAX_PASSES.get(len(mode), MAX_PASSES_BEYOND) or math.prod(sizes) > MAX_PARTIALS:
        raise Abandon("too many derivatives")
    return program, wrt


def _nonzero(b: Builder, shape: tuple[int, ...]) -> Any:
    """A tangent or cotangent that is not zero."""
    drawn = b.numbers(shape)
    return nested(drawn if np.any(drawn) else np.ones(shape))


def _with_options(b: Builder, case: Case, target: str) -> Case:
    """The case, at times with an operator, another point for the warm-up, or another dtype."""
    more: dict[str, Any] = {}
    source = KINDS[case.input.ndim]
    if not case.wrt and b.flag():
        output = evaluate_steps(case.program, case.input)[-1].shape
        # Nested lists cannot tell a cotangent of shape (0, 2) from one of shape (0,).
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
        more |= operator.seeds(partial(_nonzero, b), case.input.shape, output)
    if b.flag(4):
        # So close that the operations stay defined, but without coincidences of the case's point.
        away = np.array([2.0**-9 * (2 * k + 3) for k in range(case.input.size)]).reshape(
            case.input.shape
        )
        if is_defined(case.program, case.input + away):
            more["warmup_point"] = nested(case.input + away)
    if b.flag(6) and is_single(case):
        more["dtype"] = "float32"
    return replace(case, **more)


def check_options(signature: str | None, mode: str, max_steps: int = 1) -> None:
    """Raises ValueError for a signature or mode that does not exist, or fewer than one step."""
    if signature is not None and signature not in SIGNATURES:
        raise ValueError(f"signature={signature!r}: use one of {', '.join(SIGNATURES)}")
    if not is_mode(mode):
        raise ValueError(f"mode={mode!r}: use {HINT}")
    if max_steps < 1:
        raise ValueError(f"max_steps={max_steps}: use 1 or more")


def _draw_argument(b: Builder, one_in: int) -> bool:
    """One time in `one_in`, add an input. Tells whether it did."""
    if not b.flag(one_in):
        return False
    point = draw_point(b.source, b.choose(KINDS), 4)
    b.must("argument", (), value=nested(point))
    return True


def _draw_any(b: Builder, k: int, extra: int) -> int | None:
    """Add operation k of a program that has `extra` extra ones. Returns how many of these it added,
    or None if the program ends.
    """
    # A choice before each operation, in place of one choice of their number: so any single one can
    # be removed when a case is shrunk.
    if k and not b.source.unless(6):
        return None
    if extra < MAX_EXTRA and b.flag(3):
        return int(draw_step(b, _EXTRA) is not None)
    draw_step(b, _CORE)
    return 0


def draw_case(
    source: Source,
    *,
    signature: str,
    mode: str,
    max_steps: int = 6,
    pairs: Sequence[tuple[str, str]] = (),
) -> Case:
    """A case of one signature and mode.

    Parameters
    ----------
    source
        Where the random choices come from.
    signature, mode
        Such as ``"vec_to_num"`` and ``"RF"``.
    max_steps
        The program has 1 to `max_steps` operations, not counting those that prepare operands.
    pairs
        Pairs of operations. Three programs in four end with one of them: the second operation is
        applied to the result of the first.

    Raises
    ------
    ValueError
        If the signature or the mode does not exist, or `max_steps` is below 1.
    """
    check_options(signature, mode, max_steps)
    kind, target = signature.split("_to_")
    b = Builder(source, CATALOGUE, draw_point(source, kind, _most(len(mode), target)))
    # One more input one time in six, two more one time in six.
    for one_in in (3, 2):
        if not source.part(partial(_draw_argument, b, one_in)):
            break
    extra = 0
    for k in range(max_steps):
        more = source.part(partial(_draw_any, b, k, extra))
        if more is None:
            break
        extra += more
    if pairs and b.source.unless(4):
        if b.flag():
            b.wanted = _prepared(b)
        for name in source.choice(pairs):
            b.wanted = draw_step(b, (name,)) or b.wanted
    return source.part(partial(_finished, b, target, mode))


#: Says of the steps of a program and of all its values, the input first, whether they fit.
Fits = Callable[[Sequence[Step], Sequence[np.ndarray]], bool]


def draw_operation_case(
    source: Source, *, operation: str, mode: str, signature: str | None = None
) -> Case:
    """A case of one operation, of the given signature or of any.

    The operand is often a square matrix, has zeros, or is nonlinear in the input. The result is
    passed on to a nonlinear operation two times in three. Between two nonlinear steps, derivatives
    of each order involve the operation, even if it is linear. A program without the operation
    remains if it does not fit in ATTEMPTS attempts.

    Raises
    ------
    ValueError
        If the operation is not in the catalogue, or the signature or the mode does not exist.
    """
    case = draw_fitting_case(source, operation=operation, mode=mode, signature=signature)
    assert case is not None
    return case


def draw_fitting_case(
    source: Source,
    *,
    operation: str,
    mode: str,
    signature: str | None = None,
    fits: Fits | None = None,
    empty: bool = False,
) -> Case | None:
    """The case of `draw_operation_case`, or None if the steps up to the operation do not fit.

    That is known early: most of the time goes into what follows the operation. A point that they
    fit is not moved. With `empty`, the operand has no entries, if the operation takes such
    operands. Raises ValueError as `draw_operation_case` does.
    """
    if operation not in CATALOGUE:
        raise ValueError(f"operation={operation!r}: it is not in the catalogue")
    check_options(signature, mode)
    kind, target = (signature or source.choice(SIGNATURES)).split("_to_")
    b = Builder(source, CATALOGUE, draw_point(source, kind, _most(len(mode), target)))
    for _ in range(ATTEMPTS):
        b.wanted = source.part(partial(_emptied if empty else _prepared, b))
        if (value_id := draw_step(b, (operation,))) is not None:
            if fits is not None and not fits(b.steps, b.values):
                return None
            b.wanted = value_id
            if b.flag() or b.flag(3):
                b.wanted = bend(b, value_id, len(mode)) or value_id
            break
    return source.part(partial(_finished, b, target, mode, here=fits is not None))


def _emptied(b: Builder) -> int | None:
    """Add a step that makes an operand without entries. Returns its value_id, or None if the input
    is a number.
    """
    value_id = b.pick(lambda value: value.ndim > 0)
    if value_id is None:
        return None
    return b.emit("slice", (value_id,), axis=b.choose([0, -1]), start=0, stop=0, step=1)


def _prepared(b: Builder) -> int | None:
    """Add steps that make an operand for the next operation: mostly square, with zeros, and
    nonlinear in the input. Returns its value_id, or None if they do not fit.
    """
    length = len(b.steps)
    try:
        if b.source.unless(3):
            n = b.choose([2, 2, 3])
            b.wanted = shaped(b, (n, n) if b.flag() else (n,))
        value_id = some(b)
        if b.exact[value_id] and b.values[value_id].size and (b.flag() or b.flag()):
            value_id = zeroed(b, value_id)
        b.wanted = value_id
        if b.source.unless(3):
            b.wanted = draw_step(b, _THROUGH_ZERO) or value_id
    except Abandon:
        b.rewind(length)
        return None
    return b.wanted
