"""A small library of dual numbers: forward mode, to first order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class Dual:
    """A value and its derivative along one direction."""

    __array_ufunc__ = None

    def __init__(self, value: Any, tangent: Any) -> None:
        self.value = np.asarray(value)
        self.tangent = np.broadcast_to(tangent, self.value.shape)

    def __add__(self, other: Any) -> Dual:
        other = lifted(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __mul__(self, other: Any) -> Dual:
        other = lifted(other)
        return Dual(
            self.value * other.value, self.tangent * other.value + self.value * other.tangent
        )

    __radd__ = __add__
    __rmul__ = __mul__


def lifted(x: Any) -> Dual:
    return x if isinstance(x, Dual) else Dual(x, 0.0)


def sin(x: Any) -> Any:
    return Dual(np.sin(x.value), np.cos(x.value) * x.tangent) if isinstance(x, Dual) else np.sin(x)


def exp(x: Any) -> Any:
    return Dual(np.exp(x.value), np.exp(x.value) * x.tangent) if isinstance(x, Dual) else np.exp(x)


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if not isinstance(x, Dual):
        return np.sum(x, axis=axis, keepdims=keepdims)
    return Dual(x.value.sum(axis, keepdims=keepdims), x.tangent.sum(axis, keepdims=keepdims))


def reshape(x: Any, shape: tuple[int, ...]) -> Any:
    if not isinstance(x, Dual):
        return np.reshape(x, shape)
    return Dual(x.value.reshape(shape), x.tangent.reshape(shape))


def jacobian(f: Callable[[Any], Any]) -> Callable[[np.ndarray], np.ndarray]:
    """The function that gives the derivatives of f; the axes of the input are the last ones."""

    def derivative(x: np.ndarray) -> np.ndarray:
        directions = np.eye(x.size).reshape((x.size, *x.shape))
        columns = [lifted(f(Dual(x, direction))).tangent for direction in directions]
        return np.stack(columns, axis=-1).reshape((*columns[0].shape, *x.shape))

    return derivative
