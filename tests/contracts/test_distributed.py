"""Fan-out gives what a loop gives, on every executor."""

import functools
import itertools
from collections.abc import Iterator

import pytest

from django_ray_runtime import distributed
from django_ray_runtime.distributed import (
    parallel_imap,
    parallel_map,
    parallel_starmap,
    scatter_gather,
    using_executor,
)
from django_ray_runtime.executors import Executor, SequentialExecutor
from tests.support import HeldExecutor


@pytest.fixture(autouse=True)
def fan_out_over_it(request: pytest.FixtureRequest) -> Iterator[None]:
    if "executor" not in request.fixturenames:
        yield
        return
    with using_executor(request.getfixturevalue("executor")):
        yield


def times(x: int, multiplier: int = 1) -> int:
    return x * multiplier


def add(a: int, b: int) -> int:
    return a + b


def refuse_three(x: int) -> int:
    if x == 3:
        raise LookupError("three")
    return x


def with_cpus(x: int, num_cpus: int) -> int:
    return x + num_cpus


def test_map_keeps_the_order(executor: Executor) -> None:
    assert parallel_map(times, [1, 2, 3, 4, 5], multiplier=10) == [10, 20, 30, 40, 50]


def test_starmap_spreads_tuples(executor: Executor) -> None:
    assert parallel_starmap(add, [(1, 2), (3, 4), (5, 6)]) == [3, 7, 11]


def test_scatter_gather_calls_different_functions(executor: Executor) -> None:
    calls = [(times, (2,), {"multiplier": 3}), (add, (), {"a": 1, "b": 2}), (times, [4], {})]
    assert scatter_gather(calls) == [6, 3, 4]


def test_imap_streams_in_order_over_endless_items(executor: Executor) -> None:
    stream = parallel_imap(times, itertools.count(), multiplier=2)
    assert list(itertools.islice(stream, 10)) == list(range(0, 20, 2))
    stream.close()


def test_imap_unordered_gives_the_same_results(executor: Executor) -> None:
    assert sorted(parallel_imap(times, range(20), ordered=False)) == list(range(20))


def test_no_items_give_no_results(executor: Executor) -> None:
    assert parallel_map(times, []) == []
    assert parallel_starmap(add, []) == []
    assert scatter_gather([]) == []


def test_the_first_error_is_raised_as_it_was(executor: Executor) -> None:
    with pytest.raises(LookupError, match="three"):
        parallel_map(refuse_three, range(100))


def test_a_parameter_of_the_same_name_goes_by_partial(executor: Executor) -> None:
    assert parallel_map(functools.partial(with_cpus, num_cpus=4), [1, 2]) == [5, 6]


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_than_max_concurrency_are_in_flight(limit: int) -> None:
    held = HeldExecutor(slots=8)
    with using_executor(held):
        stream = parallel_imap.options(chunk_size=1)(times, range(10), max_concurrency=limit)
    for expected in range(10):
        held.wait = lambda handles, timeout=None: [_finish(handles[0])]  # type: ignore[method-assign]
        assert next(stream) == expected
        assert len([call for call in held.calls if not call.done]) <= limit


def _finish(call):  # type: ignore[no-untyped-def]
    call.run()
    return call


def test_max_concurrency_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="max_concurrency must be at least 1 or None, got 0"):
        parallel_map(times, [1], max_concurrency=0)


def test_closing_the_stream_cancels_what_is_in_flight() -> None:
    held = HeldExecutor(slots=2)
    held.wait = lambda handles, timeout=None: [_finish(handles[0])]  # type: ignore[method-assign]
    with using_executor(held):
        stream = parallel_imap.options(chunk_size=1)(times, itertools.count())
        assert next(stream) == 0
        stream.close()
    assert [call.cancelled for call in held.calls if not call.done] == [True] * 3


def test_sequentially_nothing_runs_after_an_error() -> None:
    ran: list[int] = []

    def note(x: int) -> None:
        ran.append(x)
        refuse_three(x)

    with using_executor(SequentialExecutor()), pytest.raises(LookupError):
        parallel_map(note, range(10))
    assert ran == [0, 1, 2, 3]


def test_without_ray_the_utilities_speak_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    from django_ray_runtime import ray_cluster

    monkeypatch.setattr(ray_cluster, "is_ray_available", lambda: False)
    assert distributed.get_num_workers() == 1
    assert distributed.get_total_cpus() == float(os.cpu_count() or 1)
    assert distributed.get_ray_resources() == {}


@pytest.mark.usefixtures("ray_cluster_here")
def test_with_ray_the_utilities_speak_of_the_cluster() -> None:
    assert distributed.is_ray_available() is True
    assert distributed.get_num_workers() == 1
    assert distributed.get_total_cpus() == 2.0
    assert distributed.get_ray_resources()["CPU"] == 2.0


def nested(x: int) -> list[int]:
    return parallel_map(times, range(x), multiplier=10)


@pytest.mark.usefixtures("ray_cluster_here")
def test_calls_that_fan_out_themselves_do_not_wait_for_each_other() -> None:
    # More parents than CPUs: each must give its CPU back while it waits for its children.
    assert parallel_map(nested, [3] * 6) == [[0, 10, 20]] * 6
