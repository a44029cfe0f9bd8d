"""What only a cluster can show of a fan-out: on Ray and on Dask."""

import functools
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from django_ray_runtime.distributed import parallel_imap, parallel_map, using_executor
from django_ray_runtime.exceptions import CallLost, Infeasible
from django_ray_runtime.executors import Executor
from tests.contracts.test_fanout import negative, surroundings
from tests.support import ROOT, environment, wait_until

chunks_of_one = parallel_map.options(chunk_size=1)


@pytest.fixture(params=["ray", "dask"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Each that runs calls elsewhere; fan-out goes over it."""
    made: Executor
    if request.param == "ray":
        request.getfixturevalue("ray_cluster_here")
        from django_ray_runtime.executors.ray import RayExecutor

        made = RayExecutor()
    else:
        from django_ray_runtime.executors.dask import DaskExecutor

        made = DaskExecutor(request.getfixturevalue("local_dask"))
    with using_executor(made):
        yield made


def where(x: float) -> int:
    time.sleep(x)
    return os.getpid()


def die(x: int) -> int:
    os._exit(7)


def linger(folder: str, x: int) -> None:
    """Tells that it runs, and how it ends; the first one fails once another runs."""
    path = Path(folder)
    if x == 0:
        wait_until(lambda: any(path.glob("began-*")), "another item runs")
        raise LookupError("the first")
    (path / f"began-{x}").touch()
    for _ in range(600):
        time.sleep(0.05)
    (path / f"ended-{x}").touch()


def linger_in_children(folder: str, x: int) -> None:
    if x == 0:
        linger(folder, 0)
    chunks_of_one(_linger_as_child, [(folder, x)])


def _linger_as_child(of: tuple[str, int]) -> None:
    linger(*of)


def beat(folder: str, x: int) -> None:
    """Writes as long as it runs."""
    for n in range(600):
        (Path(folder) / str(x)).write_text(str(n))
        time.sleep(0.05)


def falls_silent(folder: Path) -> bool:
    """Whether nothing is written any more."""
    before = {path: path.read_text() for path in folder.iterdir()}
    time.sleep(0.3)
    return {path: path.read_text() for path in folder.iterdir()} == before


def sum_with(x: int, big: Any) -> float:
    return float(big.sum()) + x


def tree(depth: int) -> int:
    """The leaves of a binary tree, each node a call."""
    return sum(chunks_of_one(tree, [depth - 1] * 2)) if depth else 1


def test_a_long_item_in_the_caller_does_not_hold_up_the_others(executor: Executor) -> None:
    found = parallel_map(where, [2.5, 0.1, 0.1, 0.1, 0.1])
    assert found[0] == os.getpid()
    assert os.getpid() not in found[1:]


def test_what_cannot_be_sent_while_the_caller_is_busy_is_not_lost(executor: Executor) -> None:
    lock = threading.Lock()

    def slow(x: float) -> float:
        with lock:
            time.sleep(x)
        return x

    with pytest.raises(TypeError, match="lock"):
        parallel_map(slow, [0.2, 0.1])
    with pytest.raises(TypeError, match="lock"):
        list(parallel_imap(lambda x: time.sleep(0.2), [1, threading.Lock(), 2]))


def test_a_tiny_first_item_does_not_keep_the_heavy_ones_here(executor: Executor) -> None:
    pids = parallel_map(where, [0, 1.0, 1.0, 1.0, 1.0])
    assert len(set(pids)) > 1


def test_while_the_caller_is_busy_the_cluster_goes_on(executor: Executor) -> None:
    pids = parallel_map(where, [2.0] + [0.05] * 40)
    assert pids.count(os.getpid()) == 1


def snooze(x: float) -> float:
    time.sleep(x)
    return x


def test_an_ordered_stream_goes_on_behind_a_slow_head(executor: Executor) -> None:
    items = [0.5] + [0.01] * 150
    assert list(parallel_imap(snooze, items)) == items


def slow_head_bad_tail(x: int) -> int:
    time.sleep(0.3 if x == 0 else 0.01)
    if x in {120, 140}:
        raise LookupError(f"at {x}")
    return x


def test_an_ordered_stream_gives_the_earliest_error_after_all_before_it(executor: Executor) -> None:
    stream = parallel_imap(slow_head_bad_tail, range(150))
    assert list(itertools.islice(stream, 120)) == list(range(120))
    with pytest.raises(LookupError, match="at 120"):
        next(stream)


def span(_: int) -> tuple[float, float]:
    began = time.time()
    time.sleep(0.2)
    return began, time.time()


def test_with_a_concurrency_of_one_the_caller_is_the_one(executor: Executor) -> None:
    spans = sorted(parallel_map.options(max_concurrency=1)(span, range(4)))
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


def test_after_a_late_item_the_others_have_their_time(executor: Executor) -> None:
    options = parallel_map.options(timeout=4, return_exceptions=True)
    found = options(snooze, [9, 9] + [0.0] * 6)
    assert [isinstance(one, TimeoutError) for one in found] == [True] * 2 + [False] * 6


def test_what_was_cancelled_does_not_begin_afterwards(executor: Executor, tmp_path: Path) -> None:
    parallel_map.options(chunk_size=1)(snooze, [0.1] * 4)  # the processes are there
    for number in range(5):
        folder = tmp_path / str(number)
        folder.mkdir()
        stream = parallel_imap.options(chunk_size=1)(
            lambda x, to=str(folder): beat(to, x) if x else None, range(9)
        )
        assert next(stream) is None
        wait_until(lambda at=folder: any(at.iterdir()), "another item runs")
        stream.close()
    wait_until(lambda: all(map(falls_silent, tmp_path.iterdir())), "nothing runs any more")


def test_a_timeout_is_not_spent_in_a_queue(executor: Executor) -> None:
    chunks_of_one(where, [0.0] * 4)  # which starts the processes
    options = parallel_map.options(timeout=3, max_concurrency=8)
    assert len(options(where, [1.0] * 6)) == 6


def test_a_time_zone_without_a_name_goes_along(executor: Executor) -> None:
    with timezone.override(timezone.get_fixed_timezone(120)):
        [found] = set(chunks_of_one(surroundings, range(2)))
    assert found[1] == "+0200"


def test_an_item_over_its_timeout_is_stopped_alone(executor: Executor) -> None:
    options = parallel_map.options(timeout=4, return_exceptions=True)
    late, pid = options(where, [9, 0.0])
    assert isinstance(late, TimeoutError)
    assert "item 0 took over 4 s" in str(late)
    assert isinstance(pid, int)


def test_a_chunk_has_the_time_of_all_its_items(executor: Executor) -> None:
    options = parallel_map.options(timeout=1.5, chunk_size=2, return_exceptions=True)
    *late, pid, other = options(where, [5, 0.0, 1.6, 0.0])
    assert [type(one) for one in late] == [TimeoutError, TimeoutError]
    assert "items 0 to 1 took over 3 s" in str(late[0])
    assert pid == other


def test_all_together_can_have_a_timeout(executor: Executor) -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError, match="not over within 1 s"):
        parallel_map.options(total_timeout=1)(where, [9, 9])
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("work", [linger, linger_in_children])
def test_the_first_error_ends_what_runs_and_its_children(
    executor: Executor, work: Any, tmp_path: Path
) -> None:
    with pytest.raises(LookupError, match="the first"):
        chunks_of_one(lambda x: work(str(tmp_path), x), range(2))
    # The slots are free again long before what ran would have ended by itself.
    began = time.monotonic()
    assert len(chunks_of_one(where, [0.0] * 4)) == 4
    assert time.monotonic() - began < 15
    assert not list(tmp_path.glob("ended-*"))


def test_a_stream_closed_early_ends_what_is_in_flight(executor: Executor, tmp_path: Path) -> None:
    stream = parallel_imap.options(chunk_size=1)(
        lambda x: beat(str(tmp_path), x) if x else None, range(3)
    )
    assert next(stream) is None
    wait_until(lambda: any(tmp_path.iterdir()), "another item runs")
    stream.close()
    wait_until(lambda: falls_silent(tmp_path), "nothing runs any more", 10)


def test_what_no_machine_has_is_refused_at_once(executor: Executor) -> None:
    with pytest.raises(Infeasible, match="GPU 1"):
        parallel_map(negative, range(3), num_gpus=1)
    with pytest.raises(Infeasible, match=r"seat 64.*the most there is on one is seat"):
        parallel_map.options(resources={"seat": 64})(negative, range(3))


def test_a_large_keyword_is_stored_once(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[object] = []
    share = type(executor).share

    def counted(executor: Executor, value: object) -> object:
        stored.append(value)
        return share(executor, value)

    monkeypatch.setattr(type(executor), "share", counted)
    big = np.ones(200_000)
    assert chunks_of_one(sum_with, range(6), big=big) == [200_000.0 + x for x in range(6)]
    assert len(stored) == 1


def test_a_large_item_travels(executor: Executor) -> None:
    items = [np.full(300_000, n) for n in range(3)]
    assert chunks_of_one(np.sum, items) == [0, 300_000, 600_000]


def test_recursion_ends(executor: Executor) -> None:
    assert chunks_of_one(tree, [3]) == [8]


def die_once(mark: str, big: Any = None) -> str:
    path = Path(mark)
    if not path.exists():
        path.touch()
        os._exit(9)
    return "survived"


@pytest.mark.parametrize("size", [1, 300_000])
def test_a_chunk_whose_process_dies_is_run_again(
    executor: Executor, tmp_path: Path, size: int
) -> None:
    big = np.ones(size)
    call = functools.partial(_die_once_with, str(tmp_path / "item"))
    assert chunks_of_one(call, [big]) == ["survived"]
    assert chunks_of_one(die_once, [str(tmp_path / "keyword")], big=big) == ["survived"]


def _die_once_with(mark: str, big: Any) -> str:
    return die_once(mark, big)


def nested_with(options: dict[str, Any], x: int) -> list[int]:
    return parallel_map.options(**options)(negative, range(x))


def test_calls_that_could_never_start_beside_their_caller_are_refused(executor: Executor) -> None:
    options: dict[str, Any] = {"resources": {"seat": 2}}
    if executor.name == "ray":
        import ray

        options = {"memory": int(ray.cluster_resources()["memory"] * 0.6)}
    call = functools.partial(nested_with, options)
    with pytest.raises(Infeasible, match="waits for calls of its own"):
        parallel_map.options(**options)(call, [2])


@pytest.mark.usefixtures("ray_cluster_here")
def test_what_cannot_be_imported_there_is_told_by_its_name() -> None:
    def needs(x: int) -> int:
        return x

    needs.__module__ = "a_module_of_the_caller"
    sys.modules["a_module_of_the_caller"] = type(sys)("a_module_of_the_caller")
    needs.__qualname__ = "needs"
    sys.modules["a_module_of_the_caller"].needs = needs  # type: ignore[attr-defined]
    try:
        with pytest.raises(Exception, match="a_module_of_the_caller") as caught:
            chunks_of_one(needs, [1])
    finally:
        del sys.modules["a_module_of_the_caller"]
    assert not isinstance(caught.value, CallLost)


@pytest.mark.usefixtures("ray_cluster_here")
def test_a_chunk_whose_process_dies_for_good_is_told() -> None:
    with pytest.raises(CallLost):
        parallel_map.options(max_retries=0)(die, range(2))


@pytest.mark.usefixtures("ray_cluster_here")
def test_more_cpus_than_any_machine_has_are_refused_at_once() -> None:
    with pytest.raises(Infeasible, match="CPU 64"):
        parallel_map(negative, range(3), num_cpus=64)


def test_on_dask_a_call_gets_the_resources_it_asks_for(local_dask: Any) -> None:
    from django_ray_runtime.executors.dask import DaskExecutor

    with using_executor(DaskExecutor(local_dask)):
        assert parallel_map.options(resources={"seat": 1})(negative, range(3)) == [0, -1, -2]


@pytest.mark.ray
def test_on_one_cpu_nothing_waits_for_itself() -> None:
    """Its calls run in a process of their own, outside of Django, as in somebody's script."""
    env = {name: value for name, value in environment().items() if "DJANGO" not in name}
    run = subprocess.run(
        [sys.executable, "-m", "tests.one_cpu"],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=150, check=True,
    )  # fmt: skip
    found = json.loads(run.stdout.splitlines()[-1])
    values = {name: value for name, (value, _) in found.items()}
    told = values.pop("actor with the CPU")
    assert "The actor 'holder' of Holder.fan_out holds CPU 1" in told
    assert "Give the actor num_cpus=0" in told
    assert found["actor with the CPU"][1] < 10
    assert values == {
        "plain": [0, 2, 4],
        "nested": [[0, 2, 4]] * 3,
        "recursion": [8],
        "starmap in map": [[1, 1], [1, 1], [2, 2]],
        "actor with the CPU, one item": [6],
        "actor without": [0, 2, 4],
    }
