"""Functions of complex numbers a + ib, of which a part is the result; the definitions use real
arithmetic.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.catalogue.operands import Domain, family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived

Pair = tuple[Any, Any]


def one_of(z: Pair, part: str) -> Any:
    """The real or the imaginary part."""
    if part not in ("real", "imag"):
        raise ValueError(f"part={part!r}: use real or imag")
    return z[0 if part == "real" else 1]


def _times(z: Pair, w: Pair) -> Pair:
    return z[0] * w[0] - z[1] * w[1], z[0] * w[1] + z[1] * w[0]


def _over(z: Pair, w: Pair) -> Pair:
    size = w[0] * w[0] + w[1] * w[1]
    real, imag = _times(z, (w[0], -w[1]))
    return real / size, imag / size


def _log(xp: Any, z: Pair) -> Pair:
    return xp.log(xp.hypot(*z)), xp.atan2(z[1], z[0])


def _exp(xp: Any, z: Pair) -> Pair:
    size = xp.exp(z[0])
    return size * xp.cos(z[1]), size * xp.sin(z[1])


def complex_sin(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of sin(a + ib)."""
    return one_of((xp.sin(a) * xp.cosh(b), xp.cos(a) * xp.sinh(b)), part)


def complex_cos(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of cos(a + ib)."""
    return one_of((xp.cos(a) * xp.cosh(b), -(xp.sin(a) * xp.sinh(b))), part)


def complex_sinh(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of sinh(a + ib)."""
    return one_of((xp.sinh(a) * xp.cos(b), xp.cosh(a) * xp.sin(b)), part)


def complex_cosh(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of cosh(a + ib)."""
    return one_of((xp.cosh(a) * xp.cos(b), xp.sinh(a) * xp.sin(b)), part)


def complex_tan(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of tan(a + ib)."""
    bottom = xp.cos(2.0 * a) + xp.cosh(2.0 * b)
    return one_of((xp.sin(2.0 * a), xp.sinh(2.0 * b)), part) / bottom


def complex_tanh(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of tanh(a + ib)."""
    bottom = xp.cosh(2.0 * a) + xp.cos(2.0 * b)
    return one_of((xp.sinh(2.0 * a), xp.sin(2.0 * b)), part) / bottom


def complex_atan(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of the arc tangent of a + ib, for magnitudes below 1."""
    real = xp.atan2(2.0 * a, 1.0 - a * a - b * b) / 2.0
    above, below = (a * a + xp.square(b + s) for s in (1.0, -1.0))
    return one_of((real, xp.log(above / below) / 4.0), part)


def complex_expm1(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of exp(a + ib) - 1."""
    half = xp.sin(b / 2.0)
    return one_of((xp.expm1(a) * xp.cos(b) - 2.0 * half * half, xp.exp(a) * xp.sin(b)), part)


def complex_log1p(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of log(1 + a + ib)."""
    return one_of(_log(xp, (1.0 + a, b)), part)


def complex_sign(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of (a + ib) / |a + ib|."""
    return one_of((a, b), part) / xp.hypot(a, b)


def complex_divide(xp: Any, a: Any, b: Any, c: Any, d: Any, *, part: str) -> Any:
    """A part of (a + ib) / (c + id)."""
    return one_of(_over((a, b), (c, d)), part)


def complex_pow(xp: Any, a: Any, b: Any, c: Any, d: Any, *, part: str) -> Any:
    """A part of (a + ib) ** (c + id)."""
    return one_of(_exp(xp, _times((c, d), _log(xp, (a, b)))), part)


def complex_float_power(xp: Any, a: Any, b: Any, *, exponent: float, part: str) -> Any:
    """A part of (a + ib) ** exponent."""
    real, imag = _log(xp, (a, b))
    return one_of(_exp(xp, (exponent * real, exponent * imag)), part)


def complex_exponent(xp: Any, x: Any, c: Any, d: Any, *, part: str) -> Any:
    """A part of x ** (c + id), for a positive x."""
    size = xp.log(x)
    return one_of(_exp(xp, (c * size, d * size)), part)


def polar(xp: Any, r: Any, angle: Any, *, part: str) -> Any:
    """A part of the complex number with a magnitude and an angle."""
    return r * one_of((xp.cos(angle), xp.sin(angle)), part)


def complex_pairs_product(xp: Any, x: Any, y: Any) -> Any:
    """Products of complex numbers whose parts lie along the last axis."""
    if x.shape[-1:] != (2,) or y.shape[-1:] != (2,):
        raise ValueError(f"last axes of length 2 are needed, not {x.shape} and {y.shape}")
    z, w = ((v[..., 0], v[..., 1]) for v in (x, y))
    return xp.stack([*_times(z, w)], axis=-1)


def complex_vdot(xp: Any, a: Any, b: Any, c: Any, d: Any, *, part: str) -> Any:
    """A part of the sum of conj(a + ib) (c + id) over all entries."""
    return xp.sum(one_of(_times((a, -b), (c, d)), part), axis=None, keepdims=False)


def complex_matmul(xp: Any, a: Any, b: Any, c: Any, d: Any, *, part: str) -> Any:
    """A part of the matrix product of a + ib and c + id."""
    real = xp.matmul(a, c) - xp.matmul(b, d)
    return one_of((real, xp.matmul(a, d) + xp.matmul(b, c)), part)


def _scan(a: Any, b: Any, axis: int) -> list[Pair]:
    """The products of all prefixes along `axis`."""
    key = (slice(None),) * (axis % len(a.shape))
    found: list[Pair] = []
    for k in range(a.shape[axis]):
        entry = (a[(*key, k)], b[(*key, k)])
        found.append(_times(found[-1], entry) if found else entry)
    if not found:
        raise ValueError("a product of nothing")
    return found


def complex_prod(xp: Any, a: Any, b: Any, *, axis: int, part: str) -> Any:
    """A part of the product of a + ib along `axis`."""
    return one_of(_scan(a, b, axis)[-1], part)


def complex_cumprod(xp: Any, a: Any, b: Any, *, axis: int, part: str) -> Any:
    """A part of the products of all prefixes along `axis`."""
    return xp.stack([one_of(z, part) for z in _scan(a, b, axis)], axis=axis)


def complex_var(xp: Any, a: Any, b: Any, *, axis: int, correction: int) -> Any:
    """The variance of a + ib, from squared magnitudes."""
    spread = {"axis": axis, "keepdims": False, "correction": correction}
    return xp.var(a, **spread) + xp.var(b, **spread)


def complex_norm(xp: Any, a: Any, b: Any, *, ord: float | str, axis: int | None) -> Any:
    """The norm of vectors of complex numbers."""
    return xp.vector_norm_ord(xp.hypot(a, b), ord=ord, axis=axis, keepdims=False)


def complex_logsumexp(xp: Any, a: Any, b: Any, *, axis: int, part: str) -> Any:
    """A part of log(sum(exp(a + ib)))."""
    real, imag = (xp.sum(v, axis=axis, keepdims=False) for v in _exp(xp, (a, b)))
    return one_of(_log(xp, (real, imag)), part)


def _embedded(xp: Any, a: Any, b: Any) -> Any:
    """The real matrix that stands for a + ib."""
    if len(a.shape) != 2 or a.shape != b.shape:
        raise ValueError(f"two matrices of one shape are needed, not {a.shape} and {b.shape}")
    return xp.concat([xp.concat([a, -b], axis=1), xp.concat([b, a], axis=1)], axis=0)


def _extracted(m: Any, rows: int, columns: int, part: str) -> Any:
    """A part of the complex matrix that a real one stands for."""
    return one_of((m[:rows, :columns], m[rows:, :columns]), part)


def _hermitian(xp: Any, a: Any, b: Any) -> Pair:
    """The mean of a + ib and its conjugate transpose."""
    real, imag = a + xp.matrix_transpose(a), b - xp.matrix_transpose(b)
    return real / 2.0, imag / 2.0


def hermitian_exp(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of V exp(w) V^H of the Hermitian part."""
    n = a.shape[-1]
    return _extracted(xp.matrix_exp(_embedded(xp, *_hermitian(xp, a, b))), n, n, part)


def hermitian_eigvals_exp(xp: Any, a: Any, b: Any) -> Any:
    """The sum of exp(w) over the eigenvalues w of the Hermitian part."""
    return xp.trace(xp.matrix_exp(_embedded(xp, *_hermitian(xp, a, b)))) / 2.0


def complex_expm(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of the exponential of a matrix."""
    n = a.shape[-1]
    return _extracted(xp.matrix_exp(_embedded(xp, a, b)), n, n, part)


def complex_eigvals_exp(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of the sum of exp(w) over the eigenvalues w of a + ib."""
    n = a.shape[-1]
    return xp.trace(_extracted(xp.matrix_exp(_embedded(xp, a, b)), n, n, part))


def _columns(xp: Any, h: Pair) -> Pair:
    """The lower triangular factor of a Hermitian matrix, column by column."""
    n = h[0].shape[-1]
    entries: dict[tuple[int, int], Pair] = {}
    zero = 0.0 * h[0][0, 0]
    for j, i in itertools.product(range(n), range(n)):
        if i < j:
            entries[i, j] = (zero, zero)
            continue
        rest: Pair = (h[0][i, j], h[1][i, j])
        for k in range(j):
            (p, q), (r, s) = entries[i, k], entries[j, k]
            real, imag = _times((p, q), (r, -s))
            rest = (rest[0] - real, rest[1] - imag)
        if i == j:
            entries[i, j] = (xp.sqrt(rest[0]), zero)
        else:
            pivot = entries[j, j][0]
            entries[i, j] = (rest[0] / pivot, rest[1] / pivot)
    found = []
    for part in range(2):
        flat = [entries[i, j][part] for i in range(n) for j in range(n)]
        found.append(xp.reshape(xp.stack(flat, axis=0), shape=(n, n)))
    return found[0], found[1]


def hermitian_cholesky(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of the lower triangular factor of the Hermitian part."""
    return one_of(_columns(xp, _hermitian(xp, a, b)), part)


def complex_qr_r(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of the factor R of a matrix with independent columns, with a positive diagonal."""
    other = xp.matrix_transpose(a), -xp.matrix_transpose(b)
    gram = (
        xp.matmul(other[0], a) - xp.matmul(other[1], b),
        xp.matmul(other[0], b) + xp.matmul(other[1], a),
    )
    real, imag = _columns(xp, gram)
    return one_of((xp.matrix_transpose(real), -xp.matrix_transpose(imag)), part)


def complex_logabsdet(xp: Any, a: Any, b: Any) -> Any:
    """The logarithm of the magnitude of the determinant."""
    return xp.slogdet(_embedded(xp, a, b)) / 2.0


def complex_nuclear_norm(xp: Any, a: Any, b: Any) -> Any:
    """The sum of the singular values."""
    m = _embedded(xp, a, b)
    return xp.trace(xp.sqrtm(xp.matmul(xp.matrix_transpose(m), m))) / 2.0


def complex_pinv(xp: Any, a: Any, b: Any, *, part: str) -> Any:
    """A part of the pseudoinverse of a matrix of full rank."""
    return _extracted(xp.pinv(_embedded(xp, a, b)), a.shape[1], a.shape[0], part)


def complex_solve_triangular(
    xp: Any, a: Any, b: Any, c: Any, d: Any, *, upper: bool, part: str
) -> Any:
    """A part of the solution z of (a + ib) z = c + id, for a triangle of a + ib."""
    triangle = xp.triu if upper else xp.tril
    solved = xp.solve(_embedded(xp, triangle(a), triangle(b)), xp.concat([c, d], axis=0))
    n = a.shape[-1]
    return one_of((solved[:n], solved[n:]), part)


def _one(a: Any, b: Any, **_: Any) -> Any:
    return np.ones_like(a)


# The derivatives of products are the product divided by a factor. So both parts of it are rounded
# relative to its magnitude, also a part that is zero.
def _prod_size(a: Any, b: Any, *, axis: int, part: str) -> Any:
    return np.prod(np.hypot(a, b), axis=axis)


def _cumprod_size(a: Any, b: Any, *, axis: int, part: str) -> Any:
    return np.cumprod(np.hypot(a, b), axis=axis)


def _magnitude(a: Any, b: Any, **_: Any) -> Any:
    size = np.hypot(a, b)
    return size, size


PART = {"part": "name"}
_SMALL, _TURN = Domain(low=-4, high=4), Domain(low=-16, high=16)
_BELOW_1 = Domain(low=-0.5, high=0.5)


def _parted(
    definition: Callable[..., Any], name: str, /, *arguments: Any, arity: int = 2, **more: Any
) -> Operation:
    params = {**more.pop("params", {}), **PART}
    return derived(
        definition, family("parted", family(name, *arguments)), arity=arity, params=params, **more
    )


_MULTI: dict[str, Any] = {"curvature": "multilinear", "exact": True}

ROWS: Sequence[Operation] = (
    *(_parted(one, "alike", _TURN, _SMALL) for one in (complex_sin, complex_cos)),
    *(_parted(one, "alike", _SMALL, _TURN) for one in (complex_sinh, complex_cosh)),
    # Their derivatives are 1 + tan**2 and 1 - tanh**2.
    _parted(complex_tan, "away_from_real", False, terms=_one),
    _parted(complex_tanh, "away_from_real", True, terms=_one),
    _parted(complex_atan, "alike", _BELOW_1, _BELOW_1),
    _parted(complex_expm1, "alike", _SMALL, _TURN),
    _parted(complex_log1p, "alike", Domain(low=-0.75), _TURN),
    _parted(complex_sign, "away_from_zero"),
    _parted(complex_divide, "four", "denominator", arity=4),
    _parted(complex_pow, "four", "power", arity=4),
    _parted(complex_float_power, "complex_exponents", params={"exponent": "float"}),
    _parted(complex_exponent, "alike", Domain(low=1 / 8), _SMALL, _SMALL, arity=3),
    _parted(polar, "alike", _TURN, _TURN),
    derived(complex_pairs_product, family("pairs"), arity=2, **_MULTI),
    _parted(complex_vdot, "four", "", arity=4, **_MULTI),
    _parted(complex_matmul, "complex_factors", arity=4, **_MULTI),
    *(
        _parted(
            one,
            "complex_line",
            arity=2,
            params={"axis": "int"},
            exact=True,
            weight=2,
            terms=size,
            term_scale=_magnitude,
        )
        for one, size in ((complex_prod, _prod_size), (complex_cumprod, _cumprod_size))
    ),
    derived(
        complex_var,
        family("complex_line", "correction"),
        arity=2,
        params={"axis": "int", "correction": "int"},
    ),
    derived(
        complex_norm,
        family("complex_norm"),
        arity=2,
        params={"ord": "order", "axis": "axis"},
        weight=2,
    ),
    _parted(complex_logsumexp, "complex_line", "small", params={"axis": "int"}),
    _parted(hermitian_exp, "hermitian", mixes=True, weight=2),
    derived(hermitian_eigvals_exp, family("hermitian"), arity=2, mixes=True),
    _parted(complex_expm, "hermitian", mixes=True),
    _parted(complex_eigvals_exp, "complex_spectrum", mixes=True),
    _parted(hermitian_cholesky, "hermitian", "definite", mixes=True, weight=2),
    _parted(complex_qr_r, "complex_tall", mixes=True, weight=2),
    derived(complex_logabsdet, family("complex_matrix", 2), arity=2, mixes=True),
    derived(complex_nuclear_norm, family("complex_tall"), arity=2, mixes=True),
    _parted(complex_pinv, "complex_tall", mixes=True),
    _parted(
        complex_solve_triangular,
        "complex_triangular",
        arity=4,
        params={"upper": "bool"},
        mixes=True,
    ),
)
