"""Functions of complex numbers with real results: the definitions use real arithmetic, the
templates complex numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.operands import ANY, POSITIVE, Domain, family, one_of
from ad_conformance.generators.catalogue.operation import MAX_SIZE, Operation
from ad_conformance.generators.catalogue.row_forms import derived

Complex = tuple[Any, Any]
#: The complex number of the first two operands, as text.
Z = "({0} + 1j * {1})"


def _times(z: Complex, w: Complex) -> Complex:
    return z[0] * w[0] - z[1] * w[1], z[0] * w[1] + z[1] * w[0]


def complex_abs(xp: Any, a: Any, b: Any) -> Any:
    """The magnitude of a + ib."""
    return xp.hypot(a, b)


def complex_angle(xp: Any, b: Any, a: Any) -> Any:
    """The angle of a + ib."""
    return xp.atan2(b, a)


def complex_square_abs(xp: Any, a: Any, b: Any) -> Any:
    """The squared magnitude of a + ib."""
    return a * a + b * b


def complex_exp(xp: Any, a: Any, b: Any) -> Any:
    """The real part of exp(a + ib)."""
    return xp.exp(a) * xp.cos(b)


def complex_log(xp: Any, a: Any, b: Any) -> Any:
    """The real part of log(a + ib)."""
    return xp.log(xp.hypot(a, b))


def complex_sqrt(xp: Any, a: Any, b: Any) -> Any:
    """The real part of sqrt(a + ib)."""
    return xp.sqrt((xp.hypot(a, b) + a) / 2)


def complex_reciprocal(xp: Any, a: Any, b: Any) -> Any:
    """The imaginary part of 1 / (a + ib)."""
    return -b / (a * a + b * b)


def complex_product(xp: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """The real part of (a + ib)(c + id)."""
    return a * c - b * d


def complex_power(xp: Any, a: Any, b: Any, *, exponent: int) -> Any:
    """The imaginary part of (a + ib) ** exponent, by products."""
    if not 1 <= exponent <= 8:
        raise ValueError(f"exponent={exponent}: use 1 to 8")
    z: Complex = (a, b)
    for _ in range(exponent - 1):
        z = _times(z, (a, b))
    return z[1]


def _turns(part: Any, n: int, rows: int) -> Any:
    """The cosine or sine of 2 pi j k / n for j < rows and k < n, exact at multiples of a quarter
    turn.
    """
    turn = np.outer(np.arange(rows), np.arange(n)) % n
    values = part(2 * np.pi * turn / n)
    return np.where(4 * turn % n == 0, np.round(values), values)


def rfft_real(xp: Any, x: Any) -> Any:
    """The real part of numpy.fft.rfft of a vector."""
    n = x.shape[0]
    return xp.matmul(_turns(np.cos, n, n // 2 + 1), x)


def rfft_imag(xp: Any, x: Any) -> Any:
    """The imaginary part of numpy.fft.rfft of a vector."""
    n = x.shape[0]
    return xp.matmul(-_turns(np.sin, n, n // 2 + 1), x)


def fft_power(xp: Any, x: Any, *, norm: str) -> Any:
    """The squared magnitudes of the discrete Fourier transform."""
    n = x.shape[0]
    if norm not in ("backward", "ortho", "forward"):
        raise ValueError(f"norm={norm!r}: use backward, ortho or forward")
    real, imag = (xp.matmul(_turns(part, n, n), x) for part in (np.cos, np.sin))
    return (real * real + imag * imag) / {"backward": 1, "ortho": n, "forward": n * n}[norm]


def fft_round_trip(xp: Any, x: Any) -> Any:
    """A vector, transformed and transformed back."""
    if len(x.shape) != 1 or not x.shape[0]:
        raise ValueError(f"a vector with entries is needed, not shape {x.shape}")
    return 1.0 * x


def circular_convolution(xp: Any, x: Any, y: Any) -> Any:
    """The circular convolution of two vectors, by Fourier transforms."""
    if len(x.shape) != 1 or not x.shape[0] or x.shape != y.shape:
        raise ValueError(
            f"two vectors of one length are needed, not shapes {x.shape} and {y.shape}"
        )
    n = x.shape[0]
    if n * n > MAX_SIZE:
        raise ValueError(f"too long, with {n} entries")
    table = np.stack([np.roll(np.eye(n)[i], j) for i in range(n) for j in range(n)], axis=-1)
    return xp.matmul(table, xp.reshape(xp.expand_dims(x, axis=-1) * y, shape=(n * n,)))


def complex_det(xp: Any, a: Any, b: Any) -> Any:
    """The real part of the determinant of a + ib, by expansion."""
    n = a.shape[-1]
    if not 1 <= n <= 4 or a.shape != (n, n) or b.shape != (n, n):
        raise ValueError(
            f"two square matrices of 1 to 4 rows are needed, not shapes {a.shape} and {b.shape}"
        )

    def expanded(row: int, columns: tuple[int, ...]) -> Complex:
        if not columns:
            return 1.0, 0.0
        terms = [
            _times((a[row, j], b[row, j]), expanded(row + 1, columns[:k] + columns[k + 1 :]))
            for k, j in enumerate(columns)
        ]
        signed = [((-1) ** k * re, (-1) ** k * im) for k, (re, im) in enumerate(terms)]
        return sum(re for re, _ in signed), sum(im for _, im in signed)

    return expanded(0, tuple(range(n)))[0]


def complex_inv(xp: Any, a: Any, b: Any) -> Any:
    """The real part of the inverse of a + ib, for regular a."""
    return xp.inv(a + xp.matmul(b, xp.solve(a, b)))


def complex_solve(xp: Any, a: Any, b: Any, c: Any) -> Any:
    """The real part of the solution of (a + ib) z = c, for regular a."""
    return xp.solve(a + xp.matmul(b, xp.solve(a, b)), c)


ROWS: Sequence[Operation] = (
    derived(complex_abs, family("away_from_zero"), arity=2, template=f"xp.abs{Z}"),
    derived(complex_angle, family("angle"), arity=2, template="xp.angle({1} + 1j * {0})"),
    derived(
        complex_square_abs,
        family("alike", ANY, ANY),
        arity=2,
        exact=True,
        template=f"xp.real({Z} * xp.conj{Z})",
    ),
    derived(
        complex_exp,
        family("alike", Domain(low=-32, high=12), Domain(low=-64, high=64)),
        arity=2,
        template=f"xp.real(xp.exp{Z})",
    ),
    derived(complex_log, family("away_from_zero"), arity=2, template=f"xp.real(xp.log{Z})"),
    derived(complex_sqrt, family("alike", POSITIVE, ANY), arity=2, template=f"xp.real(xp.sqrt{Z})"),
    derived(complex_reciprocal, family("away_from_zero"), arity=2, template=f"xp.imag(1 / {Z})"),
    derived(
        complex_product,
        family("alike", ANY, ANY, ANY, ANY),
        arity=4,
        curvature="multilinear",
        exact=True,
        template=f"xp.real({Z} * ({{2}} + 1j * {{3}}))",
    ),
    derived(
        complex_power,
        family("complex_power"),
        arity=2,
        params={"exponent": "int"},
        exact=True,
        template=f"xp.imag({Z} ** {{exponent}})",
    ),
    derived(
        rfft_real,
        family("signal"),
        curvature="linear",
        mixes=True,
        template="xp.real(xp.fft.rfft({0}))",
    ),
    derived(
        rfft_imag,
        family("signal"),
        curvature="linear",
        mixes=True,
        template="xp.imag(xp.fft.rfft({0}))",
    ),
    derived(
        fft_power,
        family("signal", norm=one_of("backward", "ortho", "forward")),
        params={"norm": "name"},
        mixes=True,
        template="xp.real(xp.fft.fft({0}, norm={norm!r}) * xp.conj(xp.fft.fft({0}, "
        "norm={norm!r})))",
    ),
    derived(
        fft_round_trip,
        family("signal"),
        curvature="linear",
        mixes=True,
        template=lambda call: f"xp.fft.irfft(xp.fft.rfft({call.operands[0]}), {call.shapes[0][0]})",
    ),
    derived(
        circular_convolution,
        family("two_signals"),
        arity=2,
        curvature="multilinear",
        mixes=True,
        template="xp.real(xp.fft.ifft(xp.fft.fft({0}) * xp.fft.fft({1})))",
    ),
    derived(
        complex_det,
        family("complex_matrix", 2, regular=False),
        arity=2,
        mixes=True,
        terms=lambda a, b: np.max(np.hypot(a, b), initial=0.0) ** a.shape[-1],
        exact=True,
        template=f"xp.real(xp.linalg.det{Z})",
    ),
    derived(
        complex_inv,
        family("complex_matrix", 2),
        arity=2,
        mixes=True,
        template=f"xp.real(xp.linalg.inv{Z})",
    ),
    derived(
        complex_solve,
        family("complex_matrix", 3),
        arity=3,
        mixes=True,
        template=f"xp.real(xp.linalg.solve({Z}, {{2}} + 0j))",
    ),
)
