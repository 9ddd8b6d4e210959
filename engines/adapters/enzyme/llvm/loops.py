"""C++ text of loops over the entries of arrays; the templates use it.

A value without axes is a `double`; any other value is an array of its entries in row-major order. A
template gives the statements that fill the result, which they call `OUT`. If they are one
assignment to a number, the assignment is its declaration too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from ad_conformance.generators.catalogue.operation import Call

Shape = tuple[int, ...]
Writer = Callable[[Call], str]
AXES = "ijklmnopq"


def strides(shape: Shape) -> tuple[int, ...]:
    """The distance in memory, in entries, between neighbours along each axis."""
    return tuple(math.prod(shape[k + 1 :]) for k in range(len(shape)))


def flat(
    shape: Shape, axes: Iterable[str], steps: Sequence[int] | None = None, start: int = 0
) -> str:
    """The offset of an entry: `start` plus index times step of each axis longer than 1."""
    terms = []
    for name, n, step in zip(axes, shape, strides(shape) if steps is None else steps, strict=False):
        if n != 1 and step:
            terms.append(name if step == 1 else f"{step} * {name}")
    text = " + ".join(([str(start)] if start or not terms else []) + terms)
    return text.replace("+ -", "- ")


def entry(name: str, shape: Shape, offset: str) -> str:
    """The entry of an array at an offset, or the number itself."""
    return f"{name}[{offset}]" if shape else name


def loops(shape: Shape, body: str, axes: Iterable[str] = AXES) -> str:
    """Loops that run the statement `body` for every index; axes of length 1 need no loop."""
    text = body
    for name, n in reversed(list(zip(axes, shape, strict=False))):
        if n != 1:
            text = f"for (int {name} = 0; {name} < {n}; {name}++) {text}"
    return text


def elementwise(expression: str) -> Writer:
    """An operation on entries: `expression` takes entries of the broadcast operands, and
    parameters.
    """

    def write_call(call: Call) -> str:
        shape = np.broadcast_shapes(*call.shapes)
        if all(math.prod(s) == 1 or s == shape for s in call.shapes):
            # Operands of one shape need one loop only, over all entries.
            shape = (math.prod(shape),) if shape else shape
        texts = []
        for text, own in zip(call.operands, call.shapes, strict=True):
            if math.prod(own) == math.prod(shape):
                offset = flat(shape, AXES)
            else:
                padded = (1,) * (len(shape) - len(own)) + own
                offset = flat(padded, AXES, strides(padded)) if math.prod(own) > 1 else "0"
            texts.append(entry(text, own, offset))
        out = entry("OUT", np.broadcast_shapes(*call.shapes), flat(shape, AXES))
        return loops(shape, f"{out} = {expression.format(*texts, **call.params)};")

    return write_call


def offset_text(offsets: np.ndarray, axes: str, table: str) -> tuple[str, str]:
    """The offsets of entries, one for each index, as an expression of the index.

    The first result is the declaration of a table of offsets, empty if they are linear in the
    index.
    """
    shape = offsets.shape
    if not shape:
        return "", str(int(offsets))
    start = int(offsets.flat[0])
    steps = [
        int(np.moveaxis(offsets, k, 0)[1].flat[0]) - start if n > 1 else 0
        for k, n in enumerate(shape)
    ]
    grid = np.indices(shape)
    if np.array_equal(offsets, start + sum(g * s for g, s in zip(grid, steps, strict=True))):
        return "", flat(shape, axes, steps, start)
    numbers = ", ".join(str(int(p)) for p in offsets.flat)
    return (
        f"static const int {table}[{offsets.size}] = {{{numbers}}};\n",
        f"{table}[{flat(shape, axes)}]",
    )


def moved(
    text: str,
    shape: Shape,
    sources: np.ndarray,
    targets: np.ndarray | None = None,
    to: str = "{0} = {1}",
) -> str:
    """The entries at the offsets `sources`, put at the offsets `targets` of the result.

    By default the targets are the first entries of the result in order. `to` is the template of
    the assignment of `{1}` to `{0}`.
    """
    before, after = sources.shape, sources.shape
    if targets is None:
        targets = np.arange(sources.size).reshape(before)
    # Axes that both sides run through without a gap need one loop only.
    if np.array_equal(targets.ravel(), np.arange(targets.size)) and np.array_equal(
        sources.ravel(), np.arange(targets.size)
    ):
        sources, targets = (
            sources.ravel() if before else sources,
            targets.ravel() if before else targets,
        )
        after = sources.shape
    first, source = offset_text(sources, AXES, "from_OUT")
    second, target = offset_text(targets, AXES, "to_OUT")
    return (
        first + second + loops(after, to.format(f"OUT[{target}]", entry(text, shape, source)) + ";")
    )


def moving(move: Callable[..., np.ndarray]) -> Writer:
    """An operation that only moves entries: `move`, applied to offsets, gives the sources."""

    def write_call(call: Call) -> str:
        (shape,) = call.shapes
        sources = np.asarray(
            move(np.arange(math.prod(shape)).reshape(shape), **call.params)
        ).astype(int)
        if sources.ndim == 0:
            return f"OUT = {entry(call.operands[0], shape, str(int(sources)))};"
        return moved(call.operands[0], shape, sources)

    return write_call


def joined(join: Callable[..., np.ndarray]) -> Writer:
    """An operation that joins its operands, with a loop for each of them."""

    def write_call(call: Call) -> str:
        sizes = [math.prod(s) for s in call.shapes]
        starts = np.cumsum([0, *sizes])
        own = [np.arange(n).reshape(s) for n, s in zip(sizes, call.shapes, strict=True)]
        together = join(*(p + s for p, s in zip(own, starts, strict=False)), **call.params).ravel()
        where = np.argsort(together)
        lines = []
        for text, shape, offsets, start in zip(
            call.operands, call.shapes, own, starts, strict=False
        ):
            lines.append(moved(text, shape, offsets, where[offsets + start]))
        return "\n".join(lines)

    return write_call


def filled(size: int, value: str = "0.0") -> str:
    """A loop that gives every entry of the result one value."""
    return f"for (int i = 0; i < {size}; i++) OUT[i] = {value};"


def embedded(
    embed: Callable[..., np.ndarray], fill: Callable[[Call], str] = lambda call: "0.0"
) -> Writer:
    """An operation that puts its operand's entries among others that all have the value `fill`."""

    def write_call(call: Call) -> str:
        (shape,) = call.shapes
        size = math.prod(shape)
        # Entries are numbered from 1, so that 0 marks the others.
        after = embed(np.arange(1, size + 1).reshape(shape), **call.params).ravel()
        targets = np.argsort(np.where(after == 0, size + 1, after), kind="stable")[:size].reshape(
            shape
        )
        return f"{filled(after.size, fill(call))}\n" + moved(
            call.operands[0], shape, np.arange(size).reshape(shape), targets
        )

    return write_call


