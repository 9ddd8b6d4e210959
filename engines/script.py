"""A case as a script in an engine's language: the program, the nested derivative, the point, the
answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import INPUTS, Case
from ad_conformance.generators.render.dialect import UnsupportedOperation, render

if TYPE_CHECKING:
    from ad_conformance.engines.contract import Engine


@dataclass(frozen=True)
class Script:
    """The text of one case in one engine, in the pieces whose failures are told apart."""

    header: str
    program: str
    compile: str
    run: str

    @property
    def text(self) -> str:
        return f"{self.header}\n\n{self.program}{self.compile}{self.run}"


def write(engine: Engine, case: Case) -> Script:
    """The script in the language of the engine's dialect. Raises Unspeakable where something is
    missing.
    """
    dialect = engine.dialect
    lines = [render(case.program, dialect, case.input, dtype=case.dtype)]
    given = {"x": case.point if case.warmup_point is None else case.warmup_point}
    places = case.program.arguments
    given |= {
        n: case.program.steps[k - 1].arguments["value"]
        for n, k in zip(INPUTS[1:], places, strict=False)
    }
    given |= {
        n: value for n, value in (("v", case.tangent), ("w", case.cotangent)) if value is not None
    }
    captured = dialect.language.captured
    for name, value in given.items():
        # The point is handed over, and may be assigned again.
        assigned = "{name} = {value}" if name == "x" else captured
        lines.append(assigned.format(name=name, value=dialect.constant(value, case.dtype)))
    if places and case.operator == "jacobian":
        definitions, nested = _by_several(engine, case)
        lines[1:1] = definitions
    else:
        nested = _nested(engine, case)
    compiling, run = engine.compile.format(nested=nested) + "\n", engine.run + "\n"
    if case.warmup_point is not None:
        compiling += "derivative(x)\n"
        run = f"x = {dialect.constant(case.point, case.dtype)}\n{run}"
    return Script(header=engine.header, program="\n".join(lines) + "\n", compile=compiling, run=run)


def _nested(engine: Engine, case: Case) -> str:
    """The derivative of `f` that the operator asks for in the innermost letters, and Jacobians
    around it.
    """
    mode, operator = case.mode, case.operator
    output = evaluate_steps(case.program, case.input)[-1]
    scalar = output.ndim == 0

    def level(letter: str, f: str) -> str:
        return engine.mode_transforms[letter].format(f=f, i=0)

    def first(letter: str, f: str) -> str:
        """The engine's own first derivative of a function of a number, or with a number for a
        value.
        """
        if letter == "R" and scalar and "gradient" in engine.operators:
            return engine.operators["gradient"].format(f=f)
        if letter == "F" and operator.endswith("derivative") and "pushforward" in engine.operators:
            return engine.operators["pushforward"].format(
                f=f, v=engine.dialect.constant(1.0, case.dtype)
            )
        return level(letter, f)

    def own(name: str, f: str, **seed: str) -> str:
        if name not in engine.operators:
            raise UnsupportedOperation(f"operator {operator}")
        return engine.operators[name].format(f=f, **seed)

    nested, rest = "f", mode
    if case.program.arguments:
        nested = engine.dialect.language.closure.format(
            inputs="x", value=f"f({', '.join(INPUTS[: len(case.program.arguments) + 1])})"
        )
    match operator:
        case "derivative" | "gradient":
            nested, rest = first(mode[-1], nested), mode[:-1]
        case "second_derivative":
            nested, rest = first(mode[-2], first(mode[-1], nested)), mode[:-2]
        case "hessian":
            nested, rest = level(mode[-2], first(mode[-1], nested)), mode[:-2]
        case "pushforward":
            nested, rest = own("pushforward", nested, v="v"), mode[:-1]
        case "pullback":
            nested, rest = own("pullback", nested, w="w"), mode[:-1]
        case "hvp":
            inner = first(mode[-1], nested)
            along = (
                own("pushforward", inner, v="v")
                if mode[-2] == "F"
                else own("pullback", inner, w="v")
            )
            nested, rest = along, mode[:-2]
    for letter in reversed(rest):
        nested = level(letter, nested)
    return nested


def _by_several(engine: Engine, case: Case) -> tuple[list[str], str]:
    """Derivatives by one input after the other, each a function of all inputs.

    Each captures the inputs that it does not differentiate by, or takes them all and the place of
    the one.
    """
    language = engine.dialect.language
    names = ", ".join(INPUTS[: len(case.program.arguments) + 1])
    lines, nested = [], "f"
    for k, (letter, i) in enumerate(zip(reversed(case.mode), case.inputs, strict=True), start=1):
        if "{i}" in engine.mode_transforms[letter]:
            nested = engine.mode_transforms[letter].format(f=nested, i=i)
            continue
        name = INPUTS[i]
        derivative = engine.mode_transforms[letter].format(
            f=language.closure.format(inputs=name, value=f"{nested}({names})")
        )
        # A closure is called in parentheses.
        called = f"({derivative})" if language.is_closure(derivative) else derivative
        lines.append(language.function(f"d{k}", names, (), f"{called}({name})"))
        nested = f"d{k}"
    return lines, language.closure.format(inputs="x", value=f"{nested}({names})")
