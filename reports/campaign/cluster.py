"""Campaigns on many machines: a dask scheduler's workers in the place of processes of one's own."""

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

#: Seconds for which a count of threads is believed.
_COUNTED = 1.0
_PACKAGE = "ad-conformance"


class Cluster(Executor):
    """The workers of a scheduler, however many they are just now."""

    def __init__(self, client: Any) -> None:
        self._client = client
        # Another try is the campaign's to decide.
        self._executor = client.get_executor(retries=0, pure=False)
        self._threads, self._counted = 0, -_COUNTED

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As an executor; the future is cancelled when the scheduler is gone."""
        future: Future[Any] = self._executor.submit(fn, *args, **kwargs)
        return future

    def threads(self) -> int:
        """How many shards the workers can be at; none while the scheduler does not answer."""
        if time.monotonic() - self._counted >= _COUNTED:
            try:
                self._threads = sum(self._client.nthreads().values())
            except OSError:
                self._threads = 0
            self._counted = time.monotonic()
        return self._threads


@contextmanager
def cluster(address: str) -> Iterator[Callable[[], Executor]]:
    """What gives the executor of that scheduler. Raises StoreError where it does not answer, or has
    other workers.

    How long it has to answer is dask's own setting, distributed.comm.timeouts.connect.
    """
    from distributed import Client
    from distributed.comm.addressing import get_address_host_port, normalize_address

    # What dask has to say of a scheduler that is gone, in many lines, the campaign says in one.
    for name in ("distributed.client", "distributed.core", "distributed.utils"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        # A client that never was one takes long to go.
        get_address_host_port(normalize_address(address), strict=True)
        client: Any = Client(address, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{address}: no scheduler answers: {str(error).partition(chr(10))[0]}"
        ) from None
    with client:
        # A worker that cannot read what it is sent dies of it, and takes shards with it.
        here = version(_PACKAGE)
        for worker, there in client.run(version, _PACKAGE, on_error="return").items():
            if there != here:
                found = there if isinstance(there, str) else "not installed"
                raise StoreError(f"{worker}: {_PACKAGE} is {found} there, {here} here")
        executor = Cluster(client)
        if not executor.threads():
            print(f"{address}: no worker is there yet; waiting")
        yield lambda: executor


def worker_lost(error: BaseException) -> bool:
    """Whether dask says that a worker is gone, or the way to it. Where dask was never imported, it
    says nothing.
    """
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(
        error, (distributed.KilledWorker, distributed.comm.CommClosedError)
    )
