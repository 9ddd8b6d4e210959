"""A function of PyTorch followed: every aten operator that it runs becomes steps of a recorder.

The function runs on real tensors under a dispatch mode, below autograd and the transforms of
torch.func. So the operators of derivatives inside the function, and of the forward pass of its own
autograd functions, are seen like all others.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from ad_conformance.engines.importing.recorder import CannotImport, Recorder
from ad_conformance.engines.importing.torch.calls import Values, is_check, user_line
from ad_conformance.engines.importing.torch.complexes import COMPLEX
from ad_conformance.engines.importing.torch.entrywise import ENTRYWISE
from ad_conformance.engines.importing.torch.layers import LAYERS
from ad_conformance.engines.importing.torch.matrices import MATRICES
from ad_conformance.engines.importing.torch.moving import MOVING
from ad_conformance.engines.importing.torch.reductions import REDUCTIONS
from ad_conformance.engines.importing.torch.rule import Rule
from ad_conformance.engines.importing.torch.tracking import Tracking, tensors_of
from torch.utils._python_dispatch import TorchDispatchMode

Array = np.ndarray
#: The rows: what each aten operator records, by its name without the one of the overload.
RULES: dict[str, Rule] = {**ENTRYWISE, **REDUCTIONS, **MOVING, **MATRICES, **LAYERS}


def follow(f: Callable[[Any], Any], point: Array, recorder: Recorder) -> Any:
    """Record the steps of `f` at the point, and return its output: a recorded value, or an array
    if it does not depend on the input.

    Raises CannotImport if there is no row for an operator, and Parts if a step has another value
    than the operator. What `f` raises passes through.
    """
    dtype = torch.float32 if recorder.dtype == "float32" else torch.float64
    tracking = Tracking(recorder)
    # A copy, so that the function may change its argument.
    leaf = torch.tensor(np.asarray(point), dtype=dtype, requires_grad=True)
    tracking.give(leaf, recorder.input)
    with _plain_kernels(), Following(tracking), Values(tracking):
        output = f(leaf.clone())
    if not isinstance(output, torch.Tensor):
        raise CannotImport(f"an output of type {type(output).__name__}", recorder.line)
    if output.is_complex():
        raise CannotImport("a complex output", recorder.line)
    return tracking.numbers(output)


@contextlib.contextmanager
def _plain_kernels() -> Iterator[None]:
    """Without kernels that compute whole layers in one operator."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.enable_grad())
        stack.enter_context(torch.backends.mkldnn.flags(enabled=False))
        fast = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        stack.callback(torch.backends.mha.set_fastpath_enabled, fast)
        yield


class Following(TorchDispatchMode):
    """Runs each operator, and records it if an operand depends on the input."""

    def __init__(self, tracking: Tracking) -> None:
        super().__init__()
        self.tracking = tracking

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs, t = kwargs or {}, self.tracking
        operands = tensors_of((args, kwargs))
        if torch.Tag.nondeterministic_seeded in func.tags and not _is_idle(func, args, kwargs):
            raise CannotImport(f"{func} (a random number)", user_line())
        if t.is_held(operands) or not any(map(t.depends, operands)):
            made = func(*args, **kwargs)
            for changed in _written(func, args, kwargs):
                t.forget(changed)
            return made
        t.recorder.line = user_line()
        written = _written(func, args, kwargs)
        for changed in written:
            t.track(changed)
        inputs = {t.key(operand) for operand in operands}
        made = func(*args, **kwargs)
        results = tensors_of(made)
        if not written and all(t.key(result) in inputs for result in results):
            for result in results:
                t.check_view(result, operands)
            return _number(t, func, args, made) if not results else made
        name = func._schema.name.partition("::")[2]
        rule = _rule(name, any(x.is_complex() for x in (*operands, *results)))
        if rule is None:
            return self._taken_apart(func, name, args, kwargs, written, made)
        values = rule.record(t, func, _bound(func, args, kwargs), made)
        self._give(rule, results, values)
        given = {t.key(result) for result in results}
        for changed in written:
            if t.key(changed) not in given:
                # Such as statistics that a layer keeps.
                t.forget(changed)
        return made

    def _give(self, rule: Rule, results: list[Any], values: Any) -> None:
        parts = values if isinstance(values, list) else [values]
        for result, value in zip(results, parts, strict=False):
            self.tracking.give(result, value, checked=not rule.moves)

    def _taken_apart(
        self, func: Any, name: str, args: Any, kwargs: Any, written: list[Any], made: Any
    ) -> Any:
        """The operator followed through its definition by other operators."""
        target = func
        if written:
            packet = getattr(torch.ops.aten, name.removesuffix("_"), None)
            target = getattr(packet, func._overloadname, None)
        with self:
            parts = NotImplemented if target is None else _decomposed(target, args, kwargs)
        if parts is NotImplemented:
            raise CannotImport(f"{func}", self.tracking.recorder.line)
        if not written:
            return parts
        for result, part in zip(written, tensors_of(parts), strict=False):
            self.tracking.give(result, self.tracking.moved(part), checked=False)
        return made


def _rule(name: str, is_complex: bool) -> Rule | None:
    plain = name.removesuffix("_")
    if is_complex and (rule := COMPLEX.get(plain)):
        return rule
    rule = RULES.get(name) or RULES.get(plain)
    return None if rule and is_complex and not rule.moves else rule


def _decomposed(func: Any, args: Any, kwargs: Any) -> Any:
    if func.namespace == "prims":
        return func.impl_aten(*args, **kwargs)
    found = func.decompose(*args, **kwargs)
    if found is not NotImplemented:
        return found
    from torch._decomp import decomposition_table

    definition = decomposition_table.get(func)
    return NotImplemented if definition is None else definition(*args, **kwargs)


def _is_idle(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether the operator draws no number: dropout and noise that are turned off."""
    names = [argument.name for argument in func._schema.arguments]
    given = dict(zip(names, _bound(func, args, kwargs), strict=False))
    return not given.get("dropout_p", True) or not (given.get("train", given.get("training", True)))


def _written(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """The tensors that the operator changes."""
    found = []
    for k, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            found += tensors_of(args[k] if k < len(args) else kwargs.get(argument.name))
    return found


def _bound(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """All arguments in order, with their defaults; those for results are left out."""
    bound = []
    for k, argument in enumerate(func._schema.arguments):
        result = argument.alias_info is not None and argument.alias_info.is_write
        if result and argument.kwarg_only:
            continue
        given = args[k] if k < len(args) else kwargs.get(argument.name, argument.default_value)
        bound.append(given)
    return bound


def _number(t: Tracking, func: Any, args: tuple[Any, ...], made: Any) -> Any:
    """A result that is no tensor: a number or a truth value that Python code asked for."""
    name = func._schema.name
    if name == "aten::_local_scalar_dense":
        (x,) = args
        if x.is_floating_point():
            raise CannotImport("a number of a tensor, by float() or item(),", t.recorder.line)
        if not is_check():
            t.fixed(x)
    elif name == "aten::equal":
        both = t.recorder.equal(*(t.numbers(x) for x in args[:2]))
        if not made:
            raise CannotImport("torch.equal of different tensors", t.recorder.line)
        t.recorder.holds(both)
    return made
