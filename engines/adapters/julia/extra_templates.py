"""How Julia writes operations that only some engines have, but for those of `matrices`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ad_conformance.engines.adapters.julia.language import dims, indices
from ad_conformance.engines.adapters.julia.templates import (
    along,
    atom,
    axis_of,
    broadcast,
    circshift,
    dotted,
    kept,
    of_matrix,
    only,
    permuted,
    range_text,
    reduced,
    reshaped,
    scanned,
)
from ad_conformance.generators.catalogue.operation import Call, Template, whole_index
from ad_conformance.generators.render.dialect import UnsupportedOperation

#: Functions of SpecialFunctions.
SPECIAL = {
    **{name: name for name in ("erf", "erfc", "erfcx", "erfinv", "gamma", "digamma", "beta")},
    "lgamma": "loggamma",
    "betaln": "logbeta",
    "j0": "besselj0",
    "j1": "besselj1",
    "exp1": "expint",
    "expi": "expinti",
}
COMPLEX = "complex.({0}, {1})"


def _logsumexp(call: Call) -> str:
    only(call, 1, 2, 3)
    return reduced("LogExpFunctions.logsumexp")(call)


def _log_softmax(call: Call) -> str:
    x = call.operands[0]
    return f"{x} .- {scanned('LogExpFunctions.logsumexp')(call)}"


def _take_along_axis(call: Call) -> str:
    """By linear indices, which count column by column."""
    grid = whole_index(call)
    linear = (
        np.ravel_multi_index(
            tuple(np.array(axis, dtype=int) for axis in grid), call.shapes[0], order="F"
        )
        + 1
    )
    text = f"{call.operands[0]}[Int[{dims(linear.ravel('F').tolist())}]]"
    return text if linear.ndim == 1 else f"reshape({text}, {dims(linear.shape)})"


def _unstack(call: Call) -> str:
    n = call.shapes[0][axis_of(call) - 1]
    return along(call, str(call.params["which"] % n + 1))


def _split(call: Call) -> str:
    n = call.shapes[0][axis_of(call) - 1]
    part = np.array_split(np.arange(n), call.params["sections"])[call.params["which"]]
    return along(call, range_text(range(part[0], part[-1] + 1) if len(part) else range(0)))


def _tile(call: Call) -> str:
    shape, counts = call.shapes[0], tuple(call.params["repetitions"])
    if not shape:
        raise UnsupportedOperation("tile of a number")
    n = max(len(shape), len(counts))
    text = reshaped(call.operands[0], shape, (1,) * (n - len(shape)) + shape)
    return f"repeat({text}, {dims((1,) * (n - len(counts)) + counts)})"


def _repeat(call: Call) -> str:
    n, repeats = call.shapes[0][axis_of(call) - 1], call.params["repeats"]
    if len(repeats) > 1:
        return along(call, indices(np.repeat(np.arange(n), repeats).tolist()))
    counts = [1] * len(call.shapes[0])
    counts[axis_of(call) - 1] = repeats[0]
    return f"repeat({call.operands[0]}; inner=({dims(counts)},))"


def _roll_axes(call: Call) -> str:
    shifts = [0] * len(call.shapes[0])
    for shift, axis in zip(call.params["shift"], call.params["axis"], strict=True):
        shifts[axis] += shift
    return circshift(call.operands[0], shifts)


def _moveaxis(call: Call) -> str:
    n = len(call.shapes[0])
    axes = np.moveaxis(
        np.empty(tuple(range(n))), call.params["source"], call.params["destination"]
    ).shape
    return permuted(call.operands[0], axes)


def _squeeze(call: Call) -> str:
    shape = call.shapes[0]
    if len(shape) == 1:
        return f"{call.operands[0]}[1]"
    return f"dropdims({call.operands[0]}; dims={axis_of(call)})"


def _diagonal_offset(call: Call) -> str:
    x, (m, n), k = only(call, 2), call.shapes[0], call.params["offset"]
    if not -m <= k <= n:
        raise UnsupportedOperation("diagonal outside of the matrix")
    return f"LinearAlgebra.diag({x}, {k})"


def _outer_sum(call: Call) -> str:
    a, b = call.operands
    if tuple(map(len, call.shapes)) != (1, 1):
        raise UnsupportedOperation("outer_sum of more than vectors")
    return f"{a} .+ transpose({b})"


def _masked(name: str, otherwise: str) -> Callable[[Call], str]:
    """A reduction with `otherwise` in place of the entries below the threshold.

    In it `{below}` stands for the threshold less 1.
    """

    def write_reduction(call: Call) -> str:
        x, threshold = call.operands[0], call.params["threshold"]
        other = otherwise.format(below=threshold - 1.0)
        masked = f"ifelse.({x} .> {threshold}, {x}, {other})"
        return reduced(name)(Call((masked,), call.params, call.shapes))

    return write_reduction


def _sorted(call: Call, descending: bool, axis: int) -> str:
    options = [f"dims={axis}"] * (len(call.shapes[0]) > 1) + ["rev=true"] * descending
    return f"sort({call.operands[0]}{'; ' if options else ''}{', '.join(options)})"


def _sort_by(call: Call) -> str:
    return f"{call.operands[1]}[sortperm({only(call, 1)})]"


def _top_k(call: Call) -> str:
    n = len(call.shapes[0])
    return along(call, f"1:{call.params['k']}", n, _sorted(call, True, n))


def _kth_value(call: Call) -> str:
    return along(call, str(call.params["k"]), text=_sorted(call, False, axis_of(call)))


def _quantile(call: Call) -> str:
    q = call.params["q"]
    return f"Statistics.quantile({only(call, 1)}, [{', '.join(map(repr, q))}])"


def _deviation(name: str) -> Callable[[Call], str]:
    """Julia's deviations correct the number of entries by 0 or 1 only."""

    def write_call(call: Call) -> str:
        x, shape, correction = call.operands[0], call.shapes[0], call.params["correction"]
        if correction not in (0, 1):
            raise UnsupportedOperation(f"correction {correction}")
        corrected = f"corrected={'true' if correction else 'false'}"
        if call.params["axis"] is None or (len(shape) == 1 and not call.params["keepdims"]):
            only(call, 1, 2, 3)
            return kept(f"{name}({x}; {corrected})", call, call.params["keepdims"])
        k = axis_of(call)
        text = f"{name}({x}; dims={k}, {corrected})"
        return text if call.params["keepdims"] else f"dropdims({text}; dims={k})"

    return write_call


