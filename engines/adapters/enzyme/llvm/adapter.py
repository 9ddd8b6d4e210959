"""Enzyme on C++: nested calls of `__enzyme_autodiff` and `__enzyme_fwddiff`, which Enzyme
differentiates in LLVM's code.

A case is C++ text in a Python script, compiled and run by the clang that enzyme_ad contains. A
program is a C++ function with a loop or a number for each step. Each letter of the mode is another
function, which differentiates the one before it. Numbers are passed and returned by value, arrays
by pointer. A function whose result is an array has a last parameter `out` for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from ad_conformance.engines.adapters.enzyme.llvm.templates import TEMPLATES
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.script import Script
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.mode import LETTERS
from ad_conformance.generators.ir.program import INPUTS, Case, Program, Step
from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation

HEADER = """\
import glob

import jax
import jax.numpy as jnp
import numpy as np
from enzyme_ad.jax import cpp_call

jax.config.update("jax_enable_x64", True)
# The wheel has no headers of the compiler itself, stddef.h and such.
include = sorted(glob.glob("/usr/lib/gcc/*/*/include"))
if not include:
    raise ImportError("C++ headers are needed: install g++")


def compiled(source, shape, *inputs):
    out = jax.core.ShapedArray((np.prod(shape, dtype=int),), np.float64)
    argv = ("-std=c++17", "-idirafter", include[-1])

    def derivative(*inputs):
        flat = [x.ravel() for x in inputs]
        (value,) = cpp_call(*flat, out_shapes=[out], source=source, fn="derivative", argv=argv)
        return value.reshape(shape)

    return jax.jit(derivative).lower(*inputs).compile()
