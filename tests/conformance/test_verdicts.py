"""Each broken engine gets exactly the verdict that it deserves, and an honest one gets none."""

from __future__ import annotations

from collections import Counter, deque
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest
from ad_conformance.conformance.known_failures import load
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.reference.certify import Truth
from ad_conformance.conformance.verdicts import Result, Verdict, judge
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.engines.contract import Answer
from ad_conformance.engines.process.sandbox import EngineUnavailable, Sandbox
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.scenarios.seed_programs import SEED_FAMILY, seed_case
from ad_conformance.generators.strategies.sampling import draw

from tests import broken_engines as broken

SCAN = Case(Program((Step("cumulative_sum", (0,), (("axis", 0),)),)), (1.0, 2.0, 3.0), "R")


def judged(engine: object, case: Case, timeout: float = 30.0) -> Result:
    with Sandbox(engine, timeout=timeout) as sandbox:  # type: ignore[arg-type]
        return judge(case, sandbox.engine.name, sandbox.ask(case), truth_of(case))


@pytest.mark.parametrize(
    ("engine", "case", "verdict"),
    [
        (broken.honest, seed_case("num_to_mat", "RRR"), Verdict.AGREE),
        (broken.sign, seed_case("num_to_mat", "R"), Verdict.WRONG),
        (broken.dropped, seed_case("num_to_mat", "R"), Verdict.AGREE),
        (broken.dropped, seed_case("num_to_mat", "RR"), Verdict.WRONG),
        (broken.axis, SCAN, Verdict.WRONG),
        (broken.nan, seed_case("num_to_num", "R"), Verdict.NOT_FINITE),
        (broken.shape, seed_case("num_to_mat", "RR"), Verdict.WRONG_SHAPE),
        (broken.dtype, seed_case("num_to_mat", "RR"), Verdict.WRONG_DTYPE),
        (broken.compiling, seed_case("num_to_mat", "RR"), Verdict.COMPILE_FAILURE),
        (broken.running, seed_case("num_to_mat", "RR"), Verdict.RUNTIME_FAILURE),
        (broken.segfault, seed_case("num_to_mat", "RR"), Verdict.CRASH),
        (broken.exiting, seed_case("num_to_mat", "RR"), Verdict.RUNTIME_FAILURE),
        (broken.interrupting, seed_case("num_to_mat", "RR"), Verdict.RUNTIME_FAILURE),
        (broken.refusing, seed_case("num_to_mat", "RR"), Verdict.UNSUPPORTED),
    ],
    ids=lambda value: getattr(value, "name", None) if not isinstance(value, Case) else value.mode,
)
def test_verdict(engine: object, case: Case, verdict: Verdict) -> None:
    assert judged(engine, case).verdict is verdict


def test_hang_is_a_timeout_and_the_next_case_is_answered() -> None:
    with Sandbox(broken.hang, timeout=1.0) as sandbox:
        for _ in range(2):
            assert sandbox.ask(seed_case("num_to_num", "R")).outcome == "timeout"


def test_crash_names_the_signal_and_the_next_case_is_answered() -> None:
    with Sandbox(broken.segfault) as sandbox:
        for _ in range(2):
            answer = sandbox.ask(seed_case("num_to_num", "R"))
            assert (answer.outcome, answer.error) == ("crashed", "SIGSEGV")
            assert "Segmentation fault" in answer.message


def test_slow_restart_does_not_fail_the_next_cases() -> None:
    """Several cases ahead, one of which kills a process that takes longer to start than a case may
    take.
    """
    square = Program((Step("square", (0,)),))
    with Sandbox(broken.slow_start, timeout=1.0) as sandbox:
        waiting = [sandbox.submit(Case(square, float(n), "R")) for n in range(1, 7)]
        answers = [pending.result() for pending in waiting]
    assert [answer.outcome for answer in answers] == ["answered"] * 2 + ["crashed"] + [
        "answered"
    ] * 3
    assert answers[2].error == "SIGABRT"
    assert "third" in answers[2].message


def test_printed_output_belongs_to_its_case() -> None:
    with Sandbox(broken.segfault) as sandbox:
        assert "Segmentation fault" in sandbox.ask(seed_case("num_to_num", "R")).message
        sandbox.engine = replace(
            broken.segfault, run="print('killed', flush=True)\nimport os\nos.kill(os.getpid(), 9)"
        )
        answer = sandbox.ask(seed_case("num_to_num", "R"))
    assert (answer.error, answer.message) == ("SIGKILL", "killed")


def test_failure_keeps_stage_type_and_message() -> None:
    answer = judged(broken.compiling, seed_case("num_to_num", "R")).answer
    assert (answer.stage, answer.error, answer.message) == (
        "compile",
        "RuntimeError",
        "no rule\nfor this",
    )


def test_engine_that_exits_while_importing_is_unavailable() -> None:
    with pytest.raises(EngineUnavailable, match=r"^exiting-header: SystemExit: 0$"):
        Sandbox(broken.exiting_header)


def test_engine_that_cannot_be_imported_says_why_in_one_line() -> None:
    with pytest.raises(
        EngineUnavailable, match=r"^unimportable: ModuleNotFoundError: .*no_such_module.*$"
    ):
        Sandbox(broken.unimportable)


