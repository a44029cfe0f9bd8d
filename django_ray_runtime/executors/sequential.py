"""Running functions in this process, one after the other."""

import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

from django.db import connections

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.context import current_run, part_of, running
from django_ray_runtime.exceptions import CallCancelled, CallNotStarted, ExecutorLost
from django_ray_runtime.executors.base import (
    DEFAULT_OPTIONS,
    CallOptions,
    Executor,
    Handle,
    OnDone,
)
from django_ray_runtime.executors.interrupting import Interruptible
from django_ray_runtime.executors.packs import Packs
from django_ray_runtime.executors.thread_lane import ThreadLane


class SequentialExecutor(Executor):
    """Runs a call in the caller's own thread, when it is submitted."""

    name: ClassVar[str] = "sequential"
    in_flight_per_slot: ClassVar[int] = 1  # after an error nothing more runs, as in a loop

    def submit(
        self,
        func: Callable[..., Any],
        *args: Any,
        options: CallOptions = DEFAULT_OPTIONS,
        on_done: OnDone | None = None,
        **kwargs: Any,
    ) -> Handle:
        future: Future[Any] = Future()
        try:
            with as_part():  # what it has reported is written at its end, before anyone goes on
                value = func(*args, **kwargs)
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(value)
        if on_done is not None:
            on_done(future)
        return future

    def wait(self, handles: Collection[Handle], timeout: float | None = None) -> list[Handle]:
        return list(handles)

    def outcome(self, handle: Handle) -> Any:
        return handle.result(timeout=0)

    def recall(self, handle: Handle) -> None:
        """Nothing to take back: the call has run."""

    def interrupt(self, handle: Handle) -> None:
        """Nothing to stop: the call has run."""

    def cancel(self, handle: Handle) -> None:
        """Nothing to stop: the call has run."""

    def slots(self) -> int:
        return 1

    def close(self) -> None:
        """Nothing was started."""


@contextmanager
def as_part() -> Iterator[None]:
    """Within this context, what a running task calls counts as a chunk of it, as it would on a
    cluster."""
    run = current_run()
    if run is None:
        yield
        return
    with running(part_of(run.to_wire())) as part:
        part.in_atomic = connections[runtime_settings().database].in_atomic_block
        yield


class BackgroundExecutor(Executor):
    """Runs calls one after the other in a thread of its own: for a worker without Ray,
    whose loop must stay awake while a task runs."""

    name: ClassVar[str] = "sequential"

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tasks")
        self._lock = threading.Lock()
        self._running = Interruptible()
        self._stuck = False

    def packs(self, func: Callable[[Any], Any], wake: Callable[[], None], most: int) -> Packs:
        return ThreadLane(partial(self.submit, func), wake)

    def submit(
        self,
        func: Callable[..., Any],
        *args: Any,
        options: CallOptions = DEFAULT_OPTIONS,
        on_done: OnDone | None = None,
        **kwargs: Any,
    ) -> Handle:
        mine: list[Handle] = []
        with self._lock:  # the call waits for its handle
            future = self._pool.submit(self._run, mine, func, args, kwargs)
            mine.append(future)
        if on_done is not None:
            future.add_done_callback(on_done)
        return future

    def wait(self, handles: Collection[Handle], timeout: float | None = None) -> list[Handle]:
        done, _ = wait(handles, timeout, return_when="FIRST_COMPLETED")
        return [handle for handle in handles if handle in done]

    def outcome(self, handle: Handle) -> Any:
        try:
            return handle.result(timeout=0)
        except CancelledError:
            raise CallNotStarted("The call was taken back before it started.") from None
        except KeyboardInterrupt:
            raise CallCancelled("The call was interrupted.") from None

    def recall(self, handle: Handle) -> None:
        handle.cancel()

    def interrupt(self, handle: Handle) -> None:
        """Raises KeyboardInterrupt in the thread, as soon as it runs Python code."""
        if not handle.cancel():
            self._running.interrupt(handle)

    def cancel(self, handle: Handle) -> None:
        """A thread cannot be stopped by force: this process must end for it."""
        if not handle.cancel() and not handle.done():
            self._stuck = True

    def slots(self) -> int:
        return 1

    def demand_alive(self) -> None:
        if self._stuck:
            self.close()  # what waits behind that task is taken back
            raise ExecutorLost("A task does not let itself be stopped.")

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(
        self, mine: list[Handle], func: Callable[..., Any], args: Any, kwargs: dict[str, Any]
    ) -> Any:
        with self._lock:
            handle = mine[0]
        return self._running.run(handle, func, *args, **kwargs)
