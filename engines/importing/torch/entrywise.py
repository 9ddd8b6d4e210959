"""Operators that compute each entry from entries of their operands, which are broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ad_conformance.engines.importing.recorder import CannotImport, Recorder
from ad_conformance.engines.importing.torch.rule import Rule, entrywise, renamed, tensors
from ad_conformance.engines.importing.torch.tracking import Later, Moved, Tracking, as_numpy
from ad_conformance.generators.rewrite.recording import Recorded

#: The factors of selu.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def _sum(t: Tracking, x: Any, y: Any, alpha: Any, sign: int) -> Any:
    """x + sign alpha y. Entries that are -infinity in a constant, as in masks, are constants."""
    r, factor = t.recorder, sign * alpha
    x, y = t.numbers(x, spread=False), t.numbers(y, spread=False)
    shape = np.broadcast_shapes(np.shape(x), np.shape(y))
    endless = np.zeros(shape, dtype=bool)
    operands = []
    for operand in (x, y):
        if not isinstance(operand, Recorded) and np.any(np.isneginf(operand)):
            endless |= np.isneginf(operand)
            operand = np.where(np.isneginf(operand), 0.0, operand)
        operands.append(operand)
    x, y = operands
    if factor == -1:
        made = r.subtract(x, y)
    else:
        made = r.add(x, y if factor == 1 else r.multiply(y, float(factor)))
    if not np.any(endless):
        return made
    codes = np.broadcast_to(t.entries.codes(made), shape)
    return Moved(np.where(endless, t.entries.codes(np.array(-np.inf)), codes))


def _divide(r: Recorder, x: Any, y: Any, rounding: str | None = None) -> Any:
    if rounding is None:
        return r.divide(x, y)
    return r.floor_divide(x, y) if rounding == "floor" else r.trunc_divide(x, y)


def power(r: Recorder, x: Any, exponent: Any) -> Any:
    """x ** exponent, by the operation for a constant exponent if it is one number."""
    if isinstance(exponent, Recorded) or np.size(exponent) != 1:
        return r.pow(x, exponent)
    number, shape = float(np.reshape(exponent, ())), np.shape(exponent)
    if len(shape) > np.ndim(x):
        return r.pow(x, exponent)
    if number in (0.0, 1.0):
        return np.ones(np.shape(x)) if number == 0 else x
    if number == 2:
        return r.square(x)
    if number == 0.5:
        return r.sqrt(x)
    if number.is_integer() and abs(number) <= 64:
        return r.reciprocal(x) if number == -1 else r.pow_int(x, exponent=int(number))
    return r.pow_float(x, exponent=number)


def _clamp(r: Recorder, x: Any, low: Any = None, high: Any = None) -> Any:
    plain = all(bound is None or not np.ndim(bound) for bound in (low, high))
    if plain and not any(isinstance(bound, Recorded) for bound in (low, high)):
        if low is not None and high is not None:
            return r.clip(x, min=float(low), max=float(high))
        if low is not None:
            return r.clamp_min(x, min=float(low))
        return r.clamp_max(x, max=float(high))
    if low is not None:
        x = r.maximum(x, low)
    return x if high is None else r.minimum(x, high)


def where(t: Tracking, made: Any, condition: Any, x: Any, y: Any) -> Any:
    """Entries of x or y; they only move if the condition does not depend on the input."""
    truths = t.truths(condition)
    if isinstance(truths, Recorded):
        return t.recorder.where(truths, *(t.numbers(v, spread=False) for v in (x, y)))
    shape = tuple(made.shape)
    codes = [
        t.codes(v) if isinstance(v, torch.Tensor) else t.entries.codes(np.array(float(v)))
        for v in (x, y)
    ]
    return Moved(np.where(np.broadcast_to(truths, shape), *codes))


def _logical(name: str) -> Rule:
    def rule(t: Tracking, _made: Any, *operands: Any) -> Any:
        if any(isinstance(x, torch.Tensor) and x.dtype != torch.bool for x in operands) and (
            name.startswith("bitwise")
        ):
            raise CannotImport(f"{name} of integers", t.recorder.line)
        operation = name.replace("bitwise", "logical")
        return getattr(t.recorder, operation)(*map(t.truths, operands))

    return tensors(rule)


def _elu(r: Recorder, x: Any, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Any:
    if scale == input_scale == 1:
        return r.elu(x, alpha=float(alpha))
    if abs(alpha - SELU_ALPHA) + abs(scale - SELU_SCALE) < 1e-6 and input_scale == 1:
        return r.selu(x)
    if scale == 1 and input_scale * alpha == 1:
        return r.celu(x, alpha=float(alpha))
    grown = r.multiply(r.expm1(r.multiply(x, float(input_scale))), float(alpha))
    return r.multiply(r.where(r.greater(x, 0.0), x, grown), float(scale))


def _softplus(r: Recorder, x: Any, beta: float = 1, threshold: float = 20) -> Any:
    found = r.softplus(x) if beta == 1 else r.softplus_beta(x, beta=float(beta))
    if threshold >= 20:
        # Beyond the usual threshold, the function is linear up to rounding.
        return found
    return r.where(r.greater(x, threshold / beta), x, found)


def _shrunk(r: Recorder, gradient: Any, x: Any, lambd: float) -> Any:
    return r.where(r.greater(r.abs(x), float(lambd)), gradient, 0.0)


def _lerp(r: Recorder, x: Any, y: Any, weight: Any) -> Any:
    if isinstance(weight, (int, float)):
        return r.lerp_constant(x, y, factor=float(weight))
    return r.lerp(x, y, weight)


def _scaled(name: str) -> Rule:
    """x + value y z, or x + value y / z."""
    operation = "multiply" if name == "addcmul" else "divide"

    def rule(r: Recorder, x: Any, y: Any, z: Any, value: Any = 1) -> Any:
        made = getattr(r, operation)(y, z)
        return r.add(x, made if value == 1 else r.multiply(made, value))

    return entrywise(rule)


def _converted(t: Tracking, made: Any, x: Any, *_options: Any) -> Any:
    return converted(t, x, made.dtype)


def converted(t: Tracking, x: torch.Tensor, dtype: torch.dtype) -> Any:
    """The entries in another type. Raises CannotImport where this rounds more than the program."""
    codes = t.codes(x)
    single = dtype in (torch.float32, torch.complex64) and t.recorder.dtype == "float64"
    short = dtype in (torch.float16, torch.bfloat16, torch.complex32)
    if (single or short) and dtype != x.dtype and np.any(codes > 0):
        raise CannotImport(f"a conversion to {dtype}", t.recorder.line)
    if dtype.is_complex and not x.is_complex():
        return Moved(np.stack([codes, np.zeros_like(codes)], axis=-1))
    if dtype == x.dtype or np.all(codes <= 0):
        return Moved(codes)
    if dtype == torch.bool:
        return t.truths(x)
    if not dtype.is_floating_point and x.is_floating_point():
        return t.recorder.trunc(t.numbers(x, spread=False))
    return Moved(codes)


def _rrelu(r: Recorder, x: Any, _noise: Any, lower: float, upper: float, *_options: Any) -> Any:
    return r.leaky_relu(x, slope=(lower + upper) / 2)


def _searched(t: Tracking, made: Any, bounds: Any, x: Any, right: bool) -> None:
    """The index of each number among sorted bounds, which is what it is at the point."""
    r, found = t.recorder, as_numpy(made)
    numbers, sides = t.numbers(x), t.numbers(bounds)
    if np.ndim(sides) != 1:
        raise CannotImport("searchsorted in stacks of vectors", r.line)
    count = np.shape(sides)[0]
    codes, place = t.entries.codes(sides), np.clip(found, 1, None) - 1
    below = t.entries.read(codes[place])
    above = t.entries.read(codes[np.clip(found, None, count - 1)])
    low = r.less_equal(below, numbers) if right else r.less(below, numbers)
    high = r.less(numbers, above) if right else r.less_equal(numbers, above)
    r.holds(r.logical_or(low, found == 0))
    r.holds(r.logical_or(high, found == count))


#: Operators that are operations of the same name.
SAME_NAMES = {
    name: name
    for names in (
        ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh"),
        ("atanh", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "abs"),
        ("sign", "sgn", "floor", "ceil", "trunc", "frac", "reciprocal", "erf", "erfc", "erfinv"),
        ("digamma", "lgamma", "i0", "sinc", "relu", "silu", "mish", "hardswish", "hardsigmoid"),
        ("deg2rad", "rad2deg", "maximum", "minimum", "fmax", "fmin", "atan2", "hypot", "xlogy"),
        ("logaddexp", "logaddexp2", "remainder", "fmod", "copysign", "floor_divide"),
    )
    for name in names
}
#: Operators that are operations of another name.
OTHER_NAMES = {
    "neg": "negative",
    "sigmoid": "expit",
    "angle": "real_angle",
    "lt": "less",
    "gt": "greater",
    "le": "less_equal",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
    "igamma": "gammainc",
    "igammac": "gammaincc",
    "special_ndtri": "ndtri",
    "special_log_ndtr": "log_ndtr",
    "special_erfcx": "erfcx",
    "special_entr": "entr",
    "special_i0e": "i0e",
    "special_i1": "i1",
    "special_i1e": "i1e",
    "special_bessel_j0": "j0",
    "special_bessel_j1": "j1",
    "special_bessel_y0": "y0",
    "special_bessel_y1": "y1",
    "special_xlog1py": "xlog1py",
    "special_zeta": "zeta_of_order",
}
ENTRYWISE: dict[str, Rule] = {
    **renamed(SAME_NAMES | OTHER_NAMES),
    "add": tensors(lambda t, _made, x, y, alpha=1: _sum(t, x, y, alpha, 1)),
    "sub": tensors(lambda t, _made, x, y, alpha=1: _sum(t, x, y, alpha, -1)),
    "rsub": tensors(lambda t, _made, x, y, alpha=1: _sum(t, y, x, alpha, -1)),
    "mul": entrywise(lambda r, x, y: r.multiply(x, y)),
    "div": entrywise(_divide),
    "pow": entrywise(power),
    "clamp": entrywise(_clamp),
    "clamp_min": entrywise(lambda r, x, low: _clamp(r, x, low)),
    "clamp_max": entrywise(lambda r, x, high: _clamp(r, x, None, high)),
    "lerp": entrywise(_lerp),
    "addcmul": _scaled("addcmul"),
    "addcdiv": _scaled("addcdiv"),
    "logical_and": _logical("logical_and"),
    "logical_or": _logical("logical_or"),
    "logical_xor": _logical("logical_xor"),
    "logical_not": _logical("logical_not"),
    "bitwise_and": _logical("bitwise_and"),
    "bitwise_or": _logical("bitwise_or"),
    "bitwise_xor": _logical("bitwise_xor"),
    "bitwise_not": _logical("bitwise_not"),
    "where": tensors(where),
    "masked_fill": tensors(lambda t, made, x, mask, value: where(t, made, mask, value, x)),
    "isnan": tensors(lambda *_args: None),
    "nan_to_num": entrywise(lambda r, x, *_numbers: r.nan_to_num(x)),
    "round": entrywise(
        lambda r, x, decimals=0: r.round_decimals(x, decimals=decimals) if decimals else r.round(x)
    ),
    "logit": entrywise(
        lambda r, x, eps=None: r.logit(x) if eps is None else r.logit_clamped(x, eps=float(eps))
    ),
    "polygamma": entrywise(lambda r, n, x: r.polygamma(x, n=n)),
    "mvlgamma": entrywise(lambda r, x, p: r.multigammaln(x, dimension=p)),
    "special_modified_bessel_i0": entrywise(lambda r, x: r.i0(x)),
    "special_modified_bessel_i1": entrywise(lambda r, x: r.i1(x)),
    "special_modified_bessel_k0": entrywise(lambda r, x: r.kv(x, n=0)),
    "special_modified_bessel_k1": entrywise(lambda r, x: r.kv(x, n=1)),
    "special_scaled_modified_bessel_k0": entrywise(lambda r, x: r.kve(x, n=0)),
    "special_scaled_modified_bessel_k1": entrywise(lambda r, x: r.kve(x, n=1)),
    "gelu": entrywise(
        lambda r, x, approximate="none": r.gelu(x) if approximate == "none" else r.gelu_tanh(x)
    ),
    "softplus": entrywise(_softplus),
    "log_sigmoid_forward": entrywise(
        lambda r, x: [r.logsigmoid(x), Later(lambda: r.exp(r.negative(r.abs(x))))]
    ),
    "elu": entrywise(_elu),
    "celu": entrywise(lambda r, x, alpha=1: r.celu(x, alpha=float(alpha))),
    "hardtanh": entrywise(
        lambda r, x, low=-1, high=1: r.hardtanh(x, min=low * 1.0, max=high * 1.0)
    ),
    "leaky_relu": entrywise(lambda r, x, slope=0.01: r.leaky_relu(x, slope=float(slope))),
    "threshold": entrywise(
        lambda r, x, limit, other: r.threshold(x, limit=float(limit), otherwise=float(other))
    ),
    "softshrink": entrywise(lambda r, x, lambd=0.5: r.softshrink(x, lambd=float(lambd))),
    "hardshrink": entrywise(lambda r, x, lambd=0.5: r.hardshrink(x, lambd=float(lambd))),
    "softshrink_backward": entrywise(_shrunk),
    "hardshrink_backward": entrywise(_shrunk),
    "_prelu_kernel": entrywise(
        lambda r, x, slope: r.where(r.greater(x, 0.0), x, r.multiply(slope, x))
    ),
    "rrelu_with_noise": entrywise(_rrelu),
    "_to_copy": tensors(_converted, moves=True),
    "searchsorted": tensors(
        lambda t, made, bounds, x, _int32=False, right=False, side=None, _sorter=None: _searched(
            t, made, bounds, x, right or side == "right"
        )
    ),
    "bucketize": tensors(
        lambda t, made, x, bounds, _int32=False, right=False: _searched(t, made, bounds, x, right)
    ),
}
