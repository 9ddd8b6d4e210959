"""Releases in environments of their own: the right one is asked, and failures take one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.verdicts import Verdict, judge
from ad_conformance.engines import registry
from ad_conformance.engines.process.environments import requirements
from ad_conformance.engines.process.sandbox import EngineUnavailable, Sandbox
from ad_conformance.engines.registry import UnknownEngine
from ad_conformance.generators.ir.program import Case, Program, Step

from tests.tiny import publish

SQUARE = Case(Program((Step("multiply", (0, 0)),)), 0.5, "R")


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that the installers look into, and an empty cache."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    monkeypatch.setenv("AD_CONFORMANCE_CACHE", str(tmp_path / "cache"))
    return wheels


def verdict(name: str) -> Verdict:
    with Sandbox(registry.find(name)) as sandbox:
        # Differences have half the digits; the sign is what the releases differ in.
        answer = sandbox.ask(SQUARE)
    assert answer.value is not None, answer
    rounded = answer.value.round(6)
    return judge(SQUARE, name, type(answer)("answered", value=rounded), truth_of(SQUARE)).verdict


@pytest.mark.slow
def test_each_release_answers_for_itself(released: Path) -> None:
    publish(released, "1.0", sign="-")
    publish(released, "2.0")
    assert verdict("tests.tiny:tiny@1.0") is Verdict.WRONG
    assert verdict("tests.tiny:tiny@2.0") is Verdict.AGREE
    assert registry.find("tests.tiny:tiny@1.0").version() == "1.0"


def test_a_function_that_a_release_lacks_is_unsupported(released: Path) -> None:
    publish(released, "0.1", function="another")
    with Sandbox(registry.find("tests.tiny:tiny@0.1")) as sandbox:
        assert sandbox.ask(SQUARE).outcome == "unsupported"
        sandbox.engine = replace(sandbox.engine, run="np.no_such_function(x)")
        assert sandbox.ask(replace(SQUARE, point=0.25)).outcome == "unsupported", (
            "the derivative is made before `run` fails"
        )
        sandbox.engine = replace(sandbox.engine, mode_transforms={"R": "{f}"})
        assert sandbox.ask(SQUARE).outcome == "raised", (
            "a function that NumPy lacks is a failure of the engine"
        )


def test_an_environment_is_made_once(released: Path) -> None:
    publish(released, "1.0")
    assert verdict("tests.tiny:tiny@1.0") is Verdict.AGREE
    for wheel in released.iterdir():
        wheel.unlink()
    assert verdict("tests.tiny:tiny@1.0") is Verdict.AGREE


def test_a_release_that_cannot_be_installed_is_unavailable(released: Path) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        Sandbox(registry.find("tests.tiny:tiny@3.0"))
    assert str(caught.value).startswith("tiny@3.0: ")
    assert "3.0" in str(caught.value).removeprefix("tiny@3.0: ")
    assert "\n" not in str(caught.value)
    assert not list((released.parent / "cache" / "environments").glob("*/complete"))


def test_a_release_that_cannot_be_imported_is_unavailable(released: Path) -> None:
    publish(released, "1.0", sign="(")
    with pytest.raises(EngineUnavailable, match=r"^tiny@1\.0: SyntaxError: [^\n]*$"):
        Sandbox(registry.find("tests.tiny:tiny@1.0"))


def test_a_cache_that_cannot_be_written_is_reported(
    released: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(released, "1.0")
    (released / "file").touch()
    monkeypatch.setenv("AD_CONFORMANCE_CACHE", str(released / "file"))
    with pytest.raises(EngineUnavailable, match=r"^tiny@1\.0: [^\n]*Not a directory$"):
        Sandbox(registry.find("tests.tiny:tiny@1.0"))


@pytest.mark.parametrize(
    "name", ["jax@", "jax@latest", "@1.0", "inhouse@1.0", "jax@0.4.38@0.4.38", "enzyme.jl@0.13"]
)
def test_a_name_of_no_release_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(UnknownEngine) as caught:
        registry.find(name)
    assert "\n" not in str(caught.value)


def test_an_old_release_is_installed_with_the_libraries_that_it_needs() -> None:
    assert requirements("enzyme-ad", "0.0.9") == ("enzyme-ad==0.0.9", "jax==0.4.38", "numpy<2.3")
    assert requirements("autograd", "1.3")[1] == "numpy<1.24"
    assert requirements("autograd", "1.9.1") == ("autograd==1.9.1", "scipy")
    assert requirements("jax", "0.4.29") == ("jax==0.4.29", "jax[cpu]", "numpy<2")
    assert requirements("mlx", "0.32.0") == ("mlx==0.32.0", "mlx[cpu]", "numpy")
    assert requirements("something", "1.0") == ("something==1.0",)
