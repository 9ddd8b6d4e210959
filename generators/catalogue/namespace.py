"""Operations of a catalogue as functions, which definitions of other operations call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ad_conformance.generators.arithmetic.numpy_ops import Array, as_array, as_arrays
from ad_conformance.generators.catalogue.operation import Operation


class Namespace:
    """The operations as functions: `xp.exp(x)`, `xp.sum(x, axis=0, keepdims=False)`.

    Operands are arrays, Python numbers, or the scalars that arithmetic makes of arrays without
    axes. Results are arrays. Raises AttributeError for a name that is not in the catalogue.
    """

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self._operations = operations

    def __getattr__(self, name: str) -> Callable[..., Array]:
        try:
            evaluate = self._operations[name].evaluate
        except KeyError:
            raise AttributeError(f"{name!r} is not in the catalogue") from None

        def function(*operands: Any, **params: Any) -> Array:
            # Operations of any number of operands take them in a list, as in the array API.
            if len(operands) == 1 and isinstance(operands[0], list):
                operands = tuple(operands[0])
            return as_array(evaluate(*as_arrays(operands), **params))

        # The next access finds the function without a call of this method.
        setattr(self, name, function)
        return function
