"""Claimers in processes of their own, which the simulation is held against, and an idle worker."""

import multiprocessing
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from types import TracebackType

import psutil

from benchmarks.report import Report
from benchmarks.scaling_costs import ANALYZE, EMPTY, Bench, cpu_of
from benchmarks.scaling_model import Costs, Setup, simulate
from benchmarks.worker import Worker

SETTLE_SECONDS = 12.0  # until it looks as seldom as it may
QUIET_TRIES, QUIET_PERCENT = 3, 15.0
SIZES = ((100, (1, 2, 4, 8)), (10, (1, 2, 4)))  # batches, and how many claim at once
# What an idle worker sends a second, as its duties say: two statements to look at the queue, one
# for what is due, a heartbeat, a rescue, its counters, and the ticks of this project's schedules.
LOOKS = 1 / 15
IDLE_TRANSACTIONS = 2 * LOOKS + 1 / 15 + 1 / 3 + 1 / 6 + 1 / 15 + 1 / 10
BACKENDS = """
SELECT array_agg(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
TRANSACTIONS = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'postgres'"


@dataclass(frozen=True, slots=True)
class Drain:
    """What some claimers came to together."""

    rate: float  # tasks claimed and finished a second
    server: float  # seconds of CPU of the claimers' sessions for each
    client: float  # and of the claimers
    others: float  # cores that other programs took


class Claimers:
    """Processes that claim and finish when told to; a context manager."""

    def __init__(self, most: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(most):
            ours, theirs = context.Pipe()
            self._pipes.append(ours)
            self._processes.append(context.Process(target=_claimer, args=(theirs,), daemon=True))

    def __enter__(self) -> "Claimers":
        for process in self._processes:
            process.start()
        for pipe in self._pipes:
            pipe.recv()  # it is ready
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            if kind is None:
                pipe.send(0)
            else:
                process.terminate()
            process.join()

    def drain(self, claimers: int, batch: int, quantity: int) -> Drain:
        """So many tasks, claimed and finished by so many of them; nothing is run."""
        bench = Bench()
        bench.value(EMPTY)
        bench.enqueue(quantity, 1000)
        bench.value(ANALYZE)
        bench.value("CHECKPOINT")  # what the filling left to write must not count
        pipes, busy = self._pipes[:claimers], _busy()
        for pipe in pipes:
            pipe.send(batch)
        told = [pipe.recv() for pipe in pipes]
        began, ended, rows, server, client = zip(*told, strict=True)
        took = max(ended) - min(began)
        others = (_busy() - busy - sum(server) - sum(client)) / took
        assert sum(rows) == quantity
        return Drain(quantity / took, sum(server) / quantity, sum(client) / quantity, others)

    def best(self, sizes: Sequence[int], batch: int, quantity: int, tries: int) -> dict[int, Drain]:
        """The fastest of some for each number of claimers, taken in turn: what else runs on the
        machine can only make them slower."""
        found: dict[int, Drain] = {}
        for _ in range(tries):
            for claimers in sizes:
                _await_quiet()
                one = self.drain(claimers, batch, quantity)
                if claimers not in found or one.rate > found[claimers].rate:
                    found[claimers] = one
        return found


def _claimer(pipe: Connection) -> None:
    """A process: told a batch, it answers when it began and ended, how many tasks it had, and the
    server's CPU for them."""
    import django

    django.setup()
    bench = Bench()
    pid = int(bench.value("SELECT pg_backend_pid()"))
    pipe.send(None)
    while batch := pipe.recv():
        began, server, client, rows = time.monotonic(), cpu_of(pid), time.process_time(), 0
        while outcomes := bench.claim(batch):
            bench.store.finish_many(bench.worker, outcomes)
            rows += len(outcomes)
        took = cpu_of(pid) - server, time.process_time() - client
        pipe.send((began, time.monotonic(), rows, *took))


def _busy() -> float:
    """Seconds of CPU that anything has used on this machine."""
    times = psutil.cpu_times()
    return float(times.user + times.system)


def _await_quiet() -> None:
    """Wait a little for others to let go of the machine."""
    for _ in range(QUIET_TRIES):
        if psutil.cpu_percent(interval=0.2) < QUIET_PERCENT:
            return


