"""Cases that ask an operation under another of the names that an engine has for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.sampling import operation_examples


def named_cases(
    names: Mapping[str, Sequence[object]], mode: str, count: int = 1, turn: int = 0, every: int = 1
) -> Iterator[Case]:
    """`count` cases in that mode for each further name, always the same.

    `names` are those of a dialect. Only one name of `every` is asked; `turn` says which.
    """
    chosen = [(operation, k) for operation, others in names.items() for k in range(len(others))]
    for operation, k in chosen[turn % every :: every]:
        # Each name gets cases of its own.
        found = list(operation_examples(operation, mode, count * (k % 4 + 1)))[-count:]
        for case in found:
            if (other := valid(replace(case, names=k + 1))) is not None:
                yield other
