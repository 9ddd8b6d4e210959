"""The adapter with which ad-conformance asks mylib."""

from __future__ import annotations

from ad_conformance.engines import Dialect, Engine

engine = Engine(
    name="mylib",
    distribution="mylib",
    module="mylib",
    header="import numpy as np\nimport mylib\n",
    dialect=Dialect(namespace="mylib", array="np.array({value})"),
    mode_transforms={"F": "mylib.jacobian({f})"},
    modes="F",
    run="got = np.asarray(derivative(np.asarray(x)))",
    unsupported=(
        ("AttributeError", r"^module 'mylib(\.\w+)*' has no attribute|^'Dual' object has no"),
        ("TypeError", r"operand.*'Dual'|between instances.*'Dual'|^'Dual' object is not"),
    ),
)
