"""The options of the suite, and the run that they describe."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, NoReturn

import pytest
from ad_conformance.conformance.known_failures import MalformedEntry, load
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.reference.certify import MAX_ORDER
from ad_conformance.conformance.suite.plugin import OPTIONS, PREFIX
from ad_conformance.conformance.suite.run import Run
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.interpreters import BadInterpreter, checked
from ad_conformance.generators.ir.mode import FURTHER_MODES, HINT, USUAL_MODES, is_mode
from ad_conformance.generators.ir.nest import WRAPPERS
from ad_conformance.generators.ir.operator import SIGNATURES
from ad_conformance.generators.suggestion import did_you_mean
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import InvalidArgument

#: Options that change more than one value, if they are given.
CHOOSING = ("--modes", "--signature", "--wrappers", "--examples")
#: The value of --wrappers for a run without wrapped cases.
NO_WRAPPERS = "none"
#: Generated cases per engine, mode and signature, for each profile.
EXAMPLES = {"ci": 10, "explore": 100}


def profile_settings(profile: str) -> settings:
    """Hypothesis settings of a profile of the suite.

    They are given to each test of the suite by hand: a loaded profile would also hold for the
    tests of the repository that the suite runs in. Everything that a loaded profile of that
    repository may set is set here.
    """
    phases = [Phase.generate, Phase.shrink]
    if profile == "explore":
        phases.append(Phase.target)
    return settings(
        max_examples=EXAMPLES[profile],
        derandomize=profile == "ci",
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=phases,
        report_multiple_bugs=False,
        print_blob=False,
        backend="hypothesis",
    )


def add(parser: pytest.Parser) -> None:
    """Add the options to pytest's parser, under the names that no other plugin has."""
    group = parser.getgroup(
        "ad-conformance", f"ad-conformance ({', '.join(OPTIONS)} are short for these)"
    )
    group.addoption(
        f"{PREFIX}engine",
        action="append",
        metavar="NAMES",
        help=f"engines, separated by commas: {', '.join(registry.OWN)}, an installed entry point, "
        f"or package.module:attribute (default: {','.join(registry.DEFAULT)})",
    )
    group.addoption(
        f"{PREFIX}python",
        metavar="PATH",
        help=f"{registry.PYTHON} (default: the interpreter of this run)",
    )
    group.addoption(
        f"{PREFIX}modes",
        metavar="MODES",
        help=f"modes of generated and pinned cases, outermost letter first (default: "
        f"{','.join(USUAL_MODES)}, and pinned cases in all modes)",
    )
    group.addoption(
        f"{PREFIX}signature",
        metavar="SIGNATURES",
        help="signatures of generated and pinned cases (default: all nine)",
    )
    group.addoption(
        f"{PREFIX}wrappers",
        metavar="WRAPPERS",
        help="wrappers of generated and pinned cases, such as jit,vmap; none for no such cases "
        "(default: all that the engine has)",
    )
    group.addoption(
        f"{PREFIX}examples",
        type=int,
        metavar="N",
        help=f"generated cases per engine, mode and signature (default: {EXAMPLES}, and a third "
        f"as many in {', '.join(FURTHER_MODES)})",
    )
    group.addoption(
        f"{PREFIX}seed",
        type=int,
        metavar="N",
        help="seed of the generated cases (default: 0 in profile ci, else random)",
    )

    group.addoption(
        f"{PREFIX}strict",
        action="store_true",
        help="fail if an entry of a known failure does not say what its pinned case does on this "
        "release, fixed failures included",
    )


def given(config: pytest.Config, option: str) -> Any:
    """The value of one of OPTIONS."""
    return config.getoption(f"{PREFIX}{option.removeprefix('--')}")


def refuse(message: str) -> NoReturn:
    """End the run with exit status 2 and one line."""
    pytest.exit(f"ad-conformance: {message}", returncode=2)


