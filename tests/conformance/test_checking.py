"""check-adapter finds no mistake in a correct adapter, and each mistake of a wrong one."""

from __future__ import annotations

from dataclasses import replace

from ad_conformance.conformance.check_adapter import check
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.reports.__main__ import app
from typer.testing import CliRunner

from tests import broken_engines as broken

TEMPLATES = {
    **inhouse.dialect.templates,
    "concat": "inhouse.concat([{args}][::-1], axis={axis})",
    "sinh": "inhouse.cosh({0})",
    "cosh": "inhouse.no_such_function({0})",
}
#: Three wrong templates, and a Jacobian with reversed axes.
wrong = replace(
    inhouse,
    name="wrong",
    header=f"""{inhouse.header}
def turned(j):
    return lambda x: inhouse.permute_dims(j(x), axes=tuple(range(j(x).ndim))[::-1])
""",
    dialect=replace(inhouse.dialect, templates=TEMPLATES),
    mode_transforms={**inhouse.mode_transforms, "F": f"turned({inhouse.mode_transforms['F']})"},
)


def test_a_right_adapter_passes() -> None:
    checks = list(check(broken.honest))
    assert [line for done in checks for line in done.wrong] == []
    assert all(done.right for done in checks)
    assert checks[0].absent == ()


def test_each_mistake_is_named() -> None:
    checks = {done.name: done for done in check(wrong)}
    assert {line.partition(":")[0] for line in checks["templates"].wrong} >= {
        "concat",
        "sinh",
        "cosh",
    }
    assert all(
        "AttributeError" in line for line in checks["templates"].wrong if line.startswith("cosh")
    )
    family = checks["modes on the seed family"].wrong
    assert any(line.startswith("mat_to_vec F: got shape") for line in family)
    assert not any(line.startswith("mat_to_num R:") for line in family)


def test_the_command() -> None:
    assert CliRunner().invoke(app, ["check-adapter", "nonesuch"]).exit_code == 2
    assert CliRunner().invoke(app, ["check-adapter", "tests.broken_engines:missing"]).exit_code == 2
    assert (
        CliRunner().invoke(app, ["check-adapter", "tests.broken_engines:unimportable"]).exit_code
        == 2
    )
