"""How C++ with <cmath> writes operations on entries: as expressions of the operands' entries and of
parameters.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Functions of <cmath> that have the operation's name.
SAME_NAME = (
    *("sin", "cos", "tan", "exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "tanh"),
    *("sinh", "cosh", "atan", "asin", "acos", "asinh", "acosh", "atanh", "floor", "ceil"),
    *("trunc", "exp2", "cbrt", "erf", "erfc", "lgamma"),
)
COMPLEX = "std::complex<double>({0}, {1})"
EXPRESSIONS: Mapping[str, str] = {
    **{name: f"std::{name}({{0}})" for name in SAME_NAME},
    **{name: f"std::{name}({{0}}, {{1}})" for name in ("hypot", "atan2", "copysign")},
    "gamma": "std::tgamma({0})",
    "j0": "::j0({0})",
    "j1": "::j1({0})",
    "square": "{0} * {0}",
    "reciprocal": "1.0 / {0}",
    "negative": "-{0}",
    "positive": "+{0}",
    "abs": "std::abs({0})",
    "sign": "{0} > 0.0 ? 1.0 : {0} < 0.0 ? -1.0 : 0.0",
    "round": "std::rint({0})",
    "pow_int": "std::pow({0}, {exponent})",
    "pow_float": "std::pow({0}, {exponent})",
    "pow": "std::pow({0}, {1})",
    "clip": "std::min(std::max({0}, {min}), {max})",
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "maximum": "std::max({0}, {1})",
    "minimum": "std::min({0}, {1})",
    # The remainder of <cmath> has the sign of the dividend; the catalogue's has the divisor's.
    "remainder": "std::fmod(std::fmod({0}, {1}) + {1}, {1})",
    "floor_divide": "std::floor({0} / {1})",
    "less": "{0} < {1}",
    "greater": "{0} > {1}",
    "less_equal": "{0} <= {1}",
    "greater_equal": "{0} >= {1}",
    "equal": "{0} == {1}",
    "not_equal": "{0} != {1}",
    "logical_and": "{0} && {1}",
    "logical_or": "{0} || {1}",
    "logical_xor": "{0} != {1}",
    "logical_not": "!{0}",
    "where": "{0} ? {1} : {2}",
    # functions of neural networks
    "gelu": "0.5 * {0} * std::erfc(-{0} / std::sqrt(2.0))",
    "squareplus": "({0} + std::sqrt({0} * {0} + {b})) / 2.0",
    "softsign": "{0} / (1.0 + std::abs({0}))",
    "tanhshrink": "{0} - std::tanh({0})",
    "relu": "std::max({0}, 0.0)",
    "relu6": "std::min(std::max({0}, 0.0), 6.0)",
    "hardsigmoid": "std::min(std::max({0} + 3.0, 0.0), 6.0) / 6.0",
    "hardswish": "{0} * std::min(std::max({0} + 3.0, 0.0), 6.0) / 6.0",
    "hardtanh": "std::min(std::max({0}, {min}), {max})",
    "leaky_relu": "{0} > 0.0 ? {0} : {slope} * {0}",
    "prelu": "{0} > 0.0 ? {0} : {1} * {0}",
    "elu": "{0} > 0.0 ? {0} : {alpha} * std::expm1({0})",
    "celu": "{0} > 0.0 ? {0} : {alpha} * std::expm1({0} / {alpha})",
    "softshrink": "{0} > {lambd} ? {0} - {lambd} : {0} < -{lambd} ? {0} + {lambd} : 0.0",
    "hardshrink": "{0} > {lambd} || {0} < -{lambd} ? {0} : 0.0",
    "sparse_plus": "{0} < -1.0 ? 0.0 : {0} < 1.0 ? ({0} + 1.0) * ({0} + 1.0) / 4.0 : {0}",
    "checkpointed": "std::sin({0}) * std::exp(-{0} * {0})",
    # complex numbers on the way
    "complex_abs": f"std::abs({COMPLEX})",
    "complex_square_abs": f"std::norm({COMPLEX})",
}
