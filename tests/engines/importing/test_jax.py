"""Functions of JAX: every primitive of the tables is followed, with the right values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
from ad_conformance.engines.importing import jaxpr  # noqa: E402
from ad_conformance.engines.importing.jax_rules import (  # noqa: E402
    complex_numbers,
    control,
    elementwise,
    matrices,
    moves,
    reductions,
)
from ad_conformance.engines.importing.jaxpr import follow  # noqa: E402
from ad_conformance.engines.importing.recorder import (  # noqa: E402
    CannotImport,
    Imported,
    Parts,
    Recorder,
)
from ad_conformance.generators.ir.evaluate import evaluate_steps  # noqa: E402

from tests.engines.importing import jax_cases as cases  # noqa: E402

#: Names that other releases of JAX have for primitives, or that only its own functions make.
OTHER_NAMES = {
    "checkpoint",
    "closed_call",
    "copy_p",
    "core_call",
    "custom_vjp_call_jaxpr",
    "pjit",
    "ragged_dot",
    "remat",
    "scatter_add",
    "scatter_max",
    "scatter_min",
    "scatter_mul",
    "scatter_sub",
}

GROUPS: dict[str, tuple[cases.Cases, set[str]]] = {
    "elementwise": (cases.ELEMENTWISE, set(elementwise.ELEMENTWISE)),
    "moves": (cases.MOVES, set(moves.MOVES)),
    "reductions": (cases.REDUCTIONS, set(reductions.REDUCTIONS)),
    "matrices": (cases.MATRICES, {*matrices.MATRICES, *matrices.FUNCTIONS}),
    "complex": (
        cases.COMPLEX,
        {*complex_numbers.MADE, *(f"complex {name}" for name in complex_numbers.COMPLEX)},
    ),
    "calls": (cases.CALLS, set(control.CALLS)),
}


@pytest.fixture
def wide() -> Iterator[None]:
    """Arrays of JAX in float64."""
    kept = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", kept)


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The rows of all tables that are used from now on."""
    names: set[str] = set()

    def noting(table: dict[str, Any], name: str, prefix: str = "") -> None:
        rule = table[name]

        def noted(*args: Any, **kwargs: Any) -> Any:
            names.add(prefix + name)
            return rule(*args, **kwargs)

        monkeypatch.setitem(table, name, noted)

    for table, prefix in (
        (jaxpr.RULES, ""),
        (complex_numbers.COMPLEX, "complex "),
        (matrices.FUNCTIONS, ""),
    ):
        for name in table:
            noting(table, name, prefix)
    return names


def imported(f: Callable[[Any], Any], point: Any, dtype: str = "float64", **given: Any) -> Imported:
    recorder = Recorder(np.asarray(point, dtype=float), dtype)
    return recorder.imported(follow(f, np.asarray(point), recorder, **given))


def operations(program: Imported) -> list[str]:
    return [step.operation for step in program.program.steps]


