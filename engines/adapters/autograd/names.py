"""Further names of operations in autograd: aliases, functions for operators, methods. Most have a
derivative rule of their own.
"""

from __future__ import annotations

from ad_conformance.engines.adapters.fourier_calls import of_several
from ad_conformance.engines.adapters.numpy_calls import (
    SPLITS,
    in_one_axis,
    no_number,
    of_rank_from,
    of_ranks,
    of_square_matrix,
    split_in,
    split_in_depth,
)
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.render.dialect import Name


def _entries(call: Call) -> str | None:
    """An array of arrays."""
    return f"np.array([{', '.join(call.operands)}])" if call.params["axis"] == 0 else None


def _in_depth(call: Call) -> str | None:
    """A stack along the last of three axes, or of two."""
    rank = len(call.shapes[0])
    if rank not in (1, 2) or call.params["axis"] % (rank + 1) != rank:
        return None
    return f"np.dstack([{', '.join(call.operands)}])" + ("[0]" if rank == 1 else "")


def _columns(call: Call) -> str | None:
    """A split of a vector in equal parts, which NumPy counts as columns."""
    p, shape = call.params, call.shapes[0]
    if len(shape) != 1 or not shape[0] or shape[0] % p["sections"]:
        return None
    return f"np.hsplit({call.operands[0]}, {p['sections']})[{p['which']}]"


def _downwards(call: Call) -> str | None:
    """autograd sorts vectors only, and has no rule for np.flip."""
    if not call.params["descending"] or len(call.shapes[0]) != 1:
        return None
    return f"-np.sort(-{call.operands[0]})"


def _linspace(call: Call) -> str:
    """With all options, which autograd does not have."""
    (start, stop), n = call.operands, call.params["count"]
    if not call.params["endpoint"]:
        stop = f"{start} + ({stop} - {start}) * {(n - 1) / n}"
    return f"np.moveaxis(np.linspace({start}, {stop}, {n}), 0, {call.params['new_axis']})"


def _scaled_gradient(call: Call) -> str | None:
    if call.params["edge"] != 1:
        return None
    return f"np.gradient({call.operands[0]}, axis={call.params['axis']}) / {call.params['spacing']}"


