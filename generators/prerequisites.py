"""What must be there before this project can run: the system, and the packages that it needs.

This module is imported before all others. So it must import nothing that may be too old or, on
Windows, missing; of packaging, it needs only what all releases have.
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement
from packaging.version import InvalidVersion

PACKAGE = "ad-conformance"


def obstacle() -> str:
    """Why this project cannot run here, and what to do, in one line; "" if it can."""
    return other_system() or outdated()


def other_system() -> str:
    """Why this project cannot run on this operating system, in one line; "" if it can."""
    if sys.platform != "win32":
        return ""
    return (
        "Windows is not supported, only Linux and macOS are: processes of engines need inherited "
        "pipes and file locks of POSIX. The Windows Subsystem for Linux (WSL) works as Linux does"
    )


def outdated() -> str:
    """Packages that are missing or below the release that this project needs, in one line.

    The result is "" if there are none, and if this project itself is not installed: its metadata
    name the releases.
    """
    try:
        texts = requires(PACKAGE) or []
    except PackageNotFoundError:
        return ""
    found, needed = [], []
    for need in map(Requirement, texts):
        if need.marker is not None and not need.marker.evaluate({"extra": ""}):
            continue
        release = _release(need.name)
        if not _meets(release, need):
            found.append(f"{need.name} {release}" if release else f"no {need.name}")
            needed.append(f"'{need.name}{need.specifier}'")
    if not needed:
        return ""
    return (
        f"needs {' '.join(needed)}, found {', '.join(found)}: run pip install {' '.join(needed)}. "
        f"An engine that needs the older release is tested in an environment of its own, by "
        f"--engine=NAME@RELEASE or --python"
    )


def _release(distribution: str) -> str:
    """The installed release of a distribution, "" if there is none."""
    try:
        return version(distribution) or ""
    except (PackageNotFoundError, KeyError):
        # KeyError, or None before: metadata that were damaged have no release.
        return ""


def _meets(release: str, need: Requirement) -> bool:
    try:
        return bool(release) and need.specifier.contains(release, prereleases=True)
    except InvalidVersion:
        return False
