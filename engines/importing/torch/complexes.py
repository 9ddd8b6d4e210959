"""Operators of complex numbers, which are pairs of real values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ad_conformance.engines.importing.recorder import CannotImport, Recorder
from ad_conformance.engines.importing.torch.rule import Rule, reduced, tensors
from ad_conformance.engines.importing.torch.tracking import Pair, Tracking

#: The scale of Fourier transforms by its number: none, the root of the length, the length.
SCALES = ("backward", "ortho", "forward")


def _pairs(rule: Callable[..., Any]) -> Rule:
    """A row by the recorder and its operands as pairs; other arguments stay."""

    def record(t: Tracking, _made: Any, *args: Any) -> Any:
        return rule(t.recorder, *(a if isinstance(a, bool | None) else t.pair(a) for a in args))

    return tensors(record)


def _each(name: str) -> Callable[..., Any]:
    """The operation on both parts."""

    def rule(r: Recorder, x: Pair, y: Pair, alpha: Pair | None = None) -> Pair:
        factor = 1 if alpha is None else float(alpha.real)
        y = y if factor == 1 else Pair(*(r.multiply(part, factor) for part in y))
        return Pair(*(getattr(r, name)(a, b) for a, b in zip(x, y, strict=True)))

    return rule


def _is_real(x: Pair) -> bool:
    return not hasattr(x.imag, "value_id") and not np.any(x.imag)


def times(r: Recorder, x: Pair, y: Pair) -> Pair:
    """The product of two complex numbers."""
    if _is_real(y):
        return Pair(r.multiply(x.real, y.real), r.multiply(x.imag, y.real))
    if _is_real(x):
        return times(r, y, x)
    real = r.subtract(r.multiply(x.real, y.real), r.multiply(x.imag, y.imag))
    return Pair(real, r.add(r.multiply(x.real, y.imag), r.multiply(x.imag, y.real)))


def _over(r: Recorder, x: Pair, y: Pair, rounding: Any = None) -> Pair:
    if _is_real(y):
        return Pair(r.divide(x.real, y.real), r.divide(x.imag, y.real))
    square = r.complex_square_abs(y.real, y.imag)
    product = times(r, x, Pair(y.real, r.negative(y.imag)))
    return Pair(r.divide(product.real, square), r.divide(product.imag, square))


def _exponential(r: Recorder, x: Pair) -> Pair:
    size = r.exp(x.real)
    return Pair(r.multiply(size, r.cos(x.imag)), r.multiply(size, r.sin(x.imag)))


def _direction(r: Recorder, x: Pair) -> Pair:
    return Pair(*(r.complex_sign(x.real, x.imag, part=part) for part in ("real", "imag")))


def _power(r: Recorder, x: Pair, exponent: Pair) -> Pair:
    if all(np.ndim(part) == 0 and not hasattr(part, "value_id") for part in exponent):
        number = complex(exponent.real, exponent.imag)
        if number == 2:
            return times(r, x, x)
    return Pair(*(r.complex_pow(*x, *exponent, part=part) for part in ("real", "imag")))


def _products(r: Recorder, x: Pair, y: Pair) -> Pair:
    def product(a: Any, b: Any) -> Any:
        return r.matmul(a, b)

    if _is_real(y):
        return Pair(product(x.real, y.real), product(x.imag, y.real))
    if _is_real(x):
        return Pair(product(x.real, y.real), product(x.real, y.imag))
    real = r.subtract(product(x.real, y.real), product(x.imag, y.imag))
    return Pair(real, r.add(product(x.real, y.imag), product(x.imag, y.real)))


def _reduced(name: str) -> Rule:
    def rule(
        t: Tracking, _made: Any, x: Any, dim: Any = None, keepdim: bool = False, *_options: Any
    ) -> Pair:
        parts = (t.entries.read(t.codes(x)[..., k]) for k in (0, 1))
        return Pair(*(reduced(t.recorder, name, part, dim, keepdim) for part in parts))

    return tensors(rule)


def _norm(t: Tracking, _made: Any, x: Any, order: float = 2, dim: Any = None, *rest: Any) -> Any:
    if order != 2:
        raise CannotImport(
            "a norm of complex numbers other than the Euclidean one", t.recorder.line
        )
    pair = t.pair(x)
    squares = t.recorder.complex_square_abs(*pair)
    keepdim = bool(rest and rest[0])
    return t.recorder.sqrt(reduced(t.recorder, "sum", squares, dim, keepdim))


def _transformed(t: Tracking, made: Any, x: Any, dim: Any, scale: int, forward: bool) -> Pair:
    """The Fourier transform of complex numbers."""
    pair = t.pair(x)
    lengths = tuple(x.shape[d] for d in dim)
    axes = tuple(d % x.ndim for d in dim)
    # Numbers of scales say what happens; names, what happens forwards.
    norm = SCALES[scale] if forward else SCALES[2 - scale]
    given = {"lengths": lengths, "axes": axes, "norm": norm, "inverse": not forward}
    parts = [t.recorder.fft(*pair, **given, part=part) for part in ("real", "imag")]
    return Pair(*parts)


def _transformed_real(t: Tracking, made: Any, x: Any, dim: Any, scale: int, onesided: bool) -> Pair:
    r, value = t.recorder, t.numbers(x)
    lengths, axes = tuple(x.shape[d] for d in dim), tuple(d % x.ndim for d in dim)
    given = {"lengths": lengths, "axes": axes, "norm": SCALES[scale]}
    if onesided:
        return Pair(*(r.rfft(value, **given, part=part) for part in ("real", "imag")))
    zero = np.zeros(tuple(x.shape))
    return Pair(*(r.fft(value, zero, **given, inverse=False, part=p) for p in ("real", "imag")))


def _transformed_back(t: Tracking, made: Any, x: Any, dim: Any, scale: int, last: int) -> Any:
    pair, axes = t.pair(x), tuple(d % x.ndim for d in dim)
    lengths = (*(x.shape[d] for d in dim[:-1]), last)
    return t.recorder.irfft(*pair, lengths=lengths, axes=axes, norm=SCALES[2 - scale])


COMPLEX: dict[str, Rule] = {
    "add": _pairs(_each("add")),
    "sub": _pairs(_each("subtract")),
    "mul": _pairs(times),
    "div": _pairs(_over),
    "reciprocal": _pairs(lambda r, x: _over(r, Pair(1.0, 0.0), x)),
    "neg": _pairs(lambda r, x: Pair(r.negative(x.real), r.negative(x.imag))),
    "exp": _pairs(_exponential),
    "pow": _pairs(_power),
    "abs": _pairs(lambda r, x: r.complex_abs(x.real, x.imag)),
    "sgn": _pairs(_direction),
    "angle": _pairs(lambda r, x: r.complex_angle(x.imag, x.real)),
    "complex": _pairs(lambda r, x, y: Pair(x.real, y.real)),
    "polar": _pairs(lambda r, x, y: Pair(*(r.multiply(x.real, f(y.real)) for f in (r.cos, r.sin)))),
    "_conj_physical": _pairs(lambda r, x: Pair(x.real, r.negative(x.imag))),
    "mm": _pairs(_products),
    "bmm": _pairs(_products),
    "mv": _pairs(_products),
    "dot": _pairs(_products),
    "sum": _reduced("sum"),
    "mean": _reduced("mean"),
    "linalg_vector_norm": tensors(_norm),
    "_fft_r2c": tensors(_transformed_real),
    "_fft_c2r": tensors(_transformed_back),
    "_fft_c2c": tensors(_transformed),
}
