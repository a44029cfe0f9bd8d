"""Running functions on Dask, where `distributed` is installed and a cluster is there."""

import time
import uuid
from collections.abc import Callable, Collection
from concurrent.futures import CancelledError, Future, wait
from contextlib import suppress
from typing import Any, ClassVar

import cloudpickle
from distributed import Client, KilledWorker, LocalCluster, get_client, get_worker

from django_ray_runtime.exceptions import CallCancelled, CallLost, ExecutorLost, PerhapsLost
from django_ray_runtime.executors import dask_call, room
from django_ray_runtime.executors.base import (
    DEFAULT_OPTIONS,
    CallOptions,
    Executor,
    Handle,
    Here,
    OnDone,
    Shared,
)
from django_ray_runtime.executors.dask_call import Stored
from django_ray_runtime.executors.dask_local import ONCE, end_process_of
from django_ray_runtime.executors.parcel import pack

# Larger shared values are given to the cluster once; smaller ones travel with each call.
INLINE_BYTES = 64 * 1024
# What is up to this goes through the scheduler, which can give it again when workers are lost.
MESSAGE_BYTES = 8 * 1024 * 1024
_SLOTS_AGE = 5.0  # seconds for which the size of the cluster is remembered
_NAP = 0.5  # seconds between chances to be interrupted


