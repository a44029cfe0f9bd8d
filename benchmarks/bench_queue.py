"""How fast the queue takes tasks in, hands them out and is done with them, and what that costs:
`python -m benchmarks.bench_queue`.

Ours through real workers with default settings, results stored; in the same run, and on the same
PostgreSQL, what bounds it (the database alone, Ray alone, the least that joins the two), and what
people use instead, where `make setup-peers` has been done. `--quick` leaves out the peers, the
backlog and SQLite. See docs/explanation/queue-speed.md.
"""

import os
import sys
from dataclasses import asdict, dataclass, field

from benchmarks import queue_costs as costs
from benchmarks.bench_backlog import claims_without_and_beside
from benchmarks.environment import clean_up_when_terminated, project
from benchmarks.queue_bare import bare
from benchmarks.queue_chart import BULK, CPU, NOTHING, ONE_BY_ONE, SLEEP, draw
from benchmarks.queue_measures import (
    QUICK,
    Sizes,
    clear,
    drain,
    enqueue_in_bulk,
    enqueue_one_by_one,
    percentile,
    waits,
)
from benchmarks.queue_measures import median_of as median
from benchmarks.queue_peers import PEERS, are_there, measured
from benchmarks.queue_sqlite import rates_on_sqlite
from benchmarks.queue_table import inserts_alone, postgres_alone, store_alone
from benchmarks.report import Report, parse_options
from benchmarks.worker import Worker

BACKLOG = 1_000_000
WARM_UP = 2_000


