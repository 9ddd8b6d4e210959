"""Follows functions over NumPy arrays.

NumPy hands calls with traced arrays to their class. Functions of other modules would convert these
arrays, so while a function is followed, the names of such functions in their modules stand for
functions that know traced arrays: those of `math`, of `scipy.linalg`, a few of `scipy.special`, and
`numpy.array`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
from ad_conformance.engines.importing.numpy.distributions import FUNCTIONS
from ad_conformance.engines.importing.numpy.distributions import TABLE as DISTRIBUTIONS
from ad_conformance.engines.importing.numpy.functions import TABLE, UFUNCS
from ad_conformance.engines.importing.numpy.traced import Traced, is_traced
from ad_conformance.engines.importing.numpy.tracer import Tracer
from ad_conformance.engines.importing.recorder import Recorder
from ad_conformance.engines.importing.replacing import replaced, replaced_member

#: Names in modules, and the function of the table that takes traced arrays in their place.
_MATH = (
    "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh",
    "atanh", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "fabs", "pow",
    "erf", "erfc", "gamma", "hypot", "copysign", "degrees", "radians",
)  # fmt: skip
_LINALG = (
    "det", "inv", "solve", "cholesky", "expm", "sqrtm", "solve_triangular", "cho_factor",
    "cho_solve", "norm", "svdvals", "eigvalsh", "pinv", "qr", "eigh", "lstsq",
)  # fmt: skip
_SPECIAL = ("logsumexp", "softmax", "log_softmax", "polygamma")
_STATS = tuple(name.split(".")[1:] for name in DISTRIBUTIONS)
REPLACED: tuple[tuple[str, str, str], ...] = (
    *(("math", name, name) for name in _MATH),
    ("math", "lgamma", "gammaln"),
    *(("scipy.linalg", name, f"linalg.{name}") for name in _LINALG),
    *(("scipy.special", name, name) for name in _SPECIAL),
    *(("autograd.scipy.special", name, name) for name in _SPECIAL),
    *(("autograd.scipy.linalg", name, f"linalg.{name}") for name in _LINALG),
    *(("autograd.numpy.linalg", name, f"linalg.{name}") for name in ("solve", "norm", "cholesky")),
    *((f"autograd.scipy.stats.{name}", function, f"stats.{name}.{function}")
      for name, function in _STATS),
    *((module, name, name) for module in ("numpy", "autograd.numpy")
      for name in ("array", "asarray")),
)  # fmt: skip


def follow(function: Callable[[Any], Any], point: np.ndarray, recorder: Recorder) -> Any:
    """The output of a function of one NumPy array, as the recorder has it.

    The function may use NumPy, `autograd.numpy`, the array API, `math`, and what Python does with
    numbers. Raises CannotImport for the rest.
    """
    tracer = Tracer(recorder, {**TABLE, **DISTRIBUTIONS}, UFUNCS)
    replacements = [
        (module, name, partial(_for_traced, tracer, known=known))
        for module, name, known in REPLACED
    ]
    with replaced(function, replacements), _of_scipy(tracer):
        return tracer.recorded(function(Traced(tracer, recorder.input)))


@contextmanager
def _of_scipy(tracer: Tracer) -> Iterator[None]:
    """Methods of the distributions of SciPy, also of frozen ones, take traced arrays."""
    stats = sys.modules.get("scipy.stats")
    with ExitStack() as stack:
        for owner in ("rv_continuous", "rv_discrete") if stats is not None else ():
            for method in (*FUNCTIONS, "logpmf"):
                make = partial(_method_for_traced, tracer, method)
                stack.enter_context(replaced_member(getattr(stats, owner), method, make))
        yield


def _method_for_traced(
    tracer: Tracer, name: str, original: Callable[..., Any]
) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        known = f"stats.{self.name}.{name}"
        if known not in DISTRIBUTIONS or not any(map(_has_traced, (*args, *kwargs.values()))):
            return original(self, *args, **kwargs)
        return tracer.call(known, args, kwargs)

    return method


def _for_traced(tracer: Tracer, original: Callable[..., Any], known: str) -> Callable[..., Any]:
    """The original function, or the one of the table if an argument is traced."""

    def function(*args: Any, **kwargs: Any) -> Any:
        if not any(map(_has_traced, args)):
            return original(*args, **kwargs)
        if known in ("array", "asarray"):
            kwargs = {}
            args = args[:1]
        return tracer.call(known, args, kwargs)

    return function


def _has_traced(value: Any) -> bool:
    if isinstance(value, Traced):
        return True
    return isinstance(value, (list, tuple)) and len(value) < 10_000 and is_traced(value)
