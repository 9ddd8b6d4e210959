"""Further names of operations: each computes what the catalogue computes, and is chosen by `names`
of a case.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Answer
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step
from ad_conformance.generators.scenarios.names import named_cases

from tests.engines.cases import is_known, value

#: Cases of a name.
CASES = 3
#: Of this many operations, the names of one are asked by tests that are not slow.
ONE_IN = 4


def engines_and_names() -> list[Any]:
    """Each engine with each operation that has further names there."""
    found = []
    for name in registry.OWN:
        engine = registry.find(name)
        if engine.dialect.names and engine.installed() and name == engine.distribution:
            found += [
                pytest.param(
                    name, op, id=f"{name}-{op}", marks=[pytest.mark.slow] if k % ONE_IN else []
                )
                for k, op in enumerate(engine.dialect.names)
            ]
    return found


@pytest.mark.parametrize(("engine", "operation"), engines_and_names())
def test_further_name_computes_what_the_catalogue_computes(engine: str, operation: str) -> None:
    adapter = registry.find(engine)
    for name in adapter.dialect.names[operation]:
        dialect = replace(adapter.dialect, names={operation: (name,)})
        cases = list(named_cases(dialect, "R", CASES))
        # A name that fits no operands is never asked.
        assert cases, name
        scripts = [
            (case, replace(adapter, dialect=dialect).script(replace(case.plain, names=1)))
            for case in cases
        ]
        compared = [(c, s) for c, s in scripts if not is_known(engine, operation, s.program)]
        for case, script in compared:
            values = evaluate_steps(case.program, case.input)
            with np.errstate(all="ignore"):
                got = value(engine, script.program, values[-1].shape)
            scale = max(float(np.max(np.abs(v), initial=0.0)) for v in values)
            assert got.shape == values[-1].shape, script.program
            np.testing.assert_allclose(
                got, values[-1], rtol=1e-8, atol=1e-12 * scale, err_msg=script.program
            )


def _asked(names: int) -> str:
    steps = (Step("constant", (), (("value", 2.0),)), Step("multiply", (0, 1)), Step("sin", (2,)))
    case = Case(Program(steps), (1.0, 2.0), "R", names=names)
    return registry.find("torch").script(case).program


def test_names_are_chosen_in_turn() -> None:
    usual = _asked(0)
    assert "torch.sin(" in usual
    assert ".sin()" in _asked(1)
    assert ".sin_()" in _asked(2)
    assert "_foreach_sin(" in _asked(3)
    # There are three further names of sin.
    assert ".sin()" in _asked(4)
    assert "torch.tensor(2.0" not in _asked(1)
    assert "torch.tensor(2.0" in _asked(2)


def test_names_are_part_of_a_file() -> None:
    case = Case(Program((Step("sin", (0,)),)), 1.0, "R", names=2)
    assert parse_case(case.json) == case
    assert '"names"' not in replace(case, names=0).json
    with pytest.raises(MalformedCase, match="names: -1 must be 0 to"):
        parse_case(replace(case, names=-1).json)


def test_a_documented_limit_may_hold_for_some_scripts_only() -> None:
    jax = registry.find("jax")
    message = "Reverse-mode differentiation does not work for lax.while_loop or lax.fori_loop"
    answer = Answer("raised", error="ValueError", message=message)
    assert jax.documented(answer, "jax.lax.while_loop(f, g, x)").outcome == "unsupported"
    # A function of JAX that is a loop inside says so, too: that is a finding.
    assert jax.documented(answer, "jax.scipy.special.hyp1f1(x, y, z)").outcome == "raised"
