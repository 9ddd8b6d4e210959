"""`check`: are the derivatives of a function right in an engine?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from ad_conformance.conformance.functions import estimate
from ad_conformance.conformance.functions.arguments import Arguments, BadArguments
from ad_conformance.conformance.functions.ask import answer
from ad_conformance.conformance.functions.question import FULL, Question, Subject
from ad_conformance.conformance.functions.report import Report, Row
from ad_conformance.conformance.functions.subject import Loaded, load
from ad_conformance.conformance.known_failures import load as load_entries
from ad_conformance.conformance.pool import EnginePool, truth_of
from ad_conformance.conformance.reference.certify import MAX_ORDER
from ad_conformance.conformance.severity import severity_of
from ad_conformance.conformance.standings.standing import Standings
from ad_conformance.conformance.suite.wording import worst_entry
from ad_conformance.conformance.verdicts import Result, Verdict, judge
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.engines.importing.library import LIBRARIES
from ad_conformance.engines.process.sandbox import EngineUnavailable
from ad_conformance.engines.script import NEARBY
from ad_conformance.generators.ir.mode import is_mode
from ad_conformance.generators.ir.program import DTYPES, Case

MODES = ("R", "F", "RR", "FR", "RF", "FF")
#: What is asked: the engine, the mode, and the wrapper, "vmap" or "".
Place = tuple[str, str, str]


def check(
    function: Callable[..., Any],
    *args: Any,
    engine: str | Sequence[str] | None = None,
    modes: Iterable[str] = MODES,
    wrt: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    dtype: str | None = None,
    vmap: bool = False,
) -> Report:
    """Check derivatives of a function at a point, in each mode.

    function: a function of arrays of JAX, PyTorch, HIPS autograd, NumPy or the array API, or of
        numbers; also a module of PyTorch. It returns an array, a number, or tuples, lists and
        dictionaries of these.
    args, kwargs: the arguments at the point: arrays of any library, numbers, and tuples, lists
        and dictionaries of these. A list of numbers is an array.
    engine: the name of an engine, or several. Default: all installed engines that differentiate
        functions of the library of `function`; of functions of NumPy, those that
        `pip install 'ad-conformance[engines]'` installs.
    modes: the nestings of derivatives: one letter for each order, R for reverse and F for forward
        mode, the outermost first; up to order 4.
    wrt: what to differentiate by: indices of positional arguments, names of arguments or of
        entries of dictionaries, or a tuple of these; of a module of PyTorch, "parameters" or names
        of its parameters. Default: all positional arguments; of a module, its parameters.
    dtype: "float64" or "float32". Default: the dtype of the arguments.
    vmap: whether each mode is also asked of one lane of `vmap(function)`, in libraries with vmap.

    The engine of the function's library is asked for derivatives of the function itself, in this
    process; other engines are asked for those of the program that it was imported as. Each answer
    is compared with the certified derivative of this program. If the function cannot be imported,
    the derivative is estimated by finite differences.

    Raises ValueError (BadArguments, or for an unknown engine or mode), with what to do instead.
    """
    return Check(
        function, args, engine=engine, modes=modes, wrt=wrt, kwargs=kwargs, dtype=dtype, vmap=vmap
    ).report()


def assert_derivatives(function: Callable[..., Any], *args: Any, **options: Any) -> None:
    """The same for tests: raises WrongDerivative with the table if a derivative is wrong or an
    engine fails. The options are those of `check`.
    """
    check(function, *args, **options).raise_if_wrong()


def _modes(modes: Iterable[str]) -> tuple[str, ...]:
    asked = tuple(modes.split(",")) if isinstance(modes, str) else tuple(modes)
    if not asked:
        raise BadArguments("modes: give one or more, such as 'RR'")
    for mode in asked:
        if not is_mode(mode) or len(mode) > MAX_ORDER:
            raise BadArguments(
                f"mode {mode!r}: give 1 to {MAX_ORDER} letters, R for reverse and F for forward "
                f"mode, such as 'FR'"
            )
    return asked


def _engine(name: str) -> Engine:
    try:
        found = registry.find(name)
    except registry.UnknownEngine as error:
        raise BadArguments(str(error)) from None
    if why := found.absent():
        raise BadArguments(f"engine {name}: {why}")
    return found


def _default(loaded: Loaded) -> list[Engine]:
    own = [library for library in LIBRARIES if library.name in loaded.subjects and library.engines]
    libraries = own or [library for library in LIBRARIES if library.installed()]
    names = [name for library in libraries for name in library.engines[: library.default]]
    found = [registry.find(name) for name in names]
    installed = [engine for engine in found if not engine.absent()]
    if not installed:
        raise BadArguments(
            "no engine is installed that this function could be asked of; "
            "pip install 'ad-conformance[engines]', or give engine='inhouse'"
        )
    return installed


class Check:
    """A check of one function: its certified derivatives, and the engines.

    The options are those of `check`. Raises ValueError, as `check` does.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        *,
        engine: str | Sequence[str] | None = None,
        modes: Iterable[str] = MODES,
        wrt: Any = None,
        kwargs: Mapping[str, Any] | None = None,
        dtype: str | None = None,
        vmap: bool = False,
    ) -> None:
        self.modes = _modes(modes)
        self.vmap = vmap
        self.chosen = engine is not None
        if dtype not in (None, *DTYPES):
            raise BadArguments(f"dtype {dtype!r}: give {' or '.join(DTYPES)}")
        given = (engine,) if isinstance(engine, str) else engine
        named = None if given is None else [_engine(name) for name in given]
        self.loaded = load(function, args, dict(kwargs or {}), wrt, dtype, named)
        self.engines = {found.name: found for found in named or _default(self.loaded)}
        self.pool = EnginePool(self.engines.values(), every=1)
        self.standings = Standings(load_entries(), self.pool.probe)
        self.estimates = estimate.Estimates()

    def report(
        self,
        *,
        at: Callable[[Place | None], None] = lambda place: None,
        failed: Mapping[Place, Answer] | None = None,
    ) -> Report:
        """The report. `at` is called with a place before an engine is asked, and with None after
        that. Places of `failed` are not asked: they have this answer, since they ended the process.
        """
        loaded = self.loaded
        wrappers = ("", "vmap") if self.vmap else ("",)
        try:
            rows = [
                row
                for engine in self.engines.values()
                for mode in self.modes
                # Nobody asked for a mode that an engine of the default does not have.
                if self.chosen or engine.answers(mode)
                for wrapper in wrappers
                if (row := self._row(engine, mode, wrapper, at, failed or {})) is not None
            ]
        finally:
            self.pool.close()
        undecided = any(
            row.result is not None and row.result.truth.judged is not None for row in rows
        )
        return Report(
            name=loaded.name,
            rows=tuple(rows),
            arguments=loaded.arguments,
            versions={name: engine.version() for name, engine in self.engines.items()},
            imported=loaded.described,
            not_imported=loaded.not_imported,
            kinks=loaded.kinks() if undecided else (),
            notes=(*loaded.notes, *loaded.asked_the_program(self.engines)),
        )

    def _row(
        self,
        engine: Engine,
        mode: str,
        wrapper: str,
        at: Callable[[Place | None], None],
        failed: Mapping[Place, Answer],
    ) -> Row | None:
        """The row of a place; None if the engine cannot be asked with this wrapper."""
        subject, itself = self.loaded.subject(engine.base)
        question = subject.question(mode)
        asked = question
        if wrapper:
            lane = self._lane(subject) if itself and engine.answers(mode) else None
            if lane is None:
                return None
            asked = lane.question(mode)
        why = ""
        if not engine.answers(mode):
            why = f"{engine.name} has no mode {mode}"
        elif subject.program is None and not itself:
            why = f"the function is not one of {engine.name} and could not be imported"
        if why:
            silent = Answer("unsupported", message=why)
            return Row(engine.name, mode, "unsupported", question.about, silent, reason=why)
        if subject.program is not None:
            # Certified before the engine is asked: this takes none of the engine's time.
            truth = truth_of(question.case)
        place = (engine.name, mode, wrapper)
        found = failed.get(place)
        if found is None:
            at(place)
            found = (
                answer(asked, engine, subject.library)
                if itself
                else self._rendered(asked.case, engine.name)
            )
            at(None)
        if subject.program is None:
            estimated = estimate.row(subject, question, engine.name, found, self.estimates)
            return replace(estimated, wrapper=wrapper)
        row = self._compared(question, engine, judge(question.case, engine.name, found, truth))
        # The wrapper is no part of the case, by which known failures are found.
        return replace(row, wrapper=wrapper, known=None) if wrapper else row

    def _lane(self, subject: Subject) -> Subject | None:
        """One lane of `vmap(function)` as the function; None if the library has no vmap."""
        library, function = subject.library, subject.function
        if library.lane is None or function is None:
            return None
        with library.settings(subject.dtype):
            other = library.array(subject.point * (1 + NEARBY) + NEARBY, subject.dtype)
            return replace(subject, function=library.lane(function, other))

    def _rendered(self, case: Case, engine: str) -> Answer:
        """The answer of an engine to the program, in a sandbox."""
        try:
            return self.pool.judge(case, engine).answer
        except EngineUnavailable as error:
            raise BadArguments(str(error)) from None

    def _compared(self, question: Question, engine: Engine, result: Result) -> Row:
        found, truth = result.answer, result.truth
        expected = truth.expected
        worst, digits, entry = None, math.nan, ""
        if found.value is not None:
            worst, digits = worst_entry(found.value, truth)
        if worst is not None:
            entry = _entry_name(worst, question, self.loaded.arguments)
        return Row(
            engine.name,
            result.case.mode,
            str(result.verdict),
            question.about,
            found,
            value=found.value,
            truth=expected,
            worst=worst,
            digits=digits,
            error_ratio=result.error_ratio,
            entry=entry,
            reason=_reason(result),
            known=self.standings.match(result, engine),
            result=result,
        )


def _reason(result: Result) -> str:
    found = result.answer
    if result.verdict is Verdict.IMPURE:
        return found.message
    if found.error:
        return f"{found.error}: {found.message}".rstrip(": ")
    if found.outcome in ("unsupported", "timeout"):
        return found.message
    if result.verdict in (Verdict.CONVENTION, Verdict.UNCERTIFIED):
        return result.truth.reason
    if result.is_finding and (severity := severity_of(result)):
        return severity.text
    judged = result.truth.judged
    if judged is not None:
        others = judged.size - int(np.sum(judged))
        return (
            f"compared in {judged.size - others} of {judged.size} entries; at a kink, the value "
            f"of the others is a convention"
        )
    return ""


def _entry_name(index: tuple[int, ...], question: Question, given: Arguments) -> str:
    """The name of an entry of a full derivative: the output, then the inputs."""
    if not index or question.about != FULL:
        return ", ".join(map(str, index))
    axes = np.ndim(question.case.point)
    order = len(question.case.mode)
    outputs = len(index) - axes * order
    inputs = [
        given.entry(index[outputs + k * axes : outputs + (k + 1) * axes]) for k in range(order)
    ]
    return f"{list(index[:outputs])} " * (outputs > 0) + "by " + ", ".join(inputs)
