"""What the engines in Julia refuse, how their derivatives are written, and their known failures.

No Julia is needed, except for the tests that say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ad_conformance.conformance.known_failures import KnownFailure, load
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.verdicts import Verdict, judge
from ad_conformance.engines import registry
from ad_conformance.engines.adapters.julia.language import literal
from ad_conformance.engines.contract import Answer, Engine
from ad_conformance.engines.process.sandbox import TIMEOUT, Sandbox
from ad_conformance.generators.ir.program import Case, Program, Step, nested
from ad_conformance.generators.render.dialect import UnsupportedOperation
from ad_conformance.generators.scenarios.seed_programs import seed_case

from tests.engines.cases import unless_missing
from tests.engines.test_julia import ENGINES, MISSING, PRIMAL, WRITTEN, errors, scripts

DUAL = "ForwardDiff.Dual{ForwardDiff.Tag{typeof(f), Float64}, Float64, 1}"
TRACKED = "ReverseDiff.TrackedReal{Float64, Float64, Nothing}"
TWICE = f"ReverseDiff.TrackedReal{{{TRACKED}, {TRACKED}, Nothing}}"
#: The ambiguity that a captured number makes, as Julia 1.10 reports it.
AMBIGUOUS = (
    f"(::ReverseDiff.ForwardOptimize{{typeof(*)}})(::{TWICE}, ::{TRACKED}) is ambiguous.\n\n"
    "Candidates:\n  (self::ReverseDiff.ForwardOptimize{F})(x::Real, t::ReverseDiff.TrackedReal)"
)
NO_FLOAT = f"no method matching Float64(::{DUAL})\n\nClosest candidates are:\n  Float64(::Real)"


def refused(engine: Engine, error: str, message: str) -> bool:
    """Whether the sandbox calls this exception `unsupported`."""
    return any(
        error == name and re.search(pattern, message) for name, pattern in engine.unsupported
    )


@pytest.mark.parametrize(
    ("engine", "error", "message"),
    [
        ("forwarddiff.jl", "MethodError", f"no method matching svdvals!(::Matrix{{{DUAL}}})\n\n"),
        ("reversediff.jl", "MethodError", f"no method matching eigvals(::Matrix{{{TRACKED}}})"),
        (
            "zygote.jl",
            "ErrorException",
            "Can't differentiate foreigncall expression $(Expr(:foreigncall, :(:jl_array_ptr)))",
        ),
        # Julia shows a string that was thrown in quotes.
        (
            "zygote.jl",
            "String",
            '"accumulate(op, x; dims) is not currently supported by ChainRules, sorry"',
        ),
        ("zygote.jl", "ErrorException", "Mutating arrays is not supported -- called setindex!"),
        *(
            (engine, "DomainError", f"DomainError with -0.5:\n`{function}` must be non-negative")
            for engine in ENGINES
            for function in ("gamma(x)", "beta(a, b)")
        ),
        ("di-zygote.jl", "MethodError", f"no method matching svdvals!(::Matrix{{{DUAL}}})\n\n"),
        ("di-zygote.jl", "String", '"cumprod is not currently supported by ChainRules, sorry"'),
    ],
)
def test_a_refusal_is_no_finding(engine: str, error: str, message: str) -> None:
    assert refused(registry.find(engine), error, message)


@pytest.mark.parametrize(
    ("engine", "error", "message"),
    [
        ("reversediff.jl", "MethodError", AMBIGUOUS),
        ("di-reversediff.jl", "MethodError", AMBIGUOUS),
        ("forwarddiff.jl", "MethodError", f"g(::{DUAL}, ::{DUAL}) is ambiguous.\n\nCandidates:"),
        # The arguments are on the first line, and methods that exist on the others.
        (
            "forwarddiff.jl",
            "MethodError",
            f"no method matching g(::Nothing)\n\nClosest candidates are:\n  g(::{DUAL})",
        ),
        ("forwarddiff.jl", "MethodError", NO_FLOAT),
        ("zygote.jl", "String", '"no rule"'),
        ("zygote.jl", "ErrorException", "type Nothing has no field first"),
        (
            "enzyme.jl",
            "DomainError",
            "DomainError with -1.0:\nlog was called with a negative real argument but will only "
            "return a complex result if called with a complex argument.",
        ),
    ],
)
def test_a_failure_is_no_refusal(engine: str, error: str, message: str) -> None:
    assert not refused(registry.find(engine), error, message)


def test_enzyme_has_ten_times_the_longest_compilation_that_was_seen() -> None:
    """On a busy machine, in seconds on the wall; the limit counts its own processor time."""
    longest = 50.0
    for name in ("enzyme.jl", "di-enzyme.jl"):
        engine = registry.find(name)
        assert engine.timeout_factor * TIMEOUT >= 10 * longest
        assert engine.environment["OPENBLAS_NUM_THREADS"] == "1"
    assert registry.find("forwarddiff.jl").timeout_factor < engine.timeout_factor


def test_a_matrix_is_written_without_rows() -> None:
    """Rows between semicolons overflow Enzyme's stack on Julia 1.10."""
    assert literal(((1.0, 2.0), (3.0, 4.0))) == "reshape([1.0, 3.0, 2.0, 4.0], 2, 2)"
    assert literal(((1.0,), (2.0,))) == "reshape([1.0, 2.0], 2, 1)"
    assert literal((1.0, 2.0)) == "[1.0, 2.0]"
    rows = re.compile(r"\[[^][(]*(\[\d+\][^][(]*)*;")
    asked = (*WRITTEN[::10], "toeplitz")
    found = {name for name in asked for _, text in scripts(name) if rows.search(text)}
    assert found == {"toeplitz"}


