"""All commands name engines in the same way, describe every option, and suggest what was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from ad_conformance.engines import registry
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.program import MalformedCase
from ad_conformance.generators.suggestion import did_you_mean
from ad_conformance.reports.cli.commands import app
from typer.testing import CliRunner

COMMANDS: dict[str, Any] = dict(
    sorted(typer.main.get_command(app).commands.items())  # type: ignore[attr-defined]
)
#: Commands that ask one engine; those that ask several; those that only read a campaign.
ONE = ("bisect", "explain", "reduce", "show")
SEVERAL = ("atlas", "campaign", "known", "replay")
READING = ("report", "triage")


def option(command: str, name: str) -> Any:
    return next(p for p in COMMANDS[command].params if name in p.opts)


def refused(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 2, (done.output, done.exception)
    return str(done.stderr)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_described(command: str) -> None:
    assert COMMANDS[command].help
    for parameter in COMMANDS[command].params:
        assert getattr(parameter, "help", ""), (command, parameter.opts)


def test_engines_are_named_alike_in_all_commands() -> None:
    assert {c for c in COMMANDS if any("--engine" in p.opts for p in COMMANDS[c].params)} == {
        *ONE, *SEVERAL, *READING, "issue", "check"
    }  # fmt: skip
    for command in (*SEVERAL, *READING):
        found = option(command, "--engine")
        assert found.opts == ["--engine", "--engines"]
        assert found.default is None
        assert "separated by commas; may be repeated" in found.help
    for command in SEVERAL:
        assert f"Default: {','.join(registry.DEFAULT)}" in option(command, "--engine").help
    for command in ONE:
        found = option(command, "--engine")
        assert (found.opts, found.required) == (["--engine"], True)
    assert len({option(command, "--engine").help for command in ONE}) == 1
    assert len({option(command, "--engine").help for command in SEVERAL}) == 1
    assert len({option(command, "--engine").help for command in READING}) == 1


def test_engines_are_a_list_that_may_be_repeated(tmp_path: Path) -> None:
    case = tmp_path / "case.json"
    case.write_text('{"format": 1, "point": 0.5, "word": "R", "steps": [{"operation": "sin", '
                    '"operands": [0]}]}')  # fmt: skip
    wrong = "tests.broken_engines:sign"
    told = []
    for given in (
        ["--engine", f"inhouse,{wrong}"],
        ["--engines", "inhouse", "--engine", wrong],
    ):
        done = CliRunner().invoke(app, ["replay", str(case), *given])
        assert done.exit_code == 1
        told.append([line.split()[0] for line in done.stdout.splitlines() if " R: " in line])
    assert told == [["inhouse", "sign"]] * 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay", "case.json", "--engine", "torhc"], "(did you mean torch?)"),
        (["campaign", "--out", "x", "--cases", "1", "--engines", "autogard"], "mean autograd?)"),
        (["operations", "logsumxep"], "(did you mean logsumexp?)"),
        (["check-adapter", "inhouse", "--operation", "softmx"], "(did you mean softmax?)"),
        (["check-adapter", "inhouse", "--check", "tmplates"], "(did you mean templates?)"),
        (["repor", "x"], "Did you mean 'report'?"),
        (["replay", "case.json", "--engin", "torch"], "--engine"),
    ],
)
def test_what_was_meant_is_suggested(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("case.json").write_text('{"format": 1, "point": 0.5, "word": "R", "steps": []}')
    assert said in refused(*arguments)


def test_an_operation_of_a_file_is_suggested() -> None:
    text = (
        '{"format": 1, "point": 0.5, "word": "R", "steps": [{"operation": "sni", "operands": [0]}]}'
    )
    with pytest.raises(
        MalformedCase, match=r"'sni' is not in the catalogue \(did you mean sin\?\)"
    ):
        parse_case(text)


def test_nothing_is_suggested_if_nothing_is_like_it() -> None:
    assert did_you_mean("torhc", ("torch", "jax")) == " (did you mean torch?)"
    assert did_you_mean("something else", ("torch", "jax")) == ""


def test_a_budget_without_a_unit_is_refused() -> None:
    told = refused("campaign", "--out", "memory://unit", "--budget", "5")
    assert told == (
        "ad-conformance: --budget: 5 of what? Write 5s, 5m or 5h for seconds, minutes or hours\n"
    )


def test_the_readme_names_the_commands_in_the_order_of_the_work() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    of_campaigns = text.partition("\n## Campaigns\n")[2].partition("\n## ")[0]
    places = [of_campaigns.index(f"ad-conformance {name} ") for name in
              ("campaign", "triage", "report", "issue")]  # fmt: skip
    assert places == sorted(places)
    documented = (Path(__file__).parents[2] / "docs" / "campaigns.md").read_text(encoding="utf-8")
    places = [documented.index(f"ad-conformance {name} night") for name in ("triage", "report")]
    assert places == sorted(places)
