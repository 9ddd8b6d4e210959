"""`check`: are the derivatives of a function right in an engine?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from ad_conformance.conformance.functions import estimate
from ad_conformance.conformance.functions.arguments import Arguments, BadArguments, arguments
from ad_conformance.conformance.functions.ask import answer
from ad_conformance.conformance.functions.question import Question
from ad_conformance.conformance.functions.report import Report, Row
from ad_conformance.conformance.functions.subject import Loaded, load
from ad_conformance.conformance.known_failures import load as load_entries
from ad_conformance.conformance.pool import EnginePool, truth_of
from ad_conformance.conformance.reference.certify import MAX_ORDER, Truth
from ad_conformance.conformance.severity import severity_of
from ad_conformance.conformance.standings.standing import Standings
from ad_conformance.conformance.verdicts import Result, Verdict, judge
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.engines.importing.library import LIBRARIES
from ad_conformance.engines.process.sandbox import EngineUnavailable
from ad_conformance.generators.ir.mode import is_mode

MODES = ("R", "F", "RR", "FR", "RF", "FF")


def check(
    function: Callable[..., Any],
    *args: Any,
    engine: str | Sequence[str] | None = None,
    modes: Iterable[str] = MODES,
    wrt: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    dtype: str | None = None,
) -> Report:
    """Check derivatives of a function at a point, in each mode.

    function: a function of arrays of JAX, PyTorch, HIPS autograd, NumPy or the array API, or of
        numbers; also a module of PyTorch. It returns an array, a number, or tuples, lists and
        dictionaries of these.
    args, kwargs: the arguments at the point: arrays of any library, numbers, and tuples, lists
        and dictionaries of these.
    engine: the name of an engine, or several. Default: all installed engines that differentiate
        functions of the library of `function`; of functions of NumPy, those that
        `pip install 'ad-conformance[engines]'` installs.
    modes: the nestings of derivatives: one letter for each order, R for reverse and F for forward
        mode, the outermost first; up to order 4.
    wrt: what to differentiate by: indices of positional arguments, names of arguments or of
        entries of dictionaries, or a tuple of these; of a module of PyTorch, "parameters" or names
        of its parameters. Default: all positional arguments; of a module, its parameters.
    dtype: "float64" or "float32". Default: the dtype of the arguments.

    The engine of the function's library is asked for derivatives of the function itself, in this
    process; other engines are asked for those of the program that it was imported as. Each answer
    is compared with the certified derivative of this program. If the function cannot be imported,
    the derivative is estimated by finite differences.

    Raises ValueError (BadArguments, or for an unknown engine or mode), with what to do instead.
    """
    asked = (modes,) if isinstance(modes, str) else tuple(modes)
    for mode in asked:
        if not is_mode(mode) or len(mode) > MAX_ORDER:
            raise BadArguments(
                f"mode {mode!r}: give 1 to {MAX_ORDER} letters, R for reverse and F for forward "
                f"mode, such as 'FR'"
            )
    given = (engine,) if isinstance(engine, str) else engine
    engines = None if given is None else [_engine(name) for name in given]
    loaded = load(function, args, dict(kwargs or {}), wrt, dtype, engines)
    engines = engines or _default(loaded)
    return _Checking(loaded, engines).report(asked)


def assert_derivatives(function: Callable[..., Any], *args: Any, **options: Any) -> None:
    """The same for tests: raises WrongDerivative with the table if a derivative is wrong or an
    engine fails. The options are those of `check`.
    """
    check(function, *args, **options).raise_if_wrong()


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
    names = [name for library in libraries for name in library.engines[:2]]
    found = [registry.find(name) for name in names]
    installed = [engine for engine in found if not engine.absent()]
    if not installed:
        raise BadArguments(
            "no engine is installed that this function could be asked of; "
            "pip install 'ad-conformance[engines]', or give engine='inhouse'"
        )
    return installed


class _Checking:
    """One function, its certified derivatives, and the engines."""

    def __init__(self, loaded: Loaded, engines: Sequence[Engine]) -> None:
        self.loaded, self.engines = loaded, {engine.name: engine for engine in engines}
        self.pool = EnginePool(engines, every=1)
        self.standings = Standings(load_entries(), self.pool.probe)

    def report(self, modes: Sequence[str]) -> Report:
        loaded = self.loaded
        try:
            rows = [self._row(engine, mode) for engine in self.engines.values() for mode in modes]
        finally:
            self.pool.close()
        kinks = loaded.kinks() if any(row.verdict == "convention" for row in rows) else ()
        return Report(
            name=loaded.name,
            rows=tuple(rows),
            arguments=loaded.arguments,
            versions={name: engine.version() for name, engine in self.engines.items()},
            imported=loaded.described,
            not_imported=loaded.not_imported,
            kinks=kinks,
            notes=loaded.notes,
        )

    def _row(self, engine: Engine, mode: str) -> Row:
        subject, itself = self.loaded.subject(engine.base)
        question = subject.question(mode)
        if not engine.answers(mode):
            silent = Answer("unsupported", message=f"{engine.name} has no mode {mode}")
            return Row(engine.name, mode, "unsupported", question.about, silent,
                       reason=silent.message)  # fmt: skip
        if subject.program is None and not itself:
            why = f"the function is not one of {engine.name} and could not be imported"
            return Row(engine.name, mode, "unsupported", question.about,
                       Answer("unsupported", message=why), reason=why)  # fmt: skip
        if subject.program is None:
            found = answer(question, engine, subject.library)
            return estimate.row(subject, question, engine.name, found)
        if itself:
            found = answer(question, engine, subject.library)
            result = judge(question.case, engine.name, found, truth_of(question.case))
        else:
            try:
                result = self.pool.judge(question.case, engine.name)
            except EngineUnavailable as error:
                raise BadArguments(str(error)) from None
        return self._compared(question, engine, result)

    def _compared(self, question: Question, engine: Engine, result: Result) -> Row:
        found, truth = result.answer, result.truth
        expected = truth.expected
        digits, entry = math.nan, ""
        if found.value is not None and truth.value is not None:
            digits, entry = _digits(found.value, truth, question, self.loaded.arguments)
        return Row(
            engine.name,
            result.case.mode,
            str(result.verdict),
            question.about,
            found,
            value=found.value,
            truth=expected,
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
    return ""


def _digits(
    value: np.ndarray, truth: Truth, question: Question, given: Arguments
) -> tuple[float, str]:
    """The correct digits of the worst entry, and its name."""
    if value.shape != truth.shape or not value.size or truth.value is None:
        return math.nan, ""
    judged = np.ones(value.shape, bool) if truth.judged is None else truth.judged
    if not np.any(judged):
        return math.nan, ""
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.abs(value - truth.value)
        relative = np.where(error == 0, 0.0, error / np.abs(truth.value))
    relative = np.where(np.isfinite(relative), relative, 1.0)
    # An entry of zero has no relative error; rounding decides whether it is right.
    relative = np.where(truth.ratios(value) <= 1, np.minimum(relative, 2.0**-8), relative)
    relative = np.where(judged, relative, 0.0)
    worst = int(np.argmax(np.where(judged, np.nan_to_num(truth.ratios(value), nan=np.inf), -1.0)))
    index = tuple(map(int, np.unravel_index(worst, value.shape)))
    most = 15.9 if value.dtype == np.float64 else 7.2
    share = float(relative[index])
    digits = most if share == 0 else min(most, -math.log10(share))
    return digits, _entry_name(index, value.shape, question, given)


def _entry_name(
    index: tuple[int, ...], shape: tuple[int, ...], question: Question, given: Arguments
) -> str:
    """The name of an entry of a full derivative: the output, then the inputs."""
    if not shape or question.about != "full derivative":
        return ", ".join(map(str, index)) if len(shape) else ""
    axes = np.asarray(question.case.point).ndim
    order = len(question.case.mode)
    outputs = len(shape) - axes * order
    inputs = [
        given.entry(index[outputs + k * axes : outputs + (k + 1) * axes]) for k in range(order)
    ]
    return f"{list(index[:outputs])} " * (outputs > 0) + "by " + ", ".join(inputs)
