"""Shared by engines with an interface like NumPy's: templates, and functions that make templates.

An adapter takes from here what its engine writes as NumPy, SciPy or PyTorch do, and adds what the
engine writes in its own way:

    templates={
        **shared(NUMPY, "kron", "tile", "moveaxis"),
        **shared(TORCH, "relu", "elu", namespace="jax.nn"),
        "svdvals": "jnp.linalg.svdvals({0})",
    }

In all templates `xp.` stands for the dialect's namespace, `{0}`, `{1}` ... for the operands, and
`{axis}` or another name for the parameter of that name.
"""

from __future__ import annotations

from collections.abc import Mapping

from ad_conformance.generators.catalogue.bodies import written
from ad_conformance.generators.catalogue.extra.control_flow import body_text
from ad_conformance.generators.catalogue.operation import Call, Template

_KEPT = "axis={axis}, keepdims={keepdims}"
_ABOVE = "xp.where({0} > {threshold}, "

#: Names and arguments of NumPy and SciPy.
NUMPY: Mapping[str, str] = {
    "asin": "xp.arcsin({0})",
    "acos": "xp.arccos({0})",
    "atan": "xp.arctan({0})",
    "asinh": "xp.arcsinh({0})",
    "acosh": "xp.arccosh({0})",
    "atanh": "xp.arctanh({0})",
    "atan2": "xp.arctan2({0}, {1})",
    "exp2": "xp.exp2({0})",
    "cbrt": "xp.cbrt({0})",
    "sinc": "xp.sinc({0})",
    # Arrays that are joined, moved or cut.
    "cumulative_sum": "xp.cumsum({0}, axis={axis})",
    "cumulative_prod": "xp.cumprod({0}, axis={axis})",
    "concat": "xp.concatenate([{args}], axis={axis})",
    "permute_dims": "xp.transpose({0}, {axes})",
    "matrix_transpose": "xp.swapaxes({0}, -1, -2)",
    "diagonal": "xp.diagonal({0}, axis1=-2, axis2=-1)",
    "diagonal_offset": "xp.diagonal({0}, {offset}, -2, -1)",
    "tril_offset": "xp.tril({0}, {k})",
    "triu_offset": "xp.triu({0}, {k})",
    "unstack": "xp.unstack({0}, axis={axis})[{which}]",
    "split": "xp.array_split({0}, {sections}, axis={axis})[{which}]",
    "tile": "xp.tile({0}, {repetitions})",
    "roll_axes": "xp.roll({0}, {shift}, axis={axis})",
    "rot90": "xp.rot90({0}, {k})",
    "moveaxis": "xp.moveaxis({0}, {source}, {destination})",
    "squeeze": "xp.squeeze({0}, axis={axis})",
    # Products and norms.
    "outer": "xp.outer({0}, {1})",
    "vecdot": "xp.einsum('...i,...i->...', {0}, {1})",
    "trace": "xp.trace({0}, axis1=-2, axis2=-1)",
    "kron": "xp.kron({0}, {1})",
    "inner": "xp.inner({0}, {1})",
    "cross": "xp.cross({0}, {1}, axis={axis})",
    "multi_dot": "xp.linalg.multi_dot([{args}])",
    "matrix_power": "xp.linalg.matrix_power({0}, {n})",
    "vector_norm": "xp.linalg.norm({0}, axis={axis})",
    "matrix_norm": "xp.linalg.norm({0}, axis=(-2, -1))",
    "convolve": "xp.convolve({0}, {1}, mode={mode!r})",
    "polyval": "xp.polyval({0}, {1})",
    # Decompositions; those with a transpose are in `decompositions`.
    "matrix_exp": "xp.linalg.expm({0})",
    "svdvals": "xp.linalg.svd({0}, full_matrices=False)[1]",
    "slogdet": "xp.linalg.slogdet({0})[1]",
    "pinv": "xp.linalg.pinv({0})",
    # Special functions of more than one argument, or of another name.
    "lgamma": "xp.gammaln({0})",
    "polygamma": "xp.polygamma({n}, {0})",
    "logsumexp": f"xp.logsumexp({{0}}, {_KEPT})",
    "logcumsumexp": "xp.logcumsumexp({0}, axis={axis})",
    "softmax": "xp.softmax({0}, axis={axis})",
    "log_softmax": "xp.log_softmax({0}, axis={axis})",
    # Reductions of the entries above a threshold.
    "masked_sum": f"xp.sum({_ABOVE}{{0}}, 0.0), axis={{axis}})",
    "masked_prod": f"xp.prod({_ABOVE}{{0}}, 1.0), axis={{axis}})",
    "masked_max": f"xp.max({_ABOVE}{{0}}, {{threshold}} - 1.0), axis={{axis}})",
    # Statistics.
    "median": f"xp.median({{0}}, {_KEPT})",
    "ptp": f"xp.ptp({{0}}, {_KEPT})",
    "nanmean": f"xp.nanmean({{0}}, {_KEPT})",
    "var": f"xp.var({{0}}, {_KEPT}, ddof={{correction}})",
    "std": f"xp.std({{0}}, {_KEPT}, ddof={{correction}})",
    "cov": "xp.cov({0}, ddof={correction})",
    "corrcoef": "xp.corrcoef({0}).reshape({0}.shape[0], {0}.shape[0])",
    "diff": "xp.diff({0}, n={n}, axis={axis})",
    "trapezoid": "xp.trapezoid({0}, {1}, axis={axis})",
}

