"""Ray without a queue, and the least that joins it to a table: what bounds any queue on Ray.

`python -m benchmarks.queue_bare QUANTITY REPEAT`, in a process of its own, because it starts a Ray.
DATABASE_URL is a PostgreSQL's. Prints the figures as JSON. Before it does anything, its memory is
that of a process in which Django is set up and which is connected to PostgreSQL and Ray.
"""

import json
import os
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from queue import SimpleQueue
from typing import Any

from benchmarks.environment import clean_up_when_terminated, output_of
from benchmarks.queue_table import Row, Table

ACTORS = 2
EACH = 2
"""Packs that an actor holds: one runs, one waits."""
PACK = 50
CLAIM = 200
PACK_ALONE = 100


class Runner:
    """An actor that runs what it is handed together."""

    def nothing(self) -> None:
        """For the first call, which waits for the process."""

    def run(self, pack: Sequence[str]) -> list[str]:
        """The results of no-op calls with these arguments; both as JSON."""
        return [json.dumps(_nothing(*json.loads(arguments))) for arguments in pack]


def _nothing() -> object:
    return None


def pipeline(connection: Any, actors: Sequence[Any], quantity: int) -> float:
    """Tasks a second through claim, packed calls and finish, results stored."""
    table = Table(connection, quantity)
    waiting: deque[Row] = deque()
    done: SimpleQueue[tuple[Any, list[Row], Any]] = SimpleQueue()
    free = [*actors] * EACH
    places, finished = len(free), 0
    began = time.perf_counter()
    while finished < quantity:
        if len(waiting) < PACK * len(free):
            waiting.extend(table.claim(CLAIM))
        while free and waiting:
            actor = free.pop()
            pack = [waiting.popleft() for _ in range(min(PACK, len(waiting)))]
            call = actor.run.remote([arguments for _, _, arguments in pack]).future()
            call.add_done_callback(_hand_to(done, actor, pack))
        if len(free) == places:
            continue
        came = [done.get()]
        while not done.empty():
            came.append(done.get())
        rows = [row for _, pack, _ in came for row in pack]
        table.finish(rows, [value for _, _, call in came for value in call.result()])
        free.extend(actor for actor, _, _ in came)
        finished += len(rows)
    return quantity / (time.perf_counter() - began)


def _hand_to(done: SimpleQueue[Any], actor: Any, pack: list[Row]) -> Callable[[Any], None]:
    return lambda call: done.put((actor, pack, call))


def measure(quantity: int, repeat: int) -> dict[str, float]:
    """The figures by name. Starts the Ray that our worker would start."""
    import django
    import psutil
    from django.db import connection as django_connection

    from django_ray_runtime.ray_cluster import join_or_start

    django.setup()
    django_connection.ensure_connection()
    cluster = join_or_start("local")
    try:
        memory = psutil.Process().memory_full_info().uss / 1e6
        return {"megabytes": memory} | _rates(quantity, repeat)
    finally:
        cluster.close()


def _rates(quantity: int, repeat: int) -> dict[str, float]:
    import psycopg
    import ray

    call: Any = ray.remote(max_retries=0)(_nothing)
    runner: Any = ray.remote(num_cpus=0)(Runner)
    actors = [runner.remote() for _ in range(ACTORS)]
    ray.get([actor.nothing.remote() for actor in actors])
    ray.get([call.remote() for _ in range(200)])

    def one_by_one(calls: int) -> None:
        for _ in range(calls):
            ray.get(call.remote())

    def in_bulk(calls: int) -> None:
        ray.get([call.remote() for _ in range(calls)])

    def packed(items: int) -> None:
        pack = ["[]"] * PACK_ALONE
        turns = islice(cycle(actors), items // PACK_ALONE)
        ray.get([actor.run.remote(pack) for actor in turns])

    def rate(action: Callable[[int], None], amount: int) -> float:
        began = time.perf_counter()
        action(amount)
        return amount / (time.perf_counter() - began)

    def median(measure: Callable[[], float]) -> float:
        return statistics.median(measure() for _ in range(repeat))

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        pipeline(connection, actors, quantity // 4)
        return {
            "one by one": median(lambda: rate(one_by_one, quantity // 20)),
            "in bulk": median(lambda: rate(in_bulk, quantity // 4)),
            "packed": median(lambda: rate(packed, quantity)),
            "pipeline": median(lambda: pipeline(connection, actors, quantity)),
        }


def bare(quantity: int, repeat: int) -> dict[str, float]:
    """The figures, from a process of their own."""
    command = [sys.executable, "-m", "benchmarks.queue_bare", str(quantity), str(repeat)]
    figures: dict[str, float] = json.loads(output_of(command).splitlines()[-1])
    return figures


if __name__ == "__main__":
    clean_up_when_terminated()
    print(json.dumps(measure(*map(int, sys.argv[1:3]))))
