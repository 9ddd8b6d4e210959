"""The problems: programs, written in each engine's language, and the two objective functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ad_conformance.generators.ir.case_io import read_case
from ad_conformance.generators.ir.program import Program
from ad_conformance.generators.render.dialect import render
from ad_conformance.generators.scenarios.seed_programs import SEED_FAMILY

from benchmarks import by_hand
from benchmarks.contestants import Contestant, Function
from benchmarks.measure import Call
from benchmarks.objectives import Logistic, Mixture

Arguments = tuple[Any, ...]


@dataclass(frozen=True)
class Problem:
    """A function and a derivative to compute.

    `fresh` makes a new copy of the function, `question` makes its derivative. `first` and `further`
    are the arguments of the first call and of the timed calls.
    """

    name: str
    fresh: Callable[[Contestant], Function]
    question: Callable[[Contestant, Function], Function]
    first: Arguments
    further: Arguments
    by_hand: Function | None = None
    small: bool = False  # no array in the program has many entries

    def maker(self, contestant: Contestant) -> Call:
        """A call that differentiates and evaluates a new function, not compiled yet."""
        f = self.fresh(contestant)
        arguments = [contestant.library.array(a) for a in self.first]

        def start() -> Any:
            derivative = contestant.wrap(self.question(contestant, f))
            return contestant.finish(derivative(*arguments))

        return start


def from_program(
    name: str, program: Program, point: Any, mode: str, hand: Function | None = None
) -> Problem:
    start = np.asarray(point, np.float64)

    def fresh(contestant: Contestant) -> Function:
        namespace = dict(contestant.modules)
        exec(render(program, contestant.dialect, start), namespace)
        function: Function = namespace["f"]
        return function

    further = start * 0.875 + 0.0625
    return Problem(name, fresh, lambda c, f: c.nest(f, mode), (start,), (further,), hand, True)


def programs() -> list[Problem]:
    seeds = [
        from_program(f"{name} RR", *SEED_FAMILY[name], "RR", by_hand.SEEDS[name])
        for name in by_hand.SEEDS
    ]
    vec_to_num, _ = SEED_FAMILY["vec_to_num"]
    hessians = [
        from_program(
            f"Hessian of vec_to_num, n = {n}",
            vec_to_num,
            np.linspace(0.5, 1.5, n),
            "RR",
            by_hand.vec_to_num,
        )
        for n in (2, 8, 64)
    ]
    mat_to_mat, _ = SEED_FAMILY["mat_to_mat"]
    num_to_vec, number = SEED_FAMILY["num_to_vec"]
    steps = read_case(Path(__file__).parent / "fifty_steps.json")
    square = np.linspace(-1.0, 1.0, 9).reshape(3, 3)
    return [
        *sorted(seeds, key=lambda p: p.name != "num_to_mat RR"),
        *hessians,
        from_program("mat_to_mat RR at 3x3", mat_to_mat, square, "RR", by_hand.mat_to_mat),
        from_program("50 steps RR", steps.program, steps.point, steps.mode),
        from_program("num_to_vec RRRR", num_to_vec, number, "RRRR", by_hand.num_to_vec_4),
    ]


#: Points, dimensions, components; and points, dimensions.
MIXTURES = ((100, 2, 5), (1000, 2, 5), (1000, 10, 10), (1000, 20, 25), (2500, 32, 25))
LOGISTICS = ((100, 5), (1000, 10), (1000, 50), (5000, 100), (10000, 200))


def mixture(points: int, dimensions: int, components: int) -> list[Problem]:
    m = Mixture(points, dimensions, components)
    size = f"{points} points, D = {dimensions}, K = {components}"
    start, further, direction = m.start(), m.start(4), m.start(5)

    def fresh(contestant: Contestant) -> Function:
        return m.log_likelihood(contestant.library)

    gradient = Problem(
        f"mixture gradient: {size}",
        fresh,
        lambda c, f: c.gradient(f),
        (start,),
        (further,),
        by_hand.mixture_gradient(m),
    )
    hvp = Problem(
        f"mixture Hessian-vector product: {size}",
        fresh,
        lambda c, f: c.hvp(f),
        (start, direction),
        (further, direction),
        by_hand.mixture_hvp(m),
    )
    return [gradient, hvp]


def logistic(points: int, dimensions: int) -> Problem:
    r = Logistic(points, dimensions)
    return Problem(
        f"logistic regression Hessian: {points} points, D = {dimensions}",
        lambda c: r.loss(c.library),
        lambda c, f: c.hessian(f),
        (r.start(),),
        (r.start(6),),
        by_hand.logistic_hessian(r),
    )


def objectives(quick: bool) -> list[Problem]:
    mixtures = [mixture(*size) for size in (MIXTURES[:2] if quick else MIXTURES)]
    gradients, products = zip(*mixtures, strict=True)
    return [
        *gradients,
        *products,
        *[logistic(*size) for size in (LOGISTICS[:2] if quick else LOGISTICS)],
    ]
