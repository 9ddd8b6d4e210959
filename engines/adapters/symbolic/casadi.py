"""CasADi: SX expressions, whose directional derivatives in either mode are expressions again; the
engine `casadi-mx` uses MX expressions.

Every value of CasADi is a matrix: a number is 1 x 1, and a vector is a column. The templates here
arrange vectors as NumPy does. There are no values of more than two axes. CasADi answers with a
column of all entries, to which the script gives the shape of the derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from ad_conformance.engines.adapters.numpy_calls import text_of
from ad_conformance.engines.adapters.numpy_family import LOOPS, called, shared, symmetric
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.script import Script, write
from ad_conformance.generators.catalogue.extra import complex_ops
from ad_conformance.generators.catalogue.operation import Call, Template
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

HEADER = """\
import functools

import casadi as ca
import numpy as np

Expression = ca.SX


def differentiated(f, derivative):
    def of(x):
        # The entries of x in NumPy's order. They are a new variable: f may capture x itself, which
        # is constant here.
        t = Expression.sym("t", x.numel())
        y = ca.vec(Expression(f(ca.reshape(t, x.shape[1], x.shape[0]).T)).T)
        return ca.substitute(ca.vec(derivative(y, t)), t, Expression(ca.vec(x.T)))

    return of


# The seeds are dense: with sparse ones the derivatives of MX are wrong.
def jacrev(f):
    return differentiated(f, lambda y, t: ca.jtimes(y, t, ca.densify(ca.DM.eye(y.numel())), True))


def jacfwd(f):
    return differentiated(
        f, lambda y, t: ca.jtimes(y, t, ca.densify(ca.DM.eye(t.numel())), False).T
    )


def grad(f):
    return shaped(differentiated(f, ca.gradient))


def pushforward(f, v):
    return lambda x: differentiated(f, lambda y, t: ca.jtimes(y, t, ca.vec(v.T), False))(x)


def pullback(f, w):
    return shaped(differentiated(f, lambda y, t: ca.jtimes(y, t, ca.vec(w.T), True)))


def shaped(f):
    return lambda x: ca.reshape(f(x), x.shape[1], x.shape[0]).T


def compiled(f, x):
    t = Expression.sym("x", *x.shape)
    return ca.Function("derivative", [t], [ca.densify(ca.vec(f(t).T))])
