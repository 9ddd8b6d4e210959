"""Operand strategies for Fourier transforms: axes, lengths, scales, windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ad_conformance.generators.catalogue.operands import POSITIVE
from ad_conformance.generators.strategies.builder import Abandon, Builder
from ad_conformance.generators.strategies.operands.basic import (
    DrawnOperands,
    OperandStrategy,
    fit,
    shaped,
    with_axes,
)
from ad_conformance.generators.strategies.operands.linear.moves import cube
from ad_conformance.generators.strategies.operands.linear.products import (
    of_shape,
    one_varies,
    several_axes,
)

SCALES = ("backward", "ortho", "forward")


def transformed(count: int, *more: str) -> OperandStrategy:
    """The real numbers, or both parts of complex ones; one axis one time in two, else several. The
    lengths may differ from those of the operand.
    """

    def strategy(b: Builder) -> DrawnOperands:
        if b.flag():
            value_id = shaped(b, (b.integer(1, 6),)) if b.flag() else with_axes(b, 1, True)
        else:
            value_id = cube(b)
        shape = b.values[value_id].shape
        axes = several_axes(b, value_id)
        if len(shape) > 1 and b.flag():
            axes = (-2, -1)
        lengths = []
        for axis in axes:
            n = shape[axis]
            # Results of irfft and hfft are twice as long.
            own = 2 * n - b.choose([2, 1]) if count == 2 and not more else n
            lengths.append(max(own, 1) if not b.flag(3) else b.choose([n + 1, max(n - 1, 1), 4]))
        operands = [value_id]
        if count == 2:
            operands.append(of_shape(b, shape))
        params = {"lengths": tuple(lengths), "axes": axes, "norm": b.choose(SCALES)}
        if "part" in more:
            params["part"] = b.choose(["real", "imag"])
        if "inverse" in more:
            params["inverse"] = b.flag()
        return operands, params

    return strategy


def shifted_axes(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    return [value_id], {"axes": several_axes(b, value_id), "inverse": b.flag()}


def cosine_axes(b: Builder) -> DrawnOperands:
    value_id = with_axes(b, 1, nonempty=True)
    return [value_id], {
        "axes": several_axes(b, value_id),
        "norm": b.choose(["backward", "ortho"]),
        "inverse": b.flag(),
    }


def stft(b: Builder) -> DrawnOperands:
    n = b.choose([4, 3, 2])
    total = b.choose([6, 8, 5, 7])
    hop, centered = b.choose([2, 1, 3]), b.flag()
    bins = n // 2 + 1 if (onesided := not b.flag(3)) else n
    frames = (total + 2 * (n // 2 if centered else 0) - n) // hop + 1
    if bins * frames > 24 or n * frames > 48:
        raise Abandon
    operands = [of_shape(b, (total,)), of_shape(b, (n,))]
    return one_varies(b, operands), {
        "hop": hop,
        "centered": centered,
        "normalized": b.flag(3),
        "onesided": onesided,
        "part": b.choose(["real", "imag"]),
    }


def istft(b: Builder) -> DrawnOperands:
    """A positive window, so that no entry of the signal is divided by zero."""
    n, hop, count = b.choose([4, 3, 2]), b.choose([1, 2]), b.choose([2, 3, 1])
    centered = b.flag() and n + hop * (count - 1) > 2 * (n // 2)
    shape = (n // 2 + 1, count)
    window = fit(b, of_shape(b, (n,)), POSITIVE)
    operands = [of_shape(b, shape), of_shape(b, shape), window]
    return one_varies(b, operands), {"hop": hop, "centered": centered}


STRATEGIES: Mapping[str, OperandStrategy] = {
    "shifted_axes": shifted_axes,
    "cosine_axes": cosine_axes,
    "stft": stft,
    "istft": istft,
}
FACTORIES: Mapping[str, Callable[..., OperandStrategy]] = {"transformed": transformed}
