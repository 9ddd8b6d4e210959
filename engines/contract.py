"""The contract: what an adapter is, and what comes back from asking an engine."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from generators.catalogue import CATALOGUE
from generators.dialects import Dialect, Unspeakable, render
from generators.programs import INPUTS, Case
from generators.reading import evaluate_steps


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One adapter: a dialect and a way to nest modes, as text in the engine's language.

    `header` imports what the scripts need. `levels` gives, for each letter of a mode word that the engine has, an
    expression with the function `{f}` in it that is the Jacobian function of `{f}`; the new input axes come last.
    `operators` gives the engine's own forms of "gradient" (reverse mode, of a function whose value is a number),
    "pushforward" (of `{f}` along the tangent `{v}`) and "pullback" (of the cotangent `{w}`), where it has them.
    `compile` and `run` are statements: the first makes `derivative` out of `{nested}` and `x`, the second leaves the
    answer as a NumPy array in `got`. `words` is a regular expression that a mode word must match to be asked.
    `unsupported` pairs exception type names with patterns of messages by which the engine itself documents that it
    does not have something. `distribution` is what `pip` knows it by, `module` what must import. `dtype` "float32" is
    for engines without float64: they are asked in float32 whatever can be asked so.
    """

    name: str
    distribution: str
    module: str
    header: str
    dialect: Dialect
    levels: Mapping[str, str]
    operators: Mapping[str, str] = field(default_factory=dict)
    compile: str = "derivative = {nested}"
    run: str = "got = np.asarray(derivative(x))"
    words: str = "[RF]+"
    unsupported: tuple[tuple[str, str], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    dtype: str = "float64"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", self.name):
            raise ValueError(f"name={self.name!r}: use lower-case letters, digits, '.', '_' and '-'")
        if not self.levels or not set(self.levels) <= {"R", "F"}:
            raise ValueError(f"levels of {self.name}: give an expression for 'R', for 'F', or for both")
        if not set(self.operators) <= {"gradient", "pushforward", "pullback"}:
            raise ValueError(f"operators of {self.name}: give expressions for gradient, pushforward and pullback only")
        self._check_templates()

    def _check_templates(self) -> None:
        """Raise ValueError naming the field whose template or pattern cannot work."""
        checks: list[tuple[str, Callable[[], object]]] = [
            *((f"levels of {k}", partial(v.format, f="f")) for k, v in self.levels.items()),
            *((f"operator {k}", partial(v.format, f="f", v="v", w="w")) for k, v in self.operators.items()),
            ("compile", partial(self.compile.format, nested="f")),
            ("words", partial(re.compile, self.words)),
            *(("unsupported", partial(re.compile, pattern)) for _, pattern in self.unsupported),
        ]
        for operation, spelling in self.dialect.spellings.items():
            row = CATALOGUE.get(operation)
            if row is None:
                raise ValueError(f"spellings of {self.name}: {operation!r} is not in the catalogue")
            if isinstance(spelling, str):
                texts = ["v"] * (row.arity or 1)
                checks.append((f"spelling of {operation}", partial(spelling.format, *texts, args="v", **row.params)))
        for where, check in checks:
            try:
                check()
            except (LookupError, ValueError, re.error) as error:
                raise ValueError(f"{where} of {self.name}: {type(error).__name__}: {error}") from None

    def answers(self, word: str) -> bool:
        """Whether the engine has this mode word at all."""
        return set(word) <= set(self.levels) and re.fullmatch(self.words, word) is not None

    def installed(self) -> bool:
        try:
            return importlib.util.find_spec(self.module) is not None
        except Exception:
            # Looking for a submodule imports its parents, which may raise anything.
            return False

    def version(self) -> str:
        """The installed release, or "" where there is none."""
        try:
            return importlib.metadata.version(self.distribution)
        except importlib.metadata.PackageNotFoundError:
            return ""

    def script(self, case: Case) -> Script:
        """The text that asks this engine the case. Raises Unspeakable where the dialect, the word or the operator is
        missing.
        """
        if not self.answers(case.word):
            raise Unspeakable(f"mode word {case.word}")
        lines = [render(case.program, self.dialect, case.input, dtype=case.dtype)]
        given = {"x": case.point if case.elsewhere is None else case.elsewhere}
        places = case.program.arguments
        given |= {n: case.program.steps[k - 1].arguments["value"] for n, k in zip(INPUTS[1:], places, strict=False)}
        given |= {n: value for n, value in (("v", case.tangent), ("w", case.cotangent)) if value is not None}
        lines += [f"{name} = {self.dialect.constant(value, case.dtype)}" for name, value in given.items()]
        if places and case.operator == "jacobian":
            definitions, nested = self._by_several(case)
            lines[1:1] = definitions
        else:
            nested = self._nested(case)
        compiling, run = self.compile.format(nested=nested) + "\n", self.run + "\n"
        if case.elsewhere is not None:
            compiling += "derivative(x)\n"
            run = f"x = {self.dialect.constant(case.point, case.dtype)}\n{run}"
        return Script(header=self.header, program="\n".join(lines) + "\n", compile=compiling, run=run)

    def _nested(self, case: Case) -> str:
        """The derivative of `f` that the operator asks for in the innermost letters, and Jacobians around it."""
        word, operator = case.word, case.operator
        output = evaluate_steps(case.program, case.input)[-1]
        scalar = output.ndim == 0

        def level(letter: str, f: str) -> str:
            return self.levels[letter].format(f=f)

        def first(letter: str, f: str) -> str:
            """The engine's own first derivative of a function of a number, or with a number for a value."""
            if letter == "R" and scalar and "gradient" in self.operators:
                return self.operators["gradient"].format(f=f)
            if letter == "F" and operator.endswith("derivative") and "pushforward" in self.operators:
                return self.operators["pushforward"].format(f=f, v=self.dialect.constant(1.0, case.dtype))
            return level(letter, f)

        def own(name: str, f: str, **seed: str) -> str:
            if name not in self.operators:
                raise Unspeakable(f"operator {operator}")
            return self.operators[name].format(f=f, **seed)

        nested, rest = "f", word
        if case.program.arguments:
            nested = f"lambda x: f({', '.join(INPUTS[: len(case.program.arguments) + 1])})"
        match operator:
            case "derivative" | "gradient":
                nested, rest = first(word[-1], nested), word[:-1]
            case "second_derivative":
                nested, rest = first(word[-2], first(word[-1], nested)), word[:-2]
            case "hessian":
                nested, rest = level(word[-2], first(word[-1], nested)), word[:-2]
            case "pushforward":
                nested, rest = own("pushforward", nested, v="v"), word[:-1]
            case "pullback":
                nested, rest = own("pullback", nested, w="w"), word[:-1]
            case "hvp":
                inner = first(word[-1], nested)
                along = own("pushforward", inner, v="v") if word[-2] == "F" else own("pullback", inner, w="v")
                nested, rest = along, word[:-2]
        for letter in reversed(rest):
            nested = level(letter, nested)
        return nested

    def _by_several(self, case: Case) -> tuple[list[str], str]:
        """Derivatives by one input after the other, each a function of all inputs that captures the others."""
        names = ", ".join(INPUTS[: len(case.program.arguments) + 1])
        lines, nested = [], "f"
        for k, (letter, i) in enumerate(zip(reversed(case.word), case.inputs, strict=True), start=1):
            name = INPUTS[i]
            derivative = self.levels[letter].format(f=f"lambda {name}: {nested}({names})")
            lines += [f"def d{k}({names}):", f"    return {_called(derivative)}({name})", "", ""]
            nested = f"d{k}"
        return lines, f"lambda x: {nested}({names})"


def _called(expression: str) -> str:
    return f"({expression})" if expression.startswith("lambda") else expression


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


@dataclass(frozen=True)
class Answer:
    """What came back: an array, or how it failed.

    `outcome` is "answered", "raised", "crashed", "timeout" or "unsupported"; for "raised", `stage` says where and
    `error` names the exception type; `message` is the engine's own, trimmed.
    """

    outcome: str
    value: np.ndarray | None = None
    stage: str = ""
    error: str = ""
    message: str = ""
    seconds: float = 0.0