def _ptp(call: Call) -> str:
    return f"{reduced('maximum')(call)} .- {reduced('minimum')(call)}"


def _cov(call: Call) -> str:
    if call.params["correction"] not in (0, 1):
        raise UnsupportedOperation(f"correction {call.params['correction']}")
    return (
        f"Statistics.cov({call.operands[0]}; dims=2, "
        f"corrected={'true' if call.params['correction'] else 'false'})"
    )


def _diff(call: Call) -> str:
    text = call.operands[0]
    for _ in range(call.params["n"]):
        text = scanned("diff")(Call((text,), call.params, call.shapes))
    return text


def _weighted(name: str, end: int) -> Callable[[Call], str]:
    """A weight times a logarithm, whose domain ends at `end`.

    A weight of zero gives zero whatever the operand is, but LogExpFunctions takes the logarithm
    first, which raises a DomainError beyond the end. There, the operand is replaced by one.
    """
    beyond = f"({{0}} .== 0) .& ({{1}} .< {atom(str(end))})"
    return broadcast(f"LogExpFunctions.{name}.({{0}}, ifelse.({beyond}, one.({{1}}), {{1}}))")


def _toeplitz(call: Call) -> str:
    """Rows between semicolons, as users write small matrices: `hvcat` in Julia."""
    c, r = call.operands
    m, n = (shape[0] for shape in call.shapes)
    if not m or not n:
        raise UnsupportedOperation("toeplitz of nothing")
    if n == 1:
        return f"reshape({c}, {m}, 1)"
    rows = (
        " ".join(f"{c}[{i - j + 1}]" if i >= j else f"{r}[{j - i + 1}]" for j in range(n))
        for i in range(m)
    )
    return f"[{'; '.join(rows)}]"


def _leaky_relu(call: Call) -> str:
    return broadcast(
        "{0}" if call.params["slope"] == 1 else "ifelse.({0} .> 0, {0}, {slope} .* {0})"
    )(call)


