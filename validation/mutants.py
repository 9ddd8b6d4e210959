"""Mutants of the in-house engine, made from its table of derivative rules.

A mutant is one rule with one fault. Faults that cannot change any derivative at a smooth point are
left out. The code checks the reason on the rule itself, and `left_out` lists the reasons.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
from ad_conformance.engines.inhouse.codegen.printing import numpy_call
from ad_conformance.engines.inhouse.core import graph, passes
from ad_conformance.engines.inhouse.core.graph import Node, Primitive
from ad_conformance.engines.inhouse.optimize.graph import OptimizedGraph
from ad_conformance.engines.inhouse.rules import kinds, shape_rules
from ad_conformance.engines.inhouse.rules.kinds import Elementwise, General, Linear, Rule
from ad_conformance.engines.inhouse.rules.table import PRIMITIVES, RULES
from ad_conformance.generators.catalogue import CATALOGUE

from validation.faults import (
    DISTINCT,
    FAMILIES,
    FROM_ZERO,
    JUMPING,
    KINKED,
    OPERAND_FAULTS,
    SPECIAL,
    TERM_FAULTS,
    UNMASKED,
    faulty_partial,
    in_forward,
    in_reverse,
    seal,
)
from validation.pipeline_faults import CONSTANT_IDENTITIES, FLAT_IDENTITIES, SITES, changed

#: Primitives whose operand is symmetrized.
OF_SYMMETRIC = frozenset({"cholesky", "sqrtm", "eigvalsh", "eigenvectors"})
#: Primitives that occur only in derivatives, never in programs.
OF_DERIVATIVES = frozenset({"sech", "hazard", "safe_multiply", "scatter", "spence_slope"})
#: Those of them that only reverse mode uses.
BY_REVERSE = frozenset({"safe_multiply", "scatter"})
#: The modes that are asked.
MODES = ("R", "F", "RR", "FR", "RF", "FF", "RRR", "FRR", "RFR", "FFR", "RRF", "FRF", "RFF", "FFF")
#: Modes in which forward mode differentiates a result of reverse mode and is itself differentiated.
OVER_REVERSE = re.compile("[RF]+F[RF]*R[RF]*")
#: Shapes of operands, and parameters, to examine rules for which vectors of three do not fit.
SAMPLES: dict[str, tuple[tuple[tuple[int, ...], ...], Any]] = {
    "max": (((2, 3),), ((-1,), False)),
    "logsumexp": (((2, 3),), ((-1,), False)),
    "softmax": (((2, 3),), (-1,)),
    "concat": (((2,), (3,)), -1),
    "reorder": (((3,), (3,)), -1),
    "matmul": (((2, 2), (2, 2)), None),
    **dict.fromkeys(
        ("inv", "cholesky", "expm", "sqrtm", "eigvalsh", "eigenvectors"), (((2, 2),), None)
    ),
    "polar": (((3, 2),), None),
    "solve": (((2, 2), (2, 2)), None),
}
#: Operands without a derivative, with their dtypes.
DTYPES = {("select", 0): np.dtype(bool), ("reorder", 1): np.dtype(np.intp)}


@dataclass(frozen=True)
class Mutant:
    """A fault: `table[key] = planted` plants it.

    Only cases that use `site` can be affected. `second` says that all first derivatives stay
    correct.
    """

    name: str
    fault: str
    site: str
    second: bool
    table: Any
    key: str
    planted: Any


@contextlib.contextmanager
def plant(mutant: Mutant) -> Iterator[None]:
    """Plant the fault for the duration of the context.

    The engine caches nothing between compilations, so nothing else must be restored.
    """
    with sealing():
        kept = mutant.table[mutant.key]
        mutant.table[mutant.key] = mutant.planted
        try:
            yield
        finally:
            mutant.table[mutant.key] = kept


@contextlib.contextmanager
def sealing() -> Iterator[None]:
    """Add the primitive `sealed` to the engine: it returns its operand and has no derivative."""
    PRIMITIVES["sealed"] = Primitive(
        "sealed", shape_rules.same, lambda p, a: a, None, numpy_call("positive")
    )
    try:
        yield
    finally:
        del PRIMITIVES["sealed"]


class _Watched:
    """A derivative rule that tells when the passes use it."""

    def __init__(self, rule: Rule, tell: Callable[[], None]) -> None:
        self._rule, self._tell, self.masks = rule, tell, rule.masks

    def pull(self, *args: Any) -> Node:
        self._tell()
        return self._rule.pull(*args)

    def push(self, *args: Any) -> Node:
        self._tell()
        return self._rule.push(*args)


@contextlib.contextmanager
def consulted() -> Iterator[set[str]]:
    """Collect the sites of all mutants that compilations in this context use."""
    met: set[str] = set()
    kept: list[tuple[Any, str, Any]] = []

    def watch(table: Any, key: str, site: Callable[..., str | None]) -> None:
        honest = table[key]

        def watched(*args: Any) -> Any:
            result = honest(*args)
            if (name := site(result, *args)) is not None:
                met.add(name)
            return result

        kept.append((table, key, honest))
        table[key] = watched

    for op, rule in list(RULES.items()):
        kept.append((RULES, op, rule))
        RULES[op] = cast(Rule, _Watched(rule, partial(met.add, op)))
    for name, (table, key) in SITES.items():
        watch(table, key, lambda result, *args, name=name: None if result is None else name)
    try:
        yield met
    finally:
        for table, key, honest in reversed(kept):
            table[key] = honest


def _operands(op: str, count: int) -> tuple[Node, list[Node]]:
    """A node of the operation in a new graph, and its inputs."""
    shapes, params = SAMPLES.get(op, (((3,),) * count, None))
    scratch = OptimizedGraph(PRIMITIVES)
    inputs = [scratch.input(s, DTYPES.get((op, i), np.dtype(float))) for i, s in enumerate(shapes)]
    return graph.make(op, *inputs, params=params), inputs


def _varies(result: Any, inputs: Sequence[Node]) -> bool:
    """Whether the result depends on an input in a differentiable way."""
    return isinstance(result, Node) and any(
        result is i or result in passes.between(result, i) for i in inputs
    )


def partial_varies(op: str, i: int) -> bool:
    """Whether the partial derivative by operand i has a derivative itself."""
    rule = RULES[op]
    assert isinstance(rule, Elementwise)
    out, inputs = _operands(op, len(rule.partials))
    return _varies(rule.partials[i](out, *inputs), inputs)


def pullback_varies(op: str, i: int) -> bool:
    """Whether the factor by which the pullback multiplies the cotangent has a derivative."""
    rule = RULES[op]
    assert isinstance(rule, General)
    out, inputs = _operands(op, arity(op))
    ct = out.graph.input(out.shape, out.dtype)
    return _varies(rule.pullback(kinds.PLAIN, i, ct, out, *inputs), inputs)


def defined_at(op: str, i: int, special: Callable[[int, int], float]) -> bool:
    """Whether the partial derivative by operand i is finite for some operands with special values.

    `special(j, i)` is the special value of operand j, or NaN. If the derivative is not finite, the
    function is not smooth there, and no answer is wrong.
    """
    rule = RULES[op]
    assert isinstance(rule, Elementwise)
    for other in (0.75, 2.0):
        scratch = OptimizedGraph(PRIMITIVES)
        values = [special(j, i) for j in range(len(rule.partials))]
        inputs = [scratch.constant(np.float64(other if np.isnan(v) else v)) for v in values]
        with np.errstate(all="ignore"):
            result = rule.partials[i](graph.make(op, *inputs), *inputs)
        value = result.value if isinstance(result, Node) else result
        if value is not None and np.all(np.isfinite(value)):
            return True
    return False


def _zero(j: int, i: int) -> float:
    return 0.0 if j == i else float("nan")


def arity(op: str) -> int:
    """The number of operands of a rule."""
    if op == "select":
        return 3
    return len(SAMPLES[op][0]) if op in SAMPLES else 2


def unasked() -> dict[str, str]:
    """Rules that no generated program uses, with the reasons."""
    reasons = {
        "fresh_variable": "the operand replaces it after a derivative inside a program, before "
        "an outer derivative could use its rule",
        "astype": "used only with mixed dtypes, and all values of a case that vary have one dtype",
    }
    if "logsumexp" not in CATALOGUE:
        reasons["logsumexp"] = "no operation of the catalogue uses it"
    return reasons


def _elementwise(op: str, rule: Elementwise) -> Iterator[Mutant | str]:
    for i in range(len(rule.partials)):
        place = op if len(rule.partials) == 1 else f"{op}[{i}]"
        if op in FAMILIES and not i:
            yield f"{place}: it selects a member of a family of functions and is constant"
            continue
        if isinstance(rule.partials[i], kinds.Missing):
            yield f"{place}: there is no formula"
            continue

        def mutant(fault: str, place: str = place, i: int = i) -> Mutant:
            partials = list(rule.partials)
            partials[i] = faulty_partial(fault, partials[i], i)
            second = fault == "second order dropped" or op in OF_DERIVATIVES
            return Mutant(
                f"{place}: {fault}",
                fault,
                op,
                second,
                RULES,
                op,
                Elementwise(tuple(partials)),
            )

        for fault in ("sign", "factor 1.001", "factor 2", "taken for constant"):
            yield mutant(fault)
        if partial_varies(op, i):
            yield mutant("second order dropped")
        else:
            yield f"{place}: second order dropped: the second derivative is zero"
        if op in JUMPING | FROM_ZERO or not defined_at(op, i, _zero):
            yield f"{place}: wrong at zero, not finite at zero: the function is not smooth there"
        else:
            yield mutant("not finite at zero")
            yield (
                f"{place}: wrong at zero: any slope is accepted at a kink"
                if op in KINKED
                else mutant("wrong at zero")
            )
        if len(rule.partials) == 2:
            if op not in JUMPING | DISTINCT and defined_at(op, i, lambda j, i: 0.75):
                yield mutant("wrong at a tie")
            else:
                why = (
                    "its operands have different meanings"
                    if op in DISTINCT
                    else "the function is not smooth there"
                )
                yield f"{place}: wrong at a tie: {why}"
    for name, fault, planted in SPECIAL.get(op, ()):
        yield Mutant(f"{op}{name}", fault, op, False, RULES, op, planted)


def _structural(op: str, rule: Linear | General) -> Iterator[Mutant | str]:
    second = op in OF_DERIVATIVES
    table = RULES
    count = 1 if isinstance(rule, Linear) else arity(op)
    operands = [i for i in range(count) if (op, i) not in DTYPES]
    for fault in TERM_FAULTS:
        late = second or fault == "second order dropped"
        if fault == "wrong axis" and op in OF_SYMMETRIC:
            yield (f"{op}: {fault}: its operand is symmetrized, so transposition changes nothing")
            continue
        for i in operands:
            place = op if len(operands) == 1 else f"{op}[{i}]"
            yield Mutant(
                f"{place} R: {fault}",
                fault,
                op,
                late,
                table,
                op,
                in_reverse(rule, i, TERM_FAULTS[fault]),
            )
        if (
            fault == "second order dropped"
            and op in BY_REVERSE
            and not any(map(OVER_REVERSE.fullmatch, MODES))
        ):
            yield f"{op} F: {fault}: visible only in modes such as FFR, none of which is asked"
        else:
            yield Mutant(
                f"{op} F: {fault}", fault, op, late, table, op, in_forward(rule, TERM_FAULTS[fault])
            )
    if isinstance(rule, General):
        for i in operands:
            place = op if len(operands) == 1 else f"{op}[{i}]"
            name = f"{place} R: second order of operands dropped"
            if pullback_varies(op, i):
                fault = "second order dropped"
                yield Mutant(name, fault, op, True, table, op, in_reverse(rule, i, operands=seal))
            else:
                yield f"{name}: the pullback multiplies the cotangent by a constant"
    for name, fault, planted in SPECIAL.get(op, ()):
        yield Mutant(f"{op} {name}", fault, op, second, table, op, planted)
    for name, change in OPERAND_FAULTS.get(op, ()):
        for i in operands:
            planted = in_reverse(rule, i, operands=change)
            yield Mutant(f"{op}[{i}] R: {name}", "wrong axis", op, second, table, op, planted)
    if rule.masks:
        yield Mutant(
            f"{op}: {UNMASKED}",
            UNMASKED,
            op,
            second,
            table,
            op,
            in_reverse(rule, None, masks=False),
        )


def _pipeline() -> Iterator[Mutant | str]:
    for name, (table, key) in SITES.items():
        if name.startswith("identities."):
            op = name.partition(".")[2]
            why = unasked().get(op, "")
            if op in FLAT_IDENTITIES:
                why = "its results are truth values or integers, which have no derivative"
            if why:
                yield f"{name}: {why}"
                continue
            for fault, change in (
                ("identity: factor 2", lambda n: 2.0 * n),
                ("identity: derivative lost", seal),
            ):
                if change is seal and op in CONSTANT_IDENTITIES:
                    yield f"{name}: {fault}: its result is a constant, which has no derivative"
                    continue
                yield Mutant(
                    f"{name}: {fault}",
                    "identity",
                    name,
                    False,
                    table,
                    key,
                    changed(table[key], change),
                )
        elif name.startswith("lowering."):
            planted = changed(table[key], lambda n: 2.0 * n)
            yield Mutant(f"{name}: factor 2", "identity", name, False, table, key, planted)
    for name, fault, planted in SPECIAL["sum_to"]:
        yield Mutant(
            f"kinds.sum_to {name}", fault, "kinds.sum_to", False, vars(kinds), "sum_to", planted
        )


def _everything() -> Iterator[Mutant | str]:
    absent = unasked()
    for op, rule in RULES.items():
        if op in absent:
            yield f"{op}: {absent[op]}"
        elif isinstance(rule, Elementwise):
            yield from _elementwise(op, rule)
        else:
            yield from _structural(op, rule)
    yield from _pipeline()


def mutants() -> list[Mutant]:
    """All mutants that can change a derivative, in the order of the rules."""
    return [m for m in _everything() if isinstance(m, Mutant)]


def left_out() -> list[str]:
    """Faults that are not made, with the reasons."""
    return [m for m in _everything() if isinstance(m, str)]
