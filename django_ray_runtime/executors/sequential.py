"""Running functions in this process, one after the other."""

from collections.abc import Callable, Collection
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from typing import Any, ClassVar

from django_ray_runtime.exceptions import CallCancelled
from django_ray_runtime.executors.base import (
    DEFAULT_OPTIONS,
    CallOptions,
    Executor,
    Handle,
    OnDone,
)


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
            future.set_result(func(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        if on_done is not None:
            on_done(future)
        return future

    def wait(self, handles: Collection[Handle], timeout: float | None = None) -> list[Handle]:
        return list(handles)

    def outcome(self, handle: Handle) -> Any:
        return handle.result(timeout=0)

    def recall(self, handle: Handle) -> None:
        """Nothing to take back: the call has run."""

    def cancel(self, handle: Handle) -> None:
        """Nothing to stop: the call has run."""

    def slots(self) -> int:
        return 1

    def close(self) -> None:
        """Nothing was started."""


class BackgroundExecutor(Executor):
    """Runs calls one after the other in a thread of its own: for a worker without Ray,
    whose loop must stay awake while a task runs."""

    name: ClassVar[str] = "sequential"

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tasks")

    def submit(
        self,
        func: Callable[..., Any],
        *args: Any,
        options: CallOptions = DEFAULT_OPTIONS,
        on_done: OnDone | None = None,
        **kwargs: Any,
    ) -> Handle:
        future = self._pool.submit(func, *args, **kwargs)
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
            raise CallCancelled("The call was taken back before it started.") from None

    def recall(self, handle: Handle) -> None:
        handle.cancel()

    def cancel(self, handle: Handle) -> None:
        """Takes it back if it has not started: a thread cannot be stopped from outside. A
        worker ends such a task with its process."""
        handle.cancel()

    def slots(self) -> int:
        return 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
