"""Functions of PyTorch that run several operators, and are one operation of the catalogue.

The importer sees the operators. Their steps alone would be a program whose rounding errors are
those of PyTorch's formula: where the formula cancels, no lost digit would count as wrong. So the
result of such a function is that of the operation, unless PyTorch's own value is far from it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial, wraps
from typing import Any

import torch
from ad_conformance.engines.importing import lines
from ad_conformance.engines.importing.recorder import CannotImport
from ad_conformance.engines.importing.replacing import replaced_member
from ad_conformance.engines.importing.torch.tracking import Tracking, as_numpy


def _of_value(name: str) -> Callable[..., tuple[str, dict[str, Any]] | None]:
    return lambda x, **_: (name, {})


def _nuclear(x: Any, ord: Any = None, **options: Any) -> tuple[str, dict[str, Any]] | None:
    """The nuclear norm of a matrix: unlike singular values, it is smooth where these are equal."""
    return ("matrix_norm_ord", {"ord": "nuc"}) if ord == "nuc" and x.ndim == 2 else None


#: For each function, the operation and its parameters for a call with these arguments, of which the
#: first is the operand; None for calls that stay as they are.
FUNCTIONS: dict[Any, Callable[..., tuple[str, dict[str, Any]] | None]] = {
    torch.special.ndtr: _of_value("ndtr"),
    torch.corrcoef: _of_value("corrcoef"),
    torch.Tensor.corrcoef: _of_value("corrcoef"),
    torch.linalg.matrix_norm: _nuclear,
    torch.linalg.norm: _nuclear,
}
#: Methods of distributions: the operation of the value and of these attributes.
METHODS: tuple[tuple[type, str, str, tuple[str, ...]], ...] = (
    (torch.distributions.Normal, "log_prob", "norm_logpdf", ("loc", "scale")),
    (torch.distributions.Normal, "cdf", "norm_cdf", ("loc", "scale")),
    (torch.distributions.Normal, "icdf", "norm_ppf", ("loc", "scale")),
    (torch.distributions.Laplace, "cdf", "laplace_cdf", ("loc", "scale")),
    (torch.distributions.Cauchy, "cdf", "cauchy_cdf", ("loc", "scale")),
    (torch.distributions.VonMises, "log_prob", "vonmises_logpdf", ("loc", "concentration")),
)


def function(t: Tracking, func: Any, found: Any, args: tuple[Any, ...], kwargs: Any) -> None:
    """Let the result of one of FUNCTIONS have the value of the operation."""
    options = {k: v for k, v in (kwargs or {}).items() if v is not None and v is not False}
    if not 1 <= len(args) <= 2 or {"dtype", "out", "dim", "keepdim"} & set(options):
        return
    if (operation := FUNCTIONS[func](*args, **options)) is not None:
        name, params = operation
        as_one(t, name, found, args[:1], params, name)


def as_one(
    t: Tracking,
    name: str,
    found: Any,
    operands: Sequence[Any],
    params: Mapping[str, Any],
    called: str,
) -> None:
    """Let the result of a function have the value of an operation on these tensors or numbers.

    If PyTorch's value is far from it, the result stays, and a note says how far; `called` is the
    name of the function.
    """
    with torch._C.DisableTorchFunction():
        if not t.depends(found):
            return
        r, r.line = t.recorder, lines.running()
        try:
            ours = getattr(r, name)(*map(t.numbers, operands), **params)
        except CannotImport:
            return
        if r.stands_for(ours, as_numpy(found), called, "PyTorch"):
            t.give(found, ours)


@contextlib.contextmanager
def methods(t: Tracking) -> Iterator[None]:
    """Meanwhile, results of METHODS have the values of operations."""
    with contextlib.ExitStack() as stack:
        for owner, method, name, attributes in METHODS:
            make = partial(_as_one_method, t, name, attributes, f"{owner.__name__}.{method}")
            stack.enter_context(replaced_member(owner, method, make))
        yield


def _as_one_method(
    t: Tracking,
    name: str,
    attributes: tuple[str, ...],
    called: str,
    original: Callable[..., Any],
) -> Callable[..., Any]:
    @wraps(original)
    def method(self: Any, value: Any) -> Any:
        found = original(self, value)
        operands = [value, *(getattr(self, attribute) for attribute in attributes)]
        if name == "vonmises_logpdf":
            # The location of the operation is 0.
            operands = [value - operands[1], operands[2]]
        as_one(t, name, found, operands, {}, called)
        return found

    return method