def test_a_matrix_inside_a_body_is_not_written_entry_by_entry() -> None:
    """`@.` would apply `reshape` to each entry of the vector."""
    inside = Step("inner_derivative", (0, 1), (("body", "product"),))
    matrix = _constant(((1.0, 2.0), (3.0, 4.0)))
    text = (
        registry.find("zygote.jl").script(_of("R", ((0.5, 1.0), (1.5, 2.0)), matrix, inside)).text
    )
    assert "t -> sum(@. t * $(reshape([1.0, 3.0, 2.0, 4.0], 2, 2)))" in text
    assert not errors(text)


def _of(mode: str, point: object, *steps: Step) -> Case:
    return Case(Program(steps), point, mode)


def _constant(value: object) -> Step:
    return Step("constant", (), (("value", value),))


WEIGHTS = {
    "xlogy": ((0.0, 2.0), (-1.5, 0.5), (0.0, 2.0 * np.log(0.5))),
    "xlog1py": ((0.0, 2.0), (-3.0, 0.5), (0.0, 2.0 * np.log(1.5))),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_weight_of_zero_keeps_the_logarithm_from_its_operand(name: str) -> None:
    weights, point, _ = WEIGHTS[name]
    case = _of("R", point, _constant(weights), Step(name, (1, 0)))
    text = registry.find("enzyme.jl").script(case).program
    end = {"xlogy": "0", "xlog1py": "(-1)"}[name]
    guard = f"ifelse.(([0.0, 2.0] .== 0) .& (x .< {end}), one.(x), x)"
    assert f"LogExpFunctions.{name}.([0.0, 2.0], {guard})" in text


#: The functions of LogExpFunctions: they take the logarithm first.
LOGARITHMS = """
module LogExpFunctions
xlogy(x, y) = (z = x * log(y); ifelse(iszero(x) & !isnan(y), zero(z), z))
xlog1py(x, y) = (z = x * log1p(y); ifelse(iszero(x) & !isnan(y), zero(z), z))
end
"""


@pytest.mark.parametrize("name", unless_missing(MISSING, WEIGHTS))
def test_julia_computes_a_weight_of_zero_times_a_logarithm(name: str) -> None:
    weights, point, expected = WEIGHTS[name]
    with Sandbox(replace(PRIMAL, header=LOGARITHMS)) as sandbox:
        answer = sandbox.ask(_of("R", point, _constant(weights), Step(name, (1, 0))))
    assert answer.value is not None, answer.message
    np.testing.assert_allclose(answer.value, expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("operation", "point", "bound"),
    [("log", (-1.0, 2.0), 0.0), ("asin", (3.0, 0.5), 1.0), ("entr", (-1.0, 2.0), 0.0)],
)
@pytest.mark.parametrize("engine", ["enzyme.jl", "di-zygote.jl"])
def test_a_number_outside_of_a_domain_is_not_asked(
    engine: str, operation: str, point: tuple[float, ...], bound: float
) -> None:
    """Julia raises there, whatever is selected; the engine is not at fault."""
    relation = "less" if bound else "greater"
    program = (
        Step(operation, (0,)),
        _constant(bound),
        Step(relation, (0, 2)),
        Step("where", (3, 1, 0)),
    )
    case = _of("R", point, *program)
    adapter = registry.find(engine)
    with pytest.raises(UnsupportedOperation, match=f"^{operation} outside of its domain$"):
        adapter.script(case)
    inside = (0.25, 0.5)
    assert "ifelse." in adapter.script(replace(case, point=inside)).program
    with pytest.raises(UnsupportedOperation, match="outside of its domain"):
        adapter.script(replace(case, point=inside, warmup_point=point))


def test_a_logarithm_of_zero_is_asked() -> None:
    """It is minus infinity in Julia, too."""
    case = _of("R", (0.0, 2.0), Step("log", (0,)))
    assert "log.(x)" in registry.find("enzyme.jl").script(case).text


#: Operator, mode and nesting of DifferentiationInterface over Zygote.
FORMS = [
    ("num_to_vec", "derivative", "F", "Full(f, backend_F)"),
    ("num_to_vec", "derivative", "R", "Full(f, backend_R)"),
    ("vec_to_num", "gradient", "R", "Full(f, backend_R)"),
    ("mat_to_mat", "jacobian", "F", "Full(f, backend_F)"),
    ("vec_to_vec", "pushforward", "F", "pushforward(f, backend_F, v)"),
    ("vec_to_vec", "pullback", "R", "pullback(f, backend_R, w)"),
    (
        "num_to_mat",
        "second_derivative",
        "FR",
        "Second(f, DI.SecondOrder(backend_F, backend_R))",
    ),
    ("mat_to_num", "hessian", "RF", "Second(f, DI.SecondOrder(backend_R, backend_F))"),
    ("vec_to_num", "hvp", "FR", "hvp(f, DI.SecondOrder(backend_F, backend_R), v)"),
    (
        "vec_to_num",
        "hvp",
        "RFF",
        "Full(hvp(f, DI.SecondOrder(backend_F, backend_F), v), backend_R)",
    ),
]


@pytest.mark.parametrize(("member", "operator", "mode", "expected"), FORMS)
def test_operators_of_differentiationinterface(
    member: str, operator: str, mode: str, expected: str
) -> None:
    case = seed_case(member, mode)
    seeds = {}
    if operator in ("pushforward", "hvp"):
        seeds["tangent"] = nested(np.ones(case.input.shape))
    if operator == "pullback":
        seeds["cotangent"] = nested(np.ones(12))
    script = registry.find("di-zygote.jl").script(replace(case, operator=operator, **seeds))
    assert script.compile == f"derivative = prepared({expected}, x)\n"
    assert not errors(script.text)


def test_a_derivative_is_prepared_at_the_warm_up_point() -> None:
    case = replace(seed_case("num_to_num", "R"), warmup_point=0.75)
    text = registry.find("di-reversediff.jl").script(case).text
    assert text.endswith(
        "x = 0.75\n"
        "derivative = prepared(Full(f, backend_R), x)\n"
        "derivative(x)\n"
        "x = 0.42\n"
        "got = derivative(x)\n"
    )


def test_backends_of_differentiationinterface() -> None:
    for name, reverse, forward in (
        ("di-zygote.jl", "DI.AutoZygote()", "DI.AutoForwardDiff()"),
        ("di-reversediff.jl", "DI.AutoReverseDiff()", "DI.AutoForwardDiff()"),
        ("di-mooncake.jl", "DI.AutoMooncake(; config=nothing)", "DI.AutoForwardDiff()"),
        (
            "di-enzyme.jl",
            "DI.AutoEnzyme(; mode=Enzyme.Reverse)",
            "DI.AutoEnzyme(; mode=Enzyme.Forward)",
        ),
    ):
        engine = registry.find(name)
        assert engine.header.endswith(f"const backend_R = {reverse}\nconst backend_F = {forward}\n")
        assert engine.version() == engine.runner.version("DifferentiationInterface")
    asked = [m for m in ("R", "F", "FR", "RF", "FRF", "RR", "RFR") if engine.answers(m)]
    assert len(asked) == 7
    mooncake = registry.find("di-mooncake.jl")
    assert [m for m in asked if not mooncake.answers(m)] == ["RR", "RFR"]


@pytest.mark.parametrize("file", ["README.md", "docs/julia.md", ".github/workflows/julia.yml"])
def test_pages_and_the_workflow_name_every_engine(file: str) -> None:
    text = (Path(__file__).parents[2] / file).read_text(encoding="utf-8")
    quoted = r"[`\"]"
    assert {name for name in ENGINES if not re.search(f"{quoted}{name}{quoted}", text)} == set()


#: What the engine answers to the pinned case of each known failure.
RAISED = {
    "reversediff-constant-times-number": ("ErrorException", "type UnionAll has no field value"),
    "reversediff-nested-closures": ("MethodError", AMBIGUOUS),
    "forwarddiff-copysign-constant": ("MethodError", NO_FLOAT),
    "forwarddiff-expinti": ("StackOverflowError", ""),
    "zygote-diagonal-not-square": ("DimensionMismatch", "variable with size(x) == (2, 3)"),
    "enzyme-constant-times-number": (
        "MethodError",
        "no method matching parameter_attributes(::LLVM.CallInst, ::Int64)",
    ),
    "enzyme-matrix-between-semicolons": ("StackOverflowError", ""),
}
ANSWERED = {
    "reversediff-float-drops-tape": -0.40776045305957015,
    "reversediff-where-not-selected": (np.nan, 1.0),
    "forwarddiff-tied-eigenvalues": np.full((2, 2, 2, 2), np.nan),
}
#: Entries whose pinned cases were seen by others, upstream.
UPSTREAM = {"enzyme-hcat-reverse-over-reverse"}


def julia_entries() -> Iterator[KnownFailure]:
    yield from (entry for entry in load() if set(entry.engines) & set(ENGINES))


def test_known_failures_of_the_engines_in_julia() -> None:
    seen = {entry.name for entry in julia_entries()} - UPSTREAM
    assert seen == {*RAISED, *ANSWERED, "zygote-median"}


@pytest.mark.parametrize("entry", list(julia_entries()), ids=lambda entry: entry.name)
def test_a_known_failure_covers_its_case_and_no_refusal(entry: KnownFailure) -> None:
    (name,) = entry.engines
    engine, case = registry.find(name), entry.pinned
    assert not errors(engine.script(case).text)
    if entry.name in RAISED:
        error, message = RAISED[entry.name]
        assert not refused(engine, error, message)
        answer = Answer("raised", stage="run", error=error, message=message)
    elif entry.name in ANSWERED:
        answer = Answer("answered", value=np.asarray(ANSWERED[entry.name], dtype=float))
    else:
        answer = Answer("timeout" if Verdict.TIMEOUT in entry.verdicts else "crashed")
    assert entry.covers(judge(case, name, answer, truth_of(case)))
    # An exception of another kind is another failure.
    other = Answer("raised", stage="run", error="BoundsError", message="")
    assert not entry.covers(judge(case, name, other, truth_of(case)))


def test_the_matrix_that_enzyme_fails_on_is_still_asked() -> None:
    (entry,) = (e for e in julia_entries() if e.name == "enzyme-matrix-between-semicolons")
    program = registry.find("enzyme.jl").script(entry.pinned).program
    assert "return [v1[1] v1[2]; v1[2] v1[1]]" in program
