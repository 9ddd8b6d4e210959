"""The suite's hooks, in a run of pytest that names the suite: items, workers, and the table."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from ad_conformance.conformance.known_failures import REGRESSIONS
from ad_conformance.conformance.suite import options
from ad_conformance.conformance.suite.plugin import FOLDER, PACKAGE, is_in_suite
from ad_conformance.conformance.suite.run import RUN, run_of
from ad_conformance.engines.process.sandbox import EngineUnavailable
from ad_conformance.generators.scenarios.seed_programs import SEED_FAMILY

#: Lengths of large inputs: of one and of several groups of entries that kernels take together.
SIZES = (16, 33, 129, 1000)
#: Keys of the data that a worker of pytest-xdist gets and returns.
COMMON, RECORD = "ad_conformance_common", "ad_conformance_record"


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    common = getattr(config, "workerinput", {}).get(COMMON, {})
    config.stash[RUN] = options.described_run(config, common)


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A folder of the suite as a plain folder.

    pytest would import the `__init__.py` of a package under a name that it makes up, which may be
    that of a package of the repository that the suite runs in (`conformance`).
    """
    return pytest.Dir.from_parent(parent, path=path) if is_in_suite(path) else None


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """A module of the suite under its own name, for the same reason."""
    if not is_in_suite(module_path):
        return None
    inside = module_path.resolve().relative_to(FOLDER).with_suffix("")
    module: pytest.Module = pytest.Module.from_parent(parent, path=module_path)
    module.obj = importlib.import_module(".".join((PACKAGE, *inside.parts)))
    return module


def _of_suite(item: pytest.Item) -> bool:
    return is_in_suite(item.path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if not metafunc.module.__name__.startswith(f"{PACKAGE}."):
        return
    run = run_of(metafunc.config)
    wanted = metafunc.fixturenames
    engines = [
        *run.engines,
        *(
            pytest.param(name, marks=pytest.mark.skip(reason=why))
            for name, why in run.absent.items()
        ),
    ]
    if "pinned" in wanted:
        metafunc.parametrize("pinned", run.entries, ids=[entry.name for entry in run.entries])
    if "fixed" in wanted:
        pinned = {entry.case for entry in run.entries}
        fixed = sorted(case for case in REGRESSIONS.glob("*.json") if case not in pinned)
        metafunc.parametrize("fixed", fixed, ids=[case.stem for case in fixed])
    if "member" in wanted:
        metafunc.parametrize("member", list(SEED_FAMILY))
    if "length" in wanted:
        metafunc.parametrize("length", SIZES)
    if "signature" in wanted:
        metafunc.parametrize("signature", run.signatures)
    if "wrapper" in wanted:
        metafunc.parametrize("wrapper", run.wrappers)
    if "mode" in wanted:
        metafunc.parametrize("mode", run.modes)

    # The engine varies fastest: all engines are asked the cases of one cell one after the other,
    # while certified derivatives and answers are still kept.
    if "engine" in wanted:
        metafunc.parametrize("engine", engines)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    asked = {
        item.callspec.params.get("engine")
        for item in items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec") and _of_suite(item)
    }
    run = run_of(config)
    run.pool.ahead = tuple(name for name in run.engines if name in asked)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before a test of the suite: all engines start at the first, so that they do it at once."""
    if not _of_suite(item):
        return
    run = run_of(item.config)
    for name in run.pool.ahead:
        try:
            run.pool.sandbox(name)
        except EngineUnavailable as error:
            options.refuse(f"engine {error}")


def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Count a skipped test of the suite, but print no letter: there are hundreds."""
    if not report.skipped or not isinstance(report, pytest.TestReport):
        return None
    path = config.rootpath / report.location[0]
    return ("skipped", "", "SKIPPED") if is_in_suite(path) else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Divide the tests among the workers of pytest-xdist so that a worker has those of all engines
    with the same cases: it asks the engines at the same time.
    """
    if config.getoption("dist", None) != "load":
        return None
    from xdist.scheduler import LoadScopeScheduling

    run = run_of(config)
    ends = tuple(sorted((f"{name}]" for name in (*run.engines, *run.absent)), key=len))

    class ByCases(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            """The name of a test without its engine."""
            end = next((end for end in reversed(ends) if nodeid.endswith(end)), "")
            return nodeid.removesuffix(end)

    return ByCases(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Before a worker of pytest-xdist begins: all workers ask cases of one seed."""
    node.workerinput[COMMON] = {"seed": run_of(node.config).seed}


def pytest_sessionfinish(session: pytest.Session) -> None:
    run = run_of(session.config)
    run.pool.close()
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[RECORD] = run.record


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """After a worker's end: add what it counted."""
    run = run_of(node.config)
    try:
        run.merge(node.workeroutput[RECORD])
    except (AttributeError, KeyError):
        run.lost.append(node.gateway.id)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    run = run_of(config)
    write = terminalreporter.write_line
    terminalreporter.section("verdicts")
    for line in run.table_lines():
        write(line)
    for line in run.standing_lines():
        write(line)
    met = run.met
    for entry in run.entries:
        if met[entry.name]:
            write(f"known: {entry.name}: {met[entry.name]} cases: {entry.summary} ({entry.issue})")
    for worker in run.lost:
        write(f"lost: worker {worker} died; its verdicts are not in the table")
    for name, why in run.absent.items():
        write(f"skipped: {name}: {why}")
    fewer = {mode: n for mode in run.modes if (n := run.examples_in(mode)) < run.examples}
    write(
        f"profile {run.profile}, seed {run.seed}, {run.examples} generated cases per engine, mode "
        f"and signature{''.join(f', {n} in {mode}' for mode, n in fewer.items())}"
    )
