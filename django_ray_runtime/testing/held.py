"""An executor whose calls a test holds, to see what happens between start and end."""

from collections.abc import Callable, Collection
from typing import Any, ClassVar

from django_ray_runtime.exceptions import CallNotStarted
from django_ray_runtime.executors.base import (
    DEFAULT_OPTIONS,
    CallOptions,
    Executor,
    Handle,
    OnDone,
)


class HeldCall:
    """A call that ends when the test wants it to, and as it wants."""

    def __init__(
        self,
        func: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        options: CallOptions = DEFAULT_OPTIONS,
        on_done: OnDone | None = None,
    ) -> None:
        self.func, self.args, self.kwargs = func, args, kwargs or {}
        self.options = options
        self.value: Any = None
        self.error: BaseException | None = None
        self.done = False
        self.interrupted = False  # it was asked to end
        self.cancelled = False  # it was ended by force
        self._on_done = on_done

    def run(self) -> None:
        """Run it for real, now and here; it ends with its value or its exception."""
        try:
            value = self.func(*self.args, **self.kwargs)
        except Exception as error:
            self.finish(error=error)
        else:
            self.finish(value)

    def finish(self, value: Any = None, error: BaseException | None = None) -> None:
        """Let it end with `value`, or with `error`, without running it."""
        self.value, self.error, self.done = value, error, True
        if self._on_done:
            self._on_done(self)


class HeldExecutor(Executor):
    """Holds every call until the test says what becomes of it.

    held = HeldExecutor(slots=2)
    parallel_map(…) under `using_executor(held)`, or Dispatcher(store, held, …)
    held.calls[0].run(); held.calls[1].finish(error=OSError("gone"))
    """

    name: ClassVar[str] = "held"

    def __init__(self, slots: int = 4) -> None:
        self.calls: list[HeldCall] = []  # all that were submitted, in their order
        self._slots = slots

    @property
    def waiting(self) -> list[HeldCall]:
        """The calls that have not ended."""
        return [call for call in self.calls if not call.done]

    def run_all(self) -> None:
        """Run what waits, in the order of submission, and what that submits."""
        while waiting := self.waiting:
            waiting[0].run()

    def submit(
        self,
        func: Callable[..., Any],
        *args: Any,
        options: CallOptions = DEFAULT_OPTIONS,
        on_done: OnDone | None = None,
        **kwargs: Any,
    ) -> Handle:
        self.calls.append(HeldCall(func, args, kwargs, options, on_done))
        return self.calls[-1]

    def wait(self, handles: Collection[Handle], timeout: float | None = None) -> list[Handle]:
        """Those that are done. Nothing ends while it is held, so it never waits."""
        return [handle for handle in handles if handle.done]

    def outcome(self, handle: Handle) -> Any:
        if handle.error is not None:
            raise handle.error
        return handle.value

    def recall(self, handle: Handle) -> None:
        """Held calls have not started, so they end as taken back."""
        if not handle.done:
            handle.finish(error=CallNotStarted("recalled"))

    def interrupt(self, handle: Handle) -> None:
        """Noted only: the test says how the call takes it."""
        handle.interrupted = True

    def cancel(self, handle: Handle) -> None:
        """Noted only: the test says whether it ends."""
        handle.cancelled = True

    def slots(self) -> int:
        return self._slots

    def weight(self, options: CallOptions) -> float:
        return options.num_cpus

    def close(self) -> None:
        """Nothing was started."""
