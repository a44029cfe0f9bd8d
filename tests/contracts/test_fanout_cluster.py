"""What only a cluster can show of a fan-out: on Ray and on Dask."""

import functools
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from django_ray_runtime.distributed import parallel_imap, parallel_map, using_executor
from django_ray_runtime.exceptions import CallLost, Infeasible
from django_ray_runtime.executors import Executor
from tests.contracts.test_fanout import negative, surroundings
from tests.support import ROOT, environment

chunks_of_one = parallel_map.options(chunk_size=1)


def where(x: float) -> int:
    time.sleep(x)
    return os.getpid()


def die(x: int) -> int:
    os._exit(7)


def sum_with(x: int, big: Any) -> float:
    return float(big.sum()) + x


def tree(depth: int) -> int:
    """The leaves of a binary tree, each node a call."""
    return sum(chunks_of_one(tree, [depth - 1] * 2)) if depth else 1


def test_a_long_item_in_the_caller_does_not_hold_up_the_others(cluster: Executor) -> None:
    found = parallel_map(where, [2.5, 0.1, 0.1, 0.1, 0.1])
    assert found[0] == os.getpid()
    assert os.getpid() not in found[1:]


def test_what_cannot_be_sent_while_the_caller_is_busy_is_not_lost(
    cluster: Executor,
) -> None:
    lock = threading.Lock()

    def slow(x: float) -> float:
        with lock:
            time.sleep(x)
        return x

    with pytest.raises(TypeError, match="lock"):
        parallel_map(slow, [0.2, 0.1])
    with pytest.raises(TypeError, match="lock"):
        list(parallel_imap(lambda x: time.sleep(0.2), [1, threading.Lock(), 2]))


def test_a_tiny_first_item_does_not_keep_the_heavy_ones_here(cluster: Executor) -> None:
    pids = parallel_map(where, [0, 1.0, 1.0, 1.0, 1.0])
    assert len(set(pids)) > 1


def test_while_the_caller_is_busy_the_cluster_goes_on(cluster: Executor) -> None:
    pids = parallel_map(where, [2.0] + [0.05] * 40)
    assert pids.count(os.getpid()) == 1


def snooze(x: float) -> float:
    time.sleep(x)
    return x


def test_an_ordered_stream_goes_on_behind_a_slow_head(cluster: Executor) -> None:
    items = [0.5] + [0.01] * 150
    assert list(parallel_imap(snooze, items)) == items


def slow_head_bad_tail(x: int) -> int:
    time.sleep(0.3 if x == 0 else 0.01)
    if x in {120, 140}:
        raise LookupError(f"at {x}")
    return x


def test_an_ordered_stream_gives_the_earliest_error_after_all_before_it(
    cluster: Executor,
) -> None:
    stream = parallel_imap(slow_head_bad_tail, range(150))
    assert list(itertools.islice(stream, 120)) == list(range(120))
    with pytest.raises(LookupError, match="at 120"):
        next(stream)


def span(_: int) -> tuple[float, float]:
    began = time.time()
    time.sleep(0.2)
    return began, time.time()


def test_with_a_concurrency_of_one_the_caller_is_the_one(cluster: Executor) -> None:
    spans = sorted(parallel_map.options(max_concurrency=1)(span, range(4)))
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


def test_a_time_zone_without_a_name_goes_along(cluster: Executor) -> None:
    with timezone.override(timezone.get_fixed_timezone(120)):
        [found] = set(chunks_of_one(surroundings, range(2)))
    assert found[1] == "+0200"


def test_what_no_machine_has_is_refused_at_once(cluster: Executor) -> None:
    with pytest.raises(Infeasible, match="GPU 1"):
        parallel_map(negative, range(3), num_gpus=1)
    with pytest.raises(Infeasible, match=r"seat 64.*the most there is on one is seat"):
        parallel_map.options(resources={"seat": 64})(negative, range(3))


def test_a_large_keyword_is_stored_once(cluster: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[object] = []
    share = type(cluster).share

    def counted(executor: Executor, value: object) -> object:
        stored.append(value)
        return share(executor, value)

    monkeypatch.setattr(type(cluster), "share", counted)
    big = np.ones(200_000)
    assert chunks_of_one(sum_with, range(6), big=big) == [200_000.0 + x for x in range(6)]
    assert len(stored) == 1


def test_a_large_item_travels(cluster: Executor) -> None:
    items = [np.full(300_000, n) for n in range(3)]
    assert chunks_of_one(np.sum, items) == [0, 300_000, 600_000]


def test_recursion_ends(cluster: Executor) -> None:
    assert chunks_of_one(tree, [3]) == [8]


def die_once(mark: str, big: Any = None) -> str:
    path = Path(mark)
    if not path.exists():
        path.touch()
        os._exit(9)
    return "survived"


@pytest.mark.parametrize("size", [1, 300_000])
def test_a_chunk_whose_process_dies_is_run_again(
    cluster: Executor, tmp_path: Path, size: int
) -> None:
    big = np.ones(size)
    call = functools.partial(_die_once_with, str(tmp_path / "item"))
    assert chunks_of_one(call, [big]) == ["survived"]
    assert chunks_of_one(die_once, [str(tmp_path / "keyword")], big=big) == ["survived"]


def _die_once_with(mark: str, big: Any) -> str:
    return die_once(mark, big)


def nested_with(options: dict[str, Any], x: int) -> list[int]:
    return parallel_map.options(**options)(negative, range(x))


def test_calls_that_could_never_start_beside_their_caller_are_refused(
    cluster: Executor,
) -> None:
    options: dict[str, Any] = {"resources": {"seat": 2}}
    if cluster.name == "ray":
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
