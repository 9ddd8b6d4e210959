"""The contract of an adapter: the `Engine` that it provides, and the `Answer` of an engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from ad_conformance.engines.process.runners import HERE, Runner
from ad_conformance.engines.script import Script, write
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.mode import ANY_MODE, LETTERS
from ad_conformance.generators.ir.nest import WRAPPERS, names_of
from ad_conformance.generators.ir.operator import OWN_FORMS
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One adapter: how an engine writes operations, and how it nests modes.

    The fields are text in the engine's language. The script of a case consists of such text. It has
    four pieces, which run in this order: `header`, the program, `compile` and `run`. The program
    defines the function `f` of the inputs `x`, `y` ... and the point `x`; also the tangent `v` and
    the cotangent `w`, if the case has them.

    Raises ValueError, which names the field, if a field cannot work.
    """

    #: The name by which users ask for the engine: lower-case letters, digits, ".", "_" and "-".
    name: str
    #: The name under which `pip` knows the library. Its release is the engine's version.
    distribution: str
    #: The module that must be importable for the engine to count as installed.
    module: str
    #: Statements that run once in each process: imports, and functions that the other pieces need.
    header: str
    #: How the engine writes operations and arrays.
    dialect: Dialect
    #: For each letter of the engine, "R" or "F", the template of a derivative. `{f}` is the text of
    #: a function of `x`. The result is an expression: the function that gives the Jacobian of `{f}`
    #: at `x`, of shape `f(x).shape + x.shape`. A mode nests these templates. If the template also
    #: has `{i}`, the index of an input, the result is a function of all inputs, which takes the
    #: derivative with respect to that input. This is for a library that cannot differentiate a
    #: closure.
    mode_transforms: Mapping[str, str]
    #: Templates of the engine's own forms of some derivatives, if it has such forms. Each result is
    #: a function of `x`. "gradient": of `{f}`, whose value is a number, in reverse mode.
    #: "pushforward": of `{f}` along the tangent `{v}`. "pullback": of the cotangent `{w}` through
    #: `{f}`. "derivative", of a function of a number, in the mode `{inner}`; "second_derivative",
    #: "hessian" and "hvp" (along `{v}`) in the mode `{outer}{inner}`.
    operators: Mapping[str, str] = field(default_factory=dict)
    #: For each wrapper of WRAPPERS that the engine has, the template of an expression: the function
    #: `{f}`, made in another way. `{f}` may refer to the names of inputs: a lambda around it must
    #: use another name, such as `t`. A template of a batch may have `{others}`, an array of two
    #: other points along its first axis, and `{lane}`, the index of the result at the input. If the
    #: batch is around the whole, `{lane}` is "...", and all lanes are judged.
    wrappers: Mapping[str, str] = field(default_factory=dict)
    #: Definitions of functions that these templates use. They are part of scripts with wrappers.
    wrapper_functions: str = ""
    #: Wrappers of functions that must not capture what is differentiated by. They are asked of
    #: programs with one input only.
    closed_wrappers: Collection[str] = ()
    #: Wrappers that take seconds for a case. The suite asks them if `--wrappers` names them.
    slow_wrappers: Collection[str] = ()
    #: Wrappers whose exceptions leave the process in a state in which later cases fail. After such
    #: an exception, the next case is asked in a new process.
    fragile_wrappers: Collection[str] = ()
    #: Template of the statements that make the function `derivative` of `{nested}`, the text of the
    #: nested derivative. They may use `x`. An exception in them is a compile failure.
    compile: str = "derivative = {nested}"
    #: Template of the statements that make the function `derivatives` of `{all}`, the texts of
    #: several nested derivatives with commas between them. It returns a list of their values.
    #: Give it if one compilation costs less than several. "": each is asked alone.
    compile_all: str = ""
    #: Statements that call `derivative` and assign the answer to `got`, as a NumPy array of the
    #: derivative's shape. An exception in them is a runtime failure.
    run: str = "got = np.asarray(derivative(x))"
    #: A regular expression that matches the modes that the engine can be asked, "R" or "RF" for
    #: instance.
    modes: str = ANY_MODE
    #: Pairs of an exception type's name and a regular expression. If an exception has this type and
    #: the expression is found in its message, the engine documents that it does not have what was
    #: asked. The outcome is then "unsupported" and not a failure. With a third expression, only for
    #: scripts in which it is found: a function may say so of what the script calls, or of what it
    #: calls itself.
    unsupported: tuple[tuple[str, str] | tuple[str, str, str], ...] = ()
    #: Environment variables of the engine's process.
    environment: Mapping[str, str] = field(default_factory=dict)
    #: What starts the process that runs the scripts.
    runner: Runner = HERE
    #: What makes the script of a case. An engine needs another one if its nesting is more than text
    #: around the text of a function. It raises UnsupportedOperation for what the engine lacks.
    writer: Callable[[Engine, Case], Script] = write
    #: "float64", or "float32" for an engine that has no float64. The `array` of its dialect is then
    #: None, and it is asked the cases whose numbers are exact in float32.
    dtype: str = "float64"
    #: Python statements that say whether the engine can be asked on this machine, for instance
    #: whether there is a device. They run in the engine's interpreter, once, before its first case;
    #: `sys.exit("no CUDA device")` gives a reason, and the engine is then skipped.
    device_check: str = ""
    #: How many times as much time as other engines this one may take for a case.
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
        named = {*self.wrappers, *self.closed_wrappers, *self.fragile_wrappers}
        if unknown := sorted(named - set(WRAPPERS)):
            raise ValueError(
                f"wrappers of {self.name}: {unknown[0]!r} is not one of {', '.join(WRAPPERS)}"
            )
        for name, template in self.wrappers.items():
            if re.search(r"lambda (.*, *)?[xyzuvw] *[,:]", template):
                raise ValueError(
                    f"wrapper {name} of {self.name}: {{f}} may refer to x, y, z, u, v and w; use "
                    f"other names in lambda"
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
                (f"operator {k}", partial(v.format, f="f", v="v", w="w", outer="R", inner="R"))
                for k, v in self.operators.items()
            ),
            *(
                (f"wrapper {k}", partial(v.format, f="f", others="others", lane="1"))
                for k, v in self.wrappers.items()
            ),
            ("compile", partial(self.compile.format, nested="f")),
            ("compile_all", partial(self.compile_all.format, all="f, f")),
            ("modes", partial(re.compile, self.modes)),
            *(
                ("unsupported", partial(re.compile, pattern))
                for _, *patterns in self.unsupported
                for pattern in patterns
            ),
        ]
        for operation, template in self.dialect.templates.items():
            row = CATALOGUE.get(operation)
            if row is None:
                raise ValueError(f"templates of {self.name}: {operation!r} is not in the catalogue")
            if isinstance(template, str):
                texts = ["v"] * (row.arity or 1)
                fill_in = partial(template.format, *texts, args="v", **row.params)
                checks.append((f"template of {operation}", fill_in))
        for field_name, check in checks:
            try:
                check()
            except (LookupError, ValueError, re.error) as error:
                raise ValueError(
                    f"{field_name} of {self.name}: {type(error).__name__}: {error}"
                ) from None

    @property
    def base(self) -> str:
        """The name without the release, which may follow after "@"."""
        return self.name.partition("@")[0]

    def answers(self, mode: str) -> bool:
        """Whether the engine can be asked this mode."""
        return set(mode) <= set(self.mode_transforms) and re.fullmatch(self.modes, mode) is not None

    def absent(self) -> str:
        """Why the engine cannot be asked on this machine, or ""."""
        if not self.runner.installed(self.module):
            return f"{self.distribution} is not installed{self.runner.where()}"
        if self.device_check:
            return self.runner.reason_against(self.device_check, self.environment)
        return ""

    def installed(self) -> bool:
        """Whether the engine can be asked on this machine."""
        return not self.absent()

    def version(self) -> str:
        """The installed release, or "" if the engine is not installed."""
        return self.runner.version(self.distribution)

    def documented(self, answer: Answer, script: str = "") -> Answer:
        """The answer, "unsupported" if it is an exception by which the engine says that it does not
        have what was asked. `script` is the text that was run.
        """
        for name, pattern, *called in self.unsupported:
            told = answer.error == name and re.search(pattern, answer.message)
            if told and all(re.search(text, script) for text in called):
                return replace(answer, outcome="unsupported")
        return answer

    def script(self, case: Case) -> Script:
        """The script that asks this engine the case.

        Raises UnsupportedOperation if the engine does not have the mode, an operation, a wrapper,
        the operator or the dtype of the case.
        """
        if not self.answers(case.mode):
            raise UnsupportedOperation(f"mode {case.mode}")
        for name in names_of(case.wrappers):
            if name not in self.wrappers:
                raise UnsupportedOperation(f"wrapper {name}")
        return self.writer(self, case)


