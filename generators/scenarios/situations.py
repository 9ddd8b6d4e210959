"""Situations: what is special about the operands of an operation in a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE, MODULES
from ad_conformance.generators.features import leaves_domain, special_values
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, Step

#: Nothing is special: none of the other situations that the operation can have.
GENERAL = "general"
#: The features of a step that make each situation; one of them is enough.
_FEATURES: Mapping[str, frozenset[str]] = {
    "zero": frozenset({"zero"}),
    "tie": frozenset({"tie"}),
    "singular": frozenset({"singular", "complex singular"}),
    "saturated": frozenset({"large"}),
    "repeated operand": frozenset(),
    "length 1": frozenset({"length 1"}),
    "empty": frozenset({"empty"}),
    "broadcast": frozenset({"broadcast"}),
    "end of domain": frozenset(),
}
SITUATIONS = (GENERAL, *_FEATURES)
#: What each situation means, in a sentence.
MEANINGS: Mapping[str, str] = {
    GENERAL: "none of the other situations",
    "zero": "an entry of an operand is zero",
    "tie": "two entries of the operand are equal, or two operands are equal in an entry",
    "singular": "the operand is a singular matrix",
    "saturated": "an entry of an operand is larger than 18 in magnitude",
    "repeated operand": "two operands are the same value",
    "length 1": "an operand has an axis of length 1",
    "empty": "an operand has no entries",
    "broadcast": "the operands have different shapes",
    "end of domain": (
        "an operand has entries at the end of the domain or outside of it, and nothing selects them"
    ),
}
#: Modules whose operations take a matrix as a whole.
_OF_MATRICES = frozenset(
    {
        "core.linalg",
        "extra.matrices",
        "extra.complex_ops",
        "extra.linear.products",
        "extra.linear.solves",
        "extra.linear.factors",
        "extra.linear.complex_values",
    }
)


@lru_cache
def possible_situations(operation: str) -> tuple[str, ...]:
    """The situations that can matter to the operation.

    One operand can be neither repeated nor broadcast. The entries of one operand are compared, and
    a matrix is taken as a whole, only by operations that are not elementwise.
    """
    op = CATALOGUE[operation]
    module = next(name for name, names in MODULES.items() if operation in names)
    left_out = set()
    if op.arity == 1:
        left_out |= {"repeated operand", "broadcast"}
    if op.elementwise:
        left_out.add("tie")
    if op.elementwise or op.broadcasts or module not in _OF_MATRICES:
        left_out.add("singular")
    return tuple(name for name in SITUATIONS if name not in left_out)


def situations(case: Case, operation: str) -> tuple[str, ...]:
    """The situations of the operation in the case, in the order of SITUATIONS.

    Steps that the output does not depend on do not count. Empty if no step is left.
    """
    program = case.program
    steps = [program.steps[k - 1] for k in sorted(program.needed - {0})]
    return situations_of(steps, evaluate_steps(program, case.input), operation)


def situations_of(
    steps: Iterable[Step], values: Sequence[np.ndarray], operation: str
) -> tuple[str, ...]:
    """The situations of the operation in these steps; `values` has all values, the input first.

    Empty if no step is of the operation.
    """
    own = [step for step in steps if step.operation == operation]
    if not own:
        return ()
    possible = possible_situations(operation)
    wanted = frozenset().union(*(_FEATURES.get(name, frozenset()) for name in possible))
    found: set[str] = set()
    for step in own:
        operands = [values[i] for i in step.operands]
        met = special_values(operands, wanted)
        found |= {name for name in possible if _FEATURES.get(name, frozenset()) & met}
        if "repeated operand" in possible and len(set(step.operands)) < len(step.operands):
            found.add("repeated operand")
        # Values that nothing selects may be infinite or NaN.
        with np.errstate(all="ignore"):
            if not all(bool(np.all(np.isfinite(v))) for v in operands) or leaves_domain(
                operation, operands, step.arguments, [True] * len(operands)
            ):
                found.add("end of domain")
    return tuple(name for name in possible if name in found) or (GENERAL,)
