"""A case as a script in an engine's language: the program, the nested derivative, the point, the
answer.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ad_conformance.engines.lanes import pick
from ad_conformance.engines.wrapping import functions, wrapped
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.mode import LETTERS
from ad_conformance.generators.ir.program import INPUTS, Case
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation, render
from ad_conformance.generators.render.language import PYTHON

#: How far a point nearby is away, relative and absolute.
NEARBY = 2.0**-7


class Writable(Protocol):
    """What a script needs of an engine; `contract.Engine` describes the fields."""

    @property
    def header(self) -> str: ...
    @property
    def dialect(self) -> Dialect: ...
    @property
    def mode_transforms(self) -> Mapping[str, str]: ...
    @property
    def operators(self) -> Mapping[str, str]: ...
    @property
    def wrappers(self) -> Mapping[str, str]: ...
    @property
    def wrapper_functions(self) -> str: ...
    @property
    def closed_wrappers(self) -> Collection[str]: ...
    @property
    def compile(self) -> str: ...
    @property
    def run(self) -> str: ...


@dataclass(frozen=True)
class Script:
    """The text of one case for one engine, in pieces: a failure is reported with the piece that
    failed.

    `point` assigns the point of the case again, after the derivative was compiled at another one;
    else it is "". `elsewhere` assigns a point nearby, and `back` the point of the case. They are
    for further calls and no part of the text; "" if the script cannot be called again so. `pick` is
    the index of the lane that the text is about, if the pieces give all lanes of a batch.
    """

    header: str
    program: str
    compile: str
    run: str
    point: str = ""
    elsewhere: str = ""
    back: str = ""
    pick: str = ""

    @property
    def text(self) -> str:
        return f"{self.header}\n\n{self.program}{self.compile}{self.point}{self.picked}"

    @property
    def picked(self) -> str:
        """`run`, and the choice of a lane."""
        return f"{self.run}got = got[{self.pick}]\n" if self.pick else self.run

    @property
    def pieces(self) -> tuple[tuple[str, str], ...]:
        """The pieces after the header that run one after the other: the stage and text of each."""
        found = (
            ("compile", self.program),
            ("compile", self.compile),
            ("run", self.point),
            ("run", self.run),
        )
        return tuple(piece for piece in found if piece[1])

    @property
    def further(self) -> tuple[tuple[str, str], ...]:
        """The pieces of further calls: at the point nearby, then at the point of the case."""
        if not self.elsewhere:
            return ()
        return (
            ("elsewhere", f"{self.elsewhere}{self.run}"),
            ("again", self.back),
            ("again", self.run),
        )


def write(engine: Writable, case: Case) -> Script:
    """The script in the language of the engine's dialect.

    Raises UnsupportedOperation if the engine has no template for an operation of the program, no
    arrays of the dtype, no form of the operator, or no wrapper of the case.
    """
    script, (nested,) = write_all(engine, (case,))
    run = script.run
    if case.direction is not None:
        run += _directed(engine.dialect, case)
    compiling = engine.compile.format(nested=nested) + "\n"
    if case.warmup_point is not None:
        compiling += "derivative(x)\n"
    return replace(script, compile=compiling, run=run, pick=pick(engine.wrappers, case))


def write_all(engine: Writable, cases: Sequence[Case]) -> tuple[Script, list[str]]:
    """The script of cases that differ in mode and operator only, without what compiles, and the
    text of the nested derivative of each. Raises UnsupportedOperation as `write` does.
    """
    case, dialect = cases[0], engine.dialect
    lines = [render(case.program, dialect, case.input, dtype=case.dtype, names_chosen=case.names)]
    given = {"x": case.point if case.warmup_point is None else case.warmup_point}
    value_ids = case.program.arguments
    given |= {
        n: case.program.steps[k - 1].arguments["value"]
        for n, k in zip(INPUTS[1:], value_ids, strict=False)
    }
    given |= {
        n: value
        for one in cases
        for n, value in (("v", one.tangent), ("w", one.cotangent))
        if value is not None
    }
    captured = dialect.language.captured
    for name, value in given.items():
        # The derivative takes x as an argument, and x may be assigned again.
        assigned = "{name} = {value}" if name == "x" else captured
        lines.append(assigned.format(name=name, value=dialect.constant(value, case.dtype)))
    nested = []
    for n, one in enumerate(cases):
        if value_ids and one.operator == "jacobian":
            definitions, text = _by_several(engine, one, f"_{n}" if n else "")
            lines[1:1] = definitions
        else:
            scalar = evaluate_steps(one.program, one.input)[-1].ndim == 0
            text = derivative_text(engine, one, scalar)
        nested.append(text)
    back = f"x = {dialect.constant(case.point, case.dtype)}\n"
    script = Script(
        header=engine.header,
        program=functions(engine, case) + "\n".join(lines) + "\n",
        compile="",
        run=engine.run + "\n",
        point="" if case.warmup_point is None else back,
        elsewhere=f"x = {dialect.constant(_nearby(case.point), case.dtype)}\n",
        back=back,
    )
    return script, nested


def _directed(dialect: Dialect, case: Case) -> str:
    """Contracts the answer with the direction, in float64."""
    if dialect.language is not PYTHON:
        raise UnsupportedOperation("direction")
    return (
        "import numpy\n\n"
        f"u = numpy.array({PYTHON.literal(case.direction)})\n"
        f"got = numpy.asarray(numpy.tensordot(got, u, {case.input.ndim}), dtype=got.dtype)\n"
    )


def _nearby(point: object) -> object:
    """A point at which nearly every derivative has another value: all numbers differ from those of
    `point`, zeros included.
    """
    if isinstance(point, tuple):
        return tuple(_nearby(part) for part in point)
    moved = float(point) * (1 + NEARBY) + NEARBY  # type: ignore[arg-type]
    return moved if math.isfinite(moved) else point


def derivative_text(engine: Writable, case: Case, scalar: bool) -> str:
    """The derivative of `f` that the operator asks for, and full derivatives around it.

    `scalar` says whether the value of `f` is a number. Raises UnsupportedOperation if the engine
    has no form of the operator.
    """
    mode, operator = case.mode, case.asked
    seed = "v" if operator.seed == "tangent" else "w"

    def jacobian(letter: str, f: str) -> str:
        return engine.mode_transforms[letter].format(f=f, i=0)

    def derivative(letter: str, f: str) -> str:
        """The engine's own first derivative of or to a number, if it has one."""
        product = LETTERS[letter].product
        if product == "pullback" and scalar and "gradient" in engine.operators:
            return engine.operators["gradient"].format(f=f)
        if product == "pushforward" and operator.of_number and product in engine.operators:
            one = engine.dialect.constant(1.0, case.dtype)
            return engine.operators[product].format(f=f, v=one)
        return jacobian(letter, f)

    def product_with_seed(letter: str, f: str) -> str:
        product = LETTERS[letter].product
        if product not in engine.operators:
            raise UnsupportedOperation(f"operator {operator.name}")
        return engine.operators[product].format(
            f=f, **{"v" if product == "pushforward" else "w": seed}
        )

    writers = {"jacobian": jacobian, "derivative": derivative, "product": product_with_seed}
    nested = "f"
    if case.program.arguments:
        nested = engine.dialect.language.closure.format(
            inputs="x", value=f"f({', '.join(INPUTS[: len(case.program.arguments) + 1])})"
        )
    letters = mode[::-1]
    levels = operator.levels + ("jacobian",) * (case.order - len(operator.levels))
    nested = wrapped(engine, case, 0, nested)
    done = 0
    # The engine's own form has no levels inside that a wrapper could be around.
    if (
        operator.whole
        and operator.name in engine.operators
        and not any(case.wrappers[1 : operator.order])
    ):
        done = operator.order
        inner, outer = letters[0], letters[done - 1]
        own = engine.operators[operator.name].format(f=nested, v=seed, inner=inner, outer=outer)
        nested = wrapped(engine, case, done, own)
    rest = zip(letters[done:], levels[done:], strict=True)
    for k, (letter, level) in enumerate(rest, start=done + 1):
        nested = wrapped(engine, case, k, writers[level](letter, nested))
    return nested


