"""Wrappers in HIPS autograd."""

from __future__ import annotations

from collections.abc import Mapping

FUNCTIONS = """\
from autograd.extend import defjvp, defvjp, primitive
from autograd.differential_operators import checkpoint
from autograd.tracer import getval


def with_custom_rule(f):
    rule = primitive(lambda x: f(x))
    defvjp(rule, lambda ans, x: make_vjp(f)(x)[0])
    defjvp(rule, lambda v, ans, x: make_jvp(f)(x)(v)[1])
    return rule


def linearized(f):
    def wrapped(x):
        push = make_jvp(f)(x)
        push(np.ones(np.shape(x)))
        return push(x)[0]

    return wrapped


def pulled_back(f):
    def wrapped(x):
        pull, y = make_vjp(f)(x)
        pull(np.ones(np.shape(y))), pull(y)
        return y

    return wrapped


def of_tree(f):
    def in_tree(tree):
        return f(tree["in"][0]) * tree["more"]

    def wrapped(x):
        return make_vjp(in_tree)({"in": (x,), "more": 1.0})[1]

    return wrapped
"""

WRAPPERS: Mapping[str, str] = {
    "checkpoint": "checkpoint({f})",
    "custom_vjp": "with_custom_rule({f})",
    "linearize": "linearized({f})",
    "saved_vjp": "pulled_back({f})",
    "stop": "lambda t: ({f})(t * getval(np.ones(np.shape(t), t.dtype)))",
    "tree": "of_tree({f})",
}
#: Rules of primitives are for their arguments only.
CLOSED = ("checkpoint", "custom_vjp")
