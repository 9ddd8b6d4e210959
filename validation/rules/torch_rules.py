"""PyTorch's rules: the entries of derivatives.yaml, from which PyTorch generates its formulas.

Reverse mode goes back through a graph whose nodes have the names of such entries. Forward mode has
no graph. The formulas that it uses are those of the entries that the graph of the same function
has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torchgen
from ad_conformance.engines import registry
from torchgen.packaged.autograd.load_derivatives import load_derivatives

from validation.rules.record import Function, Rule

TABLES = {"R": "backward", "F": "forward"}


@cache
def _entries() -> dict[str, tuple[str, Any]]:
    """Name and formulas of each entry of derivatives.yaml, by the name of its node.

    The name is that of the ATen function. If PyTorch has other formulas for some dispatch key, the
    key follows after "@".
    """
    folder = Path(torchgen.__file__).parent / "packaged"
    native = folder / "ATen" / "native"
    infos, _ = load_derivatives(
        str(folder / "autograd" / "derivatives.yaml"),
        str(native / "native_functions.yaml"),
        str(native / "tags.yaml"),
    )
    return {
        info.op: (f"{info.func.func.name}{'' if key == 'Default' else f'@{key}'}", info)
        for by_key in infos.values()
        for key, info in by_key.items()
        if info.op
    }


class TorchRules:
    """The formulas of PyTorch, by ATen function."""

    engines = (registry.find("torch"), registry.find("torch-autograd"))

    def rules(self) -> frozenset[Rule]:
        found = set()
        for name, info in _entries().values():
            # Some entries only say that there is no derivative.
            if any("not_implemented" not in d.formula for d in info.derivatives):
                found.add(Rule("torch", "backward", name))
            if info.forward_derivatives:
                found.add(Rule("torch", "forward", name))
        return frozenset(found)

    def observe(
        self, f: Function, operands: tuple[Any, ...], letter: str
    ) -> tuple[Any, Callable[[], Iterable[Rule]]]:
        nodes: set[str] = set()

        def walked(*inputs: Any) -> Any:
            value = f(*inputs)
            nodes.update(_nodes(value))
            return value

        if letter == "R":
            value = walked(*operands)
        else:
            torch.func.vjp(walked, *operands)
            value = f(*operands)
        entries = _entries()
        return value, lambda: (
            Rule("torch", TABLES[letter], entries[node][0]) for node in nodes if node in entries
        )


def _nodes(value: torch.Tensor) -> set[str]:
    """The names of the nodes that reverse mode goes through from this value on."""
    seen: set[Any] = set()
    waiting = [value.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [parent for parent, _ in node.next_functions]
    return {node.name() for node in seen}
