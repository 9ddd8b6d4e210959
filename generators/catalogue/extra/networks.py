"""The functions of neural networks, entry by entry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ad_conformance.generators.catalogue.operands import ANY, SATURATING, Domain, family, one_of
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import derived

#: Klambauer, Unterthiner, Mayr, Hochreiter, "Self-Normalizing Neural Networks" (2017), to float64.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def logistic(xp: Any, x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return xp.expit(x)


def softplus(xp: Any, x: Any) -> Any:
    """log(1 + exp(x))."""
    return xp.logaddexp(x, 0.0)


def logsigmoid(xp: Any, x: Any) -> Any:
    """-log(1 + exp(-x))."""
    return -xp.logaddexp(0.0, -x)


def silu(xp: Any, x: Any) -> Any:
    """x sigmoid(x)."""
    return x * logistic(xp, x)


def mish(xp: Any, x: Any) -> Any:
    """x tanh(softplus(x))."""
    return x * xp.tanh(xp.logaddexp(x, 0.0))


def gelu(xp: Any, x: Any) -> Any:
    """x times the normal distribution function of x."""
    # erfc keeps the digits of the left tail.
    return 0.5 * x * xp.erfc(-x / math.sqrt(2.0))


def gelu_tanh(xp: Any, x: Any) -> Any:
    """gelu, approximated by tanh."""
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x))
    return 0.5 * x * (1.0 + xp.tanh(inner))


def squareplus(xp: Any, x: Any, *, b: float) -> Any:
    """(x + sqrt(x**2 + b)) / 2."""
    return (x + xp.sqrt(x * x + b)) / 2


def log1mexp(xp: Any, x: Any) -> Any:
    """log(1 - exp(-x))."""
    return xp.log(-xp.expm1(-x))


def softsign(xp: Any, x: Any) -> Any:
    """x / (1 + abs(x))."""
    return x / (1.0 + xp.abs(x))


def tanhshrink(xp: Any, x: Any) -> Any:
    """x - tanh(x)."""
    return x - xp.tanh(x)


def relu(xp: Any, x: Any) -> Any:
    """max(x, 0)."""
    return xp.maximum(x, 0.0)


def relu6(xp: Any, x: Any) -> Any:
    """min(max(x, 0), 6)."""
    return xp.minimum(xp.maximum(x, 0.0), 6.0)


def hardsigmoid(xp: Any, x: Any) -> Any:
    """relu6(x + 3) / 6."""
    return relu6(xp, x + 3.0) / 6


def hardswish(xp: Any, x: Any) -> Any:
    """x hardsigmoid(x)."""
    return x * (relu6(xp, x + 3.0) / 6)


def hardtanh(xp: Any, x: Any, *, min: float, max: float) -> Any:
    """min(max(x, min), max)."""
    return xp.minimum(xp.maximum(x, min), max)


def leaky_relu(xp: Any, x: Any, *, slope: float) -> Any:
    """x if positive, else slope * x."""
    return x if slope == 1 else xp.where(xp.greater(x, 0.0), x, slope * x)


def elu(xp: Any, x: Any, *, alpha: float) -> Any:
    """x if positive, else alpha * (exp(x) - 1)."""
    return xp.where(xp.greater(x, 0.0), x, alpha * xp.expm1(x))


def celu(xp: Any, x: Any, *, alpha: float) -> Any:
    """x if positive, else alpha * (exp(x / alpha) - 1)."""
    return xp.where(xp.greater(x, 0.0), x, alpha * xp.expm1(x / alpha))


def selu(xp: Any, x: Any) -> Any:
    """A multiple of elu, with fixed constants."""
    return SELU_SCALE * elu(xp, x, alpha=SELU_ALPHA)


# For lambd = 0 the function is the identity, which is smooth at zero.
def softshrink(xp: Any, x: Any, *, lambd: float) -> Any:
    """x moved by `lambd` towards zero, 0 within `lambd`."""
    if lambd == 0:
        return x
    return xp.where(
        xp.greater(x, lambd), x - lambd, xp.where(xp.less(x, -lambd), x + lambd, 0.0 * x)
    )


def hardshrink(xp: Any, x: Any, *, lambd: float) -> Any:
    """x, but 0 within `lambd`."""
    if lambd == 0:
        return x
    return xp.where(xp.greater(x, lambd), x, xp.where(xp.less(x, -lambd), x, 0.0 * x))


def sparse_plus(xp: Any, x: Any) -> Any:
    """Zero up to -1, (x + 1)**2 / 4 up to 1, then x: once continuously differentiable."""
    return xp.where(
        xp.less(x, -1.0), 0.0 * x, xp.where(xp.less(x, 1.0), (x + 1.0) * (x + 1.0) / 4, x)
    )


def prelu(xp: Any, x: Any, slope: Any) -> Any:
    """x if positive, else slope * x, with one slope for all entries."""
    if slope.shape:
        raise ValueError(f"the slope must be a number, not of shape {slope.shape}")
    return xp.where(xp.greater(x, 0.0), x, slope * x)


def glu(xp: Any, x: Any, *, axis: int) -> Any:
    """The first half along `axis` times the sigmoid of the second half."""
    before = (slice(None),) * (axis % len(x.shape))
    n = x.shape[axis]
    if n % 2:
        raise ValueError(f"axis {axis} of shape {x.shape} has no halves")
    return x[(*before, slice(0, n // 2))] * logistic(xp, x[(*before, slice(n // 2, n))])


ROWS: Sequence[Operation] = (
    derived(softplus, family("cornered", SATURATING)),
    derived(logsigmoid, family("cornered", SATURATING)),
    derived(silu, family("cornered", SATURATING, (0.0,))),
    derived(mish, family("cornered", SATURATING, (0.0,))),
    derived(gelu, family("cornered", Domain(low=-24, high=24), (0.0,))),
    derived(gelu_tanh, family("cornered", Domain(low=-64, high=64), (0.0,))),
    derived(
        squareplus,
        family("cornered", SATURATING, (0.0,), b=one_of(4.0, 1.0)),
        params={"b": "float"},
    ),
    derived(log1mexp, family("cornered", Domain(low=1 / 16, saturate=True))),
    derived(softsign, family("cornered", SATURATING, (0.0,))),
    derived(tanhshrink, family("cornered", SATURATING, (0.0,))),
    derived(relu, family("cornered", ANY, (0.0,)), curvature="linear", exact=True),
    derived(relu6, family("cornered", ANY, (0.0, 6.0)), curvature="linear", exact=True),
    derived(hardsigmoid, family("cornered", ANY, (0.0, 3.0, -3.0)), curvature="linear"),
    derived(hardswish, family("cornered", ANY, (0.0, 3.0, -3.0))),
    derived(
        hardtanh,
        family(
            "cornered",
            ANY,
            ("min", "max"),
            min=one_of(-1.0, 0.0, -2.0),
            max=one_of(1.0, 2.0, 0.5),
        ),
        params={"min": "float", "max": "float"},
        curvature="linear",
        exact=True,
    ),
    derived(
        leaky_relu,
        family("cornered", ANY, (0.0,), slope=one_of(0.125, 0.0, -0.5, 1.0)),
        params={"slope": "float"},
        curvature="linear",
    ),
    derived(
        elu,
        family("cornered", SATURATING, (0.0,), alpha=one_of(1.0, 0.5, 2.0)),
        params={"alpha": "float"},
    ),
    derived(
        celu,
        family("cornered", SATURATING, (0.0,), alpha=one_of(1.0, 0.5, 2.0)),
        params={"alpha": "float"},
    ),
    derived(selu, family("cornered", SATURATING, (0.0,))),
    derived(
        softshrink,
        family("cornered", ANY, ("lambd", "-lambd", 0.0), lambd=one_of(0.5, 1.0, 0.0)),
        params={"lambd": "float"},
        curvature="linear",
    ),
    derived(
        hardshrink,
        family("cornered", ANY, ("lambd", "-lambd", 0.0), lambd=one_of(0.5, 1.0, 0.0)),
        params={"lambd": "float"},
        curvature="linear",
    ),
    derived(sparse_plus, family("cornered", SATURATING, (1.0, -1.0, 0.0))),
    derived(prelu, family("sloped"), arity=2),
    derived(glu, family("halves"), params={"axis": "int"}),
)
