"""Which releases of a distribution there are: what pip lists from the index that it is configured
with.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys

from packaging.version import InvalidVersion, Version

#: Seconds that the index may take.
PATIENCE = 180.0


class NoReleases(Exception):
    """The releases cannot be listed; the message says why, in one line."""


def released(distribution: str, *, prereleases: bool = False) -> tuple[str, ...]:
    """The releases that pip offers this Python, oldest first: without yanked ones, and pre-releases
    only if asked for.

    Raises NoReleases.
    """
    # Not the simple API itself: which index, mirrors, folders, credentials and certificates there
    # are, pip knows.
    command = [sys.executable, "-m", "pip", "index", "versions", distribution, "--no-color"]
    try:
        done = subprocess.run(
            [*command, *(["--pre"] if prereleases else [])],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoReleases(
            f"{distribution}: its index did not answer within {PATIENCE:g} s"
        ) from None
    # pip goes on without an index that it cannot reach; a list with gaps would be taken for the
    # whole.
    if broken := re.search(r"Retry\(total=0,.* connection broken by '(.*)': ", done.stderr):
        reason = re.sub("<[^>]*>: ", "", broken[1])
        raise NoReleases(
            f"{distribution}: its releases cannot be listed: no connection to the index: {reason}"
        )
    found = re.search("^Available versions: (.*)$", done.stdout, re.MULTILINE)
    if done.returncode or found is None:
        reason = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1].removeprefix(
            "ERROR: "
        )
        raise NoReleases(f"{distribution}: its releases cannot be listed: {reason}")
    versions = set()
    for text in found[1].split(", "):
        # Names from before there were rules for them; no installer takes them any more.
        with contextlib.suppress(InvalidVersion):
            # A local version is another build of the same release.
            versions.add(Version(Version(text).public))
    if not versions:
        raise NoReleases(f"{distribution}: none of its releases has a version: {found[1]}")
    return tuple(str(version) for version in sorted(versions))
