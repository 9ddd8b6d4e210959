"""Functions of PyTorch that are one operation of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance import check
from ad_conformance.engines.importing.recorder import Imported, Recorder
from ad_conformance.generators.ir.evaluate import evaluate_steps

torch = pytest.importorskip("torch")

from ad_conformance.engines.importing.torch.calls import FUNCTIONS, METHODS  # noqa: E402
from ad_conformance.engines.importing.torch.follow import follow  # noqa: E402

D = torch.distributions
POINT = np.array([[0.5, 0.25, 0.75], [1.5, -0.5, 0.125]])


def imported(f: Callable[[Any], Any], point: np.ndarray = POINT) -> Imported:
    recorder = Recorder(point, "float64")
    return recorder.imported(follow(f, point, recorder))


CALLS = {
    "ndtr": lambda x: torch.special.ndtr(x),
    "corrcoef": lambda x: torch.corrcoef(x) + x.corrcoef(),
    "matrix_norm_ord": lambda x: (
        torch.linalg.matrix_norm(x, ord="nuc") * torch.linalg.norm(x, "nuc")
    ),
    "norm_logpdf": lambda x: D.Normal(x.exp(), x**2 + 1.0).log_prob(x),
    "norm_cdf": lambda x: D.Normal(x.exp(), x**2 + 1.0, validate_args=False).cdf(x),
    "norm_ppf": lambda x: D.Normal(x, 2.0).icdf(torch.sigmoid(x)),
    "laplace_cdf": lambda x: D.Laplace(0.1, x.exp()).cdf(x),
    "cauchy_cdf": lambda x: D.Cauchy(0.5, 1.5).cdf(x),
}


@pytest.mark.parametrize("operation", CALLS)
def test_function_is_one_operation(operation: str) -> None:
    f = CALLS[operation]
    found = imported(f)
    assert operation in {step.operation for step in found.program.steps}
    assert not {"erf", "clip"} & {step.operation for step in found.program.steps}
    assert not found.notes
    assert not found.held
    for there in (POINT, POINT * 1.125):
        expected = f(torch.tensor(there)).numpy()
        np.testing.assert_allclose(evaluate_steps(found.program, there)[-1], expected, rtol=1e-12)


def test_every_row_is_met() -> None:
    calls = [rule(torch.ones(2, 2), ord="nuc") for rule in FUNCTIONS.values()]
    met = {call[0] for call in calls if call} | {name for _, _, name, _ in METHODS}
    # PyTorch's own value of it has 8 digits, which the next test is about.
    assert met == {*CALLS, "vonmises_logpdf"}


def test_value_with_few_digits_is_named() -> None:
    for f in (
        lambda x: D.VonMises(0.25, 2.0).log_prob(x),
        lambda x: torch.log(D.Normal(0.0, 1.0).cdf(x - 8.0)),
    ):
        found = imported(f)
        assert len(found.notes) == 1
        assert "correct digits here" in found.notes[0]
        assert "test_torch_calls.py:" in found.notes[0]
        assert not found.held
        values = evaluate_steps(found.program, POINT)[-1]
        np.testing.assert_allclose(values, f(torch.tensor(POINT)).numpy(), rtol=1e-9)


def test_other_calls_stay_as_they_are() -> None:
    for f in (
        lambda x: torch.linalg.norm(x),
        lambda x: torch.linalg.matrix_norm(x[None], "nuc"),
        lambda x: torch.linalg.matrix_norm(x, "nuc", keepdim=True),
        lambda x: torch.corrcoef(x[0]),
        lambda x: torch.special.ndtr(input=x),
    ):
        found = imported(f)
        assert not set(CALLS) & {step.operation for step in found.program.steps}
        expected = f(torch.tensor(POINT)).numpy()
        np.testing.assert_allclose(evaluate_steps(found.program, POINT)[-1], expected)


def test_value_that_crosses_zero_has_no_note() -> None:
    found = imported(lambda x: D.Normal(x, 1.0).icdf(torch.full_like(x, 0.5) + 1e-17) + x * 0.0)
    assert not found.notes


def test_methods_are_put_back() -> None:
    before = [getattr(owner, method) for owner, method, _, _ in METHODS]
    imported(lambda x: D.Normal(0.0, 1.0).cdf(x))
    assert before == [getattr(owner, method) for owner, method, _, _ in METHODS]


def test_digits_that_the_formula_of_ndtr_loses_are_found() -> None:
    report = check(
        lambda x: torch.special.ndtr(x) ** 2, np.array([-6.0]), engine="torch", modes=["R"]
    )
    assert report.row("R").verdict == "wrong"
    assert report.row("R").known is not None


def test_argument_without_a_derivative_is_asked_in_forward_mode() -> None:
    def loss(target: Any) -> Any:
        return torch.nn.functional.soft_margin_loss(torch.ones_like(target), target)

    report = check(loss, np.array([0.5, -0.5]), engine="torch", modes=["R", "F"])
    assert [row.verdict for row in report.rows] == ["unsupported", "wrong"]