def _listed(option: str, given: str, allowed: tuple[str, ...] | None = None) -> tuple[str, ...]:
    items = tuple(dict.fromkeys(item.strip() for item in given.split(",") if item.strip()))
    if not items:
        refuse(f"{option}: nothing is named")
    for item in items:
        if allowed is not None and item not in allowed:
            hint = did_you_mean(item, allowed)
            refuse(f"{option}: {item!r} is not one of {', '.join(allowed)}{hint}")
    return items


def _profile(config: pytest.Config) -> str:
    """The suite's profile; "ci" if --hypothesis-profile names one that the repository has."""
    name: str = config.getoption("--hypothesis-profile", None) or "ci"
    if name not in EXAMPLES:
        try:
            settings.get_profile(name)
        except InvalidArgument:
            refuse(f"--hypothesis-profile: {name!r} is not one of {', '.join(EXAMPLES)}")
        return "ci"
    try:
        settings.get_profile(name)
    except InvalidArgument:
        # Hypothesis loads the profile that the option names, and refuses one it does not know.
        settings.register_profile(name, settings.default)
    return name


def _modes(config: pytest.Config) -> tuple[str, ...]:
    named = given(config, "--modes")
    if named is None:
        return USUAL_MODES
    modes = _listed("--modes", named)
    for mode in modes:
        if not is_mode(mode):
            refuse(f"--modes: {mode!r} is not a mode; use {HINT}")
        if len(mode) > MAX_ORDER:
            refuse(
                f"--modes: {mode!r} is longer than {MAX_ORDER}, the highest order of certified "
                f"derivatives"
            )
    return modes


def _signatures(config: pytest.Config) -> tuple[str, ...]:
    named = given(config, "--signature")
    return SIGNATURES if named is None else _listed("--signature", named, SIGNATURES)


def _wrappers(config: pytest.Config) -> tuple[str, ...]:
    named = given(config, "--wrappers")
    if named == NO_WRAPPERS:
        return ()
    return tuple(WRAPPERS) if named is None else _listed("--wrappers", named, tuple(WRAPPERS))


def _engines(config: pytest.Config) -> tuple[dict[str, Engine], dict[str, str], dict[str, str]]:
    """Installed engines, how each was named, and the reasons why others are skipped."""
    engines: dict[str, Engine] = {}
    named: dict[str, str] = {}
    absent: dict[str, str] = {}
    python = given(config, "--python")
    try:
        python = "" if python is None else checked(python)
    except BadInterpreter as error:
        refuse(f"--python: {error}")
    for name in _listed("--engine", ",".join(given(config, "--engine") or registry.DEFAULT)):
        try:
            engine = registry.find(name, python)
        except registry.UnknownEngine as error:
            refuse(str(error))
        if engine.name in engines or engine.name in absent:
            refuse(f"--engine: two engines are named {engine.name!r}")
        if reason := engine.absent():
            absent[engine.name] = reason
        else:
            engines[engine.name] = engine
            named[engine.name] = name
    return engines, named, absent


def described_run(config: pytest.Config, common: Mapping[str, int]) -> Run:
    """The run that the options describe. `common` is what all workers of pytest-xdist share.

    Ends the run of pytest with exit status 2 for an option that has no meaning.
    """
    profile = _profile(config)
    examples = given(config, "--examples")
    if examples is None:
        examples = EXAMPLES[profile]
    if examples < 1:
        refuse(f"--examples: {examples} must be 1 or more")
    modes, signatures = _modes(config), _signatures(config)
    engines, named, absent = _engines(config)
    seed = common.get("seed", given(config, "--seed"))
    if seed is None:
        seed = 0 if profile == "ci" else secrets.randbelow(2**32)
    try:
        entries = load()
    except MalformedEntry as error:
        refuse(str(error))
    return Run(
        engines=engines,
        named=named,
        absent=absent,
        modes=modes,
        signatures=signatures,
        wrappers=_wrappers(config),
        examples=examples,
        seed=seed,
        profile=profile,
        settings=settings(profile_settings(profile), max_examples=examples),
        pool=EnginePool(engines.values()),
        entries=entries,
        strict=given(config, "--strict"),
        only=frozenset(option for option in CHOOSING if given(config, option) is not None),
    )
