"""The adapter of the in-house engine."""

from __future__ import annotations

from collections.abc import Callable

from ad_conformance.engines.contract import Engine
from ad_conformance.engines.inhouse.namespace import decompositions
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.extra import special
from ad_conformance.generators.catalogue.extra.control_flow import body_text
from ad_conformance.generators.catalogue.functions import integrals
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.render.dialect import Dialect

HEADER = """\
import functools

import numpy as np

from ad_conformance.engines import inhouse
"""

#: A batch is a loop over its lanes; checkpoints change nothing, since every program is compiled.
WRAPPER_FUNCTIONS = """\
def batched(f, others, lane):
    def wrapped(x):
        return inhouse.stack([f(x) for x in (others[0], x, others[1])], axis=0)[lane]

    return wrapped


def batched_twice(f, others, lane):
    def wrapped(x):
        lanes = (others[0], x), (others[0], others[1])
        rows = [inhouse.stack([f(x) for x in row], axis=0) for row in lanes]
        return inhouse.stack(rows, axis=0)[lane]

    return wrapped


def checkpointed(f):
    return lambda x: f(x)
"""


def _inner(call: Call) -> str:
    return f"inhouse.grad(lambda t: inhouse.sum({body_text(call)}))"


def _pushforward(call: Call) -> str:
    return f"inhouse.jvp(lambda t: {body_text(call)})({call.operands[0]}, {call.operands[1]})"


def _descent(call: Call) -> str:
    rate, count = call.params["rate"], call.params["count"]
    return (
        f"functools.reduce(lambda q, k: q - {rate} * {_inner(call)}(q), range({count}), "
        f"{call.operands[0]})"
    )


#: Derivatives inside a program: the engine's own, not those of the definition.
NESTING: dict[str, str | Callable[[Call], str]] = {
    "inner_derivative": lambda call: f"{_inner(call)}({call.operands[0]})",
    "inner_second_derivative": lambda call: (
        f"inhouse.grad(lambda s: inhouse.sum({_inner(call)}(s)))({call.operands[0]})"
    ),
    "inner_pushforward": _pushforward,
    "descent": _descent,
}

inhouse = Engine(
    name="inhouse",
    distribution="ad-conformance",
    module="ad_conformance.engines.inhouse",
    header=HEADER,
    dialect=Dialect(
        namespace="inhouse",
        array="np.array({value})",
        single="np.array({value}, dtype=np.float32)",
        templates={
            **{
                row.name: row.call
                for row in CATALOGUE.values()
                if row.definition is not None or row in (*special.ROWS, *integrals.ROWS)
            },
            **NESTING,
            "sort_by": "inhouse.sort_by({args}, axis={axis})",
            "diag": "inhouse.diag({0})",
            "take": "inhouse.take({0}, {indices}, axis={axis})",
            "outer": "inhouse.outer({0}, {1})",
            **{name: f"inhouse.{name}({{0}})" for name in decompositions.__all__},
        },
    ),
    mode_transforms={"R": 'inhouse.nest({f}, "R")', "F": 'inhouse.nest({f}, "F")'},
    operators={
        "gradient": "inhouse.grad({f})",
        "pushforward": "lambda x: inhouse.jvp({f})(x, {v})",
        "pullback": "lambda x: inhouse.vjp({f})(x, {w})",
    },
    wrappers={
        "jit": "inhouse.compile({f})",
        "vmap": "batched({f}, {others}, {lane})",
        "vmap_twice": "batched_twice({f}, {others}, {lane})",
        "checkpoint": "checkpointed({f})",
    },
    wrapper_functions=WRAPPER_FUNCTIONS,
    compile="derivative = inhouse.compile({nested}).lower(x)",
    unsupported=(("NotImplementedError", r"^\w+ has no derivative by operand"),),
)
