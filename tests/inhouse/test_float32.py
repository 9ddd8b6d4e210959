"""Every operation of the catalogue, asked in float32, answers in float32, and as well as float32
allows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.conformance.verdicts import judge
from ad_conformance.engines import inhouse as xp
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Answer
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import is_single

from tests.engines.cases import drawn, names_of

SINGLE = np.array([[1.0, 2.0], [3.0, 5.0]], dtype=np.float32)


@pytest.mark.parametrize("operation", [name for name, row in CATALOGUE.items() if row.weight])
def test_float32_stays(operation: str) -> None:
    engine, answers, missing = registry.find("inhouse"), [], False
    for case in drawn(operation):
        for mode in "RF":
            single = replace(case, mode=mode, dtype="float32")
            if not is_single(single):
                continue
            script, names = engine.script(single), dict(names_of("inhouse"))
            try:
                with np.errstate(all="ignore"):
                    exec(script.program + script.compile + script.point + script.run, names)
            except NotImplementedError:
                # Some special functions have no derivative by their order.
                missing = True
                continue
            answers.append((single, names["got"]))
            assert names["got"].dtype == np.float32, script.program + script.compile
    if missing and not answers:
        pytest.skip("no derivative has a formula")
    assert answers, "no case has numbers that are exact in float32"
    case, got = answers[-1]
    assert not judge(case, "inhouse", Answer("answered", value=got), certify(case)).is_finding, (
        engine.script(case).text
    )


def test_constants_of_a_definition_are_weak_and_operands_are_not() -> None:
    def padded(x: object, y: object = SINGLE) -> object:
        return xp.sum(xp.index_set(x, y, indices=(1, 0), axis=0))

    assert xp.compile(padded)(SINGLE).dtype == np.float32
    assert xp.index_set(SINGLE, SINGLE, indices=(1, 0), axis=0).dtype == np.float32
    assert xp.compile(lambda x: padded(x, SINGLE.astype(float)))(SINGLE).dtype == np.float64
    with pytest.raises(ValueError, match="broadcast"):
        xp.compile(lambda x: xp.index_set(x, x, indices=(0,), axis=0))(SINGLE)
    # After a failure constants are what they were.
    assert xp.compile(lambda x: x * np.array([1.0, 2.0]))(SINGLE).dtype == np.float64