@dataclass(frozen=True)
class Answer:
    """What came back for one case: an array, or how the engine failed."""

    #: "answered"; "raised", an exception; "crashed", the process ended; "timeout"; "unsupported",
    #: the engine does not have what was asked.
    outcome: str
    #: The array in `got`; None for all outcomes but "answered".
    value: np.ndarray | None = None
    #: The piece of the script that raised, "compile" or "run"; "" for other outcomes.
    stage: str = ""
    #: The name of the exception type, or of the signal or exit code that ended the process.
    error: str = ""
    #: The engine's own message, cut after 2000 characters. Of an answer with a value: what is wrong
    #: beside the value, for instance that an input was changed.
    message: str = ""
    #: Seconds that the script took.
    seconds: float = 0.0
    #: Seconds of those in tracing, transforming and compiling; 0 if the process ended or was late.
    compiling: float = 0.0
    #: The last lines that the engine's process printed, whatever the outcome.
    printed: str = ""
    #: The value of a second call at the same point, if it differs from `value`.
    second: np.ndarray | None = None
    #: Whether the derivative was compiled together with those of other modes.
    together: bool = False
    #: The innermost calls of the traceback of an exception, "" if the worker does not tell them.
    traceback: str = ""
    #: If a batch is around the whole: the answers of the lanes at other points, each with the case
    #: that it answers.
    lanes: tuple[tuple[Case, Answer], ...] = ()
    #: The number of the lane that this answer is of; None for the lane at the point of the case.
    lane: int | None = None
