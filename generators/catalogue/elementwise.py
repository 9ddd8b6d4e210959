"""Elementwise operations, with broadcasting, and constants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generators import arrange, balls, numerics, special_balls
from generators.arrange import Domain
from generators.catalogue.rows import ANY, NONZERO, POSITIVE, SATURATING, UNIT, binary, comparison, logical, unary
from generators.operations import Operation

ROWS: Sequence[Operation] = (
    Operation(
        name="constant",
        evaluate=lambda *, value: np.asarray(value, dtype=float),
        spelling="{value}",
        arrange=arrange.constant,
        arity=0,
        params={"value": "array"},
        exact=True,
        weight=0,
    ),
    Operation(
        name="argument",
        evaluate=lambda *, value: np.asarray(value, dtype=float),
        spelling="{value}",
        arrange=arrange.constant,
        arity=0,
        params={"value": "array"},
        exact=True,
        weight=0,
    ),
    unary("sin", np.sin, None, Domain(low=-64, high=64)),
    unary("cos", np.cos, None, Domain(low=-64, high=64)),
    unary("tan", np.tan, None, Domain(low=-1.375, high=1.375)),
    unary("exp", np.exp, None, Domain(low=-32, high=12)),
    unary("log", np.log, balls.log, POSITIVE),
    unary("log2", np.log2, special_balls.log2, POSITIVE),
    unary("log10", np.log10, special_balls.log10, POSITIVE),
    unary("log1p", np.log1p, balls.log1p, Domain(low=-7 / 8)),
    unary("expm1", np.expm1, None, Domain(low=-32, high=12)),
    unary("sqrt", np.sqrt, balls.sqrt, POSITIVE),
    unary("square", np.square, lambda z: z * z, ANY, exact=True),
    unary("tanh", np.tanh, None, SATURATING),
    unary("sinh", np.sinh, None, Domain(low=-12, high=12)),
    unary("cosh", np.cosh, None, Domain(low=-12, high=12)),
    unary("atan", np.arctan, balls.atan, SATURATING),
    unary("asin", np.arcsin, balls.asin, UNIT),
    unary("acos", np.arccos, balls.acos, UNIT),
    unary("asinh", np.arcsinh, balls.asinh, SATURATING),
    unary("acosh", np.arccosh, balls.acosh, Domain(low=1.125)),
    unary("atanh", np.arctanh, balls.atanh, UNIT),
    unary("reciprocal", np.reciprocal, lambda z: 1 / z, NONZERO),
    unary("negative", np.negative, lambda z: -z, ANY, exact=True, curvature="linear"),
    unary("abs", np.abs, balls.absolute, ANY, exact=True, curvature="linear"),
    unary("positive", np.positive, lambda z: z, ANY, exact=True, curvature="linear"),
    unary("sign", np.sign, balls.sign, ANY, exact=True, curvature="linear"),
    *(
        unary(ufunc.__name__, ufunc, ball, ANY, exact=True, curvature="linear", arrange=arrange.rounding)
        for ufunc, ball in (
            (np.floor, balls.floor),
            (np.ceil, balls.ceil),
            (np.trunc, balls.trunc),
        )
    ),
    unary("round", np.rint, balls.round, ANY, exact=True, curvature="linear", arrange=arrange.rounding),
    Operation(
        name="pow_int",
        weight=2,
        evaluate=lambda x, *, exponent: numerics.power(x, np.asarray(float(exponent))),
        spelling="{0} ** {exponent}",
        arrange=arrange.integer_power,
        elementwise=True,
        params={"exponent": "int"},
    ),
    Operation(
        name="pow_float",
        weight=2,
        evaluate=lambda x, *, exponent: numerics.power(x, np.asarray(exponent)),
        spelling="{0} ** {exponent}",
        arrange=arrange.float_power,
        elementwise=True,
        params={"exponent": "float"},
    ),
    Operation(
        name="clip",
        curvature="linear",
        evaluate=numerics.clip,
        spelling="xp.clip({0}, {min}, {max})",
        arrange=arrange.clip,
        params={"min": "float", "max": "float"},
    ),
    binary("add", np.add, "{0} + {1}", arrange.binary(), exact=True, literals=True, curvature="linear"),
    binary("subtract", np.subtract, "{0} - {1}", arrange.binary(), exact=True, literals=True, curvature="linear"),
    binary("multiply", np.multiply, "{0} * {1}", arrange.binary(), exact=True, literals=True, curvature="multilinear"),
    binary("divide", np.divide, "{0} / {1}", arrange.binary(second=NONZERO), literals=True),
    binary("pow", lambda a, b: numerics.power(a, b), "{0} ** {1}", arrange.power, literals=True, weight=2),
    binary(
        "maximum", numerics.maximum, "xp.maximum({0}, {1})", arrange.binary(), exact=True, curvature="linear", weight=2
    ),
    binary(
        "minimum", numerics.minimum, "xp.minimum({0}, {1})", arrange.binary(), exact=True, curvature="linear", weight=2
    ),
    binary(
        "hypot",
        numerics.elementwise(np.hypot, balls.hypot),
        "xp.hypot({0}, {1})",
        arrange.binary(second=NONZERO),
        weight=2,
    ),
    binary("atan2", numerics.elementwise(np.arctan2, balls.atan2), "xp.atan2({0}, {1})", arrange.angle, weight=2),
    binary(
        "logaddexp",
        numerics.elementwise(np.logaddexp, balls.logaddexp),
        "xp.logaddexp({0}, {1})",
        arrange.binary(SATURATING, SATURATING),
        weight=2,
    ),
    binary(
        "remainder",
        numerics.elementwise(np.remainder, balls.remainder),
        "xp.remainder({0}, {1})",
        arrange.quotient,
        curvature="linear",
        weight=2,
    ),
    binary(
        "floor_divide",
        numerics.elementwise(np.floor_divide, balls.floor_divide),
        "xp.floor_divide({0}, {1})",
        arrange.quotient,
        curvature="linear",
    ),
    binary(
        "copysign",
        numerics.elementwise(np.copysign, balls.copysign),
        "xp.copysign({0}, {1})",
        arrange.binary(second=NONZERO),
        exact=True,
        curvature="linear",
        weight=2,
    ),
    comparison("less", "<", lambda a, b: numerics.truth_values(numerics.less(a, b))),
    comparison("greater", ">", lambda a, b: numerics.truth_values(numerics.less(b, a))),
    comparison("less_equal", "<=", numerics.less_equal),
    comparison("greater_equal", ">=", lambda a, b: numerics.less_equal(b, a)),
    comparison("equal", "==", numerics.equal),
    comparison("not_equal", "!=", lambda a, b: np.logical_not(numerics.equal(a, b))),
    logical("and", np.logical_and),
    logical("or", np.logical_or),
    logical("xor", np.logical_xor),
    logical("not", np.logical_not),
    Operation(
        name="where",
        curvature="linear",
        evaluate=numerics.where,
        spelling="xp.where({0}, {1}, {2})",
        arrange=arrange.where,
        arity=3,
        weight=3,
        truth_values=(0,),
        exact=True,
    ),
)
