"""Running functions on Dask, where `distributed` is installed and a cluster is there."""

import contextvars
import pickle
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import cloudpickle
from distributed import Client, KilledWorker, get_client, get_worker, secede
from distributed.threadpoolexecutor import thread_state

from django_ray_runtime.exceptions import CallCancelled, CallLost, ExecutorLost, Infeasible
from django_ray_runtime.executors.base import (
    DEFAULT_OPTIONS,
    CallOptions,
    Executor,
    Handle,
    Here,
    OnDone,
    Shared,
)
from django_ray_runtime.executors.interrupting import Interruptible
from django_ray_runtime.executors.parcel import invoke, pack

# Larger ones are given to the cluster once; smaller ones travel with each call.
INLINE_BYTES = 64 * 1024
# What is larger than this goes to a worker beside the scheduler's messages.
MESSAGE_BYTES = 1024 * 1024
_SLOTS_AGE = 5.0  # seconds for which the size of the cluster is remembered
_NAP = 0.5  # seconds between chances to be interrupted

_calls = Interruptible()  # those that run in this process, by key


class DaskExecutor(Executor):
    """Runs each call as a Dask task, in a thread of a Dask worker.

    A call takes one thread, whatever its num_cpus; GPUs and resources are the worker's resources
    of that name (`dask worker --resources "GPU=1"`). Memory, runtime_env and max_retries have no
    counterpart: how often a call is run again whose worker died is the scheduler's
    `distributed.scheduler.allowed-failures`.
    """

    name: ClassVar[str] = "dask"

    def __init__(self, client: Client | None = None) -> None:
        """Over the cluster of `client`, else over that of this task or process; ValueError
        where there is none."""
        self._client: Any = client or get_client()
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
        key = f"{options.name or getattr(func, '__name__', 'call')}-{uuid.uuid4().hex}"
        parcel: Any = cloudpickle.dumps(pack(func, args, kwargs))
        if len(parcel) > MESSAGE_BYTES:
            parcel = self._client.scatter(parcel, hash=False)
        shared = {one.key: one.future for one in args if isinstance(one, _Stored)}
        future = self._client.submit(
            _invoke, key, parcel, shared, key=key, pure=False, resources=_resources(options) or None
        )
        call = _DaskCall(future)
        if on_done is not None:
            call.done.add_done_callback(lambda _: on_done(call))
        return call

    def wait(self, handles: Collection[Handle], timeout: float | None = None) -> list[Handle]:
        by_future = {call.done: call for call in handles}
        done, _ = wait(by_future, 0)
        if not done and timeout != 0:
            _give_thread_back()
            until = float("inf") if timeout is None else time.monotonic() + timeout
            while not done and (left := until - time.monotonic()) > 0:
                done, _ = wait(by_future, min(left, _NAP), return_when="FIRST_COMPLETED")
        return [call for future, call in by_future.items() if future in done]

    def outcome(self, handle: Handle) -> Any:
        future = handle.future
        if future.status == "finished":
            return future.result()
        if future.status != "error":
            raise CallCancelled("The call was taken back or stopped.")
        error = future.exception()
        if isinstance(error, KilledWorker):
            raise CallLost(f"The process that ran the call ended: {error}") from None
        if not isinstance(error, Exception):  # SystemExit is not for us
            raise RuntimeError(f"A call failed on Dask: {error!r}")
        raise error

    def recall(self, handle: Handle) -> None:
        self.interrupt(handle)

    def interrupt(self, handle: Handle) -> None:
        if handle.done.done():
            return
        # Where it runs it says itself how it ended.
        reached = self._client.run(_calls_interrupt, handle.future.key, on_error="ignore")
        if not any(reached.values()):
            handle.future.cancel()

    def cancel(self, handle: Handle) -> None:
        """A thread cannot be stopped by force: it ends where it next runs Python code."""
        if handle.done.done():
            return
        handle.future.cancel(force=True)
        self._client.run(_calls_interrupt, handle.future.key, on_error="ignore")

    def slots(self) -> int:
        if time.monotonic() >= self._slots_until:
            self._slots = max(1, sum(self._client.nthreads().values()))
            self._slots_until = time.monotonic() + _SLOTS_AGE
        return self._slots

    def slots_for(self, options: CallOptions) -> int:
        wanted = _resources(options)
        if not wanted:
            return self.slots()
        return max(1, sum(_times(worker, wanted) for worker in self._workers()))

    def share[T](self, value: T) -> Shared[T]:
        data = cloudpickle.dumps(value)
        if len(data) <= INLINE_BYTES:
            return Here(value)
        # To all workers, so that it outlives any of them.
        return _Stored(uuid.uuid4().hex, self._client.scatter(data, hash=False, broadcast=True))

    def demand_room(self, options: CallOptions) -> None:
        wanted = _resources(options)
        workers = self._workers() if wanted else []
        if not wanted or any(_times(worker, wanted) for worker in workers):
            return
        asked = ", ".join(f"{name} {value:g}" for name, value in wanted.items())
        most = ", ".join(
            f"{name} {max((worker['resources'].get(name, 0) for worker in workers), default=0):g}"
            for name in wanted
        )
        raise Infeasible(
            f"This asks for {asked}, and no Dask worker has that: the most there is on one is "
            f"{most}. Ask for less, or start a worker with --resources."
        )

    def _workers(self) -> list[dict[str, Any]]:
        return list(self._client.scheduler_info(n_workers=-1)["workers"].values())

    def demand_alive(self) -> None:
        if self._client.status != "running":
            raise ExecutorLost(f"The client of Dask is {self._client.status}.")

    def close(self) -> None:
        """Whoever connected to Dask disconnects."""


