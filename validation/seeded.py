"""Engines with several planted faults: the in-house engine with mutants and faults that raise."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from random import Random
from typing import Any

from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.inhouse.core.graph import Node
from ad_conformance.engines.inhouse.rules.kinds import Elementwise, General, Linear, Rule
from ad_conformance.engines.inhouse.rules.table import RULES

from validation.mutants import Mutant, mutants, sealing

#: Primitives that more than twenty operations use, in their values or in derivatives up to second
#: order, and primitives that only pullbacks use. A fault there affects all these operations.
PLUMBING = frozenset(
    [
        "multiply",
        "add",
        "reshape",
        "transpose",
        "divide",
        "sum",
        "index",
        "concat",
        "select",
        "matmul",
        "take",
        "sqrt",
        "exp",
        "safe_multiply",
        "broadcast",
        "pad",
        "scatter",
    ]
)
#: Prefixes of the sites in code that changes whole graphs.
PASSES = ("kinds.", "identities.", "lowering.")
#: Operations whose rules can be made to raise or to kill the process; an engine has one of each.
RAISING = (
    "tan",
    "erf",
    "asinh",
    "cbrt",
    "log1p",
    "maximum",
    "hypot",
    "cholesky",
    "atanh",
    "expm1",
    "gammaln",
    "log_ndtr",
)
KILLING = ("atan2", "erfc", "expm", "logistic")
#: Faults that stay planted until the process ends.
_PLANTED = contextlib.ExitStack()


def _raising(op: str) -> Mutant:
    """Both modes raise during tracing, with a message that differs between programs."""

    def fail(x: Node) -> Any:
        raise TypeError(
            f"no derivative rule of {op} for %arg{x.size} of shape {x.shape} at {hex(id(x))} in "
            f"/tmp/graph_{x.size}"
        )

    return Mutant(f"{op}: raises", "raises", op, False, RULES, op, _everywhere(op, fail))


def _killing(op: str) -> Mutant:
    return Mutant(
        f"{op}: crash", "crash", op, False, RULES, op, _everywhere(op, lambda x: os.abort())
    )


def _everywhere(op: str, does: Callable[[Node], Any]) -> Rule:
    rule = RULES[op]
    if isinstance(rule, Elementwise):
        return Elementwise(tuple(lambda y, *xs: does(y) for _ in rule.partials))
    return General(lambda s, i, ct, out, *xs: does(out), lambda out, xs, ts: does(out))


@lru_cache
def faults() -> dict[str, Mutant]:
    """All faults by name."""
    own = [*(_raising(op) for op in RAISING), *(_killing(op) for op in KILLING)]
    return {mutant.name: mutant for mutant in (*mutants(), *own)}


def together(planted: Sequence[Mutant]) -> Any:
    """One entry of a table with several faults, in different operands or modes.

    Raises ValueError if two of them change the same operand or mode.
    """
    if len(planted) == 1:
        return planted[0].planted
    honest = planted[0].table[planted[0].key]
    if isinstance(honest, Elementwise):
        partials = list(honest.partials)
        for mutant in planted:
            for i, partial in enumerate(mutant.planted.partials):
                if partial is not honest.partials[i]:
                    if partials[i] is not honest.partials[i]:
                        raise ValueError(f"two faults of operand {i} of {mutant.key}")
                    partials[i] = partial
        return Elementwise(tuple(partials))
    if not isinstance(honest, (Linear, General)):
        raise ValueError(f"two faults of {planted[0].key}")
    reverse: dict[int | None, General] = {}
    forward: General | None = None
    for mutant in planted:
        match = re.match(r"\w+(?:\[(\d)\])? ([RF]):", mutant.name)
        if match is None:
            raise ValueError(f"{mutant.name} stands alone")
        if match[2] == "F":
            if forward is not None:
                raise ValueError(f"two faults of forward mode of {mutant.key}")
            forward = mutant.planted
        else:
            slot = int(match[1]) if match[1] else None
            if slot in reverse or None in reverse or (slot is None and reverse):
                raise ValueError(f"two faults of reverse mode of {mutant.key}")
            reverse[slot] = mutant.planted
    return _merged(honest, reverse, forward)


def _merged(
    honest: Linear | General, reverse: dict[int | None, General], forward: General | None
) -> General:
    plain: Any = reverse.get(None) or forward or next(iter(reverse.values()))

    def pullback(s: Any, i: int, ct: Node, out: Node, *xs: Node) -> Node:
        rule = reverse.get(i) or reverse.get(None)
        if rule is not None:
            return (
                rule.pullback(s, i, ct, out, *xs)
                if isinstance(rule, General)
                else rule.pullback(ct, xs[i], out.params)
            )
        return (
            forward.pullback(s, i, ct, out, *xs)
            if forward is not None
            else plain.pullback(s, i, ct, out, *xs)
        )

    pushed = forward if forward is not None else next(iter(reverse.values()))
    return General(pullback, pushed.pushforward, honest.masks)


def plant(names: Iterable[str]) -> None:
    """Plant faults in the in-house engine of this process, until it ends."""
    _PLANTED.enter_context(sealing())
    sites: dict[tuple[int, str], list[Mutant]] = {}
    for name in names:
        mutant = faults()[name]
        sites.setdefault((id(mutant.table), mutant.key), []).append(mutant)
    for group in sites.values():
        group[0].table[group[0].key] = together(group)


def engine(names: Sequence[str], number: int) -> Engine:
    """The in-house engine with these faults."""
    header = f"{inhouse.header}\nfrom validation import seeded\nseeded.plant({list(names)!r})\n"
    return replace(inhouse, name=f"seeded-{number}", header=header)


def is_plumbing(mutant: Mutant) -> bool:
    return mutant.site in PLUMBING or mutant.site.startswith(PASSES)


def chosen(number: int, count: int, plumbing: bool = False) -> list[str]:
    """The names of the faults of one engine.

    Two faults of one operation, one that raises, one that kills the process, and others at random,
    each in another operation. With `plumbing`, the random ones are in code that many operations
    use.
    """
    random = Random(number)
    names = [_raising(random.choice(RAISING)).name, _killing(random.choice(KILLING)).name]
    taken = {faults()[name].site for name in names}
    pool = [m for m in mutants() if is_plumbing(m) == plumbing]
    random.shuffle(pool)
    if not plumbing:
        names += _pair(pool, taken)
        taken.update(faults()[name].site for name in names)
    for mutant in pool:
        if len(names) < count and mutant.site not in taken:
            names.append(mutant.name)
            taken.add(mutant.site)
    return names


def _pair(pool: Sequence[Mutant], taken: set[str]) -> list[str]:
    for one in pool:
        for two in pool:
            if one.site == two.site not in taken and one.name < two.name:
                with contextlib.suppress(ValueError):
                    together([one, two])
                    return [one.name, two.name]
    raise ValueError("no two faults can be combined")
