"""Julia's dialect with an engine's own derivatives inside programs; where functions end."""

from __future__ import annotations

import numpy as np
from ad_conformance.engines.adapters.julia.extra_templates import EXTRA_TEMPLATES
from ad_conformance.engines.adapters.julia.language import JULIA
from ad_conformance.engines.adapters.julia.matrices import MATRIX_TEMPLATES
from ad_conformance.engines.adapters.julia.templates import CORE_TEMPLATES, atom
from ad_conformance.engines.script import Script, Writable
from ad_conformance.engines.script import write as write_any
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.extra.control_flow import body_text
from ad_conformance.generators.catalogue.operation import Call, Template
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

LIBRARIES = (
    "import LinearAlgebra\nimport LogExpFunctions\nimport SpecialFunctions\nimport Statistics\n"
)
#: SpecialFunctions documents that loggamma and logbeta refuse arguments at which gamma or beta is
#: negative.
UNSUPPORTED = (("DomainError", r"`(gamma\(x\)|beta\(a, b\))` must be non-negative"),)
#: Functions that raise a DomainError where those of other languages return NaN.
RAISING = (
    *("sqrt", "log", "log2", "log10", "log1p", "pow", "pow_float", "logdet", "logit", "log1mexp"),
    *("sin", "cos", "tan", "asin", "acos", "acosh", "atanh", "erfinv", "gamma", "exp1", "entr"),
    *("xlogy", "xlog1py"),
)


def dialect(level: str, pushforward: str = "") -> Dialect:
    """Julia's dialect, with derivatives inside a program in an engine's own form.

    `level` is the template of the Jacobian function of `{f}`, `pushforward` of the pushforward of
    `{f}` along `{v}`.
    """

    def body(call: Call) -> str:
        # `@.` applies every function to each entry, but for what follows a dollar sign.
        captured = [f"$({text})" if "(" in text else text for text in call.operands]
        text = body_text(Call(tuple(captured), call.params, call.shapes))
        return f"(@. {text.replace('xp.', '')})"

    def inner(call: Call) -> str:
        return f"({level.format(f=f't -> sum{body(call)}')})"

    def second(call: Call) -> str:
        twice = level.format(f=f"s -> sum({inner(call)}(s))")
        return f"({twice})({call.operands[0]})"

    def pushed(call: Call) -> str:
        along = pushforward.format(f=f"t -> {body(call)}", v=call.operands[1])
        return f"({along})({call.operands[0]})"

    def descent(call: Call) -> str:
        rate, count = atom(repr(call.params["rate"])), call.params["count"]
        return (
            f"foldl((q, _) -> q .- {rate} .* {inner(call)}(q), 1:{count}; init={call.operands[0]})"
        )

    def first(call: Call) -> str:
        return f"{inner(call)}({call.operands[0]})"

    nesting: dict[str, Template | None] = {
        "inner_derivative": first,
        "inner_second_derivative": second,
        "inner_pushforward": pushed if pushforward else None,
        "descent": descent,
    }
    return Dialect(
        namespace="",
        language=JULIA,
        array="{value}",
        # None for operations without a template: the catalogue's defaults are Python.
        templates={
            **dict.fromkeys(CATALOGUE),
            **CORE_TEMPLATES,
            **EXTRA_TEMPLATES,
            **MATRIX_TEMPLATES,
            **nesting,
        },
    )


def write(engine: Writable, case: Case) -> Script:
    """The script of a case.

    Raises UnsupportedOperation also if a function is given a number outside of its domain, even if
    nothing selects the result: Julia raises a DomainError there, with or without derivatives.
    """
    for point in (case.point, case.warmup_point):
        if point is not None:
            _check_domains(case, np.asarray(point, dtype=float))
    return write_any(engine, case)


def _check_domains(case: Case, point: np.ndarray) -> None:
    values = evaluate_steps(case.program, point)
    for step, value in zip(case.program.steps, values[1:], strict=True):
        if step.operation not in RAISING or any(np.any(np.isnan(values[i])) for i in step.operands):
            continue
        if np.any(np.isnan(value)):
            raise UnsupportedOperation(f"{step.operation} outside of its domain")
