"""Special functions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic import numpy_ops
from ad_conformance.generators.arithmetic.lazy import scipy_special as special
from ad_conformance.generators.arithmetic.lazy import special_balls
from ad_conformance.generators.catalogue.operands import NONZERO, Domain, family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import REDUCTION, broadcasting, derived, unary

#: Wide enough to reach the tails.
TAILS = Domain(low=-32, high=32)
POSITIVE = Domain(low=1 / 8)


def betaln(xp: Any, a: Any, b: Any) -> Any:
    """The logarithm of the beta function."""
    return xp.lgamma(a) + xp.lgamma(b) - xp.lgamma(a + b)


def beta(xp: Any, a: Any, b: Any) -> Any:
    """The beta function."""
    return xp.exp(xp.betaln(a, b))


def entr(xp: Any, x: Any) -> Any:
    """-x log(x)."""
    return -xp.xlogy(x, x)


def rel_entr(xp: Any, x: Any, y: Any) -> Any:
    """x log(x / y)."""
    return xp.xlogy(x, x / y)


def log_softmax(xp: Any, x: Any, *, axis: int) -> Any:
    """The logarithm of softmax."""
    return x - xp.logsumexp(x, axis=axis, keepdims=True)


def softmax(xp: Any, x: Any, *, axis: int) -> Any:
    """exp(x) / sum(exp(x)) along `axis`."""
    return xp.exp(xp.log_softmax(x, axis=axis))


def _running_logsumexp(xp: Any, x: Any, *, axis: int) -> Any:
    """log(cumulative_sum(exp(x))) by logaddexp, one entry after another, and by pairs as parallel
    scans have it. The weights of a partial sum add up to 1, so the second derivatives of it and of
    what follows cancel. The mean has the rounding errors of both.
    """
    axis %= x.ndim
    before = (slice(None),) * axis
    parts = [x[(*before, slice(k, k + 1))] for k in range(x.shape[axis])]
    found = xp.concat(list(itertools.accumulate(parts, xp.logaddexp)), axis=axis)
    # The scans of three entries are the same.
    if len(parts) <= 3:
        return found
    by_pairs = xp.concat(_by_pairs(parts, xp.logaddexp), axis=axis)
    return xp.multiply(0.5, xp.add(found, by_pairs))


def _by_pairs(parts: list[Any], combine: Callable[..., Any]) -> list[Any]:
    """The scan of the parts: that of neighbours, and between them one step more."""
    if len(parts) < 2:
        return parts
    pairs = [combine(*parts[k : k + 2]) for k in range(0, len(parts) - 1, 2)]
    found = parts[:1]
    for k, total in enumerate(_by_pairs(pairs, combine)):
        found += [total, *(combine(total, part) for part in parts[2 * k + 2 : 2 * k + 3])]
    return found


def _erfcx_terms(x: np.ndarray) -> Any:
    """The size of cancelling terms in the derivative 2 x erfcx(x) - 2 / sqrt(pi); each further
    order multiplies by 2 x.
    """
    return np.maximum(x, 1.0) ** 2


def _log_ndtr_terms(x: np.ndarray) -> Any:
    """The size of cancelling terms in the tail: g = exp(-x**2 / 2 - log_ndtr(x)) has the derivative
    -g (x + g).
    """
    return np.where(x < 0, np.maximum(-x, 1.0) ** 4 / 2, 0.0)


def _square(_result: np.ndarray, x: np.ndarray) -> Any:
    """The size of the exponent of exp(-x**2)."""
    return x * x


def _special(name: str, ufunc: Any, ball: Any, domain: Domain | None, **more: Any) -> Operation:
    """A function that only some engines have; the in-house engine has it under this name."""
    return unary(name, ufunc, ball, domain or Domain(), **{"template": None, **more})


ROWS: Sequence[Operation] = (
    _special("exp2", np.exp2, special_balls.exp2, Domain(low=-32, high=12)),
    _special("cbrt", np.cbrt, special_balls.cbrt, NONZERO),
    _special("erf", special.erf, None, None, operands=family("extended", TAILS), exponent=_square),
    _special(
        "erfc",
        special.erfc,
        None,
        None,
        operands=family("extended", Domain(low=-8, high=25)),
        exponent=_square,
    ),
    _special(
        "erfcx",
        special.erfcx,
        special_balls.erfcx,
        None,
        operands=family("extended", Domain(low=-4, high=64)),
        terms=_erfcx_terms,
    ),
    _special(
        "erfinv",
        special.erfinv,
        special_balls.erfinv,
        None,
        operands=family("probability", -1),
        exponent=lambda f, _: f * f,
    ),
    _special(
        "ndtr",
        special.ndtr,
        special_balls.ndtr,
        None,
        operands=family("extended", TAILS),
        exponent=_square,
    ),
    _special(
        "log_ndtr",
        special.log_ndtr,
        special_balls.log_ndtr,
        None,
        operands=family("extended", TAILS),
        weight=2,
        terms=_log_ndtr_terms,
        exponent=_square,
    ),
    _special(
        "ndtri",
        special.ndtri,
        special_balls.ndtri,
        None,
        operands=family("probability", 0),
        exponent=lambda f, _: f * f,
    ),
    _special(
        "lgamma",
        special.gammaln,
        special_balls.lgamma,
        None,
        summary="The logarithm of the magnitude of gamma.",
        operands=family("gamma_argument"),
        weight=2,
    ),
    _special("gamma", special.gamma, None, None, operands=family("gamma_argument")),
    _special("digamma", special.digamma, None, None, operands=family("gamma_argument"), weight=2),
    Operation(
        name="polygamma",
        evaluate=lambda x, *, n: numpy_ops.elementwise(
            lambda v: special.polygamma(n, v), lambda z: special_balls.polygamma(z, n), operands=1
        )(x),
        template=None,
        operands=family("order", "n", (0, 1, 2, 3), family("gamma_argument")),
        params={"n": "times"},
    ),
    Operation(
        name="zeta",
        summary="The Hurwitz zeta function of `s` and x.",
        evaluate=lambda x, *, s: numpy_ops.elementwise(
            lambda v: special.zeta(float(s), v), lambda z: special_balls.zeta(z, s), operands=1
        )(x),
        template=None,
        operands=family("order", "s", (2, 3, 5), family("unary", POSITIVE)),
        params={"s": "times"},
    ),
    derived(betaln, family("binary", POSITIVE, POSITIVE), arity=2),
    derived(beta, family("binary", POSITIVE, POSITIVE), arity=2),
    # Formulas for their derivatives have terms i1(x) / x, of half the size of i0(x). Differentiated
    # again, they lose digits near 0; as for sinc, that is a failure of the formula.
    _special("i0", special.i0, special_balls.i0, Domain(low=-12, high=12)),
    _special("i1", special.i1, special_balls.i1, Domain(low=-12, high=12), terms=special.i0),
    # Its derivative is i1e(x) - sign(x) i0e(x), whose terms cancel far from 0.
    _special("i0e", special.i0e, special_balls.i0e, TAILS, terms=special.i0e),
    # Its derivative is i0e(x) - i1e(x) (sign(x) + 1 / x).
    _special("i1e", special.i1e, special_balls.i1e, TAILS, terms=special.i0e),
    _special("j0", special.j0, special_balls.j0, TAILS),
    _special("j1", special.j1, special_balls.j1, TAILS),
    _special(
        "sinc",
        np.sinc,
        special_balls.sinc,
        None,
        operands=family("at_zeros", TAILS),
        weight=2,
        # Its derivative is (cos(pi x) - sinc(x)) / x, and sin(pi x) is rounded at integers, too.
        terms=np.ones_like,
        term_scale=lambda x: 1 / np.pi,
        summary="sin(pi x) / (pi x).",
    ),
    # Its derivative is expit(x) * (1 - expit(x)).
    _special(
        "expit",
        special.expit,
        special_balls.expit,
        None,
        operands=family("extended", TAILS),
        terms=special.expit,
    ),
    _special("logit", special.logit, special_balls.logit, None, operands=family("probability", 0)),
    _special("exp1", special.exp1, special_balls.exp1, POSITIVE),
    _special("expi", special.expi, special_balls.expi, POSITIVE),
    broadcasting(
        "xlogy",
        numpy_ops.elementwise(special.xlogy, special_balls.xlogy, operands=2),
        None,
        family("beside_zero", 0.0),
        weight=2,
    ),
    broadcasting(
        "xlog1py",
        numpy_ops.elementwise(special.xlog1py, special_balls.xlog1py, operands=2),
        None,
        family("beside_zero", -1.0),
        weight=2,
    ),
    derived(entr, family("unary", Domain(low=1 / 64))),
    derived(rel_entr, family("beside_zero", 0.0, positive=True), arity=2),
    Operation(
        name="logsumexp",
        evaluate=numpy_ops.logsumexp,
        in_steps=lambda xp, x, **along: xp.log(xp.sum(xp.exp(x), **along)),
        exponent=lambda f, *_, **__: np.abs(f),
        template=None,
        operands=family("far_apart", family("reduction", nonempty=True, aim="tie")),
        params=REDUCTION,
        weight=2,
    ),
    Operation(
        name="logcumsumexp",
        summary="log(cumulative_sum(exp(x))).",
        evaluate=numpy_ops.logcumsumexp,
        in_steps=_running_logsumexp,
        exponent=lambda f, *_, **__: np.abs(f),
        template=None,
        operands=family("far_apart", family("along_axis", nonempty=True)),
        params={"axis": "int"},
    ),
    derived(
        softmax,
        family("far_apart", family("along_axis", nonempty=True, aim="tie")),
        params={"axis": "int"},
    ),
    derived(
        log_softmax,
        family("far_apart", family("along_axis", nonempty=True, aim="tie")),
        params={"axis": "int"},
    ),
)
