"""The options of a fan-out, on every executor: what a loop would give, and what it asks for."""

import functools
import itertools
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_ray_runtime.distributed import (
    parallel_imap,
    parallel_map,
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


def same(x: Any) -> Any:
    return x


def negative(x: int) -> int:
    return -x


def refuse(x: int, bad: int = 3) -> int:
    if x == bad:
        raise LookupError(f"not {x}")
    return x


class Unpicklable(Exception):
    def __init__(self, lock: object, reason: str) -> None:
        super().__init__(reason)
        self.lock = lock


def refuse_oddly(x: int) -> int:
    raise Unpicklable(threading.Lock(), "it cannot travel")


def fail_until(folder: str, times: int, x: int) -> int:
    """Raises the first `times` times, counted in files: each may be another process."""
    number = len(list(Path(folder).iterdir()))
    if number < times:
        (Path(folder) / str(number)).touch()
        raise OSError("again")
    return x


def surroundings(_: int) -> tuple[str | None, str]:
    return translation.get_language(), timezone.get_current_timezone_name()


@pytest.mark.parametrize("size", [None, 1, 7, 1000])
@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_it_equals_the_loop_whatever_the_chunks(
    executor: Executor, size: int | None, count: int
) -> None:
    expected = [-x for x in range(count)]
    assert parallel_map.options(chunk_size=size)(negative, range(count)) == expected
    assert list(parallel_imap.options(chunk_size=size)(negative, iter(range(count)))) == expected
    unordered = parallel_imap.options(chunk_size=size, ordered=False)(negative, range(count))
    assert sorted(unordered) == sorted(expected)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    items=st.lists(st.one_of(st.none(), st.integers(), st.text(), st.binary()), max_size=50),
    options=st.fixed_dictionaries(
        {},
        optional={
            "chunk_size": st.integers(1, 20),
            "max_concurrency": st.integers(1, 5),
            "target_chunk_seconds": st.floats(1e-6, 1),
            "retries": st.integers(0, 2),
            "return_exceptions": st.booleans(),
            "num_cpus": st.sampled_from([0, 0.5, 1]),
            "total_timeout": st.just(60),
        },
    ),
    as_generator=st.booleans(),
    call=st.sampled_from([parallel_map, parallel_imap]),
)
def test_any_items_come_back_in_their_order(
    executor: Executor, items: list[Any], options: dict[str, Any], as_generator: bool, call: Any
) -> None:
    given_items = iter(items) if as_generator else items
    assert list(call.options(**options)(same, given_items)) == items


@pytest.mark.parametrize("size", [None, 1, 10])
@pytest.mark.parametrize("bad", [0, 1, 50, 99])
def test_an_error_at_any_position_is_raised_with_its_index(
    executor: Executor, size: int | None, bad: int
) -> None:
    with pytest.raises(LookupError, match=f"not {bad}") as caught:
        parallel_map.options(chunk_size=size)(refuse, range(100), bad=bad)
    assert f"Raised for item {bad} of refuse." in "\n".join(caught.value.__notes__)


@pytest.mark.parametrize("size", [None, 1, 10])
def test_a_stream_in_order_gives_all_before_an_error(executor: Executor, size: int | None) -> None:
    stream = parallel_imap.options(chunk_size=size)(refuse, range(100), bad=30)
    assert list(itertools.islice(stream, 30)) == list(range(30))
    with pytest.raises(LookupError, match="not 30"):
        next(stream)


@pytest.mark.parametrize("size", [None, 1, 10])
def test_exceptions_can_stand_in_their_place(executor: Executor, size: int | None) -> None:
    options = parallel_map.options(chunk_size=size, return_exceptions=True)
    found = options(refuse, range(20), bad=7)
    assert isinstance(found.pop(7), LookupError)
    assert found == [x for x in range(20) if x != 7]


def test_an_error_that_cannot_travel_is_told_with_its_text(executor: Executor) -> None:
    with pytest.raises((Unpicklable, RuntimeError), match="cannot"):
        parallel_map.options(chunk_size=2)(refuse_oddly, range(4))


class Stored(Exception):
    """One that brings only what it was made with."""

    def __init__(self, code: int) -> None:
        super().__init__(f"code {code}")
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return Stored, (self.code,)