@pytest.mark.parametrize("member", SEED_FAMILY)
def test_honest_engine_on_the_seed_family(member: str) -> None:
    with Sandbox(broken.honest) as sandbox:
        for mode in ("R", "F", "RR", "FR", "RF", "FF", "RRR"):
            case = seed_case(member, mode)
            result = judge(case, "honest", sandbox.ask(case), truth_of(case))
            assert result.verdict is Verdict.AGREE
            assert result.error_ratio < 0.2


@pytest.mark.parametrize("kind", ["convention", "uncertified"])
def test_without_truth_an_answer_is_no_finding_but_a_crash_is(kind: str) -> None:
    case, truth = seed_case("num_to_num", "R"), Truth(kind, reason="test")
    assert not judge(case, "e", Answer("answered", value=np.array(1.0)), truth).is_finding
    assert judge(case, "e", Answer("crashed"), truth).is_finding


RELU = Case(Program((Step("relu", (0,)),)), (0.0, 1.0, 2.0), "R")
ABS = Case(Program((Step("abs", (0,)),)), 0.0, "R")


@pytest.mark.parametrize(
    ("at", "number", "verdict"),
    [
        ((0, 0), -5.0, Verdict.AGREE),
        ((0, 0), np.nan, Verdict.NOT_FINITE),
        ((1, 1), -5.0, Verdict.WRONG),
        ((1, 1), np.inf, Verdict.NOT_FINITE),
        ((0, 2), 1e-9, Verdict.WRONG),
    ],
)
def test_entries_beside_a_kink_are_judged(
    at: tuple[int, int], number: float, verdict: Verdict
) -> None:
    answer = np.diag([0.5, 1.0, 1.0])
    truth = truth_of(RELU)
    assert judge(RELU, "e", Answer("answered", value=answer), truth).verdict is Verdict.AGREE
    answer[at] = number
    assert judge(RELU, "e", Answer("answered", value=answer), truth).verdict is verdict


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (np.array(-5.0), Verdict.CONVENTION),
        (np.array([0.0]), Verdict.WRONG_SHAPE),
        (np.array(0.0, dtype=np.float32), Verdict.WRONG_DTYPE),
        (np.array(np.nan), Verdict.NOT_FINITE),
        (np.array(np.inf), Verdict.NOT_FINITE),
    ],
)
def test_a_convention_has_a_shape_a_dtype_and_a_finite_value(
    answer: np.ndarray, verdict: Verdict
) -> None:
    result = judge(ABS, "e", Answer("answered", value=answer), truth_of(ABS))
    assert result.verdict is verdict


def test_a_convention_may_be_infinite_where_a_selection_is() -> None:
    steps = (
        Step("constant", (), (("value", 0.0),)),
        Step("greater", (0, 1)),
        Step("sqrt", (0,)),
        Step("where", (2, 3, 0)),
    )
    case = Case(Program(steps), (0.0, 1.0), "R")
    truth = truth_of(case)
    answer = np.diag([np.inf, 0.5])
    assert judge(case, "e", Answer("answered", value=answer), truth).verdict is Verdict.AGREE
    answer[1, 0] = np.inf
    assert judge(case, "e", Answer("answered", value=answer), truth).verdict is Verdict.NOT_FINITE


@pytest.mark.parametrize("error", [0.9, 1.1])
def test_tolerance_separates_agree_from_wrong(error: float) -> None:
    case = seed_case("num_to_num", "R")
    truth = truth_of(case)
    assert truth.value is not None
    assert truth.tolerance is not None
    answer = Answer("answered", value=truth.value + error * truth.tolerance)
    assert judge(case, "e", answer, truth).verdict is (
        Verdict.AGREE if error < 1 else Verdict.WRONG
    )


@pytest.mark.slow
def test_honest_engine_has_no_new_finding_in_1000_cases() -> None:
    count, known = 1000, [entry for entry in load() if entry.names(inhouse)]
    modes = ("R", "F", "RR", "FR", "RF", "FF", "RRR")
    results: list[Result] = []
    with Sandbox(broken.honest) as sandbox:
        waiting: deque[tuple[Case, Future[Answer]]] = deque()
        for case in (*draw(modes, count), None):
            if case is not None:
                waiting.append((case, sandbox.submit(case)))
            # The engine works while truth is computed.
            while waiting and (case is None or len(waiting) > 50):
                asked, pending = waiting.popleft()
                results.append(judge(asked, "honest", pending.result(), truth_of(asked)))
    verdicts = Counter(result.verdict for result in results)
    findings = [result for result in results if result.is_finding]
    new = [r.case.json for r in findings if not any(entry.covers(r) for entry in known)]
    assert new == []
    assert len(findings) <= 0.002 * count
    assert verdicts[Verdict.UNCERTIFIED] < 0.01 * count
    assert verdicts[Verdict.CONVENTION] < 0.03 * count
    # The derivatives of some special functions by their orders have no formula.
    assert verdicts[Verdict.UNSUPPORTED] < 0.02 * count
    others = (Verdict.UNCERTIFIED, Verdict.CONVENTION, Verdict.UNSUPPORTED)
    rest = sum(verdicts[other] for other in others) + len(findings)
    assert verdicts[Verdict.AGREE] == count - rest
