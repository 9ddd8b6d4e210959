"""Primitives of JAX on complex numbers, which are followed as pairs of real arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.engines.importing.jax_rules.reductions import product
from ad_conformance.engines.importing.jax_rules.values import Pair, Reader, Value, is_known, paired

Rule = Callable[..., Value]


def _is_zero(x: Value) -> bool:
    return is_known(x) and not np.any(x)


def _add(to: Reader, x: Value, y: Value) -> Value:
    if is_known(x) and is_known(y):
        return np.add(x, y)
    if _is_zero(x):
        return y
    return x if _is_zero(y) else to.recorder.add(to.get(x), to.get(y))


def _negative(to: Reader, x: Value) -> Value:
    return np.negative(x) if is_known(x) else to.recorder.negative(to.get(x))


def _subtract(to: Reader, x: Value, y: Value) -> Value:
    if _is_zero(y):
        return x
    if _is_zero(x):
        return _negative(to, y)
    return (
        np.subtract(x, y)
        if is_known(x) and is_known(y)
        else to.recorder.subtract(to.get(x), to.get(y))
    )


def _multiply(to: Reader, x: Value, y: Value) -> Value:
    if _is_zero(x) or _is_zero(y):
        return np.zeros(())
    if is_known(x) and is_known(y):
        return np.multiply(x, y)
    return to.recorder.multiply(to.get(x), to.get(y))


def times(to: Reader, x: Pair, y: Pair) -> Pair:
    """The product of two complex arrays."""
    return Pair(
        _subtract(to, _multiply(to, x.re, y.re), _multiply(to, x.im, y.im)),
        _add(to, _multiply(to, x.re, y.im), _multiply(to, x.im, y.re)),
    )


def add(to: Reader, eqn: Any, x: Pair, y: Pair) -> Value:
    return Pair(_add(to, x.re, y.re), _add(to, x.im, y.im))


def subtract(to: Reader, eqn: Any, x: Pair, y: Pair) -> Value:
    return Pair(_subtract(to, x.re, y.re), _subtract(to, x.im, y.im))


def multiply(to: Reader, eqn: Any, x: Pair, y: Pair) -> Value:
    return times(to, x, y)


def _inverse(to: Reader, x: Pair) -> Pair:
    square = to.recorder.complex_square_abs(*_parts(to, x))
    return Pair(
        to.recorder.divide(to.get(x.re), square),
        to.recorder.divide(to.get(_negative(to, x.im)), square),
    )


def _parts(to: Reader, x: Pair) -> tuple[Any, Any]:
    """Both parts, of one shape."""
    re, im = to.get(x.re), to.get(x.im)
    shape = np.broadcast_shapes(re.shape, im.shape)
    return to.full(re, shape), to.full(im, shape)


def divide(to: Reader, eqn: Any, x: Pair, y: Pair) -> Value:
    if _is_zero(y.im):
        real = to.get(y.re)
        return Pair(*(to.recorder.divide(to.get(part), real) for part in (x.re, x.im)))
    return times(to, x, _inverse(to, y))


def exponential(to: Reader, eqn: Any, x: Pair) -> Value:
    angle = to.get(x.im)
    re, im = to.recorder.cos(angle), to.recorder.sin(angle)
    if _is_zero(x.re):
        return Pair(re, im)
    size = to.recorder.exp(to.get(x.re))
    return Pair(_multiply(to, size, re), _multiply(to, size, im))


def logarithm(to: Reader, eqn: Any, x: Pair) -> Value:
    re, im = _parts(to, x)
    return Pair(to.recorder.complex_log(re, im), to.recorder.complex_angle(im, re))


def square_root(to: Reader, eqn: Any, x: Pair) -> Value:
    re, im = _parts(to, x)
    root = to.recorder.complex_sqrt(re, im)
    return Pair(root, to.recorder.divide(im, to.recorder.multiply(root, 2.0)))


def magnitude(to: Reader, eqn: Any, x: Pair) -> Value:
    return to.recorder.complex_abs(*_parts(to, x))


def power(to: Reader, eqn: Any, x: Pair) -> Value:
    exponent = 2 if eqn.primitive.name == "square" else int(eqn.params["y"])
    if not 1 <= abs(exponent) <= 8:
        raise to.refuse("a power of a complex number")
    found = x
    for _ in range(abs(exponent) - 1):
        found = times(to, found, x)
    return found if exponent > 0 else _inverse(to, found)


def dot_general(to: Reader, eqn: Any, x: Pair, y: Pair) -> Value:
    (over_x, over_y), (batch_x, batch_y) = eqn.params["dimension_numbers"]
    shapes = [v.aval.shape for v in eqn.invars]

    def one(a: Value, b: Value) -> Value:
        if _is_zero(a) or _is_zero(b):
            return np.zeros(eqn.outvars[0].aval.shape)
        left, right = to.full(a, shapes[0]), to.full(b, shapes[1])
        return product(to, left, right, over_x, over_y, batch_x, batch_y)

    return Pair(
        _subtract(to, one(x.re, y.re), one(x.im, y.im)),
        _add(to, one(x.re, y.im), one(x.im, y.re)),
    )


def fourier(to: Reader, eqn: Any, x: Value) -> Value:
    """The Fourier transforms of JAX, which go along the last axes."""
    shape = eqn.invars[0].aval.shape
    lengths = tuple(int(n) for n in eqn.params["fft_lengths"])
    kind = int(eqn.params["fft_type"])
    axes = tuple(range(-len(lengths), 0))
    given = {"lengths": lengths, "axes": axes, "norm": "backward"}
    if kind == 2:
        real = to.full(x, shape)
        return Pair(*(to.recorder.rfft(real, part=part, **given) for part in ("real", "imag")))
    pair = paired(x)
    parts = [to.full(part, shape) for part in (pair.re, pair.im)]
    if kind == 3:
        return to.recorder.irfft(*parts, **given)
    return Pair(
        *(
            to.recorder.fft(*parts, part=part, inverse=kind == 1, **given)
            for part in ("real", "imag")
        )
    )


def equal(to: Reader, eqn: Any, x: Pair, y: Pair) -> Value:
    """eq, ne: of both parts."""
    same = to.recorder.equal if eqn.primitive.name == "eq" else to.recorder.not_equal
    both = to.recorder.logical_and if eqn.primitive.name == "eq" else to.recorder.logical_or
    return both(same(to.get(x.re), to.get(y.re)), same(to.get(x.im), to.get(y.im)))


def make(to: Reader, eqn: Any, re: Value, im: Value) -> Value:
    return Pair(re, im)


COMPLEX: dict[str, Rule] = {
    "abs": magnitude,
    "add": add,
    "add_any": add,
    "conj": lambda to, eqn, x: Pair(x.re, _negative(to, x.im)),
    "div": divide,
    "dot_general": dot_general,
    "eq": equal,
    "exp": exponential,
    "imag": lambda to, eqn, x: x.im,
    "integer_pow": power,
    "log": logarithm,
    "mul": multiply,
    "ne": equal,
    "neg": lambda to, eqn, x: Pair(_negative(to, x.re), _negative(to, x.im)),
    "real": lambda to, eqn, x: x.re,
    "sqrt": square_root,
    "square": power,
    "sub": subtract,
}

#: Primitives that make complex numbers of real ones, or take both.
MADE: dict[str, Rule] = {"complex": make, "fft": fourier}
