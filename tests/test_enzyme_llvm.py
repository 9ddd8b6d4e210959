"""C++ spellings compute what rows compute, and words, operators and inputs are nested as they are asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from conformance.panel import truth_of
from conformance.verdicts import Verdict, judge
from engines.adapters.enzyme_llvm import enzyme_llvm, write
from engines.adapters.enzyme_llvm_spellings import SPELLINGS
from engines.sandbox import Sandbox
from generators.dialects import Unspeakable
from generators.programs import Case
from generators.reading import evaluate_steps
from tests.test_spellings import telling

pytestmark = pytest.mark.skipif(not enzyme_llvm.installed(), reason="enzyme-ad is not installed")


@pytest.fixture(scope="module")
def primal() -> Iterator[Sandbox]:
    """Asks for the value of the program itself."""
    engine = replace(enzyme_llvm, writer=lambda e, c: write(e, replace(c.plain, word="")))
    with Sandbox(engine) as sandbox:
        yield sandbox


@pytest.mark.parametrize("operation", [name for name, spelling in SPELLINGS.items() if spelling is not None])
def test_a_spelling_computes_what_the_row_computes(primal: Sandbox, operation: str) -> None: ...
