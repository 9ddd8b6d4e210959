"""Varied cases of one operation, cases of further names whose operands fit, mixed derivatives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.engines import registry
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.render.dialect import uses_name
from ad_conformance.generators.scenarios.bent import is_bent
from ad_conformance.generators.scenarios.mixed import mixed
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


def test_a_program_is_bent_if_a_nonlinear_step_takes_the_result_of_the_operation() -> None:
    flip = Step("flip", (0,), (("axis", 0),))
    constant = Step("constant", (), (("value", 2.0),))
    assert is_bent(Program((flip, Step("sin", (1,)))), "flip")
    assert is_bent(Program((flip, Step("multiply", (1, 0)))), "flip")
    assert not is_bent(Program((Step("sin", (0,)), Step("flip", (1,), (("axis", 0),)))), "flip")
    assert not is_bent(Program((flip, constant, Step("multiply", (1, 2)))), "flip")
    # The output does not depend on the sine.
    unused = Program((flip, Step("sin", (1,)), Step("negative", (1,))))
    assert not is_bent(unused, "flip")


def test_in_modes_of_second_order_the_first_named_cases_are_bent() -> None:
    dialect = registry.find("torch").dialect
    dialect = replace(dialect, names={"flip": ("torch.flip({0}, dims=({axis},))",)})
    assert all(is_bent(case.program, "flip") for case in named_cases(dialect, "RR", 2))


def test_varied_transforms_include_those_of_the_last_axes() -> None:
    axes = {axes for (axes,) in _choices(list(varied_cases("fft", "R", 6)), "fft", "axes")}
    assert (-2, -1) in axes
    assert {len(found) for found in axes} > {1}


def test_a_mixed_derivative_is_the_derivative_of_the_program() -> None:
    case = Case(Program((Step("exp", (0,)),)), (0.5, 1.0), "R", names=3)
    twice = mixed(case, "FR")
    assert twice is not None
    assert (twice.mode, twice.wrt, twice.names) == ("FR", "01", 3)
    value = certify(twice).value
    assert value is not None
    np.testing.assert_allclose(value, np.diag(np.exp([0.5, 1.0])), rtol=1e-12)


def test_a_program_with_four_inputs_has_no_mixed_derivative() -> None:
    more = tuple(Step("argument", (), (("value", 1.0),)) for _ in range(3))
    assert mixed(Case(Program((*more, Step("sin", (0,)))), 0.5, "R"), "RR") is None
