"""Measure the queue named in PEER, under the Python that has it:
`python -m benchmarks.peers.measure QUANTITY WARM_UP REPEAT`. Prints its rates as JSON.

The tasks are there before the worker is. What it finishes first is its warm-up and not counted.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.environment import clean_up_when_terminated
from benchmarks.peers.queues import Peer, peer

WITHIN = 180.0
"""Seconds in which a worker must be through."""


def enqueue(one: Callable[[], object], quantity: int) -> float:
    """Tasks enqueued a second, one by one."""
    began = time.perf_counter()
    for _ in range(quantity):
        one()
    return quantity / (time.perf_counter() - began)


def bulk(many: Callable[[int], object], quantity: int) -> float:
    """Tasks enqueued a second, all at once."""
    began = time.perf_counter()
    many(quantity)
    return quantity / (time.perf_counter() - began)


def drain(queue: Peer, quantity: int, warm_up: int) -> float:
    """Tasks finished a second by a worker, after so many."""
    with worker(queue) as process:
        until = time.monotonic() + WITHIN
        while _count(queue) < quantity:
            if process.poll() is not None:
                raise RuntimeError(f"the worker ended with {process.returncode}")
            if time.monotonic() > until:
                raise RuntimeError(f"{_count(queue)} of {quantity} after {WITHIN:g} s")
            time.sleep(0.25)
    moments = sorted(_rows(queue.finished))
    return (quantity - warm_up) / float((moments[-1] - moments[warm_up - 1]).total_seconds())


@contextmanager
def worker(queue: Peer) -> Iterator[subprocess.Popen[bytes]]:
    """Its worker, in a session of its own, of which nothing is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "django", *queue.worker],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # as it should be


def _count(queue: Peer) -> int:
    return int(_rows(f"SELECT count(*) FROM ({queue.finished}) AS f")[0])  # noqa: S608


def _rows(sql: str) -> list[Any]:
    """The first column of what a query finds."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [row[0] for row in cursor.fetchall()] if cursor.description else []


def main(quantity: int, warm_up: int, repeat: int) -> None:
    """Medians of so many drains, each of tasks that were enqueued one by one."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    queue = peer(os.environ["PEER"])
    rates: dict[str, list[float]] = {"enqueue": [], "bulk": [], "drain": []}
    for _ in range(repeat):
        if queue.bulk is not None:
            rates["bulk"].append(bulk(queue.bulk, 10 * quantity))
            _rows(queue.clear)
        rates["enqueue"].append(enqueue(queue.enqueue, quantity))
        rates["drain"].append(drain(queue, quantity, warm_up))
        _rows(queue.clear)
    print(json.dumps({name: statistics.median(found) for name, found in rates.items() if found}))


if __name__ == "__main__":
    clean_up_when_terminated()
    main(*map(int, sys.argv[1:4]))
