"""How JAX scatters, selects and moves entries, with all options."""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_calls import broadcast_mask, selected, unless
from ad_conformance.generators.catalogue.operation import Call, Template, whole_index


def _nested(value: object) -> object:
    return [_nested(v) for v in value] if isinstance(value, tuple) else value


def _lists(template: str) -> Template:
    """The template with nested lists for parameters that are nested tuples."""
    return lambda call: template.format(
        *call.operands, **{k: _nested(v) for k, v in call.params.items()}
    )


def _compress(call: Call) -> str:
    """Compiled functions need the length of the result."""
    condition = call.params["condition"]
    return (
        f"jnp.compress(np.array({list(condition)}, dtype=bool), {call.operands[0]}, "
        f"axis={call.params['axis']}, size={sum(map(bool, condition))})"
    )


def _segment(name: str) -> Template:
    """JAX differentiates products only if the indices are unique."""
    text = _lists(f"jax.ops.segment_{name}({{0}}, np.array({{ids}}), {{count}})")
    if name != "prod":
        return text

    def write_call(call: Call) -> str:
        ids = call.params["ids"]
        unique = ", unique_indices=True" if len(set(ids)) == len(ids) else ""
        return f"jax.ops.segment_prod({call.operands[0]}, np.array({list(ids)}), " + (
            f"{call.params['count']}{unique})"
        )

    return write_call


def _index_put(call: Call) -> str:
    rows, columns = (list(call.params[k]) for k in ("rows", "columns"))
    method = "add" if call.params["accumulate"] else "set"
    x, v = call.operands
    return f"{x}.at[np.array({rows}), np.array({columns})].{method}({v})"


def _pad_inside(call: Call) -> str:
    widths = list(zip(*(call.params[k] for k in ("low", "high", "interior")), strict=True))
    return f"jax.lax.pad({call.operands[0]}, {call.operands[1]}, {widths})"


MOVES: dict[str, Template] = {
    "scatter_reduce_min": unless(
        lambda call: not call.params["include_self"],
        "include_self=False",
        lambda call: _at(call, "min"),
    ),
    "index_reduce_min": unless(
        lambda call: not call.params["include_self"],
        "include_self=False",
        selected("{entries}.min({1})", "np.array({indices})", ".at"),
    ),
    "index_subtract": selected("{entries}.subtract({1})", "np.array({indices})", ".at"),
    "index_divide": selected(
        "{entries}.divide({1}, unique_indices=True)", "np.array({indices})", ".at"
    ),
    "index_add_mode": lambda call: selected(
        f"{{entries}}.add({{1}}, mode={call.params['mode']!r})", "np.array({indices})", ".at"
    )(call),
    "take_mode": lambda call: (
        f"jnp.take({call.operands[0]}, np.array({list(call.params['indices'])}), "
        f"axis={call.params['axis']}, mode={call.params['mode']!r}"
        + (f", fill_value={call.params['fill']})" if call.params["mode"] == "fill" else ")")
    ),
    **{f"segment_{name}": _segment(name) for name in ("sum", "prod", "max", "min")},
    "bincount": _lists("jnp.bincount(np.array({ids}), weights={0}, length={count})"),
    "index_put": _index_put,
    "put": unless(
        lambda call: call.params["accumulate"],
        "put that adds",
        _lists("jnp.put({0}, np.array({indices}), {1}, inplace=False)"),
    ),
    "scatter_set": _lists(
        "jnp.put_along_axis({0}, np.array({indices}), {1}, {axis}, inplace=False)"
    ),
    "masked_select": lambda call: f"{call.operands[0]}[{broadcast_mask(call)}]",
    "dynamic_slice": "jax.lax.dynamic_slice({0}, {start}, {sizes})",
    "dynamic_update_slice": "jax.lax.dynamic_update_slice({0}, {1}, {start})",
    "block_diag": "jax.scipy.linalg.block_diag({args})",
    "toeplitz": "jax.scipy.linalg.toeplitz({0}, {1})",
    "diagonal_axes": "jnp.diagonal({0}, {offset}, {axis1}, {axis2})",
    "trace_axes": "jnp.trace({0}, {offset}, {axis1}, {axis2})",
    "swapaxes": "jnp.swapaxes({0}, {axis1}, {axis2})",
    "flip_axes": "jnp.flip({0}, {axes})",
    "rot90_axes": "jnp.rot90({0}, {k}, {axes})",
    "roll_flat": "jnp.roll({0}, {shift})",
    "move_axes": "jnp.moveaxis({0}, {sources}, {destinations})",
    "reshape_columns": "jnp.reshape({0}, {shape}, order='F')",
    "split_at": _lists("jnp.split({0}, {indices}, axis={axis})[{which}]"),
    "resize": "jnp.resize({0}, {shape})",
    "delete": _lists("jnp.delete({0}, np.array({indices}), axis={axis})"),
    "insert": _lists("jnp.insert({0}, np.array({indices}), {1}, axis={axis})"),
    "fill_diagonal": "jnp.fill_diagonal({0}, {1}, inplace=False)",
    "compress": _compress,
    "take_flat": _lists("jnp.take({0}, np.array({indices}))"),
    "pad_inside": _pad_inside,
    "linspace": "jnp.linspace({0}, {1}, {count}, endpoint={endpoint}, axis={new_axis})",
}


def _at(call: Call, method: str) -> str:
    """`x.at[rows, columns].method(v)`, each entry with indices of its own."""
    grid = ", ".join(f"np.array({indices})" for indices in whole_index(call))
    return f"{call.operands[0]}.at[{grid}].{method}({call.operands[1]})"
