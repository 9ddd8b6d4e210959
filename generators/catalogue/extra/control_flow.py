"""Loops, branches, and derivatives inside a program, each in the engine's own form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ad_conformance.generators.catalogue.operands import POSITIVE, Domain, family, one_of
from ad_conformance.generators.catalogue.operation import Call, Operation
from ad_conformance.generators.catalogue.row_forms import derived


def newton_sqrt(xp: Any, x: Any, *, count: int) -> Any:
    """`count` Newton steps from 1 towards the square root."""
    t = 1.0 + 0.0 * x
    for _ in range(count):
        t = (t + x / t) / 2
    return t


def logistic_map(xp: Any, x: Any, *, rate: float, count: int) -> Any:
    """`count` steps x -> rate x (1 - x)."""
    for _ in range(count):
        x = rate * x * (1.0 - x)
    return x


def _scanned(xp: Any, x: Any, step: Callable[[Any, Any], Any]) -> Any:
    """The results of step(step(x0, x1), x2) ... for every prefix of a vector, shape (n,)."""
    if len(x.shape) != 1:
        raise ValueError(f"a vector is needed, not shape {x.shape}")
    n = x.shape[0]
    total: Any = 0.0
    state = 0.0 * x[:1]
    for k in range(n):
        state = step(state, x[k : k + 1])
        # 1 at index k, 0 elsewhere.
        total = total + xp.where([j == k for j in range(n)], state, 0.0)
    return total


def scan_decay(xp: Any, x: Any, *, decay: float) -> Any:
    """The results of h -> decay h + v for every prefix of a vector, from 0."""
    return _scanned(xp, x, lambda h, v: decay * h + v)


def scan_tanh(xp: Any, x: Any, weight: Any) -> Any:
    """The results of h -> tanh(weight h + v) for every prefix of a vector, from 0."""
    if len(weight.shape):
        raise ValueError(f"the weight must be a number, not of shape {weight.shape}")
    return _scanned(xp, x, lambda h, v: xp.tanh(weight * h + v))


def branch(xp: Any, x: Any, *, threshold: float) -> Any:
    """x sin(x) if the sum of x exceeds the threshold, else the square of x."""
    return xp.where(
        xp.greater(xp.sum(x, axis=None, keepdims=False), threshold), x * xp.sin(x), x * x
    )


def associative_product(xp: Any, x: Any, *, axis: int) -> Any:
    """The cumulative product, by an associative scan."""
    return xp.cumulative_prod(x, axis=axis)


def implicit_sqrt(xp: Any, x: Any) -> Any:
    """The root t > 0 of t * t = x."""
    return xp.sqrt(x)


def checkpointed(xp: Any, x: Any) -> Any:
    """sin(x) exp(-x**2), computed again in the reverse pass."""
    return xp.sin(x) * xp.exp(-(x * x))


#: Functions of t, with a captured value c, that are differentiated inside a program: the text, and
#: the first and second derivative by hand.
Body = tuple[str, Callable[..., Any], Callable[..., Any]]
BODIES: dict[str, Body] = {
    "product": ("t * {c}", lambda xp, t, c: c + 0.0 * t, lambda xp, t, c: 0.0 * (t * c)),
    "shifted": ("t + {c}", lambda xp, t, c: 1.0 + 0.0 * (t + c), lambda xp, t, c: 0.0 * (t + c)),
    "sine": ("xp.sin(t) * {c}", lambda xp, t, c: xp.cos(t) * c, lambda xp, t, c: -(xp.sin(t) * c)),
    "cubic": (
        "t * t * t + {c} * t",
        lambda xp, t, c: 3.0 * (t * t) + c,
        lambda xp, t, c: 6.0 * t + 0.0 * c,
    ),
    "growth": (
        "t * xp.exp({c} * t)",
        lambda xp, t, c: (1.0 + c * t) * xp.exp(c * t),
        lambda xp, t, c: (2.0 + c * t) * c * xp.exp(c * t),
    ),
    "quotient": (
        "xp.sin(t * {c}) / (1.0 + t * t)",
        lambda xp, t, c: (
            (c * xp.cos(t * c) * (1.0 + t * t) - 2.0 * t * xp.sin(t * c)) / _square(1.0 + t * t)
        ),
        lambda xp, t, c: (
            (-(c * c) * xp.sin(t * c) - 4.0 * t * c * xp.cos(t * c) / (1.0 + t * t)) / (1.0 + t * t)
            + xp.sin(t * c) * (6.0 * (t * t) - 2.0) / (_square(1.0 + t * t) * (1.0 + t * t))
        ),
    ),
}


def _square(x: Any) -> Any:
    return x * x


def body(name: str) -> Body:
    if name not in BODIES:
        raise ValueError(f"body={name!r}: use one of {', '.join(BODIES)}")
    return BODIES[name]


def _same_shape(x: Any, c: Any) -> None:
    if x.shape != c.shape:
        raise ValueError(f"two operands of one shape are needed, not {x.shape} and {c.shape}")


def inner_derivative(xp: Any, x: Any, c: Any, *, body: str) -> Any:
    """The derivative of the body by t at x, entry by entry."""
    _same_shape(x, c)
    return _body(body)[1](xp, x, c)


def inner_second_derivative(xp: Any, x: Any, c: Any, *, body: str) -> Any:
    """The second derivative of the body by t at x, entry by entry."""
    _same_shape(x, c)
    return _body(body)[2](xp, x, c)


def inner_pushforward(xp: Any, x: Any, c: Any, *, body: str) -> Any:
    """The pushforward of the body at x along c, which the body also captures."""
    _same_shape(x, c)
    return _body(body)[1](xp, x, c) * c


def descent(xp: Any, x: Any, c: Any, *, body: str, rate: float, count: int) -> Any:
    """`count` gradient descent steps on the sum of the body, starting from x."""
    _same_shape(x, c)
    for _ in range(count):
        x = x - rate * _body(body)[1](xp, x, c)
    return x


_body = body


def body_text(call: Call) -> str:
    """The body as text, with t free and the second operand as c."""
    return _body(call.params["body"])[0].format(c=call.operands[1])


_COUNT = one_of(3, 1, 2, 5, 0)
_BODY = {"body": "name"}
_CAPTURED = family("captured", bodies=tuple(BODIES))

ROWS: Sequence[Operation] = (
    derived(newton_sqrt, family("fitted", POSITIVE, count=_COUNT), params={"count": "times"}),
    derived(
        logistic_map,
        family(
            "fitted", Domain(low=-2, high=2), rate=one_of(2.0, 3.5, 1.0), count=one_of(2, 1, 3, 0)
        ),
        params={"rate": "float", "count": "times"},
    ),
    derived(
        scan_decay,
        family("nonempty_vector", weight=False, decay=one_of(0.5, 1.0, 0.0, -2.0)),
        params={"decay": "float"},
        curvature="linear",
    ),
    derived(scan_tanh, family("nonempty_vector", weight=True), arity=2),
    derived(branch, family("branched"), params={"threshold": "float"}),
    derived(
        associative_product,
        family("along_axis", aim="zeros"),
        params={"axis": "int"},
        exact=True,
    ),
    derived(implicit_sqrt, family("unary", POSITIVE)),
    derived(checkpointed, family("unary", Domain(low=-4, high=4))),
    derived(inner_derivative, _CAPTURED, arity=2, params=_BODY),
    derived(inner_second_derivative, _CAPTURED, arity=2, params=_BODY),
    derived(inner_pushforward, _CAPTURED, arity=2, params=_BODY),
    derived(
        descent,
        family(
            "captured", bodies=tuple(BODIES), rate=one_of(0.25, 0.5, -0.125), count=one_of(2, 1, 3)
        ),
        arity=2,
        params={**_BODY, "rate": "float", "count": "times"},
    ),
)
