"""Wrappers in JAX."""

from __future__ import annotations

from collections.abc import Mapping

FUNCTIONS = """\
def batched(f, others, lane, axis=0):
    def wrapped(x):
        lanes = jnp.stack([others[0], x, others[1]], axis)
        return jnp.moveaxis(jax.vmap(f, axis, axis)(lanes), axis, 0)[lane]

    return wrapped


def batched_twice(f, others, lane):
    def wrapped(x):
        lanes = jnp.stack([jnp.stack([others[0], x]), others])
        return jax.vmap(jax.vmap(f))(lanes)[lane]

    return wrapped


def with_custom_jvp(f):
    wrapped = jax.custom_jvp(f)
    wrapped.defjvp(lambda primals, tangents: jax.jvp(f, primals, tangents))
    return wrapped


def with_custom_vjp(f):
    wrapped = jax.custom_vjp(f)
    wrapped.defvjp(lambda x: (f(x), x), lambda x, w: jax.vjp(f, x)[1](w))
    return wrapped


def linearized(f):
    def wrapped(x):
        y, push = jax.linearize(f, x)
        push(jnp.ones_like(x)), push(x)
        return y

    return wrapped


def pulled_back(f):
    def wrapped(x):
        y, pull = jax.vjp(f, x)
        pull(jnp.ones_like(y)), pull(y)
        return y

    return wrapped


def looped(f, others):
    def wrapped(x):
        return jax.lax.scan(lambda n, t: (n + 1, f(t)), 0, jnp.stack([*others, x]))[1][-1]

    return wrapped


def aliased(f):
    def wrapped(x):
        buffer = jnp.zeros_like(x).at[...].set(x)
        y = f(buffer)
        buffer.at[...].set(0.0)
        return jnp.zeros_like(y).at[...].set(y)

    return wrapped


def of_tree(f):
    def in_tree(tree):
        return {"out": (f(tree["in"][0]), tree["more"])}, tree["more"]

    def wrapped(x):
        given = {"in": (x,), "more": jnp.zeros_like(x)}
        return jax.vjp(in_tree, given, has_aux=True)[0]["out"][0]

    return wrapped
"""

WRAPPERS: Mapping[str, str] = {
    "jit": "jax.jit({f})",
    "vmap": "batched({f}, {others}, {lane})",
    "vmap_axes": "batched({f}, {others}, {lane}, -1)",
    "vmap_one": "lambda t: jax.vmap({f})(t[None])[0]",
    "vmap_twice": "batched_twice({f}, {others}, {lane})",
    "checkpoint": "jax.checkpoint({f})",
    "checkpoint_policy": "jax.checkpoint({f}, policy=jax.checkpoint_policies.dots_saveable)",
    "custom_vjp": "with_custom_vjp({f})",
    "custom_jvp": "with_custom_jvp({f})",
    "linearize": "linearized({f})",
    "saved_vjp": "pulled_back({f})",
    "scan": "looped({f}, [])",
    "scan_two": "looped({f}, {others}[:1])",
    "cond": "lambda t: jax.lax.cond(jnp.sum(t) > 0.0, {f}, {f}, t)",
    "stop": "lambda t: ({f})(t * jax.lax.stop_gradient(jnp.ones_like(t)))",
    "alias": "aliased({f})",
    "tree": "of_tree({f})",
}
#: JAX documents that a function with a custom rule must not capture what is differentiated by.
CLOSED = ("custom_vjp", "custom_jvp")
