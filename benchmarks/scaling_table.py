"""What the queue's table comes to: its bytes and its log, an old transaction beside it, results of
some size, and the same table cut by day."""

import secrets
import time
import uuid
from dataclasses import replace
from functools import partial

from benchmarks.report import Report
from benchmarks.scaling_costs import ANALYZE, EMPTY, Bench, fit, least, session
from benchmarks.scaling_model import Costs

TASK = "django_ray_runtime_queuedtask"
RESULT_BYTES = 10_000
DAY_MS = 86_400_000
SIZES = f"SELECT pg_table_size('{TASK}'), pg_indexes_size('{TASK}')"
UPDATES = f"""
SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = '{TASK}'
"""  # noqa: S608
# The constraints of other tables name the old one; indexes, checks and defaults are taken along.
CUT = f"""
ALTER TABLE {TASK} RENAME TO whole;
CREATE TABLE {TASK} (LIKE whole INCLUDING ALL) PARTITION BY RANGE (id)
"""
PART = (
    f"CREATE TABLE part_{{number}} PARTITION OF {TASK} FOR VALUES FROM ('{{begin}}') TO ('{{end}}')"
)


def first_id(ms: int) -> uuid.UUID:
    """No identifier of this moment or later is below it."""
    return uuid.UUID(int=ms << 80)


def measure_table(report: Report, costs: Costs, quick: bool) -> Costs:
    """All of it; the costs where the table is cut. Last: nothing of the project is to run on what
    is left behind."""
    bench = Bench()
    _bytes(bench, report, 5_000 if quick else 20_000)
    _old_transaction(bench, report, 10_000 if quick else 40_000)
    _results(bench, report, 5 if quick else 20)
    return _days(bench, report, costs, 10 if quick else 30)


def _bytes(bench: Bench, report: Report, quantity: int) -> None:
    bench.value(EMPTY)
    written = {"enqueued": 0, "claimed": 0, "finished": 0}
    before = _row(bench, UPDATES)
    for batch in (1, 100):
        for _ in range(quantity // 10 if batch == 1 else quantity // 100):
            marks = [bench.wal()]
            bench.enqueue(batch)
            marks.append(bench.wal())
            outcomes = bench.claim(batch)
            marks.append(bench.wal())
            bench.store.finish_many(bench.worker, outcomes)
            marks.append(bench.wal())
            for name, start, end in zip(written, marks, marks[1:], strict=False):
                written[name] += end - start
        rows = quantity // 10 if batch == 1 else quantity // 100 * 100
        for name in written:
            report.add(f"log of a task {name} in batches of {batch}", written[name] / rows, "bytes")
            written[name] = 0
    time.sleep(1.2)  # the session tells its counts at most once a second
    updates, hot = (b - a for a, b in zip(before, _row(bench, UPDATES), strict=True))
    report.add("updates of rows that were HOT", 100 * hot / max(1, updates), "%")
    total = quantity // 10 + quantity // 100 * 100
    for name, statement in (("", ANALYZE), (" after VACUUM FULL", f"VACUUM FULL {TASK}")):
        bench.value(statement)
        table, indexes = _row(bench, SIZES)
        report.add(f"a finished row{name}, in the table", table / total, "bytes")
        report.add(f"a finished row{name}, in the indexes", indexes / total, "bytes")


def _row(bench: Bench, sql: str) -> tuple[int, ...]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        return tuple(map(int, cursor.fetchone()))


def _old_transaction(bench: Bench, report: Report, quantity: int) -> None:
    """A backup or a report that keeps one snapshot: no dead row may go meanwhile."""
    bench.value(EMPTY)
    bench.turns(400, 10)
    bench.value(ANALYZE)
    alone = _claim_of_ten(bench)
    with session() as other:
        other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        other.execute("SELECT 1")
        bench.turns(400, quantity // 400)
        beside = _claim_of_ten(bench)
    report.add("a claim of 10, server's CPU", alone * 1e3, "ms")
    report.add(
        f"the same, {quantity:,} tasks after an old transaction began", beside * 1e3, "ms",
        baseline="none is open", ratio=alone / beside,
    )  # fmt: skip


def _claim_of_ten(bench: Bench) -> float:
    return min(bench.turns(10, 10)[0].server for _ in range(3))


def _results(bench: Bench, report: Report, repeat: int) -> None:
    """Results that are kept in the row."""
    bench.value(EMPTY)
    for size in (0, RESULT_BYTES):
        bench.enqueue(100 * repeat)
        text, spent, written = f'"{secrets.token_hex(size // 2)}"', 0.0, 0
        for _ in range(repeat):
            outcomes = [replace(one, return_value=text) for one in bench.claim(100)]
            before = bench.wal()
            finish = partial(bench.store.finish_many, bench.worker, outcomes)
            spent += bench.sample(finish, 1).server
            written += bench.wal() - before
        rows, name = 100 * repeat, f"a finish with a result of {size:,} bytes"
        report.add(f"{name}, server's CPU", spent / rows * 1e6, "us")
        report.add(f"{name}, log", written / rows, "bytes")


def _days(bench: Bench, report: Report, costs: Costs, repeat: int) -> Costs:
    """Claims and finishes on a table cut into days."""
    bench.value(EMPTY)
    bench.turns(400, 20)  # so many that the planner does not read the table from end to end
    bench.value(ANALYZE)
    claims, finishes = _both(bench, repeat)
    alone, cut = (claims, finishes), (claims, finishes)
    bench.value(CUT)
    today = int(time.time() * 1000) // DAY_MS
    parts = 0
    for days in (8, 32):
        while parts < days:
            begin, end = (first_id((today + 1 - parts + n) * DAY_MS) for n in (0, 1))
            bench.value(PART.format(number=parts, begin=begin, end=end))
            parts += 1
        bench.turns(400, 20)
        bench.value(ANALYZE)
        bench.turns(10, 20)
        cut = _both(bench, repeat)
        for batch in cut[0]:
            for name, before, after in zip(("claim", "finish"), alone, cut, strict=True):
                report.add(
                    f"{name} of {batch} on {days} days' partitions, server's CPU",
                    after[batch] * 1e3, "ms",
                    baseline="one table", ratio=before[batch] / after[batch],
                )  # fmt: skip
        if days == 8:
            week = cut
    began = time.perf_counter()
    bench.value(f"ALTER TABLE {TASK} DETACH PARTITION part_1")
    bench.value("DROP TABLE part_1")
    report.add("detaching and dropping a partition", (time.perf_counter() - began) * 1e3, "ms")
    # What a cut table costs more is added, so that both stand on the costs of the same minutes.
    changed = {}
    for name, before, after in zip(("claim", "finish"), alone, week, strict=True):
        for part, one, two in zip(("", "_row"), fit(before), fit(after), strict=True):
            changed[name + part] = max(0.0, getattr(costs, name + part) + two - one)
    return replace(costs, **changed, prune_row=0.0)


def _both(bench: Bench, repeat: int) -> tuple[dict[int, float], dict[int, float]]:
    """The server's CPU for claims and finishes by the size of their batches."""
    claims, finishes = {}, {}
    for batch in (1, 10, 100):
        rounds = [bench.turns(batch, repeat * 10 // batch + repeat) for _ in range(3)]
        claims[batch], finishes[batch] = (
            least(samples).server for samples in zip(*rounds, strict=True)
        )
    return claims, finishes
