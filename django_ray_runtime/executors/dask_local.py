"""A Dask of our own on this machine: on loopback, each process with one thread."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

import dask
from distributed import Client, LocalCluster, Scheduler
from distributed.diagnostics.plugin import SchedulerPlugin

from django_ray_runtime.executors.dask_call import is_running

logger = logging.getLogger(__name__)

ONCE = "-once-"
"""In the key of a call that Dask must not run again when its process dies."""

ANSWER_SECONDS = 2.0  # for a Dask worker to tell what it runs; longer: something holds it

_FOR_TASKS: dict[str, Any] = {
    # A task in compiled code may keep its process silent for long; that one of this machine has
    # ended is told by its connection.
    "distributed.scheduler.worker-ttl": None,
    "distributed.deploy.lost-worker-timeout": "7 days",  # then it would start no other any more
    "distributed.worker.daemon": False,  # which would forbid tasks to start processes
    "distributed.worker.profile.enabled": False,  # for a dashboard that there is not
    "distributed.scheduler.http.routes": [],  # which need no certificate
    "distributed.worker.http.routes": [],
}


def start(processes: int, folder: str | None = None) -> LocalCluster:
    """Start so many processes and their scheduler, in this one. Only who has the certificate may
    talk to them, where the package `cryptography` can make one."""
    local = LocalCluster(
        n_workers=processes,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # it listens for HTTP all the same
        local_directory=folder,
        memory_limit=None,  # a share for each would end who needs more while others need none
        security=find_spec("cryptography") is not None,
    )
    scheduler: Any = local.scheduler
    scheduler.add_plugin(_Once(scheduler))
    return local


def start_for_tasks(processes: int, folder: str | None) -> LocalCluster:
    """The same for a process that has no other use of Dask: its settings change."""
    dask.config.set(_FOR_TASKS)
    # It would tell each loss as if several processes had been lost; the worker tells it rightly.
    logging.getLogger("distributed.scheduler").setLevel(logging.CRITICAL)
    return start(processes, folder)


class _Once(SchedulerPlugin):
    """A call whose key says so is given up when its process dies, as one that has ended too many
    of them."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler: Any = scheduler

    def transition(self, key: Any, start: str, finish: str, *args: Any, **kwargs: Any) -> None:
        if finish == "processing" and isinstance(key, str) and ONCE in key:
            self._scheduler.tasks[key].suspicious = self._scheduler.allowed_failures


def end_process_of(
    local: LocalCluster, client: Client, key: str, note: Callable[[str], None]
) -> None:
    """Kill the process that runs this call, soon, and what else that runs; `note` is told its
    address just before. Another one takes its place."""
    scheduler: Any = local.scheduler
    task = scheduler.tasks.get(key)
    place = task.processing_on if task is not None else None
    if place is not None:
        threading.Thread(target=_end, args=(local, client, key, place, note), daemon=True).start()


def _end(
    local: LocalCluster, client: Any, key: str, place: Any, note: Callable[[str], None]
) -> None:
    with suppress(OSError, TimeoutError):  # no answer: a call that holds the interpreter
        told = client.sync(
            client._run, is_running, key, workers=[place.address], callback_timeout=ANSWER_SECONDS
        )
        if not told[place.address]:
            return
    note(place.address)
    with suppress(KeyError, ProcessLookupError, TypeError):  # it has ended meanwhile
        os.kill(local.workers[place.name].pid, signal.SIGKILL)
        logger.warning("Ended the process of a call that did not let itself be stopped.")
