"""How JAX writes Fourier and cosine transforms."""

from __future__ import annotations

from ad_conformance.engines.adapters.fourier_calls import transforms
from ad_conformance.generators.catalogue.operation import Call, Template


def _fftshift(call: Call) -> str:
    name = "ifftshift" if call.params["inverse"] else "fftshift"
    return f"jnp.fft.{name}({call.operands[0]}, {call.params['axes']})"


def _dct(call: Call) -> str:
    axes = call.params["axes"]
    norm = "'ortho'" if call.params["norm"] == "ortho" else "None"
    name = "idct" if call.params["inverse"] else "dct"
    if len(axes) == 1:
        return f"jax.scipy.fft.{name}({call.operands[0]}, axis={axes[0]}, norm={norm})"
    return f"jax.scipy.fft.{name}n({call.operands[0]}, axes={axes}, norm={norm})"


FOURIER: dict[str, Template] = {
    **transforms("jax.lax.complex({0}, {1})", "jnp.fft"),
    "fftshift": _fftshift,
    "dct": _dct,
}
