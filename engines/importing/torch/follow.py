"""A function of PyTorch followed: every aten operator that it runs becomes steps of a recorder.

The function runs on real tensors under a dispatch mode, below autograd and the transforms of
torch.func. So the operators of derivatives inside the function, and of the forward pass of its own
autograd functions, are seen like all others.
"""

from __future__ import annotations

import contextlib
import copy
import difflib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from ad_conformance.engines.importing import lines
from ad_conformance.engines.importing.library import NOT_DIFFERENTIABLE
from ad_conformance.engines.importing.recorder import CannotImport, Recorder
from ad_conformance.engines.importing.replacing import replaced
from ad_conformance.engines.importing.torch import calls
from ad_conformance.engines.importing.torch.calls import FUNCTIONS
from ad_conformance.engines.importing.torch.complexes import COMPLEX
from ad_conformance.engines.importing.torch.entrywise import ENTRYWISE
from ad_conformance.engines.importing.torch.layers import LAYERS
from ad_conformance.engines.importing.torch.losses import LOSSES
from ad_conformance.engines.importing.torch.matrices import MATRICES
from ad_conformance.engines.importing.torch.moving import MOVING
from ad_conformance.engines.importing.torch.reductions import REDUCTIONS
from ad_conformance.engines.importing.torch.rule import Rule, is_option
from ad_conformance.engines.importing.torch.tracking import Later, Tracking, tensors_of
from ad_conformance.generators.ir.evaluate import evaluate_steps
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

Array = np.ndarray
#: The rows: what each aten operator records, by its name without the one of the overload.
RULES: dict[str, Rule] = {**ENTRYWISE, **REDUCTIONS, **MOVING, **MATRICES, **LAYERS, **LOSSES}

#: What a number is that was read.
LEFT = "a number that left PyTorch, by float(), item(), numpy() or tolist(),"
#: Calls that give Python or NumPy the numbers of a tensor.
_LEAVING = {"numpy", "__array__", "tolist"}
_DATA = torch.Tensor.data.__get__  # type: ignore[attr-defined]
#: Calls whose results are constants where the function is defined.
_FINITE = {"isfinite", "isnan", "isinf"}


def follow(f: Callable[[Any], Any], point: Array, recorder: Recorder) -> Any:
    """Record the steps of `f` at the point, and return its output: a recorded value, or an array
    if it does not depend on the input.

    Raises CannotImport if there is no row for an operator, and Parts if a step has another value
    than the operator. What `f` raises passes through.
    """
    mark = recorder.mark()
    try:
        return _followed(f, point, recorder)
    except RuntimeError as error:
        if NOT_DIFFERENTIABLE not in str(error):
            raise
        recorder.back_to(mark)
        return _followed(f, point, recorder, differentiable=False)
    except CannotImport as error:
        if "_flash_attention" not in error.what:
            raise
    # Attention is one operation, but its derivatives inside the function are not.
    recorder.back_to(mark)
    with sdpa_kernel(SDPBackend.MATH):
        return _followed(f, point, recorder)


def _followed(
    f: Callable[[Any], Any], point: Array, recorder: Recorder, differentiable: bool = True
) -> Any:
    dtype = torch.float32 if recorder.dtype == "float32" else torch.float64
    tracking = Tracking(recorder)
    # A copy, so that the function may change its argument.
    leaf = torch.tensor(np.asarray(point), dtype=dtype, requires_grad=differentiable)
    tracking.give(leaf, recorder.input)
    try:
        with (
            _plain_kernels(),
            Following(tracking),
            Values(tracking),
            calls.methods(tracking),
            replaced(f, [("torch", "cond", lambda _: _branch)]),
        ):
            output = f(leaf.clone())
    except (NotImplementedError, RuntimeError) as error:
        if "HigherOrderOperator" not in f"{error}" and "_dynamo" not in type(error).__module__:
            raise
        what = "an operator that calls functions, such as while_loop,"
        raise CannotImport(what, lines.raised(error)) from error
    if not isinstance(output, torch.Tensor):
        raise CannotImport(f"an output of type {type(output).__name__}", recorder.line)
    if output.is_complex():
        raise CannotImport("a complex output", recorder.line)
    found = tracking.numbers(output)
    if tracking.left:
        _check_constants(f, np.asarray(point, dtype=float), recorder, found, tracking.left)
    return found


def _branch(
    condition: Any, if_true: Callable[..., Any], if_false: Callable[..., Any], operands: Any = ()
) -> Any:
    """torch.cond as a branch in Python: the one that is taken at the point."""
    return (if_true if condition else if_false)(*operands)


def _check_constants(
    f: Callable[[Any], Any],
    point: Array,
    recorder: Recorder,
    output: Any,
    left: list[tuple[str, str]],
) -> None:
    """Numbers that left PyTorch and random numbers count as constants. Raises CannotImport, with
    the first of what is `left`, if they are none: if the program has another value than the
    function beside the point.
    """
    program = copy.deepcopy(recorder).imported(output).program
    for move in (2.0**-20, -(2.0**-14)):
        beside = point * (1 + move)
        dtype = torch.float32 if recorder.dtype == "float32" else torch.float64
        there = f(torch.tensor(beside, dtype=dtype, requires_grad=True).clone()).detach().numpy()
        ours = evaluate_steps(program, beside)[-1]
        rounding = 1e-3 if recorder.dtype == "float32" else 1e-9
        if not np.allclose(ours, there, rtol=rounding, atol=rounding, equal_nan=True):
            raise CannotImport(*left[0])


