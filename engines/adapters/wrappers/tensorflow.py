"""Wrappers in TensorFlow.

`vmap_axes` is left out, because `tf.vectorized_map` has no axes; `linearize` and `custom_jvp`,
because forward mode has no function of tangents and no rules; `alias`, because tensors cannot be
written to.
"""

from __future__ import annotations

from collections.abc import Mapping

FUNCTIONS = """\
def batched(f, others, lane):
    return lambda x: tf.vectorized_map(f, tf.stack([others[0], x, others[1]]))[lane]


def batched_twice(f, others, lane):
    def wrapped(x):
        lanes = tf.stack([tf.stack([others[0], x]), others])
        return tf.vectorized_map(lambda row: tf.vectorized_map(f, row), lanes)[lane]

    return wrapped


def with_custom_gradient(f):
    @tf.custom_gradient
    def rule(x):
        return f(x), lambda w: grad(f, w)(x)

    return rule


def pulled_back(f):
    def wrapped(x):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = f(x)
        tape.gradient(y, x, tf.ones_like(y)), tape.gradient(y, x, y)
        return y

    return wrapped


def looped(f, others, count):
    def wrapped(x):
        lanes = tf.concat([others[:count], x[tf.newaxis]], 0)
        return tf.map_fn(f, lanes)[-1]

    return wrapped


def of_tree(f):
    def in_tree(tree):
        return {"out": (f(tree["in"][0]), tree["more"])}

    def wrapped(x):
        given = {"in": (x,), "more": tf.zeros_like(x)}
        with tf.GradientTape() as tape:
            tape.watch(tf.nest.flatten(given))
            y = in_tree(given)["out"][0]
        tape.gradient(y, given)
        return y

    return wrapped
"""

WRAPPERS: Mapping[str, str] = {
    "jit": "tf.function({f}, autograph=False)",
    "jit_native": "tf.function({f}, autograph=False, jit_compile=True)",
    "vmap": "batched({f}, {others}, {lane})",
    "vmap_one": "lambda t: tf.vectorized_map({f}, t[tf.newaxis])[0]",
    "vmap_twice": "batched_twice({f}, {others}, {lane})",
    "checkpoint": "tf.recompute_grad({f})",
    "custom_vjp": "with_custom_gradient({f})",
    "saved_vjp": "pulled_back({f})",
    "scan": "looped({f}, {others}, 0)",
    "scan_two": "looped({f}, {others}, 1)",
    "cond": "lambda t: tf.cond(tf.reduce_sum(t) > 0.0, lambda: ({f})(t), lambda: ({f})(t))",
    "stop": "lambda t: ({f})(t * tf.stop_gradient(tf.ones_like(t)))",
    "tree": "of_tree({f})",
}
#: TensorFlow documents that the function of a custom gradient must not capture what is
#: differentiated by.
CLOSED = ("checkpoint", "custom_vjp")

#: XLA documents what it does not compile: some operations, and loops without a bound.
UNSUPPORTED = (
    (
        "InvalidArgumentError",
        r"Detected unsupported operations when trying to compile graph|"
        r"XLA compilation requires a fixed tensor list size",
    ),
    ("UnimplementedError", r"Support for TensorList crossing the XLA/TF boundary is not"),
)