#: Operations of `NUMPY` for which NumPy had another name before its release 2.
BEFORE_NUMPY_2 = (
    *("asin", "acos", "atan", "asinh", "acosh", "atanh", "atan2"),
    *("cumulative_sum", "cumulative_prod", "concat", "permute_dims"),
)

#: Names and arguments of `torch`, `torch.linalg` and `torch.nn.functional`.
TORCH: Mapping[str, str] = {
    **{name: f"xp.{name}({{0}}, {_KEPT})" for name in ("sum", "prod", "mean", "max", "min")},
    "stack": "xp.stack([{args}], axis={axis})",
    "concat": "xp.concat([{args}], axis={axis})",
    "expand_dims": "xp.unsqueeze({0}, axis={axis})",
    "roll": "xp.roll({0}, {shift}, axis={axis})",
    "unstack": "xp.unbind({0}, axis={axis})[{which}]",
    "expit": "xp.sigmoid({0})",
    "zeta": "xp.zeta({s}.0, {0})",
    "matrix_exp": "xp.linalg.matrix_exp({0})",
    "svdvals": "xp.linalg.svdvals({0})",
    "slogdet": "xp.linalg.slogdet({0}).logabsdet",
    "cross": "xp.linalg.cross({0}, {1}, axis={axis})",
    # Activations.
    "gelu": "xp.gelu({0})",
    # PyTorch documents that softplus is linear, an approximation, above its threshold.
    "softplus": "xp.softplus({0}, threshold=40.0)",
    **{
        name: f"xp.{name}({{0}})"
        for name in ("silu", "mish", "softsign", "relu", "relu6", "selu", "tanhshrink")
    },
    "leaky_relu": "xp.leaky_relu({0}, {slope})",
    "elu": "xp.elu({0}, {alpha})",
    "celu": "xp.celu({0}, {alpha})",
    "softshrink": "xp.softshrink({0}, {lambd})",
    "hardtanh": "xp.hardtanh({0}, {min}, {max})",
    "glu": "xp.glu({0}, axis={axis})",
    # Losses.
    **{
        name: f"xp.{name}({{0}}, {{1}}, reduction={{reduction!r}})"
        for name in (
            "mse_loss",
            "l1_loss",
            "soft_margin_loss",
            "binary_cross_entropy_with_logits",
            "kl_div",
        )
    },
}

