"""Campaigns on many machines: a dask scheduler's workers in the place of processes of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from reports.store import StoreError


@contextmanager
def cluster(address: str) -> Iterator[Callable[[], Executor]]:
    """What gives the executor of that scheduler. Raises StoreError where it does not answer."""
    from distributed import Client

    try:
        client: Any = Client(address, timeout=10)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise StoreError(f"{address}: no scheduler answers: {str(error).partition(chr(10))[0]}") from None
    with client:
        yield lambda: client.get_executor(retries=0, pure=False)
