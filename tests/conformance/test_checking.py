"""check-adapter finds no mistake in a correct adapter, and each kind of mistake of a wrong one."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from ad_conformance.conformance.adapter_mistakes import Mistake
from ad_conformance.conformance.check_adapter import CHECKED, CHECKS, check
from ad_conformance.conformance.known_failures import OWN, load
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.ir.case_io import read_case
from ad_conformance.generators.ir.mode import USUAL_MODES
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.scenarios.seed_programs import SEED_FAMILY
from ad_conformance.reports.cli import check_adapter
from ad_conformance.reports.cli.commands import app
from typer.testing import CliRunner, Result

from tests import broken_engines as broken

TEMPLATES = ("concat", "sinh", "cosh", "tanh")
OPERATIONS = ("sin", *TEMPLATES)
R, F = (inhouse.mode_transforms[letter] for letter in "RF")
#: Without derivatives by inputs of another name than x.
BY_X_ONLY = """
def by_x(f, derivative):
    return derivative if f.__code__.co_varnames[:1] == ("x",) else lambda v: 0.0 * derivative(v)
"""


ENTRY = """
[[failure]]
name = "sin-sign"
summary = "the derivative of sin has the wrong sign"
issue = "none found"
engines = ["sign"]
seen = []
words = "R"
verdicts = ["wrong"]
operations = ["sin"]
case = "sin.json"
"""


def made(**fields: object) -> Engine:
    """The in-house engine with other fields."""
    return replace(inhouse, **{"name": "made", **fields})  # type: ignore[arg-type]


#: A kind of mistake, the check that finds it, an item with it, and an engine that makes it.
MADE: dict[Mistake, tuple[str, str, Engine]] = {
    Mistake.VALUE: ("templates", "sinh", broken.templates),
    Mistake.MISSING: ("templates", "cosh", broken.templates),
    Mistake.CALL: ("templates", "tanh", broken.templates),
    Mistake.COMPILE: ("modes", "num_to_num R", broken.compiling),
    Mistake.RUN: ("modes", "num_to_num R", made(run="derivative(x)")),
    Mistake.TRANSPOSED: ("modes", "mat_to_vec F", broken.transposed),
    Mistake.SHAPE: ("modes", "vec_to_vec R", broken.shape),
    Mistake.DTYPE: ("modes", "vec_to_vec R", broken.dtype),
    Mistake.DERIVATIVE: ("modes", "num_to_num R", broken.sign),
    Mistake.SIDE_EFFECT: ("modes", "vec_to_vec R", broken.overwriting),
    Mistake.NARROW: ("modes", "mat_to_mat R", broken.narrow),
    Mistake.OPERATOR: (
        "operators",
        "pullback R",
        made(operators={**inhouse.operators, "pullback": "lambda x: {w} * ({f})(x)"}),
    ),
    Mistake.CAPTURED: (
        "inputs",
        "RR by 10",
        made(
            header=inhouse.header + BY_X_ONLY,
            mode_transforms={"R": f"by_x({{f}}, {R})", "F": F},
        ),
    ),
    Mistake.FIRST_POINT: (
        "operators",
        "compiled at another point",
        made(compile="first = x\nderivative = lambda _: ({nested})(first)"),
    ),
    Mistake.SINGLE: (
        "operators",
        "float32",
        made(dialect=replace(inhouse.dialect, single=inhouse.dialect.array)),
    ),
    Mistake.ENDED: (
        "templates",
        "sin",
        made(dialect=replace(inhouse.dialect, templates={"sin": "__import__('os').abort()"})),
    ),
}


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check-adapter", *arguments])


@pytest.mark.slow
def test_a_right_adapter_passes() -> None:
    checks = list(check(broken.honest))
    assert [done.name for done in checks] == list(CHECKS.values())
    assert [wrong for done in checks for wrong in done.wrong] == []
    assert all(done.right and not done.left for done in checks)
    assert checks[0].absent == ()


def test_every_kind_of_mistake_is_made_here() -> None:
    assert {*MADE, Mistake.NOTHING_RUNS} == set(Mistake)


@pytest.mark.parametrize("mistake", MADE, ids=lambda mistake: mistake.name)
def test_each_kind_of_mistake_is_recognized(mistake: Mistake) -> None:
    name, label, engine = MADE[mistake]
    (done,) = check(engine, [name], OPERATIONS if name == "templates" else ())
    found = {wrong.label: wrong.mistake for wrong in done.wrong}
    assert found[label] is mistake


def test_cases_are_asked_again_after_the_others() -> None:
    count = len(SEED_FAMILY) * len(USUAL_MODES)
    tiring = made(
        header=f"{inhouse.header}\ncompiled = []\n",
        compile=f"{inhouse.compile}\ncompiled.append(1)",
        run=f"{inhouse.run}\ngot = np.asarray(got + 1e30 * (len(compiled) > {count}))",
    )
    (done,) = check(tiring, ["modes"])
    assert done.right == 0
    assert {wrong.mistake for wrong in done.wrong} == {Mistake.SIDE_EFFECT}
    assert {wrong.told for wrong in done.wrong} == {
        "after other cases, the engine gives another answer"
    }


@pytest.mark.slow
def test_the_other_items_of_a_wrong_adapter_are_right() -> None:
    (templates,) = check(broken.templates, ["templates"])
    assert {wrong.label for wrong in templates.wrong} == set(TEMPLATES)
    assert templates.right == len(CHECKED) - len(TEMPLATES)
    assert all(wrong.case.program.steps[-1].operation == wrong.label for wrong in templates.wrong)
    (modes,) = check(broken.transposed, ["modes"])
    assert {wrong.case.mode[-1] for wrong in modes.wrong if wrong.case.order == 1} == {"F"}
    told = {wrong.label: wrong.told for wrong in modes.wrong}
    assert told["mat_to_vec F"].startswith("got shape")


@pytest.mark.slow
def test_an_adapter_whose_programs_do_not_run_is_told_so_once() -> None:
    (done,) = check(broken.running, ["templates"])
    assert (done.right, done.absent, done.left) == (0, (), ())
    assert len(done.wrong) + len(done.blocked) == len(CHECKED)
    assert {wrong.mistake for wrong in done.wrong} == {Mistake.NOTHING_RUNS}


def test_operators_are_not_blamed_for_wrong_modes() -> None:
    _, operators = check(broken.shape, ["modes", "operators"])
    assert Mistake.OPERATOR not in {wrong.mistake for wrong in operators.wrong}


def test_what_there_is_no_time_for_is_named() -> None:
    ticks = itertools.count()
    seen: list[str] = []
    checks = list(
        check(
            broken.honest,
            ["templates", "inputs"],
            OPERATIONS,
            3,
            watch=lambda name, done, count, label: seen.append(f"{name} {done}/{count} {label}"),
            clock=lambda: next(ticks),
        )
    )
    # The first look at the clock is the beginning.
    names = [name for name in CHECKED if name in OPERATIONS]
    assert seen == [f"templates {k}/5 {name}" for k, name in enumerate(names[:2])]
    assert checks[0].left == tuple(names[2:])
    assert checks[0].line == "templates: 2 correct, 3 not checked"
    assert (checks[1].right, len(checks[1].left)) == (0, 14)


def test_the_case_and_the_script_of_a_mistake_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = command("tests.broken_engines:templates", "--operation", "sin,sinh,concat")
    assert ran.exit_code == 1
    lines = ran.stdout.splitlines()
    assert lines[1].startswith("templates: 1 correct, ")
    (advice,) = [line for line in lines if line.endswith(f"{Mistake.VALUE.advice}.")]
    assert advice.startswith(f"  {Mistake.VALUE} (sinh, concat): ")
    case = read_case(Path("findings/broken-templates-value-sinh.json"))
    assert "sinh" in case.program.operations
    script = Path("findings/broken-templates-value-sinh.py")
    assert f"({script})" in next(line for line in lines if line.startswith("  sinh: got"))
    run = [sys.executable, str(script)]
    wrong = subprocess.run(run, capture_output=True, text=True, check=False)
    assert "AssertionError" in wrong.stderr
    script.write_text(script.read_text().replace("inhouse.cosh(", "inhouse.sinh("))
    corrected = subprocess.run(run, capture_output=True, text=True, check=False)
    assert corrected.returncode == 0, corrected.stderr


def test_the_case_of_a_wrong_mode_can_be_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command("tests.broken_engines:sign", "--check", "inputs,operators").exit_code == 1
    path = sorted(Path("findings").glob("sign-FR-*.json"))[0]
    assert path.with_suffix(".py").exists()
    replayed = ["replay", str(path), "--engine", "tests.broken_engines:sign"]
    assert CliRunner().invoke(app, replayed).exit_code == 1


def test_a_known_failure_of_the_engine_is_no_mistake_of_the_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sign.toml").write_text(ENTRY)
    pinned = Case(Program((Step("sin", (0,)),)), 0.5, "R")
    (tmp_path / "own" / "sin.json").write_text(pinned.json)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(OWN, "own")
    load.cache_clear()
    try:
        ran = command("tests.broken_engines:sign", "--check", "modes")
    finally:
        load.cache_clear()
    assert ran.exit_code == 1
    lines = ran.stdout.splitlines()
    (known,) = [line for line in lines if line.startswith("  known failures: ")]
    assert "num_to_num R (sin-sign), " in known
    assert "num_to_num F" not in known
    wrong = [line.partition(":")[0].split() for line in lines if ": got" in line]
    assert ["num_to_num", "F"] in wrong
    assert all(mode != "R" for _, mode in wrong)


def test_the_command_says_what_is_wrong_with_its_arguments() -> None:
    engine = "tests.broken_engines:honest"
    for arguments, why in (
        (["nonesuch"], "nonesuch"),
        (["tests.broken_engines:missing"], "not installed"),
        (["tests.broken_engines:unimportable"], "no_such_module"),
        ([engine, "--check", "templates,mods"], "'mods' is not one of"),
        ([engine, "--check", ","], "no name is given"),
        ([engine, "--operation", "sinn"], "'sinn' is not in the catalogue"),
        ([engine, "--operation", "less"], "less is not checked"),
        ([engine, "--operation", "sin", "--check", "modes"], "templates only"),
        (["enzyme-llvm", "--check", "templates"], "has a writer of its own"),
    ):
        refused = command(*arguments)
        assert refused.exit_code == 2, arguments
        assert len(refused.stderr.splitlines()) == 1
        assert why in refused.stderr


def test_a_run_out_of_time_fails() -> None:
    ran = command("tests.broken_engines:honest", "--seconds", "0", "--check", "operators,inputs")
    assert ran.exit_code == 1
    assert "operators: 0 correct, 16 not checked" in ran.stdout.splitlines()
    assert "  not checked: jacobian R, " in ran.stdout
    assert ran.stderr == "ad-conformance: 30 items were not checked within 0 seconds\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_on_a_terminal() -> None:
    terminal = Terminal()
    progress = check_adapter.Progress(terminal)
    progress("templates", 0, 2, "sin")
    progress("templates", 1, 2, "x" * 500)
    progress.clear()
    written = terminal.getvalue()
    assert "\n" not in written
    assert "templates: 1 of 2: sin" in written
    assert written.endswith("\r\x1b[K")
    assert "x" * 500 not in written


def test_progress_is_sparse_in_a_log() -> None:
    log, now = io.StringIO(), 0.0
    progress = check_adapter.Progress(log, lambda: now)
    for now in (1.0, 19.0, 20.0, 21.0, 39.0, 41.0):
        progress("modes", int(now), 99, "num_to_num R")
    progress.clear()
    assert log.getvalue() == "modes: 21 of 99: num_to_num R\nmodes: 42 of 99: num_to_num R\n"
