"""Fan-out beside a loop and beside Ray by hand, on two CPUs: `python -m benchmarks.bench_fanout`.

Each workload runs as a loop, as one Ray call per item, in 1, 4 and 16 chunks per CPU by hand, and
through `parallel_map`; without --quick also in processes, in Ray's own pool, through joblib on Ray,
Dask and django-ray. Medians, on a warm cluster. Then a stream of a million items, and clusters of
8 and 32 CPUs that this machine plays, where items sleep.
"""

import gc
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from benchmarks import fanout_baselines as baselines
from benchmarks.environment import project
from benchmarks.fanout_work import burn, burn_item, double, snooze, total
from benchmarks.report import Report, parse_options

NAIVE = "Ray, a call per item"
SETTLE_SECONDS = 0.5
SHORT_SECONDS = 0.2
FEW = 2_000  # items that may each be a call
WARMING = 10  # runs


@dataclass(frozen=True)
class Workload:
    name: str
    func: Callable[..., Any]
    items: Sequence[Any]
    kwargs: dict[str, Any] = field(default_factory=dict)
    num_cpus: float = 1.0
    extra_ms: float | None = None  # over the loop, at most
    of_loop: float | None = None  # times the loop, at most
    of_naive: float | None = None
    of_best: float | None = None  # times the best of all baselines, at most


def workloads() -> list[Workload]:
    import numpy as np

    tail = [0.001] * 800 + [0.2] * 6
    shuffled = random.Random(1).sample(tail, len(tail))
    arrays = [np.ones(125_000) for _ in range(200)]
    return [
        Workload("x*2 over 1,000", double, range(1_000), extra_ms=0.3),
        Workload("x*2 over 10,000", double, range(10_000), extra_ms=1),
        Workload("x*2 over 100,000", double, range(100_000), extra_ms=50),
        Workload("1 ms of CPU x 2,000", burn, range(2_000), of_loop=1 / 1.55, of_best=1.1),
        Workload("10 ms of CPU x 100", burn, range(100), {"seconds": 0.01}, of_loop=1 / 1.8),
        Workload("50 ms asleep x 64", snooze, range(64), num_cpus=0.1, of_naive=1.25),
        Workload("1 MB arrays x 200", total, arrays, of_loop=1.2),
        Workload(
            "10 MB keyword, 1 ms x 100", burn, range(100), {"big": np.ones(1_250_000)}, of_best=1.15
        ),
        Workload("long items last", burn_item, tail, of_best=1.15),
        Workload("long items anywhere", burn_item, shuffled, of_best=1.15),
    ]


def milliseconds(action: Callable[[], Any], expected: list[Any], repeat: int) -> float:
    """The median, after a run whose result is looked at; of three where one takes seconds, and of
    as many as a fifth of a second holds where one takes next to nothing."""
    taken: list[float] = []
    assert list(action()) == expected
    gc.collect()
    time.sleep(SETTLE_SECONDS)  # Ray lets go of earlier calls in the background, and tells nobody
    while sum(taken) < SHORT_SECONDS or len(taken) < (repeat if sum(taken) < 3 else min(repeat, 3)):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def by_hand(load: Workload) -> dict[str, Callable[[], Any]]:
    """Ray as people write it; not 50,000 calls."""
    func, items, kwargs = load.func, load.items, load.kwargs
    cpus = {"num_cpus": load.num_cpus}
    found: dict[str, Callable[[], Any]] = {
        f"Ray, {n} chunks per CPU": partial(baselines.by_hand, n, func, items, **cpus, **kwargs)
        for n in (1, 4, 16)
    }
    if len(items) <= FEW:
        found[NAIVE] = partial(baselines.naive, func, items, **cpus, **kwargs)
    return found


def others(load: Workload) -> dict[str, Callable[[], Any]]:
    """What is installed for it."""
    func, items, kwargs = load.func, load.items, load.kwargs
    found = {
        "processes": partial(baselines.processes, func, items, **kwargs),
        "Ray's Pool": partial(baselines.ray_pool, func, items, **kwargs),
    }
    if len(items) <= FEW:
        found["joblib on Ray"] = partial(baselines.joblib_on_ray, func, items, **kwargs)
        found["django-ray"] = partial(
            baselines.django_ray, func, items, num_cpus=load.num_cpus, **kwargs
        )
    return found


