"""The measurement of rule coverage: what it counts, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.strategies.turns import Turn

from validation.rules import report, turns, unreachable
from validation.rules.__main__ import ENGINES, tables
from validation.rules.coverage import Coverage, measure
from validation.rules.inhouse_rules import InhouseRules
from validation.rules.record import Recorder, Rule

#: sin(sin(x)): each of its derivatives contains sin of the inner sin.
SIN_TWICE = Case(Program((Step("sin", (0,)), Step("sin", (1,)))), 0.5, "RRR")
#: The tables that reverse and forward mode read, and the name of sin there.
NAMES = {
    "torch": ("backward", "forward", "sin"),
    "jax": ("transpose", "jvp", "sin"),
    "autograd": ("vjp", "jvp", "numpy.sin"),
    "tensorflow": ("gradient", "gradient", "Sin"),
    "pytensor": ("pullback", "pullback", "scalar.basic.Sin"),
}


def recorder(engine: str) -> Recorder:
    pytest.importorskip(engine)
    return Recorder(tables(engine))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("mode", ["RRR", "FFF", "RFR"])
def test_a_rule_is_recorded_at_every_level_at_which_it_is_used(engine: str, mode: str) -> None:
    reverse, forward, name = NAMES[engine]
    met = recorder(engine).met(SIN_TWICE.with_mode(mode))
    for level, letter in enumerate(reversed(mode), start=1):
        # JAX's reverse mode uses the same rules as forward mode, and transposes the result.
        table = reverse if letter == "R" and engine != "jax" else forward
        assert (Rule(engine, table, name), level) in met


@pytest.mark.parametrize("engine", ENGINES)
def test_no_level_beyond_the_order_of_the_case_is_recorded(engine: str) -> None:
    met = recorder(engine).met(SIN_TWICE.with_mode("RF"))
    assert {level for _, level in met} == {1, 2}


def _plain(rule: Rule) -> str:
    return rule.name.rpartition(".")[2].lower()


@pytest.mark.parametrize("engine", ENGINES)
def test_rules_that_are_not_used_are_not_recorded(engine: str) -> None:
    watched = recorder(engine)
    dead = Program((Step("tan", (0,)), Step("sin", (0,))))
    names = {_plain(rule) for rule, _ in watched.met(Case(dead, 0.5, "R"))}
    assert "tan" in set(map(_plain, watched.rules))
    assert "sin" in names
    # The output does not depend on the tangent of x.
    assert "tan" not in names


def test_reverse_mode_uses_no_rule_of_forward_mode() -> None:
    met = recorder("torch").met(SIN_TWICE.with_mode("FR"))
    assert (Rule("torch", "backward", "sin"), 1) in met
    assert (Rule("torch", "forward", "sin"), 1) not in met
    assert (Rule("torch", "forward", "sin"), 2) in met


def test_a_rule_of_jax_is_recorded_again_though_jax_caches_derivatives() -> None:
    watched = recorder("jax")
    # A function that JAX compiles by itself, with a jaxpr that it keeps.
    case = Case(Program((Step("acosh", (0,)),)), 2.0, "R")
    assert watched.met(case) == watched.met(case)
    assert (Rule("jax", "jvp", "acosh"), 1) in watched.met(case)


def test_a_case_that_the_engine_fails_in_counts_as_no_use() -> None:
    watched = recorder("autograd")
    failing = Case(Program((Step("positive", (0,)),)), 0.5, "R")
    coverage = measure(watched, [failing, SIN_TWICE])
    assert coverage.outcomes["ran"] == 1
    assert coverage.outcomes.total() == 2
    assert Rule("autograd", "vjp", "numpy.sin") in coverage.met("vjp", 3)


def test_a_function_that_is_not_observed_leaves_its_rules_out() -> None:
    """A planted blind spot: the engine differentiates by an operator that is not in the script."""

    class Blind:
        def __init__(self) -> None:
            found = tables("torch")
            transforms = {"F": "torch.func.jacfwd(f)"}
            self.engines = (replace(found.engines[0], mode_transforms=transforms),)
            self.rules, self.observe = found.rules, found.observe

    pytest.importorskip("torch")
    case = SIN_TWICE.with_mode("F")
    assert Recorder(tables("torch")).met(case)
    assert not Recorder(Blind()).met(case)


def test_only_certified_cases_count_as_certified() -> None:
    kink = Case(Program((Step("abs", (0,)),)), 0.0, "R")
    coverage = measure(recorder("autograd"), [kink])
    rule = Rule("autograd", "vjp", "numpy.absolute")
    assert rule in coverage.met("vjp", 1)
    assert (rule, 1) not in coverage.certified


@pytest.mark.parametrize("engine", ENGINES)
def test_every_pattern_of_unreachable_rules_matches_a_rule(engine: str) -> None:
    assert not unreachable.idle(engine, recorder(engine).rules)


def test_a_pattern_that_matches_no_rule_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    sections = {"never": {"sin": "", "sim": ""}, "first": {"forward/*": "", "jvp/*": ""}}
    monkeypatch.setattr(unreachable, "patterns", lambda engine: sections)
    rules = {Rule("torch", "backward", "sin"), Rule("torch", "forward", "cos")}
    assert unreachable.idle("torch", rules) == ["sim", "jvp/*"]


def test_a_rule_of_derivatives_counts_from_the_second_level_on() -> None:
    tanh = Rule("torch", "backward", "tanh_backward")
    assert unreachable.reason(tanh, 1)
    assert not unreachable.reason(tanh, 2)
    assert unreachable.reason(Rule("torch", "backward", "cudnn_batch_norm"), 2)


@pytest.mark.parametrize("engine", ENGINES)
def test_no_rule_that_is_used_is_called_unreachable(engine: str) -> None:
    for rule, level in recorder(engine).met(SIN_TWICE.with_mode("RFR")):
        assert not unreachable.reason(rule, level), (rule, level)


def test_operations_of_opinfo_are_found_by_name_or_by_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("expecttest")
    from validation.rules import opinfo

    listed = opinfo.common_methods_invocations.op_db
    names = {"sin", "mm", "cos", "special.erfcx", "nn.functional.dropout", "to_sparse"}
    chosen = [entry for entry in listed if entry.name in names]
    monkeypatch.setattr(opinfo.common_methods_invocations, "op_db", chosen)
    erfcx = Case(Program((Step("erfcx", (0,)), Step("sin", (1,)))), 0.5, "R")
    spelled = opinfo.compare(opinfo.called([erfcx]), {Rule("torch", "backward", "mm")})
    assert spelled.called == ("sin", "special.erfcx")
    assert spelled.inside == ("mm",)
    assert spelled.missing == ("cos",)
    assert spelled.unreachable == ("to_sparse",)
    assert spelled.random == ("nn.functional.dropout",)


def test_functions_that_pytorch_does_not_report_are_read_from_the_program() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("expecttest")
    from validation.rules import opinfo

    steps = (Step("logaddexp", (0, 0)), Step("positive", (1,)))
    masked = Case(Program(steps), 0.5, "R", names=1)
    assert {"masked_logaddexp", "positive"} <= opinfo.called([masked])


def test_operations_that_cannot_be_reached_are_on_the_list_of_pytorch() -> None:
    pytest.importorskip("expecttest")
    from validation.rules import opinfo

    listed = {entry.name for entry in opinfo.common_methods_invocations.op_db}
    assert set(unreachable.operations()) <= listed


def test_the_report_counts_what_can_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    sections = {"never": {"random": "random values"}, "first": {"*_backward": "a derivative"}}
    monkeypatch.setattr(unreachable, "patterns", lambda engine: sections)
    names = ("sin", "cos", "random", "tanh_backward")
    sin, cos, random, backward = (Rule("torch", "backward", name) for name in names)
    coverage = Coverage(frozenset({sin, cos, random, backward}))
    for key in ((sin, 1), (sin, 2), (backward, 2)):
        coverage.modes[key]["RR"] += 1
    coverage.certified.add((sin, 1))
    text = report.section("torch", "1 drawn case", coverage, ("R", "RR"))
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    assert ["backward", "1", "1 of 4", "25.0%", "1 of 2", "50.0%", "50.0%"] in rows
    assert ["backward", "2", "2 of 4", "50.0%", "2 of 3", "66.7%", "0.0%"] in rows
    assert ["backward", "0", "2"] in rows
    assert "- backward, level 1, 1: `cos`" in text
    assert "- backward, level 3: not asked" in text
    assert ["random values", "never", "1"] in rows
    lines = list(report.lines(coverage))
    assert "torch\tbackward\tsin\t1\tRR\t1\tcertified" in lines
    assert "torch\tbackward\trandom\t1\trandom values\t0\t" in lines


@pytest.fixture(scope="module")
def inhouse() -> InhouseRules:
    return InhouseRules()


def _met(rules: InhouseRules, point: object, *steps: Step, mode: str = "RR") -> set[str]:
    return {rule.table for rule, _ in rules.met(Case(Program(steps), point, mode))}


def test_a_rule_of_the_inhouse_engine_is_met_in_general_and_at_zero(inhouse: InhouseRules) -> None:
    dawsn = Step("dawsn", (0,))
    assert _met(inhouse, 0.5, dawsn) == {"in general", "second order"}
    assert _met(inhouse, 0.5, dawsn, mode="R") == {"in general"}
    assert _met(inhouse, 0.0, dawsn, mode="R") == {"in general", "zero"}
    # Its second derivative is zero there, with or without the faults.
    assert not _met(inhouse, 0.0, dawsn)


def test_a_tie_of_two_operands_is_met(inhouse: InhouseRules) -> None:
    assert "tie" in _met(inhouse, 0.5, Step("xlog1py", (0, 0)), mode="R")
    quarter = Step("constant", (), (("value", 0.25),))
    assert "tie" not in _met(inhouse, 0.5, quarter, Step("xlog1py", (0, 1)), mode="R")


def test_a_rule_whose_derivative_does_not_matter_is_not_met(inhouse: InhouseRules) -> None:
    none = Step("constant", (), (("value", 0.0),))
    assert not _met(inhouse, 0.5, Step("dawsn", (0,)), none, Step("multiply", (1, 2)))


def test_more_turns_go_to_the_rules_that_are_met_least() -> None:
    """Turns of engines first; then those of rules that neither these nor drawn programs meet."""
    erf, dawsn, cube = Turn("erf"), Turn("dawsn"), Turn("cbrt")
    shares = {
        Rule("inhouse", "in general", "erf"): {erf: 1.0},
        Rule("inhouse", "in general", "dawsn"): {dawsn: 1.0},
        Rule("inhouse", "second order", "dawsn"): {dawsn: 0.5},
        Rule("inhouse", "in general", "cbrt"): {cube: 1.0},
    }
    more = turns._more(shares, {"cbrt": 1.0}, [Turn("erf", 3)] * (turns.TURNS - 3))
    assert list(more) == [dawsn] * 3
