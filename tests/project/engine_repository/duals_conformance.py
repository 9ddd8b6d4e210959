"""The adapter with which ad-conformance asks duals."""

from ad_conformance.engines import Dialect, Engine

engine = Engine(
    name="duals",
    distribution="duals",
    module="duals",
    header="import numpy as np\nimport duals\n",
    dialect=Dialect(namespace="duals", array="np.array({value})", templates={"slice": None}),
    mode_transforms={"F": "duals.jacobian({f})"},
    modes="F",
    unsupported=(
        ("AttributeError", r"^module 'duals(\.\w+)*' has no attribute|^'Dual' object has no"),
        ("TypeError", r"operand.*'Dual'|between instances.*'Dual'|^'Dual' object is not"),
    ),
)
