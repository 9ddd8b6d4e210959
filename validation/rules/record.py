"""What a case reaches: rules of an engine, each at a level.

The script of the case runs in this process. Around each function that it differentiates, the script
has `recorded(...)`. So the recorder sees every function at the place at which the engine
differentiates it, and observes which operations of the engine the result depends on.

The level of a rule is the number of the derivative that uses it, counted from the innermost one: in
mode FR, reverse mode is level 1 and forward mode is level 2. Derivatives that a program itself
computes do not count as levels.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ad_conformance.engines.contract import Engine
from ad_conformance.generators.ir.program import Case

#: A function of arrays, in the engine's library.
Function = Callable[..., Any]


@dataclass(frozen=True, order=True)
class Rule:
    """One rule: the engine, the table of the engine in which it is, and its name there."""

    engine: str
    table: str
    name: str


class Tables(Protocol):
    """The rules of one engine, and how to see which of them run."""

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The ways to call the engine; their scripts may leave out what runs no rule."""

    def rules(self) -> frozenset[Rule]:
        """All rules of the installed release."""

    def observe(
        self, f: Function, operands: tuple[Any, ...], letter: str
    ) -> tuple[Any, Callable[[], Iterable[Rule]]]:
        """`f(*operands)`, and what finds the rules that the derivative of `f` uses in the mode of
        this letter. The latter is called after the script has ended.
        """


class Recorder:
    """Runs cases of one engine and records the rules that they use."""

    def __init__(self, tables: Tables) -> None:
        self.rules = tables.rules()
        self._tables = tables
        self._engines: list[tuple[Engine, dict[str, Any]]] = []
        for engine in tables.engines:
            names: dict[str, Any] = {}
            exec(engine.header, names)
            observed = replace(
                engine,
                mode_transforms=_observed(engine.mode_transforms),
                operators=_observed(engine.operators),
            )
            self._engines.append((observed, names))

    def met(self, case: Case) -> frozenset[tuple[Rule, int]]:
        """The rules that the case uses, each with a level, in any way to call the engine.

        Raises UnsupportedOperation, or whatever the engine raises, if the case runs in none.
        """
        found: set[tuple[Rule, int]] = set()
        errors = []
        for engine, names in self._engines:
            try:
                found |= self._used(case, engine, names)
            except Exception as error:
                errors.append(error)
        if len(errors) == len(self._engines):
            raise errors[0]
        return frozenset(key for key in found if key[0] in self.rules)

    def _used(self, case: Case, engine: Engine, header: Mapping[str, Any]) -> set[tuple[Rule, int]]:
        found: dict[int, Callable[[], Iterable[Rule]]] = {}
        # The functions whose derivatives the engine is computing, outermost first.
        depth = 0

        def recorded(f: Function) -> Function:
            def observed(*operands: Any) -> Any:
                nonlocal depth
                letter, level = case.mode[depth], case.order - depth
                depth += 1
                try:
                    # An engine may call the function once for each column of a Jacobian.
                    if level in found:
                        return f(*operands)
                    value, found[level] = self._tables.observe(f, operands, letter)
                    return value
                finally:
                    depth -= 1

            return observed

        # A call at another point would use the same rules.
        script = engine.script(replace(case, warmup_point=None))
        names = {**header, "recorded": recorded}
        with warnings.catch_warnings(action="ignore"):
            for _, text in script.pieces:
                exec(text, names)
            return {(rule, level) for level, rules in found.items() for rule in rules()}


def _observed(templates: Mapping[str, str]) -> dict[str, str]:
    """Templates of derivatives in which the function is recorded."""
    return {key: text.replace("{f}", "recorded({f})") for key, text in templates.items()}
