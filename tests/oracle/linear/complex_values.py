"""Functions of complex numbers in mpmath's complex arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tests.oracle import matrices
from tests.oracle.arrays import total, variance
from tests.oracle.linear.products import parts
from tests.oracle.numbers import Array, exact, mp, number


def joined(a: Array, b: Array) -> Array:
    """a + ib."""
    return np.asarray(np.frompyfunc(mp.mpc, 2, 1)(a, b), dtype=object)


def of(z: Any, part: str) -> Array:
    """The real or the imaginary part."""
    return exact(np.frompyfunc(mp.re if part == "real" else mp.im, 1, 1)(z))


def _unary(function: Callable[[Any], Any]) -> Callable[..., Array]:
    return lambda a, b, *, part: of(np.frompyfunc(function, 1, 1)(joined(a, b)), part)


def _binary(function: Callable[[Any, Any], Any]) -> Callable[..., Array]:
    return lambda a, b, c, d, *, part: of(
        np.frompyfunc(function, 2, 1)(joined(a, b), joined(c, d)), part
    )


def _power(z: Any, w: Any) -> Any:
    return mp.exp(w * mp.log(z))


def complex_prod(a: Array, b: Array, *, axis: int, part: str) -> Array:
    out = np.prod(joined(a, b), axis=axis, initial=mp.mpc(1))
    return of(np.asarray(out, dtype=object), part)


def complex_cumprod(a: Array, b: Array, *, axis: int, part: str) -> Array:
    z = np.moveaxis(joined(a, b), axis, 0)
    rows = [np.asarray(np.prod(z[: k + 1], axis=0), dtype=object) for k in range(len(z))]
    return of(np.moveaxis(np.stack(rows), 0, axis), part)


def complex_var(a: Array, b: Array, *, axis: int, correction: int) -> Array:
    def spread(x: Array) -> Array:
        return parts(x, (axis,), False, lambda line: variance(list(line), correction))

    return np.asarray(spread(a) + spread(b))


def complex_norm(a: Array, b: Array, *, ord: Any, axis: int | None) -> Array:
    axes = tuple(range(a.ndim)) if axis is None else (axis,)
    return parts(joined(a, b), axes, False, lambda line: matrices.norm(list(np.ravel(line)), ord))


def complex_logsumexp(a: Array, b: Array, *, axis: int, part: str) -> Array:
    def one(line: Array) -> Any:
        return mp.log(sum((mp.exp(z) for z in line), mp.mpc(0)))

    return of(parts(joined(a, b), (axis,), False, one), part)


def _adjoint(z: Array) -> Array:
    return np.asarray(np.frompyfunc(mp.conj, 1, 1)(z.T), dtype=object)


def _hermitian(a: Array, b: Array) -> Array:
    z = joined(a, b)
    return np.asarray((z + _adjoint(z)) / 2)


def _dot(a: Array, b: Array) -> Array:
    out = np.empty((a.shape[0], b.shape[1]), dtype=object)
    for i, j in np.ndindex(out.shape):
        out[i, j] = sum((a[i, k] * b[k, j] for k in range(a.shape[1])), mp.mpc(0))
    return out


def expm(z: Array) -> Array:
    """By the series, of z divided by 2**32, and 32 squarings."""
    small, term = z / mp.mpf(2) ** 32, matrices.identity(len(z))
    result = term
    for k in range(1, 40):
        term = _dot(term, small) / k
        result = result + term
    for _ in range(32):
        result = _dot(result, result)
    return np.asarray(result)


def _trace(z: Array) -> Any:
    return sum((z[k, k] for k in range(len(z))), mp.mpc(0))


def cholesky(h: Array) -> Array:
    """Row by row (Cholesky and Banachiewicz)."""
    n = len(h)
    out = np.full((n, n), mp.mpc(0), dtype=object)
    for i in range(n):
        for j in range(i + 1):
            rest = h[i, j] - sum((out[i, k] * mp.conj(out[j, k]) for k in range(j)), mp.mpc(0))
            out[i, j] = mp.mpc(mp.sqrt(mp.re(rest)), 0) if i == j else rest / out[j, j]
    return out


def qr_r(z: Array) -> Array:
    """By the process of Gram and Schmidt."""
    k = z.shape[1]
    q, r = np.empty(z.shape, dtype=object), np.full((k, k), mp.mpc(0), dtype=object)
    for j in range(k):
        column = z[:, j]
        for i in range(j):
            r[i, j] = sum(
                (mp.conj(u) * v for u, v in zip(q[:, i], z[:, j], strict=True)), mp.mpc(0)
            )
            column = column - r[i, j] * q[:, i]
        size = mp.sqrt(total([mp.re(v * mp.conj(v)) for v in column]))
        r[j, j], q[:, j] = mp.mpc(size, 0), column / size
    return r


def _singular_values(z: Array) -> Any:
    """Their sum, by the eigenvalues of z^H z."""
    gram = _dot(_adjoint(z), z)
    values = mp.eighe(mp.matrix(gram.tolist()), eigvals_only=True)
    return total([mp.sqrt(values[k]) for k in range(len(gram))])


def _pinv(z: Array) -> Array:
    """Of a matrix with independent columns."""
    return matrices.solve(_dot(_adjoint(z), z), _adjoint(z))


def complex_solve_triangular(
    a: Array, b: Array, c: Array, d: Array, *, upper: bool, part: str
) -> Array:
    z = joined(a, b)
    for i, j in np.ndindex(z.shape):
        if (i > j) if upper else (i < j):
            z[i, j] = mp.mpc(0)
    return of(matrices.solve(z, joined(c, d)), part)


def complex_pairs_product(x: Array, y: Array) -> Array:
    z = joined(x[..., 0], x[..., 1]) * joined(y[..., 0], y[..., 1])
    return np.stack([of(z, "real"), of(z, "imag")], axis=-1)


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    **{
        f"complex_{name}": _unary(getattr(mp, name))
        for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "atan")
    },
    "complex_expm1": _unary(lambda z: mp.exp(z) - 1),
    "complex_log1p": _unary(lambda z: mp.log(1 + z)),
    "complex_sign": _unary(lambda z: z / abs(z)),
    "complex_divide": _binary(lambda z, w: z / w),
    "complex_pow": _binary(_power),
    "complex_float_power": lambda a, b, *, exponent, part: _unary(
        lambda z: _power(z, number(exponent))
    )(a, b, part=part),
    "complex_exponent": lambda x, c, d, *, part: of(
        np.frompyfunc(_power, 2, 1)(x, joined(c, d)), part
    ),
    "polar": lambda r, angle, *, part: of(
        np.frompyfunc(lambda s, t: s * mp.exp(mp.mpc(0, t)), 2, 1)(r, angle), part
    ),
    "complex_pairs_product": complex_pairs_product,
    "complex_vdot": lambda a, b, c, d, *, part: of(
        sum(
            (mp.conj(z) * w for z, w in zip(joined(a, b).flat, joined(c, d).flat, strict=True)),
            mp.mpc(0),
        ),
        part,
    ),
    "complex_matmul": lambda a, b, c, d, *, part: of(
        matrices.matmul(joined(a, b), joined(c, d)), part
    ),
    "complex_prod": complex_prod,
    "complex_cumprod": complex_cumprod,
    "complex_var": complex_var,
    "complex_norm": complex_norm,
    "complex_logsumexp": complex_logsumexp,
    "hermitian_exp": lambda a, b, *, part: of(expm(_hermitian(a, b)), part),
    "hermitian_eigvals_exp": lambda a, b: exact(mp.re(_trace(expm(_hermitian(a, b))))),
    "complex_expm": lambda a, b, *, part: of(expm(joined(a, b)), part),
    "complex_eigvals_exp": lambda a, b, *, part: of(_trace(expm(joined(a, b))), part),
    "hermitian_cholesky": lambda a, b, *, part: of(cholesky(_hermitian(a, b)), part),
    "complex_qr_r": lambda a, b, *, part: of(qr_r(joined(a, b)), part),
    "complex_logabsdet": lambda a, b: exact(mp.log(abs(matrices.determinant(joined(a, b))))),
    "complex_nuclear_norm": lambda a, b: exact(_singular_values(joined(a, b))),
    "complex_pinv": lambda a, b, *, part: of(_pinv(joined(a, b)), part),
    "complex_solve_triangular": complex_solve_triangular,
}
