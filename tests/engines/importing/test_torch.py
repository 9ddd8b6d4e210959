"""The importer of PyTorch, beside PyTorch itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from ad_conformance.engines.importing.recorder import CannotImport, Imported, Parts, Recorder
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.operation import PARAMETER_TYPES
from ad_conformance.generators.ir.evaluate import evaluate_steps

torch = pytest.importorskip("torch")

from ad_conformance.engines.importing.torch import follow as followed  # noqa: E402
from ad_conformance.engines.importing.torch.follow import follow  # noqa: E402
from ad_conformance.engines.importing.torch.rule import whole  # noqa: E402
from torch._higher_order_ops.while_loop import while_loop  # noqa: E402
from torch.utils._pytree import tree_flatten, tree_unflatten  # noqa: E402

from tests.engines.importing import torch_layers, torch_moves, torch_rows  # noqa: E402
from validation.functions import Function  # noqa: E402
from validation.functions.torch_functions import FUNCTIONS  # noqa: E402
from validation.functions.torch_modules import FUNCTIONS as MODULES  # noqa: E402

POINT = np.round(np.random.default_rng(3).uniform(0.15, 0.85, size=12), 6)
NEAR = (0.0, 1e-3, -2e-3)
ROWS = [
    pytest.param(f, id=f"{table}-{name}")
    for module in (torch_rows, torch_moves, torch_layers)
    for table, rows in module.TABLES.items()
    for name, f in rows
]


def imported(f: Callable[[Any], Any], point: Any = POINT, dtype: str = "float64") -> Imported:
    recorder = Recorder(np.asarray(point), dtype)
    return recorder.imported(follow(f, np.asarray(point), recorder))


def value(f: Callable[[Any], Any], point: Any) -> np.ndarray:
    x = torch.tensor(point, requires_grad=True, dtype=torch.float64).clone()
    return f(x).detach().numpy()  # type: ignore[no-any-return]


def names(found: Imported) -> list[str]:
    """The operations, without constants."""
    return [s.operation for s in found.program.steps if s.operation != "constant"]


def agree(f: Callable[[Any], Any], point: np.ndarray = POINT) -> Imported:
    """The program, which has the value of f at the point and beside it."""
    found = imported(f, point)
    for move in NEAR:
        there = point + move * np.cos(np.arange(point.size)).reshape(point.shape)
        np.testing.assert_allclose(
            evaluate_steps(found.program, there)[-1], value(f, there), rtol=1e-8, atol=1e-10
        )
    return found


def check_steps(found: Imported) -> None:
    """Operations get truth values and parameters of the types that a file may have."""
    values = evaluate_steps(found.program, POINT)
    for step in found.program.steps:
        row = CATALOGUE[step.operation]
        truths = [k for k, i in enumerate(step.operands) if values[i].dtype == bool]
        assert tuple(truths) == row.truth_values, step.operation
        assert all(PARAMETER_TYPES[row.params[k]](v) for k, v in step.params), step


def jacobian(f: Callable[[np.ndarray], np.ndarray], point: np.ndarray) -> np.ndarray:
    """By central differences; the last axis is that of the input."""
    steps = 1e-5 * np.eye(point.size)
    return np.stack([(f(point + h) - f(point - h)) / 2e-5 for h in steps], axis=-1)


@pytest.mark.parametrize("f", ROWS)
def test_program_of_each_row_has_the_value_of_the_function(f: Callable[[Any], Any]) -> None:
    check_steps(agree(f))


@pytest.mark.slow
def test_each_row_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    met, find = set(), followed._rule

    def noted(name: str, is_complex: bool) -> Any:
        met.add(id(rule := find(name, is_complex)))
        return rule

    monkeypatch.setattr(followed, "_rule", noted)
    for row in ROWS:
        imported(row.values[0])
    missing = [
        k for rules in (followed.RULES, followed.COMPLEX) for k in rules if id(rules[k]) not in met
    ]
    assert not missing


@pytest.mark.parametrize(
    "f",
    [
        lambda v: torch.linalg.cholesky(torch_rows.square(v)),
        lambda v: torch.linalg.eigh(torch_rows.square(v))[1],
        lambda v: torch.linalg.svd(torch_rows.matrix(v), full_matrices=False)[0],
        lambda v: torch.linalg.solve(torch_rows.large(v), v),
        torch_layers.convolved,
        lambda v: torch.fft.irfft(torch.fft.rfft(v) * torch.fft.rfft(v.exp()), n=12),
        lambda v: torch.nn.functional.layer_norm(v.reshape(3, 4), (4,)),
        torch.func.grad(lambda v: torch.linalg.det(torch_rows.square(v))),
    ],
)
def test_program_has_the_jacobian_of_the_function(f: Callable[[Any], Any]) -> None:
    program = imported(f).program
    expected = torch.func.jacrev(f)(torch.tensor(POINT)).numpy()
    found = jacobian(lambda x: evaluate_steps(program, x)[-1], POINT)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_views_and_copies_need_no_steps() -> None:
    found = agree(lambda v: v.reshape(3, 4).clone().T.contiguous().T.reshape(-1)[None].squeeze())
    assert names(found) == ["positive"]


@pytest.mark.parametrize(
    ("f", "steps"),
    [
        (lambda v: v[2:6].exp(), ["slice", "exp"]),
        (lambda v: v.reshape(3, 4)[1].exp(), ["slice", "exp"]),
        (lambda v: v.reshape(3, 4).T.exp(), ["reshape", "permute_dims", "exp"]),
        (
            lambda v: v.sin().reshape(3, 4).exp()[:, 1:3].exp(),
            ["sin", "reshape", "exp", "slice", "exp"],
        ),
        (lambda v: v.flip(0).exp(), ["take", "exp"]),
        (lambda v: torch.cat([v, v]).exp(), ["take", "exp"]),
        (lambda v: torch.cat([v.sin(), v]).exp(), ["sin", "concat", "exp"]),
        (lambda v: torch.stack([v.sum(), v.max()]).exp(), ["sum", "max", "stack", "exp"]),
        (lambda v: v[:, None] * v[None, :], ["reshape", "reshape", "multiply"]),
        (lambda v: v.expand(3, 12) * v.reshape(1, 12), ["reshape", "multiply", "broadcast_to"]),
        (lambda v: torch.tril(v.reshape(3, 4)).exp(), ["reshape", "multiply", "exp"]),
    ],
)
def test_entries_that_moved_are_read_in_few_steps(f: Any, steps: list[str]) -> None:
    assert names(agree(f)) == steps


def test_writing_into_a_view_is_seen_in_the_tensor_that_it_views() -> None:
    def f(v: Any) -> Any:
        y = v.clone()
        rows = y.view(3, 4)
        rows[1] *= 2
        y[0] = v[3] ** 2
        rows.t()[2].add_(v[:3])
        y += 1
        return y * v

    agree(f)


def test_entries_written_one_by_one_are_read_in_one_step() -> None:
    def f(v: Any) -> Any:
        out = torch.zeros(3, dtype=v.dtype)
        for k in range(3):
            out[k] = v[k].sin()
        return out.exp()

    assert names(agree(f)) == [*["index", "sin"] * 3, "stack", "exp"]


def test_branches_are_those_of_the_point_and_the_program_says_where_they_hold() -> None:
    found = agree(lambda v: v * 2 if v.sum() > 3 else v * 3)
    assert len(found.conditions) == 1
    assert not evaluate_steps(found.program, 0.1 * POINT)[found.conditions[0]]


def test_cond_is_the_branch_of_the_point() -> None:
    found = agree(lambda v: torch.cond(v.sum() > 3, torch.sin, torch.cos, (v,)))
    assert "sin" in names(found)
    assert "cos" not in names(found)
    assert not evaluate_steps(found.program, 0.1 * POINT)[found.conditions[0]]


def test_loop_count_that_depends_on_the_input_holds_at_the_point() -> None:
    def f(v: Any) -> Any:
        total = v[0]
        while total < 2:
            total = total + v.mean()
        return total * v

    assert len(agree(f).conditions) > 1


def test_numbers_that_only_decide_or_are_printed_are_constants() -> None:
    def f(v: Any) -> Any:
        str(v.sum())
        return v * 2 if float(v.sum()) > 0 and v.detach().numpy()[0] > 0 else v * 3

    assert names(agree(f)) == ["multiply"]


def test_random_numbers_of_a_seed_are_constants() -> None:
    def f(v: Any) -> Any:
        return v * torch.randn(12, generator=torch.Generator().manual_seed(1)).double()

    assert names(agree(f)) == ["multiply"]


def test_checks_of_finite_numbers_need_no_steps() -> None:
    def f(v: Any) -> Any:
        assert torch.isfinite(v).all()
        return v * 2 if not torch.isnan(v.sum()) else v

    assert names(agree(f)) == ["multiply"]


def test_number_that_is_computed_with_cannot_be_imported() -> None:
    with pytest.raises(CannotImport, match=r"by float\(\).*test_torch.py:\d+: .*float\(v.sum"):
        imported(lambda v: v * float(v.sum()))


def test_detached_values_are_constants_and_their_lines_are_kept() -> None:
    recorder = Recorder(POINT, "float64")
    found = recorder.imported(follow(lambda v: v * v.detach(), POINT, recorder))
    slope = jacobian(lambda x: evaluate_steps(found.program, x)[-1], POINT)
    np.testing.assert_allclose(slope, np.diag(POINT), atol=1e-9)
    assert len(recorder.held) == 1
    assert "v * v.detach()" in recorder.held[0]


def test_values_without_gradient_are_constants() -> None:
    def f(v: Any) -> Any:
        with torch.no_grad():
            scale = v.exp() + 1
        return v * scale

    assert names(imported(f)) == ["multiply"]


def test_custom_function_is_its_forward_pass() -> None:
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x.sin() * x.detach()

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            return gradient * 17

    assert names(agree(lambda v: Wrong.apply(v).exp())) == ["sin", "multiply", "exp"]


@pytest.mark.parametrize(
    "transform",
    [
        torch.func.jacrev,
        torch.func.jacfwd,
        torch.func.hessian,
        lambda g: lambda v: torch.func.jvp(g, (v,), (v.exp(),))[1],
        lambda g: lambda v: torch.vmap(g)(v.reshape(3, 4)),
        lambda g: lambda v: torch.autograd.grad(g(v).sum(), v, create_graph=True)[0],
        lambda g: lambda v: torch.utils.checkpoint.checkpoint(g, v, use_reentrant=False),
    ],
)
def test_derivatives_and_maps_inside_the_function_are_followed(transform: Any) -> None:
    agree(transform(lambda v: torch.sin(v) * v.sum() / v.norm()))


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (torch.nn.LSTM(4, 3, bidirectional=True), (3, 4)),
        (torch.nn.GRU(4, 3, num_layers=2), (3, 4)),
        (torch.nn.RNN(4, 3, nonlinearity="relu"), (3, 4)),
        (torch.nn.LSTMCell(4, 3), (3, 4)),
        (torch.nn.MultiheadAttention(4, 2), (3, 4)),
        (torch.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), (3, 4)),
        (torch.nn.Bilinear(2, 2, 3), (6, 2)),
        (torch.nn.BatchNorm1d(4), (3, 4)),
        (torch.nn.ConvTranspose1d(2, 3, 2, stride=2), (1, 2, 6)),
    ],
)
def test_modules_are_followed(module: Any, shape: tuple[int, ...]) -> None:
    module = module.double().eval()
    count = 3 if isinstance(module, torch.nn.MultiheadAttention) else 1
    count = 2 if isinstance(module, torch.nn.Bilinear) else count

    def f(v: Any) -> Any:
        made = module(*[v.reshape(shape)] * count)
        return made[0] if isinstance(made, tuple) else made

    agree(f)


@pytest.mark.parametrize(
    "f",
    [
        lambda v: torch.distributions.Normal(v[:6], v[6:]).log_prob(v[:6] ** 2),
        lambda v: torch.distributions.Gamma(v[:6], v[6:]).log_prob(v[:6] ** 2),
        lambda v: torch.distributions.Beta(v[:6], v[6:]).log_prob(v[:6] ** 2),
        lambda v: torch.distributions.Dirichlet(v[:3]).log_prob(v[3:6] / v[3:6].sum()),
        lambda v: torch.distributions.Categorical(logits=v).log_prob(torch.tensor(3)),
        lambda v: torch.distributions.Poisson(v).log_prob(torch.arange(12.0).double()),
        lambda v: torch.distributions.StudentT(v[:6], v[6:]).log_prob(v[:6] ** 2),
        lambda v: torch.distributions.MultivariateNormal(v[:3], torch_rows.square(v)).log_prob(
            v[3:6]
        ),
        lambda v: torch.distributions.kl_divergence(
            torch.distributions.Normal(v[:6], v[6:]), torch.distributions.Normal(v[6:], v[:6])
        ),
    ],
)
def test_densities_are_followed_without_conditions_of_their_checks(f: Any) -> None:
    assert not agree(f).conditions


def test_program_of_float32_has_the_value_of_the_function() -> None:
    found = imported(lambda v: torch.softmax(v.reshape(3, 4), 1).logsumexp(0), dtype="float32")
    expected = value(lambda v: torch.softmax(v.reshape(3, 4), 1).logsumexp(0), POINT)
    np.testing.assert_allclose(evaluate_steps(found.program, POINT)[-1], expected, rtol=1e-6)


def test_output_that_does_not_depend_on_the_input_is_an_array() -> None:
    recorder = Recorder(POINT, "float64")
    output = follow(lambda v: torch.ones(3) * v.shape[0], POINT, recorder)
    np.testing.assert_array_equal(output, [12.0, 12.0, 12.0])


def test_lines_of_steps_are_those_of_the_function() -> None:
    found = imported(lambda v: torch.nn.functional.gelu(v.sin()))
    assert all("test_torch.py" in line and "gelu(v.sin())" in line for line in found.lines)


@pytest.mark.parametrize("function", [*FUNCTIONS, *MODULES], ids=lambda function: function.name)
def test_functions_as_people_write_them_are_imported(function: Function) -> None:
    leaves, tree = tree_flatten((function.args, dict(function.kwargs)))
    shapes = [np.shape(leaf) for leaf in leaves]
    sizes = [int(np.prod(shape)) for shape in shapes]

    def f(v: Any) -> Any:
        parts = zip(v.split(sizes), shapes, strict=True)
        args, kwargs = tree_unflatten([part.reshape(shape) for part, shape in parts], tree)
        return function.f(*args, **kwargs)

    agree(f, np.concatenate([np.ravel(leaf) for leaf in leaves]))


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda v: v + torch.randn(12), r"aten.randn.default \(a random number\) in test_torch"),
        (lambda v: torch.bernoulli(v) * v, r"aten.bernoulli.default"),
        (lambda v: torch.nn.functional.dropout(v), r"a random number"),
        (lambda v: v.float() * 2, r"a conversion to torch.float32"),
        (lambda v: torch.special.spherical_bessel_j0(v), r"aten.special_spherical_bessel_j0"),
        (lambda v: torch.linalg.eigvals(v.reshape(3, 4)[:, :3]).abs(), r"aten.linalg_eigvals"),
        (lambda v: torch.linalg.svd(v.reshape(3, 4))[2], r"a full singular value decomposition"),
        (lambda v: torch.complex(v, v), r"a complex output"),
        (
            lambda v: torch.ops.aten._ctc_loss(
                v.reshape(4, 1, 3).log_softmax(2), torch.tensor([[1, 2]]), [4], [2]
            )[1],
            r"a further result of aten._ctc_loss",
        ),
        (
            lambda v: while_loop(lambda x: x.sum() < 99, lambda x: (x * 2,), (v,))[0],
            r"such as while_loop, in test_torch.py:\d+: lambda v: while_loop",
        ),
        (lambda v: [v], r"an output of type list"),
        (lambda v: v.view(torch.int64) * 2, r"the bits of a number"),
        (lambda v: v.to_sparse(), r"cannot be imported|layout"),
        (lambda v: (3 * v).long() & 1, r"bitwise_and of integers"),
    ],
)
def test_what_cannot_be_imported_is_named_with_its_line(f: Any, message: str) -> None:
    with pytest.raises(CannotImport, match=message):
        imported(f)


def test_row_with_another_value_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(followed.RULES, "sin", whole(lambda r, x: r.cos(x)))
    with pytest.raises(Parts, match=r"test_torch.py:\d+: .*v.sin\(\).*differs"):
        imported(lambda v: v.sin() * 2)


def test_operands_that_cancel_are_no_other_value() -> None:
    agree(torch.func.grad(lambda v: torch.linalg.pinv(v.reshape(3, 4)).sum()))


@pytest.fixture(autouse=True)
def _settings_stay() -> Iterator[None]:
    before = torch.backends.mkldnn.enabled, torch.backends.mha.get_fastpath_enabled()
    yield
    assert before == (torch.backends.mkldnn.enabled, torch.backends.mha.get_fastpath_enabled())
