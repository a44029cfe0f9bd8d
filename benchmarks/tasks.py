"""Tasks that the benchmarks enqueue."""

from django.tasks import task


@task
def nothing() -> None:
    """The cheapest task there is: what is measured is the queue."""