def contraction(
    subscripts: str, texts: Sequence[str], shapes: Sequence[Shape], out: str = "OUT"
) -> str:
    """An einsum: loops over the letters of the result, and inside them over the other letters."""
    terms, result = subscripts.split("->")
    sizes: dict[str, int] = {}
    factors = []
    for term, text, shape in zip(terms.split(","), texts, shapes, strict=True):
        # A letter with length 1 in one term and more in another is broadcast.
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


def einsum(subscripts: Callable[[Call], str]) -> Writer:
    """An einsum with subscripts that depend on the call."""
    return lambda call: contraction(subscripts(call), call.operands, call.shapes)


def reduced(start: str, step: str, end: str = "") -> Writer:
    """A reduction along an axis or all axes, with the templates of `over`."""

    def write_call(call: Call) -> str:
        (shape,) = call.shapes
        axis = call.params.get("axis")
        kept = bool(call.params.get("keepdims"))
        return over(
            call.operands[0], shape, None if axis is None else (axis,), kept, start, step, end
        )

    return write_call


def over(
    text: str,
    shape: Shape,
    axes: tuple[int, ...] | None,
    kept: bool,
    start: str,
    step: str,
    end: str,
) -> str:
    """A reduction over `axes`, or over all axes for None.

    The templates `start`, the first value, and `step` and `end`, statements, have the accumulator
    `{s}`, the entry `{x}` and the number of entries `{n}`. `kept` says that reduced axes are kept
    with length 1.
    """
    chosen = set(range(len(shape))) if axes is None else {a % len(shape) for a in axes}
    outer = tuple(n for k, n in enumerate(shape) if k not in chosen)
    inner = tuple(n for k, n in enumerate(shape) if k in chosen)
    if not outer:
        inner = (math.prod(shape),) if shape else ()
        offset, first = flat(inner, AXES[4:]), "0"
        around, within = "", AXES[4:]
    else:
        around, within = AXES[: len(outer)], AXES[4:]
        names, rest = iter(around), iter(within)
        letters = [next(rest) if k in chosen else next(names) for k in range(len(shape))]
        offset = flat(shape, letters)
        first = flat(
            tuple(1 if k in chosen else n for k, n in enumerate(shape)), letters, strides(shape)
        )
    # With kept axes the result is an array, even if it has one entry.
    is_array = bool(outer) or (kept and bool(shape))
    s = entry("OUT", (1,), flat(outer, around)) if is_array else "OUT"
    x, count = entry(text, shape, offset), math.prod(inner)
    values = {"s": s, "x": x, "n": count}
    lines = [
        f"{s} = {start.format(x=entry(text, shape, first))};",
        loops(inner, step.format(**values) + ";", within),
    ]
    lines += [f"{end.format(**values)};"] * bool(end)
    return loops(outer, f"{{ {' '.join(lines)} }}", around) if outer else "\n".join(lines)


def scanned(step: str) -> Writer:
    """A scan along an axis: `step` combines the result `{s}` so far and the next entry `{x}`."""

    def write_call(call: Call) -> str:
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

    return write_call
