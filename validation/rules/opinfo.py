"""PyTorch's own list of operations, OpInfo, compared with the functions that scripts call.

The list has several entries for some operations, with different samples; they count once. An
operation with random results does not count.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any
from unittest.mock import patch

import torch
from ad_conformance.engines import registry
from ad_conformance.generators.ir.program import INPUTS, Case
from ad_conformance.generators.render.dialect import UnsupportedOperation
from torch.overrides import TorchFunctionMode, resolve_name
from torch.testing._internal import common_methods_invocations
from torch.utils._pytree import tree_leaves

from validation.rules.record import Rule
from validation.rules.unreachable import operations

#: Samples of an operation that are looked at.
SAMPLES = 5


@dataclass(frozen=True)
class Spelled:
    """The differentiable operations of OpInfo: those that programs call, those of which they only
    use the derivative rule inside other functions, the others, those among them that no program can
    call, and those with random results.
    """

    called: tuple[str, ...]
    inside: tuple[str, ...]
    missing: tuple[str, ...]
    unreachable: tuple[str, ...]
    random: tuple[str, ...]


class _Calls(TorchFunctionMode):
    """Keeps the names of the functions of PyTorch that are called."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        own = getattr(func, "__name__", "")
        self.names |= {_plain(resolve_name(func) or own), _plain(own)}
        return func(*args, **(kwargs or {}))


def _plain(name: str) -> str:
    """The name of a function, the same for a method and for an alias in another module."""
    for prefix in ("torch.", "Tensor.", "functional.", "special.", "special_"):
        name = name.removeprefix(prefix)
    return name.removesuffix(".default").replace(".", "_")


def _written(program: str) -> Iterator[str]:
    """The functions, methods and attributes that the text of a program names: PyTorch does not
    report a call of functions that consist of others, or say by which of an operator's names it was
    called.
    """
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            yield _plain(name if name.startswith("torch.") else node.attr)


def called(cases: Iterable[Case]) -> set[str]:
    """The functions that the programs of these cases call, written as for OpInfo."""
    header: dict[str, Any] = {}
    adapter = registry.find("torch")
    exec(adapter.header, header)
    calls = _Calls()
    for case in cases:
        try:
            script = adapter.script(case)
        except UnsupportedOperation:
            continue
        calls.names.update(_written(script.program))
        names = dict(header)
        exec(script.program, names)
        inputs = [names[name] for name in INPUTS[: 1 + len(case.program.arguments)]]
        with calls, warnings.catch_warnings(action="ignore"):
            names["f"](*inputs)
    return calls.names


def compare(calls: Collection[str], rules: Collection[Rule]) -> Spelled:
    """The differentiable operations of OpInfo, compared with the names of functions that were
    called and with the rules that were met.
    """
    used = {_plain(rule.name.partition(".")[0]) for rule in rules}
    entries: dict[str, list[Any]] = {}
    for entry in common_methods_invocations.op_db:
        if entry.supports_autograd:
            entries.setdefault(entry.name, []).append(entry)
    found: dict[str, list[str]] = {field.name: [] for field in fields(Spelled)}
    for name, same in sorted(entries.items()):
        names = {_plain(n) for e in same for n in (name, e.aten_name, *(a.name for a in e.aliases))}
        if names.intersection(calls):
            found["called"].append(name)
        elif all(_is_random(entry) for entry in same):
            found["random"].append(name)
        elif names & used:
            found["inside"].append(name)
        else:
            found["unreachable" if name in operations() else "missing"].append(name)
    return Spelled(**{key: tuple(names) for key, names in found.items()})


def _is_random(entry: Any) -> bool:
    """Whether the results for one of the first samples differ from call to call."""
    samples = entry.sample_inputs("cpu", torch.float64, requires_grad=False)
    unseeded = patch.object(common_methods_invocations, "wrapper_set_seed", _unseeded)
    with unseeded, warnings.catch_warnings(action="ignore"):
        return any(len(set(_results(entry, sample))) > 1 for sample in islice(samples, SAMPLES))


def _unseeded(op: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The call of an operation that OpInfo makes with the same seed each time."""
    return op(*args, **kwargs)


def _results(entry: Any, sample: Any) -> Iterator[str]:
    """The results of two calls as text, in which NaN is equal to itself."""
    for seed in (0, 1):
        torch.manual_seed(seed)
        try:
            found = tree_leaves(entry.op(sample.input, *sample.args, **sample.kwargs))
            yield str([value.tolist() for value in found if isinstance(value, torch.Tensor)])
        except RuntimeError:  # Some samples are for other dtypes, some results are sparse.
            return
