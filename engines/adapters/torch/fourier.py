"""How PyTorch writes Fourier transforms."""

from __future__ import annotations

from ad_conformance.engines.adapters.fourier_calls import transforms
from ad_conformance.generators.catalogue.operation import Call, Template


def _stft(call: Call) -> str:
    x, window = call.operands
    n = call.shapes[1][0]
    return (
        f"torch.{call.params['part']}(torch.stft({x}, {n}, hop_length={call.params['hop']}, "
        f"window={window}, center={call.params['centered']}, "
        f"normalized={call.params['normalized']}, onesided={call.params['onesided']}, "
        f"return_complex=True))"
    )


def _istft(call: Call) -> str:
    a, b, window = call.operands
    n = call.shapes[2][0]
    return (
        f"torch.istft(torch.complex({a}, {b}), {n}, hop_length={call.params['hop']}, "
        f"window={window}, center={call.params['centered']})"
    )


def _fftshift(call: Call) -> str:
    name = "ifftshift" if call.params["inverse"] else "fftshift"
    return f"torch.fft.{name}({call.operands[0]}, {call.params['axes']})"


FOURIER: dict[str, Template] = {
    **transforms("torch.complex({0}, {1})", "torch.fft", several_hermitian=True),
    "fftshift": _fftshift,
    "stft": _stft,
    "istft": _istft,
}
