"""What is asked about a function in one mode.

Of a small function, it is the full derivative. Of others, it is one product with given directions,
so that the cost of certification does not depend on the number of inputs: the gradient, a
pushforward, a pullback or a Hessian-vector product, contracted with a direction; of a function to
several numbers in second order, that of a weighted sum of them; in higher orders, the derivative of
the function on a plane through the point.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ad_conformance.engines.importing.library import Library
from ad_conformance.generators.ir.program import Case, Program, nested
from ad_conformance.generators.rewrite.program_builder import ProgramBuilder

Array = np.ndarray
#: The most work for one full derivative: directions, times the entries of all values of the
#: program and STEP for each step. It is about a second of certification.
MOST_WORK = 60_000
STEP = 20
#: The most entries of a full derivative.
MOST_ENTRIES = 4096
#: The most directions for which the full derivative of a function that cannot be imported is
#: asked.
FEW = 10
#: What is asked about a small function.
FULL = "full derivative"


@dataclass(frozen=True)
class Question:
    """One question: `case` for the reference, and `function`, of arrays of its library, for the
    engine. `about` says what is asked.

    The program of the case is empty if the function was not imported.
    """

    case: Case
    function: Callable[[Any], Any] | None
    scalar: bool
    about: str


@dataclass(frozen=True)
class Subject:
    """A function of one array, with its output at the point.

    `program` is what it was imported as, None if it was not; `function` takes arrays of `library`,
    None if no engine can be asked the function itself.
    """

    program: Program | None
    function: Callable[[Any], Any] | None
    library: Library
    point: Array
    output: Array
    dtype: str
    work: int

    def question(self, mode: str) -> Question:
        """The question for a mode."""
        n, m, order = self.point.size, self.output.size, len(mode)
        directions = math.comb(n + order - 1, order)
        few = directions <= FEW if self.program is None else directions * self.work <= MOST_WORK
        if few and m * n**order <= MOST_ENTRIES:
            return self._asked(mode, FULL)
        weighted = self if not self.output.ndim else self._weighted()
        tangent, direction = _weights(self.point.shape), _weights(self.point.shape, 3)
        if order == 1 and mode == "F":
            return self._asked(mode, "pushforward", operator="pushforward", tangent=tangent)
        along = {"direction": direction}
        if order == 1 and not self.output.ndim:
            return self._asked(mode, "gradient, along a direction", operator="gradient", **along)
        if order == 1:
            along["cotangent"] = _weights(self.output.shape)
            return self._asked(mode, "pullback, along a direction", operator="pullback", **along)
        of = "" if weighted is self else " of a weighted sum"
        if order == 2:
            about = f"Hessian-vector product{of}, along a direction"
            return weighted._asked(mode, about, operator="hvp", tangent=tangent, **along)
        return weighted._on_plane()._asked(mode, f"derivative{of} on a plane through the point")

    def _asked(self, mode: str, about: str, **more: Any) -> Question:
        program = Program(()) if self.program is None else self.program
        fields = {k: nested(v) if isinstance(v, np.ndarray) else v for k, v in more.items()}
        case = Case(program, nested(self.point), mode, dtype=self.dtype, **fields)
        return Question(case, self.function, self.output.ndim == 0, about)

    def _weighted(self) -> Subject:
        """The sum of the outputs, with weights."""
        weights = _weights(self.output.shape)
        program, function = self.program, self.function
        if program is not None:
            builder = ProgramBuilder(self.dtype, program.steps)
            last = len(program.steps)
            product = builder.add("multiply", builder.constant(weights), last)
            builder.add("sum", product, axis=None, keepdims=False)
            program = builder.program
        if function is not None:
            given = function

            def function(x: Any) -> Any:
                return (self.library.array(weights, self.dtype) * given(x)).sum()

        output = np.asarray(np.sum(weights * self.output))
        return replace(self, program=program, function=function, output=output)

    def _on_plane(self) -> Subject:
        """t -> f(x + t[0] v + t[1] u), near t = 0."""
        size, shape = self.point.size, self.point.shape
        matrix = np.stack([_weights((size,), 3 * k) for k in range(2)], axis=-1)
        program, function = self.program, self.function
        if program is not None:
            builder = ProgramBuilder(self.dtype)
            moved = builder.add("matmul", builder.constant(matrix), 0)
            if shape != (size,):
                moved = builder.add("reshape", moved, shape=shape)
            ids = {0: builder.add("add", builder.constant(self.point), moved)}
            for k, step in enumerate(program.steps, start=1):
                ids[k] = builder.add(
                    step.operation, *(ids[i] for i in step.operands), **step.arguments
                )
            program = builder.program
        if function is not None:
            given = function

            def function(t: Any) -> Any:
                # Made at each call, within the settings of the library.
                base, plane = (self.library.array(v, self.dtype) for v in (self.point, matrix))
                return given(base + (plane @ t).reshape(shape))

        return replace(self, program=program, function=function, point=np.zeros(2))


def _weights(shape: tuple[int, ...], shift: int = 0) -> Array:
    """Directions and cotangents: exact in every dtype, other numbers from entry to entry."""
    numbers = shift + np.arange(math.prod(shape))
    return np.asarray((1.0 + numbers * 5 % 16 / 16) * (-1.0) ** (numbers // 2)).reshape(shape)
