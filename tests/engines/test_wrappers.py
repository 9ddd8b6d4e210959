"""Wrappers in scripts: the templates of engines, and what an engine does not have."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from ad_conformance.conformance.pool import EnginePool, truth_of
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines import registry
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.nest import WRAPPERS, parse_nest
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.render.dialect import UnsupportedOperation

from validation.wrappers import askable, of_each_operation

#: exp(x sin x), summed.
BUMPS = Program(
    (
        Step("sin", (0,)),
        Step("multiply", (1, 0)),
        Step("exp", (2,)),
        Step("sum", (3,), (("axis", None), ("keepdims", False))),
    )
)
SINE = Program((Step("sin", (0,)),))
#: x y**2 by two inputs.
TWO_INPUTS = Program(
    (Step("argument", (), (("value", 0.75),)), Step("square", (1,)), Step("multiply", (0, 2)))
)


def wrapped(nest: str, program: Program = BUMPS, point: object = (0.5, 1.25)) -> Case:
    mode, wrappers = parse_nest(nest)
    return Case(program, point, mode, wrappers=wrappers)


@pytest.fixture(scope="module")
def pool() -> Iterator[EnginePool]:
    pool = EnginePool([registry.find(name) for name in registry.DEFAULT])
    yield pool
    pool.close()


def test_script_has_the_nest() -> None:
    script = inhouse.script(wrapped("R(checkpoint(F(jit(f))))"))
    inner = 'inhouse.nest(inhouse.compile(f), "F")'
    nested = f'inhouse.nest(checkpointed({inner}), "R")'
    assert script.compile == f"derivative = inhouse.compile({nested}).lower(x)\n"
    assert "def checkpointed" in script.program
    assert "checkpointed" not in inhouse.script(wrapped("R(F(f))")).text


def test_other_points_of_a_batch_are_in_the_domain() -> None:
    # arccos is not defined above 1, so all other points are below.
    case = wrapped("R(vmap(f))", Program((Step("acos", (0,)),)), 0.998046875)
    text = inhouse.script(case).compile
    assert "np.array([0.9921875, 0.9951171875])" in text


def test_wrapper_that_an_engine_lacks_is_unsupported() -> None:
    with pytest.raises(UnsupportedOperation, match="wrapper cond"):
        inhouse.script(wrapped("R(cond(f))"))
    with pytest.raises(UnsupportedOperation, match="wrapper jit"):
        registry.find("casadi").script(wrapped("R(jit(f))"))


def test_closed_wrapper_is_not_asked_of_several_inputs() -> None:
    case = replace(wrapped("F(custom_vjp(R(f)))", TWO_INPUTS, 0.5), wrt="01")
    with pytest.raises(UnsupportedOperation, match="captures other inputs"):
        registry.find("jax").script(case)
    assert registry.find("jax").script(replace(case, wrappers=((), ("jit",))))


def test_adapter_with_an_unknown_wrapper_is_refused() -> None:
    with pytest.raises(ValueError, match="wrappers of inhouse: 'jti' is not one of jit"):
        replace(inhouse, wrappers={"jti": "{f}"})
    with pytest.raises(ValueError, match=r"wrapper jit of inhouse: \{f\} may refer to x"):
        replace(inhouse, wrappers={"jit": "lambda x: ({f})(x)"})
    with pytest.raises(ValueError, match="wrapper jit of inhouse: KeyError"):
        replace(inhouse, wrappers={"jit": "{g}"})


def test_every_lane_around_the_whole_is_judged(pool: EnginePool) -> None:
    assert "...)" in inhouse.script(wrapped("vmap(R(f))")).compile
    assert ", 1)" in inhouse.script(wrapped("R(vmap(f))")).compile
    for nest, count in {"vmap(R(f))": 2, "jit(vmap_twice(F(f)))": 3, "R(vmap(f))": 0}.items():
        result = pool.judge(wrapped(nest), "inhouse")
        assert result.verdict is Verdict.AGREE
        assert len(result.answer.lanes) == count, nest
        points = [case.point for case, _ in result.answer.lanes]
        assert (0.5, 1.25) not in points
        assert len(set(points)) == min(count, 2)


def test_lane_that_float32_cannot_hold_is_left_out(pool: EnginePool) -> None:
    case = replace(wrapped("vmap(R(f))", SINE, 2.0**20), dtype="float32")
    assert pool.judge(case, "inhouse").answer.lanes == ()


def test_standalone_script_is_about_one_lane() -> None:
    script = inhouse.script(wrapped("vmap_twice(R(f))"))
    assert script.text.endswith("got = np.asarray(derivative(x))\ngot = got[(0, 1)]\n")


def test_truth_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = wrapped("R(R(f))", point=(0.5, 1.125))
    assert truth_of(replace(plain, wrappers=(("jit",),))) is truth_of(plain)


@pytest.mark.parametrize("name", ["inhouse", "autograd", "jax"])
def test_every_wrapper_keeps_the_meaning(name: str, pool: EnginePool) -> None:
    engine = registry.find(name)
    if not engine.installed():
        pytest.skip(f"{engine.distribution} is not installed")
    modes = ("R", "F", "FR") if name != "jax" else ("R", "FR")
    verdicts = {}
    for wrapper, mode in itertools.product(engine.wrappers, modes):
        for level in range(len(mode) + 1):
            levels = [(wrapper,) if k == level else () for k in range(len(mode) + 1)]
            case = Case(BUMPS, (0.5, 1.25), mode, wrappers=tuple(levels))
            verdicts[case.nest] = pool.judge(case, name).verdict
    compared = {nest for nest, verdict in verdicts.items() if verdict is not Verdict.UNSUPPORTED}
    assert {nest: v for nest, v in verdicts.items() if v.is_finding} == {}
    assert all(any(f"{w}(" in nest for nest in compared) for w in engine.wrappers)


def test_derivatives_by_several_inputs_are_wrapped(pool: EnginePool) -> None:
    for nest in ("vmap(F(jit(R(f))))", "F(vmap(R(checkpoint(f))))", "jit(vmap_twice(R(F(f))))"):
        case = replace(wrapped(nest, TWO_INPUTS, 0.5), wrt="01")
        assert pool.judge(case, "inhouse").verdict is Verdict.AGREE, nest


@pytest.mark.parametrize("name", ["jax", "torch", "autograd"])
def test_wrappers_do_not_hide_captured_inputs(name: str, pool: EnginePool) -> None:
    engine = registry.find(name)
    if not engine.installed():
        pytest.skip(f"{engine.distribution} is not installed")
    for wrapper in engine.wrappers:
        if wrapper in (*engine.closed_wrappers, "jit"):
            continue
        # By y: x is captured.
        case = Case(TWO_INPUTS, 0.5, "R", wrt="1", wrappers=((wrapper,),))
        assert not pool.judge(case, name).verdict.is_finding, wrapper


@pytest.mark.slow
def test_generated_cases_with_wrappers_agree(pool: EnginePool) -> None:
    """An honest engine is clean."""
    cases = itertools.islice(askable(inhouse, ["R", "F", "FR", "RF"], 11), 200)
    findings = [case.json for case in cases if pool.judge(case, "inhouse").verdict.is_finding]
    assert findings == []


def test_every_operation_in_each_nest() -> None:
    nests = ("vmap(R(f))", "R(jit(f))", "cond(F(f))")
    cases = list(of_each_operation(inhouse, nests, 2, ("sin", "cumulative_sum")))
    # The in-house engine has no `cond`.
    assert [case.nest for case in cases] == ["vmap(R(f))", "R(jit(f))"] * 4
    assert [cases[k].unwrapped for k in (0, 2)] == [cases[k].unwrapped for k in (1, 3)]


def test_all_templates_name_wrappers_of_the_vocabulary() -> None:
    used = {name for engine in map(registry.find, registry.OWN) for name in engine.wrappers}
    assert used == set(WRAPPERS)
    assert importlib.import_module("validation.wrappers").POSITIONS[:2] == ("f<R", "f<F")


def test_case_after_a_failed_compilation_is_asked_in_a_new_process() -> None:
    count = "import itertools\nasked = itertools.count()\ndef fail(f):\n    raise RuntimeError\n"
    engine = replace(
        inhouse,
        name="fragile",
        header=f"{inhouse.header}\n{count}",
        wrappers={"jit": "fail({f})", "vmap": "fail({f})"},
        fragile_wrappers=("jit",),
        run="got = np.full(2, float(next(asked)))",
    )
    with Sandbox(engine) as sandbox:
        numbers = []
        for nest in ("R(f)", "R(vmap(f))", "R(f)", "R(jit(f))", "R(f)"):
            answer = sandbox.ask(wrapped(nest))
            numbers.append(answer.error if answer.value is None else answer.value[0])
    assert numbers == [0.0, "RuntimeError", 1.0, "RuntimeError", 0.0]
