"""Families of functions of arrays: near ties, far entries, scans, statistics, norms, transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
from ad_conformance.generators.rewrite.recording import Recorded

from validation.ill_conditioned.draws import Draw, Family, family

FAMILIES: list[Family] = []
WHOLE: dict[str, Any] = {"axis": None, "keepdims": False}
LAST: dict[str, Any] = {"axis": -1, "keepdims": False}


def _summed(d: Draw, x: Recorded) -> Any:
    return d.xp.sum(x, **WHOLE)


@family("near ties", FAMILIES)
def maxima_of_nearly_equal_values(d: Draw) -> Any:
    a = d.uniform(-2, 2, 3)
    x = d.input(a)
    xp = d.xp
    other = d.pick(lambda: d.beside(a), lambda: a + d.sized(-13, -3, 3))()
    larger = getattr(xp, d.pick("maximum", "minimum"))
    return d.pick(
        lambda: larger(x, other),
        lambda: larger(xp.sin(x), xp.sin(d.constant(other))),
        lambda: larger(x * x, x * other) * x,
        lambda: larger(x, other) + larger(other, x),
    )()


@family("near ties", FAMILIES)
def extrema_along_an_axis(d: Draw) -> Any:
    base = float(d.uniform(-2, 2))
    x = d.input(base + d.pick(d.sized(-13, -3, 4), d.beside(np.ones(4)) - 1))
    xp = d.xp
    y = d.pick(lambda: x, lambda: xp.exp(x), lambda: x * 3.0 - 2.0 * base)()
    return d.pick(
        lambda: xp.max(y, **LAST),
        lambda: xp.median(y, **LAST),
        lambda: xp.square(xp.ptp(y, **LAST)),
        lambda: xp.cumulative_max(y, axis=0),
        lambda: xp.prod(xp.sort(y, axis=0, descending=False), **WHOLE),
        lambda: xp.quantile(y, q=(0.25, 0.5), axis=0),
        lambda: xp.top_k(y, k=2),
        lambda: xp.vector_norm_ord(y, ord="inf", **LAST),
    )()


@family("near ties", FAMILIES)
def comparisons_near_rounding(d: Draw) -> Any:
    a, b = d.uniform(0.5, 2, 2)
    x = d.input(np.array([a, b]))
    xp = d.xp
    kept = np.float64(a) * np.float64(b)
    compared = getattr(xp, d.pick("less", "greater_equal", "equal"))
    apart = d.pick(0.0, float(d.sized(-15, -4)))
    condition = d.pick(
        lambda: compared(x[0] * x[1], kept + apart),
        lambda: compared(x[0] * x[1] / x[0], x[1] + apart),
        lambda: compared(xp.sin(x[0]), float(np.sin(a)) + apart),
        lambda: compared(xp.exp(xp.log(x[0])), float(a)),
    )()
    one, other = xp.exp(x), xp.sin(x) * d.pick(1.0, 5.0)
    return d.pick(
        lambda: xp.where(condition, one, other),
        lambda: xp.where(condition, one, xp.exp(x)),
    )()


@family("near ties", FAMILIES)
def conditions_of_constants(d: Draw) -> Any:
    """Comparisons and roundings of what no input moves, as rounding has it."""
    x = d.input(d.uniform(-2, 2, 2))
    c = d.constant(d.uniform(0.25, 3))
    xp = d.xp
    one = xp.square(xp.sin(c)) + xp.square(xp.cos(c))
    large = d.uniform(50, 500)
    return d.pick(
        lambda: xp.where(xp.greater(one, 1.0), xp.exp(x), x * x),
        lambda: x * xp.floor(c / 3.0 * 3.0 + (1.0 - c)),
        lambda: xp.round(one * 0.5) * xp.exp(x),
        lambda: x * xp.trunc(xp.sqrt(xp.square(c)) * large / c),
        lambda: xp.maximum(one, 1.0) * xp.sin(x),
    )()


@family("near ties", FAMILIES)
def bounds_nearly_met(d: Draw) -> Any:
    at = d.uniform(-2, 2, 3)
    x = d.input(at)
    xp = d.xp
    bound = float(d.beside(at[0]) + d.pick(0.0, float(d.sized(-14, -4))))
    y = d.pick(lambda: x, lambda: x * 3.0 / 3.0, lambda: xp.tanh(xp.atanh(x / 4.0)) * 4.0)()
    return d.pick(
        lambda: xp.exp(xp.clip(y, min=bound, max=bound + 2.0)),
        lambda: xp.relu(y - bound) * x,
        lambda: xp.square(xp.relu(y - bound)),
        lambda: xp.abs(y - bound),
        lambda: xp.huber_loss(y, bound - 1.0 + 0.0 * x, delta=1.0, reduction="sum"),
        lambda: xp.elu(y - bound, alpha=1.0),
    )()


@family("far entries", FAMILIES)
def sums_of_exponentials_with_far_entries(d: Draw) -> Any:
    gap = d.pick(1.0, 20.0, 80.0, 700.0)
    x = d.input(d.uniform(-gap, gap, 3))
    xp = d.xp
    return d.pick(
        lambda: xp.logsumexp(x, **LAST),
        lambda: xp.softmax(x, axis=0),
        lambda: xp.log_softmax(x, axis=0),
        lambda: xp.logcumsumexp(x, axis=0),
        lambda: xp.exp(xp.log_softmax(x, axis=0)) * x,
        lambda: xp.logsumexp(x, **LAST) - xp.max(x, **LAST),
        lambda: xp.cross_entropy(x, labels=(1,), smoothing=0.0, reduction="sum"),
    )()


@family("far entries", FAMILIES)
def attention_with_large_scores(d: Draw) -> Any:
    q, k, v = (d.uniform(-2, 2, 2, 2) for _ in range(3))
    x = d.input(q)
    return d.xp.scaled_dot_product_attention(
        x, k, v, scale=float(d.pick(1.0, 8.0, 64.0)), causal=d.pick(True, False)
    )


@family("far entries", FAMILIES)
def losses_far_from_their_targets(d: Draw) -> Any:
    gap = d.pick(1.0, 30.0, 80.0)
    at = d.uniform(-gap, gap, 3)
    x = d.input(at)
    xp = d.xp
    target = d.uniform(0, 1, 3)
    return d.pick(
        lambda: xp.binary_cross_entropy_with_logits(x, target, reduction="sum"),
        lambda: xp.soft_margin_loss(x, np.sign(target - 0.5), reduction="mean"),
        lambda: xp.binary_cross_entropy(xp.expit(x / 8.0), target, reduction="mean"),
        lambda: xp.kl_div(xp.log_softmax(x, axis=0), target, reduction="sum"),
        lambda: xp.mse_loss(x, d.beside(at), reduction="sum"),
        lambda: xp.gaussian_nll_loss(x, d.beside(at), 10.0 ** d.uniform(-8, 2, 3), reduction="sum"),
    )()


@family("scans", FAMILIES)
def cumulative_sums_and_products(d: Draw) -> Any:
    x = d.input(d.pick(d.sized(-9, 9, 4), d.uniform(0.5, 2, 4), d.sized(0, 9, 4)))
    xp = d.xp
    sums = xp.cumulative_sum(x, axis=0)
    return d.pick(
        lambda: xp.sin(sums * 10.0**-9),
        lambda: sums - xp.flip(sums, axis=0),
        lambda: xp.cumulative_prod(x, axis=0),
        lambda: xp.log(xp.abs(xp.cumulative_prod(x, axis=0))),
        lambda: xp.prod(x, **WHOLE),
        lambda: xp.diff(xp.cumulative_sum(x, axis=0), n=2, axis=0),
        lambda: xp.associative_product(x, axis=0),
    )()


@family("scans", FAMILIES)
def scans_of_long_vectors(d: Draw) -> Any:
    x = d.input(d.uniform(-1, 1, d.integer(5, 9)))
    xp = d.xp
    y = d.pick(
        lambda: xp.scan_decay(x, decay=float(d.uniform(-3, 3))),
        lambda: xp.scan_tanh(x, d.uniform(-4, 4)),
        lambda: xp.scan_tanh(x * 20.0, d.uniform(-4, 4)),
    )()
    return _summed(d, d.pick(lambda: y, lambda: xp.square(y), lambda: xp.exp(y))())


@family("scans", FAMILIES)
def sums_that_cancel(d: Draw) -> Any:
    n = d.integer(3, 5)
    size = d.sized(0, 12, n)
    size[-1] = -np.sum(size[:-1]) + float(d.sized(-3, 0))
    x = d.input(d.uniform(0.5, 1.5, n) if d.pick(True, False) else np.ones(n))
    xp = d.xp
    return d.pick(
        lambda: _summed(d, x * size),
        lambda: xp.vecdot(xp.exp(x), size),
        lambda: xp.sin(xp.vecdot(x * x, size)),
        lambda: xp.exp(xp.vecdot(x, size) / 10.0**12),
        lambda: xp.mean(xp.sqrt(x) * size, **WHOLE),
    )()


@family("statistics", FAMILIES)
def deviations_of_nearly_equal_entries(d: Draw) -> Any:
    low = -9.0 if d.dtype == "float64" else -4.0
    at = d.uniform(-2, 2) * (1 + 10.0 ** d.uniform(low, -1) * d.uniform(-1, 1, 4))
    x = d.input(at)
    xp = d.xp
    given: dict[str, Any] = {**LAST, "correction": d.pick(0, 1)}
    return d.pick(
        lambda: xp.var(x, **given),
        lambda: xp.std(x, **given),
        lambda: xp.mean(x * x, **LAST) - xp.square(xp.mean(x, **LAST)),
        lambda: xp.sqrt(xp.mean(xp.square(x - xp.mean(x, **LAST)), **LAST)),
        lambda: xp.standardize(x, axis=0, eps=d.pick(0.0, 1e-5)),
        lambda: xp.mean(xp.exp(x), **LAST) - xp.exp(xp.mean(x, **LAST)),
    )()


@family("statistics", FAMILIES)
def normalized_layers_of_nearly_equal_entries(d: Draw) -> Any:
    low = -6.0 if d.dtype == "float64" else -3.0
    at = d.uniform(-2, 2) + 10.0 ** d.uniform(low, 1) * d.uniform(-1, 1, 3, 3)
    eps = float(d.pick(1e-5, 1e-12))
    x = d.input(at)
    xp = d.xp
    return _summed(
        d,
        d.uniform(-2, 2, 3, 3)
        * d.pick(
            lambda: xp.layer_norm(x, eps=eps),
            lambda: xp.batch_norm(x, eps=eps),
            lambda: xp.rms_norm(x, eps=eps),
            lambda: xp.cov(x, correction=1),
            lambda: xp.corrcoef(x),
        )(),
    )


@family("norms", FAMILIES)
def norms_of_tiny_and_huge_vectors(d: Draw) -> Any:
    size = d.rng.uniform(-0.95, 0.95) * d.reach
    x = d.input(d.sized(size - 1, size, 3))
    xp = d.xp
    return d.pick(
        lambda: xp.vector_norm(x, axis=0),
        lambda: xp.normalize(x, axis=0),
        lambda: xp.vector_norm_ord(x, ord=float(d.pick(1, 2, 3, 4)), **LAST),
        lambda: xp.vector_norm_ord(x, ord="inf", **LAST),
        lambda: xp.matrix_norm(xp.reshape(x, shape=(3, 1))),
        lambda: x / xp.sqrt(_summed(d, x * x)),
        lambda: xp.cosine_similarity(x, d.uniform(-2, 2, 3), axis=0),
        lambda: xp.square(xp.vector_norm(x, axis=0)),
    )()


@family("norms", FAMILIES)
def distances_of_nearly_equal_points(d: Draw) -> Any:
    at = d.uniform(-2, 2, 3)
    other = at + d.sized(-8 if d.dtype == "float64" else -4, -1, 3)
    x = d.input(at)
    xp = d.xp
    return d.pick(
        lambda: xp.vector_norm(x - other, axis=0),
        lambda: xp.pairwise_distance(x, other, p=float(d.pick(1, 2, 3))),
        lambda: xp.cosine_similarity(x, other, axis=0),
        lambda: 1.0 - xp.cosine_similarity(x, other, axis=0),
        lambda: xp.acos(xp.cosine_similarity(x, other, axis=0) * 0.999),
        lambda: xp.sqrt(xp.vecdot(x, x) + float(other @ other) - 2.0 * xp.vecdot(x, other) + 0.01),
        lambda: xp.normalize(x - other, axis=0),
        lambda: _summed(d, xp.cross(x, other, axis=0)),
    )()


@family("transforms", FAMILIES)
def fourier_transforms(d: Draw) -> Any:
    n = d.integer(3, 6)
    x = d.input(d.pick(d.sized(-9, 3, n), 1.0 + d.sized(-9, -1, n), d.uniform(-2, 2, n)))
    xp = d.xp
    return d.pick(
        lambda: xp.rfft_real(x),
        lambda: xp.rfft_imag(x),
        lambda: xp.fft_power(x, norm="backward"),
        lambda: xp.fft_round_trip(xp.exp(x)),
        lambda: xp.rfft_real(xp.sin(x) * d.sized(0, 6, n)),
        lambda: xp.convolve(x, d.sized(-6, 6, 3), mode="same"),
    )()
