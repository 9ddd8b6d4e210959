"""Every operation of the catalogue, asked in float32, answers in float32."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines import registry
from generators.catalogue import CATALOGUE
from generators.reading import is_single
from tests.test_spellings import drawn, names_of


@pytest.mark.parametrize("operation", [name for name, row in CATALOGUE.items() if row.weight])
def test_float32_stays(operation: str) -> None:
    engine, asked = registry.find("inhouse"), 0
    for case in drawn(operation):
        for word in "RF":
            single = replace(
                case, word=word, dtype="float32", operator="jacobian", tangent=None, cotangent=None, elsewhere=None
            )
            if not is_single(single):
                continue
            script, names = engine.script(single), dict(names_of("inhouse"))
            with np.errstate(all="ignore"):
                exec(script.program + script.compile + script.run, names)
            asked += 1
            assert names["got"].dtype == np.float32, script.program + script.compile
    assert asked, "no case has numbers that are exact in float32"
