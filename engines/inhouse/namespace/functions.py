"""The namespace of the engine: the array API standard's functions on tracers, arrays and numbers.

Without a tracer among the operands they compute with NumPy. A function that is no primitive is
written in terms of primitives, so it needs no derivative rule, in any mode and at any order.
"""

from ad_conformance.engines.inhouse.namespace import (
    creation,
    elementwise,
    products,
    reductions,
    shapes,
    special,
)
from ad_conformance.engines.inhouse.namespace.creation import *  # noqa: F403
from ad_conformance.engines.inhouse.namespace.elementwise import *  # noqa: F403
from ad_conformance.engines.inhouse.namespace.products import *  # noqa: F403
from ad_conformance.engines.inhouse.namespace.reductions import *  # noqa: F403
from ad_conformance.engines.inhouse.namespace.shapes import *  # noqa: F403
from ad_conformance.engines.inhouse.namespace.special import *  # noqa: F403

__all__: list[str] = []
__all__ += creation.__all__
__all__ += elementwise.__all__
__all__ += products.__all__
__all__ += reductions.__all__
__all__ += shapes.__all__
__all__ += special.__all__