"""


def _shaped(engine: Engine, case: Case) -> Script:
    """The script of a case, with a last line that gives the answer its shape."""
    script = write(engine, case)
    values = evaluate_steps(case.program, case.input)
    value_ids = (0, *case.program.arguments)
    shape = case.asked.shape(values[-1].shape, [values[value_ids[i]].shape for i in case.inputs])
    return replace(script, run=f"{script.run}got = got.reshape({shape})\n")


def _checked(call: Call) -> None:
    if any(len(shape) > 2 for shape in call.shapes):
        raise UnsupportedOperation("more than two axes")
    if any(not math.prod(shape) for shape in call.shapes):
        # In arithmetic CasADi takes an empty matrix for a zero of any shape.
        raise UnsupportedOperation("empty arrays")


def _spread(text: str, shape: tuple[int, ...], target: tuple[int, ...]) -> str:
    """The operand broadcast as NumPy does it. CasADi itself broadcasts numbers only."""
    if len(target) > 2 or not math.prod(target):
        raise UnsupportedOperation("more than two axes")
    if len(shape) == 1 and len(target) == 2 and shape[0] > 1:
        text, shape = f"{text}.T", (1, *shape)
    if math.prod(shape) == 1 or shape == target:
        return text
    rows, columns = (*target, 1)[:2]
    have = (*shape, 1)[:2]
    return f"ca.repmat({text}, {rows // have[0]}, {columns // have[1]})"


def _elementwise(template: str) -> Callable[[Call], str]:
    def write_call(call: Call) -> str:
        _checked(call)
        target = np.broadcast_shapes(*call.shapes)
        pairs = zip(call.operands, call.shapes, strict=True)
        operands = tuple(_spread(text, shape, target) for text, shape in pairs)
        return text_of(template, replace(call, operands=operands))

    return write_call


def _by_shape(choose: Callable[[Call], str]) -> Callable[[Call], str]:
    """The template that `choose` takes for a call.

    `choose` gives "" for a call that CasADi, which has matrices only, cannot do.
    """

    def write_call(call: Call) -> str:
        _checked(call)
        template = choose(call)
        if not template:
            raise UnsupportedOperation("an arrangement of axes")
        return text_of(template, call)

    return write_call


def _rank(call: Call) -> tuple[int, ...]:
    return tuple(map(len, call.shapes))


def _axis(call: Call) -> int | None:
    axis = call.params["axis"]
    return None if axis is None else axis % len(call.shapes[0])


def _sum(call: Call) -> str:
    if _rank(call) != (2,):
        return "ca.sum1({0})"
    if _axis(call) is None:
        return "ca.sum1(ca.sum2({0}))"
    if _axis(call) == 1:
        return "ca.sum2({0})"
    return "ca.sum1({0})" if call.params["keepdims"] else "ca.sum1({0}).T"


def _mean(call: Call) -> str:
    n = math.prod(call.shapes[0]) if _axis(call) is None else call.shapes[0][_axis(call) or 0]
    return f"{_sum(call)} / {n}"


def _extremum(name: str) -> Callable[[Call], str]:
    return lambda call: f"ca.{name}({{0}})" if _axis(call) is None or _rank(call) == (1,) else ""


def _stack(call: Call) -> str:
    axes = len(call.shapes[0])
    if axes > 1:
        return ""
    if not axes:
        return "ca.vertcat({args})"
    first = call.params["axis"] % (axes + 1) == 0
    return "ca.horzcat({args}).T" if first else "ca.horzcat({args})"


def _concat(call: Call) -> str:
    return "ca.horzcat({args})" if _axis(call) else "ca.vertcat({args})"


def _reshape(call: Call) -> str:
    shape = np.empty(call.shapes[0]).reshape(call.params["shape"]).shape
    if len(shape) > 2:
        return ""
    if len(shape) < 2:
        return "ca.vec({0}.T)"
    return f"ca.reshape({{0}}.T, {shape[1]}, {shape[0]}).T"


def _expand_dims(call: Call) -> str:
    axes = len(call.shapes[0])
    if axes > 1:
        return ""
    return "{0}.T" if axes and call.params["axis"] % 2 == 0 else "+{0}"


def _subscript(call: Call, key: str) -> str:
    if _rank(call) == (1,):
        return f"{{0}}[{key}]"
    return f"{{0}}[:, {key}]" if _axis(call) else f"{{0}}[{key}, :]"


def _slice(call: Call) -> str:
    start, stop, step = (call.params[k] for k in ("start", "stop", "step"))
    indices = list(range(call.shapes[0][_axis(call) or 0]))[start:stop:step]
    if not indices:
        return ""
    return _subscript(call, f"{start}:{stop}:{step}" if step > 0 else str(indices))


def _take(call: Call) -> str:
    return _subscript(call, str(list(call.params["indices"]))) if call.params["indices"] else ""


def _index(call: Call) -> str:
    index = ", ".join(map(str, call.params["index"]))
    if not call.params["index"]:
        return "+{0}"
    whole = len(call.params["index"]) == len(call.shapes[0])
    return f"{{0}}[{index}]" if whole else f"{{0}}[{index}, :].T"


def _broadcast_to(call: Call) -> str:
    _checked(call)
    target = call.params["shape"]
    if math.prod(call.shapes[0]) == 1 and math.prod(target) != 1:
        rows, columns = (*target, 1)[:2]
        if len(target) > 2 or not math.prod(target):
            raise UnsupportedOperation("more than two axes")
        return f"ca.repmat({call.operands[0]}, {rows}, {columns})"
    return f"+{_spread(call.operands[0], call.shapes[0], target)}"


def _square(template: str) -> Callable[[Call], str]:
    return lambda call: template if len(set(call.shapes[0])) == 1 else ""


_MATMUL: dict[tuple[int, ...], str] = {
    (1, 1): "ca.dot({0}, {1})",
    (1, 2): "({0}.T @ {1}).T",
    (2, 1): "{0} @ {1}",
    (2, 2): "{0} @ {1}",
}


def _tensordot(call: Call) -> str:
    if call.params["axes"]:
        return _MATMUL.get(_rank(call), "")
    if _rank(call) == (1, 1):
        return "{0} @ {1}.T"
    return "{0} * {1}" if 0 in _rank(call) else ""


def _vectors(template: str) -> Callable[[Call], str]:
    return lambda call: template if set(_rank(call)) == {1} else ""


def _norm(call: Call) -> str:
    name = {1.0: "norm_1", 2.0: "norm_2", "inf": "norm_inf"}.get(call.params["ord"])
    return f"ca.{name}({{0}})" if name and _rank(call) == (1,) else ""


def _diff(call: Call) -> str:
    axis = _axis(call) or 0
    return f"ca.diff({{0}}, {{n}}, {axis})" if 0 < call.params["n"] < call.shapes[0][axis] else ""


SYMMETRIC = symmetric("{0}.T")
SAME_NAME = (
    *("sin", "cos", "tan", "exp", "log", "log10", "log1p", "expm1", "sqrt", "tanh", "sinh", "cosh"),
    *("atan", "asin", "acos", "asinh", "acosh", "atanh", "sign", "floor", "ceil", "erf", "erfinv"),
)
UNARY = {
    "square": "{0} ** 2",
    "reciprocal": "1 / {0}",
    "negative": "-{0}",
    "positive": "+{0}",
    "abs": "ca.fabs({0})",
    **called("ca", *SAME_NAME),
    "pow_int": "{0} ** {exponent}",
    "pow_float": "{0} ** {exponent}",
    "clip": "ca.fmin(ca.fmax({0}, {min}), {max})",
    "relu": "ca.fmax({0}, 0)",
    "relu6": "ca.fmin(ca.fmax({0}, 0), 6)",
    "newton_sqrt": (
        "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), "
        "Expression.ones(*{0}.shape))"
    ),
    **shared(LOOPS, "logistic_map"),
}
OPERATORS = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "pow": "**",
    "less": "<",
    "greater": ">",
    "less_equal": "<=",
    "greater_equal": ">=",
    "equal": "==",
    "not_equal": "!=",
}
BINARY = {
    **{name: f"{{0}} {operator} {{1}}" for name, operator in OPERATORS.items()},
    "maximum": "ca.fmax({0}, {1})",
    "minimum": "ca.fmin({0}, {1})",
    **called("ca", "hypot", "atan2", "copysign"),
    "logical_and": "ca.logic_and({0}, {1})",
    "logical_or": "ca.logic_or({0}, {1})",
    "logical_not": "ca.logic_not({0})",
    "where": "ca.if_else({0}, {1}, {2})",
}
BY_SHAPE: dict[str, Callable[[Call], str]] = {
    "sum": _sum,
    "mean": _mean,
    "max": _extremum("mmax"),
    "min": _extremum("mmin"),
    "cumulative_sum": lambda call: f"ca.cumsum({{0}}, {_axis(call)})",
    "stack": _stack,
    "concat": _concat,
    "reshape": _reshape,
    "expand_dims": _expand_dims,
    "permute_dims": lambda call: "{0}.T" if call.params["axes"] == (1, 0) else "+{0}",
    "matrix_transpose": lambda call: "{0}.T",
    "flip": lambda call: _subscript(call, "::-1"),
    "index": _index,
    "slice": _slice,
    "take": _take,
    "tril": lambda call: "ca.tril({0})",
    "triu": lambda call: "ca.triu({0})",
    "diag": lambda call: "ca.diag({0})",
    "diagonal": _square("ca.diag({0})"),
    "trace": _square("ca.trace({0})"),
    "matmul": lambda call: _MATMUL.get(_rank(call), ""),
    "tensordot": _tensordot,
    "outer": _vectors("{0} @ {1}.T"),
    "vecdot": _vectors("ca.dot({0}, {1})"),
    "det": lambda call: "ca.det({0})",
    "inv": lambda call: "ca.inv({0})",
    "solve": lambda call: "ca.solve({0}, {1})",
    "vector_norm": lambda call: (
        "ca.norm_fro({0})" if _axis(call) is None or _rank(call) == (1,) else ""
    ),
    "matrix_norm": lambda call: "ca.norm_fro({0})",
    "cholesky": lambda call: f"ca.chol({SYMMETRIC}).T",
    "pinv": lambda call: "ca.pinv({0})",
    "kron": lambda call: (
        "ca.kron({0}, {1})" if set(_rank(call)) <= {1} or set(_rank(call)) == {2} else ""
    ),
    "cross": _vectors("ca.cross({0}, {1})"),
    "inner": _vectors("ca.dot({0}, {1})"),
    "logsumexp": _vectors("ca.logsumexp({0})"),
    "vector_norm_ord": _norm,
    "diff": _diff,
    "branch": lambda call: (
        "ca.if_else(ca.sum1(ca.sum2({0})) > {threshold}, {0} * ca.sin({0}), {0} * {0})"
    ),
    "polyval": lambda call: "ca.polyval({0}, {1})" if not call.shapes[1] else "",
}
LACKING = (
    *(row.name for row in complex_ops.ROWS),
    *("log2", "trunc", "round", "logaddexp", "remainder", "floor_divide", "logical_xor", "prod"),
    *("cumulative_prod", "roll", "einsum", "sort"),
)
TEMPLATES: dict[str, Template | None] = {
    **dict.fromkeys(LACKING),
    **{name: _elementwise(template) for name, template in {**UNARY, **BINARY}.items()},
    **{name: _by_shape(choose) for name, choose in BY_SHAPE.items()},
    "broadcast_to": _broadcast_to,
}

casadi = Engine(
    name="casadi",
    distribution="casadi",
    module="casadi",
    header=HEADER,
    dialect=Dialect(namespace="ca", array="ca.DM({value})", templates=TEMPLATES),
    mode_transforms={"R": "jacrev({f})", "F": "jacfwd({f})"},
    operators={
        "gradient": "grad({f})",
        "pushforward": "pushforward({f}, {v})",
        "pullback": "pullback({f}, {w})",
    },
    compile="derivative = compiled({nested}, x)",
    run="got = derivative(x).full()",
    writer=_shaped,
)

mx = replace(
    casadi,
    name="casadi-mx",
    header=HEADER.replace("Expression = ca.SX", "Expression = ca.MX"),
    dialect=replace(casadi.dialect, templates={**TEMPLATES, "cholesky": None}),
)
