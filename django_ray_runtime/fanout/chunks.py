"""What runs where a chunk runs: some items, one after the other."""

import pickle
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import partial
from traceback import format_exception
from typing import Any

from django_ray_runtime.context import current_run
from django_ray_runtime.executors import Shared


@dataclass(frozen=True, slots=True)
class Failed:
    """An item that raised: where in the chunk, what, and the traceback of where it ran."""

    offset: int
    error: Exception
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """What came of consecutive items: the values from index `first` on, up to a failure."""

    first: int
    values: list[Any]
    failed: Failed | None = None


# Seconds, the values up to a failure, and the failure: plain, as it travels.
type Ran = tuple[float, list[Any], Failed | None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What Django code expects around it: the active language and time zone."""

    language: str | None = None
    time_zone: tzinfo | None = None

    @classmethod
    def here(cls) -> "Surroundings | None":
        """Those of the caller; None where Django is not set up."""
        from django.apps import apps

        if not apps.ready:
            return None
        from django.utils import timezone, translation

        return cls(translation.get_language(), timezone.get_current_timezone())

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Within this context they are active."""
        from django.utils import timezone, translation

        with translation.override(self.language), timezone.override(self.time_zone):
            yield


@dataclass(frozen=True, slots=True)
class Job:
    """What is done with each item; the same for all chunks, which share it."""

    func: Callable[..., Any]
    kwargs: dict[str, Any] = field(default_factory=dict)
    spread: bool = False  # an item is a tuple of arguments
    retries: int = 0
    retry_backoff: float = 0.0
    return_exceptions: bool = False
    surroundings: Surroundings | None = None

    def call(self) -> Callable[[Any], Any]:
        """A function of one item."""
        once = partial(self.func, **self.kwargs) if self.kwargs else self.func
        if self.spread:
            once = partial(_spread, once)
        return partial(_with_retries, self, once) if self.retries else once


def _spread(call: Callable[..., Any], item: Sequence[Any]) -> Any:
    return call(*item)


def _with_retries(job: Job, call: Callable[[Any], Any], item: Any) -> Any:
    for number in range(job.retries):
        try:
            return call(item)
        except Exception:
            time.sleep(job.retry_backoff * 2**number)
    return call(item)


def run_items(job: Job, items: Sequence[Any]) -> Ran:
    """Run items until one fails; with `return_exceptions` its exception stands in its place."""
    call = job.call()
    values: list[Any] = []
    failed = None
    run = current_run()
    began = time.perf_counter()
    for item in items:
        try:
            values.append(call(item))
            if run is not None:
                run.end_item()
        except (Exception, SystemExit) as caught:
            error = caught if isinstance(caught, Exception) else _exited(caught)
            if not job.return_exceptions:
                failed = Failed(len(values), error)
                break
            values.append(error)
    return time.perf_counter() - began, values, failed


def _exited(exiting: SystemExit) -> Exception:
    """An exit would end a process that others use, too."""
    return RuntimeError(f"The function called sys.exit({exiting.code!r}).")


def run_chunk(shared: Shared[Job], items: Sequence[Any]) -> Ran:
    """Run a chunk on the cluster."""
    job = shared.get()
    if job.surroundings is None:
        seconds, values, failed = run_items(job, items)
    else:
        with job.surroundings.restored():
            seconds, values, failed = run_items(job, items)
    if failed is not None:
        failed = Failed(failed.offset, portable(failed.error), trace_of(failed.error))
    if job.return_exceptions:
        values = _sendable(values)
    return seconds, values, failed


def _sendable(values: list[Any]) -> list[Any]:
    """The values, with exceptions as they can travel; one that was raised again and again once."""
    seen: dict[int, Exception] = {}
    for value in values:
        if isinstance(value, Exception) and id(value) not in seen:
            told = portable(value)
            told.add_note(trace_of(value))
            seen[id(value)] = told
    return [seen.get(id(value), value) for value in values] if seen else values


def trace_of(error: Exception) -> str:
    """The traceback of where it was raised, to be told elsewhere."""
    plain = [note for note in getattr(error, "__notes__", ()) if not note.startswith(_HERE)]
    error.__notes__ = plain  # those of other calls would add up
    return _HERE + "".join(format_exception(error))


def portable(error: Exception) -> Exception:
    """The exception as it can travel."""
    # The clusters' own pickling takes classes of the main module and of functions, too.
    pickler: Any = sys.modules.get("ray.cloudpickle", sys.modules.get("cloudpickle", pickle))
    try:
        pickle.loads(pickler.dumps(error))  # noqa: S301  # nosec  # just pickled here
    except Exception:
        text = "".join(format_exception(error))
        return RuntimeError(f"An exception that cannot be sent was raised:\n{text}")
    return error


_HERE = "On the cluster:\n"
