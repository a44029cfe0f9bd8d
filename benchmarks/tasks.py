"""Tasks that the benchmarks enqueue."""

import time

from django.tasks import task

SECONDS = 0.01


@task
def nothing() -> None:
    """The cheapest task there is: what is measured is the queue."""


@task
def cpu() -> None:
    """10 ms of a CPU, by its own count: it takes longer where others want the CPU too."""
    until = time.thread_time() + SECONDS
    while time.thread_time() < until:
        pass


@task
def asleep() -> None:
    """10 ms of waiting for something."""
    time.sleep(SECONDS)


@task
def begun() -> float:
    """When it began, by this machine's clock."""
    return time.time()
