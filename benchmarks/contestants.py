"""The engines that are compared: how each makes arrays, nests derivatives and names functions.

All run on one thread and in float64, in the way that their documentation recommends.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ad_conformance.engines.adapters import inhouse as inhouse_adapter
from ad_conformance.engines.adapters.autograd import adapter as autograd_adapter
from ad_conformance.engines.adapters.jax import adapter as jax_adapter
from ad_conformance.engines.adapters.torch import adapter as torch_adapter
from ad_conformance.generators.render.dialect import Dialect

Function = Callable[..., Any]


def as_it_is(x: Any) -> Any:
    return x


@dataclass(frozen=True, kw_only=True)
class Library:
    """Functions that the objectives use and whose names differ between libraries."""

    exp: Function
    matmul: Function
    concat: Function  # parts, axis
    take: Function  # x, indices along the last axis
    sum: Function  # x, axis
    logsumexp: Function  # x, along the first axis
    softplus: Function  # log(1 + exp(x))
    transposed: Function  # matrices
    array: Function


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """One way to compute derivatives.

    `jacobian` makes the Jacobian function of a function. `gradient`, `hessian` and `hvp` are for
    functions whose value is a number. `wrap` compiles the outermost function, and `finish` waits
    for the result.
    """

    name: str
    dialect: Dialect
    modules: Mapping[str, Any]
    library: Library
    jacobian: Function
    gradient: Function
    hessian: Function
    hvp: Function
    wrap: Function = as_it_is
    finish: Function = as_it_is
    numpy: Function = np.asarray

    def nest(self, f: Function, mode: str) -> Function:
        for _ in mode:
            f = self.jacobian(f)
        return f


def inhouse() -> Contestant:
    xp = importlib.import_module("ad_conformance.engines.inhouse")
    return Contestant(
        name="in-house",
        dialect=inhouse_adapter.inhouse.dialect,
        modules={"inhouse": xp, "np": np},
        library=Library(
            exp=xp.exp,
            matmul=xp.matmul,
            concat=xp.concat,
            take=lambda x, i: xp.take(x, i, axis=-1),
            sum=xp.sum,
            logsumexp=lambda x: xp.logsumexp(x, axis=0),
            softplus=lambda x: xp.logaddexp(x, 0.0),
            transposed=xp.matrix_transpose,
            array=lambda x: x if isinstance(x, np.ndarray) and x.ndim else float(x),
        ),
        jacobian=xp.jacobian,
        gradient=xp.grad,
        hessian=xp.hessian,
        hvp=xp.hvp,
    )


def jax(compiled: bool) -> Contestant:
    jax = importlib.import_module("jax")
    jnp = importlib.import_module("jax.numpy")
    jax.config.update("jax_enable_x64", True)
    logsumexp = importlib.import_module("jax.scipy.special").logsumexp

    def hvp(f: Function) -> Function:
        return lambda x, v: jax.jvp(jax.grad(f), (x,), (v,))[1]

    return Contestant(
        name="jax.jit" if compiled else "jax eager",
        dialect=jax_adapter.jax.dialect,
        modules={"jax": jax, "jnp": jnp, "np": np},
        library=Library(
            exp=jnp.exp,
            matmul=jnp.matmul,
            concat=lambda parts, axis: jnp.concat(parts, axis=axis),
            take=lambda x, i: x[..., i],
            sum=jnp.sum,
            logsumexp=lambda x: logsumexp(x, axis=0),
            softplus=lambda x: jnp.logaddexp(x, 0.0),
            transposed=jnp.matrix_transpose,
            array=lambda x: jnp.asarray(x, dtype=jnp.float64),
        ),
        jacobian=jax.jacrev,
        gradient=jax.grad,
        hessian=jax.hessian,
        hvp=hvp,
        wrap=jax.jit if compiled else as_it_is,
        finish=lambda result: result.block_until_ready(),
    )


def _torch_library(torch: Any) -> Library:
    def indices(i: Any) -> Any:
        return torch.as_tensor(i, dtype=torch.int64)

    return Library(
        exp=torch.exp,
        matmul=torch.matmul,
        concat=torch.concat,
        take=lambda x, i: torch.index_select(x, -1, indices(i)),
        sum=torch.sum,
        logsumexp=lambda x: torch.logsumexp(x, 0),
        softplus=lambda x: torch.logaddexp(x, torch.zeros((), dtype=x.dtype)),
        transposed=lambda x: x.mT,
        array=lambda x: torch.as_tensor(np.array(x, np.float64)),
    )


def torch_func() -> Contestant:
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)

    def hvp(f: Function) -> Function:
        return lambda x, v: torch.func.jvp(torch.func.grad(f), (x,), (v,))[1]

    return Contestant(
        name="torch.func",
        dialect=torch_adapter.torch.dialect,
        modules={"torch": torch, "np": np},
        library=_torch_library(torch),
        jacobian=torch.func.jacrev,
        gradient=torch.func.grad,
        hessian=torch.func.hessian,
        hvp=hvp,
        numpy=lambda t: t.detach().clone().numpy(),
    )


def create_graph() -> Contestant:
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)

    def jacobian(f: Function) -> Function:
        def derivative(x: Any) -> Any:
            x = x if x.requires_grad else x.detach().requires_grad_()
            y = f(x)
            rows = [
                torch.autograd.grad(entry, x, create_graph=True, materialize_grads=True)[0]
                for entry in y.reshape(-1)
            ]
            return torch.stack(rows).reshape(y.shape + x.shape)

        return derivative

    def gradient(f: Function) -> Function:
        def derivative(x: Any) -> Any:
            x = x.detach().requires_grad_()
            return torch.autograd.grad(f(x), x)[0]

        return derivative

    def hvp(f: Function) -> Function:
        def product(x: Any, v: Any) -> Any:
            x = x.detach().requires_grad_()
            (g,) = torch.autograd.grad(f(x), x, create_graph=True)
            return torch.autograd.grad(g, x, v)[0]

        return product

    def hessian(f: Function) -> Function:
        def derivative(x: Any) -> Any:
            x = x.detach().requires_grad_()
            (g,) = torch.autograd.grad(f(x), x, create_graph=True)
            return torch.stack([torch.autograd.grad(entry, x, retain_graph=True)[0] for entry in g])

        return derivative

    return Contestant(
        name="create_graph",
        dialect=torch_adapter.create_graph.dialect,
        modules={"torch": torch, "np": np},
        library=_torch_library(torch),
        jacobian=jacobian,
        gradient=gradient,
        hessian=hessian,
        hvp=hvp,
        numpy=lambda t: t.detach().clone().numpy(),
    )


def autograd() -> Contestant:
    library = importlib.import_module("autograd")
    anp = importlib.import_module("autograd.numpy")
    logsumexp = importlib.import_module("autograd.scipy.special").logsumexp

    def hvp(f: Function) -> Function:
        return library.hessian_vector_product(f)  # type: ignore[no-any-return]

    return Contestant(
        name="autograd",
        dialect=autograd_adapter.autograd.dialect,
        modules={"np": anp},
        library=Library(
            exp=anp.exp,
            matmul=anp.matmul,
            concat=anp.concatenate,
            take=lambda x, i: x[..., i],
            sum=anp.sum,
            logsumexp=lambda x: logsumexp(x, axis=0),
            softplus=lambda x: anp.logaddexp(x, 0.0),
            transposed=lambda x: anp.swapaxes(x, -1, -2),
            array=lambda x: np.array(x, np.float64),
        ),
        jacobian=library.jacobian,
        gradient=library.grad,
        hessian=library.hessian,
        hvp=hvp,
    )


#: Name of the column: modules that it needs, and the function that makes it.
KNOWN: Mapping[str, tuple[tuple[str, ...], Callable[[], Contestant]]] = {
    "in-house": ((), inhouse),
    "jax.jit": (("jax",), lambda: jax(True)),
    "jax eager": (("jax",), lambda: jax(False)),
    "torch.func": (("torch",), torch_func),
    "create_graph": (("torch",), create_graph),
    "autograd": (("autograd", "scipy"), autograd),
}


def installed() -> tuple[list[Contestant], list[str]]:
    """The contestants that are there, and the names of those that are not."""
    there, missing = [], []
    for name, (modules, make) in KNOWN.items():
        if all(importlib.util.find_spec(m) is not None for m in modules):
            there.append(make())
        else:
            missing.append(name)
    return there, missing