def measure(report: Report, load: Workload, repeat: int, thorough: bool) -> None:
    """A workload with all its baselines. Ours comes before what leaves Ray thousands of calls to
    clear away, and before Dask, whose threads take time from whatever runs beside them."""
    from django_ray_runtime.distributed import parallel_map

    loop = partial(baselines.loop, load.func, load.items, **load.kwargs)
    mine = partial(parallel_map, load.func, load.items, num_cpus=load.num_cpus, **load.kwargs)
    expected = loop()
    took: dict[str, float] = {}

    def time_it(name: str, action: Callable[[], Any]) -> None:
        try:
            took[name] = milliseconds(action, expected, repeat)
        except Exception as error:
            print(f"{load.name}: {name} failed: {type(error).__name__}: {error}", file=sys.stderr)

    time_it("loop", loop)
    if load.of_naive is not None:  # a process for each call at once takes ten seconds to start
        for _ in range(WARMING):
            mine()
    ours = milliseconds(mine, expected, repeat)
    for name, action in by_hand(load).items():
        time_it(name, action)
    if thorough:
        for name, action in others(load).items():
            time_it(name, action)
        if len(load.items) <= FEW:
            with baselines.local_dask() as client:
                run = partial(baselines.dask, client, load.func, load.items, **load.kwargs)
                time_it("Dask", run)
    for name, value in took.items():
        report.add(f"{load.name}: {name}", value, "ms")
    best = min(took, key=lambda name: took[name])
    bounds = []
    if load.extra_ms is not None:
        bounds.append(took["loop"] + load.extra_ms)
    if load.of_loop is not None:
        bounds.append(took["loop"] * load.of_loop)
    if load.of_naive is not None:
        bounds.append(took[NAIVE] * load.of_naive)
    if load.of_best is not None:
        bounds.append(took[best] * load.of_best)
    report.add(
        f"{load.name}: parallel_map", ours, "ms",
        baseline=f"best: {best}", ratio=took[best] / ours, at_most=min(bounds),
    )  # fmt: skip


def stream(report: Report, repeat: int) -> None:
    """A million items as a stream: its rate beside the list's, and how the memory grows, which is
    looked at in a run of its own, because a look takes as long as thousands of items."""
    import psutil

    from django_ray_runtime.distributed import parallel_imap, parallel_map

    quantity, me = 1_000_000, psutil.Process()
    rates: dict[str, list[float]] = {"list": [], "stream": []}
    for kind in ["list", "stream"] * repeat:
        call: Callable[..., Any] = parallel_map if kind == "list" else parallel_imap
        began = time.perf_counter()
        for _ in call(double, range(quantity)):
            pass
        rates[kind].append(quantity / (time.perf_counter() - began))
    as_list, as_stream = (statistics.median(rates[kind]) for kind in ("list", "stream"))
    report.add(
        "parallel_imap over 1,000,000", as_stream, "items/s",
        baseline="parallel_map", ratio=as_stream / as_list, ratio_at_least=0.9,
    )  # fmt: skip
    before = most = me.memory_full_info().uss
    for number, _ in enumerate(parallel_imap(double, range(quantity))):
        if number % 100_000 == 0:
            most = max(most, me.memory_full_info().uss)
    report.add("the memory it adds", (most - before) / 2**20, "MiB", at_most=20)


def scale(report: Report, cpus: int, at_least: float) -> None:
    """How much faster than a loop, on a cluster that this machine plays."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fanout_scale", str(cpus)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    report.add(
        f"50 ms asleep on {cpus} CPUs", float(done.stdout.split()[-1]), "s",
        baseline="loop", ratio=float(done.stdout.split()[-2]), ratio_at_least=at_least,
    )  # fmt: skip


def main() -> int:
    """Measure and report; 1 when a bound is missed."""
    options = parse_options(__doc__ or "")
    report = Report("Fan-out on two CPUs")
    with ExitStack() as leaving:
        leaving.enter_context(project("sqlite"))
        from django_ray_runtime import ray_cluster
        from django_ray_runtime.conf import read

        cluster = ray_cluster.start(
            read({"RAY_NUM_CPUS": 2, "RAY_OBJECT_STORE_MEMORY": 1_000_000_000})
        )
        leaving.callback(cluster.close)
        baselines.naive(snooze, range(64), num_cpus=0.1)  # a warm pool
        for load in workloads():
            measure(report, load, 1 if options.quick else 5, thorough=not options.quick)
        stream(report, 1 if options.quick else 5)
    for cpus, at_least in ((8, 7.0), (32, 26.0)):
        if not options.quick:
            scale(report, cpus, at_least)
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
