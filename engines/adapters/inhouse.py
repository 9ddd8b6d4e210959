"""The in-house engine, asked like any other."""

from __future__ import annotations

from engines.contract import Engine
from generators.catalogue import CATALOGUE, special
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
        spellings={
            **{row.name: row.call for row in CATALOGUE.values() if row.definition is not None or row in special.ROWS},
            "diag": "inhouse.diag({0})",
            "take": "inhouse.take({0}, {indices}, axis={axis})",
            "outer": "inhouse.outer({0}, {1})",
        },
    ),
    levels={"R": 'inhouse.nest({f}, "R")', "F": 'inhouse.nest({f}, "F")'},
    compile="derivative = inhouse.compile({nested}).lower(x)",
)
