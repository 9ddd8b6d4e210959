"""Fourier transforms along any axes, with lengths and scales; windowed and cosine transforms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.extra.indexing import moved
from ad_conformance.generators.catalogue.extra.linear.products import normalized
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import MAX_TIMES, Operation
from ad_conformance.generators.catalogue.row_forms import derived

Ints = tuple[int, ...]
Pair = tuple[Any, Any]


def _turn(part: Any, index: np.ndarray, n: int) -> np.ndarray:
    """The cosine or sine of 2 pi index / n, exact at multiples of a quarter turn."""
    turn = index % n
    values = part(2 * np.pi * turn / n)
    return np.asarray(np.where(4 * turn % n == 0, np.round(values), values))


def _matrices(n: int, length: int, rows: int, sign: int) -> tuple[np.ndarray, np.ndarray]:
    """The matrix of exp(sign 2 pi i j k / n), for j < rows and k < length: real and imaginary part.
    Columns from n on are zero.
    """
    index = np.outer(np.arange(rows), np.arange(length))
    there = (np.arange(length) < n).astype(float)
    return _turn(np.cos, index, n) * there, sign * _turn(np.sin, index, n) * there


def _apply(xp: Any, matrix: np.ndarray, x: Any, axis: int) -> Any:
    """The matrix applied to the vectors along `axis`."""
    ndim = len(x.shape)
    order = (*(k for k in range(ndim) if k != axis), axis)
    product = xp.tensordot(xp.permute_dims(x, axes=order), matrix.T.copy(), axes=1)
    return xp.permute_dims(product, axes=tuple(np.argsort(order).tolist()))


def _complex(xp: Any, z: Pair, n: int, axis: int, sign: int) -> Pair:
    """The transform of complex numbers along an axis that is cut or padded to `n`."""
    real, imag = _matrices(n, z[0].shape[axis], n, sign)
    a, b = z
    return (
        _apply(xp, real, a, axis) - _apply(xp, imag, b, axis),
        _apply(xp, imag, a, axis) + _apply(xp, real, b, axis),
    )


def _from_real(xp: Any, x: Any, n: int, axis: int, sign: int) -> Pair:
    """The first half of the transform of real numbers."""
    real, imag = _matrices(n, x.shape[axis], n // 2 + 1, sign)
    return _apply(xp, real, x, axis), _apply(xp, imag, x, axis)


def _to_real(xp: Any, z: Pair, n: int, axis: int, sign: int) -> Any:
    """The real transform of numbers that are conjugate to those of the missing second half."""
    length = z[0].shape[axis]
    index = np.arange(length)
    # The first frequency and the one in the middle of an even number have no second half.
    weight = np.where((index == 0) | (2 * index == n), 1.0, 2.0) * (index <= n // 2)
    turns = np.outer(np.arange(n), index)
    real, imag = _turn(np.cos, turns, n) * weight, sign * _turn(np.sin, turns, n) * weight
    return _apply(xp, real, z[0], axis) - _apply(xp, imag, z[1], axis)


def _scale(lengths: Ints, norm: str, inverse: bool) -> float:
    """The factor of a transform of these lengths."""
    n = math.prod(lengths)
    if norm == "ortho":
        return 1.0 / math.sqrt(n)
    if norm not in ("backward", "forward"):
        raise ValueError(f"norm={norm!r}: use backward, ortho or forward")
    return 1.0 / n if (norm == "backward") == inverse else 1.0


def _checked(x: Any, axes: Ints, lengths: Ints) -> Ints:
    """The axes counted from 0."""
    if len(axes) != len(lengths) or not axes or not all(0 < n <= MAX_TIMES for n in lengths):
        raise ValueError(f"lengths {lengths} of axes {axes}")
    return normalized(axes, len(x.shape))


def _part(z: Pair, part: str) -> Any:
    if part not in ("real", "imag"):
        raise ValueError(f"part={part!r}: use real or imag")
    return z[0 if part == "real" else 1]


def _both(a: Any, b: Any) -> Pair:
    if a.shape != b.shape:
        raise ValueError(f"two operands of one shape are needed, not {a.shape} and {b.shape}")
    return a, b


def fft(
    xp: Any, a: Any, b: Any, *, lengths: Ints, axes: Ints, norm: str, inverse: bool, part: str
) -> Any:
    """A part of the Fourier transform of a + ib along axes that are cut or padded to `lengths`."""
    z = _both(a, b)
    for axis, n in zip(_checked(a, axes, lengths), lengths, strict=True):
        z = _complex(xp, z, n, axis, 1 if inverse else -1)
    return _part(z, part) * _scale(lengths, norm, inverse)


def _half(xp: Any, x: Any, lengths: Ints, axes: Ints, sign: int) -> Pair:
    own = _checked(x, axes, lengths)
    z = _from_real(xp, x, lengths[-1], own[-1], sign)
    for axis, n in zip(own[:-1], lengths, strict=False):
        z = _complex(xp, z, n, axis, sign)
    return z


def _whole(xp: Any, z: Pair, lengths: Ints, axes: Ints, sign: int) -> Any:
    own = _checked(z[0], axes, lengths)
    for axis, n in zip(own[:-1], lengths, strict=False):
        z = _complex(xp, z, n, axis, sign)
    return _to_real(xp, z, lengths[-1], own[-1], sign)


def rfft(xp: Any, x: Any, *, lengths: Ints, axes: Ints, norm: str, part: str) -> Any:
    """A part of the transform of real numbers, of which the last of `axes` has the first half."""
    return _part(_half(xp, x, lengths, axes, -1), part) * _scale(lengths, norm, False)


def ihfft(xp: Any, x: Any, *, lengths: Ints, axes: Ints, norm: str, part: str) -> Any:
    """As rfft, of the inverse transform."""
    return _part(_half(xp, x, lengths, axes, 1), part) * _scale(lengths, norm, True)


def irfft(xp: Any, a: Any, b: Any, *, lengths: Ints, axes: Ints, norm: str) -> Any:
    """The inverse of rfft for a + ib; the last of `lengths` is that of the result."""
    return _whole(xp, _both(a, b), lengths, axes, 1) * _scale(lengths, norm, True)


def hfft(xp: Any, a: Any, b: Any, *, lengths: Ints, axes: Ints, norm: str) -> Any:
    """The inverse of ihfft for a + ib; the last of `lengths` is that of the result."""
    return _whole(xp, _both(a, b), lengths, axes, -1) * _scale(lengths, norm, False)


def fftshift(xp: Any, x: Any, *, axes: Ints, inverse: bool) -> Any:
    """As numpy.fft.fftshift, or ifftshift."""
    shift = np.fft.ifftshift if inverse else np.fft.fftshift
    return moved(xp, x, lambda numbers: shift(numbers, axes))


def stft(
    xp: Any,
    x: Any,
    w: Any,
    *,
    hop: int,
    centered: bool,
    normalized: bool,
    onesided: bool,
    part: str,
) -> Any:
    """A part of the transforms of windows of a signal, `hop` entries apart, as columns; each window
    is multiplied by w. If `centered`, the signal is reflected at both ends.
    """
    n, total = w.shape[0], x.shape[0]
    if hop < 1 or len(x.shape) != 1 or len(w.shape) != 1 or (centered and n // 2 >= total):
        raise ValueError(f"no windows of shapes {x.shape} and {w.shape}, {hop} apart")
    edge = n // 2 if centered else 0
    if total + 2 * edge < n:
        raise ValueError("the window is longer than the signal")

    def framed(numbers: np.ndarray) -> np.ndarray:
        padded = np.pad(numbers, edge, mode="reflect") if edge else numbers
        return np.lib.stride_tricks.sliding_window_view(padded, n)[::hop].T

    frames = moved(xp, x, framed) * xp.reshape(w, shape=(n, 1))
    if onesided:
        found = _part(_from_real(xp, frames, n, 0, -1), part)
    else:
        found = _part(_complex(xp, (frames, 0.0 * frames), n, 0, -1), part)
    return found / math.sqrt(n) if normalized else found


def istft(xp: Any, a: Any, b: Any, w: Any, *, hop: int, centered: bool) -> Any:
    """The signal of which a + ib would be the windowed transforms, by least squares."""
    n = w.shape[0]
    _both(a, b)
    if len(a.shape) != 2 or a.shape[0] != n // 2 + 1 or not 0 < hop <= n:
        raise ValueError(f"no transforms of shapes {a.shape} and {w.shape}")
    count = a.shape[1]
    frames = _to_real(xp, (a, b), n, 0, 1) / n * xp.reshape(w, shape=(n, 1))
    weights = xp.reshape(w * w, shape=(n, 1)) + np.zeros((1, count))
    length = n + hop * (count - 1)
    place = np.zeros((length, n * count))
    for i, j in np.ndindex(n, count):
        place[i + hop * j, i * count + j] = 1.0
    signal, size = (xp.matmul(place, xp.reshape(v, shape=(n * count,))) for v in (frames, weights))
    edge = n // 2 if centered else 0
    return (signal / size)[edge : length - edge]


def dct(xp: Any, x: Any, *, axes: Ints, norm: str, inverse: bool) -> Any:
    """The cosine transform of type 2, or its inverse, as scipy.fft.dctn."""
    if norm not in ("backward", "ortho"):
        raise ValueError(f"norm={norm!r}: use backward or ortho")
    for axis in normalized(axes, len(x.shape)):
        n = x.shape[axis]
        index = np.outer(np.arange(n), 2 * np.arange(n) + 1)
        matrix = 2 * _turn(np.cos, index, 4 * n)
        # The matrix and its transpose, both with the roots of these factors, are inverse.
        factors = np.where(np.arange(n) == 0, 1 / (4 * n), 1 / (2 * n))
        if norm == "ortho":
            factors = np.sqrt(factors)
        weights = factors.reshape([-1 if k == axis else 1 for k in range(len(x.shape))])
        if inverse:
            x = _apply(xp, matrix.T, x * weights, axis)
        else:
            x = _apply(xp, matrix, x, axis)
            x = x * weights if norm == "ortho" else x
    return x


_ALONG = {"lengths": "some ints", "axes": "some ints", "norm": "name"}
_LINEAR: dict[str, Any] = {"curvature": "linear", "mixes": True}

ROWS: Sequence[Operation] = (
    derived(
        fft,
        family("transformed", 2, "part", "inverse"),
        arity=2,
        params={**_ALONG, "inverse": "bool", "part": "name"},
        weight=2,
        **_LINEAR,
    ),
    derived(rfft, family("transformed", 1, "part"), params={**_ALONG, "part": "name"}, **_LINEAR),
    derived(ihfft, family("transformed", 1, "part"), params={**_ALONG, "part": "name"}, **_LINEAR),
    derived(irfft, family("transformed", 2), arity=2, params=_ALONG, weight=2, **_LINEAR),
    derived(hfft, family("transformed", 2), arity=2, params=_ALONG, **_LINEAR),
    derived(
        fftshift,
        family("shifted_axes"),
        params={"axes": "some ints", "inverse": "bool"},
        curvature="linear",
        exact=True,
    ),
    derived(
        stft,
        family("stft"),
        arity=2,
        params={
            "hop": "times",
            **dict.fromkeys(("centered", "normalized", "onesided"), "bool"),
            "part": "name",
        },
        curvature="multilinear",
        mixes=True,
    ),
    derived(
        istft, family("istft"), arity=3, params={"hop": "times", "centered": "bool"}, mixes=True
    ),
    derived(
        dct,
        family("cosine_axes"),
        params={"axes": "some ints", "norm": "name", "inverse": "bool"},
        **_LINEAR,
    ),
)
