"""Decompositions and functions of matrices: enclosures on discs, and equal eigenvalues."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from ad_conformance.conformance.reference.certify import certify
from ad_conformance.conformance.reference.evaluator import Evaluator
from ad_conformance.engines import inhouse
from ad_conformance.engines.inhouse.codegen import runtime
from ad_conformance.generators.arithmetic import matrices as decompositions
from ad_conformance.generators.arithmetic.balls import Branches, following, to_balls
from ad_conformance.generators.catalogue.extra import matrices
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.program import Case, MalformedCase, Program, Step
from ad_conformance.generators.strategies.operands.products import SUBSCRIPTS
from ad_conformance.generators.strategies.sampling import operation_examples
from flint import acb, arb, arb_mat, ctx

IDENTITY = ((1.0, 0.0), (0.0, 1.0))
#: Operations without comparisons: their enclosure on a disc holds their values at all its points.
SMOOTH = [
    row.name for row in matrices.ROWS if not row.name.endswith("_ord") and row.name != "cdist"
]


@pytest.fixture(autouse=True)
def precision() -> Iterator[None]:
    kept = ctx.prec
    ctx.prec = 200
    yield
    ctx.prec = kept


def _wide(x: np.ndarray, radius: float) -> np.ndarray:
    disc = arb(0, radius)
    out = np.empty(x.shape, dtype=object)
    for place, centre in np.ndenumerate(x):
        out[place] = acb(arb(float(centre)) + disc, disc)
    return out


def _drawn(operation: str) -> list[Case]:
    drawn = operation_examples(operation, "R", 6)
    return [case for case in drawn if operation in case.program.operations]


@pytest.mark.parametrize("operation", SMOOTH)
def test_the_result_on_a_disc_encloses_the_results_at_its_points(operation: str) -> None:
    rng = np.random.default_rng(0)
    finite = 0
    for case in _drawn(operation):
        evaluate = Evaluator(case.program, case.input)
        inside = np.empty(case.input.shape, dtype=object)
        for place, centre in np.ndenumerate(case.input):
            moved = rng.uniform(-1, 1, 2) * 2.0**-16
            inside[place] = acb(float(centre) + arb(float(moved[0])), arb(float(moved[1])))
        with following(Branches()):
            disc = evaluate(_wide(case.input, 2.0**-16)).reshape(-1)
            point = evaluate(inside).reshape(-1)
        for whole, one in zip(disc, point, strict=True):
            if whole.is_finite():
                finite += 1
                assert acb(whole).contains(acb(one).mid()), case.json
    assert finite, "no disc had a finite value"


def test_derivatives_at_equal_eigenvalues_are_not_certified() -> None:
    for function in (decompositions.eigvalsh, decompositions.eigenvector_weights):
        assert not any(z.is_finite() for z in function(_wide(np.eye(2), 2.0**-32)).reshape(-1))
        assert all(
            z.is_finite() for z in function(_wide(np.diag([1.0, 2.0]), 2.0**-32)).reshape(-1)
        )


def test_root_is_certified_where_it_is_analytic() -> None:
    for radius, there in ((2.0**-8, True), (2.0**-4, False)):
        root = decompositions.sqrtm(_wide(np.array([[1.0, 0.5], [0.5, 0.5]]), radius))
        assert all(z.is_finite() for z in root.reshape(-1)) is there
    assert not any(
        z.is_finite() for z in decompositions.sqrtm(to_balls(np.diag([1.0, -1.0]))).reshape(-1)
    )
    root = decompositions.sqrtm(to_balls(4.0 * np.eye(3)))
    assert all(z.contains(2 * int(i == j)) for (i, j), z in np.ndenumerate(root))


@pytest.mark.parametrize("mode", ["RR", "FF", "RFR", "RRRR", "FFFF"])
@pytest.mark.parametrize(
    "step",
    [
        Step("cholesky", (0,)),
        Step("matrix_exp", (0,)),
        Step("eigh_exp", (0,)),
        Step("eigh_sqrt", (0,)),
        Step("polar_factor", (0,)),
        Step("slogdet", (0,)),
        Step("pinv", (0,)),
        Step("qr_q", (0,)),
        Step("matrix_norm_ord", (0,), (("ord", "nuc"),)),
        Step("matrix_power", (0,), (("n", 0),)),
    ],
    ids=lambda step: step.operation,
)
def test_the_inhouse_engine_is_right_at_equal_eigenvalues(step: Step, mode: str) -> None:
    case = Case(Program((step,)), IDENTITY, mode)
    truth = certify(case)
    assert truth.kind == "certified", truth.reason
    function = getattr(inhouse, step.operation)
    got = inhouse.nest(lambda x: function(x, **step.arguments), mode)(case.input)
    assert np.all(np.abs(got - truth.value) <= truth.tolerance)


@pytest.mark.parametrize("mode", ["RRRR", "FFFF"])
def test_a_norm_of_order_three_is_smooth_at_a_zero_to_order_two(mode: str) -> None:
    step = Step("vector_norm_ord", (0,), (("axis", None), ("keepdims", False), ("ord", 3.0)))
    case = Case(Program((step,)), (1.0, 0.0), mode)
    fourth = certify(case)
    assert fourth.judged is not None
    assert not fourth.judged[1, 1, 1, 1]
    assert fourth.judged[0, 0, 0, 0]
    truth = certify(case.with_mode(mode[:2]))
    got = inhouse.nest(lambda x: inhouse.vector_norm_ord(x, **step.arguments), mode[:2])(case.input)
    assert np.all(np.abs(got - truth.value) <= truth.tolerance)


def test_the_exponential_keeps_its_digits_beside_a_large_block() -> None:
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    for size in (1.0, 1e6):
        block = np.block([[a, size * np.ones((2, 2))], [np.zeros((2, 2)), a]])
        true = np.array([[float(z) for z in row] for row in arb_mat(block.tolist()).exp().tolist()])
        np.testing.assert_allclose(runtime.expm(block), true, rtol=1e-13)


@pytest.mark.parametrize("subscripts", SUBSCRIPTS)
def test_einsum_of_the_inhouse_engine_equals_that_of_numpy(subscripts: str) -> None:
    rng = np.random.default_rng(0)
    lengths = dict(zip("abcd", (2, 3, 2, 4), strict=True))
    operands = [
        rng.uniform(size=[lengths[k] for k in term])
        for term in subscripts.split("->")[0].split(",")
    ]
    traced = inhouse.compile(lambda x: inhouse.einsum(subscripts, x, *operands[1:]))(operands[0])
    np.testing.assert_allclose(traced, np.einsum(subscripts, *operands), rtol=1e-13)


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("einsum", '{"subscripts": "a->a\'), print("}'),
        ("einsum", '{"subscripts": 3}'),
        ("matrix_norm_ord", '{"ord": "fro\'"}'),
        ("matrix_norm_ord", '{"ord": 1}'),
    ],
)
def test_parameters_that_are_text_are_checked(operation: str, params: str) -> None:
    steps = f'[{{"operation": "{operation}", "operands": [0], "params": {params}}}]'
    with pytest.raises(MalformedCase, match="is not of type"):
        parse_case(f'{{"format": 1, "point": [[1.0]], "steps": {steps}, "word": "R"}}')
