"""Templates of Fourier transforms, for engines with the functions of `numpy.fft`."""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_calls import Fitting, unless
from ad_conformance.generators.catalogue.operation import Call, Template


def transform(name: str, complex_number: str, functions: str) -> Template:
    """One of `fft`, `rfft`, `irfft`, `hfft` and `ihfft`.

    `complex_number` makes a complex number of two operands, and `functions` is the namespace of the
    transforms. The function of two axes is
    called for the last two, the one of several axes for others.
    """

    def write_call(call: Call) -> str:
        axes = call.params["axes"]
        many = "" if len(axes) == 1 else "2" if axes == (-2, -1) else "n"
        return _written(call, name, complex_number, functions, many)

    return write_call


def _written(call: Call, name: str, complex_number: str, functions: str, many: str) -> str:
    """By the function of one axis, of two axes ("2") or of several axes ("n")."""
    operand = call.operands[0]
    if len(call.operands) == 2:
        operand = complex_number.format(*call.operands)
    axes, lengths, norm = (call.params[k] for k in ("axes", "lengths", "norm"))
    function = ("i" if call.params.get("inverse") else "") + name + many
    where = f"{lengths}, {axes}" if many else f"{lengths[0]}, {axes[0]}"
    text = f"{functions}.{function}({operand}, {where}, norm={norm!r})"
    part = call.params.get("part")
    return f"xp.{part}({text})" if part else text


def of_several(
    name: str, complex_number: str, functions: str, many: str, inverse: bool = False
) -> Fitting:
    """A further name: the function of two axes ("2") for any two, that of several axes ("n") for
    any number of axes.
    """

    def write(call: Call) -> str | None:
        fits = len(call.params["axes"]) == 2 or many == "n"
        if not fits or call.params.get("inverse", inverse) != inverse:
            return None
        return _written(call, name, complex_number, functions, many)

    return write


def transforms(
    complex_number: str, functions: str, *, several_hermitian: bool = False
) -> dict[str, Template]:
    """All of them. `several_hermitian` tells whether hfft and ihfft take several axes."""
    made = {
        name: transform(name, complex_number, functions)
        for name in ("fft", "rfft", "irfft", "hfft", "ihfft")
    }
    if not several_hermitian:
        for name in ("hfft", "ihfft"):
            made[name] = unless(
                lambda call: len(call.params["axes"]) > 1, "several axes", made[name]
            )
    return made