EXTRA_TEMPLATES: dict[str, Template | None] = {
    **{name: dotted(f"SpecialFunctions.{function}") for name, function in SPECIAL.items()},
    **{name: dotted(name) for name in ("exp2", "cbrt", "sinc")},
    "logit": dotted("LogExpFunctions.logit"),
    "xlogy": _weighted("xlogy", 0),
    "xlog1py": _weighted("xlog1py", -1),
    "polygamma": broadcast("SpecialFunctions.polygamma.({n}, {0})"),
    "zeta": broadcast("SpecialFunctions.zeta.({s}, {0})"),
    "i0": broadcast("SpecialFunctions.besseli.(0, {0})"),
    "i1": broadcast("SpecialFunctions.besseli.(1, {0})"),
    "i0e": broadcast("SpecialFunctions.besselix.(0, {0})"),
    "i1e": broadcast("SpecialFunctions.besselix.(1, {0})"),
    "expit": dotted("LogExpFunctions.logistic"),
    "entr": broadcast(".-LogExpFunctions.xlogx.({0})"),
    "logsumexp": _logsumexp,
    "softmax": scanned("LogExpFunctions.softmax"),
    "log_softmax": _log_softmax,
    # networks
    "softplus": dotted("LogExpFunctions.log1pexp"),
    "logsigmoid": broadcast(".-LogExpFunctions.log1pexp.(.-{0})"),
    "silu": broadcast("{0} .* LogExpFunctions.logistic.({0})"),
    "mish": broadcast("{0} .* tanh.(LogExpFunctions.log1pexp.({0}))"),
    "gelu": broadcast("{0} .* SpecialFunctions.erfc.(.-{0} ./ sqrt(2)) ./ 2"),
    "log1mexp": broadcast("LogExpFunctions.log1mexp.(.-{0})"),
    "squareplus": broadcast("({0} .+ sqrt.({0} .^ 2 .+ {b})) ./ 2"),
    "softsign": broadcast("{0} ./ (1 .+ abs.({0}))"),
    "tanhshrink": broadcast("{0} .- tanh.({0})"),
    "relu": broadcast("max.({0}, 0)"),
    "relu6": broadcast("clamp.({0}, 0, 6)"),
    "hardsigmoid": broadcast("clamp.({0} .+ 3, 0, 6) ./ 6"),
    "hardswish": broadcast("{0} .* clamp.({0} .+ 3, 0, 6) ./ 6"),
    "hardtanh": broadcast("clamp.({0}, {min}, {max})"),
    "leaky_relu": _leaky_relu,
    "prelu": broadcast("ifelse.({0} .> 0, {0}, {1} .* {0})"),
    "elu": broadcast("ifelse.({0} .> 0, {0}, {alpha} .* expm1.({0}))"),
    "celu": broadcast("ifelse.({0} .> 0, {0}, {alpha} .* expm1.({0} ./ {alpha}))"),
    "polyval": "evalpoly.({1}, Ref(reverse({0})))",
    # complex detours
    "complex_abs": broadcast(f"abs.({COMPLEX})"),
    "complex_angle": broadcast("angle.(complex.({1}, {0}))"),
    "complex_square_abs": broadcast(f"abs2.({COMPLEX})"),
    "complex_exp": broadcast(f"real.(exp.({COMPLEX}))"),
    "complex_log": broadcast(f"real.(log.({COMPLEX}))"),
    "complex_sqrt": broadcast(f"real.(sqrt.({COMPLEX}))"),
    "complex_reciprocal": broadcast(f"imag.(inv.({COMPLEX}))"),
    "complex_product": broadcast(f"real.({COMPLEX} .* complex.({{2}}, {{3}}))"),
    "complex_power": broadcast(f"imag.({COMPLEX} .^ {{exponent}})"),
    "complex_det": of_matrix(f"real(LinearAlgebra.det({COMPLEX}))"),
    "complex_inv": of_matrix(f"real(inv({COMPLEX}))"),
    "complex_solve": of_matrix(f"real({COMPLEX} \\ {{2}})"),
    # control flow
    "newton_sqrt": broadcast("foldl((t, _) -> (t .+ {0} ./ t) ./ 2, 1:{count}; init=one.({0}))"),
    "logistic_map": broadcast("foldl((t, _) -> {rate} .* t .* (1 .- t), 1:{count}; init={0})"),
    "scan_decay": "accumulate((h, v) -> {decay} * h + v, {0})",
    "scan_tanh": "accumulate((h, v) -> tanh({1} * h + v), {0}; init=0.0)",
    "branch": broadcast("(sum({0}) > {threshold} ? {0} .* sin.({0}) : {0} .* {0})"),
    # gathering, moving, masking
    "take_along_axis": _take_along_axis,
    "unstack": _unstack,
    "split": _split,
    "tile": _tile,
    "repeat": _repeat,
    "roll_axes": _roll_axes,
    "rot90": of_matrix("rotl90({0}, {k})"),
    "moveaxis": _moveaxis,
    "squeeze": _squeeze,
    "diag_embed": lambda call: f"LinearAlgebra.diagm({call.params['offset']} => {only(call, 1)})",
    "diagonal_offset": _diagonal_offset,
    "tril_offset": of_matrix("LinearAlgebra.tril({0}, {k})"),
    "triu_offset": of_matrix("LinearAlgebra.triu({0}, {k})"),
    "outer_sum": _outer_sum,
    "toeplitz": _toeplitz,
    "masked_sum": _masked("sum", "0.0"),
    "masked_prod": _masked("prod", "1.0"),
    "masked_max": _masked("maximum", "{below}"),
    # statistics
    "sort": lambda call: _sorted(call, call.params["descending"], axis_of(call)),
    "sort_by": _sort_by,
    "top_k": _top_k,
    "kth_value": _kth_value,
    "median": reduced("Statistics.median"),
    "quantile": _quantile,
    "cumulative_max": scanned("accumulate", "max, "),
    "cumulative_min": scanned("accumulate", "min, "),
    "ptp": _ptp,
    "var": _deviation("Statistics.var"),
    "std": _deviation("Statistics.std"),
    "cov": _cov,
    "diff": _diff,
}
