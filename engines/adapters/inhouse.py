"""The in-house engine, asked like any other."""

from __future__ import annotations

from engines.contract import Engine
from engines.inhouse import decompositions
from generators.catalogue import CATALOGUE
from generators.dialects import Dialect

HEADER = """\
import numpy as np

from engines import inhouse
"""

inhouse = Engine(
    name="inhouse",
    distribution="ad-conformance",
    module="engines.inhouse",
    header=HEADER,
    dialect=Dialect(
        namespace="inhouse",
        array="np.array({value})",
        single="np.array({value}, dtype=np.float32)",
        spellings={
            **{row.name: row.call for row in CATALOGUE.values() if row.definition is not None},
            "diag": "inhouse.diag({0})",
            "take": "inhouse.take({0}, {indices}, axis={axis})",
            "outer": "inhouse.outer({0}, {1})",
            **{name: f"inhouse.{name}({{0}})" for name in decompositions.__all__},
        },
    ),
    levels={"R": 'inhouse.nest({f}, "R")', "F": 'inhouse.nest({f}, "F")'},
    operators={
        "gradient": "inhouse.grad({f})",
        "pushforward": "lambda x: inhouse.jvp({f})(x, {v})",
        "pullback": "lambda x: inhouse.vjp({f})(x, {w})",
    },
    compile="derivative = inhouse.compile({nested}).lower(x)",
)
