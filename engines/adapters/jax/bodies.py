"""How JAX writes loops and branches with drawn bodies, in each of its forms."""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_calls import Writer
from ad_conformance.generators.catalogue.bodies import written
from ad_conformance.generators.catalogue.operation import Call, Template
from ad_conformance.generators.render.dialect import Name


def _with_bodies(text: str) -> Writer:
    """A template with `{body}`, `{other}` and `{output}` as expressions of t and v, with the last
    operand for what they capture.
    """

    def write_call(call: Call) -> str:
        bodies = {
            key: written(value, c=call.operands[-1])
            for key, value in call.params.items()
            if key in ("body", "other", "output")
        }
        return text.format(*call.operands, **{**call.params, **bodies})

    return write_call


#: One iteration of a scan: what it carries, and its result.
_STEP = "lambda t, v: (lambda t: (t, {output}))({body})"
_SCAN = f"jax.lax.scan({_STEP}, {{1}}, {{0}}"
_IF = "jnp.sum({0}) > {threshold}"

BODIES: dict[str, Template] = {
    "loop_body": _with_bodies("jax.lax.fori_loop(0, {count}, lambda k, t: {body}, {0})"),
    "scan_body": _with_bodies(f"{_SCAN})[1]"),
    "map_body": _with_bodies("jax.lax.map(lambda t: {body}, {0})"),
    "branch_bodies": _with_bodies(
        f"jax.lax.cond({_IF}, lambda t: {{body}}, lambda t: {{other}}, {{0}})"
    ),
}
NAMES: dict[str, tuple[Name, ...]] = {
    "loop_body": tuple(map(_with_bodies, (
        "jax.lax.scan(lambda t, _: ({body}, None), {0}, length={count})[0]",
        "jax.lax.fori_loop(0, {count}, jax.checkpoint(lambda k, t: {body}), {0}, unroll=True)",
        "jax.lax.while_loop(lambda s: s[0] < {count}, "
        "lambda s: (lambda k, t: (k + 1, {body}))(*s), (0, {0}))[1]",
        "jax.lax.fori_loop(0, jnp.asarray({count}), lambda k, t: {body}, {0})",
    ))),
    "scan_body": tuple(map(_with_bodies, (
        f"{_SCAN}, unroll=2)[1]",
        f"{_SCAN}, _split_transpose=True)[1]",
        f"jax.lax.scan(jax.checkpoint({_STEP}), {{1}}, {{0}})[1]",
        # From the other end, of entries in the other order.
        f"jnp.flip(jax.lax.scan({_STEP}, {{1}}, jnp.flip({{0}}, 0), reverse=True)[1], 0)",
        # By index: each iteration reads one entry and writes one.
        f"jax.lax.fori_loop(0, {{0}}.shape[0], lambda k, s: (lambda t, y: (t, s[1].at[k].set(y)))("
        f"*({_STEP})(s[0], {{0}}[k])), ({{1}}, jnp.zeros_like({{0}})))[1]",
        # The iteration does nothing after the entries have ended.
        f"jax.lax.scan(lambda t, v: jax.lax.cond(True, {_STEP}, lambda t, v: (t, v), t, v), "
        "{1}, {0})[1]",
    ))),
    "map_body": tuple(map(_with_bodies, (
        "jax.vmap(lambda t: {body})({0})",
        "jax.lax.map(lambda t: {body}, {0}, batch_size=2)",
        "jax.lax.scan(lambda _, t: (None, {body}), None, {0})[1]",
        "jnp.stack([{body} for t in {0}])",
    ))),
    "branch_bodies": tuple(map(_with_bodies, (
        f"jax.lax.switch(jnp.int32({_IF}), [lambda t: {{other}}, lambda t: {{body}}], {{0}})",
        f"(lambda t: jnp.where({_IF}, {{body}}, {{other}}))({{0}})",
        f"jax.lax.cond({_IF}, jax.checkpoint(lambda t: {{body}}), jax.jit(lambda t: {{other}}), "
        "{0})",
    ))),
}  # fmt: skip
