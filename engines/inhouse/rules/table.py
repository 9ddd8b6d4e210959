"""All primitives, by name."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import replace

from ad_conformance.engines.inhouse.core.graph import Primitive
from ad_conformance.engines.inhouse.rules import (
    choice,
    decompositions,
    elementary,
    matrices,
    special,
    structural,
)
from ad_conformance.engines.inhouse.rules.kinds import Rule

_MODULES = (elementary, choice, structural, matrices, decompositions, special)
PRIMITIVES: dict[str, Primitive] = {
    primitive.name: primitive for module in _MODULES for primitive in module.PRIMITIVES
}


class Rules(MutableMapping[str, Rule]):
    """The derivative rules in the table of primitives, to be read and replaced by name.

    A primitive without a rule is not among them. Planted faults are replaced rules.
    """

    def __init__(self, primitives: MutableMapping[str, Primitive]) -> None:
        self._primitives = primitives

    def __getitem__(self, name: str) -> Rule:
        rule: Rule | None = self._primitives[name].rule
        if rule is None:
            raise KeyError(name)
        return rule

    def __setitem__(self, name: str, rule: Rule) -> None:
        self._primitives[name] = replace(self._primitives[name], rule=rule)

    def __delitem__(self, name: str) -> None:
        self._primitives[name] = replace(self._primitives[name], rule=None)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, p in self._primitives.items() if p.rule is not None])

    def __len__(self) -> int:
        return len(list(iter(self)))


RULES = Rules(PRIMITIVES)
