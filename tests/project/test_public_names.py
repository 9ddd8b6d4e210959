"""The public names of the packages are there, are typed, and cost nothing until they are used."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("generators", "engines", "conformance")
#: Packages that take long to import.
HEAVY = ("hypothesis", "flint", "scipy", "numpy")


def typed_names(package: str) -> dict[str, str]:
    """Names that type checkers see in a package, and their modules."""
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_the_object_that_type_checkers_see(package: str) -> None:
    module = importlib.import_module(f"ad_conformance.{package}")
    typed = typed_names(package)
    assert sorted(typed) == sorted(module.__all__)
    for name, home in typed.items():
        assert getattr(module, name) is getattr(importlib.import_module(home), name)
    with pytest.raises(AttributeError, match="has no attribute 'nonesuch'"):
        _ = module.nonesuch


@pytest.mark.parametrize("package", [*PACKAGES, "conformance.suite.plugin"])
def test_a_package_is_light_to_import(package: str) -> None:
    code = f"import sys, ad_conformance.{package}; print(*(set({HEAVY}) & sys.modules.keys()))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.split() == []
