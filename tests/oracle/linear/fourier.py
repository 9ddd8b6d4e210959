"""Fourier transforms by sums, with cosines and sines that are rounded to float64 by definition."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle.arrays import total
from tests.oracle.numbers import Array, exact, mp, number


def _turn(k: int, n: int) -> Any:
    """exp(2 pi i k / n), exact at quarter turns."""
    k %= n
    if 4 * k % n == 0:
        return mp.mpc(0, 1) ** (4 * k // n)
    return mp.mpc(number(np.cos(2 * np.pi * k / n)), number(np.sin(2 * np.pi * k / n)))


def _joined(a: Array, b: Array) -> Array:
    return np.asarray(np.frompyfunc(mp.mpc, 2, 1)(a, b), dtype=object)


def _lines(x: Array, axis: int, function: Callable[[list[Any]], list[Any]]) -> Array:
    rows = np.moveaxis(x, axis, -1)
    out = None
    for index in np.ndindex(rows.shape[:-1]):
        line = function(list(rows[index]))
        if out is None:
            out = np.empty((*rows.shape[:-1], len(line)), dtype=object)
        for k, entry in enumerate(line):
            out[(*index, k)] = entry
    assert out is not None
    return np.moveaxis(out, -1, axis)


def _all(line: Sequence[Any], n: int, sign: int) -> list[Any]:
    return [
        sum(
            (
                z * (_turn(j * k, n) if sign > 0 else mp.conj(_turn(j * k, n)))
                for k, z in enumerate(line[:n])
            ),
            mp.mpc(0),
        )
        for j in range(n)
    ]


def _real_line(line: Sequence[Any], n: int, sign: int) -> list[Any]:
    """The n real numbers whose transform has the first half `line`: each term, together with its
    conjugate from the other half, is twice its real part.
    """
    out = []
    for j in range(n):
        sums = [mp.re(line[0])]
        for k in range(1, min(len(line), n // 2 + 1)):
            turn = _turn(j * k, n)
            term = mp.re(line[k] * (turn if sign > 0 else mp.conj(turn)))
            sums.append(term if 2 * k == n else 2 * term)
        out.append(total(sums))
    return out


def _scaled(z: Array, lengths: Sequence[int], norm: str, inverse: bool) -> Array:
    n = math.prod(lengths)
    if norm == "ortho":
        return np.asarray(z * number(1.0 / math.sqrt(n)))
    return np.asarray(z * number(1.0 / n)) if (norm == "backward") == inverse else z


def _of(z: Array, part: str) -> Array:
    return exact(np.frompyfunc(mp.re if part == "real" else mp.im, 1, 1)(z))


def fft(
    a: Array,
    b: Array,
    *,
    lengths: Sequence[int],
    axes: Sequence[int],
    norm: str,
    inverse: bool,
    part: str,
) -> Array:
    z, sign = _joined(a, b), 1 if inverse else -1
    for axis, n in zip(axes, lengths, strict=True):
        z = _lines(z, axis, lambda line, n=n: _all(line, n, sign))  # type: ignore[misc]
    return _of(_scaled(z, lengths, norm, inverse), part)


def _real(sign: int) -> Callable[..., Array]:
    def apply(
        x: Array, *, lengths: Sequence[int], axes: Sequence[int], norm: str, part: str
    ) -> Array:
        z, n = x, lengths[-1]
        z = _lines(z, axes[-1], lambda line: _all(line, n, sign)[: n // 2 + 1])
        for axis, k in zip(axes[:-1], lengths, strict=False):
            z = _lines(z, axis, lambda line, k=k: _all(line, k, sign))  # type: ignore[misc]
        return _of(_scaled(z, lengths, norm, sign > 0), part)

    return apply


def _to_real(sign: int) -> Callable[..., Array]:
    def apply(
        a: Array, b: Array, *, lengths: Sequence[int], axes: Sequence[int], norm: str
    ) -> Array:
        z, n = _joined(a, b), lengths[-1]
        for axis, k in zip(axes[:-1], lengths, strict=False):
            z = _lines(z, axis, lambda line, k=k: _all(line, k, sign))  # type: ignore[misc]
        found = _lines(z, axes[-1], lambda line: _real_line(line, n, sign))
        return _scaled(found, lengths, norm, sign > 0)

    return apply


def stft(
    x: Array, w: Array, *, hop: int, centered: bool, normalized: bool, onesided: bool, part: str
) -> Array:
    n = len(w)
    signal = np.pad(x, n // 2, mode="reflect") if centered else x
    columns = []
    for start in range(0, len(signal) - n + 1, hop):
        spectrum = _all(list(signal[start : start + n] * w), n, -1)
        columns.append(spectrum[: n // 2 + 1] if onesided else spectrum)
    found = _of(np.array(columns, dtype=object).T, part)
    return np.asarray(found / number(math.sqrt(n))) if normalized else found


def istft(a: Array, b: Array, w: Array, *, hop: int, centered: bool) -> Array:
    z, n = _joined(a, b), len(w)
    length = n + hop * (z.shape[1] - 1)
    sums, sizes = ([mp.mpf(0)] * length for _ in range(2))
    for j in range(z.shape[1]):
        frame = [v / n for v in _real_line(list(z[:, j]), n, 1)]
        for i in range(n):
            sums[i + hop * j] += frame[i] * w[i]
            sizes[i + hop * j] += w[i] ** 2
    found = [s / t for s, t in zip(sums, sizes, strict=True)]
    return exact(found[n // 2 : length - n // 2] if centered else found)


def dct(x: Array, *, axes: Sequence[int], norm: str, inverse: bool) -> Array:
    """The sums 2 x_j cos(pi k (2 j + 1) / (2 n)), or their inverse."""

    def factor(k: int, n: int) -> Any:
        square = 1 / (4 * n) if k == 0 else 1 / (2 * n)
        return number(np.sqrt(square) if norm == "ortho" else square)

    def line(entries: list[Any]) -> list[Any]:
        n = len(entries)

        def cosine(k: int, j: int) -> Any:
            return 2 * _turn(k * (2 * j + 1), 4 * n).real

        if not inverse:
            sums = [total([entries[j] * cosine(k, j) for j in range(n)]) for k in range(n)]
            return [s * factor(k, n) if norm == "ortho" else s for k, s in enumerate(sums)]
        own = [factor(k, n) for k in range(n)]
        return [total([entries[k] * own[k] * cosine(k, j) for k in range(n)]) for j in range(n)]

    for axis in axes:
        x = _lines(x, axis, line)
    return x


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "fft": fft,
    "rfft": _real(-1),
    "ihfft": _real(1),
    "irfft": _to_real(1),
    "hfft": _to_real(-1),
    "fftshift": lambda x, *, axes, inverse: (
        np.fft.ifftshift(x, axes) if inverse else np.fft.fftshift(x, axes)
    ),
    "stft": stft,
    "istft": istft,
    "dct": dct,
}
