"""Functions of complex numbers, loops, branches, and derivatives inside a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.oracle.arrays import total
from tests.oracle.matrices import determinant, inverse, solve
from tests.oracle.numbers import Array, entrywise, exact, mp, number

# Complex numbers


def _joined(a: Array, b: Array) -> Array:
    """a + ib."""
    return np.asarray(np.frompyfunc(mp.mpc, 2, 1)(a, b), dtype=object)


def _real(z: Any) -> Array:
    return np.asarray(np.frompyfunc(lambda v: mp.re(v), 1, 1)(z), dtype=object)


def _of_complex(function: Callable[[Any], Any]) -> Callable[..., Array]:
    return entrywise(lambda a, b: function(mp.mpc(a, b)), 2)


def _turn(k: int, n: int) -> Any:
    """exp(-2 pi i k / n) with a cosine and a sine that are rounded to float64 by definition, but
    exact at quarter turns.
    """
    if 4 * k % n == 0:
        return mp.mpc(0, -1) ** (4 * k // n)
    angle = 2 * np.pi * k / n
    return mp.mpc(number(np.cos(angle)), number(-np.sin(angle)))


def _spectrum(x: Array) -> list[Any]:
    """The sums of x[j] exp(-2 pi i j k / n)."""
    n = len(x)
    turns = [_turn(k, n) for k in range(n)]
    return [sum((x[j] * turns[j * k % n] for j in range(n)), mp.mpc(0)) for k in range(n)]


def _rfft(part: Callable[[Any], Any]) -> Callable[[Array], Array]:
    return lambda x: exact([part(z) for z in _spectrum(x)[: len(x) // 2 + 1]])


def fft_power(x: Array, *, norm: str) -> Array:
    n = len(x)
    divisor = {"backward": 1, "ortho": n, "forward": n * n}[norm]
    return exact([(z.real**2 + z.imag**2) / divisor for z in _spectrum(x)])


def circular_convolution(x: Array, y: Array) -> Array:
    n = len(x)
    return exact([total([x[j] * y[(k - j) % n] for j in range(n)]) for k in range(n)])


# Loops


def _body(text: str) -> Callable[..., Array]:
    """The expression entry by entry, as Python reads it."""
    functions = {"sin": mp.sin, "cos": mp.cos, "exp": mp.exp}

    def value(t: Any, v: Any, c: Any) -> Any:
        return eval(text, {**functions, "t": t, "v": v, "c": c})

    return lambda t, v, c: np.asarray(np.frompyfunc(value, 3, 1)(t, v, c), dtype=object)


def loop_body(x: Array, c: Array, *, body: str, count: int) -> Array:
    for _ in range(count):
        x = _body(body)(x, None, c)
    return x


def scan_body(x: Array, start: Array, c: Array, *, body: str, output: str) -> Array:
    rows, t = [], start
    for v in x:
        t = _body(body)(t, v, c)
        rows.append(_body(output)(t, v, c))
    return np.stack(rows)


def branch_bodies(x: Array, c: Array, *, body: str, other: str, threshold: float) -> Array:
    chosen = body if total(x.ravel().tolist()) > threshold else other
    return _body(chosen)(x, None, c)


def newton_sqrt(x: Any, count: int) -> Any:
    t = mp.mpf(1)
    for _ in range(count):
        t = (t + x / t) / 2
    return t


def logistic_map(x: Any, rate: float, count: int) -> Any:
    for _ in range(count):
        x = number(rate) * x * (1 - x)
    return x


def scanned(x: Sequence[Any], step: Callable[[Any, Any], Any]) -> Array:
    states, state = [], mp.mpf(0)
    for v in x:
        state = step(state, v)
        states.append(state)
    return exact(states)


def branch(x: Array, *, threshold: float) -> Array:
    high = total(list(x.reshape(-1))) > number(threshold)
    return entrywise(lambda z: z * mp.sin(z) if high else z * z)(x)


# Derivatives inside a program, by truncated power series


class Series:
    """c0 + c1 s + c2 s**2."""

    def __init__(self, *coefficients: Any) -> None:
        self.c = [*coefficients, *[mp.mpf(0)] * (3 - len(coefficients))]

    def __add__(self, other: Series) -> Series:
        return Series(*(a + b for a, b in zip(self.c, other.c, strict=True)))

    def __mul__(self, other: Series) -> Series:
        a, b = self.c, other.c
        return Series(
            a[0] * b[0], a[0] * b[1] + a[1] * b[0], a[0] * b[2] + a[1] * b[1] + a[2] * b[0]
        )

    def of(self, value: Any, slope: Any, bend: Any) -> Series:
        """The function with this value and these derivatives at c0."""
        _, first, second = self.c
        return Series(value, slope * first, slope * second + bend * first**2 / 2)

    @property
    def sin(self) -> Series:
        s, c = mp.sin(self.c[0]), mp.cos(self.c[0])
        return self.of(s, c, -s)

    @property
    def exp(self) -> Series:
        e = mp.exp(self.c[0])
        return self.of(e, e, e)

    @property
    def inverse(self) -> Series:
        return self.of(1 / self.c[0], -1 / self.c[0] ** 2, 2 / self.c[0] ** 3)


BODIES: Mapping[str, Callable[[Series, Series], Series]] = {
    "product": lambda t, c: t * c,
    "shifted": lambda t, c: t + c,
    "sine": lambda t, c: t.sin * c,
    "cubic": lambda t, c: t * t * t + c * t,
    "growth": lambda t, c: t * (c * t).exp,
    "quotient": lambda t, c: (t * c).sin * (Series(mp.mpf(1)) + t * t).inverse,
}


def _series(body: str, x: Any, c: Any) -> list[Any]:
    return BODIES[body](Series(x, mp.mpf(1)), Series(c)).c


def descent(x: Any, c: Any, body: str, rate: float, count: int) -> Any:
    for _ in range(count):
        x = x - number(rate) * _series(body, x, c)[1]
    return x


OPERATIONS: Mapping[str, Callable[..., Array]] = {
    "complex_abs": _of_complex(lambda z: mp.sqrt((z * mp.conj(z)).real)),
    "complex_angle": lambda b, a: _of_complex(mp.arg)(a, b),
    "complex_square_abs": _of_complex(lambda z: (z * mp.conj(z)).real),
    "complex_exp": _of_complex(lambda z: mp.exp(z).real),
    "complex_log": _of_complex(lambda z: mp.log(z).real),
    "complex_sqrt": _of_complex(lambda z: mp.sqrt(z).real),
    "complex_reciprocal": _of_complex(lambda z: (1 / z).imag),
    "complex_product": lambda a, b, c, d: _real(_joined(a, b) * _joined(c, d)),
    "complex_power": lambda a, b, *, exponent: _of_complex(lambda z: (z**exponent).imag)(a, b),
    "complex_det": lambda a, b: exact(mp.re(determinant(_joined(a, b)))),
    "complex_inv": lambda a, b: _real(inverse(_joined(a, b))),
    "complex_solve": lambda a, b, c: _real(solve(_joined(a, b), c)),
    "rfft_real": _rfft(mp.re),
    "rfft_imag": _rfft(mp.im),
    "fft_power": fft_power,
    "fft_round_trip": lambda x: x,
    "circular_convolution": circular_convolution,
    "newton_sqrt": lambda x, *, count: entrywise(lambda z: newton_sqrt(z, count))(x),
    "logistic_map": lambda x, *, rate, count: entrywise(lambda z: logistic_map(z, rate, count))(x),
    "scan_decay": lambda x, *, decay: scanned(x, lambda h, v: number(decay) * h + v),
    "scan_tanh": lambda x, w: scanned(x, lambda h, v: mp.tanh(w.item() * h + v)),
    "branch": branch,
    "loop_body": loop_body,
    "scan_body": scan_body,
    "map_body": lambda x, c, *, body: _body(body)(x, None, c),
    "branch_bodies": branch_bodies,
    "inner_derivative": lambda x, c, *, body: entrywise(lambda z, w: _series(body, z, w)[1], 2)(
        x, c
    ),
    "inner_second_derivative": lambda x, c, *, body: entrywise(
        lambda z, w: 2 * _series(body, z, w)[2], 2
    )(x, c),
    "inner_pushforward": lambda x, c, *, body: entrywise(
        lambda z, w: _series(body, z, w)[1] * w, 2
    )(x, c),
    "descent": lambda x, c, *, body, rate, count: entrywise(
        lambda z, w: descent(z, w, body, rate, count), 2
    )(x, c),
}
