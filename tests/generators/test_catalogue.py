"""The catalogue as data: what its import loads, and whether all that its rows name exists."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ad_conformance.generators.arithmetic import lazy
from ad_conformance.generators.arithmetic.lazy import LazyFunction, LazyModule
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.strategies.operands import FACTORIES, STRATEGIES, strategy_of


def test_importing_the_catalogue_loads_no_library_for_drawing_or_for_balls() -> None:
    code = (
        "import sys; import ad_conformance.generators.catalogue; "
        "print([m for m in ('flint', 'hypothesis', 'scipy') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("operation", CATALOGUE.values(), ids=lambda op: op.name)
def test_each_operation_names_a_family_of_operands_that_exists(operation: Operation) -> None:
    assert callable(strategy_of(operation))


def test_each_family_of_operands_is_used() -> None:
    used = {op.operands.name for op in CATALOGUE.values()}
    # The arguments of a family may be families too.
    used |= {
        a.name for op in CATALOGUE.values() for a in op.operands.arguments if hasattr(a, "name")
    }
    assert {*STRATEGIES, *FACTORIES} == used


def test_each_function_that_is_imported_when_called_exists() -> None:
    modules = [m for m in vars(lazy).values() if isinstance(m, LazyModule)]
    functions = [f for m in modules for f in vars(m).values() if isinstance(f, LazyFunction)]
    assert len(functions) > 50
    assert all(callable(f.function) for f in functions)
