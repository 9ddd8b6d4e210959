"""Follows functions over NumPy arrays.

NumPy hands calls with traced arrays to their class. Functions of other modules would convert these
arrays, so while a function is followed, the names of such functions in their modules stand for
functions that know traced arrays: those of `math`, of `scipy.linalg`, a few of `scipy.special`, and
`numpy.array`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from ad_conformance.engines.importing.numpy.functions import TABLE, UFUNCS
from ad_conformance.engines.importing.numpy.traced import Traced, is_traced
from ad_conformance.engines.importing.numpy.tracer import Tracer
from ad_conformance.engines.importing.recorder import Recorder

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
REPLACED: tuple[tuple[str, str, str], ...] = (
    *(("math", name, name) for name in _MATH),
    ("math", "lgamma", "gammaln"),
    *(("scipy.linalg", name, f"linalg.{name}") for name in _LINALG),
    *(("scipy.special", name, name) for name in _SPECIAL),
    *(("autograd.scipy.special", name, name) for name in _SPECIAL),
    *(("autograd.scipy.linalg", name, f"linalg.{name}") for name in _LINALG),
    *(("autograd.numpy.linalg", name, f"linalg.{name}") for name in ("solve", "norm", "cholesky")),
    *((module, name, name) for module in ("numpy", "autograd.numpy")
      for name in ("array", "asarray")),
)  # fmt: skip


def follow(function: Callable[[Any], Any], point: np.ndarray, recorder: Recorder) -> Any:
    """The output of a function of one NumPy array, as the recorder has it.

    The function may use NumPy, `autograd.numpy`, the array API, `math`, and what Python does with
    numbers. Raises CannotImport for the rest.
    """
    tracer = Tracer(recorder, TABLE, UFUNCS)
    with _replaced(tracer, function):
        return tracer.recorded(function(Traced(tracer, recorder.input)))


@contextmanager
def _replaced(tracer: Tracer, function: Callable[..., Any]) -> Iterator[None]:
    """Names of modules, and the same names in the modules of the package of `function`, stand for
    functions that take traced arrays.
    """
    kept: list[tuple[dict[str, Any], str, Any]] = []
    package = (getattr(function, "__module__", None) or "").partition(".")[0]
    users = [
        vars(module)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == package and module is not None
    ]
    for module, name, known in REPLACED:
        namespace = getattr(sys.modules.get(module), "__dict__", {})
        original = namespace.get(name)
        if not callable(original):
            continue
        replacement = _for_traced(tracer, original, known)
        for names in (namespace, *users):
            for key in [k for k, v in names.items() if v is original]:
                kept.append((names, key, original))
                names[key] = replacement
    try:
        yield
    finally:
        for names, key, original in reversed(kept):
            names[key] = original


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
