"""The comparison of a busy machine with a quiet one tells differences, and its load ends."""

from __future__ import annotations

import psutil
import pytest

from validation import load

PRINTED = """\
..
=== verdicts ===
engine  mode  cases  agree  known  new
torch   R         2      {agree}      0    0
skipped: jax: jax is not installed
profile ci, seed 0
2 passed
"""


@pytest.mark.parametrize(("other", "status"), [("2", 0), ("1", 1)])
def test_different_tables_are_told(
    other: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = [PRINTED.format(agree=agree) for agree in ("2", other)]
    monkeypatch.setattr(load, "suite", lambda arguments: (load.table(printed.pop(0)), 0, 1.0))
    monkeypatch.setattr(load.sys, "argv", ["load", "--busy", "1"])
    assert load.main() == status
    told = capsys.readouterr().out
    assert "skipped: jax" in told
    assert "profile" not in told
    assert ("the tables are equal" in told) is (status == 0)


def test_busy_processes_end() -> None:
    with load.busy(2):
        children = psutil.Process().children()
        started = [child for child in children if load.BUSY in child.cmdline()]
        assert len(started) == 2
    assert not any(child.is_running() for child in started)
