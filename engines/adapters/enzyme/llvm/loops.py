"""Loops over the entries of arrays, as the text of C++: what spellings of Enzyme's C++ are made of.

A value without axes is a `double`, any other an array of its entries, rows first. A spelling gives
the statements that fill the result, which it calls `OUT`; where they are one assignment to a
number, that is its declaration too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from ad_conformance.generators.catalogue.operation import Call

Shape = tuple[int, ...]
Spell = Callable[[Call], str]
AXES = "ijklmnopq"


def strides(shape: Shape) -> tuple[int, ...]:
    """How far entries that are neighbours along each axis stand from each other."""
    return tuple(math.prod(shape[k + 1 :]) for k in range(len(shape)))


def flat(
    shape: Shape, axes: Iterable[str], steps: Sequence[int] | None = None, start: int = 0
) -> str:
    """The place of an entry: `start` and the steps of all axes, but those of length 1."""
    terms = []
    for name, n, step in zip(axes, shape, strides(shape) if steps is None else steps, strict=False):
        if n != 1 and step:
            terms.append(name if step == 1 else f"{step} * {name}")
    text = " + ".join(([str(start)] if start or not terms else []) + terms)
    return text.replace("+ -", "- ")


def entry(name: str, shape: Shape, place: str) -> str:
    return f"{name}[{place}]" if shape else name


def loops(shape: Shape, body: str, axes: Iterable[str] = AXES) -> str:
    """The statement `body` for every index; axes of length 1 need no loop."""
    text = body
    for name, n in reversed(list(zip(axes, shape, strict=False))):
        if n != 1:
            text = f"for (int {name} = 0; {name} < {n}; {name}++) {text}"
    return text


def elementwise(expression: str) -> Spell:
    """An expression of entries, and of parameters, for every entry of the operands broadcast
    together.
    """

    def spelled(call: Call) -> str:
        shape = np.broadcast_shapes(*call.shapes)
        if all(math.prod(s) == 1 or s == shape for s in call.shapes):
            # Entries that stand alike need one loop only.
            shape = (math.prod(shape),) if shape else shape
        texts = []
        for text, own in zip(call.operands, call.shapes, strict=True):
            if math.prod(own) == math.prod(shape):
                place = flat(shape, AXES)
            else:
                padded = (1,) * (len(shape) - len(own)) + own
                place = flat(padded, AXES, strides(padded)) if math.prod(own) > 1 else "0"
            texts.append(entry(text, own, place))
        out = entry("OUT", np.broadcast_shapes(*call.shapes), flat(shape, AXES))
        return loops(shape, f"{out} = {expression.format(*texts, **call.params)};")

    return spelled


def place_text(places: np.ndarray, axes: str, table: str) -> tuple[str, str]:
    """Places that depend on the indices as an expression, with the declaration of a table where
    they need one.
    """
    shape = places.shape
    if not shape:
        return "", str(int(places))
    start = int(places.flat[0])
    steps = [
        int(np.moveaxis(places, k, 0)[1].flat[0]) - start if n > 1 else 0
        for k, n in enumerate(shape)
    ]
    grid = np.indices(shape)
    if np.array_equal(places, start + sum(g * s for g, s in zip(grid, steps, strict=True))):
        return "", flat(shape, axes, steps, start)
    numbers = ", ".join(str(int(p)) for p in places.flat)
    return (
        f"static const int {table}[{places.size}] = {{{numbers}}};\n",
        f"{table}[{flat(shape, axes)}]",
    )


def moved(
    text: str,
    shape: Shape,
    sources: np.ndarray,
    targets: np.ndarray | None = None,
    to: str = "{0} = {1}",
) -> str:
    """The entries at `sources`, in a loop over their shape, put at `targets`, of the result, or in
    order.
    """
    before, after = sources.shape, sources.shape
    if targets is None:
        targets = np.arange(sources.size).reshape(before)
    # Neighbouring axes that both run through without a gap are one.
    if np.array_equal(targets.ravel(), np.arange(targets.size)) and np.array_equal(
        sources.ravel(), np.arange(targets.size)
    ):
        sources, targets = (
            sources.ravel() if before else sources,
            targets.ravel() if before else targets,
        )
        after = sources.shape
    first, source = place_text(sources, AXES, "from_OUT")
    second, target = place_text(targets, AXES, "to_OUT")
    return (
        first + second + loops(after, to.format(f"OUT[{target}]", entry(text, shape, source)) + ";")
    )


def moving(move: Callable[..., np.ndarray]) -> Spell:
    """A row that only moves entries: it moves their places likewise."""

    def spelled(call: Call) -> str:
        (shape,) = call.shapes
        sources = np.asarray(
            move(np.arange(math.prod(shape)).reshape(shape), **call.params)
        ).astype(int)
        if sources.ndim == 0:
            return f"OUT = {entry(call.operands[0], shape, str(int(sources)))};"
        return moved(call.operands[0], shape, sources)

    return spelled


def joined(join: Callable[..., np.ndarray]) -> Spell:
    """A row that puts its operands together: one loop each."""

    def spelled(call: Call) -> str:
        sizes = [math.prod(s) for s in call.shapes]
        starts = np.cumsum([0, *sizes])
        own = [np.arange(n).reshape(s) for n, s in zip(sizes, call.shapes, strict=True)]
        together = join(*(p + s for p, s in zip(own, starts, strict=False)), **call.params).ravel()
        where = np.argsort(together)
        lines = []
        for text, shape, places, start in zip(
            call.operands, call.shapes, own, starts, strict=False
        ):
            lines.append(moved(text, shape, places, where[places + start]))
        return "\n".join(lines)

    return spelled


def filled(size: int, value: str = "0.0") -> str:
    return f"for (int i = 0; i < {size}; i++) OUT[i] = {value};"


def embedded(
    embed: Callable[..., np.ndarray], fill: Callable[[Call], str] = lambda call: "0.0"
) -> Spell:
    """A row that puts its operand's entries among others that are all one number."""

    def spelled(call: Call) -> str:
        (shape,) = call.shapes
        size = math.prod(shape)
        # Entries are numbered from 1: what is 0 is filled.
        after = embed(np.arange(1, size + 1).reshape(shape), **call.params).ravel()
        targets = np.argsort(np.where(after == 0, size + 1, after), kind="stable")[:size].reshape(
            shape
        )
        return f"{filled(after.size, fill(call))}\n" + moved(
            call.operands[0], shape, np.arange(size).reshape(shape), targets
        )

    return spelled


