"""The text for Julia: it parses, and it is the text that was reviewed. If Julia is installed, it
computes what the catalogue computes.

    python -m tests.engines.test_julia > tests/engines/golden/julia.jl

writes the text for review anew.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.reference.certify import Truth
from ad_conformance.conformance.standalone_script import standalone
from ad_conformance.engines import registry
from ad_conformance.engines.adapters.julia.adapter import enzyme
from ad_conformance.engines.adapters.julia.dialect import LIBRARIES
from ad_conformance.engines.process.runners import FOLDER, Julia
from ad_conformance.engines.process.sandbox import EngineUnavailable, Sandbox
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.operator import KINDS, OPERATORS
from ad_conformance.generators.ir.program import Case, nested
from ad_conformance.generators.render.dialect import UnsupportedOperation
from ad_conformance.generators.scenarios.seed_programs import SEED_FAMILY, seed_case

from tests.engines.cases import drawn, telling, unless_missing

ENGINES = tuple(name for name in registry.OWN if name.endswith(".jl"))
GOLDEN = Path(__file__).parent / "golden" / "julia.jl"
WRITTEN = [name for name, template in enzyme.dialect.templates.items() if template is not None]
#: How many calls of an operation are reviewed; they differ in the operands' numbers of axes.
REVIEWED = 3
MISSING = "" if shutil.which("julia") else "julia"
STAND_INS = Path(__file__).with_name("julia_stand_ins.jl")


@cache
def errors(text: str) -> bool:
    """Whether the grammar of Julia finds an error in the text."""
    tree_sitter = pytest.importorskip("tree_sitter")
    grammar = pytest.importorskip("tree_sitter_julia")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    return bool(parser.parse(text.encode()).root_node.has_error)


def scripts(operation: str, engine: str = "enzyme.jl") -> Iterator[tuple[Case, str]]:
    """Cases of the operation in float64, each with its script, if the engine supports it."""
    for case in telling(operation):
        asked = replace(case, dtype="float64", warmup_point=None)
        try:
            yield asked, registry.find(engine).script(asked).text
        except UnsupportedOperation:
            continue


def reviewed_lines(operation: str) -> list[str]:
    """A few calls of the operation, each with its parameters and the shapes of its operands."""
    lines: dict[object, str] = {}
    # Operations on truth values are drawn for conditions only.
    for case in drawn(operation if CATALOGUE[operation].weight else "where"):
        values = evaluate_steps(case.program, case.input)
        for step in (s for s in case.program.steps if s.operation == operation):
            shapes = tuple(values[i].shape for i in step.operands)
            params = ", ".join(f"{k}={v!r}" for k, v in step.params)
            call = Call(tuple("abcdefgh"[: len(shapes)]), step.arguments, shapes)
            try:
                text = enzyme.dialect.step(step, call)
            except UnsupportedOperation:
                continue
            sizes = " ".join("x".join(map(str, shape)) or "number" for shape in shapes)
            lines.setdefault(tuple(map(len, shapes)), f"{text}  # {operation}({params}) of {sizes}")
    return list(lines.values())[:REVIEWED]


def golden() -> str:
    head = (
        "# Written by python -m tests.engines.test_julia: a few calls of each operation in Julia.\n"
    )
    rows = [line for name in sorted(WRITTEN) for line in reviewed_lines(name)]
    return head + "".join(f"{line}\n" for line in rows)


def test_the_text_is_the_reviewed_one() -> None:
    assert golden() == GOLDEN.read_text(encoding="utf-8")
    assert not errors(golden())


@pytest.mark.parametrize("operation", [name for name in WRITTEN if CATALOGUE[name].weight])
def test_every_operation_parses(operation: str) -> None:
    found = list(scripts(operation))
    assert found, "no case is supported"
    for _, text in found:
        assert not errors(text), text


@pytest.mark.parametrize("engine", ENGINES)
def test_nested_derivatives_parse(engine: str) -> None:
    adapter = registry.find(engine)
    asked = [
        seed_case(name, mode)
        for name in SEED_FAMILY
        for mode in ("R", "F", "RR", "FR", "RF", "FF", "RRR")
    ]
    asked += [case for operation in ("sin", "matmul", "sum") for case in drawn(operation)]
    truth = Truth(kind="certified", value=np.ones((2, 3, 2)) / 3, tolerance=np.ones(()))
    for case in asked:
        try:
            text = standalone(case, adapter, truth)
        except UnsupportedOperation:
            continue
        assert not errors(text), text


def test_the_worker_parses() -> None:
    assert not errors((FOLDER / "worker.jl").read_text(encoding="utf-8"))
    assert errors("function f(x)")


def test_the_script_of_the_issue_that_started_this_project() -> None:
    text = enzyme.script(seed_case("num_to_mat", "RR")).text
    assert "    return hcat(v2, v5)\nend\n" in text
    assert text.endswith(
        "x = 0.42\n"
        "derivative = _x -> Enzyme.jacobian(Enzyme.Reverse, "
        "_x -> Enzyme.jacobian(Enzyme.Reverse, f, _x)[1], _x)[1]\n"
        "got = derivative(x)\n"
    )


def test_without_a_julia_the_engines_are_not_installed_and_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    assert not enzyme.installed()
    with pytest.raises(EngineUnavailable, match=r"^enzyme\.jl: .*julia"):
        Sandbox(enzyme)


@pytest.mark.parametrize("entries", ["[[deps.Enzyme]]", "[[Enzyme]]"])
def test_the_release_is_that_of_the_manifest(tmp_path: Path, entries: str) -> None:
    runner = Julia(tmp_path)
    assert runner.version("Enzyme") == ""
    (tmp_path / "Manifest.toml").write_text(f'{entries}\nversion = "0.13.83"\n')
    assert runner.version("Enzyme") == "0.13.83"
    assert runner.version("Zygote") == ""


def importable(module: str) -> bool:
    """Whether the Julia on the path has the module."""
    try:
        Sandbox(replace(PRIMAL, header=f"import {module}\n")).close()
    except EngineUnavailable:
        return False
    return True


@cache
def libraries() -> str:
    """The imports of those libraries that the Julia on the path has."""
    return "".join(f"{line}\n" for line in LIBRARIES.splitlines() if importable(line.split()[1]))


#: Computes the program itself instead of its derivative, with the packages that are installed.
PRIMAL = replace(
    enzyme, name="primal.jl", header="", mode_transforms={"R": "{f}"}, operators={}, runner=Julia()
)


@pytest.fixture(scope="module")
def primal() -> Iterator[Sandbox]:
    with Sandbox(replace(PRIMAL, header=libraries())) as sandbox:
        yield sandbox


def _absent() -> set[str]:
    return set(re.findall(r"\w+", LIBRARIES)) - set(re.findall(r"\w+", libraries()))


def _needs(text: str, modules: set[str]) -> bool:
    """Whether the program of a script calls a function of one of the modules."""
    return any(f"{module}." in text.partition("\nend\n")[0] for module in modules)


@pytest.mark.parametrize(
    "operation", unless_missing(MISSING, (name for name in WRITTEN if CATALOGUE[name].weight))
)
def test_every_operation_computes_what_the_catalogue_computes(
    operation: str, primal: Sandbox
) -> None:
    absent = _absent() | {"Enzyme"}
    asked = 0
    for case, text in scripts(operation):
        if _needs(text, absent):
            continue
        answer = primal.ask(
            replace(case, mode="R", operator="jacobian", tangent=None, cotangent=None, wrt="")
        )
        if answer.outcome == "unsupported":
            continue
        asked += 1
        values = evaluate_steps(case.program, case.input)
        scale = max(float(np.max(np.abs(v), initial=0.0)) for v in values)
        assert answer.value is not None, f"{answer.error}: {answer.message}\n{text}"
        assert answer.value.shape == values[-1].shape, text
        assert answer.value.dtype == np.float64, text
        np.testing.assert_allclose(
            answer.value, values[-1], rtol=1e-11, atol=1e-12 * scale, err_msg=text
        )
    if not asked:
        pytest.skip(f"not without {', '.join(sorted(absent))}")


@pytest.fixture(scope="module", params=unless_missing(MISSING, ENGINES))
def beside_a_stand_in(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """An engine with a stand-in for its library, which takes finite differences."""
    engine = registry.find(request.param)
    stand_ins = STAND_INS.read_text("utf-8")
    text = engine.header.replace(LIBRARIES, libraries())
    for module in re.findall(r"^module (\w+)", stand_ins, re.MULTILINE):
        text = text.replace(f"import {module}\n", "")
    with Sandbox(replace(engine, header=f"{stand_ins}\n{text}")) as sandbox:
        yield sandbox


@pytest.mark.parametrize("member", unless_missing(MISSING, SEED_FAMILY))
def test_derivatives_are_nested_and_shaped_as_asked(
    member: str, beside_a_stand_in: Sandbox
) -> None:
    engine = beside_a_stand_in.engine
    inner = sorted(engine.mode_transforms)[-1]
    asked = [seed_case(member, mode) for mode in (inner, sorted(engine.mode_transforms)[0] + inner)]
    first = asked[0]
    output = evaluate_steps(first.program, first.input)[-1]
    asked.append(replace(first, warmup_point=nested(first.input + 0.125)))
    kinds = [KINDS[array.ndim] for array in (first.input, output)]
    asked += [
        replace(
            first, mode=mode, operator=name, **row.seeds(_ones, first.input.shape, output.shape)
        )
        for mode in ("F", "R", "FR", "RR")
        for name, row in OPERATORS.items()
        if row.levels and row.order == len(mode) and row.applies(mode, *kinds)
    ]
    for case in asked:
        try:
            answer = beside_a_stand_in.ask(case)
        except UnsupportedOperation:
            continue
        if answer.outcome == "unsupported":
            continue
        truth = truth_of(case).value
        assert answer.value is not None, f"{case.mode}: {answer.error}: {answer.message}"
        assert truth is not None
        assert answer.value.shape == truth.shape
        np.testing.assert_allclose(answer.value, truth, rtol=0, atol=1e-3 * np.max(np.abs(truth)))


#: Derivatives inside a program, which every library writes in its own form.
INSIDE = ("inner_derivative", "inner_second_derivative", "inner_pushforward", "descent")


@pytest.mark.parametrize("operation", unless_missing(MISSING, INSIDE))
def test_derivatives_inside_a_program_are_what_the_catalogue_computes(
    operation: str, beside_a_stand_in: Sandbox
) -> None:
    letter = sorted(beside_a_stand_in.engine.mode_transforms)[-1]
    for case in telling(operation):
        asked = replace(
            case.plain, mode=letter, operator="jacobian", tangent=None, cotangent=None, wrt=""
        )
        truth = truth_of(asked)
        answer = beside_a_stand_in.ask(asked)
        if answer.outcome == "unsupported" or truth.value is None:
            continue
        if _needs(beside_a_stand_in.engine.script(asked).program, _absent()):
            continue
        assert answer.value is not None, f"{answer.error}: {answer.message}"
        assert answer.value.shape == truth.value.shape
        np.testing.assert_allclose(
            answer.value, truth.value, rtol=0, atol=1e-3 * (1 + np.max(np.abs(truth.value)))
        )


def _ones(shape: tuple[int, ...]) -> object:
    return nested(np.ones(shape))


if __name__ == "__main__":
    print(golden(), end="")
