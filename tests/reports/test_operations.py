"""`ad-conformance operations`, and the documentation that it writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.operation import PARAMETER_TYPES
from ad_conformance.generators.catalogue.parameters import MEANINGS, TYPES, meaning
from ad_conformance.reports.cli.commands import app
from ad_conformance.reports.cli.operations import MARKS
from typer.testing import CliRunner, Result

DOCUMENT = Path(__file__).parents[2] / "docs" / "case-format.md"


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["operations", *arguments])


def test_every_operation_is_listed() -> None:
    listed = command()
    assert listed.exit_code == 0
    table = listed.stdout.partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in table[1:]] == list(CATALOGUE)
    assert max(map(len, listed.stdout.splitlines())) < 2000


def test_a_part_of_a_name_chooses_operations_and_their_parameters() -> None:
    operations, parameters, types, _ = command("fft_", "diff", "fft_p").stdout.split("\n\n")
    names = [line.split()[0] for line in operations.splitlines()[1:]]
    assert names == ["rfft_real", "rfft_imag", "fft_power", "fft_round_trip", "diff", "diff_joined"]
    row = next(line for line in operations.splitlines() if line.startswith("diff "))
    assert "n: times, axis: int" in row
    assert row.endswith(CATALOGUE["diff"].meaning)
    found = {line.split()[0]: line for line in parameters.splitlines()[1:]}
    assert found.keys() == {"axis", "n", "norm"}
    assert found["n"].split("  ")[-1].strip() == "diff, diff_joined"
    assert [line.split()[0] for line in types.splitlines()[1:]] == ["int", "name", "times"]


def test_columns_of_operations_without_parameters_are_left_out() -> None:
    assert command("acosh").stdout.splitlines()[0].split() == ["operation", "operands", "group"]


def test_an_unknown_name_is_refused_in_one_line() -> None:
    refused = command("sin", "nonesuch")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == "ad-conformance: 'nonesuch' is in no name of an operation\n"


def test_the_document_has_the_operations_of_the_catalogue(tmp_path: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    copy = tmp_path / "document.md"
    # Rows that are no longer there must go, too.
    copy.write_text(text.replace(MARKS[1], f"| `old` |\n{MARKS[1]}"), encoding="utf-8")
    assert command("--markdown", str(copy)).exit_code == 0
    advice = "run: ad-conformance operations --markdown docs/case-format.md"
    assert copy.read_text(encoding="utf-8") == text, advice
    # Wrappers of another table have names of operations.
    text = text.partition(MARKS[0])[2]
    for name, row in CATALOGUE.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` | ")][:1]
        assert all(f"`{key}: {kind}`" in line for key, kind in row.params.items())


@pytest.mark.parametrize("text", ["", MARKS[0], MARKS[1] + MARKS[0], 2 * (MARKS[0] + MARKS[1])])
def test_a_document_without_the_marks_is_left_alone(text: str, tmp_path: Path) -> None:
    path = tmp_path / "document.md"
    path.write_text(text)
    refused = command("--markdown", str(path))
    assert refused.exit_code == 2
    assert len(refused.stderr.splitlines()) == 1
    assert path.read_text() == text
    assert command("--markdown", str(tmp_path / "nonesuch.md")).exit_code == 2
    assert command("sin", "--markdown", str(path)).exit_code == 2


def test_every_parameter_and_type_has_a_meaning_and_no_other_has() -> None:
    assert TYPES.keys() == PARAMETER_TYPES.keys()
    used = {(row.name, name) for row in CATALOGUE.values() for name in row.params}
    assert all(meaning(operation, name) for operation, name in used)
    keys = {f"{o}.{n}" if f"{o}.{n}" in MEANINGS else n for o, n in used}
    assert keys == MEANINGS.keys()


def test_every_derived_operation_has_a_meaning() -> None:
    derived = [row for row in CATALOGUE.values() if row.definition]
    assert [row.name for row in derived if not row.meaning] == []
    assert [row.name for row in derived if row.summary] == []


def test_operands_have_names() -> None:
    named = {
        name: CATALOGUE[name].operand_names for name in ("where", "layer_norm", "stack", "add")
    }
    assert named == {
        "where": ("condition", "a", "b"),
        "layer_norm": ("x", "[weight]", "[bias]"),
        "stack": ("...",),
        "add": ("x1", "x2"),
    }
    for row in CATALOGUE.values():
        assert row.arity is None or len(row.operand_names) == row.arity
