"""Who holds connections to the database: a task that uses it, and none of its chunks."""

import os
from urllib.parse import urlsplit

import psutil
import pytest
from django.db import connection

from django_ray_runtime.distributed import parallel_map
from django_ray_runtime.executors.ray import RayExecutor
from tests.support import database_url, wait_until

pytestmark = pytest.mark.slow


def whole(quantity: int) -> tuple[int, list[int]]:
    """A task's run that uses the database and fans out: its process, and those of its chunks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return os.getpid(), parallel_map.options(chunk_size=1)(part, range(quantity))


def part(_: int) -> int:
    return os.getpid()


@pytest.mark.usefixtures("ray_cluster_here", "db")
def test_of_a_task_and_its_chunks_the_task_alone_holds_a_connection() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connections to count")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    executor = RayExecutor()
    call = executor.submit(whole, 60)
    executor.wait([call])
    task, chunks = executor.outcome(call)
    others = set(chunks) - {task}
    assert others, "chunks ran elsewhere"
    port = urlsplit(database_url()).port
    assert port
    assert connections_of(os.getpid(), port) >= 1, "we look where they are"
    assert wait_until(lambda: connections_of(task, port), "the task has its own") == 1
    assert {pid: connections_of(pid, port) for pid in others} == dict.fromkeys(others, 0)


def connections_of(pid: int, port: int) -> int:
    """How many connections to `port` this process has."""
    found = psutil.Process(pid).net_connections("tcp")
    return sum(1 for one in found if one.raddr and one.raddr.port == port)
