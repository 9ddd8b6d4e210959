"""Further names of operations in JAX: functions of `jax.lax` beside those of `jax.numpy`, methods,
operators, `.at`, references that are written to, loops, and functions with rules of their own.
"""

from __future__ import annotations

import numpy as np
from ad_conformance.engines.adapters.jax.linear import SYMMETRIC
from ad_conformance.engines.adapters.numpy_calls import (
    Fitting,
    axis_from_0,
    equal_parts,
    in_one_axis,
    is_number,
    no_number,
    of_ranks,
    of_square_matrix,
    one_axis,
    selected,
    single_index,
    text_of,
    whole_axes,
)
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.render.dialect import Name, joined_names

#: Elementwise functions of one operand that `jax.lax` has, by their name there.
IN_LAX = {
    **{name: name for name in (
        *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh"),
        *("atanh", "exp", "exp2", "expm1", "log", "log1p", "sqrt", "cbrt", "square"),
        *("reciprocal", "abs", "sign", "floor", "ceil", "erf", "erfc", "lgamma", "digamma"),
    )},
    "negative": "neg",
    "erfinv": "erf_inv",
    "expit": "logistic",
    "i0e": "bessel_i0e",
    "i1e": "bessel_i1e",
}  # fmt: skip
#: Names that NumPy had before the array API standard.
OLD = {
    **{f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "round": "rint",
    "deg2rad": "radians",
    "rad2deg": "degrees",
}


def _alike(text: str) -> Fitting:
    """A template whose operands must be arrays of one shape, as functions of `jax.lax` need."""

    def write(call: Call) -> str | None:
        if any(map(is_number, call.operands)) or len(set(call.shapes)) > 1:
            return None
        return text_of(text, call)

    return write


def _not_longer(text: str) -> Fitting:
    """A template whose second operand must not be the longer one: for mode `same`, SciPy's result
    is as long as the first operand, NumPy's as the longer one.
    """

    def write(call: Call) -> str | None:
        first, second = call.shapes
        return text_of(text, call) if first and second and first[0] >= second[0] else None

    return write


def _of_parts(text: str) -> Fitting:
    """A template that goes along the first axis, which the operand must have."""
    return lambda call: text_of(text, call) if call.shapes[0] else None


def _from_0(text: str) -> Fitting:
    """A template with the axis counted from 0; None of an axis is not among these calls."""

    def write(call: Call) -> str | None:
        if call.params["axis"] is None or call.params.get("descending"):
            return None
        return text_of(text, Call(call.operands, {**call.params, "axis": axis_from_0(call)},
                                  call.shapes))  # fmt: skip

    return write


def _reshape(call: Call) -> str:
    # One length may be -1, which `jax.lax` does not take.
    shape = np.empty(call.shapes[0]).reshape(call.params["shape"]).shape
    return f"jax.lax.reshape({call.operands[0]}, {shape})"


def _broadcast_in_dim(call: Call) -> str:
    shape = call.params["shape"]
    kept = tuple(range(len(shape) - len(call.shapes[0]), len(shape)))
    return f"jax.lax.broadcast_in_dim({call.operands[0]}, {shape}, {kept})"


def _slice(text: str, plain: bool) -> Fitting:
    """A slice within the axis; `plain` of one that takes every entry."""

    def write(call: Call) -> str | None:
        p, length = call.params, call.shapes[0][call.params["axis"]]
        if not 0 <= p["start"] <= p["stop"] <= length or (plain and p["step"] != 1):
            return None
        return text.format(call.operands[0], n=p["stop"] - p["start"], **p)

    return write


def _joined(call: Call) -> str:
    """A stack as a concatenation."""
    axis = call.params["axis"] % (len(call.shapes[0]) + 1)
    parts = ", ".join(f"jax.lax.expand_dims({x}, ({axis},))" for x in call.operands)
    return f"jax.lax.concatenate([{parts}], {axis})"


def _added_at(call: Call) -> str | None:
    """The `at` of a function, for indices along the first axis."""
    if call.params["axis"] % len(call.shapes[0]):
        return None
    x, v = call.operands
    return f"jnp.add.at({x}, np.array({list(call.params['indices'])}), {v}, inplace=False)"


def _right_sides(text: str) -> Fitting:
    """A triangular system of `jax.lax`, whose right-hand side must be a matrix."""

    def write(call: Call) -> str | None:
        p = call.params
        if len(call.shapes[1]) != 2:
            return None
        return text.format(*call.operands, lower=not p["upper"], **p)

    return write


def _unary() -> dict[str, tuple[Name, ...]]:
    return joined_names(
        {operation: (f"jax.lax.{name}({{0}})",) for operation, name in IN_LAX.items()},
        {operation: (f"jnp.{name}({{0}})",) for operation, name in OLD.items()},
    )


def _binary(name: str, lax: str, operator: str = "") -> tuple[Name, ...]:
    found: list[Name] = [
        no_number(f"jnp.{name}({{0}}, {{1}})"),
        _alike(f"jax.lax.{lax}({{0}}, {{1}})"),
    ]
    if operator:
        found.append(no_number(f"{{1}}.__r{operator}__({{0}})"))
    return tuple(found)


def _reduced(name: str, jnp: str, lax: str) -> tuple[Name, ...]:
    """A reduction as a method, of NumPy's functions that leave out NaN, and of `jax.lax`."""
    return (
        f"{{0}}.{name}(axis={{axis}}, keepdims={{keepdims}})",
        f"jnp.{jnp}({{0}}, axis={{axis}}, keepdims={{keepdims}})",
        whole_axes(f"jax.lax.reduce_{lax}({{0}}, {{axes}})"),
    )


def _scanned(function: str, numpy: str, lax: str) -> tuple[Name, ...]:
    return (
        f"jnp.cum{numpy}({{0}}, axis={{axis}})",
        f"jnp.nancum{numpy}({{0}}, axis={{axis}})",
        f"{{0}}.cum{numpy}(axis={{axis}})",
        _from_0(f"jax.lax.{lax}({{0}}, axis={{axis}})"),
        f"jax.lax.associative_scan(jnp.{function}, {{0}}, axis={{axis}})",
    )


_REFERENCE = "(lambda r: {steps})(jax.new_ref({{0}}))"
_KINDS: dict[str, tuple[Name, ...]] = {
    # The identity, through each thing that JAX does with a value.
    "positive": (
        "+{0}", "jnp.copy({0})", "jnp.array({0})", "{0}.astype({0}.dtype)", "jnp.real({0})",
        "{0}.real", "jnp.conjugate({0})", "jax.nn.identity({0})", "jax.device_put({0})",
        "jax.lax.optimization_barrier({0})", "jax.lax.reduce_precision({0}, 11, 52)",
        "jax.ad_checkpoint.checkpoint_name({0}, 'value')", "jax.lax.stage({0})",
        "jax.lax.real(jax.lax.complex({0}, {0}))", "jax.lax.imag(jax.lax.complex({0}, {0}))",
        "(jax.lax.dce_sink({0}), {0})[1]", "jnp.nan_to_num({0})",
        "jax.custom_derivatives.linear_call(lambda r, t: t, lambda r, t: t, (), {0})",
        "jax.freeze(jax.new_ref({0}))",
        _REFERENCE.format(steps="(r.__getitem__(...), jax.free_ref(r))[0]"),
        # Outside of compiled functions JAX has no empty references.
        "jax.jit(lambda t: (lambda r: (r.__setitem__(..., t), r[...])[1])("
        "jax.empty_ref(jax.ShapeDtypeStruct(t.shape, t.dtype))))({0})",
    ),
    # Writing to references.
    "cos": (_REFERENCE.format(steps="(r.__setitem__(..., jnp.cos(r[...])), r[...])[1]"),
            _REFERENCE.format(steps="jnp.cos(jax.ref.swap(r, ..., {0}))")),
    "sinh": (
        _REFERENCE.format(steps="(jax.ref.addupdate(r, ..., jnp.sinh({0}) - {0}), r[...])[1]"),),
    # Functions that are compiled, mapped or looped over by themselves.
    "sin": ("jax.jit(jnp.sin)({0})", _of_parts("jax.vmap(jax.lax.sin)({0})"),
            _of_parts("jax.lax.map(jnp.sin, {0})"), "jnp.vectorize(jnp.sin)({0})",
            _of_parts("jax.lax.scan(lambda c, t: (c, jnp.sin(t)), 0, {0})[1]"),
            "jax.lax.while_loop(lambda c: c[0] < 1, lambda c: (c[0] + 1, jnp.sin(c[1])), "
            "(0, {0}))[1]",
            "jax.lax.switch(jnp.int32(jnp.sum({0}) > 0), [jnp.sin, jax.lax.sin], {0})",
            "jax.custom_batching.sequential_vmap(jnp.sin)({0})",
            "(lambda f: (f.def_vmap(lambda n, b, t: (jnp.sin(t), b[0])), f({0}))[1])("
            "jax.custom_batching.custom_vmap(jnp.sin))", "jax.named_call(jnp.sin)({0})",
            "jax.closure_convert(jnp.sin, {0})[0]({0})"),
    # Functions with rules of their own.
    "exp": ("jax.custom_gradient(lambda t: (jnp.exp(t), lambda g: g * jnp.exp(t)))({0})",
            "(lambda f: (f.defjvps(lambda g, y, t: g * y), f({0}))[1])(jax.custom_jvp(jnp.exp))",
            "(lambda f: (f.defvjp(lambda t: (jnp.exp(t),) * 2, lambda y, g: (g * y,), "
            "optimize_remat=True), f({0}))[1])(jax.custom_vjp(jnp.exp))"),
    "square": ("{0} ** 2", "jax.lax.integer_pow({0}, 2)", "jnp.power({0}, 2)",
               "(lambda f, d: (d.defjvps(lambda g, y, t: 2.0 * g), "
               "f.defjvps(lambda g, y, t: d(g) * t), f({0}))[2])("
               "jax.custom_jvp(jnp.square), jax.custom_jvp(lambda t: 2.0 * t))"),
}  # fmt: skip
_OTHERS: dict[str, tuple[Name, ...]] = {
    "abs": ("jnp.absolute({0})", "jnp.fabs({0})", "abs({0})"),
    "negative": ("-{0}",),
    "reciprocal": ("1.0 / {0}", "{0} ** -1", "jax.lax.integer_pow({0}, -1)",
                   "jax.lax.pow({0}, jnp.full_like({0}, -1.0))"),
    "sqrt": ("{0} ** 0.5", "jnp.power({0}, 0.5)"),
    "exp2": ("2.0 ** {0}",),
    "round": ("jax.lax.round({0}, jax.lax.RoundingMethod.TO_NEAREST_EVEN)", "{0}.round()"),
    "expit": ("jax.nn.sigmoid({0})",),
    "i0": ("jnp.i0({0})",),
    "silu": ("jax.nn.swish({0})",),
    "hardswish": ("jax.nn.hard_silu({0})",),
    "relu": ("jnp.maximum({0}, 0.0)",),
    "exp1": ("jax.scipy.special.expn(1, {0})",),
    "polygamma": ("jax.lax.polygamma(jnp.full_like({0}, {n}), {0})",),
    "gammainc": (_alike("jax.lax.igamma({0}, {1})"),),
    "gammaincc": (_alike("jax.lax.igammac({0}, {1})"),),
    "betainc": (_alike("jax.lax.betainc({0}, {1}, {2})"),),
    "add": _binary("add", "add", "add"),
    "subtract": _binary("subtract", "sub", "sub"),
    "multiply": _binary("multiply", "mul", "mul"),
    "divide": (*_binary("divide", "div", "truediv"), no_number("jnp.true_divide({0}, {1})")),
    "pow": (*_binary("power", "pow", "pow"), no_number("jnp.pow({0}, {1})"),
            no_number("jnp.float_power({0}, {1})")),
    "maximum": (*_binary("fmax", "max"), no_number("jnp.clip({0}, min={1})")),
    "minimum": (*_binary("fmin", "min"), no_number("jnp.clip({0}, max={1})")),
    "atan2": _binary("arctan2", "atan2"),
    "remainder": (no_number("jnp.mod({0}, {1})"), no_number("{0} % {1}"),
                  no_number("jnp.divmod({0}, {1})[1]")),
    "floor_divide": (no_number("{0} // {1}"), no_number("jnp.divmod({0}, {1})[0]")),
    "fmod": (_alike("jax.lax.rem({0}, {1})"),),
    "pow_int": ("jax.lax.integer_pow({0}, {exponent})", "jnp.power({0}, {exponent})",
                "jnp.pow({0}, {exponent})",
                "jax.lax.pow({0}, jnp.asarray({exponent}))"),
    "pow_float": ("jnp.power({0}, {exponent})", "jax.lax.pow({0}, jnp.full_like({0}, {exponent}))"),
    "clip": ("{0}.clip({min}, {max})", "jax.lax.clamp({min}, {0}, {max})",
             "jnp.minimum(jnp.maximum({0}, {min}), {max})"),
    "where": (no_number("jnp.select([{0}], [{1}], {2})"),
              _alike("jax.lax.select({0}, {1}, {2})"), _alike("jax.lax.select_n({0}, {2}, {1})")),
    "sum": (*_reduced("sum", "nansum", "sum"),
            whole_axes("jax.lax.reduce({0}, jnp.zeros((), {0}.dtype), jax.lax.add, {axes})")),
    "prod": _reduced("prod", "nanprod", "prod"),
    "mean": ("{0}.mean(axis={axis}, keepdims={keepdims})",
             "jnp.nanmean({0}, axis={axis}, keepdims={keepdims})",
             "jnp.average({0}, axis={axis}, keepdims={keepdims})"),
    "max": (*_reduced("max", "nanmax", "max"), "jnp.amax({0}, axis={axis}, keepdims={keepdims})",
            one_axis("jnp.take_along_axis({0}, jnp.argmax({0}, {axis}, keepdims=True), {axis})",
                     kept=True)),
    "min": (*_reduced("min", "nanmin", "min"), "jnp.amin({0}, axis={axis}, keepdims={keepdims})",
            one_axis("jnp.take_along_axis({0}, jnp.argmin({0}, {axis}, keepdims=True), {axis})",
                     kept=True)),
    "var": ("{0}.var(axis={axis}, ddof={correction}, keepdims={keepdims})",
            "jnp.nanvar({0}, axis={axis}, ddof={correction}, keepdims={keepdims})"),
    "std": ("{0}.std(axis={axis}, ddof={correction}, keepdims={keepdims})",
            "jnp.nanstd({0}, axis={axis}, ddof={correction}, keepdims={keepdims})"),
    "median": ("jnp.nanmedian({0}, axis={axis}, keepdims={keepdims})",),
    "cumulative_sum": _scanned("add", "sum", "cumsum"),
    "cumulative_prod": _scanned("multiply", "prod", "cumprod"),
    "cumulative_max": ("jax.lax.associative_scan(jnp.maximum, {0}, axis={axis})",),
    "cumulative_min": ("jax.lax.associative_scan(jnp.minimum, {0}, axis={axis})",),
    "logcumsumexp": ("jax.lax.associative_scan(jnp.logaddexp, {0}, axis={axis})",),
    "logsumexp": ("jax.nn.logsumexp({0}, axis={axis}, keepdims={keepdims})",),
    "softmax": ("jax.scipy.special.softmax({0}, axis={axis})",),
    "log_softmax": ("jax.scipy.special.log_softmax({0}, axis={axis})",),
    "sort": (_from_0("{0}.sort(axis={axis})"), _from_0("jax.lax.sort({0}, dimension={axis})"),
             _from_0("jax.lax.sort_key_val({0}, {0}, dimension={axis})[1]"),
             _from_0("jnp.take_along_axis({0}, jnp.argsort({0}, axis={axis}), axis={axis})")),
    "top_k": ("jax.lax.approx_max_k({0}, {k}, recall_target=1.0)[0]",),
    "stack": (_joined, "jax.lax.stack([{args}], {axis})"),
    "concat": ("jnp.concatenate([{args}], axis={axis})",
               _from_0("jax.lax.concatenate([{args}], {axis})")),
    "unstack": ("jnp.take({0}, {which}, axis={axis})",
                _from_0("jax.lax.unstack({0}, {axis})[{which}]"),
                "jax.lax.index_in_dim({0}, {which}, {axis}, keepdims=False)"),
    "split": (equal_parts("jnp.split({0}, {sections}, {axis})[{which}]"),
              equal_parts("jax.lax.split({0}, {sizes}, {axis})[{which}]")),
    "reshape": ("{0}.reshape({shape})", _reshape),
    "expand_dims": ("jax.lax.expand_dims({0}, ({axis},))",),
    "squeeze": ("{0}.squeeze({axis})", "jax.lax.squeeze({0}, ({axis},))"),
    "permute_dims": ("jnp.transpose({0}, {axes})", "{0}.transpose({axes})",
                     "jax.lax.transpose({0}, {axes})"),
    "matrix_transpose": ("{0}.mT", "jnp.swapaxes({0}, -1, -2)", "{0}.swapaxes(-1, -2)",
                         "jnp.linalg.matrix_transpose({0})", of_ranks("{0}.T", 2),
                         of_ranks("jnp.moveaxis({0}, 0, 1)", 2),
                         of_ranks("jnp.rollaxis({0}, 1)", 2)),
    "broadcast_to": (_broadcast_in_dim,),
    "flip": (_from_0("jax.lax.rev({0}, ({axis},))"), in_one_axis("jnp.flipud({0})", 0),
             in_one_axis("jnp.fliplr({0})", 1), in_one_axis("{0}[::-1]", 0),
             _from_0("jax.custom_derivatives.linear_call(lambda r, t: jnp.flip(t, {axis}), "
                     "lambda r, t: jnp.flip(t, {axis}), (), {0})")),
    "index": (single_index("jax.lax.index_in_dim({0}, {i}, 0, keepdims=False)"),
              single_index("jax.lax.dynamic_index_in_dim({0}, {i}, 0, keepdims=False)"),
              single_index("jnp.take({0}, {i}, axis=0)"), single_index("jnp.unstack({0})[{i}]"),
              "{0}.at[{index}].get()", _REFERENCE.format(steps="r[{index}]")),
    "slice": (_slice("jax.lax.slice_in_dim({0}, {start}, {stop}, {step}, {axis})", plain=False),
              _slice("jax.lax.dynamic_slice_in_dim({0}, {start}, {n}, {axis})", plain=True)),
    "take": (selected("{entries}", "np.array({list})"),
             selected("{entries}.get()", "np.array({list})", ".at"),
             selected("{entries}.get(mode='clip')", "np.array({list})", ".at"),
             "{0}.take(np.array({indices}), axis={axis})",
             "jnp.take({0}, np.array({indices}), axis={axis}, mode='wrap')"),
    "index_add": (_added_at,),
    "tile": (lambda call: (
        f"jax.lax.tile({call.operands[0]}, {call.params['repetitions']})"
        if len(call.params["repetitions"]) == len(call.shapes[0]) else None),),
    "repeat": ("{0}.repeat(np.array({repeats}), axis={axis})",),
    "diag": (of_ranks("jnp.diagflat({0})", 1),),
    "diagonal": (of_ranks("jnp.diag({0})", 2), of_ranks("{0}.diagonal()", 2),
                 "jnp.diagonal({0}, 0, -2, -1)"),
    "trace": (of_ranks("jnp.trace({0})", 2), of_ranks("{0}.trace()", 2),
              of_square_matrix("jnp.einsum('ii', {0})")),
    "matmul": ("{0} @ {1}", "jnp.linalg.matmul({0}, {1})", of_ranks("jnp.dot({0}, {1})", 2, 2),
               of_ranks("{0}.dot({1})", 2, 1), of_ranks("jax.lax.dot({0}, {1})", 2, 2),
               of_ranks("jax.lax.dot({0}, {1})", 1, 1), of_ranks("jnp.vdot({0}, {1})", 1, 1),
               of_ranks("jnp.matvec({0}, {1})", 2, 1), of_ranks("jnp.vecmat({0}, {1})", 1, 2),
               of_ranks("jnp.vecdot({0}, {1})", 1, 1), of_ranks("jnp.inner({0}, {1}.T)", 2, 2),
               of_ranks("jnp.tensordot({0}, {1}, axes=1)", 2, 2),
               of_ranks("jnp.einsum('ij,jk->ik', {0}, {1})", 2, 2),
               of_ranks("jax.lax.batch_matmul({0}[None], {1}[None])[0]", 2, 2)),
    "tensordot": ("jnp.linalg.tensordot({0}, {1}, axes={axes})",),
    "outer": ("jnp.outer({0}, {1})", "jnp.multiply.outer({0}, {1})", "{0}[:, None] * {1}",
              "jnp.einsum('i,j->ij', {0}, {1})"),
    "vecdot": ("jnp.linalg.vecdot({0}, {1})", "jnp.einsum('...i,...i->...', {0}, {1})"),
    "cross": ("jnp.linalg.cross({0}, {1}, axis={axis})",),
    "det": ("jax.scipy.linalg.det({0})",),
    "inv": ("jax.scipy.linalg.inv({0})",),
    "solve": ("jax.scipy.linalg.solve({0}, {1})",),
    "slogdet": ("jnp.linalg.slogdet({0}, method='qr')[1]",),
    "cholesky": ("jax.lax.linalg.cholesky({0})",
                 f"jax.scipy.linalg.cholesky({SYMMETRIC}, lower=True)"),
    "eigvalsh": (f"jax.scipy.linalg.eigh({SYMMETRIC}, eigvals_only=True)",
                 "jax.lax.linalg.eigh({0})[1]", f"jnp.linalg.eigh({SYMMETRIC}).eigenvalues"),
    "svdvals": ("jnp.linalg.svd({0}, compute_uv=False)",
                "jax.scipy.linalg.svd({0}, compute_uv=False)",
                "jax.lax.linalg.svd({0}, compute_uv=False)",
                "jnp.linalg.svd({0}, full_matrices=False).S"),
    "solve_triangular": (
        _right_sides("jax.lax.linalg.triangular_solve({0}, {1}, left_side=True, lower={lower}, "
                     "transpose_a={transpose}, unit_diagonal={unit_diagonal})"),),
    "vector_norm": ("jnp.linalg.norm({0}, axis={axis})",
                    one_axis("jnp.sqrt(jnp.sum({0} ** 2, axis={axis}))")),
    "matrix_norm": ("jnp.linalg.norm({0}, 'fro', axis=(-2, -1))",),
    "trapezoid": ("jax.scipy.integrate.trapezoid({0}, {1}, axis={axis})",),
    "convolve": (_not_longer("jax.scipy.signal.convolve({0}, {1}, mode={mode!r})"),
                 _not_longer("jax.scipy.signal.convolve({0}, {1}, mode={mode!r}, method='fft')")),
    "correlate": (_not_longer("jax.scipy.signal.correlate({0}, {1}, mode={mode!r})"),),
    "outer_sum": ("{0}[:, None] + {1}",),
    "newton_sqrt": ("jax.lax.fori_loop(0, {count}, lambda k, t: (t + {0} / t) / 2, "
                    "jnp.ones_like({0}), unroll=True)",
                    "jax.lax.scan(lambda t, _: ((t + {0} / t) / 2, None), jnp.ones_like({0}), "
                    "length={count}, unroll=2)[0]"),
    "logistic_map": ("jax.lax.scan(lambda t, _: ({rate} * t * (1 - t), None), {0}, "
                     "length={count})[0]",
                     "jax.lax.while_loop(lambda c: c[0] < {count}, lambda c: (c[0] + 1, "
                     "{rate} * c[1] * (1 - c[1])), (0, {0}))[1]"),
    "scan_decay": ("jax.lax.scan(lambda h, v: ({decay} * h + v,) * 2, 0.0, {0}, unroll=2)[1]",
                   "jax.lax.scan(jax.checkpoint(lambda h, v: ({decay} * h + v,) * 2), 0.0, {0})"
                   "[1]"),
    "scan_tanh": ("jax.lax.scan(lambda h, v: (jnp.tanh({1} * h + v),) * 2, 0.0, {0}, "
                  "unroll=True)[1]",
                  "jax.lax.scan(lambda h, v: (jnp.tanh({1} * h + v),) * 2, 0.0, {0}, "
                  "_split_transpose=True)[1]"),
    "branch": ("jax.lax.switch(jnp.int32(jnp.sum({0}) > {threshold}), "
               "[lambda t: t * t, lambda t: t * jnp.sin(t)], {0})",),
    "checkpointed": ("jax.remat(lambda t: jnp.sin(t) * jnp.exp(-t * t))({0})",),
}  # fmt: skip


NAMES = joined_names(_unary(), _KINDS, _OTHERS)
