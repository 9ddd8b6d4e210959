"""Findings of one bug are one bucket, and those of two bugs of one operation are two."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance.triage.ask import Asker, judged
from ad_conformance.conformance.triage.buckets import Buckets, bucket
from ad_conformance.conformance.triage.causes import Finding, read_cause
from ad_conformance.conformance.triage.feature_minimization import minimize_features
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.rewrite.expansion import expanded
from ad_conformance.generators.rewrite.slicing import Slicer
from ad_conformance.generators.rewrite.variants import numbers

from tests import broken_engines as broken
from validation import seeded
from validation.buckets import pairs

FAULTS = (
    "divide[0]: sign",
    "divide[1]: factor 2",
    "sin: wrong at zero",
    "tanh: factor 2",
    "erf: raises",
    "inv R: sign",
)


def program(*steps: tuple[str, tuple[int, ...], dict[str, Any]]) -> Program:
    return Program(
        tuple(
            Step(name, operands, tuple(sorted(params.items()))) for name, operands, params in steps
        )
    )


def constant(value: Any) -> tuple[str, tuple[int, ...], dict[str, Any]]:
    return "constant", (), {"value": value}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(replace(seeded.engine(FAULTS, 0), name="seeded")) as sandbox:
        yield sandbox


def findings(sandbox: Sandbox, *cases: Case) -> list[Finding]:
    found = [judged(case, sandbox) for case in cases]
    assert all(result.is_finding for result in found), [j.verdict for j in found]
    return [Finding.of(result) for result in found]


def grouped(done: Buckets) -> list[tuple[str, set[str]]]:
    return [(b.cause.name, {f.case.id for f in b.findings}) for b in done.buckets]


VECTOR = (0.5, 1.25)
OVER = Case(program(constant((2.0, 3.0)), ("divide", (0, 1), {}), ("exp", (2,), {})), VECTOR, "R")
UNDER = Case(program(constant((2.0, 3.0)), ("divide", (1, 0), {}), ("exp", (2,), {})), VECTOR, "R")
AT_ZERO = Case(program(("sin", (0,), {}), ("exp", (1,), {})), (0.0, 1.0), "R")


def test_two_bugs_of_one_operation_are_two_buckets_and_one_bug_of_several_is_one(
    sandbox: Sandbox,
) -> None:
    bent = Case(program(("tanh", (0,), {}), ("square", (1,), {})), VECTOR, "RR")
    through = Case(program(("sinh", (0,), {}), ("tanhshrink", (1,), {})), (0.75, 0.25), "F")
    over = replace(OVER, mode="F", point=(0.25, 3.0))
    raised = Case(program(("erf", (0,), {})), (0.5, 0.25, 1.0), "R")
    again = Case(program(("sinh", (0,), {}), ("erf", (1,), {})), ((0.5, 0.25),), "FR")
    cases = (bent, through, OVER, over, UNDER, AT_ZERO, raised, again)
    done = bucket(findings(sandbox, *cases), sandbox, seconds=60.0)
    assert done.provisional == []
    assert dict(grouped(done)) == {
        "seeded-x-wrong-tanh": {bent.id, through.id},
        "seeded-x-wrong-divide.0": {OVER.id, over.id},
        "seeded-x-wrong-divide.1": {UNDER.id},
        "seeded-x-wrong-sin-zero_base": {AT_ZERO.id},
        "seeded-x-raised-erf": {raised.id, again.id},
    }
    # The smallest of a cause is searched, the others are seen to be of it.
    assert [(len(b.searched), len(b.matched)) for b in done.buckets if len(b.findings) > 1] == [
        (1, 1)
    ] * 3
    other = bucket(reversed(findings(sandbox, *cases)), sandbox, seconds=60.0)
    assert [b.cause for b in other.buckets] == [b.cause for b in done.buckets]


def test_special_numbers_belong_to_the_cause(sandbox: Sandbox) -> None:
    """Of the entries only the zero matters, and of both programs only sin."""
    other = Case(program(("sinh", (0,), {}), ("sin", (1,), {})), (1.0, 0.0, -2.0, 1.0), "F")
    (found,) = bucket(findings(sandbox, AT_ZERO, other), sandbox, seconds=60.0).buckets
    assert (found.cause.operations, found.cause.features, found.cause.modes) == (
        ("sin",),
        ("zero base",),
        ("R", "F"),
    )
    assert [f.case.id for f in found.searched] == [AT_ZERO.id, other.id]


def test_a_tie_is_a_feature_whatever_the_equal_numbers_are() -> None:
    """The tie matters, not that its entries are zero. Of a power, the base must be zero."""
    both = program(constant((0.0, 0.0)), ("logaddexp", (0, 1), {}))
    power = program(constant((0.75, 0.0)), ("pow", (0, 1), {}))
    names = ["logaddexp[0]: wrong at a tie", "power[0]: not finite at zero"]
    cases = Case(both, (0.0, 0.0), "R"), Case(both, (0.0, 1.0), "F"), Case(power, (0.25, 0.0), "F")
    with Sandbox(seeded.engine(names, 6)) as other:
        done = bucket(findings(other, *cases), other, seconds=60.0)
    assert {b.cause.operations[0]: b.cause.features for b in done.buckets} == {
        "logaddexp": ("same size", "tie"),
        "pow[0]": ("zero base",),
    }


def test_large_numbers_are_not_reported_as_a_tie() -> None:
    case = Case(program(constant((9.0, 5.0)), ("logaddexp", (0, 1), {})), (5.0, 7.0), "R")

    def fails(asked: Case) -> bool:
        return min(asked.input.min(), np.min(numbers(asked)[1])) > 2

    assert minimize_features(case, frozenset(["logaddexp"]), fails)[1] == ()


def test_a_case_that_cannot_be_asked_does_not_fail(sandbox: Sandbox) -> None:
    """Numbers that float32 cannot hold, an order without certified derivatives, and too many
    entries.
    """
    asker = Asker(sandbox)
    infinite = Case(program(constant(float("inf")), ("add", (0, 1), {})), 1.0, "R", dtype="float32")
    assert asker.failure(infinite) is None
    assert asker.failure(Case(program(("sin", (0,), {})), 0.0, "RRRRR")) is None
    assert asker.asked == 0
    large = Case(program(("square", (0,), {}), ("add", (0, 1), {})), (0.5,) * 32769, "R")
    assert Slicer(large).surroundings(2) is None
    assert not list(
        expanded(Case(program(("cumulative_prod", (0,), {"axis": 0})), (0.5,) * 33, "R"), 1)
    )


def test_a_message_that_all_operations_share_is_not_followed_into_operations_that_move_values() -> (
    None
):
    header = "\n".join(
        (
            broken.honest.header,
            "from ad_conformance.engines.inhouse.rules import kinds, table",
            "def missing(*given):",
            "    raise NotImplementedError('derivative not implemented')",
            "for name in ('cumsum', 'concat'):",
            "    table.RULES[name] = kinds.General(missing, missing)",
        )
    )
    case = Case(program(("cumulative_sum", (0,), {"axis": 0})), VECTOR, "R")
    with Sandbox(replace(broken.honest, name="missing", header=header)) as other:
        (found,) = bucket(findings(other, case), other, seconds=60.0).buckets
    assert found.cause.operations == ("cumulative_sum",)


def test_a_cause_of_reverse_mode_has_only_reverse_mode(sandbox: Sandbox) -> None:
    matrix = ((2.0, 1.0), (0.0, 3.0))
    (found,) = bucket(
        findings(sandbox, Case(program(("inv", (0,), {})), matrix, "FR")), sandbox, seconds=60.0
    ).buckets
    assert (found.cause.modes, found.cause.name) == (("R",), "seeded-R-wrong-inv")


def test_a_wrong_second_derivative_is_traced_to_the_first_derivative_of_another_operation(
    sandbox: Sandbox,
) -> None:
    cases = [
        Case(program((name, (0,), {})), VECTOR, mode)
        for name, mode in (("sinh", "FR"), ("cosh", "R"))
    ]
    with Sandbox(seeded.engine(["cosh: sign"], 1)) as other:
        (found,) = bucket(findings(other, *cases), other, seconds=60.0).buckets
    assert (found.cause.operations, found.cause.modes) == (("cosh",), ("R", "F"))


SPD = ((2.0, 0.5), (0.5, 1.5))
REDUCE = {"axis": None, "keepdims": False}


@pytest.mark.parametrize(
    ("fault", "direct", "through"),
    [
        (
            "inv R: factor 2",
            Case(program(("inv", (0,), {})), SPD, "R"),
            Case(program(("cholesky", (0,), {})), SPD, "RR"),
        ),
        *(
            (
                "sin: sign",
                Case(program(("sin", (0,), {})), VECTOR, "R"),
                Case(program((name, (0, 0), params)), 0.5, "F"),
            )
            for name, params in (
                ("inner_derivative", {"body": "sine"}),
                ("inner_second_derivative", {"body": "sine"}),
                ("inner_pushforward", {"body": "quotient"}),
                ("descent", {"body": "sine", "rate": 0.25, "count": 2}),
            )
        ),
        (
            "log: factor 2",
            Case(program(("log", (0,), {})), VECTOR, "F"),
            Case(program(("exp", (0,), {}), ("xlogy", (0, 1), {})), VECTOR, "FR"),
        ),
    ],
)
def test_an_operation_in_the_formula_of_a_derivative_is_found(
    fault: str, direct: Case, through: Case
) -> None:
    with Sandbox(seeded.engine([fault], 3)) as other:
        (found,) = bucket(findings(other, direct, through), other, seconds=60.0).buckets
    assert found.cause.operations == (fault.split()[0].rstrip(":"),)


def test_the_cause_is_the_maximum_and_not_the_step_that_makes_its_entries_equal() -> None:
    """Entries that are equal by chance make a kink. Entries that are one value do not."""
    taken = program(
        ("take", (0,), {"indices": (1, 0, 1), "axis": 0}), ("max", (1,), REDUCE), ("exp", (2,), {})
    )
    span = program(
        ("take", (0,), {"indices": (1, 0, 1), "axis": 0}), ("ptp", (1,), REDUCE), ("sin", (2,), {})
    )
    cases = Case(taken, (0.5, 1.25), "R"), Case(span, (-2.0, -1.0), "R")
    with Sandbox(seeded.engine(["max R: each of a tie gets all"], 4)) as other:
        (found,) = bucket(findings(other, *cases), other, seconds=60.0).buckets
    assert (found.cause.operations, found.cause.features, found.cause.modes) == (
        ("max",),
        ("tie",),
        ("R",),
    )
    with Sandbox(seeded.engine(["max R: wrong at zero"], 8)) as other:
        at_zero = (
            replace(cases[0], point=(-1.0, 0.0)),
            Case(program(("max", (0,), REDUCE)), (0.0, -1.0), "R"),
        )
        (found,) = bucket(findings(other, *at_zero), other, seconds=60.0).buckets
    assert (found.cause.operations, found.cause.features) == (("max",), ("zero base",))
    plain = Case(program(("max", (0,), REDUCE)), (0.5, 1.25), "F")
    with Sandbox(seeded.engine(["max F: sign"], 5)) as other:
        (found,) = bucket(
            findings(other, cases[0].with_mode("F"), plain), other, seconds=60.0
        ).buckets
    assert (found.cause.operations, found.cause.features, found.cause.modes) == (
        ("max",),
        (),
        ("F",),
    )


def test_a_bug_of_forward_mode_is_not_the_cause_of_a_finding_of_reverse_mode() -> None:
    """The pushforward of a cumulative sum is wrong, and its pullback at second order only."""
    body = program(("cumulative_sum", (0,), {"axis": 0}), ("exp", (1,), {}))
    with Sandbox(seeded.engine(["cumsum F: sign", "cumsum R: second order dropped"], 2)) as other:
        done = bucket(
            findings(other, *(Case(body, VECTOR, mode) for mode in ("F", "RR"))),
            other,
            seconds=60.0,
        )
    assert [b.cause.operations for b in done.buckets] == [("cumulative_sum",)] * 2
    assert [b.cause.modes[0] for b in done.buckets] == ["F", "RR"]


def test_known_causes_come_first_and_no_finding_is_lost(sandbox: Sandbox) -> None:
    found = findings(sandbox, OVER, AT_ZERO)
    first = bucket(found, sandbox, seconds=60.0)
    known = [read_cause(json.loads(json.dumps(b.cause.document)), "known") for b in first.buckets]
    again = bucket(found, sandbox, seconds=60.0, known=known)
    assert [b.cause for b in again.buckets] == known
    assert all(b.case is None for b in again.buckets)
    assert sorted(f.case.id for b in again.buckets for f in b.findings) == sorted(
        [OVER.id, AT_ZERO.id]
    )
    late = bucket([*found, *found], sandbox, seconds=0.0)
    assert late.buckets == []
    assert [(p.symptom[0], p.operations, len(p.findings)) for p in late.provisional] == [
        ("wrong", ("exp", "sin"), 2),
        ("wrong", ("divide", "exp"), 2),
    ]


def test_findings_that_no_longer_fail_are_listed_apart(sandbox: Sandbox) -> None:
    found = findings(sandbox, OVER, AT_ZERO)
    with Sandbox(broken.honest) as honest:
        done = bucket(found, honest, seconds=60.0)
    assert (done.buckets, done.provisional, {f.case.id for f in done.vanished}) == (
        [],
        [],
        {OVER.id, AT_ZERO.id},
    )


def test_a_step_that_fails_alone_but_does_no_harm_is_not_the_cause(sandbox: Sandbox) -> None:
    """divide is wrong by its first operand, but its result is multiplied by zero."""
    steps = (
        constant((2.0, 3.0)),
        ("divide", (0, 1), {}),
        constant((0.0, 0.0)),
        ("multiply", (2, 3), {}),
    )
    case = Case(program(*steps, ("tanh", (0,), {}), ("add", (5, 4), {})), VECTOR, "R")
    (found,) = bucket(findings(sandbox, case), sandbox, seconds=60.0).buckets
    assert found.cause.operations == ("tanh",)


def test_precision_counts_pairs_of_findings() -> None:
    assert pairs([("a", "1"), ("a", "1"), ("a", "2"), ("b", "2")]) == (1, 2, 3)


def test_faults_of_one_operation_can_be_planted_together_unless_they_are_the_same() -> None:
    one, two = (seeded.faults()[f"divide[{i}]: sign"] for i in (0, 1))
    both = seeded.together([one, two])
    assert both.partials == (one.planted.partials[0], two.planted.partials[1])
    with pytest.raises(ValueError, match="two faults of operand 0 of divide"):
        seeded.together([one, seeded.faults()["divide[0]: factor 2"]])
    with pytest.raises(ValueError, match="two faults of forward mode of solve"):
        seeded.together([seeded.faults()[f"solve F: {fault}"] for fault in ("sign", "factor 2")])


def test_a_feature_of_either_exchangeable_operand_is_one_feature() -> None:
    """Either operand of logaddexp may be zero; of pow it matters which."""
    body = (
        "from ad_conformance.engines.inhouse.rules import ops\n"
        "honest = RULES['logaddexp'].partials\n"
        "wrong = lambda y, a, b: honest[0](y, a, b) + ops.select(make('equal', a, 0.0), 0.0 * y + "
        "1.0, 0.0)\n"
        "RULES['logaddexp'] = each(wrong, honest[1])"
    )
    with Sandbox(broken._rule("exchanging", body)) as other:
        cases = [
            Case(
                program(constant((0.5, 1.0)), ("exp", (0,), {}), ("logaddexp", operands, {})),
                point,
                "R",
            )
            for operands in ((1, 0), (0, 1))
            for point in ((0.0, 2.0),)
        ]
        made = bucket(findings(other, *cases), other, seconds=60.0).buckets
    assert [(b.cause.features, len(b.findings)) for b in made] == [(("zero base",), 2)]


def test_two_modes_with_different_wrong_values_have_two_bugs() -> None:
    """If both modes give the same wrong value, they have one bug."""
    for reverse, made in (("2.0", 1), ("3.0", 2)):
        body = (
            "from ad_conformance.engines.inhouse.rules.kinds import General\n"
            f"pull = lambda s, i, ct, out, x: {reverse} * ct * apply('cos', x)\n"
            "RULES['sin'] = General(pull, lambda out, xs, ts: 2.0 * ts[0] * apply('cos', xs[0]))"
        )
        with Sandbox(broken._rule("modes", body)) as other:
            cases = [
                Case(program(("exp", (0,), {}), ("sin", (1,), {})), 0.25, mode) for mode in "RF"
            ]
            done = bucket(findings(other, *cases), other, seconds=60.0)
        assert len(done.buckets) == made, [b.cause for b in done.buckets]


def test_a_formula_is_followed_in_a_mode_of_the_finding() -> None:
    """sqrtm is wrong in reverse mode itself. In mode FF, solve in its formula is wrong."""
    body = (
        "from ad_conformance.engines.inhouse.rules.kinds import General\n"
        "root, solve = RULES['sqrtm'], RULES['solve']\n"
        "RULES['sqrtm'] = General(lambda *given: -root.pullback(*given), root.pushforward)\n"
        "RULES['solve'] = General(solve.pullback, lambda *given: 2.0 * solve.pushforward(*given), "
        "solve.masks)"
    )
    with Sandbox(broken._rule("roots", body)) as other:
        matrix = ((2.0, 0.5), (0.5, 1.0))
        cases = [Case(program(("sqrtm", (0,), {})), matrix, mode) for mode in ("R", "FF")]
        made = bucket(findings(other, *cases), other, seconds=60.0).buckets
    assert sorted((b.cause.operations, b.cause.modes) for b in made) == [
        (("solve",), ("F",)),
        (("sqrtm",), ("R",)),
    ]
