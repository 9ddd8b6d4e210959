"""C++ spellings compute what rows compute, and words, operators and inputs are nested as they are
asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.verdicts import Verdict, judge
from ad_conformance.engines import registry
from ad_conformance.engines.adapters.enzyme.llvm.adapter import enzyme_llvm, write
from ad_conformance.engines.process.sandbox import EngineUnavailable, Sandbox
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, Program, Step

from tests.engines.test_spellings import telling

pytestmark = pytest.mark.skipif(not enzyme_llvm.installed(), reason="enzyme-ad is not installed")
SPELLED = [
    name
    for name, row in CATALOGUE.items()
    if row.weight and enzyme_llvm.dialect.templates[name] is not None
]


def _asked(engine: object) -> Iterator[Sandbox]:
    try:
        sandbox = Sandbox(engine)  # type: ignore[arg-type]
    except EngineUnavailable as error:
        pytest.skip(str(error))
    with sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def values() -> Iterator[Sandbox]:
    """Answers with the value of the program itself."""
    yield from _asked(
        replace(
            enzyme_llvm, writer=lambda engine, case: write(engine, replace(case.plain, mode=""))
        )
    )


@pytest.fixture(scope="module")
def derivatives() -> Iterator[Sandbox]:
    yield from _asked(registry.find("enzyme-llvm-runtime-activity"))


@pytest.mark.parametrize("operation", SPELLED)
def test_a_spelling_computes_what_the_row_computes(values: Sandbox, operation: str) -> None:
    # Each case is compiled anew.
    for case in telling(operation)[:4]:
        answer = values.ask(case.plain)
        if answer.outcome == "unsupported":
            continue
        assert answer.value is not None, answer.message
        wanted = evaluate_steps(case.program, case.input)
        scale = max(float(np.max(np.abs(v), initial=0.0)) for v in wanted)
        np.testing.assert_allclose(answer.value, wanted[-1], rtol=1e-11, atol=1e-12 * scale)


# sin(x * y) * (1, 2), of a vector x and a number y.
TWO_INPUTS = Program(
    (
        Step("argument", (), (("value", 0.75),)),
        Step("multiply", (0, 1)),
        Step("sin", (2,)),
        Step("constant", (), (("value", (1.0, 2.0)),)),
        Step("multiply", (3, 4)),
    )
)
# x * x * x, and its weighted sum.
CUBE = (Step("multiply", (0, 0)), Step("multiply", (1, 0)))
SUM = (
    *CUBE,
    Step("constant", (), (("value", (1.0, 2.0)),)),
    Step("vecdot", (2, 3)),
)
POINT, SEED = (0.5, -1.5), (2.0, -3.0)


@pytest.mark.parametrize(
    "case",
    [
        *(
            Case(TWO_INPUTS, POINT, mode, wrt=wrt)
            for mode in ("RF", "FR", "FF", "RR")
            for wrt in ("01", "10", "11")
        ),
        *(
            Case(Program(CUBE), POINT, mode, "pullback", cotangent=SEED)
            for mode in ("R", "FR", "RFR")
        ),
        *(
            Case(Program(CUBE), POINT, mode, "pushforward", tangent=SEED)
            for mode in ("F", "RF", "FRF")
        ),
        *(
            Case(Program(SUM), POINT, mode, "hvp", tangent=SEED)
            for mode in ("RR", "RF", "FR", "FF", "FRF")
        ),
        *(Case(Program(SUM), POINT, mode, "hessian") for mode in ("RR", "FR")),
        *(Case(Program(CUBE), 0.5, mode, "second_derivative") for mode in ("RR", "FF", "RF")),
        Case(Program(SUM), POINT, "R", "pullback", cotangent=2.0),
        Case(Program(CUBE), 0.5, "R", "pullback", cotangent=2.0),
        Case(Program(CUBE), 0.5, "F", "pushforward", tangent=2.0),
        Case(Program(SUM), POINT, "F", "pushforward", tangent=SEED),
        Case(Program(SUM), POINT, "FR", warmup_point=(0.75, 1.0)),
    ],
    ids=lambda case: f"{case.operator}-{case.mode}-{case.wrt}",
)
def test_questions(derivatives: Sandbox, case: Case) -> None:
    result = judge(case, "enzyme-llvm-runtime-activity", derivatives.ask(case), truth_of(case))
    assert result.verdict is Verdict.AGREE, (result.answer, result.truth.value)
