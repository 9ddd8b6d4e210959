"""The customary check of derivative rules, for comparison: each operation alone, at a random point.

As `gradcheck` of the libraries and `check_grads` do it: central differences in float64 along one random direction, with
a step of 1e-6, compared at rtol 1e-3; the second order is checked by differences of the engine's own first derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.mutants import consulted
from engines.adapters.inhouse import inhouse
from generators.catalogue import CATALOGUE
from generators.programs import Case, Program, Step, nested

STEP, RTOL, ATOL = 1e-6, 1e-3, 1e-5
#: What the first letter adds is compared with differences of what the others give.
WORDS = ("R", "F", "RR", "FR", "RF", "FF")

Array = np.ndarray
Shapes = tuple[tuple[int, ...], ...]
#: Where random numbers are moved to, for operations that are not defined or not smooth everywhere.
DOMAINS: dict[str, Callable[[Array], Array]] = {
    **dict.fromkeys(("log", "sqrt", "log1p", "pow_float"), lambda z: np.abs(z) + 0.25),
    **dict.fromkeys(("asin", "acos", "atanh"), lambda z: np.tanh(z) * 0.75),
    "acosh": lambda z: np.abs(z) + 1.25,
    "tan": lambda z: np.tanh(z),
    "pow": lambda z: np.abs(z) + 0.25,
}
#: Operands and parameters of each operation; three numbers each where none are given.
ALONE: dict[str, Sequence[tuple[Shapes, dict[str, Any]]]] = {
    "pow_int": [(((3,),), {"exponent": n}) for n in (2, 3)],
    "pow_float": [(((3,),), {"exponent": n}) for n in (0.5, 2.5)],
    "clip": [(((5,),), {"min": -1.0, "max": 1.0})],
    **{
        name: [(((2, 3),), {"axis": axis, "keepdims": kept}) for axis, kept in ((None, False), (0, False), (1, True))]
        for name in ("sum", "prod", "mean", "max", "min")
    },
    **{name: [(((2, 3),), {"axis": a}) for a in (0, 1)] for name in ("cumulative_sum", "cumulative_prod", "flip")},
    "stack": [(((2, 3), (2, 3)), {"axis": a}) for a in (0, 1)],
    "concat": [(((2, 3), (2, 3)), {"axis": a}) for a in (0, 1)],
    "reshape": [(((2, 3),), {"shape": (3, 2)})],
    "expand_dims": [(((2, 3),), {"axis": 1})],
    "permute_dims": [(((2, 3),), {"axes": (1, 0)}), (((2, 3, 2),), {"axes": (2, 0, 1)})],
    "roll": [(((2, 3),), {"shift": 1, "axis": 1})],
    "broadcast_to": [(((3,),), {"shape": (2, 3)}), (((2, 1),), {"shape": (2, 3)})],
    "index": [(((2, 3),), {"index": (1, 0)}), (((2, 3),), {"index": (1,)})],
    "slice": [(((4,),), {"axis": 0, "start": 1, "stop": 4, "step": 2})],
    "take": [(((2, 3),), {"indices": (2, 0, 2), "axis": 1})],
    "diag": [(((3,),), {})],
    **{name: [(((3, 3),), {})] for name in ("matrix_transpose", "tril", "triu", "diagonal", "trace", "det", "inv")},
    "matrix_norm": [(((2, 3),), {})],
    "matmul": [(((2, 3), (3, 2)), {}), (((3, 3), (3,)), {})],
    "tensordot": [(((2, 3), (3, 2)), {"axes": 1})],
    "solve": [(((3, 3), (3,)), {}), (((3, 3), (3, 2)), {})],
    "vector_norm": [(((2, 3),), {"axis": a}) for a in (None, 0)],
    "where": [(((3,), (3,), (3,)), {})],
}
#: Operands of elementwise operations of two: alike, and of which one is broadcast.
TWO: Sequence[tuple[Shapes, dict[str, Any]]] = [(((3,), (3,)), {}), (((2, 3), (3,)), {})]


def _placed(name: str, numbers: Array) -> Array:
    return DOMAINS[name](numbers) if name in DOMAINS else numbers


def alone(name: str, number: int) -> list[tuple[Program, Array]]:
    """Programs of this one operation on operands that are cut from one vector, each with its random point."""
    row = CATALOGUE[name]
    found = []
    default = TWO if row.arity == 2 and name not in ("outer", "vecdot") else [(((3,),) * (row.arity or 2), {})]
    for k, (shapes, params) in enumerate(ALONE.get(name, default)):
        rng = np.random.default_rng((number, k))
        point = _placed(name, rng.standard_normal(sum(math.prod(s) for s in shapes)))
        steps: list[Step] = []
        places, start = [], 0
        for shape in shapes:
            stop = start + math.prod(shape)
            if len(shapes) > 1:
                cut = (("axis", 0), ("start", start), ("step", 1), ("stop", stop))
                steps.append(Step("slice", (0,), cut))
            if len(shape) > 1:
                steps.append(Step("reshape", (len(steps) if len(shapes) > 1 else 0,), (("shape", shape),)))
            places.append(len(steps))
            start = stop
        if name == "where":
            steps.append(Step("greater", (places[0], places[1])))
            places[0] = len(steps)
        steps.append(Step(name, tuple(places), tuple(sorted(params.items()))))
        found.append((Program(tuple(steps)), point))
    return found


@dataclass(frozen=True)
class Check:
    """One operation, point and mode word; `sites` are what the engine consulted for it."""

    operation: str
    word: str
    derivative: Any
    first: Any
    point: Array
    direction: Array
    sites: frozenset[str]

    def passes(self) -> bool:
        """Whether the engine's derivative agrees with differences; an engine that raises does not pass."""
        try:
            x, v = self.point, self.direction
            got = np.asarray(self.derivative(self.word)(x)) @ v
            lower = self.derivative(self.word[1:]) if len(self.word) > 1 else self.first
            numeric = (np.asarray(lower(x + STEP * v)) - np.asarray(lower(x - STEP * v))) / (2 * STEP)
        except Exception:
            return False
        # Axes of higher words are alike: the last one is that of the outermost letter.
        return bool(np.all(np.isfinite(got)) and np.allclose(got, numeric, rtol=RTOL, atol=ATOL))


def checks() -> list[Check]:
    """One check per operation, sample and word, with what the honest engine consults for it.

    Raises ValueError for an operation that takes other operands or parameters than ALONE has for it.
    """
    names: dict[str, Any] = {}
    exec(inhouse.header, names)
    made = []
    for number, name in enumerate(CATALOGUE):
        if name in ("constant", "less", "greater"):
            continue
        for program, point in alone(name, number):
            rng = np.random.default_rng(number)
            direction = rng.standard_normal(point.size)
            text = inhouse.script(Case(program, nested(point), "R")).program
            space = dict(names)
            exec(text, space)

            def derivative(word: str, f: Any = space["f"]) -> Any:
                return names["inhouse"].nest(f, word)

            for word in WORDS:
                try:
                    with consulted() as sites:
                        derivative(word)(point)
                        derivative(word[1:])(point)
                except Exception as error:
                    raise ValueError(f"{name}: give it operands and parameters in ALONE") from error
                made.append(Check(name, word, derivative, space["f"], point, direction, frozenset(sites)))
    return made
