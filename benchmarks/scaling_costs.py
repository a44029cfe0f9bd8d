"""What each statement of the queue costs a PostgreSQL: the figures that `simulate_scaling` uses.

The server's cost is the CPU time of the session that runs the statement, as Linux counts it, so
that other programs and the worker's own share of the work do not count.
"""

import statistics
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Report, median_seconds
from benchmarks.scaling_model import PRUNE_BATCH, Costs

BATCHES = (1, 10, 100, 400)
LISTENERS = 20
LOCKED = 2000
# As in the worker's duties and the default settings.
LOOK_SECONDS, BEAT_SECONDS, RESCUE_SECONDS, STOP_SECONDS = 15.0, 3.0, 6.0, 0.5
STATS_SECONDS, IDLE_STATS_SECONDS = 5.0, 15.0
FIRST = """
SELECT id FROM django_ray_runtime_queuedtask WHERE state = 'READY'
ORDER BY queue_name, priority DESC, id LIMIT %s FOR UPDATE
"""
EMPTY = "TRUNCATE django_ray_runtime_queuedtask CASCADE"
ANALYZE = "VACUUM ANALYZE django_ray_runtime_queuedtask"


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds for each call: of the server's CPU, of this process, and by the clock."""

    server: float
    client: float
    elapsed: float


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process of one thread has used."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def mean(samples: Sequence[Sample]) -> Sample:
    """Of each figure."""
    return Sample(*(statistics.fmean(column) for column in _columns(samples)))


def least(samples: Sequence[Sample]) -> Sample:
    """Of each figure: what else runs on the machine can only make it larger."""
    return Sample(*map(min, _columns(samples)))


def _columns(samples: Sequence[Sample]) -> Iterator[tuple[float, ...]]:
    return zip(*((one.server, one.client, one.elapsed) for one in samples), strict=True)