@contextlib.contextmanager
def _plain_kernels() -> Iterator[None]:
    """Without kernels that compute whole layers in one operator, and without warnings."""
    with contextlib.ExitStack() as stack:
        # Of settings of kernels, and of numbers that are read.
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", UserWarning)
        stack.enter_context(torch.enable_grad())
        stack.enter_context(torch.backends.mkldnn.flags(enabled=False))
        fast = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        stack.callback(torch.backends.mha.set_fastpath_enabled, fast)
        yield


class Following(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Runs each operator, and records it if an operand depends on the input."""

    def __init__(self, tracking: Tracking) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.tracking = tracking
        # The operators that are being followed through their definitions.
        self._inside: list[Any] = []

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Else, the first operator imports the compiler, which takes seconds.
        return False

    def __torch_dispatch__(
        self, func: Any, _types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs, t = kwargs or {}, self.tracking
        operands = tensors_of((args, kwargs))
        if torch.Tag.nondeterministic_seeded in func.tags and not _is_idle(func, args, kwargs):
            t.left.append((f"{func} (a random number)", lines.running()))
        if t.is_held(operands) or not any(map(t.depends, operands)):
            made = func(*args, **kwargs)
            for changed in _written(func, args, kwargs):
                t.forget(changed)
            return made
        t.recorder.line, t.operator, t.operands = lines.running(), str(func), operands
        written = _written(func, args, kwargs)
        for changed in written:
            t.track(changed)
        inputs = {t.key(operand) for operand in operands}
        made = func(*args, **kwargs)
        if torch.Tag.inplace_view in func.tags:
            return made
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
        parts = values if isinstance(values, list) else [values]
        for result, part in zip(results, parts, strict=False):
            if part is None and result.is_floating_point() and result.numel():
                what = f"a further result of {func}"
                part = Later(partial(_no_value, what, t.recorder.line))
            t.give(result, part)
        given = {t.key(result) for result in results}
        for changed in written:
            if t.key(changed) not in given:
                # Such as statistics that a layer keeps.
                t.forget(changed)
        return made

    def _taken_apart(
        self, func: Any, name: str, args: Any, kwargs: Any, written: list[Any], made: Any
    ) -> Any:
        """The operator followed through its definition by other operators."""
        target = func
        if written:
            packet = getattr(torch.ops.aten, name.removesuffix("_"), None)
            target = getattr(packet, func._overloadname, None)
        if target is None or target in self._inside:
            raise _missing(f"{func}", name, self.tracking.recorder.line)
        self._inside.append(target)
        try:
            with self:
                parts = _decomposed(target, args, kwargs)
        except CannotImport as error:
            inner = "" if error.what.startswith(f"{func}") else f" ({error.what.split(' (')[0]})"
            raise _missing(f"{func}{inner}", name, self.tracking.recorder.line) from error
        finally:
            self._inside.pop()
        if parts is NotImplemented:
            raise _missing(f"{func}", name, self.tracking.recorder.line)
        if not written:
            return parts
        for result, part in zip(written, tensors_of(parts), strict=False):
            self.tracking.give(result, self.tracking.moved(part))
        return made


def _no_value(what: str, line: str) -> None:
    raise CannotImport(what, line)


def _missing(what: str, name: str, line: str) -> CannotImport:
    close = difflib.get_close_matches(name.strip("_"), RULES, n=1)
    return CannotImport(what, line, close[0] if close else "")


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
    names = [argument.name for argument in func._schema.arguments if not is_option(argument)]
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
    """All arguments in order, with their defaults, without those for results and their memory."""
    return [
        args[k] if k < len(args) else kwargs.get(argument.name, argument.default_value)
        for k, argument in enumerate(func._schema.arguments)
        if not is_option(argument)
    ]


def _number(t: Tracking, func: Any, args: tuple[Any, ...], made: Any) -> Any:
    """A result that is no tensor: a number or a truth value that Python code asked for."""
    name = func._schema.name
    if name == "aten::_local_scalar_dense":
        (x,) = args
        if x.is_floating_point():
            t.left.append((LEFT, t.recorder.line))
        elif not is_check():
            t.fixed(x)
    elif name == "aten::equal":
        both = t.recorder.equal(*(t.numbers(x) for x in args[:2]))
        if not made:
            raise CannotImport("torch.equal of different tensors", t.recorder.line)
        t.recorder.holds(both)
    return made


def is_check() -> bool:
    """Whether PyTorch itself asks for a truth value, to validate arguments of a distribution."""
    frame = sys._getframe(1)
    while frame is not None and not lines.of_user(frame.f_code.co_filename):
        if os.path.join("torch", "distributions") in frame.f_code.co_filename:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


class Values(TorchFunctionMode):
    """Sees calls by which derivatives end: `detach`, `no_grad`, and numbers that leave PyTorch;
    and functions that are one operation.

    What `detach` and `no_grad` give counts as a constant, as it does for autograd.
    """

    def __init__(self, tracking: Tracking) -> None:
        super().__init__()
        self.tracking = tracking

    def __torch_function__(
        self, func: Any, _types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        t = self.tracking
        name = getattr(func, "__name__", "")
        if name in _LEAVING and args and t.depends(args[0]):
            # Python code computes with it, or decides by it, or only prints it.
            t.left.append((LEFT, lines.running()))
        if name in _FINITE:
            with t.holding(""):
                return func(*args, **(kwargs or {}))
        detached = name == "detach" or func == _DATA
        if not (detached or not torch.is_grad_enabled()) or _in_custom_function():
            found = func(*args, **(kwargs or {}))
            if func in FUNCTIONS:
                calls.function(t, func, found, args, kwargs)
            return found
        with t.holding(lines.running()):
            found = func(*args, **(kwargs or {}))
            return found.clone() if detached else found


def _in_custom_function() -> bool:
    """Whether the forward pass of an autograd function runs, which autograd does not follow."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.endswith(os.path.join("torch", "autograd", "function.py")):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
