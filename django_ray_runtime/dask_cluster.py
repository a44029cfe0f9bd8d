"""A Dask cluster for fan-out: the one this process is a client of, another, or one started here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django_ray_runtime.exceptions import DaskUnavailable

JOIN_SECONDS = 10


@dataclass(slots=True)
class DaskCluster:
    """A client, and what `close()` has to end: only what was started here."""

    client: Any
    joined: bool  # by us: then close() leaves it
    local: Any = None  # started by us: then close() ends it

    @contextmanager
    def used(self) -> Iterator[None]:
        """Within this context, fan-out goes to this cluster."""
        from django_ray_runtime.distributed import using_executor
        from django_ray_runtime.executors.dask import DaskExecutor

        with using_executor(DaskExecutor(self.client)):
            yield

    def close(self) -> None:
        """Leave the cluster, and end it if it was started here. May be called twice."""
        if self.joined:
            self.client.close()
        if self.local is not None:
            self.local.close()


def join_or_start(address: str | None = None, num_workers: int | None = None) -> DaskCluster:
    """Connect this process to Dask.

    `address` (`tcp://HOST:PORT`) joins that scheduler. Without one, the client that this process
    has is taken, and else `num_workers` processes (one for each CPU) are started on this machine,
    on loopback only and without a dashboard.
    Raises DaskUnavailable, in one line, when that cannot be done.
    """
    try:
        from distributed import Client, LocalCluster, get_client
    except ImportError:
        raise DaskUnavailable(
            "Dask is not installed: pip install distributed, or go on without it."
        ) from None
    if address is None:
        try:
            return DaskCluster(get_client(), joined=False)
        except ValueError:
            pass  # this process has none yet
    try:
        if address is not None:
            client = Client(address, timeout=JOIN_SECONDS, set_as_default=False)
            return DaskCluster(client, joined=True)
        local = LocalCluster(
            n_workers=num_workers or os.process_cpu_count() or 1,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
        )
        return DaskCluster(Client(local, set_as_default=False), joined=True, local=local)
    except (OSError, TimeoutError, RuntimeError, ValueError) as error:
        told = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        where = f"at {address}" if address else "on this machine"
        raise DaskUnavailable(f"No Dask {where}: {told}.") from error
