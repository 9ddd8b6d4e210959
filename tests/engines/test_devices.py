"""Engines that need a device: where there is none, they are skipped in one line."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process import devices, runners
from ad_conformance.engines.process.environments import Release
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.scenarios.seed_programs import seed_case
from ad_conformance.reports.cli.commands import app
from typer.testing import CliRunner

from tests import broken_engines as broken

ROOT = Path(__file__).parents[2]
VARIANTS = ("torch-cuda", "jax-cuda")


def checking(statements: str, **changes: object) -> Engine:
    return replace(broken.honest, device_check=statements, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ("pass", ""),
        ("import sys\nsys.exit('no such device')", "no such device"),
        ("import sys\nsys.exit(3)", "exit status 3"),
        ("import os\nassert os.environ['DEVICE'] == 'one', 'another'", ""),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_the_check_gives_the_reason(statements: str, reason: str) -> None:
    engine = checking(statements, environment={"DEVICE": "one"})
    assert engine.absent() == reason
    assert engine.installed() is (not reason)


def test_an_engine_that_is_not_installed_is_not_checked() -> None:
    engine = checking("import sys\nsys.exit('no device')", module="no_such_module")
    assert engine.absent() == "ad-conformance is not installed"


def test_a_check_runs_once(tmp_path: Path) -> None:
    count = tmp_path / "count"
    engine = checking(f"open({str(count)!r}, 'a').write('x')")
    assert engine.installed()
    assert engine.installed()
    assert count.read_text() == "x"


def test_a_check_of_a_release_runs_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Release, "command", lambda self, descriptor: ["/its/python"])
    monkeypatch.setattr(
        "ad_conformance.engines.process.environments.python_reason",
        lambda python, statements, environment: f"{python}, {environment['PYTHONPATH']!r}",
    )
    assert checking("check", runner=Release("a", "1.0")).absent() == "/its/python, ''"


def test_without_a_driver_the_engine_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_it = "sys.exit('the engine was imported')"
    for drivers, reason in (
        (("/dev/no-such-driver",), "no CUDA device"),
        ((str(tmp_path),), "the engine was imported"),
    ):
        monkeypatch.setattr(devices, "DRIVERS", drivers)
        checked = devices.nvidia_or_amd(import_it)
        assert runners.python_reason(sys.executable, checked, {}) == reason


@pytest.mark.parametrize("name", VARIANTS)
def test_an_engine_that_finds_no_device_says_so(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A driver is there, but this build of the library, or this machine, has no device."""
    engine = registry.find(name)
    if not registry.find(name.partition("-")[0]).installed():
        pytest.skip(f"{name} is not installed")
    statements = engine.device_check.replace("/dev/nvidiactl", str(tmp_path))
    found = replace(engine, device_check=statements)
    # On a machine with a device, hide it.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    # A build may have a longer name in the library than in its metadata: 2.15.0+cu132.
    release = rf"{engine.distribution} {re.escape(engine.version())}(\+\w+)?"
    assert re.fullmatch(f"{release} finds no CUDA device", found.absent())


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_writes_what_its_library_runs(name: str) -> None:
    """With the processor as its device, it answers like the engine that it is a variant of."""
    engine = registry.find(name)
    if not registry.find(name.partition("-")[0]).installed():
        pytest.skip(f"{name} is not installed")
    variables = {**engine.environment}
    if "JAX_PLATFORMS" in variables:
        variables["JAX_PLATFORMS"] = "cpu"
    header = engine.header.replace('set_default_device("cuda")', 'set_default_device("cpu")')
    assert (header, variables) != (engine.header, dict(engine.environment))
    case = seed_case("vec_to_vec", "FR")
    with Sandbox(replace(engine, header=header, environment=variables)) as sandbox:
        assert sandbox.ask(case).outcome == "answered"


@pytest.mark.skipif(any(map(Path.exists, map(Path, devices.DRIVERS))), reason="there is a driver")
@pytest.mark.parametrize("name", VARIANTS)
def test_the_suite_and_the_list_of_engines_name_the_reason(name: str) -> None:
    if not registry.find(name.partition("-")[0]).installed():
        pytest.skip(f"{name} is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "conformance/test_seed_family.py", f"--engine={name}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert f"skipped: {name}: no CUDA device\n" in done.stdout
    listed = CliRunner().invoke(app, ["engines"]).stdout
    assert f"\n{name} " in listed
    assert "  no: no CUDA device  " in listed
