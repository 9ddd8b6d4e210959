"""Laws that need no truth: the in-house engine keeps them, and for each there is a broken engine
that does not.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from ad_conformance.conformance.laws import Answered, agreement, chain, duality, splits, symmetry
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, Program, Step, nested
from ad_conformance.generators.strategies.sampling import draw

from tests import broken_engines as broken

MODES = ("R", "F", "RR", "FR", "RF", "FF", "RRR")


def answered(sandbox: Sandbox, case: Case) -> Answered | None:
    """The engine's answer, where the function is smooth."""
    # The same for all words of one order.
    truth = truth_of(case if case.asked.seed else case.with_mode("R" * case.order))
    if truth.kind != "certified" or truth.judged is not None:
        return None
    value = sandbox.ask(case).value
    assert value is not None
    return Answered.of(case, value, truth)


def products(case: Case) -> tuple[Case, Case]:
    """The pushforward along one vector and the pullback of another, of random small integers."""
    rng = np.random.default_rng(0)
    output = evaluate_steps(case.program, case.input)[-1]
    v, w = (rng.integers(1, 5, shape) * 1.0 for shape in (case.input.shape, output.shape))
    return (
        replace(case, mode="F", operator="pushforward", tangent=nested(np.asarray(v))),
        replace(case, mode="R", operator="pullback", cotangent=nested(np.asarray(w))),
    )


def broken_laws(sandbox: Sandbox, case: Case) -> dict[str, float]:
    """By how much each law is broken that has something to say on the case."""
    whole = answered(sandbox, case)
    if whole is None:
        return {}
    modes = ["".join(letters) for letters in itertools.product("RF", repeat=case.order)]
    modes = modes if case.order < 3 else ["RRR", "FRF", "FFF"]
    others = {mode: answered(sandbox, case.with_mode(mode)) for mode in modes}
    found = {"agreement": agreement(a for a in others.values() if a is not None)}
    output = evaluate_steps(case.program, case.input)[-1]
    # No nested list is a cotangent of shape (0, 2): it would be one of shape (0,).
    if case.order == 1 and np.shape(nested(output)) == output.shape:
        pushed, pulled = (answered(sandbox, product) for product in products(case))
        if pushed is not None and pulled is not None:
            found["duality"] = duality(pushed, pulled)
    elif case.order > 1:
        # Not Python's max, which may pass over what is not a number.
        found["symmetry"] = float(np.max([symmetry(a) for a in others.values() if a is not None]))
    for inner, outer in list(splits(case))[:2]:
        # Orders 1 up to that of the case, by the last letters of its word.
        lower = [case.mode[-j:] for j in range(1, case.order + 1)]
        first = [answered(sandbox, inner.with_mode(mode)) for mode in lower]
        second = [answered(sandbox, outer.with_mode(mode)) for mode in lower]
        if None not in first and None not in second:
            error_ratio = chain(whole, [a for a in first if a], [a for a in second if a])
            found["chain"] = float(np.maximum(found.get("chain", 0.0), error_ratio))
    return found


@pytest.mark.slow
def test_the_inhouse_engine_keeps_every_law() -> None:
    asked: Counter[str] = Counter()
    with Sandbox(broken.honest) as sandbox:
        for case in mixed(draw(MODES, 420), 210):
            if sandbox.ask(case).outcome == "unsupported":
                continue
            for law, error_ratio in broken_laws(sandbox, case).items():
                assert error_ratio <= 1, f"{law}: {error_ratio:.1e} in {case.json}"
                asked[law] += 1
    assert asked["agreement"] > 180
    assert min(asked["duality"], asked["symmetry"], asked["chain"]) > 40, asked


def mixed(cases: Iterable[Case], count: int) -> list[Case]:
    """Some of the cases, of all words and signatures."""
    drawn = list(cases)
    return [drawn[i].plain for i in np.random.default_rng(1).permutation(len(drawn))[:count]]


SCANNED = Program((Step("cumulative_sum", (0,), (("axis", 0),)), Step("square", (1,))))
#: For each law a case, an engine whose answers break it there, and one fault that no law can see.
BREACHES: dict[str, tuple[Engine, Case]] = {
    "symmetry": (broken.axis, Case(SCANNED, (1.0, 2.0, 4.0), "RR")),
    "agreement": (broken.axis, Case(SCANNED, (1.0, 2.0, 4.0), "RR")),
    "duality": (broken.axis, Case(SCANNED, (1.0, 2.0, 4.0), "R")),
    "chain": (broken.once, Case(Program((Step("sin", (0,)), Step("square", (1,)))), 0.75, "R")),
}


@pytest.mark.parametrize("law", BREACHES)
def test_a_broken_engine_breaks_the_law(law: str) -> None:
    engine, case = BREACHES[law]
    with Sandbox(broken.honest) as honest:
        assert broken_laws(honest, case)[law] <= 1
    with Sandbox(engine) as sandbox:
        assert broken_laws(sandbox, case)[law] > 1e6


def test_what_is_not_a_number_breaks_a_law() -> None:
    case = BREACHES["symmetry"][1]
    value = np.full((3, 3, 3), np.nan)
    assert not symmetry(Answered.of(case, value, truth_of(case))) <= 1


def test_a_fault_that_is_everywhere_the_same_keeps_the_laws() -> None:
    """So they cannot stand in for the truth: the derivative of sin with the wrong sign."""
    case = Case(Program((Step("sin", (0,)), Step("square", (1,)))), 0.75, "R")
    with Sandbox(broken.sign) as sandbox:
        assert all(error_ratio <= 1 for error_ratio in broken_laws(sandbox, case).values())


def test_splits_compose_to_the_program() -> None:
    count = 0
    for case in draw(("R",), 90):
        for inner, outer in splits(case):
            through = Evaluator(outer.program, outer.input).values[-1]
            np.testing.assert_array_equal(through, Evaluator(case.program, case.input).values[-1])
            np.testing.assert_array_equal(
                outer.input, Evaluator(inner.program, inner.input).values[-1]
            )
            count += 1
    assert count > 30
