"""Count what the cases cover: modes and operators, operations and pairs of them, special points.

    python -m validation.coverage [--engines inhouse,jax] [--cases 20000] [--write docs/coverage.md]

Every combination of signature, operator and mode is asked of the engines with one smooth case. All
other counts are over drawn cases, without asking engines.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.features import features
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.mode import USUAL_MODES, modes_of_order
from ad_conformance.generators.ir.operator import OPERATORS, SIGNATURES
from ad_conformance.generators.ir.program import Case, Program, Step, nested
from ad_conformance.generators.render.dialect import UnsupportedOperation
from ad_conformance.generators.strategies.sampling import draw

from benchmarks.tables import markdown, write_section

#: The engines that the project's own environment has.
ENGINES = ("inhouse", "jax", "torch", "torch-autograd", "autograd")
MODES = tuple(mode for n in (1, 2, 3, 4) for mode in modes_of_order(n))

_SUM = (("axis", None), ("keepdims", False))
_FIRST = (("axis", 0),)
_BODY = (Step("sin", (0,)), Step("exp", (1,)))
_BODIES = {
    "num": _BODY,
    "vec": (*_BODY, Step("cumulative_sum", (2,), _FIRST)),
    "mat": (*_BODY, Step("cumulative_sum", (2,), (("axis", 1),))),
}
_POINTS = {"num": 0.75, "vec": (0.5, -1.25), "mat": ((0.5, -1.25),)}
#: Steps from the last value to the kind of the output. The last two values have the same shape.
_ENDINGS = {
    "num_to_vec": (("stack", _FIRST),),
    "num_to_mat": (("stack", _FIRST), ("expand_dims", _FIRST)),
    "vec_to_num": (("sum", _SUM),),
    "vec_to_mat": (("stack", _FIRST),),
    "mat_to_num": (("sum", _SUM),),
    "mat_to_vec": (("sum", (("axis", 0), ("keepdims", False))),),
}


def smooth_case(signature: str, operator: str, mode: str) -> Case:
    """A smooth case for one combination of signature, operator and mode."""
    source, _ = signature.split("_to_")
    steps = list(_BODIES[source])
    for name, params in _ENDINGS.get(signature, ()):
        k = len(steps)
        steps.append(Step(name, (k, k - 1) if name == "stack" else (k,), params))
    case = Case(Program(tuple(steps)), _POINTS[source], mode, operator)
    output = evaluate_steps(case.program, case.input)[-1].shape
    return replace(case, **case.asked.seeds(_seed, case.input.shape, output))


def _seed(shape: tuple[int, ...]) -> object:
    return nested(np.arange(1.0, np.prod(shape, dtype=int) + 1).reshape(shape) / 2 - 1)


def cells(modes: tuple[str, ...] = MODES) -> list[tuple[str, str, str]]:
    """All combinations of signature, operator and mode that can be asked."""
    return [
        (s, o, w)
        for s in SIGNATURES
        for o, operator in OPERATORS.items()
        for w in modes
        if operator.applies(w, *s.split("_to_"))
    ]


def _asked_cells(names: list[str]) -> str:
    """A table of the combinations that each engine answers. Raises AssertionError for a finding."""
    pool = EnginePool([registry.find(name) for name in names], timeout=120.0)
    pool.ahead = tuple(names)
    asked: Counter[tuple[str, str]] = Counter()
    answered: Counter[tuple[str, str, str]] = Counter()
    for signature, operator, mode in cells():
        case = smooth_case(signature, operator, mode)
        asked[signature, operator] += 1
        for name in names:
            result = pool.judge(case, name)
            assert not result.is_finding, (
                name,
                result.verdict,
                result.answer.message,
                case.json,
            )
            answered[signature, operator, name] += result.verdict is Verdict.AGREE
    pool.close()
    rows = [
        [
            signature,
            operator,
            str(count),
            *(str(answered[signature, operator, name]) for name in names),
        ]
        for (signature, operator), count in asked.items()
    ]
    totals = [sum(n for (_, _, e), n in answered.items() if e == name) for name in names]
    rows.append(["all", "", str(sum(asked.values())), *map(str, totals)])
    return markdown(["signature", "operator", "modes", *names], rows)


#: Special points: name to the operations (None for all) and the feature of a step.
SPECIAL_POINTS: Mapping[str, tuple[frozenset[str] | None, str]] = {
    "a zero in a product": (frozenset({"prod", "cumulative_prod", "multiply"}), "zero"),
    "two zeros in a product": (frozenset({"prod", "cumulative_prod"}), "zeros"),
    "a zero base": (frozenset({"pow", "pow_int", "pow_float"}), "zero base"),
    "a zero exponent": (frozenset({"pow"}), "zero last"),
    "a tie": (frozenset({"max", "min", "maximum", "minimum", "hypot", "logaddexp"}), "tie"),
    "a singular matrix": (frozenset({"det", "trace", "matmul", "matrix_norm"}), "singular"),
    "tied singular values": (frozenset({"det", "inv", "solve"}), "tied singular values"),
    "an argument so large that a function is saturated": (None, "large"),
    "a repeated operand": (None, "repeated"),
    "an empty axis": (None, "empty"),
    "an axis of length 1": (None, "length 1"),
    "broadcasting": (None, "broadcast"),
    "three axes or more": (None, "batch"),
}


def _special_points(case: Case) -> set[str]:
    steps = list(zip(case.program.steps, features(case), strict=True))
    return {
        name
        for name, (operations, feature) in SPECIAL_POINTS.items()
        if any(
            (operations is None or step.operation in operations) and feature in found
            for step, found in steps
        )
    }


def _share(count: int, of: int) -> str:
    return f"{count / of:.1%}"


def _counted(engines: list[Engine], count: int) -> str:
    """Tables of special points, options of cases, operations by engine, pairs by mode."""
    met: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    operations: defaultdict[str, Counter[str]] = defaultdict(Counter)
    pairs: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    kinds: Mapping[str, Callable[[Case], bool]] = {
        "an operator other than the Jacobian": lambda case: case.operator != "jacobian",
        "several inputs": lambda case: bool(case.program.arguments),
        "mixed partial derivatives": lambda case: len(set(case.wrt)) > 1,
        "float32": lambda case: case.dtype == "float32",
        "compiled at another point": lambda case: case.warmup_point is not None,
        "a constant output": lambda case: (
            not features(case) or all("constant" in f for f in features(case)[-1:])
        ),
        "steps that the output does not need": lambda case: case.program != case.program.pruned(),
    }
    for case in draw(USUAL_MODES, count):
        met.update(_special_points(case))
        asked.update(name for name, holds in kinds.items() if holds(case))
        pairs[case.mode] |= case.program.pairs
        for engine in engines:
            try:
                engine.script(case)
            except UnsupportedOperation:
                continue
            operations[engine.name].update(case.program.operations)
    rows = []
    for engine in engines:
        least = min(operations[engine.name].items(), key=lambda item: item[1])
        rows.append(
            [engine.name, str(len(operations[engine.name])), f"{least[0]}, {least[1]} cases"]
        )
    drawn = sum(row.weight > 0 for row in CATALOGUE.values())
    return "\n".join(
        (
            f"The shares are of {count} drawn cases.\n",
            markdown(
                ["special point", "cases"],
                [[n, _share(met[n], count)] for n in SPECIAL_POINTS],
            ),
            markdown(["option", "cases"], [[n, _share(asked[n], count)] for n in kinds]),
            f"Operations that occur in cases for an engine, of {len(CATALOGUE)}:\n",
            markdown(["engine", "operations", "least frequent"], rows),
            f"Pairs of operations, one applied to the result of the other, of {drawn**2}:\n",
            markdown(
                ["mode", "pairs"],
                [[w, f"{len(p)} ({_share(len(p), drawn**2)})"] for w, p in pairs.items()],
            ),
        )
    )


def main() -> None:
    """Print the tables and write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--cases", type=int, default=20000)
    parser.add_argument("--write", type=Path, help="the document to put the tables into")
    options = parser.parse_args()
    names = options.engines.split(",")
    sections = {
        "cells": f"Made by `python -m validation.coverage --engines {options.engines} "
        f"--cases {options.cases} --write docs/coverage.md`.\n\n"
        "## Modes and operators\n\nEvery combination of signature, operator and mode up "
        "to order 4 is asked once. The table counts correct answers:\n\n" + _asked_cells(names),
        "counts": f"## Cases\n\n{_counted([registry.find(name) for name in names], options.cases)}",
    }
    for name, text in sections.items():
        print(text)
        if options.write:
            write_section(options.write, name, text, title="# What is tested\n")


if __name__ == "__main__":
    main()
