"""Engines of third parties: by module and attribute, and by entry point, without touching this
repository.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.registry import UnknownEngine
from ad_conformance.generators.render.dialect import Dialect

from tests import broken_engines


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution on the path that offers one engine and one name that this project has already."""
    folder = tmp_path / "someone-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: someone\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(
        f"[{registry.GROUP}]\nsomeones = tests.broken_engines:sign\njax = "
        f"tests.broken_engines:sign\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def test_by_module_and_attribute() -> None:
    assert registry.find("tests.broken_engines:sign") is broken_engines.sign


@pytest.mark.usefixtures("offered")
def test_by_entry_point() -> None:
    assert registry.find("someones") is broken_engines.sign
    assert registry.names() == (*registry.OWN, "someones")


@pytest.mark.usefixtures("offered")
def test_an_entry_point_does_not_replace_an_engine_of_the_project() -> None:
    assert registry.find("jax").name == "jax"


@pytest.mark.parametrize(
    "name",
    ["", ":", "nonesuch", "tests.broken_engines:", ":sign", "tests:nonesuch", "a\nb:c", "a\nb@1"],
)
def test_names_that_are_no_engines(name: str) -> None:
    with pytest.raises(UnknownEngine) as caught:
        registry.find(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", registry.OWN)
def test_engines_of_the_project_are_well_formed(name: str) -> None:
    engine = registry.find(name)
    assert engine.name == name
    assert any(map(engine.answers, engine.mode_transforms))
    assert not engine.answers("X")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode_transforms": {"R": "jac({g})"}}, "mode_transforms of R of mine: KeyError"),
        ({"modes": "[R"}, "modes of mine: "),
        ({"compile": "d = {x}"}, "compile of mine: KeyError"),
        (
            {"dialect": Dialect(namespace="m", templates={"sin": "m.sin({1})"})},
            "template of sin of mine: IndexError",
        ),
        (
            {"dialect": Dialect(namespace="m", templates={"sinus": "m.sin({0})"})},
            "'sinus' is not in the catalogue",
        ),
        ({"name": "My Engine"}, "use lower-case letters"),
        ({"mode_transforms": {}}, "give an expression"),
        ({"mode_transforms": {"X": ""}}, "give"),
    ],
)
def test_contract_is_checked(changes: dict[str, object], message: str) -> None:
    fields: dict[str, object] = {
        "name": "mine", "distribution": "mine", "module": "mine", "header": "",
        "dialect": Dialect(namespace="m"), "mode_transforms": {"R": "{f}"},
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        Engine(**{**fields, **changes})  # type: ignore[arg-type]
