"""Generated programs: one test per engine, mode and signature."""

from __future__ import annotations

import math
import zlib

import pytest
from ad_conformance.conformance.pool import asked_later
from ad_conformance.conformance.suite.ask import Failed, check, check_again, report
from ad_conformance.conformance.suite.run import Run, run_of
from ad_conformance.conformance.verdicts import Result, Verdict
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.scenarios.names import named_cases
from ad_conformance.generators.scenarios.sizes import MODES, sized_case
from ad_conformance.generators.strategies.programs import cases, wrapped_cases
from hypothesis import given, seed, settings, target
from hypothesis.strategies import SearchStrategy

#: Cases with a wrapper, per engine, wrapper and mode: one for so many of an engine, mode and
#: signature.
FEWER = 10
#: Of the pairs of a wrapper and a mode, one in so many is asked if no option chooses wrappers.
ONE_PAIR_IN = 3


def test_generated(request: pytest.FixtureRequest, signature: str, mode: str, engine: str) -> None:
    # The cases depend only on the seed, the mode and the signature: all engines get the same cases.
    drawn = cases(signature=signature, mode=mode)
    _ask(run_of(request.config), f"{signature} {mode}", drawn, mode, engine)


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
    _ask(run, f"{wrapper} {mode}", drawn, mode, engine, fewer)


def _is_asked(run: Run, engine: str, wrapper: str) -> bool:
    return "--wrappers" in run.only or wrapper not in run.engines[engine].slow_wrappers


def _ask(
    run: Run,
    name: str,
    drawn: SearchStrategy[Case],
    mode: str,
    engine: str,
    examples: int | None = None,
) -> None:
    """Ask generated cases, and fail with the smallest finding. `name` determines the cases."""
    if not run.engines[engine].answers(mode):
        pytest.skip(f"unsupported: {engine} does not have mode {mode}")
    found: list[Failed] = []
    verdicts: set[Verdict] = set()
    later: list[Result] = []

    @seed(zlib.crc32(f"{run.seed} {name}".encode()))
    @settings(run.settings, max_examples=examples or run.examples)
    @given(drawn)
    def asked(case: Case) -> None:
        try:
            result = check(run, case, engine, probe=bool(found))
        except Failed as failed:
            found.append(failed)
            raise
        verdicts.add(result.verdict)
        if asked_later(result):
            later.append(result)
        if 0 < result.error_ratio < math.inf:
            target(math.log10(result.error_ratio), label="error in units of the tolerance")

    smallest: Failed | None = None
    try:
        asked()
        for result in later:
            check_again(run, result)
    except Failed as failed:
        smallest = failed
    if smallest is not None:
        pytest.fail(report(run, smallest), pytrace=False)
    if not any(verdict.compared for verdict in verdicts):
        pytest.skip(f"nothing was compared: {', '.join(sorted(verdicts))}")


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


#: Of an engine's further names, one in so many is asked in each mode. The modes take turns. JAX
#: compiles a case for each, so more of them make the suite slow.
ONE_NAME_IN = 6


def test_other_names(request: pytest.FixtureRequest, mode: str, engine: str) -> None:
    """Operations under further names of an engine: aliases, methods, forms in place."""
    run = run_of(request.config)
    adapter = run.engines[engine]
    if not adapter.answers(mode) or not adapter.dialect.names:
        pytest.skip(f"unsupported: {engine} does not have mode {mode} or further names")
    compared, found = False, None
    turn = sorted(run.modes).index(mode) if mode in run.modes else 0
    for case in named_cases(adapter.dialect, mode, turn=turn, every=ONE_NAME_IN):
        try:
            compared |= check(run, case, engine, probe=True).verdict.compared
        except Failed as failed:
            found = failed
            break
    if found is not None:
        pytest.fail(report(run, found), pytrace=False)
    if not compared:
        pytest.skip("nothing was compared")
