"""A test module with the name of one of the suite's."""

from __future__ import annotations

import conformance


def test_the_package_is_the_repositorys_own() -> None:
    assert conformance.OWNER == "mylib"