@dataclass(slots=True)
class Run:
    """One run: what is measured goes to the report."""

    url: str
    sizes: Sizes
    report: Report = field(default_factory=lambda: Report("The queue"))
    pipeline: float = 0.0
    bare_megabytes: float = 0.0
    through_ray: float = 0.0

    def floors(self) -> None:
        """What no queue of this kind can do better than."""
        quantity, repeat = self.sizes.bare, self.sizes.repeat
        figures = bare(quantity, repeat)
        self.pipeline, self.bare_megabytes = figures["pipeline"], figures["megabytes"]
        rates = {
            "only PostgreSQL, by 100": median(postgres_alone, self.url, quantity, repeat=repeat),
            "only our store, by 100": median(store_alone, quantity, repeat=repeat),
            "only Ray, one by one": figures["one by one"],
            "only Ray, in bulk": figures["in bulk"],
            "only Ray, packed by 100": figures["packed"],
            "only the pipeline": self.pipeline,
        }
        for name, rate in rates.items():
            self.report.add(f"{NOTHING}: {name}", rate, "/s")

    def enqueueing(self) -> None:
        """Into PostgreSQL."""
        add, sizes = self.report.add, self.sizes
        bare = median(inserts_alone, self.url, sizes.one_by_one, repeat=sizes.repeat)
        one = median(enqueue_one_by_one, sizes.one_by_one, repeat=sizes.repeat)
        many = median(enqueue_in_bulk, sizes.bulk, repeat=sizes.repeat)
        add(f"{ONE_BY_ONE}: only PostgreSQL", bare, "/s")
        add(
            f"{ONE_BY_ONE}: PostgreSQL", one, "/s", at_least=2_000,
            baseline="only PostgreSQL", ratio=one / bare,
        )  # fmt: skip
        add(f"{BULK}: PostgreSQL", many, "/s", at_least=25_000)

    def ray(self) -> None:
        """Everything through one worker on Ray, whose connections are counted."""
        add, sizes = self.report.add, self.sizes
        with Worker(
            "--executor", "ray", "--address", "local", database=costs.counted_role(self.url)
        ) as worker:
            drain("nothing", WARM_UP)
            rates: list[float] = []

            def no_op() -> None:
                rates.append(median(drain, "nothing", sizes.nothing, repeat=sizes.repeat))

            spent = costs.used(worker, no_op)
            self.through_ray = rate = rates[0]
            add(
                f"{NOTHING}: Ray on PostgreSQL", rate, "/s", at_least=8_000,
                baseline="the pipeline", ratio=rate / self.pipeline, ratio_at_least=0.4,
            )  # fmt: skip
            rate = median(drain, "cpu", sizes.ten_ms, repeat=min(3, sizes.repeat))
            add(f"{CPU}: Ray on PostgreSQL", rate, "/s", at_least=175)
            rate = median(drain, "asleep", sizes.ten_ms, repeat=min(3, sizes.repeat))
            add(f"{SLEEP}: Ray on PostgreSQL", rate, "/s")
            self._costs(spent, costs.megabytes(worker))
            self._idle(costs.idle(worker, sizes.idle_seconds))
            self._waits()

    def _costs(self, spent: costs.Used, megabytes: float) -> None:
        add, tasks = self.report.add, self.sizes.nothing * self.sizes.repeat
        add("SQL statements a no-op task", spent.statements / tasks, "", at_most=0.05)
        add("worker's CPU a no-op task", spent.child_cpu / tasks * 1000, "ms", at_most=0.1)
        add("bare process with Django, PostgreSQL and Ray", self.bare_megabytes, "MB")
        above = megabytes - self.bare_megabytes
        add("worker's memory above that", above, "MB", at_most=60)

    def _idle(self, spent: costs.Used) -> None:
        add, seconds = self.report.add, spent.seconds
        add("idle: SQL statements a second", spent.statements / seconds, "/s", at_most=1)
        cpu = (spent.supervisor_cpu + spent.child_cpu) / seconds * 100
        add("idle: CPU of supervisor and worker", cpu, "% of a core", at_most=0.5)

    def _waits(self) -> None:
        waits(20)
        found = waits(self.sizes.timed)
        for percent, at_most in ((50, 5), (95, 10)):
            claimed = percentile(found.until_claimed, percent)
            self.report.add(f"enqueue to claim, p{percent}", claimed, "ms")
            begun = percentile(found.until_begun, percent)
            self.report.add(f"enqueue to the function, p{percent}", begun, "ms", at_most=at_most)

    def sequential(self) -> None:
        """Through a worker without Ray."""
        add, sizes = self.report.add, self.sizes
        with Worker("--executor", "sequential"):
            drain("nothing", WARM_UP)
            rate = median(drain, "nothing", sizes.nothing, repeat=sizes.repeat)
            add(f"{NOTHING}: sequential on PostgreSQL", rate, "/s", at_least=5_000)
            for title, task in ((CPU, "cpu"), (SLEEP, "asleep")):
                rate = median(drain, task, sizes.ten_ms // 2, repeat=min(3, sizes.repeat))
                add(f"{title}: sequential on PostgreSQL", rate, "/s")

    def sqlite(self) -> None:
        """The same on SQLite."""
        add, rates = self.report.add, rates_on_sqlite()
        add(f"{ONE_BY_ONE}: SQLite", rates["one by one"], "/s")
        add(f"{BULK}: SQLite", rates["in bulk"], "/s")
        for executor, name in (("ray", "Ray"), ("sequential", "sequential")):
            add(f"{NOTHING}: {name} on SQLite", rates[executor], "/s")
            add(f"{CPU}: {name} on SQLite", rates[f"{executor} cpu"], "/s")
            add(f"{SLEEP}: {name} on SQLite", rates[f"{executor} asleep"], "/s")

    def backlog(self) -> None:
        """Claims beside what is finished, and what is not due yet."""
        clear()
        for batch, (alone, beside) in claims_without_and_beside(BACKLOG, 300, (1, 100)).items():
            self.report.add(f"claim of {batch}, empty table", alone, "ms")
            self.report.add(
                f"claim of {batch}, beside {BACKLOG:,} finished and {BACKLOG:,} deferred",
                beside, "ms", baseline="empty table", ratio=alone / beside, ratio_at_least=1 / 1.5,
            )  # fmt: skip
        clear()

    def peers(self) -> None:
        """What people use instead."""
        if not are_there():
            print("Without peers: `make setup-peers` installs them.", file=sys.stderr)
            return
        add = self.report.add
        for peer in PEERS:
            try:
                rates = measured(peer, self.url)
            except RuntimeError as error:
                print(f"Without {peer.title}: {error}", file=sys.stderr)
                continue
            add(f"{ONE_BY_ONE}: {peer.title}", rates["enqueue"], "/s")
            if "bulk" in rates:
                add(f"{BULK}: {peer.title}", rates["bulk"], "/s")
            add(f"{NOTHING}: {peer.title}", rates["drain"], "/s")
            times, least = self.through_ray / rates["drain"], peer.times_at_least
            add(f"ours through Ray, as often as {peer.title}", times, "x", at_least=least)


def main() -> int:
    clean_up_when_terminated()
    options = parse_options(__doc__ or "", chart=True)
    with project("postgresql", costs.COUNTING):
        run = Run(os.environ["DATABASE_URL"], QUICK if options.quick else Sizes())
        run.floors()
        run.enqueueing()
        run.ray()
        run.sequential()
        if not options.quick:
            run.peers()
            run.backlog()
    if not options.quick:
        run.sqlite()
    if options.svg:
        options.svg.write_text(draw(map(asdict, run.report.rows)))
    return run.report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
