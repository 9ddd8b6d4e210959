"""An audit of truth by other means: whole programs in Taylor arithmetic (python-flint's
arb_series).

f(x + t v) as a power series in t gives the directional derivative of order k as k! times its k-th
coefficient, without finite differences, complex neighbourhoods and Cauchy's estimate. The certified
tensor, contracted k times with v, must enclose the same number.
"""

from __future__ import annotations

import contextlib
import math
import operator
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ad_conformance.generators.arithmetic.balls import Branches, Decision, following
from ad_conformance.generators.arithmetic.numpy_ops import as_array
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.operator import SIGNATURES
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.strategies.sampling import draw, operation_examples
from flint import arb, arb_series, ctx

from tests.oracle.differences import certified

PRECISION = 256
Array = np.ndarray


def _plain(z: Any) -> arb_series:
    """Series, balls and numbers as the library's series."""
    z = z.item() if isinstance(z, np.ndarray) else z
    if isinstance(z, Series):
        return z.of
    return arb_series([z if isinstance(z, arb) else arb(float(z))])


def _operator(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(one: Any, two: Any) -> Any:
        if isinstance(two, np.ndarray) and two.ndim:
            return NotImplemented  # NumPy applies the operator to each entry.
        try:
            return Series(of=function(*map(_plain, (one, two))))
        except (ValueError, ZeroDivisionError):
            # Divided by a series without constant term; nothing selects this entry.
            return Series(arb("nan"))

    return apply


def _mirrored(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda one, two: function(two, one)


class Series:
    """A power series as a scalar: NumPy would take an arb_series for a sequence of its
    coefficients.
    """

    def __init__(self, *coefficients: Any, of: Any = None) -> None:
        self.of = arb_series(list(coefficients)) if of is None else of

    def __getitem__(self, k: int) -> arb:
        return self.of[k]

    def __getattr__(self, name: str) -> Callable[[], Series]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda: Series(of=getattr(self.of, name)())

    def __neg__(self) -> Series:
        return Series(of=-self.of)

    __add__ = __radd__ = _operator(operator.add)
    __mul__ = __rmul__ = _operator(operator.mul)
    __sub__, __rsub__ = _operator(operator.sub), _operator(_mirrored(operator.sub))
    __truediv__, __rtruediv__ = _operator(operator.truediv), _operator(_mirrored(operator.truediv))


class Unsettled(Exception):
    """A comparison that the values at the point do not decide."""


def _at_point(z: Any) -> arb:
    return z[0] if isinstance(z, Series) else z


class _ByValue(Branches):
    """Comparisons as the constant terms decide them."""

    def less(self, a: Any, b: Any, **_kind: bool) -> Decision:
        if a is b:
            return False
        gap = _at_point(b) - _at_point(a)
        if not abs(gap) > 2.0**-30:
            raise Unsettled
        return bool(gap > 0)


def _constant(z: Series) -> arb | None:
    """The number that a series consists of, if its other coefficients are exactly zero."""
    return z[0] if all(z[k] == 0 for k in range(1, ctx.cap)) else None


def _power(base: Any, exponent: Any) -> Any:
    n = _constant(exponent)
    if n is not None and n.is_exact() and n.is_integer():
        whole = int(float(n))
        product = Series(1)
        for _ in range(abs(whole)):
            product = product * base
        return product if whole >= 0 else 1 / product
    zero = _constant(base)
    if zero is not None and zero == 0 and _at_point(exponent) > 0:
        return Series(0)
    return (exponent * base.log()).exp()


def _atan2(y: Any, x: Any) -> Any:
    if _at_point(x) > 0:
        return (y / x).atan()
    quarter = arb.pi() / 2
    if _at_point(y) > 0:
        return quarter - (x / y).atan()
    if _at_point(y) < 0:
        return -quarter - (x / y).atan()
    raise Unsettled


def _tanh(z: Any) -> Any:
    # The exponential that decays, so that saturation does not overflow.
    if _at_point(z) < 0:
        return -_tanh(-z)
    e = (-2 * z).exp()
    return (1 - e) / (1 + e)


#: What arb_series lacks, or has under conditions that speak of balls. Elementwise; everything else
#: runs as it is.
SERIES: dict[str, Callable[..., Any]] = {
    "expm1": lambda z: z.exp() - 1,
    "sinh": lambda z: (z.exp() - (-z).exp()) / 2,
    "cosh": lambda z: (z.exp() + (-z).exp()) / 2,
    "tanh": _tanh,
    "atan": lambda z: z.atan(),
    "asin": lambda z: z.asin(),
    "acos": lambda z: z.acos(),
    "asinh": lambda z: (z + (z * z + 1).sqrt()).log(),
    "acosh": lambda z: (z + (z * z - 1).sqrt()).log(),
    "atanh": lambda z: ((1 + z) / (1 - z)).log() / 2,
    "atan2": _atan2,
    "pow": _power,
}


def _evaluate(step: Step, operands: list[Array]) -> Any:
    params = step.arguments
    if step.operation in ("pow_int", "pow_float"):
        exponent = _lift(np.asarray(float(params["exponent"])))
        return np.frompyfunc(_power, 2, 1)(operands[0], exponent)
    if step.operation in SERIES:
        return np.frompyfunc(SERIES[step.operation], len(operands), 1)(*operands)
    return CATALOGUE[step.operation].evaluate(*operands, **params)


def _lift(value: Any) -> Array:
    """Numbers, balls and series as an object array of series; truth values as they are."""
    array = as_array(value)
    if array.dtype == bool:
        return array
    out = np.empty(array.shape, dtype=object)
    for index, z in np.ndenumerate(array):
        out[index] = (
            z if isinstance(z, Series) else Series(z if isinstance(z, arb) else arb(float(z)))
        )
    return out


def taylor(case: Case, direction: Array) -> Array:
    """The directional derivative of the case's order, one ball per output entry. Raises Unsettled
    at a kink.
    """
    kept = ctx.prec, ctx.cap
    ctx.prec, ctx.cap = PRECISION, case.order + 1
    program = case.program.pruned()
    numbers = evaluate_steps(program, case.input)
    try:
        x = np.empty(case.input.shape, dtype=object)
        for index, centre in np.ndenumerate(case.input):
            x[index] = Series(arb(float(centre)), arb(float(direction[index])))
        values = [x]
        for k, step in enumerate(program.steps, start=1):
            if step.operation == "constant":
                values.append(_lift(numbers[k]))
                continue
            with following(_ByValue()):
                values.append(_lift(_evaluate(step, [values[i] for i in step.operands])))
        out = [z[case.order] * math.factorial(case.order) for z in values[-1].flat]
        return np.array(out, dtype=object)
    finally:
        ctx.prec, ctx.cap = kept


def contracted(case: Case, balls: Array, direction: Array) -> Array:
    """The certified tensor along the direction."""
    kept, ctx.prec = ctx.prec, PRECISION
    try:
        tensor = balls.reshape((-1,) + (case.input.size,) * case.order)
        v = np.array([arb(float(d)) for d in direction.flat], dtype=object)
        for _ in range(case.order):
            tensor = tensor @ v
        return np.asarray(tensor, dtype=object)
    finally:
        ctx.prec = kept


def audited(case: Case, balls: Array, direction: Array, series: Array) -> bool:
    """Whether the two enclosures are finite and meet in every entry."""
    return all(
        b.is_finite() and bool(a.overlaps(b))
        for a, b in zip(contracted(case, balls, direction), series, strict=True)
    )


def shifted(balls: Array, size: float) -> Array:
    """All entries moved by `size`."""
    with ctx.workprec(PRECISION):
        return np.asarray(balls + arb(size), dtype=object)


#: Operations that have no series, and why.
REASONS: dict[str, str] = {
    "rounding looks at the radius of a ball": (
        "floor ceil trunc round remainder floor_divide trunc_divide"
    ),
    "the function is one of balls": (
        "cbrt erfinv ndtri log_ndtr lgamma digamma polygamma zeta i0 i1 i0e i1e j0 j1 sinc "
        "exp1 expi xlogy xlog1py matrix_exp sqrtm eigvalsh eigenvector_weights betainc "
        "cosine_integral dawsn expn faddeeva_imag faddeeva_real fresnel_c fresnel_s gammainc "
        "gammaincc hyp1f1 hyp2f1 iv ive jv kv kve owens_t sine_integral spence y0 y1 yv "
        "zeta_of_order"
    ),
    "the definition calls one of these, or expm1, tanh, pow or atan2 for balls": (
        "complex_norm triplet_margin_loss grid_sample betaln beta entr rel_entr eigh_exp "
        "eigh_sqrt svdvals polar_factor vander mish "
        "gelu_tanh log1mexp tanhshrink elu celu selu pairwise_distance complex_angle "
        "scan_tanh matrix_norm_ord cdist vector_norm_ord pdist local_response_norm lp_pool "
        "recurrent_cell recurrent_layer beta_cdf beta_logcdf beta_logpdf beta_pdf beta_sf "
        "betabinom_logpmf boxcox boxcox1p cauchy_cdf cauchy_logcdf cauchy_sf chi2_cdf "
        "chi2_logpdf chi2_pdf chi2_sf comb complex_atan complex_cos complex_cosh "
        "complex_eigvals_exp complex_expm complex_expm1 complex_float_power complex_log1p "
        "complex_logsumexp complex_nuclear_norm complex_pow complex_sin complex_sinh "
        "complex_tan complex_tanh cond dirichlet_logpdf dirichlet_pdf dist eig_exp "
        "eigvals_exp erfcinv expm_frechet expon_cdf expon_logcdf factorial float_power "
        "fmod_number frac frexp_mantissa gamma_cdf gamma_logcdf gamma_logpdf gamma_pdf "
        "gamma_sf gammasgn gennorm_cdf gennorm_logpdf gumbel_l_logcdf gumbel_r_logsf "
        "hermitian_eigvals_exp hermitian_exp kl_divergence laplace_cdf matrix_exp_upper "
        "multigammaln nbinom_logpmf norm_logcdf norm_logsf norm_ppf pareto_cdf pareto_logcdf "
        "poch poisson_cdf polar_symmetric remainder_number renorm rgamma round_decimals t_cdf "
        "t_logcdf t_logpdf t_pdf vector_norm_axes vonmises_logpdf"
    ),
}
WITHOUT_SERIES = frozenset(" ".join(REASONS.values()).split())


def random_direction(case: Case) -> Array:
    rng = np.random.default_rng(case.order)
    shape = case.input.shape
    return np.asarray(rng.choice([-1.0, 1.0], shape) * rng.integers(4, 13, shape) / 8)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_taylor_arithmetic_gives_the_same_derivatives(order: int) -> None:
    """And a truth that is off by 2**-60 of its largest entry is caught."""
    asked: Counter[str] = Counter()
    operations: Counter[str] = Counter()
    for case in (drawn.plain for drawn in draw(("R" * order,), 16 * len(SIGNATURES), start=1000)):
        if case.program.operations & WITHOUT_SERIES:
            continue
        found = certified(case)
        asked[found.truth.kind] += 1
        if not found.balls.size:
            continue
        direction = random_direction(case)
        try:
            series = taylor(case, direction)
        except Unsettled:
            asked["unsettled"] += 1
            continue
        assert audited(case, found.balls, direction, series), case.json
        asked["audited"] += 1
        operations.update(case.program.operations)
        assert found.truth.value is not None
        assert found.truth.radius is not None
        largest, radius = np.max(np.abs(found.truth.value)), np.max(found.truth.radius)
        # Along some directions the shifts of all entries cancel.
        reached = abs(np.sum(direction)) ** order
        if 2.0**-60 * largest * reached > 4 * radius * np.sum(np.abs(direction)) ** order:
            moved = shifted(found.balls, 2.0**-60 * largest)
            assert not audited(case, moved, direction, series), case.json
            asked["a wrong truth caught"] += 1
    assert asked["audited"] > 75, asked
    assert asked["a wrong truth caught"] > 30, asked
    assert len(operations) > 40


@pytest.mark.parametrize(
    "name",
    sorted(name for name, row in CATALOGUE.items() if row.weight and name not in WITHOUT_SERIES),
)
def test_every_other_operation_is_evaluated_on_series(name: str) -> None:
    for case in operation_examples(name, "RR", 20):
        found, direction = certified(case.plain), random_direction(case)
        operations = case.program.pruned().operations
        if name not in operations or operations & WITHOUT_SERIES or not found.balls.size:
            continue
        with contextlib.suppress(Unsettled):
            assert audited(case.plain, found.balls, direction, taylor(case.plain, direction))
            return
    raise AssertionError("no case was audited")


def test_a_kink_is_not_audited() -> None:
    with pytest.raises(Unsettled):
        taylor(Case(Program((Step("abs", (0,)),)), 0.0, "R"), np.array(1.0))
