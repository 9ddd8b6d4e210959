"""Campaigns on many machines: workers of a dask scheduler instead of local processes."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from ad_conformance.reports.campaign.store import StoreError

#: Seconds until the number of threads is asked again.
_COUNTED = 1.0
_PACKAGE = "ad-conformance"


class Cluster(Executor):
    """An executor over the workers of a scheduler; their number may change."""

    def __init__(self, client: Any) -> None:
        self._client = client
        # The campaign itself decides whether to try again.
        self._executor = client.get_executor(retries=0, pure=False)
        self._threads, self._counted = 0, -_COUNTED

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As of an executor. The future is cancelled if the scheduler is gone."""
        future: Future[Any] = self._executor.submit(fn, *args, **kwargs)
        return future

    def threads(self) -> int:
        """How many shards can be at work at a time; 0 while the scheduler does not answer."""
        if time.monotonic() - self._counted >= _COUNTED:
            try:
                self._threads = sum(self._client.nthreads().values())
            except OSError:
                self._threads = 0
            self._counted = time.monotonic()
        return self._threads


@contextmanager
def cluster(address: str) -> Iterator[Callable[[], Executor]]:
    """A function that returns the executor of the scheduler.

    Raises StoreError if the scheduler does not answer, or its workers have another release of
    ad-conformance. The time to answer is dask's setting distributed.comm.timeouts.connect.
    """
    from distributed import Client
    from distributed.comm.addressing import get_address_host_port, normalize_address

    # dask logs many lines if a scheduler is gone; the campaign reports it in one.
    for name in ("distributed.client", "distributed.core", "distributed.utils"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        # Check the address first: closing a client that never connected takes long.
        get_address_host_port(normalize_address(address), strict=True)
        client: Any = Client(address, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{address}: no scheduler answers: {str(error).partition(chr(10))[0]}"
        ) from None
    with client:
        # A worker of another release cannot unpickle its tasks; it would die with its shards.
        here = version(_PACKAGE)
        for worker, there in client.run(version, _PACKAGE, on_error="return").items():
            if there != here:
                found = there if isinstance(there, str) else "not installed"
                raise StoreError(f"{worker}: {_PACKAGE} is {found} there, {here} here")
        executor = Cluster(client)
        if not executor.threads():
            print(f"{address}: there is no worker yet; waiting")
        yield lambda: executor


def worker_lost(error: BaseException) -> bool:
    """Whether dask reports that a worker, or the connection to it, is gone.

    False if dask was never imported.
    """
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(
        error, (distributed.KilledWorker, distributed.comm.CommClosedError)
    )