class _DaskCall:
    """One submitted call. Compared by identity."""

    __slots__ = ("done", "future")

    def __init__(self, future: Any) -> None:
        self.future = future
        self.done: Future[None] = Future()
        future.add_done_callback(lambda _: self.done.set_result(None))


class _Stored[T](Shared[T]):
    """A pickled value that the workers hold. Each process unpacks it once."""

    def __init__(self, key: str, future: Any = None) -> None:
        self.key = key
        self.future = future

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.key,)  # the call brings what the future stands for

    def get(self) -> T:
        kept = _unpacked.get(self.key)
        if kept is None:
            kept = (pickle.loads(_brought.get()[self.key]),)  # noqa: S301  (packed by share)
            _unpacked.clear()  # one: more would keep large values for ever
            _unpacked[self.key] = kept
        value: T = kept[0]
        return value


_unpacked: dict[str, tuple[Any]] = {}
_brought: contextvars.ContextVar[dict[str, bytes]] = contextvars.ContextVar("brought")


def _invoke(key: str, parcel: bytes, shared: dict[str, bytes]) -> Any:
    with _having(shared):
        try:
            return _calls.run(key, _run, parcel)
        except KeyboardInterrupt:
            raise CallCancelled("The call was interrupted.") from None


def _run(parcel: bytes) -> Any:
    return invoke(pickle.loads(parcel))  # noqa: S301  (packed by submit)


@contextmanager
def _having(shared: dict[str, bytes]) -> Iterator[None]:
    token = _brought.set(shared)
    try:
        yield
    finally:
        _brought.reset(token)


def _calls_interrupt(key: str) -> bool:
    return _calls.interrupt(key)


def _give_thread_back() -> None:
    """Let the worker run something else in the place of this task, which waits. For good, as
    `distributed.worker_client` does: to take the place back would mean to wait for it."""
    with suppress(ValueError):  # not in a task
        get_worker()
        if getattr(thread_state, "proceed", False):
            secede()  # type: ignore[no-untyped-call]


def _resources(options: CallOptions) -> dict[str, float]:
    """What a worker must have, by Dask's names."""
    wanted = {"GPU": options.num_gpus, **dict(options.resources)}
    return {name: value for name, value in wanted.items() if value}


def _times(worker: dict[str, Any], wanted: dict[str, float]) -> int:
    """How many such calls one worker can run at once."""
    has = worker["resources"]
    threads: int = worker["nthreads"]
    return min(threads, *(int(has.get(name, 0) / value) for name, value in wanted.items()))
