"""The pages that the tests of this folder look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from ad_conformance.reports.atlas.site import write_site

from tests.reports.atlas import made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("atlas")
    write_site(made.write(out), out)
    return out