"""
#: Headers of C++, each with the names for which it is included.
HEADERS = {
    "algorithm": ("std::max", "std::min", "std::sort", "std::swap"),
    "cmath": ("std::", "::j"),
    "complex": ("std::complex",),
    "functional": ("std::greater",),
}
RUNTIME_ACTIVITY = "enzyme_runtime_activity"
SOURCE = """\
{includes}extern "C" int enzyme_out{declared};
using enzyme::__enzyme_autodiff, enzyme::__enzyme_fwddiff;
"""


@dataclass(frozen=True)
class _Function:
    """A C++ function: its name, and the shapes of its inputs and of its result."""

    name: str
    inputs: tuple[tuple[int, ...], ...]
    result: tuple[int, ...]

    def text(self, lines: Sequence[str]) -> str:
        """The definition of the function, with these statements."""
        parameters = [
            f"double {n}" if not s else f"const double* {n}"
            for n, s in zip(INPUTS, self.inputs, strict=False)
        ]
        returned = "void" if self.result else "double"
        parameters += ["double* out"] * bool(self.result)
        body = "".join(f"  {part}\n" for line in lines for part in line.splitlines())
        return f"static {returned} {self.name}({', '.join(parameters)}) {{\n{body}}}\n"


def _numbers(value: Any) -> str:
    return f"{{{', '.join(map(repr, np.asarray(value, dtype=float).ravel().tolist()))}}}"


def _program(
    program: Program, point: np.ndarray, write_step: Callable[[Step, Call], str]
) -> tuple[str, _Function]:
    """The function `f`, with a statement or a loop for each step.

    Raises UnsupportedOperation.
    """
    values = evaluate_steps(program, point)
    names = dict(zip((0, *program.arguments), INPUTS, strict=False))
    f = _Function("f", tuple(values[k].shape for k in names), values[-1].shape)
    lines: list[str] = []
    functions: list[str] = []
    last, number = len(program.steps), 0
    for k, step in enumerate(program.steps, start=1):
        shape, size = values[k].shape, values[k].size
        if not size:
            raise UnsupportedOperation("arrays without entries")
        if step.operation == "constant":
            if shape:
                number += 1
                names[k] = f"v{number}"
                lines.append(f"const double {names[k]}[{size}] = {_numbers(values[k])};")
            else:
                text = repr(float(values[k]))
                names[k] = f"({text})" if text.startswith("-") else text
        elif step.operation != "argument":
            shapes = tuple(values[i].shape for i in step.operands)
            operands = tuple(names[i] for i in step.operands)
            text = write_step(step, Call(operands, step.arguments, shapes))
            number += 1
            names[k] = "out" if k == last and shape else f"v{number}"
            kind = "bool" if values[k].dtype == bool else "double"
            text = text.replace("OUT", names[k])
            while text.startswith("static double "):
                function, _, text = text.partition("\n}\n")
                functions.append(f"{function}\n}}\n")
                text = text.removeprefix("\n")
            if names[k] == "out":
                lines.append(text)
            elif not shape and text.startswith(f"{names[k]} = "):
                lines.append(f"{kind} {text}")
            else:
                lines.append(f"{kind} {names[k]}{f'[{size}]' if shape else ''};\n{text}")
    if not f.result:
        lines.append(f"return {names[last]};")
    elif names[last] != "out":
        lines.append(f"for (int i = 0; i < {values[last].size}; i++) out[i] = {names[last]}[i];")
    return "\n".join([*functions, f.text(lines)]), f


def _zeros(name: str, size: int) -> str:
    return f"for (int j = 0; j < {size}; j++) {name}[j] = 0.0;"


def _reverse(
    call: str, name: str, f: _Function, k: int, cotangent: Any = None
) -> tuple[str, _Function]:
    """The Jacobian of `f` with respect to its input k, or its pullback of a cotangent."""
    x, own = INPUTS[k], f.inputs[k]
    n, m = math.prod(own), math.prod(f.result)
    others = _others(f, k)
    differentiated = f"enzyme_dup, {x}, {{}}" if own else f"enzyme_out, {x}"
    kind = "void" if own else "double"
    full = f.result if cotangent is None else ()
    derivative = _Function(name, f.inputs, full + own)

    def called(shadow: str, *more: str) -> str:
        arguments = (*others[:k], differentiated.format(shadow), *others[k:], *more)
        return _call(call, kind, f, arguments)

    if not f.result:
        scale = "" if cotangent is None else f"{float(cotangent)!r} * "
        if not own:
            return derivative.text([f"return {scale}{called('')};"]), derivative
        lines = [_zeros("out", n), f"{called('out')};"]
        lines += [f"for (int j = 0; j < {n}; j++) out[j] = {scale}out[j];"] * bool(scale)
    elif cotangent is not None:
        lines = [f"double value[{m}] = {{}}, seed[{m}] = {_numbers(cotangent)};"]
        through = called("out", "enzyme_dup, value, seed")
        lines += [_zeros("out", n), f"{through};"] if own else [f"return {through};"]
    else:
        through = called("dx", "enzyme_dup, value, seed")
        taken = [f"  {through};", f"  for (int j = 0; j < {n}; j++) out[{n} * i + j] = dx[j];"]
        lines = [
            f"for (int i = 0; i < {m}; i++) {{",
            f"  double value[{m}] = {{}}, seed[{m}] = {{}}{f', dx[{n}] = {{}}' if own else ''};",
            "  seed[i] = 1.0;",
            *(taken if own else [f"  out[i] = {through};"]),
            "}",
        ]
    return derivative.text(lines), derivative


def _forward(
    call: str, name: str, f: _Function, k: int, tangent: Any = None
) -> tuple[str, _Function]:
    """The Jacobian of `f` with respect to its input k, or its pushforward along a tangent."""
    x, own = INPUTS[k], f.inputs[k]
    n, m = math.prod(own), math.prod(f.result)
    others = _others(f, k)
    kind = "void" if f.result else "double"
    derivative = _Function(name, f.inputs, f.result + (own if tangent is None else ()))

    def called(dx: str, *more: str) -> str:
        arguments = (*others[:k], f"enzyme_dup, {x}, {dx}", *others[k:], *more)
        return _call(call, kind, f, arguments)

    if own and tangent is None:
        shadow = ("enzyme_dup, value, dvalue",) if f.result else ()
        got = [
            f"  {called('dx', *shadow)};",
            f"  for (int i = 0; i < {m}; i++) out[{n} * i + j] = dvalue[i];",
        ]
        lines = [
            f"for (int j = 0; j < {n}; j++) {{",
            f"  double dx[{n}] = "
            f"{{}}{f', value[{m}] = {{}}, dvalue[{m}] = {{}}' if f.result else ''};",
            "  dx[j] = 1.0;",
            *(got if f.result else [f"  out[j] = {called('dx')};"]),
            "}",
        ]
        return derivative.text(lines), derivative
    lines = [f"double dx[{n}] = {_numbers(tangent)};"] * bool(own)
    dx = "dx" if own else repr(float(1.0 if tangent is None else tangent))
    if f.result:
        lines += [
            f"double value[{m}] = {{}};",
            _zeros("out", m),
            f"{called(dx, 'enzyme_dup, value, out')};",
        ]
    else:
        lines += [f"return {called(dx)};"]
    return derivative.text(lines), derivative


def _call(template: str, kind: str, f: _Function, arguments: Sequence[str]) -> str:
    function, _, rest = template.format(f=f.name).partition("(")
    return f"{function}<{kind}>({', '.join((rest, *arguments))})"


def _others(f: _Function, k: int) -> list[str]:
    return [f"enzyme_const, {INPUTS[i]}" for i in range(len(f.inputs)) if i != k]


def _levels(engine: Engine, case: Case, f: _Function) -> list[tuple[str, _Function]]:
    """The functions that differentiate, the innermost first, with their texts."""
    seeds: list[Any] = [None] * case.order
    for k, level in enumerate(case.asked.levels):
        if level == "product":
            seeds[k] = case.tangent if case.asked.seed == "tangent" else case.cotangent
    levels = []
    for k, (letter, i, given) in enumerate(
        zip(reversed(case.mode), case.inputs, seeds, strict=True), start=1
    ):
        differentiate = _forward if LETTERS[letter].product == "pushforward" else _reverse
        levels.append(differentiate(engine.mode_transforms[letter], f"d{k}", f, i, given))
        f = levels[-1][1]
    return levels


def write(engine: Engine, case: Case) -> Script:
    """The script of a case.

    Raises UnsupportedOperation for an operation without a template, and for float32.
    """
    if case.dtype != "float64":
        raise UnsupportedOperation(case.dtype)
    program, f = _program(case.program, case.input, engine.dialect.step)
    levels = _levels(engine, case, f)
    # With an empty mode, which tests ask for, the script computes the program itself.
    outermost = levels[-1][1] if levels else f
    inputs = list(INPUTS[: len(f.inputs)])
    sizes = [math.prod(s) for s in f.inputs]
    parameters = [f"enzyme::tensor<double, {math.prod(outermost.result)}>& out"]
    parameters += [
        f"const enzyme::tensor<double, {n}>& {name}" for name, n in zip(inputs, sizes, strict=True)
    ]
    values = [f"{n}.values" if s else f"{n}[0]" for n, s in zip(inputs, f.inputs, strict=True)]
    called = f"{outermost.name}({', '.join(values)}"
    called = f"{called}, out.values)" if outermost.result else f"out[0] = {called})"
    entry = f"void derivative({', '.join(parameters)}) {{\n  {called};\n}}\n"
    body = "\n".join([program, *(text for text, _ in levels), entry])
    includes = "".join(
        f"#include <{h}>\n" for h, names in HEADERS.items() if any(n in body for n in names)
    )
    active = any(RUNTIME_ACTIVITY in level for level in engine.mode_transforms.values())
    declared = f", {RUNTIME_ACTIVITY}" if active else ""
    source = f"{SOURCE.format(includes=includes, declared=declared)}\n{body}"
    given = [case.point if case.warmup_point is None else case.warmup_point]
    given += [case.program.steps[k - 1].arguments["value"] for k in case.program.arguments]
    constant = partial(engine.dialect.constant, dtype=case.dtype)
    lines = [
        f'source = """\\\n{source}"""',
        *(f"{n} = {constant(v)}" for n, v in zip(inputs, given, strict=True)),
    ]
    arguments = ", ".join(inputs)
    compiling = engine.compile.format(nested=f"{outermost.result}, {arguments}") + "\n"
    run, point = f"got = np.asarray(derivative({arguments}))\n", ""
    if case.warmup_point is not None:
        compiling += f"derivative({arguments})\n"
        point = f"x = {constant(case.point)}\n"
    return Script(
        header=engine.header,
        program="\n".join(lines) + "\n",
        compile=compiling,
        run=run,
        point=point,
    )


enzyme_llvm = Engine(
    name="enzyme-llvm",
    distribution="enzyme-ad",
    module="enzyme_ad.jax",
    header=HEADER,
    dialect=Dialect(namespace="std", array="jnp.array({value})", templates=TEMPLATES),
    mode_transforms={"R": "__enzyme_autodiff((void*){f}", "F": "__enzyme_fwddiff((void*){f}"},
    compile="derivative = compiled(source, {nested})",
    environment={"JAX_PLATFORMS": "cpu"},
    writer=write,
)

runtime_activity = replace(
    enzyme_llvm,
    name="enzyme-llvm-runtime-activity",
    mode_transforms={
        letter: f"{level}, {RUNTIME_ACTIVITY}"
        for letter, level in enzyme_llvm.mode_transforms.items()
    },
)