def compare(report: Report, costs: Costs, quick: bool) -> Costs:
    """Claimers as measured, and as simulated from the costs of one; both on this machine's cores,
    which workers, database and what else runs share. The costs, set right by that one."""
    quantity, tries = (10_000, 2) if quick else (10_000, 6)
    cores, round_trip = os.cpu_count() or 1, 0.0
    with Claimers(max(SIZES[0][1])) as fleet:
        for batch, sizes in SIZES:
            rows = quantity if batch >= 100 else quantity // 3
            fleet.drain(max(sizes), batch, rows)  # so that all have prepared their statements
            found = fleet.best(sizes, batch, rows, tries)
            if batch == 100:
                costs = _set_right(report, costs, found[1], batch)
                waits = 1 / found[1].rate - found[1].server - found[1].client
                round_trip = max(0.0, waits * batch / 2 - costs.flush)
                report.add("a statement of a claimer, beyond CPU and disk", round_trip * 1e6, "us")
            for claimers, one in found.items():
                setup = Setup(
                    claimers, slots=batch, task_seconds=0.0, cores=cores, bare=True, seconds=3.0,
                    others=min(max(0.0, one.others), cores - 0.1), round_trip=round_trip,
                )  # fmt: skip
                expected = simulate(setup, costs).throughput
                name = (
                    f"{claimers} claimers of {batch}" if claimers > 1 else f"a claimer of {batch}"
                )
                report.add(
                    f"{name}, measured", one.rate, "tasks/s",
                    baseline="one claimer", ratio=one.rate / found[1].rate,
                )  # fmt: skip
                report.add(f"{name}, server's CPU for a task", one.server * 1e6, "us")
                report.add(f"{name}, cores taken by all else", one.others, "")
                report.add(f"{name}, simulated", expected, "tasks/s")
                report.add(f"{name}, error of that", 100 * (expected / one.rate - 1), "%")
    return costs


def _set_right(report: Report, costs: Costs, one: Drain, batch: int) -> Costs:
    """A claimer that empties a table has a little more to do than what is measured apart."""
    server = (costs.claim + costs.finish) / batch + costs.claim_row + costs.finish_row
    client = costs.client_claim + costs.client_finish
    client = client / batch + costs.client_claim_row + costs.client_finish_row
    factors = one.server / server, one.client / client
    report.add("server's CPU of a claimer, to that of its statements apart", factors[0], "times")
    report.add("a claimer's own CPU, to the same", factors[1], "times")
    names = [f"{verb}{part}" for verb in ("claim", "finish") for part in ("", "_row")]
    changed = {name: getattr(costs, name) * factors[0] for name in names}
    changed |= {f"client_{name}": getattr(costs, f"client_{name}") * factors[1] for name in names}
    return replace(costs, **changed)


def idle(report: Report, costs: Costs, seconds: float) -> Costs:
    """A real worker that has nothing to do, by the second, against what its intervals say. The
    costs, with duties dearer by as much as its are."""
    bench = Bench()
    with Worker("--executor", "sequential"):
        time.sleep(SETTLE_SECONDS)
        pids = list(bench.value(BACKENDS))
        report.add("connections of a worker of one process", len(pids), "")
        before = _state(bench, pids)
        time.sleep(seconds)
        after = _state(bench, pids)
    took = after[0] - before[0]
    transactions, wal, cpu = ((b - a) / took for a, b in zip(before[1:], after[1:], strict=True))
    report.add(
        "transactions of an idle worker", transactions, "/s",
        baseline="its intervals", ratio=transactions / IDLE_TRANSACTIONS,
    )  # fmt: skip
    expected = costs.idle_duties + LOOKS * (costs.admit + costs.empty_claim)
    report.add(
        "server's CPU for an idle worker", cpu * 1e3, "ms/s",
        baseline="its statements, one after the other", ratio=cpu / expected,
    )  # fmt: skip
    report.add("write-ahead log of an idle worker", wal, "bytes/s")
    # What comes now and then finds its plans and pages cold.
    return replace(costs, duties=costs.duties * max(1.0, cpu / expected))


def _state(bench: Bench, pids: list[int]) -> tuple[float, float, float, float]:
    """The time, and what was counted until then."""
    time.sleep(1.1)  # sessions tell their counts at most once a second
    counts = int(bench.value(TRANSACTIONS)), bench.wal(), sum(map(cpu_of, pids))
    return time.monotonic(), *counts
