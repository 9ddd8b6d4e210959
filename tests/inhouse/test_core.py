"""The core stands alone, is short, and imports no other part of the engine."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import ad_conformance.engines.inhouse.core as core
import pytest
from ad_conformance.engines import inhouse as xp

CORE = Path(core.__file__).parent
ENGINE = CORE.parent
PACKAGE = "ad_conformance.engines.inhouse"
#: The parts of the engine, each of which imports only those before it.
LAYERS = ("core", "errors", "codegen", "rules", "optimize", "namespace", "transforms", "__init__")

ALONE = """
import sys
import types

import numpy as np

# The package without its public face, which imports everything.
package = types.ModuleType("ad_conformance.engines.inhouse")
package.__path__ = [sys.argv[1]]
sys.modules["ad_conformance.engines.inhouse"] = package

from ad_conformance.engines.inhouse.core.graph import Graph
from ad_conformance.engines.inhouse.core.nesting import derivative
from ad_conformance.engines.inhouse.core.tracing import Tracer, emit, evaluate
from ad_conformance.engines.inhouse.rules import elementary, structural


def stack(*parts):
    columns = [emit("reshape", part, params=(1, (2, 1))) for part in parts]
    return emit("concat", *columns, params=-1)


def num_to_mat(x):
    c = np.array([1.0, 2.0])
    return stack(
        emit("sin", emit("multiply", c, x)), emit("sin", emit("multiply", c * 3, x))
    )


graph = Graph({p.name: p for p in (*elementary.PRIMITIVES, *structural.PRIMITIVES)})
x = graph.input((), np.dtype(float))
second = derivative(num_to_mat(Tracer(x)).node, x, sys.argv[2])
value = evaluate(second, {x: np.float64(0.7)})
print(repr(float(np.sum(np.array([[1, 2], [3, 4]]) * value))))
for part in ("optimize", "namespace", "transforms", "codegen.source"):
    assert not any(name.startswith(f"{package.__name__}.{part}") for name in sys.modules), part
"""


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("RR", 97.49952818077769), ("FR", 97.49952818077769), ("RRR", 446.002985669867)],
)
def test_core_and_primitives_differentiate_alone(mode: str, expected: float) -> None:
    command = [sys.executable, "-c", ALONE, str(ENGINE), mode]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert float(found.stdout) == pytest.approx(expected, rel=1e-14)


def test_core_has_at_most_350_lines() -> None:
    files = list(CORE.glob("*.py"))
    assert sum(len(f.read_text(encoding="utf-8").splitlines()) for f in files) <= 350


def _imported(path: Path) -> set[str]:
    """Modules of the engine that the file imports, anywhere in it, below the engine's package."""
    found = set()
    for statement in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            module = statement.module or ""
            names = [f"{module}.{alias.name}" for alias in statement.names]
        else:
            continue
        found |= {n.removeprefix(f"{PACKAGE}.") for n in names if n.startswith(f"{PACKAGE}.")}
    return found


def _files() -> list[Path]:
    return sorted(ENGINE.rglob("*.py"))


def test_parts_import_only_those_below_them() -> None:
    for path in _files():
        part = path.relative_to(ENGINE).with_suffix("").parts[0]
        allowed = LAYERS[: LAYERS.index(part) + 1]
        for name in _imported(path):
            assert name.partition(".")[0] in allowed, f"{path} imports {name}"


def test_no_modules_import_each_other() -> None:
    names = {".".join(p.relative_to(ENGINE).with_suffix("").parts): p for p in _files()}
    graph = {
        name: {
            module
            for target in _imported(path)
            for module in (target, target.rpartition(".")[0])
            if module in names
        }
        for name, path in names.items()
    }
    while graph:
        free = [name for name, targets in graph.items() if not targets & set(graph)]
        assert free, f"a cycle among {sorted(graph)}"
        for name in free:
            del graph[name]


def test_import_loads_no_generator_of_programs_and_no_special_functions() -> None:
    """Hypothesis, python-flint and SciPy are not imported before something needs them."""
    code = (
        f"import {PACKAGE}, sys\n"
        "print([m for m in ('hypothesis', 'flint', 'scipy') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_operations_with_a_definition_are_there_when_asked_for() -> None:
    assert callable(xp.softplus)
    with pytest.raises(AttributeError, match="no_such_operation"):
        xp.no_such_operation  # noqa: B018
    with pytest.raises(AttributeError, match="__wrapped__"):
        xp.__wrapped__  # noqa: B018
