"""Varied cases of one operation, and cases of further names whose operands fit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ad_conformance.engines import registry
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import uses_name
from ad_conformance.generators.scenarios.names import named_cases
from ad_conformance.generators.scenarios.varied import varied_cases
from ad_conformance.generators.strategies.sampling import operation_examples


def _choices(cases: list[Case], operation: str, *names: str) -> set[tuple[object, ...]]:
    return {
        tuple(step.arguments[name] for name in names)
        for case in cases
        for step in case.program.steps
        if step.operation == operation
    }


def test_varied_cases_have_more_choices_than_the_first_ones() -> None:
    names = ("mode", "antialias", "align_corners")
    varied = list(varied_cases("interpolate", "R", 8))
    first = list(operation_examples("interpolate", "R", 8))
    assert len({case.id for case in varied}) == 8
    found = _choices(varied, "interpolate", *names)
    assert len(found) > len(_choices(first, "interpolate", *names))
    assert {mode for mode, *_ in found} == {"nearest", "nearest_exact", "linear", "cubic", "area"}


def test_varied_cases_are_the_same_each_time() -> None:
    ids = [[case.id for case in varied_cases("sum", "RR", 4)] for _ in range(2)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("engine", ["torch", "jax", "autograd"])
def test_named_cases_use_the_name(engine: str) -> None:
    dialect = registry.find(engine).dialect
    some = {name: dialect.names[name] for name in ("max", "squeeze", "matmul")}
    dialect = replace(dialect, names=some)
    found = list(named_cases(dialect, "R"))
    assert found
    for case in found:
        assert any(uses_name(case, dialect, operation) for operation in some)


def test_a_name_that_fits_no_operands_has_no_cases() -> None:
    dialect = replace(registry.find("torch").dialect, names={"sin": (lambda call: None,)})
    assert not list(named_cases(dialect, "R"))
    dialect = replace(dialect, names={"sin": ("torch.sin({0})",)})
    # The name writes what the usual one writes.
    assert not list(named_cases(dialect, "R"))
