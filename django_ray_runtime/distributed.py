"""Fan-out inside a task: the same calls on Ray, and sequentially where Ray is not.

    parallel_map(f, [1, 2, 3, 4, 5], multiplier=10)      # f(1, multiplier=10), …
    parallel_starmap(add, [(1, 2), (3, 4)])              # add(1, 2), add(3, 4)
    scatter_gather([(f, (1,), {}), (g, (), {"x": 2})])   # different functions

Results come in the order of the items. The first error is raised as the function raised
it, and what has not finished is cancelled. A function with a parameter of its own named
num_cpus, num_gpus, max_concurrency or ordered gets it by functools.partial.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from django_ray_runtime.executors import CallOptions, Executor, Handle, SequentialExecutor
from django_ray_runtime.ray_cluster import (
    get_num_workers,
    get_ray_resources,
    get_total_cpus,
    is_ray_available,
)

__all__ = [
    "get_num_workers",
    "get_ray_resources",
    "get_total_cpus",
    "is_ray_available",
    "parallel_imap",
    "parallel_map",
    "parallel_starmap",
    "scatter_gather",
    "sequentially",
    "using_executor",
]

# A pure call whose Ray process died is run again by Ray, this often.
LOST_CALL_RETRIES = 3

Call = Callable[[], Any]
_chosen: ContextVar[Executor | None] = ContextVar("executor", default=None)


@contextmanager
def using_executor(executor: Executor) -> Iterator[None]:
    """Within this context, fan out over `executor` instead of what is connected."""
    token = _chosen.set(executor)
    try:
        yield
    finally:
        _chosen.reset(token)


@contextmanager
def sequentially(wanted: bool = True) -> Iterator[None]:
    """Within this context (when `wanted`), nothing leaves this process: for work so small
    that a cluster would only cost time."""
    if not wanted:
        yield
        return
    with using_executor(SequentialExecutor()):
        yield


def parallel_map(
    func: Callable[..., Any],
    items: Iterable[Any],
    *,
    num_cpus: float = 1.0,
    num_gpus: float = 0.0,
    max_concurrency: int | None = None,
    **kwargs: Any,
) -> list[Any]:
    """`[func(item, **kwargs) for item in items]`, spread over the cluster.

    `num_cpus` and `num_gpus` are what each call reserves; `max_concurrency` bounds the calls
    in flight. Raises what `func` raised, or CallLost when a call's process died too often.
    """
    calls = (partial(func, item, **kwargs) for item in items)
    return list(_stream(calls, _options(func, num_cpus, num_gpus), max_concurrency))


def parallel_starmap(
    func: Callable[..., Any],
    items: Iterable[Sequence[Any]],
    *,
    num_cpus: float = 1.0,
    num_gpus: float = 0.0,
    max_concurrency: int | None = None,
    **kwargs: Any,
) -> list[Any]:
    """`[func(*item, **kwargs) for item in items]`, spread over the cluster."""
    calls = (partial(func, *item, **kwargs) for item in items)
    return list(_stream(calls, _options(func, num_cpus, num_gpus), max_concurrency))


def parallel_imap(
    func: Callable[..., Any],
    items: Iterable[Any],
    *,
    num_cpus: float = 1.0,
    num_gpus: float = 0.0,
    max_concurrency: int | None = None,
    ordered: bool = True,
    **kwargs: Any,
) -> Iterator[Any]:
    """Like `parallel_map`, as a stream: `items` may be endless, memory stays bounded.

    With `ordered=False` results come as they finish. Closing the stream early cancels what
    is in flight.
    """
    calls = (partial(func, item, **kwargs) for item in items)
    options = _options(func, num_cpus, num_gpus)
    return _stream(calls, options, max_concurrency, ordered=ordered)


def scatter_gather(
    tasks: Iterable[tuple[Callable[..., Any], Sequence[Any], dict[str, Any]]],
    *,
    num_cpus: float = 1.0,
    num_gpus: float = 0.0,
    max_concurrency: int | None = None,
) -> list[Any]:
    """The results of `[(func, args, kwargs), …]`, different functions, in their order."""
    calls = (partial(func, *args, **kwargs) for func, args, kwargs in tasks)
    return list(_stream(calls, _options(scatter_gather, num_cpus, num_gpus), max_concurrency))


def _options(func: Callable[..., Any], num_cpus: float, num_gpus: float) -> CallOptions:
    name = getattr(func, "__name__", type(func).__name__)
    return CallOptions(
        num_cpus=num_cpus, num_gpus=num_gpus, max_retries=LOST_CALL_RETRIES, name=name
    )


def _executor() -> Executor:
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    if is_ray_available():
        from django_ray_runtime.executors.ray import RayExecutor

        return RayExecutor()
    return SequentialExecutor()


def _stream(
    calls: Iterator[Call],
    options: CallOptions,
    max_concurrency: int | None,
    *,
    ordered: bool = True,
) -> Iterator[Any]:
    if max_concurrency is not None and max_concurrency < 1:
        raise ValueError(f"max_concurrency must be at least 1 or None, got {max_concurrency}.")
    return _windowed(_executor(), calls, options, max_concurrency, ordered)


def _windowed(
    executor: Executor,
    calls: Iterator[Call],
    options: CallOptions,
    max_concurrency: int | None,
    ordered: bool,
) -> Iterator[Any]:
    """Keep a window of calls in flight and yield outcomes as they may be yielded."""
    window = _window(executor, options, max_concurrency)
    queue: deque[Handle] = deque()
    running: list[Handle] = []
    done: set[Handle] = set()
    try:
        while True:
            while len(queue) < window and (call := next(calls, None)) is not None:
                handle = executor.submit(call, options=options)
                queue.append(handle)
                running.append(handle)
            if not queue:
                return
            ready = _next_ready(queue, done, ordered)
            if ready is None:
                finished = executor.wait(running)
                done.update(finished)
                running = [handle for handle in running if handle not in done]
                continue
            queue.remove(ready)
            done.discard(ready)
            yield executor.outcome(ready)
    finally:
        for handle in running:
            executor.cancel(handle)


def _next_ready(queue: deque[Handle], done: set[Handle], ordered: bool) -> Handle | None:
    if ordered:
        return queue[0] if queue[0] in done else None
    return next((handle for handle in queue if handle in done), None)


def _window(executor: Executor, options: CallOptions, max_concurrency: int | None) -> int:
    if isinstance(executor, SequentialExecutor):
        return 1  # nothing runs ahead, and nothing after an error
    if max_concurrency is not None:
        return max_concurrency
    fitting = executor.slots() / max(options.num_cpus, 1 / 64)
    return max(1, int(fitting)) * executor.in_flight_per_slot