def contraction(
    subscripts: str, texts: Sequence[str], shapes: Sequence[Shape], out: str = "OUT"
) -> str:
    """An einsum as loops over the result's letters, and within them over the others."""
    terms, result = subscripts.split("->")
    sizes: dict[str, int] = {}
    factors = []
    for term, text, shape in zip(terms.split(","), texts, shapes, strict=True):
        # A letter that has length 1 here and more elsewhere is broadcast.
        steps = dict.fromkeys(term, 0)
        for letter, n, step in zip(term, shape, strides(shape), strict=True):
            sizes[letter] = max(n, sizes.get(letter, 1))
            steps[letter] += step if n > 1 else 0
        factors.append((text, shape, steps))
    products = " * ".join(
        entry(text, shape, flat((2,) * len(steps), steps, tuple(steps.values())))
        for text, shape, steps in factors
    )
    outer = tuple(sizes[c] for c in result)
    inner = "".join(c for c in sizes if c not in result)
    target = entry(out, outer, flat(outer, result))
    if not inner:
        return loops(outer, f"{target} = {products};", result)
    lines = [
        f"{target} = 0.0;",
        loops(tuple(sizes[c] for c in inner), f"{target} += {products};", inner),
    ]
    return loops(outer, f"{{ {' '.join(lines)} }}", result) if outer else "\n".join(lines)


def einsum(subscripts: Callable[[Call], str]) -> Spell:
    return lambda call: contraction(subscripts(call), call.operands, call.shapes)


def reduced(start: str, step: str, end: str = "") -> Spell:
    """A reduction along an axis or all, as of `over`."""

    def spelled(call: Call) -> str:
        (shape,) = call.shapes
        axis = call.params.get("axis")
        kept = bool(call.params.get("keepdims"))
        return over(
            call.operands[0], shape, None if axis is None else (axis,), kept, start, step, end
        )

    return spelled


def over(
    text: str,
    shape: Shape,
    axes: tuple[int, ...] | None,
    kept: bool,
    start: str,
    step: str,
    end: str,
) -> str:
    """`start`, `step` and `end` are templates of the accumulator {s}, the entry {x}, and the count
    {n}.
    """
    chosen = set(range(len(shape))) if axes is None else {a % len(shape) for a in axes}
    outer = tuple(n for k, n in enumerate(shape) if k not in chosen)
    inner = tuple(n for k, n in enumerate(shape) if k in chosen)
    if not outer:
        inner = (math.prod(shape),) if shape else ()
        place, first = flat(inner, AXES[4:]), "0"
        around, within = "", AXES[4:]
    else:
        around, within = AXES[: len(outer)], AXES[4:]
        names, rest = iter(around), iter(within)
        letters = [next(rest) if k in chosen else next(names) for k in range(len(shape))]
        place = flat(shape, letters)
        first = flat(
            tuple(1 if k in chosen else n for k, n in enumerate(shape)), letters, strides(shape)
        )
    # The result has axes, if only of length 1, where they are kept.
    is_array = bool(outer) or (kept and bool(shape))
    s = entry("OUT", (1,), flat(outer, around)) if is_array else "OUT"
    x, count = entry(text, shape, place), math.prod(inner)
    values = {"s": s, "x": x, "n": count}
    lines = [
        f"{s} = {start.format(x=entry(text, shape, first))};",
        loops(inner, step.format(**values) + ";", within),
    ]
    lines += [f"{end.format(**values)};"] * bool(end)
    return loops(outer, f"{{ {' '.join(lines)} }}", around) if outer else "\n".join(lines)


def scanned(step: str) -> Spell:
    """A scan along an axis: each entry meets the result before it."""

    def spelled(call: Call) -> str:
        (shape,) = call.shapes
        axis = call.params["axis"] % len(shape)
        names = list(AXES[: len(shape)])
        back = strides(shape)[axis]
        at = flat(shape, names)
        x, s = f"{call.operands[0]}[{at}]", f"OUT[{at}]"
        if shape[axis] == 1:
            return loops(shape, f"{s} = {x};", names)
        met = step.format(s=f"OUT[{at} - {back}]", x=x)
        return loops(shape, f"{s} = {names[axis]} == 0 ? {x} : {met};", names)

    return spelled
