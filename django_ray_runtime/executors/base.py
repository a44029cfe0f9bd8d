"""The seam between what is to run and what runs it.

Used at both levels: the dispatcher submits queued tasks, `parallel_map` and its sisters
submit chunks. Handles are opaque and compared by identity.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from django_ray_runtime.executors.packs import Packs

Handle = Any
OnDone = Callable[[Handle], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOptions:
    """What a call asks of the cluster. Executors without a cluster disregard it."""

    num_cpus: float = 1.0
    num_gpus: float = 0.0
    memory: int | None = None  # bytes
    resources: tuple[tuple[str, float], ...] = ()
    runtime_env: str = ""  # JSON text
    max_retries: int = 0  # re-runs by the cluster when its process is lost
    name: str = ""  # shown in the cluster's dashboard


DEFAULT_OPTIONS = CallOptions()


class Shared[T](ABC):
    """A value that many calls need, sent once."""

    @abstractmethod
    def get(self) -> T:
        """The value, where a call runs. Not to be changed: other calls see it too."""


class Here[T](Shared[T]):
    """One that is in this process, or travels with each call."""

    def __init__(self, value: T) -> None:
        self._value = value

    def get(self) -> T:
        return self._value


class Executor(ABC):
    """Runs functions: in this process, on Ray, …"""

    name: ClassVar[str]

    # How many calls a fan-out keeps in flight for each slot: enough that no slot waits for
    # the caller, few enough that results do not pile up.
    in_flight_per_slot: ClassVar[int] = 2

    # Whether a call may be started a second time without our doing, as when its process ended:
    # then it must itself refuse that.
    may_start_again: ClassVar[bool] = False

    # What the items of a chunk may be together, as far as that can be told.
    most_chunk_bytes: ClassVar[int] = 32 * 1024 * 1024

    @abstractmethod
    def submit(
        self,
        func: Callable[..., Any],
        *args: Any,
        options: CallOptions = DEFAULT_OPTIONS,
        on_done: OnDone | None = None,
        **kwargs: Any,
    ) -> Handle:
        """Start `func(*args, **kwargs)`. `on_done(handle)` is called once, from any thread,
        when its outcome is there; it must return at once."""

    def packs(
        self, func: Callable[[Any], Any], wake: Callable[[], None], most: int
    ) -> "Packs | None":
        """Lanes for packs of short calls of `func`, `most` at once; None where it has none. `wake`
        is called, from any thread, when there is something to collect."""
        return None

    @abstractmethod
    def wait(self, handles: Collection[Handle], timeout: float | None = None) -> list[Handle]:
        """Those of `handles` that are done; waits until there is one, or `timeout` seconds."""

    @abstractmethod
    def outcome(self, handle: Handle) -> Any:
        """The value of a finished call, or raises its own exception.

        Raises CallLost when its process died, CallCancelled when it was recalled or cancelled,
        CallNotStarted where it is certain that it had not begun.
        """

    @abstractmethod
    def recall(self, handle: Handle) -> None:
        """Take a call back if it has not started; it then ends as CallCancelled (CallNotStarted
        where the executor knows that it had not begun). A running
        call is interrupted where the executor can (KeyboardInterrupt)."""

    @abstractmethod
    def interrupt(self, handle: Handle) -> None:
        """Ask a call to end, and what it started with it: KeyboardInterrupt where it runs. A
        call that has not started ends as CallCancelled."""

    @abstractmethod
    def cancel(self, handle: Handle) -> None:
        """Stop a call by force, and what it started with it. Where only the end of this
        process helps, `demand_alive` raises from now on."""

    def cancel_all(self, handles: Collection[Handle]) -> None:
        """Cancel several; one that cannot be cancelled does not keep the others."""
        for handle in handles:
            with suppress(Exception):
                self.cancel(handle)

    @abstractmethod
    def slots(self) -> int:
        """How many calls of one CPU can run at once; at least 1."""

    def share[T](self, value: T) -> Shared[T]:
        """A value that many calls take as an argument."""
        return Here(value)

    def weight(self, options: CallOptions) -> float:
        """How many of its slots a call takes."""
        return 1.0

    def slots_for(self, options: CallOptions) -> int:
        """How many such calls can run at once; at least 1."""
        return max(1, int(self.slots() / max(self.weight(options), 1 / 64)))

    def demand_room(self, options: CallOptions) -> None:
        """Raise Infeasible when no machine there is can ever give a call what it asks for."""
        return

    def demand_way(self, options: CallOptions) -> None:
        """Raise Infeasible when the caller itself holds what such calls would wait for."""
        return

    def demand_alive(self) -> None:
        """Raise ExecutorLost when what runs the calls is gone, so that none would ever end."""
        return

    @abstractmethod
    def close(self) -> None:
        """Stop taking calls and let go of what this object started."""
