"""Functions over NumPy arrays: every function of the tables is followed, with the right values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.special
import scipy.stats
from ad_conformance.engines.importing import lines
from ad_conformance.engines.importing.numpy.distributions import TABLE as DISTRIBUTIONS
from ad_conformance.engines.importing.numpy.follow import REPLACED, follow
from ad_conformance.engines.importing.numpy.functions import TABLE, UFUNCS
from ad_conformance.engines.importing.recorder import CannotImport, Imported, Recorder
from ad_conformance.generators.ir.evaluate import evaluate_steps

VECTOR = np.array([0.5, 0.25, 0.75, 0.125])
MATRIX = np.array([[2.0, 0.5], [0.25, 1.5]])
OTHER = np.array([[1.0, 2.0], [0.5, 3.0]])

#: Functions of a matrix, by the name of the row that they use.
OF_A_MATRIX: dict[str, Callable[[Any], Any]] = {
    "transpose": lambda a: a.T * OTHER,
    "swapaxes": lambda a: np.swapaxes(a, 0, 1) * OTHER,
    "moveaxis": lambda a: np.moveaxis(a, 0, 1) * OTHER,
    "rollaxis": lambda a: np.rollaxis(a, 1) * OTHER,
    "flip": lambda a: np.flip(a, 0) * OTHER,
    "fliplr": lambda a: np.fliplr(a) * OTHER,
    "flipud": lambda a: np.flipud(a) * OTHER,
    "roll": lambda a: np.roll(a, 1) * OTHER,
    "rot90": lambda a: np.rot90(a) * OTHER,
    "tile": lambda a: np.tile(a, (2, 1)),
    "repeat": lambda a: np.repeat(a, 2, axis=1),
    "broadcast_to": lambda a: np.broadcast_to(a, (3, 2, 2)),
    "ravel": lambda a: a.ravel() * np.arange(4.0),
    "squeeze": lambda a: np.squeeze(a[None]) * OTHER,
    "expand_dims": lambda a: np.expand_dims(a, 1),
    "atleast_1d": lambda a: np.atleast_1d(a[0, 0]),
    "atleast_2d": lambda a: np.atleast_2d(a[0]),
    "atleast_3d": lambda a: np.atleast_3d(a),
    "take": lambda a: np.take(a, [1, 0, 1], axis=0),
    "take_along_axis": lambda a: np.take_along_axis(a, np.array([[1, 0]]), 0),
    "diagonal": lambda a: np.diagonal(a, 1),
    "split": lambda a: np.split(a, 2)[1] * 3.0,
    "array_split": lambda a: np.array_split(a, 2, axis=1)[0],
    "vsplit": lambda a: np.vsplit(a, 2)[0],
    "hsplit": lambda a: np.hsplit(a, 2)[1],
    "resize": lambda a: np.resize(a, (3, 2)),
    "delete": lambda a: np.delete(a, 0, axis=1),
    "permute_dims": lambda a: a.__array_namespace__().permute_dims(a, (1, 0)) * OTHER,
    "matrix_transpose": lambda a: a.mT * OTHER,
    "unstack": lambda a: np.unstack(a)[1],
    "tril": lambda a: np.tril(a),
    "triu": lambda a: np.triu(a, 1),
    "diag": lambda a: np.diag(a[0]) + np.diag(a) * 2.0,
    "diagflat": lambda a: np.diagflat(a[0]),
    "vstack": lambda a: np.vstack([a, a[0] * 2.0]),
    "hstack": lambda a: np.hstack([a, OTHER]),
    "dstack": lambda a: np.dstack([a, OTHER]),
    "column_stack": lambda a: np.column_stack([a[0], a[1]]),
    "reshape": lambda a: np.reshape(a, (4, 1)) + a.reshape(1, -1),
    "concatenate": lambda a: np.concatenate([a, OTHER], axis=None),
    "concat": lambda a: a.__array_namespace__().concat([a, a], axis=1),
    "stack": lambda a: np.stack([a, OTHER, a]),
    "pad": lambda a: np.pad(a, 1) + np.pad(a, ((1, 1), (1, 1)), mode="edge"),
    "zeros_like": lambda a: _assigned(np.zeros_like(a), a),
    "ones_like": lambda a: a * np.ones_like(a),
    "empty_like": lambda a: _assigned(np.empty_like(a), a),
    "full_like": lambda a: a + np.full_like(a, 3.0),
    "broadcast_arrays": lambda a: np.broadcast_arrays(a, a[0] * 2.0)[1],
    "meshgrid": lambda a: np.meshgrid(a[0], a[1])[1] * OTHER,
    "sum": lambda a: np.sum(a, axis=(0, 1)) * a.sum(axis=0, keepdims=True),
    "prod": lambda a: a.prod(axis=1),
    "mean": lambda a: np.mean(a, axis=(-1,)),
    "max": lambda a: a.max(axis=0),
    "min": lambda a: np.min(a),
    "amax": lambda a: np.max(a, axis=1),
    "amin": lambda a: np.min(a, axis=1),
    "ptp": lambda a: np.ptp(a, axis=1),
    "median": lambda a: np.median(a, axis=0),
    "nansum": lambda a: np.nansum(a, axis=0),
    "nanprod": lambda a: np.nanprod(a, axis=0),
    "nanmean": lambda a: np.nanmean(a, axis=0),
    "nanmax": lambda a: np.nanmax(a, axis=0),
    "nanmin": lambda a: np.nanmin(a, axis=0),
    "nanmedian": lambda a: np.nanmedian(a, axis=0),
    "var": lambda a: np.var(a) + np.var(a, axis=(0, 1), ddof=1),
    "std": lambda a: a.std(axis=0),
    "cumulative_sum": lambda a: np.cumulative_sum(a, axis=1),
    "cumulative_prod": lambda a: np.cumulative_prod(a, axis=1),
    "cumsum": lambda a: np.cumsum(a),
    "cumprod": lambda a: a.cumprod(axis=0),
    "add.reduce": lambda a: np.add.reduce(a),
    "multiply.reduce": lambda a: np.multiply.reduce(a, axis=1),
    "maximum.reduce": lambda a: np.maximum.reduce(a),
    "minimum.reduce": lambda a: np.minimum.reduce(a),
    "add.accumulate": lambda a: np.add.accumulate(a),
    "multiply.accumulate": lambda a: np.multiply.accumulate(a),
    "maximum.accumulate": lambda a: np.maximum.accumulate(a),
    "minimum.accumulate": lambda a: np.minimum.accumulate(a),
    "add.outer": lambda a: np.add.outer(a[0], a[1]),
    "multiply.outer": lambda a: np.multiply.outer(a[0], a[1]),
    "subtract.outer": lambda a: np.subtract.outer(a[0], a[1]),
    "power": lambda a: a**2 + a**3 + a**0.5 + 2.0**a,
    "float_power": lambda a: np.float_power(a, 2.5),
    "heaviside": lambda a: a * np.heaviside(a - 1.0, 0.5),
    "copy": lambda a: np.copy(a) * 2.0,
    "real": lambda a: np.real(a) * 2.0,
    "array": lambda a: np.array([a[0, 0], a[1, 1] * 2.0]),
    "asarray": lambda a: np.asarray(a) * np.asarray([1.0, 2.0]),
    "where": lambda a: np.where(a > 1.0, a, a * a),
    "select": lambda a: np.select([a > 1.8, a > 1.0], [a, a * a], default=0.0),
    "clip": lambda a: np.clip(a, 0.3, 1.8) + np.clip(a, 0.4, None) + a.clip(max=a[0, 0]),
    "sort": lambda a: np.sort(a, axis=None) * np.arange(4.0),
    "argsort": lambda a: a[0][np.argsort(a[0])] * np.array([1.0, 2.0]),
    "argmax": lambda a: a[np.argmax(a[:, 0])],
    "argmin": lambda a: a[a[:, 1].argmin()],
    "average": lambda a: np.average(a, axis=0, weights=np.array([1.0, 3.0])) + np.average(a),
    "quantile": lambda a: np.quantile(a, 0.25),
    "percentile": lambda a: np.percentile(a, [25.0, 75.0], axis=0),
    "diff": lambda a: np.diff(a),
    "trapezoid": lambda a: np.trapezoid(a, dx=0.5),
    "gradient": lambda a: np.gradient(a[0], 0.5),
    "interp": lambda a: np.interp(a, [0.0, 1.0, 4.0], [0.0, 2.0, 3.0]),
    "convolve": lambda a: np.convolve(a[0], a[1]),
    "correlate": lambda a: np.correlate(a[0], a[1], mode="full"),
    "isfinite": lambda a: np.where(np.isfinite(a), a, 0.0),
    "isnan": lambda a: np.where(np.isnan(a), 0.0, a),
    "isinf": lambda a: np.where(np.isinf(a), 0.0, a),
    "all": lambda a: a if np.all(a > 0) else -a,
    "any": lambda a: a if (a > 1.0).any() else -a,
    "nan_to_num": lambda a: np.nan_to_num(a) * 2.0,
    "shape": lambda a: a * np.shape(a)[0],
    "ndim": lambda a: a * np.ndim(a),
    "size": lambda a: a * np.size(a),
    "logsumexp": lambda a: scipy.special.logsumexp(a, axis=0) + scipy.special.logsumexp(a),
    "softmax": lambda a: scipy.special.softmax(a) + scipy.special.softmax(a, axis=1),
    "log_softmax": lambda a: scipy.special.log_softmax(a, axis=1),
    "polygamma": lambda a: scipy.special.polygamma(1, a),
    "dot": lambda a: np.dot(a, OTHER) + a.dot(a[0]),
    "matmul": lambda a: a @ OTHER @ a[0],
    "vdot": lambda a: np.vdot(a, OTHER),
    "vecdot": lambda a: np.vecdot(a, OTHER),
    "outer": lambda a: np.outer(a, a[0]),
    "inner": lambda a: np.inner(a, OTHER),
    "tensordot": lambda a: np.tensordot(a, OTHER) + np.tensordot(a, OTHER, axes=([0], [1])),
    "einsum": lambda a: np.einsum("ij,kj->ik", a, OTHER) + np.einsum("ij,jk", a, a),
    "kron": lambda a: np.kron(a, OTHER),
    "trace": lambda a: np.trace(a) + np.trace(a, offset=1),
    "cross": lambda a: np.cross(a.ravel()[:3], np.array([1.0, 2.0, 3.0])),
    "linalg.norm": lambda a: np.linalg.norm(a) + np.linalg.norm(a, axis=1, ord=3)
    + scipy.linalg.norm(a[0], 1) + scipy.linalg.norm(a, np.inf),
    "linalg.vector_norm": lambda a: np.linalg.vector_norm(a, axis=1),
    "linalg.matrix_norm": lambda a: np.linalg.matrix_norm(a),
    "linalg.solve": lambda a: np.linalg.solve(a, OTHER) + scipy.linalg.solve(a, OTHER[0]),
    "linalg.cholesky": lambda a: np.linalg.cholesky(a @ a.T),
    "linalg.slogdet": lambda a: np.linalg.slogdet(a)[1] * np.linalg.slogdet(a)[0],
    "linalg.svd": lambda a: np.linalg.svd(a, compute_uv=False) + _polar(a) + _polar(a[:1]),
    "linalg.svdvals": lambda a: np.linalg.svdvals(a),
    "linalg.qr": lambda a: np.linalg.qr(a)[1] + np.linalg.qr(a)[0],
    "linalg.eigh": lambda a: np.linalg.eigh(a)[1] + np.linalg.eigh(a, "U")[1] @ np.diag(
        np.linalg.eigh(a)[0]
    ),
    "linalg.eigvalsh": lambda a: np.linalg.eigvalsh(a + a.T),
    "linalg.det": lambda a: np.linalg.det(a) + scipy.linalg.det(a),
    "linalg.inv": lambda a: np.linalg.inv(a),
    "linalg.pinv": lambda a: np.linalg.pinv(a),
    "linalg.matrix_power": lambda a: np.linalg.matrix_power(a, 3),
    "linalg.multi_dot": lambda a: np.linalg.multi_dot([a, OTHER, a]),
    "linalg.lstsq": lambda a: np.linalg.lstsq(a, OTHER[0], rcond=None)[0],
    "linalg.trace": lambda a: np.linalg.trace(a),
    "linalg.diagonal": lambda a: np.linalg.diagonal(a),
    "linalg.matrix_transpose": lambda a: np.linalg.matrix_transpose(a) * OTHER,
    "linalg.outer": lambda a: np.linalg.outer(a[0], a[1]),
    "linalg.cross": lambda a: np.linalg.cross(a.ravel()[:3], np.array([1.0, 2.0, 3.0])),
    "linalg.matmul": lambda a: np.linalg.matmul(a, OTHER),
    "linalg.tensordot": lambda a: np.linalg.tensordot(a, OTHER),
    "linalg.vecdot": lambda a: np.linalg.vecdot(a, OTHER),
    "linalg.expm": lambda a: scipy.linalg.expm(a),
    "linalg.sqrtm": lambda a: scipy.linalg.sqrtm(a @ a.T),
    "linalg.solve_triangular": lambda a: scipy.linalg.solve_triangular(a, OTHER[0], lower=True),
    "linalg.cho_factor": lambda a: scipy.linalg.cho_solve(
        scipy.linalg.cho_factor(a @ a.T, lower=True), OTHER
    ),
    "linalg.cho_solve": lambda a: scipy.linalg.cho_solve(
        scipy.linalg.cho_factor(a @ a.T, lower=True), OTHER[1]
    ),
}  # fmt: skip


def _polar(a: Any) -> Any:
    u, _, vt = np.linalg.svd(a, full_matrices=False)
    return u @ vt


def _assigned(array: Any, a: Any) -> Any:
    array[0] = a[1] * 2.0
    array[1, 0] = a[0, 0]
    array[1, 1] = 7.0
    return array * a


def imported(function: Callable[[Any], Any], point: np.ndarray) -> Imported:
    recorder = Recorder(point, "float64")
    return recorder.imported(follow(function, point, recorder))


def assert_followed(function: Callable[[Any], Any], point: np.ndarray) -> Imported:
    """The program has the value of the function at the point and at two others."""
    found = imported(function, point)
    for other in (point, point * 1.0625, point + 2.0**-5):
        values = evaluate_steps(found.program, other)
        expected = np.asarray(function(other), dtype=float)
        assert values[-1].shape == expected.shape
        np.testing.assert_allclose(values[-1], expected, rtol=1e-12, atol=1e-13)
    return found


@pytest.mark.parametrize("name", OF_A_MATRIX)
def test_function_of_a_matrix_is_followed(name: str) -> None:
    assert_followed(OF_A_MATRIX[name], MATRIX)


def test_every_row_is_met_by_these_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    met: set[str] = set()
    monkeypatch.setattr(
        "ad_conformance.engines.importing.numpy.follow.TABLE",
        {name: _noted(met, name, function) for name, function in TABLE.items()},
    )
    for function in OF_A_MATRIX.values():
        imported(function, MATRIX)
    # Under these names, NumPy calls amax and amin.
    assert set(TABLE) - met - {"amax", "amin", "trapz"} == set()


def _noted(met: set[str], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*args: Any, **kwargs: Any) -> Any:
        met.add(name)
        return function(*args, **kwargs)

    return called


def _ufunc(name: str) -> Any:
    return next(
        (getattr(m, name) for m in (np, scipy.special) if callable(getattr(m, name, None))), None
    )


@pytest.mark.parametrize("name", sorted(set(UFUNCS) - set(TABLE)))
def test_elementwise_function_is_followed(name: str) -> None:
    function = _ufunc(name)
    if function is None:
        pytest.skip("only the array API has this name")
    count = getattr(function, "nin", 1)
    points = {"acosh": VECTOR + 1.5, "arccosh": VECTOR + 1.5}
    more = [np.array([0.5, 0.75, 0.25, 2.0]), np.array([0.5, 0.625, 0.25, 0.375]), VECTOR / 4]
    truth = np.bool_ if name in ("logical_not", "invert") or "logical" in name else None

    def called(x: Any) -> Any:
        given = [x, *more[: count - 1]]
        if truth is not None or name.startswith("bitwise"):
            given = [value > 0.3 for value in given]
        found = function(*given)
        return np.where(found, x, 2.0 * x) if found.dtype == bool else found

    assert_followed(called, points.get(name, VECTOR))


def test_functions_of_math_are_followed() -> None:
    def function(x: Any) -> Any:
        total = 0.0
        for k in range(4):
            total = total + math.sin(x[k]) * math.exp(-x[0]) + math.lgamma(x[k] + 1.0)
        return total

    assert_followed(function, VECTOR)
    assert math.sin is not None
    assert {name for module, name, _ in REPLACED if module == "math"} <= set(dir(math))


def test_names_of_modules_are_as_before() -> None:
    before = [math.sin, np.array, scipy.linalg.det, scipy.special.logsumexp]
    with pytest.raises(ZeroDivisionError):
        imported(lambda x: x.sum() * (1 // 0), VECTOR)
    assert before == [math.sin, np.array, scipy.linalg.det, scipy.special.logsumexp]


def test_branch_that_was_taken_must_hold() -> None:
    def function(x: Any) -> Any:
        return x[0] * 2.0 if x[0] > 0.3 else x[0] * 5.0

    found = assert_followed(function, np.array([0.5, 0.0]))
    assert found.conditions
    # On the other side of the branch, the program is not that of the function.
    assert evaluate_steps(found.program, np.array([0.25, 0.0]))[-1] == 0.0


def test_order_and_rounds_of_a_loop_must_hold() -> None:
    def function(x: Any) -> Any:
        total = x[0]
        for _ in range(int(x[1])):
            total = total * x[2]
        return total + x[np.argsort(x)][0]

    found = assert_followed(function, np.array([1.5, 2.5, 0.5]))
    assert len(found.conditions) == 3
    values = evaluate_steps(found.program, np.array([1.5, 3.5, 0.5]))
    assert values[-1] == 0.0


def test_array_api_is_followed() -> None:
    def function(x: Any) -> Any:
        xp = x.__array_namespace__()
        return xp.sum(xp.exp(xp.linalg.solve(x, xp.eye(2)))) + xp.pi

    assert_followed(function, MATRIX)


def test_in_place_changes_are_seen_by_all_names() -> None:
    def function(x: Any) -> Any:
        y = x * 1.0
        z = y
        z += 2.0
        y[0] *= 3.0
        return y * z

    assert_followed(function, VECTOR)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: np.fft.fft(x), r"numpy\.fft\.fft in test_numpy\.py:\d+"),
        (lambda x: np.linalg.eigh(np.outer(x, x)[None])[1], "eigh of a stack"),
        (lambda x: np.linalg.svd(np.outer(x, x)[1:])[0], "svd of a stack, or with full_matrices"),
        (lambda x: float(x[0]) * x, r"float\(\)"),
        (lambda x: scipy.stats.skewnorm.logpdf(x, 0.5), r"by scipy.stats.rv_continuous.logpdf in"),
        (lambda x: np.modf(x)[0], "numpy.modf"),
        (lambda x: x.astype(int) * x, "astype"),
        (lambda x: x * 1j, "complex"),
    ],
)
def test_what_cannot_be_followed_is_named(function: Callable[[Any], Any], said: str) -> None:
    with pytest.raises(CannotImport, match=said):
        imported(function, VECTOR)


def test_lines_are_those_of_the_user() -> None:
    found = imported(lambda x: np.sin(x) + 1.0, VECTOR)
    assert all("np.sin(x) + 1.0" in line for line in found.lines)
    assert lines.running().startswith("test_numpy.py:")


def _stats_values(name: str) -> np.ndarray:
    return (
        np.array([0.3, 0.6, 0.8]) if name in ("beta", "truncnorm") else np.array([1.5, 2.25, 3.0])
    )


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_function_of_a_distribution_is_followed(name: str) -> None:
    _, distribution, function = name.split(".")
    of_scipy = getattr(scipy.stats, distribution)
    shapes = {
        "t": (3.5,), "chi2": (3.0,), "gamma": (2.5,), "beta": (1.5, 2.5), "pareto": (2.5,),
        "gennorm": (1.5,), "truncnorm": (-1.0, 2.0), "vonmises": (1.5,), "wrapcauchy": (0.5,),
    }.get(distribution, ())  # fmt: skip

    def called(*args: Any, **kwargs: Any) -> Any:
        return getattr(of_scipy, function)(*args, **kwargs)

    if distribution == "poisson":
        assert_followed(lambda x: called(np.array([0.0, 2.0, 5.0]), x), VECTOR[:3])
        return
    point = np.array([0.25, 0.5, 0.75]) if function == "ppf" else _stats_values(distribution)
    assert_followed(lambda x: called(x, *shapes), point)
    if distribution != "wrapcauchy":
        # SciPy moves the range of this one along with its location.
        assert_followed(lambda x: called(x, *shapes, loc=0.125, scale=1.25), point)
    frozen = of_scipy(*shapes, scale=1.5)
    found = assert_followed(lambda x: getattr(frozen, function)(x), point)
    assert any(step.operation == f"{distribution}_{function}" for step in found.program.steps)
