"""The libraries whose functions can be imported, and asked as they are.

A library knows its arrays, how they are made and joined, which settings of the process a question
needs, and which importer follows its functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from ad_conformance.engines.importing.object_arrays import ObjectArray, object_arrays
from ad_conformance.engines.importing.recorder import Importer

Array = np.ndarray
#: PyTorch says so of an operator and an argument by which it has no derivative.
NOT_DIFFERENTIABLE = "is not differentiable with respect to argument"


@dataclass(frozen=True, kw_only=True)
class Library:
    """One library. Nothing of it is imported before one of the functions is called.

    `engines` are the names of adapters that differentiate its functions; the first `default` of
    them are asked if none is named. `array` makes an array of the given dtype, `numpy` the reverse,
    and `join` one flat array of several. `traces` calls a function as the library does when it
    differentiates; it raises what the function raises on such arrays.
    `lane` makes the function that calls another one under `vmap`, for a batch of its argument and a
    second point, and returns the first lane; None if the library has no vmap. `limits` has
    exceptions by which an engine says that it does not take such a function, and what to do.
    `settings` is entered while the library works on a question of that dtype.
    """

    name: str
    module: str
    engines: tuple[str, ...]
    default: int = 1
    importer: str
    array: Callable[[Array, str], Any]
    numpy: Callable[[Any], Array]
    join: Callable[[Sequence[Any]], Any]
    traces: Callable[[Callable[[Any], Any], Any], Any]
    settings: Callable[[str], AbstractContextManager[None]]
    lane: Callable[[Callable[[Any], Any], Any], Callable[[Any], Any]] | None = None
    limits: tuple[tuple[str, str], ...] = ()

    def installed(self) -> bool:
        return find_spec(self.module) is not None

    def follow(self) -> Importer:
        """The importer. Raises ImportError if the library is not installed."""
        module, _, name = self.importer.rpartition(".")
        return getattr(import_module(module), name)  # type: ignore[no-any-return]


@contextmanager
def _unchanged(_: str) -> Iterator[None]:
    yield


@contextmanager
def _jax_settings(dtype: str) -> Iterator[None]:
    import jax

    kept = jax.config.jax_enable_x64  # type: ignore[attr-defined]
    jax.config.update("jax_enable_x64", kept or dtype == "float64")  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", kept)  # type: ignore[no-untyped-call]


@contextmanager
def _torch_settings(_: str) -> Iterator[None]:
    import torch

    kept = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(kept)


def _jax_array(value: Array, dtype: str) -> Any:
    import jax.numpy as jnp

    return jnp.asarray(value, dtype=dtype)


def _jax_join(parts: Sequence[Any]) -> Any:
    import jax.numpy as jnp

    return jnp.concatenate([jnp.reshape(part, (-1,)) for part in parts])


def _jax_traces(function: Callable[[Any], Any], x: Any) -> Any:
    import jax

    try:
        return jax.eval_shape(function, x)
    except jax.errors.ConcretizationTypeError:
        # Python branches on values, which works without `jit`.
        return jax.vjp(function, x)[0]


def _torch_array(value: Array, dtype: str) -> Any:
    import torch

    return torch.tensor(np.asarray(value), dtype=getattr(torch, dtype))


def _torch_numpy(value: Any) -> Array:
    return np.asarray(value.detach().clone().cpu().numpy())


def _torch_join(parts: Sequence[Any]) -> Any:
    import torch

    return torch.cat([part.reshape(-1) for part in parts])


def _torch_traces(function: Callable[[Any], Any], x: Any) -> Any:
    try:
        return function(x.clone().requires_grad_())
    except RuntimeError as error:
        if NOT_DIFFERENTIABLE not in str(error):
            raise
        # So it is in reverse mode; forward mode does not look.
        return function(x.clone())


def _torch_lane(function: Callable[[Any], Any], other: Any) -> Callable[[Any], Any]:
    import torch

    return lambda x: torch.func.vmap(function)(torch.stack([x, other]))[0]


def _jax_lane(function: Callable[[Any], Any], other: Any) -> Callable[[Any], Any]:
    import jax
    import jax.numpy as jnp

    return lambda x: jax.vmap(function)(jnp.stack([x, other]))[0]


def _autograd_join(parts: Sequence[Any]) -> Any:
    import autograd.numpy as anp

    return anp.concatenate([anp.reshape(part, (-1,)) for part in parts])


def _autograd_traces(function: Callable[[Any], Any], x: Any) -> Any:
    import autograd

    with object_arrays() as made:
        pullback, value = autograd.make_vjp(function)(x)
        if made:
            try:
                pullback(np.ones(np.shape(value)))
            except NotImplementedError:
                # Of an operation without a rule, which has other reasons.
                return value
            except Exception as error:
                name, line = made[0]
                raise ObjectArray(
                    f"numpy.{name} makes an array of Python objects, of which autograd has no "
                    f"derivative; use autograd.numpy.{name}{f' in {line}' * bool(line)}"
                ) from error
    return value


def _numpy_join(parts: Sequence[Any]) -> Any:
    return np.concatenate([np.reshape(part, (-1,)) for part in parts])


def _numpy_array(value: Array, dtype: str) -> Any:
    return np.asarray(value, dtype=dtype)


_NUMPY = "ad_conformance.engines.importing.numpy.follow.follow"
LIBRARIES = (
    Library(
        name="torch",
        module="torch",
        engines=("torch", "torch-autograd", "torch-cuda"),
        default=2,
        importer="ad_conformance.engines.importing.torch.follow.follow",
        array=_torch_array,
        numpy=_torch_numpy,
        join=_torch_join,
        traces=_torch_traces,
        settings=_torch_settings,
        lane=_torch_lane,
    ),
    Library(
        name="jax",
        module="jax",
        engines=("jax", "jax-eager", "jax-cuda"),
        importer="ad_conformance.engines.importing.jaxpr.follow",
        array=_jax_array,
        numpy=np.asarray,
        join=_jax_join,
        traces=_jax_traces,
        settings=_jax_settings,
        lane=_jax_lane,
        limits=tuple(
            (error, "jit does not compile Python code that needs values; try the engine jax-eager")
            for error in (
                *("TracerBoolConversionError", "TracerIntegerConversionError"),
                *("TracerArrayConversionError", "ConcretizationTypeError"),
            )
        ),
    ),
    Library(
        name="autograd",
        module="autograd",
        engines=("autograd",),
        importer=_NUMPY,
        array=_numpy_array,
        numpy=np.asarray,
        join=_autograd_join,
        traces=_autograd_traces,
        settings=_unchanged,
    ),
    Library(
        name="numpy",
        module="numpy",
        engines=(),
        importer=_NUMPY,
        array=_numpy_array,
        numpy=np.asarray,
        join=_numpy_join,
        traces=lambda function, x: function(x),
        settings=_unchanged,
    ),
)


def library_of(engine: str) -> Library | None:
    """The library whose functions the engine of this name differentiates; None if it is not one of
    LIBRARIES.
    """
    return next((library for library in LIBRARIES if engine in library.engines), None)
