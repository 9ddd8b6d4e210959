"""The catalogue as data: what its import loads, and whether all that its rows name exists."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import ad_conformance.generators
import pytest
from ad_conformance.generators.arithmetic import lazy
from ad_conformance.generators.arithmetic.lazy import LazyFunction, LazyModule
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.strategies.operands import FACTORIES, STRATEGIES, strategy_of

FOLDER = Path(ad_conformance.generators.__path__[0])
PACKAGE = "ad_conformance.generators"


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


def _imported(path: Path) -> set[str]:
    """The modules of the package that a module imports when it is imported itself."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            module = str(node.module)
            for alias in node.names:
                inner = FOLDER.joinpath(*module.split(".")[2:], f"{alias.name}.py")
                found.add(f"{module}.{alias.name}" if inner.exists() else module)
    return found


def test_modules_of_the_generators_do_not_import_each_other_in_a_circle() -> None:
    graph = {}
    for path in FOLDER.rglob("*.py"):
        parts = path.relative_to(FOLDER).with_suffix("").parts
        name = ".".join([PACKAGE, *(part for part in parts if part != "__init__")])
        graph[name] = _imported(path)
    # Raises CycleError with the modules of a circle.
    TopologicalSorter(graph).prepare()
