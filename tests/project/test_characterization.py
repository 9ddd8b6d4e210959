"""Case ids, scripts, certified derivatives and buckets equal the stored ones.

They are stored in `tests/characterization`.
"""

from __future__ import annotations

import pytest

from tests.characterization import freeze


@pytest.mark.slow
@pytest.mark.parametrize("name", ["case_ids", "scripts", "truths"])
def test_frozen_data_reproduce(name: str) -> None:
    found, stored = freeze.FROZEN[name](), freeze.stored(name)
    if isinstance(stored, dict):
        assert {k: v for k, v in found.items() if stored.get(k) != v} == {}
        assert found.keys() == stored.keys()
    assert found == stored


@pytest.mark.slow
def test_frozen_buckets_reproduce() -> None:
    stored = freeze.stored("causes")
    assert freeze.causes(freeze.QUICK) == {
        str(number): stored[str(number)] for number in freeze.QUICK
    }
