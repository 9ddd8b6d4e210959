"""The suite and the command line as users run them: real processes, exit codes, error messages."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ad_conformance.conformance.standalone_script import (
    _without_unused_functions,
    _without_unused_imports,
)
from ad_conformance.generators.scenarios.seed_programs import seed_case

ROOT = Path(__file__).parents[2]
BROKEN = "tests.broken_engines:"
SMALL = ("--modes=RR", "--signature=num_to_mat", "--examples=3")


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def suite(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run("pytest", "conformance/", *arguments)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run("ad_conformance.reports", *arguments)


@pytest.fixture
def case_file(tmp_path: Path) -> Path:
    path = tmp_path / "num_to_mat.json"
    path.write_text(seed_case("num_to_mat", "RR").json)
    return path


def table(output: str) -> list[str]:
    lines = output.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("engine "))
    # After the rows, lines say what became of the known failures of each engine.
    return list(itertools.takewhile(lambda line: ":" not in line, lines[start:]))


@pytest.mark.slow
def test_a_correct_engine_passes_with_the_same_table_twice() -> None:
    first, second = (suite("--engine=inhouse", *SMALL) for _ in range(2))
    assert first.returncode == 0, first.stdout
    assert table(first.stdout) == table(second.stdout)
    assert re.search(
        r"^inhouse +RR +\d+ +\d+ .*0 +0$", "\n".join(table(first.stdout)), re.MULTILINE
    )


@pytest.mark.slow
def test_an_agreeing_case_that_differs_when_it_is_asked_again_fails() -> None:
    options = ("--modes=R,F,FR", "--signature=mat_to_mat,vec_to_mat", "--examples=40")
    asked = run("pytest", "conformance/test_generated.py", f"--engine={BROKEN}ageing", *options)
    assert asked.returncode == 1, asked.stdout
    assert "severity: after other cases, the engine gives another answer" in asked.stdout
    assert re.search(r"cases +agree +.*impure .*new$", asked.stdout, re.MULTILINE)


def test_only_the_named_modes_and_signatures_are_asked() -> None:
    # Few pinned cases have these modes and signatures; the seed family has every signature.
    suites = ("conformance/test_known_failures.py", "conformance/test_regressions.py")
    asked = run(
        "pytest", *suites, "--engine=inhouse", "--modes=R,RR", "--signature=num_to_vec", "-rs"
    )
    assert asked.returncode == 0, asked.stdout
    assert {line.split()[1] for line in table(asked.stdout)[1:]} == {"R", "RR"}
    assert re.search(r"mode RRR is not among --modes$", asked.stdout, re.MULTILINE)
    assert re.search(r"mat_to_mat is not among --signature$", asked.stdout, re.MULTILINE)


@pytest.mark.slow
def test_the_counts_of_xdist_workers_are_added() -> None:
    pytest.importorskip("xdist")
    engines = f"--engine=inhouse,{BROKEN}honest"
    arguments = (engines, "--modes=RR,FR", "--signature=num_to_mat", "--examples=3")
    alone, divided = suite(*arguments), suite(*arguments, "-n2", "-vv")
    assert divided.returncode == 0, divided.stdout
    assert table(divided.stdout) == table(alone.stdout)
    # A worker asks all engines the same cases.
    done = re.findall(r"^\[gw(\d)\] .* (\S+)-(?:inhouse|honest)\] *$", divided.stdout, re.MULTILINE)
    workers: dict[str, set[str]] = {}
    for worker, test in done:
        workers.setdefault(test, set()).add(worker)
    assert {worker for found in workers.values() for worker in found} == {"0", "1"}
    assert all(len(found) == 1 for found in workers.values())


def test_a_broken_engine_fails_with_a_report(tmp_path: Path) -> None:
    broken = suite("--engine=tests.broken_engines:dropped,inhouse", *SMALL)
    assert broken.returncode == 1
    text = broken.stdout
    assert "dropped" in text
    assert re.search(r"^dropped .*mode RR .*: wrong$", text, re.MULTILINE)
    assert "from ad_conformance.engines import inhouse" in text
    assert re.search(r"^got: +\[\[", text, re.MULTILINE)
    assert re.search(r"^expected: +\[\[.*", text, re.MULTILINE)
    assert re.search(r"^error: .*relative error .* times the tolerance", text, re.MULTILINE)
    assert re.search(r"^engines that give .* in mode RR: inhouse$", text, re.MULTILINE)
    replay = re.search(r"^replay: ad-conformance (replay .*)$", text, re.MULTILINE)
    assert replay
    again = command(*replay.group(1).split())
    assert again.returncode == 1
    assert "wrong" in again.stdout


def test_the_script_of_a_failure_fails_by_itself(tmp_path: Path, case_file: Path) -> None:
    for engine, code in (("tests.broken_engines:dropped", 1), ("inhouse", 0)):
        script = tmp_path / "script.py"
        script.write_text(command("show", str(case_file), "--engine", engine).stdout)
        ran = subprocess.run(
            [sys.executable, str(script)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == code, ran.stderr
        assert ("AssertionError" in ran.stderr) == bool(code)


def test_an_engine_that_is_not_installed_is_skipped_and_named() -> None:
    result = suite("--engine=tests.broken_engines:missing,inhouse", *SMALL)
    assert result.returncode == 0
    assert "skipped: missing: " in result.stdout


def test_unsupported_is_counted_and_not_passed() -> None:
    result = suite("--engine=tests.broken_engines:refusing", *SMALL)
    assert result.returncode == 0
    assert "unsupported" in table(result.stdout)[0]
    assert re.search(r"^\d+ skipped", result.stdout.splitlines()[-1])
    assert not re.search(r"^[s.]*s[s.]*( +\[|$)", result.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--engine=nonesuch",), "engine 'nonesuch' is not known; there are inhouse, jax"),
        (
            ("--engine=no_such_package.module:engine",),
            "No module named 'no_such_package'; its folder must be on PYTHONPATH",
        ),
        (("--engine=tests.broken_engines:nonesuch",), "has no attribute 'nonesuch'"),
        (
            ("--engine=tests.broken_engines:not_an_engine",),
            "is a str, not an ad_conformance.engines.contract.Engine",
        ),
        (("--engine=tests.broken_engines:unimportable",), "unimportable: ModuleNotFoundError"),
        (("--engine=",), "--engine: nothing is named"),
        (("--wrappers=jti",), "--wrappers: 'jti' is not one of jit, jit_native, vmap"),
        (("--modes=RX",), "--modes: 'RX' is not a mode;"),
        (("--modes=RRRRR",), "--modes: 'RRRRR' is longer than 4"),
        (("--signature=num_to_cube",), "--signature: 'num_to_cube' is not one of"),
        (("--examples=0",), "--examples: 0 must be 1 or more"),
        (("--hypothesis-profile=fast",), "--hypothesis-profile: 'fast' is not one of"),
    ],
)
def test_bad_options_of_the_suite(arguments: tuple[str, ...], message: str) -> None:
    result = suite(*arguments)
    assert result.returncode == 2
    told = [
        line for line in (result.stdout + result.stderr).splitlines() if "ad-conformance: " in line
    ]
    assert len(told) == 1, result.stdout + result.stderr
    assert message in told[0]
    assert "Traceback" not in result.stdout + result.stderr


def test_a_run_above_the_suite_leaves_the_suite_out() -> None:
    result = run("pytest", ".", "--collect-only", "--ignore=tests")
    assert result.returncode == 5, result.stdout + result.stderr


def test_the_suite_lists_its_options() -> None:
    result = suite("--help")
    assert result.returncode == 0
    assert "--ad-conformance-engine=NAMES" in result.stdout
    assert "--ad-conformance-engine" not in run("pytest", "tests", "--help").stdout


def test_the_command_prints_its_version() -> None:
    result = command("--version")
    assert result.returncode == 0
    assert re.fullmatch(r"ad-conformance(, not installed| \d+\.\d+\S*)\n", result.stdout)


def test_engines_lists_installed_engines() -> None:
    result = command("engines")
    assert result.returncode == 0
    assert re.search(r"^inhouse +\S+ +R and F, freely nested$", result.stdout, re.MULTILINE)


def test_replay_of_a_correct_engine(case_file: Path) -> None:
    result = command("replay", str(case_file), "--engine", "inhouse")
    assert result.returncode == 0
    assert "RR: agree" in result.stdout


@pytest.mark.parametrize("verb", ["show", "replay"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (None, "not JSON"),
        (
            {"steps": [{"operation": "nonesuch", "operands": [0]}]},
            "'nonesuch' is not in the catalogue",
        ),
        (
            {
                "steps": [
                    {
                        "operation": "sum",
                        "operands": [0],
                        "params": {"axis": 1.5, "keepdims": False},
                    }
                ]
            },
            "of type axis",
        ),
        ({"steps": [{"operation": "det", "operands": [0]}]}, "a square matrix is needed"),
        ({"word": "RRRRR"}, "is longer than 4"),
    ],
)
def test_malformed_case_files(
    verb: str, change: dict[str, object] | None, message: str, case_file: Path
) -> None:
    text = "{" if change is None else json.dumps({**json.loads(case_file.read_text()), **change})
    case_file.write_text(text)
    result = command(verb, str(case_file), "--engine", "inhouse")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith(f"ad-conformance: {case_file}: ")
    assert message in result.stderr


@pytest.mark.parametrize("verb", ["show", "replay"])
def test_unknown_engine_of_the_command_line(verb: str, case_file: Path) -> None:
    result = command(verb, str(case_file), "--engine", "nonesuch")
    assert result.returncode == 2
    assert result.stderr.startswith("ad-conformance: engine 'nonesuch' is not known")


def test_a_script_imports_what_it_uses() -> None:
    text = (
        "import functools\nimport numpy as np\nimport jax.scipy.special\nimport jax\n\nx = "
        "np.sqrt(jax.f(2.0))\n"
    )
    assert (
        _without_unused_imports(text)
        == "import numpy as np\nimport jax\n\nx = np.sqrt(jax.f(2.0))\n"
    )
    alone = "import jax.scipy.special\n\nx = jax.f(2.0)\n"
    assert _without_unused_imports(alone) == alone


def test_a_script_has_no_functions_that_only_other_programs_need() -> None:
    text = """from lib import grad, jvp
from lib.more import other


def inner(f):
    return jvp(f)


def jacfwd(f):
    return inner(f)


def f(x):
    return x


got = grad(f)(1.0)
"""
    assert (
        _without_unused_functions(text)
        == """from lib import grad


def f(x):
    return x


got = grad(f)(1.0)
"""
    )
    used = f"{text}again = jacfwd(f)\n"
    assert _without_unused_functions(used) == used.replace("from lib.more import other\n", "")


def test_a_wrong_wrapper_fails_with_its_nest() -> None:
    module = "conformance/test_generated.py"
    options = ("-k", "wrapped", "--modes=R", "--wrappers=vmap,jit", "--examples=50")
    failed = run("pytest", module, f"--engine={BROKEN}lanes", *options)
    assert failed.returncode == 1, failed.stdout
    assert "nest: R(vmap(f))" in failed.stdout or "nest: vmap(R(f))" in failed.stdout
    assert "nests that give the expected result: R(f)" in failed.stdout
    without = run("pytest", module, f"--engine={BROKEN}lanes", *options, "--wrappers=jit")
    assert without.returncode == 0, without.stdout
