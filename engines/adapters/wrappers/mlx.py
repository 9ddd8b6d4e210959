"""Wrappers in MLX."""

from __future__ import annotations

from collections.abc import Mapping

FUNCTIONS = """\
def batched(f, others, lane, axis=0):
    def wrapped(x):
        lanes = mx.stack([others[0], x, others[1]], axis)
        return mx.moveaxis(mx.vmap(f, axis, axis)(lanes), axis, 0)[lane]

    return wrapped


def batched_twice(f, others, lane):
    def wrapped(x):
        lanes = mx.stack([mx.stack([others[0], x]), others])
        return mx.vmap(mx.vmap(f))(lanes)[lane]

    return wrapped


def with_custom_rules(f):
    rule = mx.custom_function(f)
    rule.vjp(lambda primal, w, y: vjp(f, w)(primal))
    rule.jvp(lambda primal, v: jvp(f, v)(primal))
    return rule


def aliased(f):
    def wrapped(x):
        buffer = mx.zeros_like(x)
        buffer[...] = x
        y = f(buffer)
        buffer[...] = 0.0
        result = mx.zeros_like(y)
        result[...] = y
        return result

    return wrapped
"""

WRAPPERS: Mapping[str, str] = {
    # On a CPU, MLX calls a C++ compiler, which takes seconds.
    "jit": "mx.compile({f})",
    "vmap": "batched({f}, {others}, {lane})",
    "vmap_axes": "batched({f}, {others}, {lane}, -1)",
    "vmap_one": "lambda t: mx.vmap({f})(t[None])[0]",
    "vmap_twice": "batched_twice({f}, {others}, {lane})",
    "checkpoint": "mx.checkpoint({f})",
    "custom_vjp": "with_custom_rules({f})",
    "stop": "lambda t: ({f})(t * mx.stop_gradient(mx.ones_like(t)))",
    "alias": "aliased({f})",
}