_same_each_time = Stored(7)


def refuse_with_a_stored_one(x: int) -> int:
    raise _same_each_time


def test_an_error_tells_where_it_was_raised_whatever_travels_of_it(executor: Executor) -> None:
    with pytest.raises(Stored, match="code 7") as caught:
        parallel_map.options(chunk_size=2)(refuse_with_a_stored_one, range(4))
    told = "".join(traceback.format_exception(caught.value))
    assert "in refuse_with_a_stored_one" in told


def test_one_exception_raised_again_and_again_stays_small(executor: Executor) -> None:
    options = parallel_map.options(chunk_size=30, return_exceptions=True)
    found = options(refuse_with_a_stored_one, range(60))
    assert max(len("".join(getattr(error, "__notes__", ()))) for error in found) < 100_000


def exit_at_two(x: int) -> int:
    if x == 2:
        sys.exit(3)
    return x


def test_an_exit_is_an_error_of_the_item(executor: Executor) -> None:
    with pytest.raises((RuntimeError, SystemExit), match="3"):
        parallel_map.options(chunk_size=5)(exit_at_two, range(5))


@pytest.mark.parametrize("size", [None, 1, 4])
def test_what_an_iterable_gave_before_it_raised_comes_first(
    executor: Executor, size: int | None
) -> None:
    def items() -> Iterator[int]:
        yield from range(10)
        raise LookupError("no more")

    stream = parallel_imap.options(chunk_size=size)(negative, items())
    assert list(itertools.islice(stream, 10)) == [-x for x in range(10)]
    with pytest.raises(LookupError, match="no more"):
        next(stream)


def test_a_range_longer_than_any_list_can_be_streamed(executor: Executor) -> None:
    stream = parallel_imap(negative, range(10**20))
    assert next(stream) == 0
    stream.close()


def test_errors_of_the_function_are_retried(executor: Executor, tmp_path: Path) -> None:
    call = functools.partial(fail_until, str(tmp_path), 2)
    with_retries = parallel_map.options(retries=2, retry_backoff=0.01)
    assert with_retries(call, [5]) == [5]
    assert len(list(tmp_path.iterdir())) == 2


def test_retries_are_not_endless(executor: Executor, tmp_path: Path) -> None:
    call = functools.partial(fail_until, str(tmp_path), 3)
    with pytest.raises(OSError, match="again"):
        parallel_map.options(retries=2, retry_backoff=0.01, chunk_size=1)(call, [5])


def test_progress_is_told_to_a_callable(executor: Executor) -> None:
    told: list[tuple[int, int | None]] = []
    options = parallel_map.options(chunk_size=4, progress=lambda *now: told.append(now))
    options(negative, range(10))
    assert told[-1] == (10, 10)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_scatter_gather_takes_names(executor: Executor) -> None:
    calls = {"minus": (negative, (2,), {}), "bad": (refuse, (), {"x": 4})}
    assert scatter_gather(calls) == {"minus": -2, "bad": 4}
    assert scatter_gather({}) == {}


def test_lambdas_closures_and_arrays_travel(executor: Executor) -> None:
    factor = 3
    assert parallel_map.options(chunk_size=2)(lambda x: x * factor, range(5)) == [0, 3, 6, 9, 12]
    arrays = [np.arange(n) for n in range(4)]
    assert parallel_map.options(chunk_size=1)(np.sum, arrays) == [0, 0, 1, 3]
    assert parallel_map(lambda row: row.sum(), np.eye(3)) == [1, 1, 1]


def test_the_language_and_the_time_zone_go_along(executor: Executor) -> None:
    with translation.override("pt-br"), timezone.override("America/Sao_Paulo"):
        [found] = set(parallel_map.options(chunk_size=1)(surroundings, range(2)))
    if not hasattr(executor, "_pool"):  # a thread of this process, which has its own
        assert found == ("pt-br", "America/Sao_Paulo")