_FFT = ("({0} + 1j * {1})", "np.fft")
NAMES: dict[str, tuple[Name, ...]] = {
    "add": (no_number("np.add({0}, {1})"), no_number("{0}.__radd__({1})")),
    "subtract": (no_number("np.subtract({0}, {1})"), no_number("{1}.__rsub__({0})")),
    "multiply": (no_number("np.multiply({0}, {1})"), no_number("{0}.__rmul__({1})")),
    "divide": (no_number("np.divide({0}, {1})"), no_number("np.true_divide({0}, {1})"),
               no_number("{1}.__rtruediv__({0})")),
    "pow": (no_number("np.power({0}, {1})"), no_number("{1}.__rpow__({0})")),
    "pow_int": ("np.power({0}, {exponent})",),
    "negative": ("-{0}",),
    "abs": ("np.absolute({0})", "np.fabs({0})", "abs({0})"),
    "square": ("np.power({0}, 2)", "{0} ** 2"),
    "reciprocal": ("np.divide(1.0, {0})", "np.power({0}, -1.0)"),
    "remainder": ("{0} % {1}", "np.mod({0}, {1})"),
    "maximum": ("np.fmax({0}, {1})",),
    "minimum": ("np.fmin({0}, {1})",),
    "rad2deg": ("np.degrees({0})",),
    "deg2rad": ("np.radians({0})",),
    "positive": ("np.real({0})", "np.real_if_close({0})", "np.conj({0})", "np.nan_to_num({0})",
                 "np.conjugate({0})", "np.array({0})", "{0}.astype({0}.dtype)",
                 "builtins.tuple(({0}, {0}))[0]", "builtins.list([{0}, {0}])[1]",
                 "builtins.dict(a={0})['a']", "(builtins.tuple(({0},)) + (1.0,))[0]",
                 "((1.0,) + builtins.tuple(({0},)))[1]",
                 *(of_rank_from(f"np.atleast_{n}d({{0}})", n) for n in (1, 2)),
                 "np.atleast_3d({0}).reshape({0}.shape)"),
    "max": ("np.amax({0}, axis={axis}, keepdims={keepdims})",
            "{0}.max(axis={axis}, keepdims={keepdims})"),
    "min": ("np.amin({0}, axis={axis}, keepdims={keepdims})",
            "{0}.min(axis={axis}, keepdims={keepdims})"),
    "sum": ("{0}.sum(axis={axis}, keepdims={keepdims})",),
    "mean": ("{0}.mean(axis={axis}, keepdims={keepdims})",),
    "prod": ("{0}.prod(axis={axis}, keepdims={keepdims})",),
    "var": ("np.var({0}, axis={axis}, ddof={correction}, keepdims={keepdims})",),
    "std": ("np.std({0}, axis={axis}, ddof={correction}, keepdims={keepdims})",),
    "cumulative_sum": ("{0}.cumsum({axis})",),
    "reshape": ("{0}.reshape({shape})",),
    "squeeze": ("{0}.squeeze({axis})", "np.squeeze({0}, ({axis},))"),
    "matrix_transpose": ("np.moveaxis({0}, -1, -2)", of_ranks("{0}.T", 2),
                         of_ranks("np.transpose({0})", 2), of_ranks("np.moveaxis({0}, 0, 1)", 2),
                         of_ranks("np.rollaxis({0}, 1)", 2),
                         of_ranks("np.einsum('ij->ji', {0})", 2)),
    "permute_dims": ("{0}.transpose({axes})", "{0}.transpose(*{axes})"),
    "flip": (in_one_axis("np.flipud({0})", 0), in_one_axis("np.fliplr({0})", 1)),
    "matmul": (of_ranks("np.dot({0}, {1})", 2, 2), of_ranks("np.dot({0}, {1})", 2, 1),
               of_ranks("np.inner({0}, {1}.T)", 2, 2), "{0} @ {1}",
               of_ranks("np.einsum('ij,jk->ik', {0}, {1})", 2, 2),
               of_ranks("np.tensordot({0}, {1}, axes=1)", 2, 2),
               of_ranks("np.tensordot({0}, {1}, axes=[(1,), (0,)])", 2, 2)),
    "outer": ("np.einsum('i,j->ij', {0}, {1})", "np.multiply({0}[:, None], {1}[None, :])",
              of_ranks("np.outer({0}[:, None], {1})", 1, 1)),
    "trace": (of_square_matrix("np.einsum('ii', {0})"),),
    "diagonal": (of_ranks("np.diag({0})", 2), "np.diagonal({0}, axis1=-2, axis2=-1)"),
    "take": (in_one_axis("{0}[{indices},]", 0), in_one_axis("{0}[np.array({indices})]", 0)),
    "stack": (_entries, _in_depth),
    "concat": (lambda call: (f"np.concatenate([{', '.join(call.operands)}], axis=None)"
                             if len(call.shapes[0]) == 1 else None),),
    "broadcast_to": (of_ranks("np.full({shape}, {0})", 0), of_rank_from("np.full({shape}, {0})", 1),
                     "np.full_like(np.zeros({shape}, {0}.dtype), {0})"),
    "diag": (of_ranks("np.make_diagonal({0}, axis1=-1, axis2=-2)", 1),),
    "split": (*(split_in(f"np.{name}", axis) for axis, name in enumerate(SPLITS)),
              split_in_depth("np.dsplit"), _columns),
    "sort": (_downwards,),
    "linspace": (_linspace,),
    "numerical_gradient": (_scaled_gradient,),
    "fft": tuple(of_several("fft", *_FFT, many, inverse=True) for many in "2n"),
    "rfft": (of_several("rfft", *_FFT, "2"), of_several("rfft", *_FFT, "n")),
    "irfft": (of_several("irfft", *_FFT, "2"), of_several("irfft", *_FFT, "n")),
    "digamma": ("special.psi({0})",),
    "exp2": ("np.power(2.0, {0})",),
    "sqrt": ("np.power({0}, 0.5)",),
}  # fmt: skip
