"""Derivatives computed independently: central differences of the program in 120-digit arithmetic.

With steps of 1e-20 the differences are right to some 38 digits, so no error estimate is needed.
Only directional derivatives are computed. The full derivative is compared by its contractions with
a few directions, and by its symmetry.
"""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace

import mpmath
import numpy as np
from ad_conformance.engines import inhouse

mpmath.mp.dps = 120
STEP = mpmath.mpf(10) ** -20
FLOOR = 1e-24  # differences have a truncation error of about 1e-40 where the derivative is zero


def _number(v):
    return (
        mpmath.mpf(float(v))
        if isinstance(v, (int, float, np.number)) and not isinstance(v, bool)
        else v
    )


def exact(x):
    """x with entries of 120 digits."""
    array = np.asarray(x)
    if array.dtype.kind in "fiu":
        array = array.astype(object)
    return np.frompyfunc(_number, 1, 1)(array) if array.dtype == object else array


def _elementwise(function, n=1):
    ufunc = np.frompyfunc(function, n, 1)
    return lambda *xs: ufunc(*[exact(x) for x in xs])


def _power(a, b):
    if b == int(b):
        return a ** int(b) if not (a == 0 and b < 0) else mpmath.inf
    if a == 0:
        return mpmath.mpf(0)
    return mpmath.nan if a < 0 else a**b


def _guard(function):
    def safe(x):
        try:
            y = function(x)
        except (ValueError, ZeroDivisionError):
            return mpmath.nan
        return mpmath.nan if isinstance(y, mpmath.mpc) else y

    return safe


def _det(a):
    a = exact(a)
    if a.ndim > 2:
        return np.array([_det(m) for m in a], object)
    n = len(a)
    if n == 0:
        return mpmath.mpf(1)
    total = mpmath.mpf(0)
    for p in itertools.permutations(range(n)):
        sign = (-1) ** sum(p[i] > p[j] for i in range(n) for j in range(i + 1, n))
        total += sign * math.prod((a[i, p[i]] for i in range(n)), start=mpmath.mpf(1))
    return total


def _solve(a, b):
    a, b = exact(a).copy(), exact(b).copy()
    if a.ndim > 2:
        return np.array(
            [
                _solve(m, c)
                for m, c in zip(a, np.broadcast_to(b, a.shape[:-2] + b.shape[-2:]), strict=True)
            ]
        )
    n = len(a)
    for i in range(n):
        p = max(range(i, n), key=lambda r: abs(a[r, i]))
        a[[i, p]], b[[i, p]] = a[[p, i]], b[[p, i]]
        for r in range(n):
            if r != i:
                factor = a[r, i] / a[i, i]
                a[r], b[r] = a[r] - factor * a[i], b[r] - factor * b[i]
    return (b.T / np.diagonal(a)).T


def _or_nan(function):
    def safe(*xs):
        try:
            return function(*xs)
        except ZeroDivisionError:
            return np.full(np.shape(xs[-1]), mpmath.nan)

    return safe


def _inv(a):
    a = exact(a)
    if a.ndim > 2:
        return np.array([_inv(m) for m in a])
    return _solve(a, np.eye(len(a)))


def _where(c, a, b):
    return np.where(np.asarray(c, bool), exact(a), exact(b))


def _extremum(function):
    def apply(x, axis=None, keepdims=False):
        return function(exact(x), axis=axis, keepdims=keepdims)

    return apply


def _norm(x, axis=None, ord=2, keepdims=False):
    total = np.sum(np.abs(exact(x)) ** ord, axis=axis, keepdims=keepdims)
    return np.frompyfunc(lambda v: mpmath.root(v, ord), 1, 1)(total)


def _clip(v, lo, hi):
    v = v if lo is None else max(v, lo)
    return v if hi is None else min(v, hi)


def _tensor(function):
    return lambda x, *args, **kwargs: function(exact(x), *args, **kwargs)


def _list(function):
    return lambda xs, *args, **kwargs: function([exact(x) for x in xs], *args, **kwargs)


_names = ["sin", "cos", "tan", "exp", "log", "log1p", "expm1", "sqrt", "sinh", "cosh", "tanh",
    "sech", "asin",
          "acos", "atan", "asinh", "acosh", "atanh", "sign"]  # fmt: skip
