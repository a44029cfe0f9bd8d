"""A Dask cluster: the one this process is a client of, another, or one started here."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import DaskUnavailable
from django_ray_runtime.executors.base import Executor

logger = logging.getLogger(__name__)

JOIN_SECONDS = 10
ANSWER_SECONDS = 5.0
SAME = ("python", "dask", "distributed")


@dataclass(slots=True)
class DaskCluster:
    """A client, and what `close()` has to end: only what was started here."""

    client: Any
    joined: bool  # by us: then close() leaves it
    local: Any = None  # started by us: then close() ends it

    def executor(self) -> Executor:
        """What runs calls on it."""
        from django_ray_runtime.executors.dask import DaskExecutor

        return DaskExecutor(self.client, self.local)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Within this context, fan-out goes to this cluster."""
        from django_ray_runtime.distributed import using_executor

        with using_executor(self.executor()):
            yield

    def close(self) -> None:
        """Leave the cluster, and end it if it was started here. May be called twice."""
        if self.joined:
            self.client.close()
        if self.local is not None:
            self.local.close()


def join_or_start(address: str | None = None, num_workers: int | None = None) -> DaskCluster:
    """Connect this process to Dask.

    `address` (`HOST:PORT`, `tcp://HOST:PORT` or `tls://HOST:PORT`) joins that scheduler. Without
    one, the client that this process has is taken, and else `num_workers` processes (one for each
    CPU) are started on this machine, on loopback only and without a dashboard.
    Raises DaskUnavailable, in one line, when that cannot be done.
    """
    _demand_dask()
    if address is not None:
        return _join(address)
    from distributed import get_client

    try:
        return DaskCluster(get_client(), joined=False)
    except ValueError:  # this process has none yet
        from django_ray_runtime.executors import dask_local

        return _started(lambda: dask_local.start(num_workers or _processes()))


def join_or_start_for_tasks(address: str | None, folder: str | None) -> DaskCluster:
    """Connect a worker to Dask: `local` starts one on this machine, `auto` joins the scheduler that
    Dask's own settings name (DASK_SCHEDULER_ADDRESS), else starts one, an address joins that."""
    _demand_dask()
    import dask

    from django_ray_runtime.executors import dask_local

    if address in {None, "auto"}:
        address = dask.config.get("scheduler-address", None) or "local"
    if address == "local":
        processes = runtime_settings().ray_num_cpus or _processes()
        return _started(lambda: dask_local.start_for_tasks(processes, folder))
    return _join(str(address))


def _processes() -> int:
    return os.process_cpu_count() or 1


def _demand_dask() -> None:
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise DaskUnavailable(
            f"Dask cannot be imported ({error}): pip install distributed, or go on without it."
        ) from None


def _started(start: Callable[[], Any]) -> DaskCluster:
    from distributed import Client

    try:
        local = start()
        return DaskCluster(Client(local, set_as_default=False), joined=True, local=local)
    except (OSError, TimeoutError, RuntimeError, ValueError) as error:
        raise DaskUnavailable(
            f"Dask could not be started here: {_first_line(error)}.", may_pass=True
        ) from error


def _join(address: str) -> DaskCluster:
    from distributed import Client

    url = address if "://" in address else f"tcp://{address}"
    _demand_answer(address, url)
    try:
        client = Client(url, timeout=JOIN_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, RuntimeError, ValueError) as error:
        raise DaskUnavailable(
            f"Dask at {address} does not take us: {_first_line(error)}. Check the address, and "
            "that a scheduler of the same version listens there.",
            may_pass=isinstance(error, (OSError, TimeoutError)),
        ) from error
    try:
        _demand_same_software(client, address)
    except DaskUnavailable:
        client.close()
        raise
    return DaskCluster(client, joined=True)


def _demand_answer(address: str, url: str) -> None:
    """Dask itself goes on trying an address that nobody answers."""
    try:
        parts = urlsplit(url)
        place = (parts.hostname, parts.port)
    except ValueError:
        place = (None, None)
    if parts.scheme not in {"tcp", "tls"} or not all(place):
        raise DaskUnavailable(
            f"A Dask address is auto, local, HOST:PORT or tcp://HOST:PORT, got {address!r}."
        )
    try:
        socket.create_connection(place, ANSWER_SECONDS).close()
    except OSError as error:
        raise DaskUnavailable(
            f"No Dask answers at {address}: {error}. Start one with `dask scheduler`, correct the "
            "address, or use --address local.",
            may_pass=True,
        ) from None


def _demand_same_software(client: Any, address: str) -> None:
    """Calls travel as pickles of this Python: other versions fail at them, or worse, do not."""
    found = client.get_versions()
    ours = _software(found["client"])
    others = {"the scheduler": found["scheduler"], **found["workers"]}
    for who, theirs in others.items():
        if theirs and (software := _software(theirs)) != ours:
            raise DaskUnavailable(
                f"Dask at {address} runs other versions: expected {_told(ours)} as here, got "
                f"{_told(software)} on {who}. Install the same there."
            )
    if not found["workers"]:
        logger.warning("Dask at %s has no worker yet: waiting for one (`dask worker`).", address)


def _software(versions: dict[str, Any]) -> dict[str, str]:
    packages: dict[str, str] = {name: str(versions["packages"].get(name)) for name in SAME}
    return packages | {"python": ".".join(packages["python"].split(".")[:2])}


def _told(software: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in software.items())


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
