"""The namespace of the engine: the array API standard's functions on tracers, arrays and Python
numbers.

Without a tracer among the operands they simply compute with NumPy. A function that is no primitive
is a few lines in terms of primitives, so its derivative comes for free, in every mode and at every
order.
"""

from __future__ import annotations

from typing import Any

import ad_conformance.engines.inhouse.tracer as tracing
import numpy as np
from ad_conformance.engines.inhouse import (
    elementwise,
    products,
    reductions,
    shapes,
    sorting,
    special,
)
from ad_conformance.engines.inhouse.elementwise import *  # noqa: F403
from ad_conformance.engines.inhouse.products import *  # noqa: F403
from ad_conformance.engines.inhouse.reductions import *  # noqa: F403
from ad_conformance.engines.inhouse.shapes import *  # noqa: F403
from ad_conformance.engines.inhouse.sorting import *  # noqa: F403
from ad_conformance.engines.inhouse.special import *  # noqa: F403

__all__ = ["asarray", "eye", "ones", "ones_like", "zeros", "zeros_like"]
__all__ += elementwise.__all__
__all__ += products.__all__
__all__ += reductions.__all__
__all__ += shapes.__all__
__all__ += sorting.__all__
__all__ += special.__all__

zeros, ones, eye = np.zeros, np.ones, np.eye


def zeros_like(x: Any) -> Any:
    return np.zeros(np.shape(x) if not tracing.is_traced(x) else x.shape, _dtype(x))


def ones_like(x: Any) -> Any:
    return np.ones(np.shape(x) if not tracing.is_traced(x) else x.shape, _dtype(x))


def _dtype(x: Any) -> Any:
    return x.dtype if tracing.is_traced(x) else np.asarray(x).dtype


def asarray(x: Any, dtype: Any = None) -> Any:
    """x as an array; nested lists may hold tracers."""
    if tracing.is_traced(x):
        return x if dtype is None else tracing.emit("astype", x, params=np.dtype(dtype).name)
    if isinstance(x, (list, tuple)) and _holds_tracer(x):
        return stack([asarray(v, dtype) for v in x])  # noqa: F405
    return np.asarray(x, dtype)


def _holds_tracer(x: Any) -> bool:
    return tracing.is_traced(x) or (isinstance(x, (list, tuple)) and any(map(_holds_tracer, x)))