class DaskExecutor(Executor):
    """Runs each call as a Dask task, in a thread of a Dask worker.

    A call takes one thread, whatever its num_cpus; GPUs and resources are the worker's resources
    of that name (`dask worker --resources "GPU=1"`). Memory and runtime_env have no counterpart.
    How often a call is run again whose worker died is the scheduler's
    `distributed.scheduler.allowed-failures`; a scheduler of our own takes max_retries=0 for never.
    """

    name: ClassVar[str] = "dask"
    most_chunk_bytes: ClassVar[int] = MESSAGE_BYTES
    may_start_again: ClassVar[bool] = True

    def __init__(self, client: Client | None = None, local: LocalCluster | None = None) -> None:
        """Over the cluster of `client`, else over that of this task or process; ValueError
        where there is none, or where it is asynchronous. Where the cluster is `local`, ours on
        this machine, a call can be ended by force, with its process."""
        self._client: Any = client or get_client()
        self._local = local
        self._ended: set[str] = set()  # Dask workers that we killed
        if self._client.asynchronous:
            raise ValueError("The client of Dask is asynchronous; expected Client(…) without that.")
        self._slots = 0
        self._slots_until = 0.0

    def submit(
        self,
        func: Callable[..., Any],
        *args: Any,
        options: CallOptions = DEFAULT_OPTIONS,
        on_done: OnDone | None = None,
        **kwargs: Any,
    ) -> Handle:
        name = options.name or getattr(func, "__name__", "call")
        key = f"{name}{'-' if options.max_retries else ONCE}{uuid.uuid4().hex}"
        root = dask_call.root_of_here() or key
        parcel = cloudpickle.dumps(pack(func, args, kwargs))
        shared = {one.key: one.future for one in args if isinstance(one, Stored)}
        future = self._client.submit(
            dask_call.run_call, key, root, parcel, shared, key=key, pure=False,
            fifo_timeout=0,  # in their order
            resources=_resources(options) or None,
        )  # fmt: skip
        return _DaskCall(future, on_done)

    def wait(self, handles: Collection[Handle], timeout: float | None = None) -> list[Handle]:
        by_future = {call.done: call for call in handles}
        done, _ = wait(by_future, 0)
        if not done and timeout != 0:
            dask_call.give_thread_back()
            until = float("inf") if timeout is None else time.monotonic() + timeout
            while not done and (left := until - time.monotonic()) > 0:
                done, _ = wait(by_future, min(left, _NAP), return_when="FIRST_COMPLETED")
        return [call for future, call in by_future.items() if future in done]

    def outcome(self, handle: Handle) -> Any:
        future = handle.future
        if future.status == "finished":
            try:
                return future.result()
            except (CancelledError, OSError) as gone:
                self.demand_alive()
                raise CallLost(f"The Dask worker that held the outcome is gone: {gone}") from None
        if future.status != "error":
            if handle.cancelled:
                raise CallCancelled("The call was taken back or stopped.")
            self.demand_alive()
            if future.status == "cancelled":  # not by us; perhaps it goes on there
                raise PerhapsLost("The scheduler of Dask dropped the call, or was gone.")
            raise CallLost("The workers that held what the call needs have ended.")
        error = future.exception()
        if isinstance(error, KilledWorker):
            place = error.last_worker.address
            kind = PerhapsLost if place in self._ended else CallLost
            raise kind(f"The Dask worker {place} is gone.") from None
        if not isinstance(error, Exception):
            raise RuntimeError(f"A call failed on Dask: {error!r}")
        raise error

    def recall(self, handle: Handle) -> None:
        self.interrupt(handle)

    def interrupt(self, handle: Handle) -> None:
        """Wherever it is: a call that has not started never does in a process that was told so."""
        self._interrupt([handle.future.key])

    def cancel(self, handle: Handle) -> None:
        """A thread cannot be stopped by force: it ends where it next runs Python code, or, on a
        cluster of our own, with its process."""
        if self._local is not None and not handle.done.done():
            end_process_of(self._local, self._client, handle.future.key, self._ended.add)
        self.cancel_all([handle])

    def cancel_all(self, handles: Collection[Handle]) -> None:
        running = [call for call in handles if not call.done.done()]
        if not running:
            return
        for call in running:
            call.cancelled = True
        with suppress(Exception):  # a client that is closed
            futures = [call.future for call in running]
            self._client.cancel(futures, force=True)
            self._interrupt([one.key for one in futures])

    def _interrupt(self, keys: list[str]) -> None:
        # Nobody waits for the answers: a worker may be busy in compiled code.
        self._client.loop.add_callback(
            self._client._run, dask_call.interrupt, keys, on_error="ignore"
        )

    def slots(self) -> int:
        if time.monotonic() >= self._slots_until:
            self._slots = max(1, sum(self._client.nthreads().values()))
            self._slots_until = time.monotonic() + _SLOTS_AGE
        return self._slots

    def slots_for(self, options: CallOptions) -> int:
        wanted = _resources(options)
        if not wanted:
            return self.slots()
        places: list[int] = [
            min(worker["nthreads"], room.times(worker["resources"], wanted))
            for worker in self._workers().values()
        ]
        return max(1, sum(places))

    def share[T](self, value: T) -> Shared[T]:
        data = cloudpickle.dumps(value)
        if len(data) <= INLINE_BYTES:
            return Here(value)
        key = f"shared-{uuid.uuid4().hex}"
        if len(data) <= MESSAGE_BYTES:
            return Stored(key, self._client.submit(_same, data, key=key, pure=False))
        # To all workers, so that it outlives any of them.
        return Stored(key, self._client.scatter(data, hash=False, broadcast=True))

    def demand_room(self, options: CallOptions) -> None:
        if wanted := _resources(options):
            room.demand_room(
                [worker["resources"] for worker in self._workers().values()], wanted,
                "Dask worker", "Ask for less, or start a worker with --resources.",
            )  # fmt: skip

    def demand_way(self, options: CallOptions) -> None:
        # A task that waits gives its thread back and keeps its resources; and Dask may put what it
        # calls on its own worker, whatever is free on others.
        try:
            worker = get_worker()
            task = worker.state.tasks[worker.get_current_task()]
        except (ValueError, KeyError):  # not in a task
            return
        held = task.resource_restrictions or {}
        own = [(worker.state.total_resources, True)]
        room.demand_room_beside(
            own, held, _resources(options), "call", "Let the outer call ask for less."
        )

    def _workers(self) -> dict[str, dict[str, Any]]:
        """What the scheduler knows of each worker, by its address."""
        workers: dict[str, dict[str, Any]] = self._client.scheduler_info(n_workers=-1)["workers"]
        return workers

    def demand_alive(self) -> None:
        if self._client.status != "running":
            raise ExecutorLost(f"The client of Dask is {self._client.status}.")

    def close(self) -> None:
        """Whoever connected to Dask disconnects."""


class _DaskCall:
    """One submitted call. Compared by identity."""

    __slots__ = ("cancelled", "done", "future")

    def __init__(self, future: Any, on_done: OnDone | None) -> None:
        self.future = future
        self.cancelled = False
        self.done: Future[None] = Future()
        future.add_done_callback(lambda _: self._finish(on_done))

    def _finish(self, on_done: OnDone | None) -> None:
        self.done.set_result(None)
        if on_done is not None:
            on_done(self)


def _same(data: bytes) -> bytes:
    return data


def _resources(options: CallOptions) -> dict[str, float]:
    """What a worker must have, by Dask's names."""
    wanted = {"GPU": options.num_gpus, **dict(options.resources)}
    return {name: value for name, value in wanted.items() if value}
