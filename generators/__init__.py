"""Everything to make cases: the catalogue of operations, programs, and strategies that draw them.

Names of `__all__` are the public ones; they are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ad_conformance.generators.public_names import lazily

if TYPE_CHECKING:
    from ad_conformance.generators.catalogue import CATALOGUE, CORE
    from ad_conformance.generators.catalogue.operation import Operation
    from ad_conformance.generators.ir.case_io import parse_case, read_case
    from ad_conformance.generators.ir.evaluate import evaluate_steps
    from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step
    from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation
    from ad_conformance.generators.render.language import Language
    from ad_conformance.generators.scenarios.seed_programs import SEED_FAMILY, seed_case
    from ad_conformance.generators.strategies.programs import cases, operation_cases

__all__ = [
    "CATALOGUE",
    "CORE",
    "SEED_FAMILY",
    "Case",
    "Dialect",
    "Language",
    "MalformedCase",
    "Operation",
    "Program",
    "Step",
    "UnsupportedOperation",
    "cases",
    "evaluate_steps",
    "operation_cases",
    "parse_case",
    "read_case",
    "seed_case",
]

__getattr__ = lazily(
    __name__,
    {
        "CATALOGUE": ".catalogue",
        "CORE": ".catalogue",
        "Operation": ".catalogue.operation",
        "Case": ".ir.program",
        "MalformedCase": ".ir.program",
        "Program": ".ir.program",
        "Step": ".ir.program",
        "parse_case": ".ir.case_io",
        "read_case": ".ir.case_io",
        "evaluate_steps": ".ir.evaluate",
        "Dialect": ".render.dialect",
        "Language": ".render.language",
        "UnsupportedOperation": ".render.dialect",
        "SEED_FAMILY": ".scenarios.seed_programs",
        "seed_case": ".scenarios.seed_programs",
        "cases": ".strategies.programs",
        "operation_cases": ".strategies.programs",
    },
)
