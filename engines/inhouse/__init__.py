"""The in-house engine: nested derivatives of NumPy-like functions, compiled to NumPy.

import ad_conformance.engines.inhouse as xp

def num_to_mat(x):
    c = np.array([1.0, 2.0])
    return xp.stack([xp.sin(c * x), xp.sin(c * 3 * x)], axis=1)

xp.nest(num_to_mat, "RR")(0.7)              # second derivative, reverse over reverse
print(xp.explain(num_to_mat, 0.7, mode="RR"))  # the NumPy program that computes it
"""

from typing import Any

from ad_conformance.engines.inhouse.namespace import decompositions, derived, functions, linalg
from ad_conformance.engines.inhouse.namespace.decompositions import *  # noqa: F403
from ad_conformance.engines.inhouse.namespace.functions import *  # noqa: F403
from ad_conformance.engines.inhouse.transforms import (
    Compiled,
    CompileError,
    compile,
    explain,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    nest,
    vjp,
)

__all__ = [
    "CompileError", "Compiled", "compile", "explain", "grad", "hessian", "hvp", "jacobian", "jvp",
    "linalg", "nest", "vjp",
]  # fmt: skip
__all__ += decompositions.__all__
__all__ += functions.__all__


def __getattr__(name: str) -> Any:
    """Operations with a definition in the catalogue, which is imported when one is asked for."""
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return derived.function(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *derived.names()})
