"""Further names in PyTorch: functions, methods, copies of views, forms in place on a copy,
`_foreach` functions and classes of layers.
"""

from __future__ import annotations

import numpy as np
from ad_conformance.engines.adapters.numpy_calls import (
    Fitting,
    equal_parts,
    is_number,
    no_number,
    of_ranks,
    of_square_matrix,
    one_axis,
    single_index,
    text_of,
)
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.render.dialect import Name

#: Elementwise functions of one operand that have `torch.name`, `x.name()` and `x.name_()`.
UNARY = {
    **{name: name for name in (
        *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh"),
        *("atanh", "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "square", "reciprocal"),
        *("abs", "sign", "floor", "ceil", "trunc", "round", "erf", "erfc", "erfinv", "exp2"),
        *("lgamma", "digamma", "i0", "logit", "sinc", "rsqrt", "frac", "deg2rad", "rad2deg"),
    )},
    "expit": "sigmoid",
    "negative": "neg",
}  # fmt: skip
FOREACH_UNARY = {
    *("abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "erf", "erfc", "exp", "expm1", "floor"),
    *("frac", "lgamma", "log", "log10", "log1p", "log2", "neg", "reciprocal", "round", "rsqrt"),
    *("sigmoid", "sign", "sin", "sinh", "sqrt", "tan", "tanh", "trunc"),
}
#: The names of `torch.special` for functions that `torch` has, too.
IN_SPECIAL = {
    **{name: name for name in ("erf", "erfc", "erfinv", "expm1", "exp2", "log1p", "sinc", "round")},
    **{name: name for name in ("i0", "logit", "expit", "digamma")},
    "lgamma": "gammaln",
}
WITHOUT_SPECIAL = ("erf", "erfc", "erfinv", "exp2", "expit", "logit", "sinc", "digamma", "i0")


def first(text: str) -> Fitting:
    """A template whose first operand must be an array."""
    return lambda call: None if is_number(call.operands[0]) else text_of(text, call)


def in_place(text: str) -> Fitting:
    """A template that changes a copy of the first operand, which must have the result's shape."""

    def write(call: Call) -> str | None:
        if is_number(call.operands[0]) or np.broadcast_shapes(*call.shapes) != call.shapes[0]:
            return None
        return text_of(text, call)

    return write


def _number_base(text: str) -> Fitting:
    """A template whose first operand must be a plain number."""
    return lambda call: text_of(text, call) if is_number(call.operands[0]) else None


def _unary(operation: str, name: str) -> tuple[Name, ...]:
    found: list[Name] = [f"{{0}}.{name}()", f"{{0}}.clone().{name}_()"]
    if name in FOREACH_UNARY:
        found.append(f"torch._foreach_{name}([{{0}}])[0]")
    if operation in WITHOUT_SPECIAL:
        found.append(f"torch.{name}({{0}})")
    elif operation in IN_SPECIAL:
        found.append(f"torch.special.{IN_SPECIAL[operation]}({{0}})")
    return tuple(found)


def _binary(name: str, foreach: str, *others: Name) -> tuple[Name, ...]:
    return (
        first(f"torch.{name}({{0}}, {{1}})"),
        in_place(f"{{0}}.clone().{name}_({{1}})"),
        *((no_number(f"torch._foreach_{foreach}([{{0}}], [{{1}}])[0]"),) if foreach else ()),
        *others,
    )


def _slice(copy: bool) -> Fitting:
    def write(call: Call) -> str | None:
        p = call.params
        x = call.operands[0]
        if copy:
            return f"torch.slice_copy({x}, {p['axis']}, {p['start']}, {p['stop']}, {p['step']})"
        length = p["stop"] - p["start"]
        if p["step"] != 1 or p["start"] < 0 or length < 0 or p["stop"] > call.shapes[0][p["axis"]]:
            return None
        return f"torch.narrow_copy({x}, {p['axis']}, {p['start']}, {length})"

    return write


def _indexed(call: Call) -> str:
    """`x[:, indices]`, with an array of indices."""
    before = ":, " * (call.params["axis"] % len(call.shapes[0]))
    return f"{call.operands[0]}[{before}torch.tensor({list(call.params['indices'])})]"


def _joined(call: Call) -> str:
    """A stack as a concatenation."""
    axis = call.params["axis"] % (len(call.shapes[0]) + 1)
    parts = ", ".join(f"torch.unsqueeze({x}, {axis})" for x in call.operands)
    return f"torch.cat([{parts}], {axis})"


def _layer(name: str) -> str:
    return f"torch.nn.{name}()({{0}})"


NAMES: dict[str, tuple[Name, ...]] = {
    **{operation: _unary(operation, name) for operation, name in UNARY.items()},
    "negative": (*_unary("negative", "neg"), "{0}.negative()", "torch._neg_view({0})",
                 "torch._neg_view_copy({0})"),
    "abs": (*_unary("abs", "abs"), "torch.absolute({0})"),
    "positive": ("{0}.positive()", "torch.alias_copy({0})", "torch.ops.aten.lift({0})",
                 "torch.ops.aten.lift_fresh_copy({0})", "torch.conj_physical({0})",
                 "{0}.clone().conj_physical_()",
                 "torch.ops.aten._to_copy({0})", "torch._lazy_clone({0})"),
    "add": _binary("add", "add", in_place("{0}.clone().__iadd__({1})")),
    "subtract": _binary("sub", "sub", first("torch.subtract({0}, {1})"),
                        no_number("torch.rsub({1}, {0})")),
    "multiply": _binary("mul", "mul", first("torch.multiply({0}, {1})")),
    "divide": _binary("div", "div", first("torch.true_divide({0}, {1})")),
    "pow": _binary("pow", "pow", no_number("torch.float_power({0}, {1}).to({0}.dtype)"),
                   _number_base("torch._foreach_pow({0}, [{1}])[0]")),
    "maximum": (no_number("torch.max({0}, {1})"),
                no_number("torch._foreach_maximum([{0}], [{1}])[0]"),
                no_number("torch.clamp_min({0}, {1})"), no_number("torch.clamp({0}, {1})")),
    "minimum": (no_number("torch.min({0}, {1})"),
                no_number("torch._foreach_minimum([{0}], [{1}])[0]"),
                no_number("torch.clamp_max({0}, {1})"), no_number("torch.clamp({0}, max={1})")),
    "hypot": (in_place("{0}.clone().hypot_({1})"),),
    "atan2": (no_number("torch.arctan2({0}, {1})"), in_place("{0}.clone().atan2_({1})")),
    "copysign": (in_place("{0}.clone().copysign_({1})"),),
    "remainder": (in_place("{0}.clone().remainder_({1})"),),
    "pow_int": ("torch._foreach_pow([{0}], {exponent})[0]",
                "torch._foreach_pow([{0}], [{exponent}])[0]", "{0}.clone().pow_({exponent})"),
    "pow_float": ("torch._foreach_pow([{0}], [{exponent}])[0]", "{0}.clone().pow_({exponent})"),
    "clip": ("{0}.clip({min}, {max})", "{0}.clone().clamp_({min}, {max})",
             "torch.clamp({0}, torch.tensor({min}, dtype={0}.dtype), "
             "torch.tensor({max}, dtype={0}.dtype))",
             "torch._foreach_maximum(torch._foreach_minimum([{0}], {max}), {min})[0]",
             "torch._foreach_maximum(torch._foreach_minimum([{0}], [{max}]), [{min}])[0]",
             "torch.clamp_max(torch.clamp_min({0}, {min}), {max})"),
    "where": (no_number("{1}.where({0}, {2})"),),
    "reshape": ("{0}.contiguous().view({shape})", "torch.ops.aten._reshape_copy({0}, {shape})",
                "torch.view_copy({0}.contiguous(), {shape})"),
    "expand_dims": ("torch.unsqueeze_copy({0}, {axis})", "{0}.clone().unsqueeze_({axis})"),
    "squeeze": ("torch.squeeze_copy({0}, {axis})", "{0}.clone().squeeze_({axis})",
                "torch.squeeze({0}, ({axis},))", "torch.squeeze_copy({0}, ({axis},))",
                "{0}.clone().squeeze_(({axis},))"),
    "permute_dims": ("torch.permute_copy({0}, {axes})", "{0}.permute({axes})"),
    "matrix_transpose": ("torch.transpose({0}, -1, -2)", "torch.transpose_copy({0}, -1, -2)",
                         of_ranks("torch.t({0})", 2), of_ranks("torch.t_copy({0})", 2),
                         of_ranks("{0}.clone().t_()", 2), "{0}.clone().transpose_(-1, -2)",
                         "{0}.adjoint()", "torch.swapaxes({0}, -1, -2)"),
    "broadcast_to": ("{0}.expand({shape})", "torch.expand_copy({0}, {shape})"),
    "index": (single_index("torch.select({0}, 0, {i})"),
              single_index("torch.select_copy({0}, 0, {i})"),
              single_index("torch.unbind_copy({0})[{i}]")),
    "slice": (_slice(copy=True), _slice(copy=False)),
    "take": (_indexed,),
    "diagonal": (of_ranks("torch.diagonal_copy({0})", 2), of_ranks("torch.diag({0})", 2)),
    "diag": (of_ranks("torch.diag_embed({0})", 1), of_ranks("torch.diagflat({0})", 1)),
    "unfold": ("torch.unfold_copy({0}, {axis}, {size}, {step})",),
    "unstack": ("torch.unbind({0}, {axis})[{which}]", "torch.unbind_copy({0}, {axis})[{which}]",
                "torch.select({0}, {axis}, {which})"),
    "split": (equal_parts("torch.split({0}, {n}, {axis})[{which}]"),
              equal_parts("torch.split_copy({0}, {n}, {axis})[{which}]"),
              equal_parts("torch.split_with_sizes({0}, {sizes}, {axis})[{which}]"),
              equal_parts("torch.split_with_sizes_copy({0}, {sizes}, {axis})[{which}]"),
              equal_parts("torch.unsafe_split({0}, {n}, {axis})[{which}]"),
              equal_parts("torch.unsafe_split_with_sizes({0}, {sizes}, {axis})[{which}]"),
              equal_parts("torch.chunk({0}, len({sizes}), {axis})[{which}]")),
    "stack": (_joined,),
    "matmul": (of_ranks("torch.mm({0}, {1})", 2, 2), of_ranks("torch.mv({0}, {1})", 2, 1),
               of_ranks("torch.dot({0}, {1})", 1, 1), "{0}.matmul({1})",
               of_ranks("torch.bmm({0}.unsqueeze(0), {1}.unsqueeze(0)).squeeze(0)", 2, 2),
               of_ranks("torch._foreach_mm([{0}], [{1}])[0]", 2, 2),
               of_ranks("torch.einsum('ij,jk->ik', {0}, {1})", 2, 2)),
    "outer": ("torch.ger({0}, {1})", "torch.einsum('i,j->ij', {0}, {1})"),
    "trace": (of_square_matrix("torch.einsum('ii', {0})"),),
    "det": ("torch.det({0})", "{0}.det()"),
    "inv": ("torch.inverse({0})", "torch.linalg.inv_ex({0}).inverse"),
    "solve": ("torch.linalg.solve_ex({0}, {1}).result",),
    "slogdet": ("torch.slogdet({0})[1]",),
    "cholesky": ("torch.cholesky(({0} + {0}.mT) / 2)",
                 "torch.linalg.cholesky_ex(({0} + {0}.mT) / 2).L"),
    "svdvals": ("torch.svd({0}).S", "torch.linalg.svd({0}, full_matrices=False).S"),
    "vector_norm": (one_axis("torch.norm({0}, dim={axis})", "torch.norm({0})"),
                    one_axis("torch.norm({0}, 2, {axis})", "torch.norm({0}, 2.0)"),
                    one_axis("torch.linalg.norm({0}, dim={axis})",
                              "torch._foreach_norm([{0}])[0]"),
                    one_axis("torch.norm({0}, 2, {axis}, dtype={0}.dtype)",
                              "torch.norm({0}, 2, dtype={0}.dtype)")),
    "max": (one_axis("torch.max({0}, {axis}, keepdim={keepdims}).values", "{0}.amax()"),),
    "min": (one_axis("torch.min({0}, {axis}, keepdim={keepdims}).values", "{0}.amin()"),),
    "sum": (one_axis("{0}.sum({axis}, {keepdims})", "torch.sum({0})"),),
    "sort": ("torch.sort({0}, stable=True, dim={axis}, descending={descending}).values",),
    "var": (one_axis("torch.var_mean({0}, dim={axis}, correction={correction}, "
                      "keepdim={keepdims})[0]"),),
    "std": (one_axis("torch.std_mean({0}, dim={axis}, correction={correction}, "
                      "keepdim={keepdims})[0]"),),
    "cumulative_sum": ("{0}.clone().cumsum_({axis})",),
    "cumulative_prod": ("{0}.clone().cumprod_({axis})",),
    "polygamma": ("torch.polygamma({n}, {0})", "{0}.clone().polygamma_({n})"),
    "xlogy": (no_number("torch.xlogy({0}, {1})"), first("{0}.xlogy({1})"),
              in_place("{0}.clone().xlogy_({1})")),
    "logsumexp": (one_axis("torch.special.logsumexp({0}, {axis}, keepdim={keepdims})"),),
    "softmax": ("torch.nn.functional.softmax({0}, {axis})", "torch.nn.Softmax({axis})({0})",
                "torch.special.softmax({0}, {axis})"),
    "log_softmax": ("torch.nn.LogSoftmax({axis})({0})", "torch.special.log_softmax({0}, {axis})"),
    "relu": ("torch.relu({0})", "torch.relu_({0}.clone())", _layer("ReLU"),
             "torch.threshold({0}, 0.0, 0.0)", "torch.threshold_({0}.clone(), 0.0, 0.0)"),
    "silu": (_layer("SiLU"), "torch.nn.functional.silu({0}.clone(), inplace=True)"),
    "mish": (_layer("Mish"), "torch.nn.functional.mish({0}.clone(), inplace=True)"),
    "selu": (_layer("SELU"), "torch.selu_({0}.clone())"),
    "relu6": (_layer("ReLU6"),),
    "gelu": (_layer("GELU"),),
    "softplus": (_layer("Softplus"),),
    "logsigmoid": (_layer("LogSigmoid"),),
    "tanhshrink": (_layer("Tanhshrink"),),
    "softsign": (_layer("Softsign"),),
    "hardswish": (_layer("Hardswish"), "torch.nn.functional.hardswish({0}.clone(), inplace=True)"),
    "hardsigmoid": (_layer("Hardsigmoid"),
                    "torch.nn.functional.hardsigmoid({0}.clone(), inplace=True)"),
    "elu": ("torch.nn.ELU({alpha})({0})", "torch.nn.functional.elu_({0}.clone(), {alpha})"),
    "celu": ("torch.nn.CELU({alpha})({0})", "torch.celu_({0}.clone(), {alpha})"),
    "leaky_relu": ("torch.nn.LeakyReLU({slope})({0})",
                   "torch.nn.functional.leaky_relu_({0}.clone(), {slope})"),
    "hardtanh": ("torch.nn.Hardtanh({min}, {max})({0})",
                 "torch.nn.functional.hardtanh_({0}.clone(), {min}, {max})"),
    "threshold": ("torch.nn.Threshold({limit}, {otherwise})({0})",
                  "torch.threshold_({0}.clone(), {limit}, {otherwise})"),
}  # fmt: skip
