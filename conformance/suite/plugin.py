"""The pytest plugin: turns the suite on in the runs of pytest that name it, and only in those.

pytest loads this module in every run, as it does every installed plugin. It therefore imports
nothing but pytest, what pytest needs, and the standard library. Options, hooks and Hypothesis come
with `ad_conformance.conformance.suite.session`, which is registered if an argument names the
package (`--pyargs ad_conformance.conformance`) or a path in its folder.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from ad_conformance.generators.prerequisites import obstacle

PACKAGE = "ad_conformance.conformance"
FOLDER = Path(__file__).resolve().parents[1]
#: The module with the suite's options and hooks, and the name of it as a plugin.
SESSION = f"{PACKAGE}.suite.session"
#: The suite's options. A repository may have an option of the same name in its own conftest.py, and
#: pytest refuses two. In a run of the suite they are therefore renamed: `--engine` to
#: `--ad-conformance-engine`.
OPTIONS = (
    *("--engine", "--python", "--modes", "--signature", "--wrappers"),
    *("--examples", "--seed", "--strict"),
)
PREFIX = "--ad-conformance-"


def is_in_suite(path: Path) -> bool:
    """Whether the file or folder is in the suite's package."""
    path = path.resolve()
    return path == FOLDER or FOLDER in path.parents


def name_suite(arguments: Sequence[str], folder: Path) -> bool:
    """Whether arguments of pytest name the package, or a path (from `folder`) in it."""
    modules = "--pyargs" in arguments
    for before, argument in pairwise(("", *arguments)):
        name = argument.partition("::")[0]
        if before == "-p" or name.startswith("-"):
            continue
        if modules and (name == PACKAGE or name.startswith(f"{PACKAGE}.")):
            return True
        if (folder / name).exists() and is_in_suite(folder / name):
            return True
    return False


def renamed(arguments: Sequence[str]) -> list[str]:
    """The arguments with the suite's options under the names that no other plugin has."""
    result = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name in OPTIONS:
            argument = f"{PREFIX}{name.removeprefix('--')}{equals}{value}"
        result.append(argument)
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Turn the suite on if an argument names it.

    If the suite cannot run here, print one line and end with exit status 2.
    """
    if name_suite(args, early_config.invocation_params.dir):
        if why := obstacle():
            print(f"ad-conformance: {why}", file=sys.stderr)
            raise SystemExit(2)
        args[:] = renamed(args)
        early_config.pluginmanager.register(importlib.import_module(SESSION), SESSION)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the suite out of a run that collects a folder above it."""
    if collection_path.name != FOLDER.name or config.pluginmanager.has_plugin(SESSION):
        return None
    return True if collection_path.resolve() == FOLDER else None