def _by_several(engine: Writable, case: Case, suffix: str = "") -> tuple[list[str], str]:
    """Derivatives by one input after the other: definitions of functions, and the last one by name.

    Each derivative is a function of all inputs. A transform with `{i}` takes all inputs and the
    index of the one to differentiate by. Otherwise a closure captures the inputs that are not
    differentiated by. The names of the definitions end in `suffix`.
    """
    language = engine.dialect.language
    names = ", ".join(INPUTS[: len(case.program.arguments) + 1])
    lines, nested = [], "f"
    for k, (letter, i) in enumerate(zip(reversed(case.mode), case.inputs, strict=True), start=1):
        if "{i}" in engine.mode_transforms[letter]:
            if case.wrappers:
                raise UnsupportedOperation("wrappers of a function of several inputs")
            nested = engine.mode_transforms[letter].format(f=nested, i=i)
            continue
        name = INPUTS[i]
        closure = language.closure.format(inputs=name, value=f"{nested}({names})")
        derivative = engine.mode_transforms[letter].format(
            f=wrapped(engine, case, k - 1, closure, i)
        )
        # A closure is put in parentheses to be called.
        called = f"({derivative})" if language.is_closure(derivative) else derivative
        lines.append(language.function(f"d{k}{suffix}", names, (), f"{called}({name})"))
        nested = f"d{k}{suffix}"
    whole = language.closure.format(inputs="x", value=f"{nested}({names})")
    return lines, wrapped(engine, case, case.order, whole)
