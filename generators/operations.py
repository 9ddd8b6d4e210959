"""The catalogue: one row per operation.

A row says what an operation computes (on NumPy float64 arrays and, by the same code, on object arrays of balls), which
parameters it takes, where it may be asked, how an engine's language spells it by default, and how the generator
arranges operands for it. Shapes need no rule: NumPy finds them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from generators import arrange, balls
from generators.arrange import Arrangement, Domain

Array = np.ndarray
#: Rows of a matrix whose minors are expanded: their number doubles with each row.
MAX_SIDE = 8
#: Parameter types as they stand in JSON, each with the predicate that its values satisfy.
PARAMETER_TYPES: dict[str, Callable[[Any], bool]] = {
    "int": lambda v: type(v) is int,
    "bool": lambda v: type(v) is bool,
    "float": lambda v: type(v) is float,
    "axis": lambda v: v is None or type(v) is int,
    "ints": lambda v: isinstance(v, tuple) and all(type(i) is int for i in v),
    "array": lambda v: type(v) is float or (isinstance(v, tuple) and all(map(PARAMETER_TYPES["array"], v))),
}


@dataclass(frozen=True)
class Call:
    """One step as a dialect sees it: texts of the operands, parameters, and the operands' shapes."""

    operands: tuple[str, ...]
    params: Mapping[str, Any]
    shapes: tuple[tuple[int, ...], ...]


