"""The suite's options, its panel of engines, and the closing table."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from ad_conformance.conformance.known_failures import REGRESSIONS, MalformedEntry, load
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.reference.certify import MAX_ORDER
from ad_conformance.conformance.suite.run import Run
from ad_conformance.engines import registry
from ad_conformance.engines.process.sandbox import EngineUnavailable
from ad_conformance.generators.ir.mode import HINT, USUAL_MODES, is_mode
from ad_conformance.generators.ir.operator import SIGNATURES
from ad_conformance.generators.scenarios.seed_programs import SEED_FAMILY
from hypothesis import HealthCheck, Phase, settings

#: Options that, where they are given, pinned cases keep to as well.
NARROWING = ("--modes", "--signature")
EXAMPLES = {"ci": 10, "explore": 100}

_COMMON = settings(
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
    print_blob=False,
)
settings.register_profile("ci", _COMMON, derandomize=True)
settings.register_profile("explore", _COMMON, phases=[Phase.generate, Phase.target, Phase.shrink])


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ad-conformance")
    group.addoption(
        "--engine",
        action="append",
        metavar="NAMES",
        help=f"engines, separated by commas: {', '.join(registry.OWN)}, an installed entry point, "
        f"or "
        f"package.module:attribute (default: {','.join(registry.DEFAULT)})",
    )
    group.addoption(
        "--modes",
        help=f"mode words, outermost letter first (default: {','.join(USUAL_MODES)}, and those of the "
        f"pinned cases)",
    )
    group.addoption(
        "--signature", help="signatures of generated and pinned cases (default: all nine)"
    )
    group.addoption(
        "--examples",
        type=int,
        help=f"generated cases per engine, word and signature (default: {EXAMPLES})",
    )
    group.addoption(
        "--seed",
        type=int,
        help="seed of the generated cases (default: 0 in profile ci, else random)",
    )


RUN = pytest.StashKey[Run]()
#: What the workers of pytest-xdist are given and give back.
SEED, RECORD = "ad_conformance_seed", "ad_conformance_record"


def _refuse(message: str) -> None:
    pytest.exit(f"ad-conformance: {message}", returncode=2)


def _listed(option: str, given: str, allowed: tuple[str, ...] | None = None) -> tuple[str, ...]:
    items = tuple(dict.fromkeys(item.strip() for item in given.split(",") if item.strip()))
    if not items:
        _refuse(f"{option}: nothing is named")
    for item in items:
        if allowed is not None and item not in allowed:
            _refuse(f"{option}: {item!r} is not one of {', '.join(allowed)}")
    return items


def pytest_configure(config: pytest.Config) -> None:
    profile = config.getoption("--hypothesis-profile", None) or "ci"
    if profile not in EXAMPLES:
        _refuse(f"--hypothesis-profile: {profile!r} is not one of {', '.join(EXAMPLES)}")
    settings.load_profile(profile)
    examples = config.getoption("--examples")
    if examples is None:
        examples = EXAMPLES[profile]
    if examples < 1:
        _refuse(f"--examples: {examples} must be 1 or more")
    modes, named_signatures = (config.getoption(option) for option in NARROWING)
    modes = USUAL_MODES if modes is None else _listed("--modes", modes)
    for mode in modes:
        if not is_mode(mode):
            _refuse(f"--modes: {mode!r} is not a mode; use {HINT}")
        if len(mode) > MAX_ORDER:
            _refuse(
                f"--modes: {mode!r} is longer than {MAX_ORDER}, the order to which truth is "
                f"certified"
            )
    signatures = (
        SIGNATURES
        if named_signatures is None
        else _listed("--signature", named_signatures, SIGNATURES)
    )
    names = _listed("--engine", ",".join(config.getoption("--engine") or registry.DEFAULT))
    engines, named, absent = {}, {}, {}
    for name in names:
        try:
            engine = registry.find(name)
        except registry.UnknownEngine as error:
            _refuse(str(error))
        if engine.name in engines or engine.name in absent:
            _refuse(f"--engine: two engines are named {engine.name!r}")
        if engine.installed():
            engines[engine.name] = engine
            named[engine.name] = name
        else:
            absent[engine.name] = f"{engine.distribution} is not installed"
    seed = config.getoption("--seed")
    if hasattr(config, "workerinput"):
        seed = config.workerinput[SEED]
    if seed is None:
        seed = 0 if profile == "ci" else secrets.randbelow(2**32)
    try:
        entries = load()
    except MalformedEntry as error:
        _refuse(str(error))
    only = frozenset(option for option in NARROWING if config.getoption(option) is not None)
    config.stash[RUN] = Run(
        engines,
        named,
        absent,
        modes,
        signatures,
        examples,
        seed,
        profile,
        EnginePool(engines.values()),
        entries,
        only,
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    run = metafunc.config.stash[RUN]
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
    if "signature" in wanted:
        metafunc.parametrize("signature", run.signatures)
    if "mode" in wanted:
        metafunc.parametrize("mode", run.modes)

    # The engine varies fastest: all engines are asked one cell's cases while these are fresh.
    if "engine" in wanted:
        metafunc.parametrize("engine", engines)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    asked = {item.callspec.params.get("engine") for item in items if hasattr(item, "callspec")}
    run = config.stash[RUN]
    run.pool.ahead = tuple(name for name in run.engines if name in asked)


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Run:
    return request.config.stash[RUN]


@pytest.fixture(scope="session", autouse=True)
def _engines_start(request: pytest.FixtureRequest) -> Iterator[None]:
    run = request.config.stash[RUN]
    for name in run.pool.ahead:
        try:
            run.pool.sandbox(name)
        except EngineUnavailable as error:
            _refuse(f"engine {error}")
    yield
    run.pool.close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Before a worker of pytest-xdist begins: all of them ask cases of one seed."""
    node.workerinput[SEED] = node.config.stash[RUN].seed


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[RECORD] = session.config.stash[RUN].record


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """After a worker's end: what it counted."""
    run = node.config.stash[RUN]
    try:
        run.merge(node.workeroutput[RECORD])
    except (AttributeError, KeyError):
        run.lost.append(node.gateway.id)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    run = config.stash[RUN]
    write = terminalreporter.write_line
    terminalreporter.section("verdicts")
    for line in run.table_lines():
        write(line)
    met = run.met
    for entry in run.entries:
        if met[entry.name]:
            write(f"known: {entry.name}: {met[entry.name]} cases: {entry.summary} ({entry.issue})")
    for worker in run.lost:
        write(f"lost: worker {worker} died: what it judged is not in the table")
    for name, why in run.absent.items():
        write(f"skipped: {name}: {why}")
    write(
        f"profile {run.profile}, seed {run.seed}, {run.examples} generated cases per engine, word "
        f"and signature"
    )