_lin = SimpleNamespace(
    det=_det, inv=_or_nan(_inv), solve=_or_nan(_solve), vector_norm=_norm,
    matrix_norm=lambda x: _norm(x, axis=(-2, -1)),
    trace=lambda x: np.trace(exact(x), axis1=-2, axis2=-1),
    diagonal=lambda x, offset=0: np.diagonal(exact(x), offset, -2, -1),
)  # fmt: skip
oracle = SimpleNamespace(
    **{n: _elementwise(_guard(getattr(mpmath, n))) for n in _names},
    abs=_elementwise(abs), negative=_elementwise(lambda v: -v), square=_elementwise(
        lambda v: v * v),
    reciprocal=_elementwise(_guard(lambda v: 1 / v)), sigmoid=_elementwise(lambda v: 1 / (1 +
    mpmath.exp(-v))), add=_elementwise(lambda a, b: a + b, 2), subtract=_elementwise(lambda a,
        b: a - b, 2),
    multiply=_elementwise(lambda a, b: a * b, 2), divide=_elementwise(lambda a, b: a / b, 2),
    pow=_elementwise(_power, 2), maximum=_elementwise(max, 2), minimum=_elementwise(min, 2),
    hypot=_elementwise(mpmath.hypot, 2), atan2=_elementwise(mpmath.atan2, 2),
        logaddexp=_elementwise(lambda
    a, b: max(a, b) + mpmath.log1p(mpmath.exp(-abs(a - b))), 2), clip=lambda x, lo=None, hi=None:
    _elementwise( lambda v: _clip(v, lo, hi))(x), where=_where, greater=lambda a,
        b: exact(a) > exact(b),
    less=lambda a, b: exact(a) < exact(b), greater_equal=lambda a, b: exact(a) >= exact(b),
    less_equal=lambda a, b: exact(a) <= exact(b), equal=lambda a, b: exact(a) == exact(b),
    logical_not=np.logical_not, logical_and=lambda a, b: np.logical_and(np.asarray(a, bool),
        np.asarray(b,
    bool)), logical_or=lambda a, b: np.logical_or(np.asarray(a, bool), np.asarray(b, bool)),
    sum=_tensor(np.sum), prod=_tensor(np.prod), mean=_tensor(np.mean), max=_extremum(np.max),
    min=_extremum(np.min), cumulative_sum=_tensor(np.cumsum), cumulative_prod=_tensor(np.cumprod),
    stack=_list(np.stack), concat=_list(np.concatenate), reshape=_tensor(np.reshape),
    permute_dims=_tensor(np.transpose), matrix_transpose=_tensor(lambda x: np.swapaxes(x, -1, -2)),
    flip=_tensor(np.flip), roll=_tensor(np.roll), broadcast_to=_tensor(np.broadcast_to),
    expand_dims=_tensor(np.expand_dims), squeeze=_tensor(np.squeeze), take=_tensor(np.take),
    tril=_tensor(lambda x, k=0: np.where(np.tri(*x.shape[-2:], k, dtype=bool), x, mpmath.mpf(0))),
    triu=_tensor(lambda x, k=0: np.where(np.tri(*x.shape[-2:], k - 1, dtype=bool), mpmath.mpf(0),
        x)),
    diag=_tensor(np.diag), matmul=lambda a, b: np.matmul(exact(a), exact(b)), tensordot=lambda a, b,
        axes=2:
    np.tensordot(exact(a), exact(b), axes), outer=lambda a, b: np.outer(exact(a), exact(b)),
        vecdot=lambda
    a, b, axis=-1: np.sum(exact(a) * exact(b), axis=axis), linalg=_lin, )  # fmt: skip


def directional(f, x, v, order):
    """The derivative of the given order of f(oracle, x + t v) at t = 0."""
    x, v = exact(x), exact(v)
    total = 0
    for j in range(order + 1):
        value = exact(f(oracle, x + v * ((mpmath.mpf(order) / 2 - j) * STEP)))
        total = total + value * ((-1) ** j * math.comb(order, j))
    return np.asarray(total / STEP**order, float)


def check(f, x, modes=("R", "F", "RR", "FR", "RF", "FF", "RRR", "FRF"), rtol=1e-11, directions=2):
    """Raise AssertionError unless every mode agrees with the 120-digit differences at x."""
    x = np.asarray(x, float)
    rng = np.random.default_rng(7)
    vs = [rng.integers(-4, 5, x.shape) / 4 + 0.125 for _ in range(directions)]
    truths = {}
    for mode in modes:
        result = np.asarray(inhouse.nest(lambda t: f(inhouse, t), mode)(x))
        order = len(mode)
        for i, v in enumerate(vs):
            if (order, i) not in truths:
                truths[order, i] = directional(f, x, v, order)
            truth = truths[order, i]
            assert result.shape == truth.shape + x.shape * order, (mode, result.shape, truth.shape)
            contracted = result
            for _ in range(order):
                contracted = np.tensordot(contracted, v, x.ndim)
            scale = max(FLOOR, np.abs(result).max(initial=0.0), np.abs(truth).max(initial=0.0))
            error = np.abs(contracted - truth).max(initial=0.0)
            assert error <= rtol * scale, (
                f"{mode}: off by {error} on {scale}: {contracted} for {truth}"
            )
        if order == 2 and x.ndim:
            n = x.ndim
            m = result.ndim - 2 * n
            swapped = result.transpose(*range(m), *range(m + n, m + 2 * n), *range(m, m + n))
            scale = np.abs(result).max(initial=0.0)
            assert np.abs(swapped - result).max(initial=0.0) <= rtol * scale, (
                f"{mode}: not symmetric"
            )
