"""Custom rules that are wrong in different ways are caught in PyTorch and JAX; honest ones agree.

test_check.py has those of autograd.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from ad_conformance.conformance import check

POINT = np.array([0.5, -0.75, 1.25])

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")


def _torch_rule(slope: Any, vmapped: Any = None) -> Any:
    """sin with a rule of its own: `slope(x)` is what its pullback multiplies by."""

    class Sine(torch.autograd.Function):
        generate_vmap_rule = vmapped is None

        @staticmethod
        def forward(x: Any) -> Any:
            return torch.sin(x)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx: Any, cotangent: Any) -> Any:
            return cotangent * slope(ctx.saved_tensors[0])

        if vmapped is not None:

            @staticmethod
            def vmap(info: Any, in_dims: Any, x: Any) -> Any:
                return vmapped(x, in_dims[0]), in_dims[0]

    return Sine.apply


def _jax_rule(slope: Any) -> Any:
    @jax.custom_vjp
    def sine(x: Any) -> Any:
        return jnp.sin(x)

    sine.defvjp(lambda x: (jnp.sin(x), x), lambda x, cotangent: (cotangent * slope(x),))
    return sine


TORCH = {
    "honest": _torch_rule(lambda x: torch.cos(x)),
    "first order": _torch_rule(lambda x: 1.5 * torch.cos(x)),
    "second order": _torch_rule(lambda x: torch.cos(x.detach())),
    "at the point only": _torch_rule(lambda x: torch.cos(torch.tensor(POINT))),
}
JAX = {
    "honest": _jax_rule(lambda x: jnp.cos(x)),
    "first order": _jax_rule(lambda x: 1.5 * jnp.cos(x)),
    "second order": _jax_rule(lambda x: jnp.cos(jax.lax.stop_gradient(x))),
    "at the point only": _jax_rule(lambda x: jnp.cos(POINT)),
}
EXPECTED = {
    "honest": {"R": "agree", "RR": "agree"},
    "first order": {"R": "wrong", "RR": "wrong"},
    "second order": {"R": "agree", "RR": "wrong"},
    # A second call at another point gives the slope of this one.
    "at the point only": {"R": "agree", "RR": "wrong"},
}


@pytest.mark.parametrize("fault", EXPECTED)
@pytest.mark.parametrize("engine", ["torch", "torch-autograd"])
def test_rule_of_pytorch(fault: str, engine: str) -> None:
    report = check(lambda x: torch.sum(TORCH[fault](x)), POINT, engine=engine, modes=["R", "RR"])
    assert {row.mode: row.verdict for row in report.rows} == EXPECTED[fault], str(report)
    assert report.imported


@pytest.mark.parametrize("fault", EXPECTED)
def test_rule_of_jax(fault: str) -> None:
    report = check(lambda x: jnp.sum(JAX[fault](x)), POINT, engine="jax", modes=["R", "RR"])
    assert {row.mode: row.verdict for row in report.rows} == EXPECTED[fault], str(report)
    assert report.imported


def test_rule_of_pytorch_that_is_wrong_under_vmap() -> None:
    """The value of a batch is that of its last lane."""
    wrong = _torch_rule(
        lambda x: torch.cos(x),
        vmapped=lambda x, axis: torch.sin(x.select(axis, -1).unsqueeze(axis).expand_as(x)),
    )
    report = check(
        lambda x: torch.sum(wrong(x)), POINT, engine="torch", modes=["R", "RR"], vmap=True
    )
    assert [(row.wrapper, row.verdict) for row in report.rows] == [
        ("", "agree"), ("vmap", "wrong"), ("", "agree"), ("vmap", "wrong"),
    ], str(report)  # fmt: skip
    assert "R vmap" in str(report)
    assert "mode R without vmap" in str(report)


def test_rule_of_jax_that_is_wrong_under_vmap() -> None:
    @jax.custom_batching.custom_vmap
    def sine(x: Any) -> Any:
        return jnp.sin(x)

    @sine.def_vmap
    def _(size: int, batched: Any, x: Any) -> Any:
        return jnp.sin(x) * 1.5, True

    report = check(lambda x: jnp.sum(sine(x)), POINT, engine="jax", modes=["F"], vmap=True)
    assert report.row("F", wrapper="vmap").verdict == "wrong", str(report)


def test_rule_of_pytorch_without_forward_mode_is_no_finding() -> None:
    report = check(lambda x: torch.sum(TORCH["honest"](x)), POINT, engine="torch", modes=["R", "F"])
    assert report, str(report)
    assert report.row("F").verdict == "unsupported"


@pytest.mark.parametrize("engine", ["torch", "jax"])
def test_honest_rule_agrees_under_vmap(engine: str) -> None:
    rule, total = (TORCH, torch.sum) if engine == "torch" else (JAX, jnp.sum)
    report = check(
        lambda x: total(rule["honest"](x)), POINT, engine=engine, modes=["R", "RR"], vmap=True
    )
    assert report, str(report)
    assert len(report.rows) == 4


def test_constants_of_jax_keep_float64() -> None:
    """Whatever the user's setting of `jax_enable_x64`."""
    constant = np.array([1.0 / 3.0, 0.1, 0.7])
    report = check(
        lambda x, y: jnp.sum(jnp.sin(x) * y), POINT, constant, wrt=0, engine="jax", modes=["R"]
    )
    assert report, str(report)
    large = np.linspace(0.1, 1.0, 200)
    report = check(lambda x: jnp.cumsum(jnp.sin(x)) / 3.0, large, engine="jax", modes=["RR", "FFF"])
    assert report, str(report)


def test_function_of_python_numbers_is_not_taken_for_one_of_pytorch() -> None:
    """`math.sin` of a tensor is a constant to PyTorch."""

    def kepler(mean: float, eccentricity: float) -> float:
        anomaly = mean
        for _ in range(4):
            slope = 1.0 - eccentricity * math.cos(anomaly)
            anomaly -= (anomaly - eccentricity * math.sin(anomaly) - mean) / slope
        return anomaly

    report = check(kepler, 0.3, 0.2, engine="torch", modes=["R", "RR"])
    assert report, str(report)


def test_inputs_of_a_module_have_their_names() -> None:
    model = torch.nn.Linear(3, 2).double()
    report = check(model, POINT, wrt="input", engine="torch", modes=["R"])
    assert report, str(report)
    assert [leaf.path for leaf in report.arguments.varied] == ["input"]
