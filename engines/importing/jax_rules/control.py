"""Primitives of JAX that call functions: jit, custom rules, loops and branches."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
from ad_conformance.engines.importing.jax_rules.matrices import FUNCTIONS, shortcut
from ad_conformance.engines.importing.jax_rules.moves import stacked
from ad_conformance.engines.importing.jax_rules.values import (
    Pair,
    Reader,
    Value,
    is_key,
    is_known,
)
from ad_conformance.engines.importing.recorder import CannotImport

Rule = Callable[..., Value]

#: Rounds of a while loop after which it counts as endless.
MAX_ROUNDS = 5000

_LIBRARY = os.path.dirname(jax.__file__)


def _inner(eqn: Any) -> tuple[Any, Any]:
    """The jaxpr that a primitive calls, and its constants."""
    for key in ("jaxpr", "call_jaxpr", "fun_jaxpr", "call"):
        if (found := eqn.params.get(key)) is not None:
            return getattr(found, "jaxpr", found), getattr(found, "consts", ())
    raise KeyError(eqn.primitive.name)


#: Functions of JAX that are an operation of the catalogue: their formulas have branches that meet,
#: or lose digits, where the function itself does not. The number of operands.
WHOLE = {
    "hypot": 2,
    "sinc": 1,
    "i0": 1,
    "i1": 1,
    "betaln": 2,
    "boxcox": 2,
    "corrcoef": 1,
}
#: Those of them, in `jax.scipy.special`, that are not compiled functions, so that their names would
#: not be in a jaxpr.
UNCOMPILED = ("i0", "i1", "betaln", "boxcox")


def call(to: Reader, eqn: Any, *operands: Value) -> Value:
    """A function, also one with derivative rules of its own: its value is followed."""
    jaxpr, consts = _inner(eqn)
    name = str(eqn.params.get("name", ""))
    source = getattr(getattr(jaxpr, "debug_info", None), "func_src_info", None) or ""
    if _LIBRARY in source:
        if name == "signbit":
            # JAX looks at the bits.
            return (to.recorder.less(to.get(operands[0]), 0.0),)
        if name in FUNCTIONS and len(operands) == 1:
            aval = eqn.invars[0].aval
            theirs = partial(bind, eqn, [to.at_point(operands[0], aval)])
            if (made := shortcut(to, name, operands[0], aval.shape, theirs)) is not None:
                return made
        if WHOLE.get(name) == len(operands) and (one := _as_one(to, eqn, name, operands)):
            return one
    return to.run(jaxpr, consts, operands, [v in to.live for v in eqn.outvars])


def _as_one(to: Reader, eqn: Any, name: str, operands: tuple[Value, ...]) -> Any:
    """The result of one of `WHOLE`, or None if the operation does something else."""
    avals = [v.aval for v in eqn.invars]
    if any(
        isinstance(x, Pair) or a.dtype.kind != "f" for x, a in zip(operands, avals, strict=True)
    ):
        return None
    given = zip(operands, avals, strict=True)
    (theirs,) = bind(eqn, [to.at_point(x, aval) for x, aval in given])
    try:
        made = getattr(to.recorder, name)(
            *(to.full(x, aval.shape) for x, aval in zip(operands, avals, strict=True))
        )
    except CannotImport:
        return None
    return (made,) if to.recorder.stands_for(made, theirs, name, "JAX") else None


def bind(eqn: Any, operands: Any) -> list[Any]:
    """The results of the library itself, at arrays."""
    found = eqn.primitive.get_bind_params(eqn.params)
    # Releases up to 0.9 return the functions, too.
    functions, params = found if isinstance(found, tuple) else ((), found)
    made = eqn.primitive.bind(*functions, *operands, **params)
    results = made if eqn.primitive.multiple_results else [made]
    return [r if is_key(r) else np.asarray(r) for r in results]


def _part(to: Reader, x: Value, shape: Any, i: int) -> Value:
    if is_known(x):
        return x[i] if is_key(x) else np.asarray(x)[i]
    return to.moved(x, shape, lambda a: a[i])


def scan(to: Reader, eqn: Any, *operands: Value) -> Value:
    params = eqn.params
    consts, carried = params["num_consts"], params["num_carry"]
    body, length = params["jaxpr"], params["length"]
    fixed, state, rest = (
        operands[:consts],
        list(operands[consts : consts + carried]),
        operands[consts + carried :],
    )
    shapes = [v.aval.shape for v in eqn.invars[consts + carried :]]
    made: list[Any] = [None] * length
    for i in reversed(range(length)) if params["reverse"] else range(length):
        parts = [_part(to, x, shape, i) for x, shape in zip(rest, shapes, strict=True)]
        results = to.run(body.jaxpr, body.consts, [*fixed, *state, *parts])
        state, made[i] = results[:carried], results[carried:]
    avals = [v.aval for v in body.jaxpr.outvars[carried:]]
    columns = zip(*made, strict=True) if length else [() for _ in avals]
    return [
        *state,
        *(
            stacked(to, column, aval.shape, aval.dtype)
            for column, aval in zip(columns, avals, strict=True)
        ),
    ]


def while_loop(to: Reader, eqn: Any, *operands: Value) -> Value:
    """Unrolled: the number of rounds is that at the point."""
    params = eqn.params
    first, second = params["cond_nconsts"], params["body_nconsts"]
    given, fixed = operands[:first], operands[first : first + second]
    state = list(operands[first + second :])
    goes_on, body = params["cond_jaxpr"], params["body_jaxpr"]
    for _ in range(MAX_ROUNDS):
        (condition,) = to.run(goes_on.jaxpr, goes_on.consts, [*given, *state])
        aval = goes_on.jaxpr.outvars[0].aval
        still = to.decided(condition, aval.shape, aval.dtype)
        if not np.any(still):
            return state
        made = to.run(body.jaxpr, body.consts, [*fixed, *state])
        if not np.all(still):
            # A loop under vmap goes on until the last one of the batch is done.
            avals = [v.aval for v in body.jaxpr.outvars]
            made = [
                _goes_on(to, still, new, old, aval.shape)
                for new, old, aval in zip(made, state, avals, strict=True)
            ]
        state = made
    raise to.refuse(f"a while loop of more than {MAX_ROUNDS} rounds")


def _goes_on(to: Reader, still: Any, new: Value, old: Value, shape: Any) -> Value:
    """The new value where the batch goes on, the old one elsewhere."""
    mask = still.reshape(still.shape + (1,) * (len(shape) - still.ndim))
    if is_known(new) and is_known(old):
        return np.where(mask, new, old)
    return to.recorder.where(mask, to.get(new), to.get(old))


def cond(to: Reader, eqn: Any, index: Value, *operands: Value) -> Value:
    branches = eqn.params["branches"]
    if is_known(index):
        return _branch(to, branches, int(np.asarray(index)), operands)
    index = to.get(index)
    at_point = int(to.recorder.at_point(index))
    mark = to.recorder.mark()
    try:
        results = [_branch(to, branches, i, operands) for i in range(len(branches))]
        avals = [v.aval for v in eqn.outvars]
        return [
            _merged(to, index, [result[k] for result in results], aval)
            for k, aval in enumerate(avals)
        ]
    except (CannotImport, ValueError, ArithmeticError):
        to.recorder.back_to(mark)
    to.decided(index, (), int)
    return _branch(to, branches, at_point, operands)


def _branch(to: Reader, branches: Any, index: int, operands: Any) -> Any:
    branch = branches[min(max(index, 0), len(branches) - 1)]
    return to.run(branch.jaxpr, branch.consts, operands)


def _merged(to: Reader, index: Any, values: list[Value], aval: Any) -> Value:
    """The value of the branch that is taken, whose number is `index`."""
    if all(is_known(v) and np.array_equal(v, values[0]) for v in values):
        return values[0]
    found = to.get(values[0])
    truth = to.truths.get(index.value_id)
    for number, value in enumerate(values[1:], 1):
        if truth is not None and len(values) == 2:
            condition = truth
        elif number + 1 < len(values):
            condition = to.recorder.equal(index, float(number))
        else:
            condition = to.recorder.greater_equal(index, float(number))
        found = to.recorder.where(condition, to.get(value), found)
    return found


CALLS: dict[str, Rule] = {
    "checkpoint": call,
    "closed_call": call,
    "composite": call,
    "cond": cond,
    "core_call": call,
    "custom_jvp_call": call,
    "custom_vjp_call": call,
    "custom_vjp_call_jaxpr": call,
    "custom_vmap_call": call,
    "jit": call,
    "pjit": call,
    "remat": call,
    "remat2": call,
    "scan": scan,
    "while": while_loop,
}