class Bench:
    """A worker of the queue without a worker's process, on Django's connection."""

    def __init__(self) -> None:
        from django_ray_runtime.states import WorkerState
        from django_ray_runtime.store import get_liveness, get_store

        self.store, self.liveness = get_store(), get_liveness()
        self.worker = f"bench:{time.monotonic_ns()}"
        self.liveness.register(self.worker, ["default"])
        self.liveness.move(self.worker, WorkerState.ACTIVE)
        self._pid = int(self.value("SELECT pg_backend_pid()"))

    def value(self, sql: str, *values: Any) -> Any:
        """The first value that a statement returns."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchone()[0] if cursor.description else None

    def prepared(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """What a statement returns whose plan the server keeps."""
        from django.db import connection
        from psycopg import Cursor

        with Cursor(connection.connection) as cursor:
            return cursor.execute(sql, values, prepare=True).fetchall()

    def sample(self, action: Callable[[], object], repeat: int) -> Sample:
        """The mean of so many calls."""
        server, client, began = cpu_of(self._pid), time.process_time(), time.perf_counter()
        for _ in range(repeat):
            action()
        took = time.perf_counter() - began, time.process_time() - client
        return Sample((cpu_of(self._pid) - server) / repeat, took[1] / repeat, took[0] / repeat)

    def enqueue(self, quantity: int, batch: int = 100) -> None:
        """No-op tasks."""
        from benchmarks.tasks import nothing

        for start in range(0, quantity, batch):
            nothing.enqueue_many([()] * min(batch, quantity - start))

    def claim(self, batch: int) -> list[Any]:
        """The outcomes of so many tasks, whose claim is made for it."""
        from django_ray_runtime.records import Outcome
        from django_ray_runtime.states import State

        claims = self.store.claim(["default"], batch, self.worker)
        return [
            Outcome(id=c.id, attempt=c.attempt, state=State.SUCCESSFUL, return_value="null")
            for c in claims
        ]

    def turns(self, batch: int, repeat: int) -> tuple[Sample, Sample]:
        """Claims of `batch` tasks, and the finish of each, one after the other."""
        self.enqueue(batch * repeat)
        held: list[Any] = []
        claims, finishes = [], []
        for _ in range(repeat):
            claims.append(self.sample(lambda: held.extend(self.claim(batch)), 1))
            assert len(held) == batch
            finishes.append(self.sample(lambda: self.store.finish_many(self.worker, held), 1))
            held.clear()
        return mean(claims), mean(finishes)

    def wal(self) -> int:
        """Bytes of write-ahead log since ever."""
        return int(self.value("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))


@contextmanager
def session() -> Iterator[Any]:
    """Another connection: its cursor."""
    from django.db import connections

    connection = connections.create_connection("default")
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def measure(report: Report, quick: bool) -> Costs:
    """All costs; what is told beside them goes to the report."""
    bench, times = Bench(), 1 if quick else 3
    bench.turns(1, 30)
    bench.turns(400, 10)
    bench.value(ANALYZE)
    statements = _batches(bench, report, times)
    return Costs(
        **statements,
        **_small(bench, 200 * times),
        skipped_row=_skipped(bench, 20 * times, statements),
        prune_row=_pruned(bench, report, times),
        **_notices(bench, 100 * times),
    )


def fit(samples: Mapping[int, float]) -> tuple[float, float]:
    """Seconds of a statement, and of each of its rows; near by share, not by seconds."""
    batches, seconds = np.array(list(samples)), np.array(list(samples.values()))
    row, fixed = np.polyfit(batches, seconds, 1, w=1 / seconds)
    return max(0.0, float(fixed)), max(0.0, float(row))


def _batches(bench: Bench, report: Report, times: int) -> dict[str, float]:
    """Claims, finishes and enqueues by the size of their batches."""
    claims, finishes, enqueues = {}, {}, {}
    for batch in BATCHES:
        rounds = [bench.turns(batch, max(10, 200 // batch) * times) for _ in range(3)]
        claims[batch], finishes[batch] = map(least, zip(*rounds, strict=True))
        for name, sample in (("claim", claims[batch]), ("finish", finishes[batch])):
            told = f"{name} of {batch}, a row"
            report.add(f"{told}, by the clock", sample.elapsed / batch * 1e6, "us")
            report.add(f"{told}, of the server's CPU", sample.server / batch * 1e6, "us")
    for batch in (1, 100):
        enqueues[batch] = bench.sample(partial(bench.enqueue, batch, batch), 200 * times // batch)
    while outcomes := bench.claim(400):
        bench.store.finish_many(bench.worker, outcomes)
    named = {
        "claim": {batch: sample.server for batch, sample in claims.items()},
        "finish": {batch: sample.server for batch, sample in finishes.items()},
        "enqueue": {batch: sample.server for batch, sample in enqueues.items()},
        "client_claim": {batch: sample.client for batch, sample in claims.items()},
        "client_finish": {batch: sample.client for batch, sample in finishes.items()},
    }
    found = {}
    for name, samples in named.items():
        found[name], found[f"{name}_row"] = fit(samples)
    return found


def _small(bench: Bench, repeat: int) -> dict[str, float]:
    """What a worker asks beside its claims and finishes, and a flush of the disk."""
    from django_ray_runtime.store import get_waiting
    from django_ray_runtime.store.limits import _KEYS

    def server(action: Callable[[], object]) -> float:
        return bench.sample(action, repeat).server

    runs = [(uuid.uuid4(), 1) for _ in range(16)]
    waiting, liveness, worker = get_waiting(), bench.liveness, bench.worker

    def note() -> bool:
        return bench.store.note_handed(worker, runs)

    flushed: list[float] = []
    unflushed: list[float] = []
    for _ in range(5):
        for switch, found in (("on", flushed), ("off", unflushed)):
            bench.value("SELECT set_config('synchronous_commit', %s, false)", switch)
            found.append(median_seconds(note, repeat // 4))
    bench.value("SET synchronous_commit = on")
    seldom = (
        server(waiting.seconds_until_next) / LOOK_SECONDS
        + server(lambda: liveness.beat([worker], 12.0)) / BEAT_SECONDS
        + server(lambda: liveness.rescue(worker, 12.0)) / RESCUE_SECONDS
    )
    stats = server(lambda: liveness.note_stats(worker, {}))
    stops = server(lambda: bench.store.to_stop(worker)) / STOP_SECONDS
    return {
        "empty_claim": server(lambda: bench.claim(16)),
        "admit": server(lambda: bench.store.admit(["default"], 16)),
        "admit_prepared": server(lambda: bench.prepared(_KEYS, ["", 100])),
        "handed": server(note),
        "duties": seldom + stats / STATS_SECONDS + stops,
        "idle_duties": seldom + stats / IDLE_STATS_SECONDS,
        "flush": max(0.0, min(flushed) - min(unflushed)),
    }


def _skipped(bench: Bench, repeat: int, statements: Mapping[str, float]) -> float:
    """A row that another transaction has locked, passed by."""
    bench.enqueue(LOCKED + 10 * repeat)
    with session() as other:
        other.execute("BEGIN")
        other.execute(FIRST, [LOCKED])
        took = bench.sample(lambda: bench.claim(10), repeat).server
        other.execute("ROLLBACK")
    alone = statements["claim"] + 10 * statements["claim_row"]
    return max(0.0, took - alone) / LOCKED


def _pruned(bench: Bench, report: Report, times: int) -> float:
    from django_ray_runtime.states import State
    from django_ray_runtime.store import get_pruning

    pruning, repeat = get_pruning(), 2 * times
    while outcomes := bench.claim(400):
        bench.store.finish_many(bench.worker, outcomes)
    bench.turns(PRUNE_BATCH, repeat + 1)
    ages: dict[State, float | None] = {State.SUCCESSFUL: 0.001}
    wal, deleted = bench.wal(), []
    took = bench.sample(lambda: deleted.append(pruning.prune(ages)), repeat)
    assert sum(deleted) == PRUNE_BATCH * repeat
    written = (bench.wal() - wal) / sum(deleted)
    report.add(f"pruning a batch of {PRUNE_BATCH}, by the clock", took.elapsed * 1000, "ms")
    report.add("write-ahead log of a pruned row", written, "bytes")
    return took.server / PRUNE_BATCH


def _notices(bench: Bench, repeat: int) -> dict[str, float]:
    """A NOTIFY, for who sends it and for each who listens."""
    from contextlib import ExitStack

    from django_ray_runtime.store.notices import CHANNEL

    def notify() -> None:
        bench.value(f"NOTIFY {CHANNEL}")
        time.sleep(0.002)  # so that no listener hears of two at once

    with ExitStack() as stack:
        pids = []
        for _ in range(LISTENERS):
            cursor = stack.enter_context(session())
            cursor.execute(f"LISTEN {CHANNEL}")
            cursor.execute("SELECT pg_backend_pid()")
            pids.append(cursor.fetchone()[0])
        before = sum(map(cpu_of, pids))
        sent = bench.sample(notify, repeat).server
        time.sleep(0.2)
        heard = sum(map(cpu_of, pids)) - before
    return {"notice": sent, "notice_listener": heard / repeat / LISTENERS}
