"""The in-house engine: reverse over reverse, and every other nesting, as a small compiler to NumPy.

from ad_conformance.engines import inhouse as xp

def num_to_mat(x):
    c = np.array([1.0, 2.0])
    return xp.stack([xp.sin(c * x), xp.sin(c * 3 * x)], axis=1)

xp.nest(num_to_mat, "RR")(0.7)              # second derivative, reverse over reverse
print(xp.explain(num_to_mat, 0.7, word="RR"))  # the NumPy program that computes it
"""

import ad_conformance.engines.inhouse.numpy_like  # noqa: F401  (first: it and the tracer's operators need each other)

# isort: split
from ad_conformance.engines.inhouse import (
    derived,
    elementwise,
    linalg,
    numpy_like,
    products,
    reductions,
    shapes,
    sorting,
    special,
)
from ad_conformance.engines.inhouse import folding as _folding  # noqa: F401  (fills the table of identities)
from ad_conformance.engines.inhouse import special_rules as _special_rules  # noqa: F401  (adds to the table of rules)
from ad_conformance.engines.inhouse.derived import *  # noqa: F403
from ad_conformance.engines.inhouse.elementwise import *  # noqa: F403
from ad_conformance.engines.inhouse.numpy_like import *  # noqa: F403
from ad_conformance.engines.inhouse.products import *  # noqa: F403
from ad_conformance.engines.inhouse.reductions import *  # noqa: F403
from ad_conformance.engines.inhouse.shapes import *  # noqa: F403
from ad_conformance.engines.inhouse.sorting import *  # noqa: F403
from ad_conformance.engines.inhouse.special import *  # noqa: F403
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
__all__ += derived.__all__
__all__ += elementwise.__all__
__all__ += numpy_like.__all__
__all__ += products.__all__
__all__ += reductions.__all__
__all__ += shapes.__all__
__all__ += sorting.__all__
__all__ += special.__all__
