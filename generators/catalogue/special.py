"""Special functions."""

from __future__ import annotations

from collections.abc import Sequence

from generators.operations import Operation

ROWS: Sequence[Operation] = ()
