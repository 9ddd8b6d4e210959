"""Elementwise primitives: elementary functions, arithmetic, comparisons.

Formulas: Abramowitz and Stegun 4.3, 4.4, 4.5, 4.6.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ad_conformance.engines.inhouse.codegen import printing, runtime
from ad_conformance.engines.inhouse.core.graph import Node, Primitive, make
from ad_conformance.engines.inhouse.rules import shape_rules
from ad_conformance.engines.inhouse.rules.kinds import (
    Elementwise,
    General,
    Partial,
    Rule,
    Scaling,
    Tangents,
    f,
)
from ad_conformance.engines.inhouse.rules.ops import select

BOOL = np.dtype(bool)


def elementwise(
    name: str,
    function: Any,
    shown: printing.Print,
    *partials: Partial,
    rule: Rule | None = None,
    **traits: Any,
) -> Primitive:
    """A primitive whose operands broadcast; without partials and rule it is piecewise constant."""
    return Primitive(
        name,
        shape=shape_rules.broadcast,
        evaluate=lambda params, *arrays: function(*arrays),
        rule=Elementwise(partials) if partials else rule,
        print=shown,
        elementwise=True,
        broadcasts=True,
        **traits,
    )


def ufunc(name: str, numpy_name: str, *partials: Partial, **traits: Any) -> Primitive:
    """A function that NumPy has under this name."""
    function = getattr(np, numpy_name)
    return elementwise(name, function, printing.numpy_call(numpy_name), *partials, **traits)


def truth(name: str, shown: printing.Print, **traits: Any) -> Primitive:
    """A function of NumPy whose values are truth values."""
    return elementwise(name, getattr(np, name), shown, dtype=lambda p, *dtypes: BOOL, **traits)


# The exponent less one. Where it was zero the derivative is zero, also at base zero, and must not
# become 0 * inf; an exponent that varies needs this only at base zero, because elsewhere it would
# lose the derivative to the exponent.
def _less_one(x: Node, n: Node) -> Node:
    zero = make("equal", n, 0.0)
    if n.value is None:
        zero = make("logical_and", zero, make("equal", x, 0.0))
    return select(zero, 1.0, n - 1.0)


def _safe_log(x: Node) -> Node:
    return make("log", select(make("equal", x, 0.0), 1.0, x))


def _pull_safe_multiply(s: Scaling, i: int, ct: Node, out: Node, a: Node, b: Node) -> Node:
    return make("safe_multiply", (b, a)[i], ct)


def _push_safe_multiply(out: Node, operands: tuple[Node, Node], tangents: Tangents) -> Node:
    (c, d), (s, t) = operands, tangents
    terms = [
        make("safe_multiply", *pair)
        for pair in ((s, d), (c, t))
        if pair[0] is not None and pair[1] is not None
    ]
    return terms[0] if len(terms) == 1 else terms[0] + terms[1]


ONE_OPERAND = (
    ufunc("exp", "exp", lambda y, x: y),
    ufunc("expm1", "expm1", lambda y, x: f("exp", x)),
    ufunc("log", "log", lambda y, x: 1.0 / x),
    ufunc("log2", "log2", lambda y, x: 1 / math.log(2) / x),
    ufunc("log10", "log10", lambda y, x: 1 / math.log(10) / x),
    ufunc("log1p", "log1p", lambda y, x: 1.0 / (1.0 + x)),
    ufunc("sqrt", "sqrt", lambda y, x: 0.5 / y),
    ufunc("sin", "sin", lambda y, x: f("cos", x), keeps_finite=True),
    ufunc("cos", "cos", lambda y, x: -f("sin", x), keeps_finite=True),
    ufunc("tan", "tan", lambda y, x: 1.0 + y * y),
    ufunc("asin", "arcsin", lambda y, x: 1.0 / f("sqrt", 1.0 - x * x)),
    ufunc("acos", "arccos", lambda y, x: -1.0 / f("sqrt", 1.0 - x * x)),
    ufunc("atan", "arctan", lambda y, x: 1.0 / (1.0 + x * x)),
    ufunc("sinh", "sinh", lambda y, x: f("cosh", x)),
    ufunc("cosh", "cosh", lambda y, x: f("sinh", x)),
    # 1 - tanh^2 cancels where tanh saturates; sech does not.
    ufunc("tanh", "tanh", lambda y, x: f("sech", x) * f("sech", x), keeps_finite=True),
    elementwise("sech", runtime.sech, printing.runtime_call("sech"),
                lambda y, x: -(y * f("tanh", x)), keeps_finite=True),
    ufunc("asinh", "arcsinh", lambda y, x: 1.0 / f("hypot", x, 1.0)),
    ufunc("acosh", "arccosh", lambda y, x: 1.0 / (f("sqrt", x - 1.0) * f("sqrt", x + 1.0))),
    ufunc("atanh", "arctanh", lambda y, x: 1.0 / (1.0 - x * x)),
    elementwise("logistic", runtime.logistic, printing.runtime_call("logistic"),
                lambda y, x: y * f("logistic", -x), keeps_finite=True),
    ufunc("abs", "abs", lambda y, x: f("sign", x), keeps_finite=True),
)  # fmt: skip
TWO_OPERANDS = (
    # Sums and products count as finite: they overflow only for operands beyond 1e150.
    elementwise("add", np.add, printing.add, lambda y, a, b: 1.0, lambda y, a, b: 1.0,
                commutative=True, keeps_finite=True),
    elementwise("multiply", np.multiply, printing.multiply, lambda y, a, b: b, lambda y, a, b: a,
                commutative=True, keeps_finite=True),
    elementwise("divide", np.divide, printing.divide,
                lambda y, a, b: 1.0 / b, lambda y, a, b: -(y / b)),
    elementwise("power", np.power, printing.power,
                lambda y, x, n: n * f("power", x, _less_one(x, n)),
                lambda y, x, n: y * _safe_log(x)),
    ufunc("remainder", "remainder", lambda y, a, b: 1.0, lambda y, a, b: -f("floor_divide", a, b)),
    ufunc("hypot", "hypot", lambda y, a, b: a / y, lambda y, a, b: b / y, commutative=True),
    ufunc("atan2", "arctan2",
          lambda y, a, b: b / (a * a + b * b), lambda y, a, b: -(a / (a * a + b * b))),
    ufunc("logaddexp", "logaddexp",
          lambda y, a, b: f("logistic", a - b), lambda y, a, b: f("logistic", b - a),
          commutative=True, keeps_finite=True),
    elementwise("safe_multiply", runtime.safe_multiply, printing.runtime_call("safe_multiply"),
                rule=General(_pull_safe_multiply, _push_safe_multiply, masks=True),
                commutative=True, keeps_finite=True),
)  # fmt: skip
PIECEWISE_CONSTANT = (
    ufunc("sign", "sign", keeps_finite=True),
    ufunc("floor", "floor", keeps_finite=True),
    ufunc("ceil", "ceil", keeps_finite=True),
    ufunc("trunc", "trunc", keeps_finite=True),
    ufunc("round", "rint", keeps_finite=True),
    ufunc("floor_divide", "floor_divide"),
    ufunc("copysign", "copysign", keeps_finite=True),
    truth("greater", printing.comparison(">")),
    truth("greater_equal", printing.comparison(">=")),
    truth("equal", printing.comparison("=="), commutative=True),
    truth("logical_not", printing.numpy_call("logical_not")),
    truth("logical_and", printing.numpy_call("logical_and"), commutative=True),
    truth("logical_or", printing.numpy_call("logical_or"), commutative=True),
    truth("logical_xor", printing.numpy_call("logical_xor"), commutative=True),
)
PRIMITIVES = (*ONE_OPERAND, *TWO_OPERANDS, *PIECEWISE_CONSTANT)
