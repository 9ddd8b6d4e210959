"""Further names in PyTorch that are newer than those of the other tables.

Cases in files choose names by number: a new name stands after the older ones of its operation.
"""

from __future__ import annotations

from ad_conformance.engines.adapters.fourier_calls import of_several
from ad_conformance.engines.adapters.numpy_calls import (
    Fitting,
    no_number,
    of_ranks,
    one_axis,
    split_in_depth,
    text_of,
)
from ad_conformance.engines.adapters.numpy_family import decompositions
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.render.dialect import Name

ATEN = "torch.ops.aten"
_ALL = "torch.ones_like({0}, dtype=torch.bool)"


def _compared(above: str, below: str, other: str) -> str:
    """The absolute value with comparisons in place, so that first derivatives depend on them."""
    return f"{{0}} * ({{0}}.clone().{above}_({other}) - {{0}}.clone().{below}_({other}))"


def _of_plane(text: str, **wanted: object) -> Fitting:
    """A template for a batch with two spatial axes, and for calls with the wanted parameters."""

    def write(call: Call) -> str | None:
        fits = all(call.params[key] == value for key, value in wanted.items())
        return text_of(text, call) if fits and len(call.shapes[0]) == 4 else None

    return write


def _whole(text: str) -> Fitting:
    """A reduction of all entries to a number."""
    return lambda call: text_of(text, call) if call.params["axis"] is None else None


def _odd(text: str) -> Fitting:
    """A median along an axis with an odd number of entries."""

    def write(call: Call) -> str | None:
        axis = call.params["axis"]
        odd = axis is not None and call.shapes[0][axis] % 2
        return text_of(text, call) if odd else None

    return write


def _replicated(call: Call) -> str | None:
    """A pad of planes as one of volumes of one layer."""
    widths = call.params["widths"]
    if len(call.shapes[0]) != 4 or call.params["mode"] != "edge" or any(widths[4:]):
        return None
    every = (*widths, *[0] * 4)[:4]
    x = f"{call.operands[0]}.unsqueeze(2)"
    return f"{ATEN}.replication_pad3d({x}, {(*every, 0, 0)}).squeeze(2)"