#: Activations as TensorFlow and JAX write them, where PyTorch writes something else.
ACTIVATIONS: Mapping[str, str] = {
    "gelu": "xp.gelu({0}, approximate=False)",
    "gelu_tanh": "xp.gelu({0}, approximate=True)",
    "softplus": "xp.softplus({0})",
    "logsigmoid": "xp.log_sigmoid({0})",
    "softsign": "xp.soft_sign({0})",
}

#: Loops that Python runs and the engine sees unrolled.
LOOPS: Mapping[str, str] = {
    "newton_sqrt": (
        "functools.reduce(lambda t, k: (t + {0} / t) / 2, range({count}), xp.ones_like({0}))"
    ),
    "logistic_map": "functools.reduce(lambda t, k: {rate} * t * (1 - t), range({count}), {0})",
    "scan_decay": "xp.stack(list(itertools.accumulate({0}, lambda h, v: {decay} * h + v)))",
    "scan_tanh": (
        "xp.stack(list(itertools.accumulate({0}, lambda h, v: xp.tanh({1} * h + v), "
        "initial=0.0))[1:])"
    ),
    "branch": "({0} * xp.sin({0}) if xp.sum({0}) > {threshold} else {0} * {0})",
}


def shared(
    table: Mapping[str, str],
    *operations: str,
    namespace: str = "xp",
    axis: str = "axis",
    keepdims: str = "keepdims",
) -> dict[str, str]:
    """The templates of some operations from a table.

    `namespace` replaces `xp` if the engine has the functions elsewhere than in the namespace of its
    dialect; `axis` and `keepdims` are the engine's names of these two arguments. Raises KeyError
    for an operation that the table does not have.
    """
    renamed = {
        "xp.": f"{namespace}.",
        "axis={axis}": f"{axis}={{axis}}",
        "keepdims={keepdims}": f"{keepdims}={{keepdims}}",
    }
    found = {}
    for operation in operations:
        text = table[operation]
        for old, new in renamed.items():
            text = text.replace(old, new)
        found[operation] = text
    return found


def called(namespace: str, *operations: str) -> dict[str, str]:
    """Calls of functions that have the operation's own name and take nothing but its operands."""
    return {name: f"{namespace}.{name}({{args}})" for name in operations}


def distribution(stats: str, name: str, *functions: str) -> dict[str, str]:
    """The functions of a distribution, which is `name` in the namespace `stats`."""
    return {f"{name}_{f}": f"{stats}.{name}.{f}({{args}})" for f in functions}


def symmetric(transpose: str) -> str:
    """The mean of a matrix and its transpose, `transpose` being the template of the latter.

    The catalogue defines decompositions of symmetric matrices for this mean, because engines
    differ in which triangle of the matrix they read.
    """
    return f"({{0}} + {transpose}) / 2"


def decompositions(
    *operations: str,
    transpose: str,
    eigenvectors: str = "[1]",
    diagonal: str = "xp.diagonal(r, axis1=-2, axis2=-1)",
    qr: str = "xp.linalg.qr({0})",
    linalg: str = "xp.linalg",
) -> dict[str, str]:
    """Templates of functions of a decomposition that do not depend on its free signs.

    `transpose` is the template of a matrix transpose, `eigenvectors` what selects these from the
    result of `eigh`, `diagonal` the diagonal of `r`, `qr` the template of this decomposition, and
    `linalg` the namespace of the others.
    """
    mean, svd = symmetric(transpose), f"{linalg}.svd({{0}}, full_matrices=False)"
    transposed_v, transposed_u = transpose.format("v"), transpose.format("u")

    def of_eigenvalues(function: str) -> str:
        product = f"(v * xp.{function}(w)[..., None, :]) @ {transposed_v}"
        return f"(lambda w, v: {product})(*{linalg}.eigh({mean}))"

    templates = {
        "cholesky": f"{linalg}.cholesky({mean})",
        "eigvalsh": f"{linalg}.eigvalsh({mean})",
        "eigenvector_weights": f"{linalg}.eigh({mean}){eigenvectors} ** 2",
        "eigh_exp": of_eigenvalues("exp"),
        "eigh_sqrt": of_eigenvalues("sqrt"),
        # The diagonal of r is made positive, which makes q and r unique.
        "qr_r": f"(lambda q, r: r * xp.sign({diagonal})[..., :, None])(*{qr})",
        "qr_q": f"(lambda q, r: q * xp.sign({diagonal})[..., None, :])(*{qr})",
        "polar_factor": f"(lambda u, s, vh: u @ vh)(*{svd})",
        "column_projection": f"(lambda u, s, vh: u @ {transposed_u})(*{svd})",
    }
    return {operation: templates[operation] for operation in operations}


