"""The queue as Prometheus metrics, collected from the database at each scrape.

The counters are one series per worker boot. Summed over the boots that have a row, a counter
would fall whenever an old boot's row is pruned, and Prometheus takes a falling counter for a
restart; each boot's own counters only grow, and `sum(rate(...))` adds them up rightly.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from django_ray_runtime.metrics import OUTCOMES, Histogram
from django_ray_runtime.overview import UNFINISHED, QueueView, WorkerView, queues, workers
from django_ray_runtime.states import LIVING

# How long after its end a boot's series are still shown: several scrapes, so that what it
# counted last is seen.
ENDED_WITHIN = 900.0

_PREFIX = "django_ray"
_COUNTERS = {
    "claimed": ("tasks_claimed", "Tasks that the worker took from the queue."),
    "retried": ("task_retries", "Runs that failed and are tried again later."),
    "lost": ("task_runs_lost", "Runs whose Ray process ended under them."),
    "handed_back": ("tasks_handed_back", "Claims given back when the worker stopped."),
}
_HISTOGRAMS = {
    "run_seconds": ("task_run_seconds", "How long runs took."),
    "wait_seconds": ("task_wait_seconds", "How long tasks that were due waited for a claim."),
}


def render() -> bytes:
    """The metrics in Prometheus' text format. A registry of its own each time: no state."""
    registry = CollectorRegistry()
    registry.register(_Fixed([*_queue_metrics(queues()), *_worker_metrics(workers(ENDED_WITHIN))]))
    return generate_latest(registry)


class _Fixed(Collector):
    """What was collected already."""

    def __init__(self, metrics: list[Metric]) -> None:
        self.metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return iter(self.metrics)


def _queue_metrics(views: list[QueueView]) -> Iterator[Metric]:
    depth = _gauge("queue_tasks", "Unfinished tasks.", ["queue", "state"])
    paused = _gauge("queue_paused", "1 where nothing is claimed from the queue.", ["queue"])
    oldest = _gauge(
        "queue_oldest_ready_seconds", "How long the oldest ready task waits; 0: none.", ["queue"]
    )
    for view in views:
        for state in UNFINISHED:
            name = state.value.lower()
            depth.add_metric([view.name, name], getattr(view, name))
        paused.add_metric([view.name], int(view.paused))
        oldest.add_metric([view.name], view.oldest_ready_seconds or 0.0)
    yield from (depth, paused, oldest)


def _worker_metrics(views: list[WorkerView]) -> Iterator[Metric]:
    living = [view for view in views if view.state in LIVING]
    yield _workers_by_state(living)
    age = _gauge("worker_heartbeat_age_seconds", "Age of a living worker's heartbeat.", ["worker"])
    slots = _gauge("worker_slots", "How many tasks a living worker may hold.", ["worker"])
    held = _gauge("worker_tasks", "How many tasks a living worker holds.", ["worker"])
    for view in living:
        age.add_metric([view.id], view.heartbeat_age_seconds)
        slots.add_metric([view.id], view.concurrency)
        held.add_metric([view.id], view.running)
    yield from (age, slots, held)
    rescued = _counter("tasks_rescued", "Tasks released when this worker was lost.", ["worker"])
    for view in views:
        rescued.add_metric([view.id], view.released)
    yield rescued
    yield from _counted(views)


def _workers_by_state(living: list[WorkerView]) -> Metric:
    family = _gauge(
        "workers",
        "Worker processes by state; silent: it should live, but its heartbeat stays away.",
        ["state"],
    )
    states = [*sorted(state.value.lower() for state in LIVING), "silent"]
    found = ["silent" if view.silent else view.state.value.lower() for view in living]
    for state in states:
        family.add_metric([state], found.count(state))
    return family


def _counted(views: list[WorkerView]) -> Iterator[Metric]:
    """What the workers counted themselves, by boot and queue."""
    labels = ["worker", "queue"]
    counters = {key: _counter(*words, labels) for key, words in _COUNTERS.items()}
    finished = _counter("tasks_finished", "Tasks by how they ended.", [*labels, "outcome"])
    histograms = {
        key: HistogramMetricFamily(f"{_PREFIX}_{name}", text, labels=labels)
        for key, (name, text) in _HISTOGRAMS.items()
    }
    for view in views:
        for queue, stats in sorted(view.stats.get("queues", {}).items()):
            where = [view.id, queue]
            for key, counter in counters.items():
                counter.add_metric(where, stats.get(key, 0))
            for outcome in OUTCOMES:
                finished.add_metric([*where, outcome], stats.get("finished", {}).get(outcome, 0))
            for key, family in histograms.items():
                _add_histogram(family, where, stats.get(key))
    yield from (*counters.values(), finished, *histograms.values())


def _add_histogram(
    family: HistogramMetricFamily, labels: list[str], values: Mapping[str, Any] | None
) -> None:
    if values is None:
        return
    histogram = Histogram.from_dict(values)
    so_far, buckets = 0, []
    for bound, count in zip((*histogram.bounds, "+Inf"), histogram.counts, strict=True):
        so_far += count  # Prometheus counts all that is below the bound
        buckets.append((str(bound), float(so_far)))
    family.add_metric(labels, buckets, histogram.total)


def _gauge(name: str, text: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_PREFIX}_{name}", text, labels=labels)


def _counter(name: str, text: str, labels: list[str]) -> CounterMetricFamily:
    return CounterMetricFamily(f"{_PREFIX}_{name}", text, labels=labels)
