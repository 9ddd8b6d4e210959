"""An engine: dual numbers, forward mode to first order. The rule of subscripts is wrong."""

import numpy as np


class Dual:
    """A value and its derivative along one direction."""

    __array_ufunc__ = None

    def __init__(self, value, tangent=0.0):
        self.value = np.asarray(value)
        self.tangent = np.broadcast_to(tangent, self.value.shape)

    def __add__(self, other):
        other = lifted(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __mul__(self, other):
        other = lifted(other)
        return Dual(
            self.value * other.value, self.tangent * other.value + self.value * other.tangent
        )

    def __sub__(self, other):
        other = lifted(other)
        return Dual(self.value - other.value, self.tangent - other.tangent)

    def __rsub__(self, other):
        return lifted(other) - self

    def __getitem__(self, key):
        return Dual(self.value[key])  # the tangent is lost

    __radd__ = __add__
    __rmul__ = __mul__


def lifted(x):
    return x if isinstance(x, Dual) else Dual(x)


def smooth(f, derivative):
    """A function of one number, entry by entry."""
    return lambda x: (
        Dual(f(x.value), derivative(x.value) * x.tangent) if isinstance(x, Dual) else f(x)
    )


def linear(f):
    """A linear function of an array, or of a list of arrays."""

    def apply(x, *args, **options):
        every = x if isinstance(x, list) else [x]
        if not any(isinstance(one, Dual) for one in every):
            return f(x, *args, **options)
        values, tangents = ([getattr(lifted(v), p) for v in every] for p in ("value", "tangent"))
        both = (values, tangents) if isinstance(x, list) else (values[0], tangents[0])
        return Dual(*(f(part, *args, **options) for part in both))

    return apply


sin = smooth(np.sin, np.cos)
cos = smooth(np.cos, lambda v: -np.sin(v))
exp = smooth(np.exp, np.exp)
log = smooth(np.log, lambda v: 1 / v)
square = smooth(np.square, lambda v: 2 * v)
tanh = smooth(np.tanh, lambda v: 1 - np.tanh(v) ** 2)
sum, mean, reshape, flip, roll = map(linear, (np.sum, np.mean, np.reshape, np.flip, np.roll))
stack, concat, expand_dims = map(linear, (np.stack, np.concatenate, np.expand_dims))
permute_dims, matrix_transpose = linear(np.transpose), linear(lambda x: np.swapaxes(x, -1, -2))


def jacobian(f):
    """The function that gives the derivatives of f; the axes of the input are the last ones."""

    def derivative(x):
        directions = np.eye(x.size).reshape((x.size, *x.shape))
        columns = [lifted(f(Dual(x, direction))).tangent for direction in directions]
        return np.stack(columns, axis=-1).reshape((*columns[0].shape, *x.shape))

    return derivative