def complex_detours(make: str, functions: str) -> dict[str, str]:
    """Real functions by way of complex numbers, which `make` makes of two reals.

    `functions` is the namespace of functions of complex numbers.
    """
    z, w = f"{make}({{0}}, {{1}})", f"{make}({{2}}, {{3}})"
    return {
        "complex_abs": f"{functions}.abs({z})",
        "complex_angle": f"{functions}.angle({make}({{1}}, {{0}}))",
        "complex_square_abs": f"{functions}.real({z} * {functions}.conj({z}))",
        "complex_exp": f"{functions}.real({functions}.exp({z}))",
        "complex_log": f"{functions}.real({functions}.log({z}))",
        "complex_sqrt": f"{functions}.real({functions}.sqrt({z}))",
        "complex_reciprocal": f"{functions}.imag(1 / {z})",
        "complex_product": f"{functions}.real({z} * {w})",
    }


def derivatives(
    first: str,
    second: str,
    pushforward: str = "",
    descent: str = (
        "functools.reduce(lambda q, k: q - {rate} * {first}(q), range({count}), {operand})"
    ),
) -> dict[str, Template]:
    """Derivatives inside a program.

    `first` is the template of the derivative of a function of `t` with the text `{body}`, summed
    over its entries; `second` is the derivative of the sum of `{first}`; `pushforward` is a whole
    pushforward of `{body}` from the point `{0}` along `{1}`; `descent` takes `{count}` steps of
    `{rate}` times `{first}` from `{operand}`. An engine has no operation whose template is empty.
    """

    def inner(call: Call) -> str:
        return first.format(body=body_text(call))

    def derivative(call: Call) -> str:
        return f"{inner(call)}({call.operands[0]})"

    def second_derivative(call: Call) -> str:
        return f"{second.format(first=inner(call))}({call.operands[0]})"

    def push(call: Call) -> str:
        return pushforward.format(*call.operands, body=body_text(call))

    def descend(call: Call) -> str:
        values = {"first": inner(call), "operand": call.operands[0]}
        return descent.format(rate=call.params["rate"], count=call.params["count"], **values)

    templates: dict[str, Template] = {
        "inner_derivative": derivative,
        "inner_second_derivative": second_derivative,
    }
    if pushforward:
        templates["inner_pushforward"] = push
    if descent:
        templates["descent"] = descend
    return templates


def unrolled_bodies(stack: str = "xp.stack") -> dict[str, Template]:
    """Loops and branches with drawn bodies, run by Python and seen unrolled by the engine."""

    def loop(call: Call) -> str:
        x, c = call.operands
        step = written(call.params["body"], c=c)
        return f"functools.reduce(lambda t, k: {step}, range({call.params['count']}), {x})"

    def scan(call: Call) -> str:
        x, start, c = call.operands
        step, output = (written(call.params[k], c=c) for k in ("body", "output"))
        states = f"itertools.accumulate({x}, lambda t, v: {step}, initial={start})"
        return f"{stack}([{output} for t, v in zip(itertools.islice({states}, 1, None), {x})])"

    def each(call: Call) -> str:
        x, c = call.operands
        return f"{stack}([{written(call.params['body'], c=c)} for t in {x}])"

    def branch(call: Call) -> str:
        x, c = call.operands
        first, second = (written(call.params[k], t=x, c=c) for k in ("body", "other"))
        return f"({first} if xp.sum({x}) > {call.params['threshold']} else {second})"

    return {"loop_body": loop, "scan_body": scan, "map_body": each, "branch_bodies": branch}