def test_options_keep_and_the_call_wins() -> None:
    held = HeldExecutor(slots=8)
    held.wait = lambda handles, timeout=None: [_run(handles[0])]  # type: ignore[method-assign]
    limited = parallel_map.options(chunk_size=1, max_concurrency=5, num_cpus=2, name="mine")
    with using_executor(held):
        limited.options(memory=10)(negative, range(3), num_cpus=4)
    options = held.calls[0].options
    assert (options.num_cpus, options.memory, options.name) == (4, 10, "mine")


def _run(call: Any) -> Any:
    call.run()
    return call


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("chunk_size", 0), ("num_cpus", -1), ("timeout", 0), ("retries", -1), ("memory", 1.5),
        ("resources", {"a": "b"}), ("resources", {"CPU": 1}), ("runtime_env", [1]),
        ("ordered", 1), ("progress", 3),
        ("target_chunk_seconds", float("nan")), ("name", None),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_used_is_refused(option: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{option} must be .*, got"):
        parallel_map.options(**{option: value})


def test_an_option_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match=r"There is no option 'chunks'\. Expected: num_cpus, "):
        parallel_map.options(chunks=3)


@pytest.mark.parametrize(
    "option",
    [{"num_gpus": 1}, {"memory": 1}, {"resources": {"a": 1}}, {"runtime_env": {"env_vars": {}}},
     {"timeout": 9}, {"total_timeout": 9}, {"max_retries": 1}, {"chunk_size": 5}],
)  # fmt: skip
def test_what_only_the_cluster_can_give_never_runs_in_the_caller(option: dict[str, Any]) -> None:
    held = HeldExecutor(slots=2)
    held.wait = lambda handles, timeout=None: [_run(handles[0])]  # type: ignore[method-assign]
    with using_executor(held):
        assert parallel_map.options(**option)(negative, range(2)) == [0, -1]
    assert held.calls


def test_an_ordered_stream_with_a_slow_head_keeps_to_its_window() -> None:
    held = HeldExecutor(slots=2)

    def all_but_the_first(handles: list[Any], timeout: float | None = None) -> list[Any]:
        return [_run(handles[1 if len(handles) > 1 else 0])]

    held.wait = all_but_the_first  # type: ignore[method-assign, assignment]
    with using_executor(held):
        stream = parallel_imap.options(chunk_size=1)(negative, itertools.count())
    assert next(stream) == 0
    assert len(held.calls) <= 4
    stream.close()


@pytest.fixture
def _undisturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's items take their own time, whatever else this machine does meanwhile."""
    own = SimpleNamespace(perf_counter=time.thread_time)
    monkeypatch.setattr("django_ray_runtime.fanout.here.time", own)
    monkeypatch.setattr("django_ray_runtime.fanout.engine.PATIENCE_SECONDS", 3600)


class Forbidden(HeldExecutor):
    """Fails where somebody waits for it, which would take for ever."""

    def wait(self, handles: Any, timeout: float | None = None) -> Any:
        raise AssertionError("something was sent away")


@pytest.mark.usefixtures("_undisturbed")
def test_tiny_work_never_leaves_the_caller() -> None:
    held = Forbidden(slots=2)
    with using_executor(held):
        assert len(parallel_map(negative, range(10_000))) == 10_000
    assert held.calls == []


@pytest.mark.usefixtures("_undisturbed")
def test_what_is_dear_to_send_and_quick_to_do_never_leaves_the_caller() -> None:
    held = Forbidden(slots=2)
    arrays = [np.ones(125_000)] * 300  # 1 MB each, the sum takes a twentieth of a millisecond
    with using_executor(held):
        assert parallel_map(np.sum, arrays) == [125_000] * 300
    assert held.calls == []


def test_sequentially_nothing_is_drawn_long_before_it_runs() -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for n in range(100):
            drawn.append(n)
            yield n

    ran: list[int] = []

    def run(n: int) -> None:
        time.sleep(0.003)
        ran.append(len(drawn) - len(ran))

    with using_executor(SequentialExecutor()):
        parallel_map(run, items())
    assert max(ran) == 1


def test_sequentially_a_stream_runs_what_is_asked_for_only() -> None:
    ran: list[int] = []
    with using_executor(SequentialExecutor()):
        stream = parallel_imap(ran.append, range(10))
        next(stream)
        next(stream)
    assert ran == [0, 1]
