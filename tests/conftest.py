"""How the project's own tests run: on two workers, and without a letter per skipped test."""

from __future__ import annotations

from pathlib import Path

import pytest

#: A repository that a test copies and runs its own tests in.
collect_ignore = ["project/fresh_repository"]
#: Workers for a run of a whole folder: most tests wait for the processes of engines.
WORKERS = 2


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Use pytest-xdist, if it is installed, for a run of folders that does not say otherwise.

    This is not in `addopts`, which also holds for `pytest conformance/`, and pytest-xdist is only
    in the extra `dev`.
    """
    option = config.option
    if not config.pluginmanager.hasplugin("xdist") or hasattr(config, "workerinput"):
        return
    folders = all(Path(argument).is_dir() for argument in config.args)
    chosen = option.numprocesses is not None or option.tx or option.dist != "no"
    if folders and not (chosen or option.usepdb or option.collectonly):
        option.numprocesses, option.dist = WORKERS, "loadfile"
        # By default, files with few tests come last. The longest test is in such a file, and the
        # other worker would wait for it.
        option.loadscopereorder = False


def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport,
) -> tuple[str, str, str] | None:
    """Count a skipped test, but print no letter: without some engines there are hundreds."""
    if report.skipped and isinstance(report, pytest.TestReport) and not hasattr(report, "wasxfail"):
        return "skipped", "", "SKIPPED"
    return None
