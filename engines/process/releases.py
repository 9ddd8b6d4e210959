"""The releases of a distribution, as pip lists them from the index that it is configured with."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys

from packaging.version import InvalidVersion, Version

#: Seconds that the index may take to answer.
PATIENCE = 180.0


class NoReleases(Exception):
    """The releases cannot be listed; the message says why, in one line."""


def released(distribution: str, *, prereleases: bool = False, python: str = "") -> tuple[str, ...]:
    """The releases that pip offers this Python, or the interpreter at the path `python`, oldest
    first.

    Yanked releases are left out; pre-releases are included only with `prereleases`. Raises
    NoReleases.
    """
    # pip knows its index, mirrors, folders, credentials and certificates. So pip is asked, and not
    # the index itself.
    # With `--python`, this pip runs in the other interpreter, which need not have a pip.
    pip = [sys.executable, "-m", "pip", *(["--python", python] if python else [])]
    command = [*pip, "index", "versions", distribution, "--no-color"]
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
    # pip goes on without an index that it cannot reach. The list would have gaps.
    if broken := re.search(r"Retry\(total=0,.* connection broken by '(.*)': ", done.stderr):
        reason = re.sub("<[^>]*>: ", "", broken[1])
        raise NoReleases(
            f"{distribution}: its releases cannot be listed: no connection to the index: {reason}"
        )
    found = re.search("^Available versions: (.*)$", done.stdout, re.MULTILINE)
    if done.returncode or found is None:
        reason = (done.stderr.strip().splitlines() or ["pip printed nothing"])[-1].removeprefix(
            "ERROR: "
        )
        raise NoReleases(f"{distribution}: its releases cannot be listed: {reason}")
    versions = set()
    for text in found[1].split(", "):
        # Old releases have names that are no versions; no installer accepts them any more.
        with contextlib.suppress(InvalidVersion):
            # A local version is another build of the same release.
            versions.add(Version(Version(text).public))
    if not versions:
        raise NoReleases(f"{distribution}: none of its releases has a version: {found[1]}")
    return tuple(str(version) for version in sorted(versions))