@pytest.mark.slow
@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize("group", GROUPS)
def test_every_row_is_followed_with_the_values_of_the_library(group: str, met: set[str]) -> None:
    functions, rows = GROUPS[group]
    for name, (f, point) in functions.items():
        program = imported(f, point, checking=False).program
        compiled = jax.jit(f)
        for k in range(3):
            near = point + 1e-4 * k * np.random.default_rng(k).uniform(-1, 1, point.shape)
            if name.startswith(("solve by conj", "stopped")) and k:
                continue
            values = evaluate_steps(program, near)[-1]
            np.testing.assert_allclose(
                values, compiled(near), rtol=1e-10, atol=1e-12, err_msg=f"{name}, point {k}"
            )
    assert not rows - met - OTHER_NAMES


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize(
    "name", ["eigenvectors", "singular vectors", "qr", "cholesky", "solve by an operator"]
)
def test_derivatives_of_matrix_steps_are_those_of_the_library(name: str) -> None:
    f, point = cases.MATRICES[name]
    program = imported(f, point).program
    direction = np.random.default_rng(1).normal(size=point.shape)
    _, expected = jax.jvp(f, (jnp.asarray(point),), (jnp.asarray(direction),))
    h = 1e-6
    ahead, behind = (evaluate_steps(program, point + s * direction)[-1] for s in (h, -h))
    np.testing.assert_allclose((ahead - behind) / (2 * h), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.usefixtures("wide")
def test_the_primal_of_a_custom_rule_is_followed() -> None:
    f, point = cases.CALLS["rules"]
    program = imported(f, point).program
    h = 1e-6
    slope = (evaluate_steps(program, point + h)[-1] - evaluate_steps(program, point - h)[-1]) / 2e-6
    np.testing.assert_allclose(slope, np.cos(point) - np.sin(point) + 2 * point, rtol=1e-8)


def test_broadcasts_and_repeated_steps_cost_nothing() -> None:
    def distances(x: Any) -> Any:
        return jnp.sum((x[:, None] - x[None, :]) ** 2 + (x[:, None] - x[None, :]) ** 2)

    found = operations(imported(distances, cases.VECTOR))
    assert sorted(found) == ["add", "reshape", "square", "subtract", "sum"]


def test_a_symmetric_part_is_left_to_the_operation() -> None:
    def root(x: Any) -> Any:
        return jnp.linalg.cholesky(jnp.eye(4) + jnp.outer(x, x))

    assert "permute_dims" not in operations(imported(root, cases.VECTOR))


def test_a_triangle_that_is_not_symmetric_is_mirrored() -> None:
    program = imported(lambda a: jax.scipy.linalg.cholesky(a, lower=True), cases.DEFINITE).program
    moved = cases.DEFINITE + 0.1 * np.triu(np.ones((4, 4)), 1)
    np.testing.assert_allclose(
        evaluate_steps(program, moved)[-1], np.linalg.cholesky(cases.DEFINITE), rtol=1e-6
    )


def test_steps_that_nothing_needs_are_left_out() -> None:
    def f(x: Any) -> Any:
        _, vectors = jnp.linalg.eigh(jnp.outer(x, x))
        del vectors
        return jnp.sin(x)

    assert operations(imported(f, cases.VECTOR)) == ["sin"]


def test_stop_gradient_is_a_constant_and_told() -> None:
    recorder = Recorder(cases.VECTOR, "float64")
    output = follow(lambda x: x * jax.lax.stop_gradient(x), cases.VECTOR, recorder)
    program = recorder.imported(output).program
    assert "stop_gradient" in recorder.held[0]
    np.testing.assert_allclose(evaluate_steps(program, 2 * cases.VECTOR)[-1], 2 * cases.VECTOR**2)


def test_constants_that_jax_holds_itself_are_not_told() -> None:
    recorder = Recorder(cases.VECTOR, "float64")
    follow(lambda x: jax.nn.log_softmax(x), cases.VECTOR, recorder)
    assert set(recorder.held) == {""}


#: Functions that are one operation, at points where branches of their formulas meet.
WHOLE: dict[str, tuple[Callable[[Any], Any], float]] = {
    "hypot": (lambda x: jnp.hypot(x, 2.0), 2.0),
    "sinc": (lambda x: jnp.sinc(x), 0.001),
    "i0": (lambda x: jax.scipy.special.i0(x) + jnp.i0(x), 0.0),
    "i1": (lambda x: jax.scipy.special.i1(x), 0.0),
    "betaln": (lambda x: jax.scipy.special.betaln(x, 2.0), 2.0),
    "boxcox": (lambda x: jax.scipy.special.boxcox(2.0, x), 0.0),
    "corrcoef": (
        lambda x: jnp.corrcoef(jnp.stack([jnp.exp(x * jnp.arange(3.0)), jnp.array([x, 3.0, 2.0])])),
        0.5,
    ),
}


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize("name", control.WHOLE)
def test_function_of_jax_is_one_operation(name: str) -> None:
    f, point = WHOLE[name]
    if not hasattr(jax.scipy.special, name) and not hasattr(jnp, name):
        pytest.skip(f"this release of JAX has no {name}")
    found = imported(f, np.array(point))
    met = set(operations(found))
    assert name in met
    assert not {"maximum", "where", "abs", "bessel_i0e"} & met
    expected = np.asarray(f(jnp.asarray(point, "float64")))
    np.testing.assert_allclose(evaluate_steps(found.program, np.array(point))[-1], expected)


def test_function_of_the_user_with_such_a_name_is_followed() -> None:
    @jax.jit
    def hypot(x: Any, y: Any) -> Any:
        return x * y

    found = imported(lambda x: hypot(x, 2.0), cases.VECTOR)
    assert operations(found)[-1] == "multiply"


@pytest.mark.usefixtures("wide")
def test_value_that_crosses_zero_has_no_note() -> None:
    for f, point in ((jnp.sinc, 2.0), (lambda x: jax.scipy.special.betaln(x, 1.0), 1.0)):
        assert not imported(f, np.array(point)).notes


@pytest.mark.usefixtures("wide")
def test_value_with_few_digits_is_named() -> None:
    found = imported(lambda x: jax.scipy.special.betaln(x, 8.0), np.array(3.5))
    assert len(found.notes) == 1
    assert "betaln has 6." in found.notes[0]
    assert "betaln" not in set(operations(found))


def test_conditions_switch_the_program_off_where_the_course_differs() -> None:
    f, point = cases.CALLS["while"]
    program = imported(f, point).program
    assert evaluate_steps(program, point)[-1] == pytest.approx(float(f(jnp.asarray(point))))
    assert evaluate_steps(program, point * 2)[-1] == 0.0


def _branching(x: Any) -> Any:
    y = jnp.sin(x) if x[0] > 0.1 else x
    for _ in range(int(jnp.floor(9 * x[1]))):
        y = y * x
    while y[0] < 1:
        y = y + x
    scores = jax.grad(lambda z: jnp.sum(z**3) if z[1] > 0 else jnp.sum(z))(x)
    return jax.nn.relu(y) + scores + jax.jit(jnp.cos)(x) + jax.vmap(jnp.tanh)(x) * 2.0


@pytest.mark.usefixtures("wide")
def test_branches_in_python_are_taken_as_at_the_point() -> None:
    program = imported(_branching, cases.VECTOR).program
    near = cases.VECTOR + 1e-3
    np.testing.assert_allclose(evaluate_steps(program, near)[-1], _branching(jnp.asarray(near)))
    assert not np.any(evaluate_steps(program, -cases.VECTOR)[-1])


def test_each_step_has_the_line_of_the_function() -> None:
    found = imported(lambda x: jnp.tanh(x), cases.VECTOR)
    assert found.lines[0].startswith("test_jax.py:")
    assert "jnp.tanh(x)" in found.lines[0]


@pytest.mark.usefixtures("wide")
def test_masks_of_infinity_become_finite_numbers() -> None:
    def f(x: Any) -> Any:
        return jax.nn.softmax(jnp.where(jnp.arange(4) < 2, x, -jnp.inf))

    program = imported(f, cases.VECTOR).program
    np.testing.assert_allclose(evaluate_steps(program, cases.VECTOR)[-1], f(cases.VECTOR))
    assert all(np.all(np.isfinite(s.arguments.get("value", 0.0))) for s in program.steps)


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: jnp.abs(jnp.linalg.eigvals(jnp.outer(x, x))), "eig"),
        (lambda x: jax.lax.reduce(x, 0.0, lambda a, b: a + b * b, (0,)), "reduce"),
        (lambda x: x.astype("float16") * 2, "a conversion to float16"),
        (lambda x: jax.pure_callback(np.sin, x, x), "pure_callback"),
        (lambda x: x * 1j, "a complex result"),
        (lambda x: jnp.sin(x) * float(x[0]), "a number of an array, by float()"),
        (lambda x: jnp.linalg.svd(jnp.outer(x, x[:2]))[0], "svd with full matrices"),
    ],
)
def test_what_cannot_be_imported_is_named_with_its_line(f: Callable[[Any], Any], what: str) -> None:
    with pytest.raises(CannotImport) as caught:
        imported(f, cases.VECTOR)
    assert caught.value.what == f"jax: {what}"
    assert caught.value.line.startswith("test_jax.py:")


def test_a_wrong_rule_is_found_where_the_values_part(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(to: Any, eqn: Any, x: Any) -> Any:
        return to.recorder.cos(to.get(x))

    def f(x: Any) -> Any:
        y = jnp.sin(x)
        return jnp.exp(y)

    monkeypatch.setitem(jaxpr.RULES, "sin", wrong)
    with pytest.raises(Parts, match=r"jax: sin in test_jax\.py:\d+: y = jnp\.sin\(x\)"):
        imported(f, cases.VECTOR)


def test_float32_is_followed_in_float32() -> None:
    def f(x: Any) -> Any:
        assert x.dtype == "float32"
        return jax.nn.softmax(x) * jax.random.normal(jax.random.key(0), (4,))

    program = imported(f, cases.VECTOR, "float32").program
    expected = f(jnp.asarray(cases.VECTOR, "float32"))
    np.testing.assert_allclose(evaluate_steps(program, cases.VECTOR)[-1], expected, rtol=1e-5)
