"""The contract: what an adapter is, and what comes back from asking an engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from ad_conformance.engines.process.runners import HERE, Runner
from ad_conformance.engines.script import Script, write
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.mode import ANY_MODE, LETTERS
from ad_conformance.generators.ir.operator import OWN_FORMS
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One adapter: a dialect and a way to nest modes, as text in the engine's language.

    `header` imports what the scripts need. `levels` gives, for each letter of a mode word that the
    engine has, an expression with the function `{f}` in it that is the Jacobian function of `{f}`;
    the new input axes come last. With `{i}` in it, the place of an input, it is a function of all
    the inputs of `{f}`, differentiated by that one. `operators` gives the engine's own forms of
    "gradient" (reverse mode, of a function whose value is a number), "pushforward" (of `{f}` along
    the tangent `{v}`) and "pullback" (of the cotangent `{w}`), where it has them. `compile` and
    `run` are statements: the first makes `derivative` out of `{nested}` and `x`, the second leaves
    the answer as a NumPy array in `got`. `words` is a regular expression that a mode word must
    match to be asked. `unsupported` pairs exception type names with patterns of messages by which
    the engine itself documents that it does not have something. `distribution` is what `pip` knows
    it by, `module` what must import. `runner` starts the process that runs the scripts; `writer`
    makes them, for an engine whose nesting is more than text around a function. `dtype` "float32"
    is for engines without float64: they are asked in float32 whatever can be asked so. `patience`
    is how many times as long as others it may take for a case.
    """

    name: str
    distribution: str
    module: str
    header: str
    dialect: Dialect
    mode_transforms: Mapping[str, str]
    operators: Mapping[str, str] = field(default_factory=dict)
    compile: str = "derivative = {nested}"
    run: str = "got = np.asarray(derivative(x))"
    modes: str = ANY_MODE
    unsupported: tuple[tuple[str, str], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    runner: Runner = HERE
    writer: Callable[[Engine, Case], Script] = write
    dtype: str = "float64"
    timeout_factor: float = 1.0

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*(@[\w.+!]+)?", self.name):
            raise ValueError(
                f"name={self.name!r}: use lower-case letters, digits, '.', '_' and '-'"
            )
        if not self.mode_transforms or not set(self.mode_transforms) <= set(LETTERS):
            raise ValueError(
                f"mode_transforms of {self.name}: give an expression for one or more of "
                f"{', '.join(LETTERS)}"
            )
        if not set(self.operators) <= set(OWN_FORMS):
            raise ValueError(
                f"operators of {self.name}: give expressions for {', '.join(OWN_FORMS)} only"
            )
        self._check_templates()

    def _check_templates(self) -> None:
        """Raise ValueError naming the field whose template or pattern cannot work."""
        checks: list[tuple[str, Callable[[], object]]] = [
            *(
                (f"mode_transforms of {k}", partial(v.format, f="f", i=0))
                for k, v in self.mode_transforms.items()
            ),
            *(
                (f"operator {k}", partial(v.format, f="f", v="v", w="w"))
                for k, v in self.operators.items()
            ),
            ("compile", partial(self.compile.format, nested="f")),
            ("modes", partial(re.compile, self.modes)),
            *(("unsupported", partial(re.compile, pattern)) for _, pattern in self.unsupported),
        ]
        for operation, template in self.dialect.templates.items():
            row = CATALOGUE.get(operation)
            if row is None:
                raise ValueError(f"spellings of {self.name}: {operation!r} is not in the catalogue")
            if isinstance(template, str):
                texts = ["v"] * (row.arity or 1)
                checks.append(
                    (
                        f"spelling of {operation}",
                        partial(template.format, *texts, args="v", **row.params),
                    )
                )
        for where, check in checks:
            try:
                check()
            except (LookupError, ValueError, re.error) as error:
                raise ValueError(
                    f"{where} of {self.name}: {type(error).__name__}: {error}"
                ) from None

    @property
    def base(self) -> str:
        """The name without the release that it may have."""
        return self.name.partition("@")[0]

    def answers(self, mode: str) -> bool:
        """Whether the engine has this mode word at all."""
        return set(mode) <= set(self.mode_transforms) and re.fullmatch(self.modes, mode) is not None

    def installed(self) -> bool:
        return self.runner.installed(self.module)

    def version(self) -> str:
        """The installed release, or "" where there is none."""
        return self.runner.version(self.distribution)

    def script(self, case: Case) -> Script:
        """The text that asks this engine the case. Raises Unspeakable where the dialect, the word
        or the operator is missing.
        """
        if not self.answers(case.mode):
            raise UnsupportedOperation(f"mode word {case.mode}")
        return self.writer(self, case)


@dataclass(frozen=True)
class Answer:
    """What came back: an array, or how it failed.

    `outcome` is "answered", "raised", "crashed", "timeout" or "unsupported"; for "raised", `stage`
    says where and `error` names the exception type; `message` is the engine's own, trimmed;
    `printed` is what its process printed, whatever the outcome. Of `seconds`, `compiling` were
    spent tracing, transforming and compiling; of a process that died or was late that is not known.
    """

    outcome: str
    value: np.ndarray | None = None
    stage: str = ""
    error: str = ""
    message: str = ""
    seconds: float = 0.0
    compiling: float = 0.0
    printed: str = ""
