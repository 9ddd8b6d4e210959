"""Complex detours that come back real, control flow, and derivatives inside a program."""

from __future__ import annotations

from collections.abc import Sequence

from generators.operations import Operation

ROWS: Sequence[Operation] = ()