Spelling = str | Callable[[Call], str]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A row.

    `arity` None means one operand or more. `exact`: dyadic operands give an exact result. `literals`: scalar constants
    may stand as literals. `curvature`: how the result depends on the operands, apart from kinks; `weight`: how often it
    is drawn, more where rules have special cases. `terms`: the size of the terms of a result that may cancel, where
    curvature does not tell it.
    """

    name: str
    evaluate: Callable[..., Any]
    spelling: Spelling
    arrange: Arrangement
    arity: int | None = 1
    params: Mapping[str, str] = field(default_factory=dict)
    exact: bool = False
    literals: bool = False
    curvature: Literal["linear", "multilinear", "nonlinear"] = "nonlinear"
    terms: Callable[..., float] | None = None
    weight: int = 1

    def size_of_terms(self, operands: Sequence[Array], result: Array) -> float:
        """The magnitude of what is added up in the result, which may cancel and leave a result far smaller."""
        sizes = [float(np.max(np.abs(v), initial=0.0)) for v in operands if v.dtype != bool]
        own = float(np.max(np.abs(result), initial=0.0))
        if self.terms is not None:
            return max(own, self.terms(*operands))
        match self.curvature:
            case "linear":
                return max([own, *sizes])
            case "multilinear":
                return max(own, float(np.prod(sizes)))
            case _:
                return own


def _elementwise(ufunc: Any, ball: Callable[..., Any]) -> Callable[..., Any]:
    on_balls = np.frompyfunc(ball, ufunc.nin, 1)

    def evaluate(*operands: Array) -> Any:
        return (on_balls if any(o.dtype == object for o in operands) else ufunc)(*operands)

    return evaluate


def _method(name: str) -> Callable[[Any], Any]:
    return lambda z: getattr(z, name)()


_maximum = _elementwise(np.maximum, balls.maximum)
_minimum = _elementwise(np.minimum, balls.minimum)
_less = _elementwise(np.less, balls.less)
_sqrt = _elementwise(np.sqrt, balls.sqrt)


def _bool(compared: Any) -> Array:
    return np.asarray(compared).astype(bool)


def _reduce(binary: Callable[..., Any], ufunc: Any) -> Callable[..., Any]:
    """A reduction that asks `binary` pairwise on balls, so that every comparison is a branch of its own."""

    def evaluate(x: Array, *, axis: int | None, keepdims: bool) -> Any:
        if x.dtype != object:
            return ufunc.reduce(x, axis=axis, keepdims=keepdims)
        rows = x.reshape(-1) if axis is None else np.moveaxis(x, axis, 0)
        if len(rows) == 0:
            raise ValueError("reduction of an empty axis has no identity")
        out = np.asarray(rows[0], dtype=object)
        for row in rows[1:]:
            out = np.asarray(binary(out, np.asarray(row, dtype=object)), dtype=object)
        if not keepdims:
            return out
        return out.reshape((1,) * x.ndim) if axis is None else np.expand_dims(out, axis)

    return evaluate


def _mean(x: Array, *, axis: int | None, keepdims: bool) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims) / (x.size if axis is None else x.shape[axis])


def _where(condition: Array, a: Array, b: Array) -> Any:
    return np.where(condition, a, b)


def _square_matrix(a: Array) -> int:
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"a square matrix is needed, not shape {a.shape}")
    if a.shape[-1] > MAX_SIDE:
        raise ValueError(f"a matrix of at most {MAX_SIDE} rows is needed, not shape {a.shape}")
    return int(a.shape[-1])


def _minors(a: Array, rows: Sequence[int]) -> dict[tuple[int, ...], Any]:
    """The determinants of `rows` with every choice of as many columns, by Laplace expansion without division.

    Polynomials in the entries, so that a singular matrix is a point like any other.
    """
    minors: dict[tuple[int, ...], Any] = {(): 1.0}
    for size, row in enumerate(reversed(rows), start=1):
        minors = {
            columns: sum(
                (-1) ** k * a[..., row, j] * minors[columns[:k] + columns[k + 1 :]] for k, j in enumerate(columns)
            )
            for columns in itertools.combinations(range(a.shape[-1]), size)
        }
    return minors


def _det(a: Array) -> Any:
    n = _square_matrix(a)
    return _minors(a, range(n))[tuple(range(n))] if n else np.ones(a.shape[:-2])


def _inv(a: Array) -> Any:
    """The adjugate over the determinant."""
    n = _square_matrix(a)
    if n == 0:
        return a
    everything = tuple(range(n))
    without = [_minors(a, [r for r in range(n) if r != i]) for i in range(n)]
    adjugate = np.empty((n, n, *a.shape[:-2]), dtype=a.dtype)
    for i, j in itertools.product(range(n), repeat=2):
        adjugate[i, j] = (-1) ** (i + j) * without[j][everything[:i] + everything[i + 1 :]]
    return np.moveaxis(adjugate, (0, 1), (-2, -1)) / np.asarray(_det(a))[..., None, None]


def _solve(a: Array, b: Array) -> Any:
    if b.ndim not in (1, 2):
        raise ValueError(f"the right-hand side must have 1 or 2 axes, not shape {b.shape}")
    return np.matmul(_inv(a), b)


def _vector_norm(x: Array, *, axis: int | None) -> Any:
    return _sqrt(np.asarray(np.sum(x * x, axis=axis)))


def _matrix_norm(x: Array) -> Any:
    if x.ndim < 2:
        raise ValueError(f"a matrix is needed, not shape {x.shape}")
    return _sqrt(np.asarray(np.sum(x * x, axis=(-2, -1))))


def _diag(x: Array) -> Array:
    if x.ndim != 1:
        raise ValueError(f"a vector is needed, not shape {x.shape}")
    return np.diag(x)


def _vecdot(a: Array, b: Array) -> Any:
    if not a.ndim or not b.ndim or a.shape[-1] != b.shape[-1]:
        raise ValueError(f"last axes differ: {a.shape} and {b.shape}")
    return np.sum(a * b, axis=-1)


def _outer(a: Array, b: Array) -> Array:
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(f"vectors are needed, not shapes {a.shape} and {b.shape}")
    return np.asarray(np.multiply.outer(a, b))


def _clip(x: Array, *, min: float, max: float) -> Any:
    low, high = (np.asarray(v) if x.dtype != object else balls.to_balls(np.asarray(v)) for v in (min, max))
    return _minimum(np.asarray(_maximum(x, low)), high)


def _positions(call: Call, **at: Any) -> str:
    """The subscript that selects `at[axis]` on the axis given in `params`, everything elsewhere."""
    ndim = len(call.shapes[0])
    axis = call.params["axis"] % ndim
    return ", ".join([":"] * axis + [str(at["key"])])


def _slice_text(call: Call) -> str:
    start, stop, step = (call.params[k] for k in ("start", "stop", "step"))
    key = f"{start}:{stop}" + (f":{step}" if step != 1 else "")
    return f"{call.operands[0]}[{_positions(call, key=key)}]"


def _slice(x: Array, *, axis: int, start: int, stop: int, step: int) -> Array:
    key = [slice(None)] * x.ndim
    key[axis] = slice(start, stop, step)
    return x[tuple(key)]


def _index_text(call: Call) -> str:
    return f"{call.operands[0]}[{', '.join(map(str, call.params['index']))}]"


_REDUCTION = {"axis": "axis", "keepdims": "bool"}


def _unary(name: str, ufunc: Any, ball: Callable[..., Any] | None, domain: Domain, **more: Any) -> Operation:
    return Operation(
        name=name,
        evaluate=_elementwise(ufunc, ball or _method(name)),
        spelling=f"xp.{name}({{0}})",
        arrange=arrange.unary(domain),
        **more,
    )


def _binary(name: str, evaluate: Any, spelling: str, arranged: Arrangement, **more: Any) -> Operation:
    return Operation(name=name, evaluate=evaluate, spelling=spelling, arrange=arranged, arity=2, **more)


def _reduction(name: str, evaluate: Any, arranged: Arrangement, **more: Any) -> Operation:
    spelling = f"xp.{name}({{0}}, axis={{axis}}, keepdims={{keepdims}})"
    return Operation(name=name, evaluate=evaluate, spelling=spelling, arrange=arranged, params=_REDUCTION, **more)


ANY, POSITIVE, NONZERO = Domain(), Domain(low=1 / 16), Domain(gap=1 / 16)
UNIT, OPEN_UNIT = Domain(low=-7 / 8, high=7 / 8), Domain(low=-15 / 16, high=15 / 16)
SATURATING = Domain(low=-512, high=512, saturate=True)

_ROWS: Sequence[Operation] = (
    Operation(
        name="constant",
        evaluate=lambda *, value: np.asarray(value, dtype=float),
        spelling="{value}",
        arrange=arrange.constant,
        arity=0,
        params={"value": "array"},
        exact=True,
    ),
    # Elementwise, one operand.
    _unary("sin", np.sin, None, Domain(low=-64, high=64)),
    _unary("cos", np.cos, None, Domain(low=-64, high=64)),
    _unary("tan", np.tan, None, Domain(low=-1.375, high=1.375)),
    _unary("exp", np.exp, None, Domain(low=-32, high=12)),
    _unary("log", np.log, balls.log, POSITIVE),
    _unary("log1p", np.log1p, balls.log1p, Domain(low=-7 / 8)),
    _unary("expm1", np.expm1, None, Domain(low=-32, high=12)),
    _unary("sqrt", np.sqrt, balls.sqrt, POSITIVE),
    _unary("square", np.square, lambda z: z * z, ANY, exact=True),
    _unary("tanh", np.tanh, None, SATURATING),
    _unary("sinh", np.sinh, None, Domain(low=-12, high=12)),
    _unary("cosh", np.cosh, None, Domain(low=-12, high=12)),
    _unary("atan", np.arctan, balls.atan, SATURATING),
    _unary("asin", np.arcsin, balls.asin, UNIT),
    _unary("acos", np.arccos, balls.acos, UNIT),
    _unary("asinh", np.arcsinh, balls.asinh, SATURATING),
    _unary("acosh", np.arccosh, balls.acosh, Domain(low=1.125)),
    _unary("atanh", np.arctanh, balls.atanh, UNIT),
    _unary("reciprocal", np.reciprocal, lambda z: 1 / z, NONZERO),
    _unary("negative", np.negative, lambda z: -z, ANY, exact=True, curvature="linear"),
    _unary("abs", np.abs, balls.absolute, ANY, exact=True, curvature="linear"),
    Operation(
        name="pow_int",
        weight=2,
        evaluate=lambda x, *, exponent: _power(x, np.asarray(float(exponent))),
        spelling="{0} ** {exponent}",
        arrange=arrange.integer_power,
        params={"exponent": "int"},
    ),
    Operation(
        name="pow_float",
        weight=2,
        evaluate=lambda x, *, exponent: _power(x, np.asarray(exponent)),
        spelling="{0} ** {exponent}",
        arrange=arrange.float_power,
        params={"exponent": "float"},
    ),
    Operation(
        name="clip",
        curvature="linear",
        evaluate=_clip,
        spelling="xp.clip({0}, {min}, {max})",
        arrange=arrange.clip,
        params={"min": "float", "max": "float"},
    ),
    # Elementwise, with broadcasting.
    _binary("add", np.add, "{0} + {1}", arrange.binary(), exact=True, literals=True, curvature="linear"),
    _binary("subtract", np.subtract, "{0} - {1}", arrange.binary(), exact=True, literals=True, curvature="linear"),
    _binary("multiply", np.multiply, "{0} * {1}", arrange.binary(), exact=True, literals=True, curvature="multilinear"),
    _binary("divide", np.divide, "{0} / {1}", arrange.binary(second=NONZERO), literals=True),
    _binary("pow", lambda a, b: _power(a, b), "{0} ** {1}", arrange.power, literals=True, weight=2),
    _binary("maximum", _maximum, "xp.maximum({0}, {1})", arrange.binary(), exact=True, curvature="linear", weight=2),
    _binary("minimum", _minimum, "xp.minimum({0}, {1})", arrange.binary(), exact=True, curvature="linear", weight=2),
    _binary(
        "hypot", _elementwise(np.hypot, balls.hypot), "xp.hypot({0}, {1})", arrange.binary(second=NONZERO), weight=2
    ),
    _binary("atan2", _elementwise(np.arctan2, balls.atan2), "xp.atan2({0}, {1})", arrange.angle, weight=2),
    _binary(
        "logaddexp",
        _elementwise(np.logaddexp, balls.logaddexp),
        "xp.logaddexp({0}, {1})",
        arrange.binary(SATURATING, SATURATING),
        weight=2,
    ),
    _binary("less", lambda a, b: _bool(_less(a, b)), "{0} < {1}", arrange.comparison, literals=True),
    _binary("greater", lambda a, b: _bool(_less(b, a)), "{0} > {1}", arrange.comparison, literals=True),
    Operation(
        name="where",
        curvature="linear",
        evaluate=_where,
        spelling="xp.where({0}, {1}, {2})",
        arrange=arrange.where,
        arity=3,
        exact=True,
    ),
    # Reductions and scans.
    _reduction("sum", np.sum, arrange.reduction(), exact=True, curvature="linear"),
    _reduction("prod", np.prod, arrange.reduction(aim="zeros"), exact=True, weight=2),
    _reduction("mean", _mean, arrange.reduction(nonempty=True), curvature="linear"),
    _reduction(
        "max",
        _reduce(_maximum, np.maximum),
        arrange.reduction(nonempty=True, aim="tie"),
        exact=True,
        curvature="linear",
        weight=2,
    ),
    _reduction(
        "min",
        _reduce(_minimum, np.minimum),
        arrange.reduction(nonempty=True, aim="tie"),
        exact=True,
        curvature="linear",
        weight=2,
    ),
    Operation(
        name="cumulative_sum",
        curvature="linear",
        evaluate=lambda x, *, axis: np.cumsum(x, axis=axis),
        spelling="xp.cumulative_sum({0}, axis={axis})",
        arrange=arrange.along_axis(),
        params={"axis": "int"},
        exact=True,
    ),
    Operation(
        name="cumulative_prod",
        weight=2,
        evaluate=lambda x, *, axis: np.cumprod(x, axis=axis),
        spelling="xp.cumulative_prod({0}, axis={axis})",
        arrange=arrange.along_axis(aim="zeros"),
        params={"axis": "int"},
        exact=True,
    ),
    # Building, moving and picking.
    Operation(
        name="stack",
        curvature="linear",
        evaluate=lambda *xs, axis: np.stack(xs, axis=axis),
        spelling="xp.stack([{args}], axis={axis})",
        arrange=arrange.stack,
        arity=None,
        params={"axis": "int"},
        exact=True,
    ),
    Operation(
        name="concat",
        curvature="linear",
        evaluate=lambda *xs, axis: np.concatenate(xs, axis=axis),
        spelling="xp.concat([{args}], axis={axis})",
        arrange=arrange.concat,
        arity=None,
        params={"axis": "int"},
        exact=True,
    ),
    Operation(
        name="reshape",
        curvature="linear",
        evaluate=lambda x, *, shape: np.reshape(x, shape),
        spelling="xp.reshape({0}, {shape})",
        arrange=arrange.reshape,
        params={"shape": "ints"},
        exact=True,
    ),
    Operation(
        name="expand_dims",
        curvature="linear",
        evaluate=lambda x, *, axis: np.expand_dims(x, axis),
        spelling="xp.expand_dims({0}, axis={axis})",
        arrange=arrange.expand_dims,
        params={"axis": "int"},
        exact=True,
    ),
    Operation(
        name="permute_dims",
        curvature="linear",
        evaluate=lambda x, *, axes: np.transpose(x, axes),
        spelling="xp.permute_dims({0}, {axes})",
        arrange=arrange.permute_dims,
        params={"axes": "ints"},
        exact=True,
    ),
    Operation(
        name="matrix_transpose",
        curvature="linear",
        evaluate=lambda x: np.swapaxes(x, -1, -2),
        spelling="xp.matrix_transpose({0})",
        arrange=arrange.matrix(),
        exact=True,
    ),
    Operation(
        name="flip",
        curvature="linear",
        evaluate=lambda x, *, axis: np.flip(x, axis),
        spelling="xp.flip({0}, axis={axis})",
        arrange=arrange.along_axis(),
        params={"axis": "int"},
        exact=True,
    ),
    Operation(
        name="roll",
        curvature="linear",
        evaluate=lambda x, *, shift, axis: np.roll(x, shift, axis),
        spelling="xp.roll({0}, {shift}, axis={axis})",
        arrange=arrange.roll,
        params={"shift": "int", "axis": "int"},
        exact=True,
    ),
    Operation(
        name="broadcast_to",
        curvature="linear",
        evaluate=lambda x, *, shape: np.broadcast_to(x, shape),
        spelling="xp.broadcast_to({0}, {shape})",
        arrange=arrange.broadcast_to,
        params={"shape": "ints"},
        exact=True,
    ),
    Operation(
        name="index",
        curvature="linear",
        evaluate=lambda x, *, index: x[tuple(index)],
        spelling=_index_text,
        arrange=arrange.index,
        params={"index": "ints"},
        exact=True,
    ),
    Operation(
        name="slice",
        curvature="linear",
        evaluate=_slice,
        spelling=_slice_text,
        arrange=arrange.slice_,
        params={"axis": "int", "start": "int", "stop": "int", "step": "int"},
        exact=True,
    ),
    Operation(
        name="take",
        curvature="linear",
        evaluate=lambda x, *, indices, axis: np.take(x, np.asarray(indices, dtype=int), axis=axis),
        spelling="xp.take({0}, xp.asarray({indices}), axis={axis})",
        arrange=arrange.take,
        params={"indices": "ints", "axis": "int"},
        exact=True,
    ),
    Operation(
        name="tril", curvature="linear", evaluate=np.tril, spelling="xp.tril({0})", arrange=arrange.matrix(), exact=True
    ),
    Operation(
        name="triu", curvature="linear", evaluate=np.triu, spelling="xp.triu({0})", arrange=arrange.matrix(), exact=True
    ),
    Operation(
        name="diag", curvature="linear", evaluate=_diag, spelling="xp.diag({0})", arrange=arrange.vector, exact=True
    ),
    Operation(
        name="diagonal",
        curvature="linear",
        evaluate=lambda x: np.diagonal(x, axis1=-2, axis2=-1),
        spelling="xp.linalg.diagonal({0})",
        arrange=arrange.matrix(),
        exact=True,
    ),
    # Linear algebra.
    _binary("matmul", np.matmul, "xp.matmul({0}, {1})", arrange.matmul, exact=True, curvature="multilinear"),
    Operation(
        name="tensordot",
        curvature="multilinear",
        evaluate=lambda a, b, *, axes: np.tensordot(a, b, axes=axes),
        spelling="xp.tensordot({0}, {1}, axes={axes})",
        arrange=arrange.tensordot,
        arity=2,
        params={"axes": "int"},
        exact=True,
    ),
    _binary("outer", _outer, "xp.linalg.outer({0}, {1})", arrange.two_vectors, exact=True, curvature="multilinear"),
    _binary("vecdot", _vecdot, "xp.vecdot({0}, {1})", arrange.same_last_axis, exact=True, curvature="multilinear"),
    Operation(
        name="trace",
        curvature="linear",
        evaluate=lambda x: np.trace(x, axis1=-2, axis2=-1),
        spelling="xp.linalg.trace({0})",
        arrange=arrange.matrix(),
        exact=True,
    ),
    Operation(
        name="det",
        weight=2,
        evaluate=_det,
        terms=lambda a: float(np.max(np.abs(a), initial=0.0)) ** a.shape[-1],
        spelling="xp.linalg.det({0})",
        arrange=arrange.matrix(square=True, aim="singular"),
        exact=True,
    ),
    Operation(
        name="inv",
        weight=2,
        evaluate=_inv,
        spelling="xp.linalg.inv({0})",
        arrange=arrange.matrix(square=True, regular=True),
    ),
    _binary("solve", _solve, "xp.linalg.solve({0}, {1})", arrange.solve, weight=2),
    Operation(
        name="vector_norm",
        weight=2,
        evaluate=_vector_norm,
        spelling="xp.linalg.vector_norm({0}, axis={axis})",
        arrange=arrange.vector_norm,
        params={"axis": "axis"},
    ),
    Operation(
        name="matrix_norm",
        weight=2,
        evaluate=_matrix_norm,
        spelling="xp.linalg.matrix_norm({0})",
        arrange=arrange.matrix(nonzero=True),
    ),
)


def _power(base: Array, exponent: Array) -> Any:
    if base.dtype == object or exponent.dtype == object:
        exponent = exponent if exponent.dtype == object else balls.to_balls(exponent)
        return np.frompyfunc(balls.power, 2, 1)(base, exponent)
    return np.power(base, exponent)


CATALOGUE: Mapping[str, Operation] = {row.name: row for row in _ROWS}
