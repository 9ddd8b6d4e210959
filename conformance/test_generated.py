"""Generated programs: one test per engine, mode and signature."""

from __future__ import annotations

import math

import pytest
from ad_conformance.conformance.pool import asked_later
from ad_conformance.conformance.suite.ask import Failed, check, check_again, report
from ad_conformance.conformance.suite.drawing import Drawing
from ad_conformance.conformance.suite.run import Run, run_of
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.generators.ir.mode import FURTHER_MODES, UP_TO_SECOND_ORDER, index_of
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.scenarios.names import named_cases
from ad_conformance.generators.scenarios.sizes import MODES, sized_case
from ad_conformance.generators.strategies.programs import cases, wrapped_cases
from hypothesis import target

#: Cases with a wrapper, per engine, wrapper and mode: one for so many of an engine, mode and
#: signature.
FEWER = 10
#: Of the pairs of a wrapper and a mode, one in so many is asked if no option chooses wrappers.
ONE_PAIR_IN = 3


def test_generated(request: pytest.FixtureRequest, signature: str, mode: str, engine: str) -> None:
    # The cases depend only on the seed, the mode and the signature: all engines get the same cases.
    run = run_of(request.config)
    drawn = cases(signature=signature, mode=mode)
    drawing = Drawing(run, f"{signature} {mode}", drawn, run.examples_in(mode))
    _ask(run, drawing, mode, engine)


def test_wrapped(request: pytest.FixtureRequest, wrapper: str, mode: str, engine: str) -> None:
    """Cases with a wrapper around one level, in one test per engine, wrapper and mode."""
    run = run_of(request.config)
    own = run.engines[engine].wrappers
    if wrapper not in own:
        pytest.skip(f"unsupported: {engine} does not have wrapper {wrapper}")
    own = {name: text for name, text in own.items() if _is_asked(run, engine, name)}
    turn = run.wrappers.index(wrapper) + run.modes.index(mode)
    if wrapper not in own or ("--wrappers" not in run.only and turn % ONE_PAIR_IN):
        pytest.skip("left out: one pair of wrapper and mode in three, and no slow wrapper")
    further = [name for name in run.wrappers if name in own]
    drawn = wrapped_cases(wrapper=wrapper, mode=mode, signatures=run.signatures, further=further)
    fewer = max(1, run.examples // FEWER)
    _ask(run, Drawing(run, f"{wrapper} {mode}", drawn, fewer, shared=False), mode, engine)


def _is_asked(run: Run, engine: str, wrapper: str) -> bool:
    return "--wrappers" in run.only or wrapper not in run.engines[engine].slow_wrappers


def _ask(run: Run, drawing: Drawing, mode: str, engine: str) -> None:
    """Ask generated cases, and fail with the smallest finding."""
    if not run.engines[engine].answers(mode):
        pytest.skip(f"unsupported: {engine} does not have mode {mode}")
    asking = _Asking(run, engine)
    smallest: Failed | None = None
    try:
        if drawing.is_steered:
            drawing.each(asking.steer)
        else:
            asking.ask_all(drawing)
        for result in asking.later:
            check_again(run, result)
    except Failed as failed:
        smallest = failed
    if smallest is not None:
        pytest.fail(report(run, smallest), pytrace=False)
    if not any(verdict.compared for verdict in asking.verdicts):
        pytest.skip(f"nothing was compared: {', '.join(sorted(asking.verdicts))}")


class _Asking:
    """Asks an engine generated cases. Methods raise Failed for a finding that is not known.

    `later` has results of cases that are to be asked again.
    """

    def __init__(self, run: Run, engine: str) -> None:
        self.verdicts: set[Verdict] = set()
        self.later: list[Result] = []
        self._run, self._engine, self._has_failed = run, engine, False

    def ask_all(self, drawing: Drawing) -> None:
        """Ask all cases. After a finding, Hypothesis is asked for the smallest one."""
        cases = drawing.cases()
        if drawing.shared:
            self._run.pool.ask_ahead(cases)
        try:
            for case in cases:
                self._ask(case)
        except Failed:
            drawing.each(self._ask)
            raise

    def steer(self, case: Case) -> None:
        """Ask a case, and tell Hypothesis how large the error is."""
        result = self._ask(case)
        if 0 < result.error_ratio < math.inf:
            target(math.log10(result.error_ratio), label="error in units of the tolerance")

    def _ask(self, case: Case) -> Result:
        try:
            result = check(self._run, case, self._engine, probe=self._has_failed)
        except Failed:
            self._has_failed = True
            raise
        self.verdicts.add(result.verdict)
        if asked_later(result):
            self.later.append(result)
        return result


def test_large_inputs(request: pytest.FixtureRequest, length: int, engine: str) -> None:
    """Products of large inputs along given directions, in one test per engine and length."""
    run = run_of(request.config)
    compared, found = False, None
    for mode in (m for m in MODES if m in run.modes and run.engines[engine].answers(m)):
        case = sized_case(mode, length, number=length)
        if case is None:
            continue
        try:
            compared |= check(run, case, engine).verdict.compared
        except Failed as failed:
            found = failed
            break
    if found is not None:
        pytest.fail(report(run, found), pytrace=False)
    if not compared:
        pytest.skip("nothing was compared")


#: Of an engine's further names, one in so many is asked in each mode. JAX compiles a case for each,
#: so more of them make the suite slow. In FURTHER_MODES there are a third as many, as of cases.
ONE_NAME_IN = 6
#: These modes take turns in this order: each name is asked in one mode of the first two orders.
TURNS = (*sorted(UP_TO_SECOND_ORDER), "RRR")


def names_asked(mode: str) -> tuple[int, int]:
    """Which of an engine's further names are asked in a mode: the turn, and one in how many."""
    if mode not in TURNS:
        return index_of(mode), ONE_NAME_IN * len(FURTHER_MODES)
    return TURNS.index(mode), ONE_NAME_IN


def test_other_names(request: pytest.FixtureRequest, mode: str, engine: str) -> None:
    """Operations under further names of an engine: aliases, methods, forms in place."""
    run = run_of(request.config)
    adapter = run.engines[engine]
    if not adapter.answers(mode) or not adapter.dialect.names:
        pytest.skip(f"unsupported: {engine} does not have mode {mode} or further names")
    compared, found = False, None
    turn, every = names_asked(mode)
    named = list(named_cases(adapter.dialect, mode, turn=turn, every=every))
    for case in named:
        run.pool.submit(case, engine, always=True)
    for case in named:
        try:
            compared |= check(run, case, engine, probe=True).verdict.compared
        except Failed as failed:
            found = failed
            break
    if found is not None:
        pytest.fail(report(run, found), pytrace=False)
    if not compared:
        pytest.skip("nothing was compared")
