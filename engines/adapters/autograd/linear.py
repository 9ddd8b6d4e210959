"""How autograd writes products, linear systems, transforms and moves, with all their options."""

from __future__ import annotations

from ad_conformance.engines.adapters.complex_calls import complex_values
from ad_conformance.engines.adapters.fourier_calls import transform
from ad_conformance.engines.adapters.numpy_calls import broadcast_mask, unless
from ad_conformance.generators.catalogue.operation import Call, Template


def _matrix_norm(call: Call) -> str:
    text = f"np.linalg.norm({call.operands[0]}, 'nuc', axis={call.params['axes']})"
    if not call.params["keepdims"]:
        return text
    ndim = len(call.shapes[0])
    shape = tuple(
        1 if k - ndim in call.params["axes"] or k in call.params["axes"] else n
        for k, n in enumerate(call.shapes[0])
    )
    return f"np.reshape({text}, {shape})"


LINEAR: dict[str, Template] = {
    "batched_matmul": "np.matmul({0}, {1})",
    "dot": "np.dot({0}, {1})",
    "tensordot_axes": "np.tensordot({0}, {1}, axes=({axes_a}, {axes_b}))",
    # autograd documents that it does not have the other orders.
    "matrix_norm_axes": unless(
        lambda call: call.params["ord"] != "nuc", "order of the norm", _matrix_norm
    ),
    "solve_stack": unless(
        lambda call: not call.params["left"], "solution from the right", "np.linalg.solve({0}, {1})"
    ),
    "solve_sylvester": "linalg.solve_sylvester({0}, {1}, {2})",
    "solve_banded": "linalg.solve_banded(({lower}, {upper}), {0}, {1})",
    "eig_exp": (
        "(lambda w, v: np.real(np.matmul(v * np.exp(w)[..., None, :], np.linalg.inv(v))))"
        "(*np.linalg.eig({0}))"
    ),
    "eigvals_exp": "np.real(np.sum(np.exp(np.linalg.eig({0})[0]), axis=-1))",
}


def _take_flat(call: Call) -> str:
    return f"np.ravel({call.operands[0]})[np.array({call.params['indices']}, dtype=int)]"


MOVES: dict[str, Template] = {
    "masked_select": lambda call: f"{call.operands[0]}[{broadcast_mask(call)}]",
    "take_flat": _take_flat,
    "diagonal_axes": "np.diagonal({0}, {offset}, {axis1}, {axis2})",
    "trace_axes": "np.trace({0}, {offset}, {axis1}, {axis2})",
    "swapaxes": "np.swapaxes({0}, {axis1}, {axis2})",
    "flip_axes": "np.flip({0}, {axes})",
    "rot90_axes": "np.rot90({0}, {k}, {axes})",
    "roll_flat": "np.roll({0}, {shift})",
    "move_axes": "np.moveaxis({0}, {sources}, {destinations})",
    "reshape_columns": "np.reshape({0}, {shape}, order='F')",
    "split_at": "np.split({0}, {indices}, axis={axis})[{which}]",
    "linspace": unless(
        lambda call: call.params["new_axis"] != 0 or not call.params["endpoint"],
        "options of linspace",
        "np.linspace({0}, {1}, {count})",
    ),
}


_KEPT = "axis={axes}, keepdims={keepdims}"
REDUCTIONS: dict[str, Template] = {
    **{
        f"{name}_axes": f"np.{name}({{0}}, {_KEPT})"
        for name in ("sum", "mean", "prod", "max", "min")
    },
    "logsumexp_axes": f"special.logsumexp({{0}}, {_KEPT})",
    "var_axes": f"np.var({{0}}, {_KEPT}, ddof={{correction}})",
    "std_axes": f"np.std({{0}}, {_KEPT}, ddof={{correction}})",
    "numerical_gradient": unless(
        lambda call: call.params["edge"] != 1 or call.params["spacing"] != 1.0,
        "options of gradient",
        "np.gradient({0}, axis={axis})",
    ),
}


def _fftshift(call: Call) -> str:
    name = "ifftshift" if call.params["inverse"] else "fftshift"
    return f"np.fft.{name}({call.operands[0]}, {call.params['axes']})"


FOURIER: dict[str, Template] = {
    **{name: transform(name, "({0} + 1j * {1})", "np.fft") for name in ("fft", "rfft", "irfft")},
    "fftshift": _fftshift,
}


_Z = "({0} + 1j * {1})"
COMPLEX: dict[str, Template] = {
    **{
        name: template
        for name, template in complex_values(_Z, "np.conj(np.swapaxes({0}, -1, -2))").items()
        # autograd has no rules for these, or not for complex numbers.
        if name not in ("complex_qr_r", "complex_vdot", "complex_cumprod", "complex_norm")
    },
    "complex_eigvals_exp": f"np.{{part}}(np.sum(np.exp(np.linalg.eig({_Z})[0])))",
    "hermitian_eigvals_exp": (
        f"np.sum(np.exp(np.linalg.eigh(({_Z} + np.conj(np.swapaxes({_Z}, -1, -2))) / 2)[0]))"
    ),
    "complex_var": f"np.var({_Z}, axis={{axis}}, ddof={{correction}})",
    "complex_norm": unless(
        lambda call: call.params["ord"] != 2.0,
        "order of the norm",
        f"np.linalg.norm({_Z}, axis={{axis}})",
    ),
    "complex_solve_triangular": (
        f"np.{{part}}(linalg.solve_triangular({_Z}, ({{2}} + 1j * {{3}}), lower=not {{upper}}))"
    ),
}