def _exact_sizes(call: Call) -> tuple[int, ...] | None:
    """The numbers of windows of a pool of which none ends before the end of an axis; None of others
    and of pools with padding or dilation.
    """
    p, lengths = call.params, call.shapes[0][2:]
    gaps = [n - k for n, k in zip(lengths, p["window"], strict=True)]
    uneven = any(g % s for g, s in zip(gaps, p["stride"], strict=True))
    if any(p["padding"]) or set(p["dilation"]) != {1} or uneven:
        return None
    return tuple(g // s + 1 for g, s in zip(gaps, p["stride"], strict=True))


def _fractional(call: Call) -> str | None:
    """A pool whose places are drawn: if windows fit exactly, drawn numbers change nothing."""
    size, x, window = _exact_sizes(call), call.operands[0], call.params["window"]
    if size is None or len(size) != 2:
        return None
    return (
        f"torch.nn.functional.fractional_max_pool2d({x}, {window}, {size}, "
        f"_random_samples={x}.new_zeros({(*call.shapes[0][:2], 2)}))"
    )


def _fractional_volume(call: Call) -> str | None:
    """The same of a volume whose rows are all equal. PyTorch refuses windows next to each other."""
    size, x, window = _exact_sizes(call), call.operands[0], call.params["window"]
    if size is None or len(size) != 1 or call.shapes[0][2] - window[0] < size[0]:
        return None
    return (
        f"torch.nn.functional.fractional_max_pool3d({x}[:, :, None, None].expand(-1, -1, 2, 2, -1)"
        f", {(1, 1, *window)}, {(1, 1, *size)}, "
        f"_random_samples={x}.new_zeros({(*call.shapes[0][:2], 3)}))[:, :, 0, 0]"
    )


def _scattered(call: Call) -> str | None:
    """What takes a cotangent of a pool back, with zeros where the pool's operand was."""
    p, shape = call.params, call.shapes[0]
    if len(shape) != 4:
        return None
    x, size = call.operands[0], (*shape[:2], *p["size"])
    indices = f"torch.tensor({list(p['indices'])}).reshape({shape})"
    return (
        f"{ATEN}.max_pool2d_with_indices_backward({x}, {x}.new_zeros({size}), {p['window']}, "
        f"{p['stride']}, {p['padding']}, (1, 1), False, {indices})"
    )


def _linear_cross_entropy(call: Call) -> str | None:
    """With a linear layer that changes nothing."""
    p, shape = call.params, call.shapes[0]
    if len(shape) != 2:
        return None
    x = call.operands[0]
    weights = list(p["weights"])
    weight = f", weight=torch.tensor({weights}, dtype={x}.dtype)" if weights else ""
    return (
        f"torch.nn.functional.linear_cross_entropy({x}, torch.eye({shape[1]}, dtype={x}.dtype), "
        f"torch.tensor({list(p['labels'])}){weight}, ignore_index={p['ignored']}, "
        f"reduction={p['reduction']!r}, label_smoothing={p['smoothing']})"
    )


_QR = decompositions(
    "qr_r", "qr_q", transpose="{0}.mT", diagonal="torch.linalg.diagonal(r)", qr="torch.qr({0})"
)
_FFT = ("torch.complex({0}, {1})", "torch.fft")
_TENSOR = "torch.zeros_like({0})"
NAMES: dict[str, tuple[Name, ...]] = {
    "abs": (
        *(_compared(above, below, other)
          for above, below in (("gt", "lt"), ("ge", "le")) for other in ("0.0", _TENSOR)),
        *(f"({{0}}.clone().ne_({other}) - {{0}}.clone().eq_({other})) * torch.abs({{0}})"
          for other in ("0.0", _TENSOR)),
    ),
    "positive": (
        "{0}.double().to({0}.dtype)", "{0}.cdouble().real.to({0}.dtype)",
        "torch.conj_physical(torch.complex({0}, {0})).real",
        f"{ATEN}.native_dropout_backward({{0}}, {_ALL}, 1.0)",
    ),
    "logaddexp": (no_number(f"torch.masked.logaddexp({{0}}, {{1}}, input_mask={_ALL}, "
                            "other_mask=torch.ones_like({1}, dtype=torch.bool))"),),
    "median": (_odd(f"torch.masked.median({{0}}, {{axis}}, keepdim={{keepdims}}, mask={_ALL})"),),
    **{name: (one_axis(f"torch.masked.{name}({{0}}, {{axis}}, correction={{correction}}, "
                       f"keepdim={{keepdims}}, mask={_ALL})"),) for name in ("std", "var")},
    "vector_norm": tuple(map(_whole, (f"{ATEN}.norm.Scalar({{0}}, 2)",
                                      f"{ATEN}.norm.ScalarOpt_dtype({{0}}, 2, dtype={{0}}.dtype)",
                                      "torch._foreach_norm([{0}])[0]"))),
    "kth_value": ("torch.kthvalue({0}, {k}, dim={axis}).values",),
    "split": (split_in_depth("torch.dsplit"),),
    "fft": tuple(of_several("fft", *_FFT, many, inverse=True) for many in "2n"),
    "rfft": (of_several("rfft", *_FFT, "2"),),
    **{name: (of_several(name, *_FFT, "n"),) for name in ("irfft", "hfft", "ihfft")},
    "lu_solve": (of_ranks("torch.lu_solve({1}, *torch.lu({0}))", 2, 2),),
    **{name: (text,) for name, text in _QR.items()},
    "adaptive_max_pool": (_of_plane(f"{ATEN}.adaptive_max_pool2d({{0}}, {{size}})[0]"),),
    "max_pool": (_fractional, _fractional_volume),
    "max_unpool": (_scattered,),
    "pad_batch": (_replicated,),
    "cross_entropy_weighted": (_linear_cross_entropy,),
}  # fmt: skip
