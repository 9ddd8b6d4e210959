"""JAX's rules: `primitive_jvps`, of which both modes make use, and `primitive_transposes`.

The function at each level is staged to a jaxpr, without what its result does not need. The jaxpr is
differentiated once more on its own while the rules are wrapped, so that all rules that run belong
to this level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jax
import jax.extend
from ad_conformance.engines import registry
from jax._src.interpreters import ad
from jax.interpreters import partial_eval

from validation.rules.record import Function, Rule


class JaxRules:
    """The tables of JAX."""

    #: The case is traced: its rules run, and nothing is compiled.
    engines = (
        replace(
            registry.find("jax"),
            compile="derivative = {nested}",
            run="got = jax.eval_shape(derivative, x)",
        ),
    )

    def rules(self) -> frozenset[Rule]:
        jvps = set(ad.primitive_jvps) | set(ad.primitive_linearizations)
        transposes = set(ad.primitive_transposes) | set(ad.fancy_transposes)
        return frozenset(
            {Rule("jax", "jvp", str(p)) for p in jvps}
            | {Rule("jax", "transpose", str(p)) for p in transposes}
        )

    def observe(
        self, f: Function, operands: tuple[Any, ...], letter: str
    ) -> tuple[Any, Callable[[], Iterable[Rule]]]:
        staged = jax.make_jaxpr(f)(*operands)
        shapes = _shapes(*operands)
        value = jax.core.eval_jaxpr(staged.jaxpr, staged.consts, *operands)[0]
        return value, lambda: _used(staged, shapes, letter)


class JaxPrimitives(JaxRules):
    """The rules of the primitives that functions are made of. That is about the rules that their
    derivatives use, and takes a tenth of the time: nothing is differentiated.
    """

    def observe(
        self, f: Function, operands: tuple[Any, ...], letter: str
    ) -> tuple[Any, Callable[[], Iterable[Rule]]]:
        staged = jax.make_jaxpr(f)(*operands)
        value = jax.core.eval_jaxpr(staged.jaxpr, staged.consts, *operands)[0]
        names = set(_primitives(staged.jaxpr))
        return value, lambda: (
            Rule("jax", table, name) for table in ("jvp", "transpose") for name in names
        )


def _primitives(jaxpr: Any) -> Iterator[str]:
    """The primitives of a jaxpr, and those of the jaxprs inside of them."""
    for equation in jaxpr.eqns:
        yield str(equation.primitive)
        for inner in jax.extend.core.jaxprs_in_params(equation.params):
            yield from _primitives(inner)


def _shapes(*arrays: Any) -> Any:
    """Shapes and dtypes in place of arrays, also of arrays that JAX is tracing."""
    return jax.eval_shape(lambda *same: same, *arrays)


def _used(staged: Any, operands: tuple[Any, ...], letter: str) -> set[Rule]:
    """The rules that run when the staged function is differentiated at operands of these shapes."""
    jaxpr, _ = partial_eval.dce_jaxpr(
        staged.jaxpr, [True] * len(staged.jaxpr.outvars), instantiate=True
    )

    def derivative(constants: tuple[Any, ...], *x: Any) -> Any:
        def f(*x: Any) -> Any:
            return jax.core.eval_jaxpr(jaxpr, constants, *x)[0]

        if letter == "F":
            return jax.jvp(f, x, x)[1]
        value, pullback = jax.vjp(f, *x)
        return pullback(value)

    # JAX keeps the derivatives of inner jaxprs and would not apply rules to them again.
    jax.clear_caches()  # type: ignore[no-untyped-call]
    with _watched() as found:
        jax.eval_shape(derivative, _shapes(*staged.consts), *operands)
    return found


@contextmanager
def _watched() -> Iterator[set[Rule]]:
    """The rules that run inside the context."""
    found: set[Rule] = set()
    tables: list[tuple[str, dict[Any, Any]]] = [
        ("jvp", ad.primitive_jvps),
        ("jvp", ad.primitive_linearizations),
        ("transpose", ad.primitive_transposes),
        ("transpose", ad.fancy_transposes),
    ]
    originals = [dict(table) for _, table in tables]

    def wrapped(rule: Rule, function: Function) -> Function:
        def run(*args: Any, **params: Any) -> Any:
            found.add(rule)
            return function(*args, **params)

        return run

    try:
        for name, table in tables:
            for primitive, function in table.items():
                table[primitive] = wrapped(Rule("jax", name, str(primitive)), function)
        yield found
    finally:
        for (_, table), original in zip(tables, originals, strict=True):
            table.update(original)
