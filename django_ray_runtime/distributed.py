"""Fan-out inside a task: the same calls on Ray, and sequentially where Ray is not.

    parallel_map(f, [1, 2, 3, 4, 5], multiplier=10)      # f(1, multiplier=10), …
    parallel_starmap(add, [(1, 2), (3, 4)])              # add(1, 2), add(3, 4)
    scatter_gather([(f, (1,), {}), (g, (), {"x": 2})])   # different functions
    parallel_map.options(retries=2, return_exceptions=True)(f, items)

Results come in the order of the items. The first items run in the caller, so that tiny work never
leaves it; the rest goes out in chunks that take about a tenth of a second. The first error is
raised as the function raised it, and what has not finished is cancelled. A function with a
parameter of its own named num_cpus, num_gpus, max_concurrency or ordered gets it by
functools.partial.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Self, cast

from django_ray_runtime.executors import Executor, SequentialExecutor
from django_ray_runtime.fanout.chunks import Job, Surroundings
from django_ray_runtime.fanout.engine import FanOut
from django_ray_runtime.fanout.gather import Stream, as_list
from django_ray_runtime.fanout.options import FanOutOptions, unknown_options
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


class _Spreader:
    """What the functions below share: `options(…)` gives a copy of one that has them."""

    def __init__(self, options: FanOutOptions = FanOutOptions()) -> None:  # noqa: B008  (frozen)
        self._options = options

    def options(self, **changes: Any) -> Self:
        """The same function with these options, see docs/reference/api/distributed.md. Raises
        TypeError for an option that there is not, ValueError for one that cannot be used."""
        if unknown := unknown_options(changes):
            raise TypeError(unknown)
        return type(self)(replace(self._options, **changes))

    def _with(self, **given: Any) -> FanOutOptions:
        """The options with what the call itself says, which wins."""
        said = {name: value for name, value in given.items() if value is not None}
        return replace(self._options, **said) if said else self._options

    def _fan(
        self,
        func: Callable[..., Any],
        items: Iterable[Any],
        kwargs: dict[str, Any],
        options: FanOutOptions,
        *,
        spread: bool = False,
        name: str = "",
    ) -> FanOut:
        executor = _executor()
        here = isinstance(executor, SequentialExecutor)
        job = Job(
            func,
            kwargs,
            spread,
            options.retries,
            options.retry_backoff,
            options.return_exceptions,
            None if here else Surroundings.here(),
        )
        told = name or getattr(func, "__name__", type(func).__name__)
        return FanOut(executor, job, items, options, told)


class _ParallelMap(_Spreader):
    def __call__(
        self,
        func: Callable[..., Any],
        items: Iterable[Any],
        *,
        num_cpus: float | None = None,
        num_gpus: float | None = None,
        max_concurrency: int | None = None,
        **kwargs: Any,
    ) -> list[Any]:
        """`[func(item, **kwargs) for item in items]`, spread over the cluster.

        `num_cpus` (1) and `num_gpus` (0) are what each chunk reserves; `max_concurrency` bounds
        the chunks in flight. Raises what `func` raised, or CallLost when a chunk's process died
        too often; Infeasible when no machine has what is asked for.
        """
        options = self._with(num_cpus=num_cpus, num_gpus=num_gpus, max_concurrency=max_concurrency)
        return as_list(self._fan(func, items, kwargs, options), options)


class _ParallelStarmap(_Spreader):
    def __call__(
        self,
        func: Callable[..., Any],
        items: Iterable[Sequence[Any]],
        *,
        num_cpus: float | None = None,
        num_gpus: float | None = None,
        max_concurrency: int | None = None,
        **kwargs: Any,
    ) -> list[Any]:
        """`[func(*item, **kwargs) for item in items]`, spread over the cluster."""
        options = self._with(num_cpus=num_cpus, num_gpus=num_gpus, max_concurrency=max_concurrency)
        return as_list(self._fan(func, items, kwargs, options, spread=True), options)


class _ParallelImap(_Spreader):
    def __call__(
        self,
        func: Callable[..., Any],
        items: Iterable[Any],
        *,
        num_cpus: float | None = None,
        num_gpus: float | None = None,
        max_concurrency: int | None = None,
        ordered: bool | None = None,
        **kwargs: Any,
    ) -> Stream:
        """Like `parallel_map`, as a stream: `items` may be endless, memory stays bounded.

        With `ordered=False` results come as they finish. Closing the stream early cancels what
        is in flight.
        """
        options = self._with(
            num_cpus=num_cpus, num_gpus=num_gpus, max_concurrency=max_concurrency, ordered=ordered
        )
        return Stream(self._fan(func, items, kwargs, options), options)


type Task = tuple[Callable[..., Any], Sequence[Any], dict[str, Any]]


class _ScatterGather(_Spreader):
    def __call__(
        self,
        tasks: Iterable[Task] | Mapping[Any, Task],
        *,
        num_cpus: float | None = None,
        num_gpus: float | None = None,
        max_concurrency: int | None = None,
    ) -> Any:
        """The results of `[(func, args, kwargs), …]`, different functions, in their order; of
        `{name: (func, args, kwargs)}` as a dict of the same names."""
        options = self._with(num_cpus=num_cpus, num_gpus=num_gpus, max_concurrency=max_concurrency)
        names = list(tasks) if isinstance(tasks, Mapping) else None
        calls = tasks.values() if isinstance(tasks, Mapping) else tasks
        fan = self._fan(_call, cast("Iterable[Any]", calls), {}, options, name="scatter_gather")
        found = as_list(fan, options)
        return found if names is None else dict(zip(names, found, strict=True))


def _call(task: Task) -> Any:
    func, args, kwargs = task
    return func(*args, **kwargs)


def _executor() -> Executor:
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    if is_ray_available():
        from django_ray_runtime.executors.ray import RayExecutor

        return RayExecutor()
    if "distributed" in sys.modules:  # otherwise nobody has joined a cluster of Dask
        from django_ray_runtime.executors.dask import DaskExecutor

        with suppress(ValueError):
            return DaskExecutor()
    return SequentialExecutor()


parallel_map = _ParallelMap()
parallel_starmap = _ParallelStarmap()
parallel_imap = _ParallelImap()
scatter_gather = _ScatterGather()
