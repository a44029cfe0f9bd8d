"""Late items, errors and streams that end early, where only a cluster shows them: Ray and Dask."""

import time
from pathlib import Path
from typing import Any

import pytest

from django_ray_runtime.distributed import parallel_imap, parallel_map
from django_ray_runtime.executors import Executor
from tests.contracts.test_fanout_cluster import chunks_of_one, snooze, where
from tests.support import wait_until


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


def test_after_a_late_item_the_others_have_their_time(cluster: Executor) -> None:
    options = parallel_map.options(timeout=4, return_exceptions=True)
    found = options(snooze, [20, 20] + [0.0] * 6)
    assert [isinstance(one, TimeoutError) for one in found] == [True] * 2 + [False] * 6


def test_what_was_cancelled_does_not_begin_afterwards(cluster: Executor, tmp_path: Path) -> None:
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


def test_a_timeout_is_not_spent_in_a_queue(cluster: Executor) -> None:
    chunks_of_one(where, [0.0] * 4)  # which starts the processes
    options = parallel_map.options(timeout=3, max_concurrency=8)
    assert len(options(where, [1.0] * 6)) == 6


def test_an_item_over_its_timeout_is_stopped_alone(cluster: Executor) -> None:
    options = parallel_map.options(timeout=4, return_exceptions=True)
    late, pid = options(where, [20, 0.0])
    assert isinstance(late, TimeoutError)
    assert "item 0 took over 4 s" in str(late)
    assert isinstance(pid, int)


def test_a_chunk_has_the_time_of_all_its_items(cluster: Executor) -> None:
    options = parallel_map.options(timeout=1.5, chunk_size=2, return_exceptions=True)
    *late, pid, other = options(where, [5, 0.0, 1.6, 0.0])
    assert [type(one) for one in late] == [TimeoutError, TimeoutError]
    assert "items 0 to 1 took over 3 s" in str(late[0])
    assert pid == other


def test_all_together_can_have_a_timeout(cluster: Executor) -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError, match="not over within 1 s"):
        parallel_map.options(total_timeout=1)(where, [9, 9])
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("work", [linger, linger_in_children])
def test_the_first_error_ends_what_runs_and_its_children(
    cluster: Executor, work: Any, tmp_path: Path
) -> None:
    with pytest.raises(LookupError, match="the first"):
        chunks_of_one(lambda x: work(str(tmp_path), x), range(2))
    # The slots are free again long before what ran would have ended by itself.
    began = time.monotonic()
    assert len(chunks_of_one(where, [0.0] * 4)) == 4
    assert time.monotonic() - began < 15
    assert not list(tmp_path.glob("ended-*"))


def test_a_stream_closed_early_ends_what_is_in_flight(cluster: Executor, tmp_path: Path) -> None:
    stream = parallel_imap.options(chunk_size=1)(
        lambda x: beat(str(tmp_path), x) if x else None, range(3)
    )
    assert next(stream) is None
    wait_until(lambda: any(tmp_path.iterdir()), "another item runs")
    stream.close()
    wait_until(lambda: falls_silent(tmp_path), "nothing runs any more", 10)
