"""How each peer is given tasks, how its worker is started, and when it finished what."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peer:
    """One queue, as `measure` sees it."""

    worker: tuple[str, ...]
    """Its command, after `python -m django`."""
    finished: str
    """SQL for the moments at which tasks were finished, of all that were."""
    clear: str
    enqueue: Callable[[], object]
    bulk: Callable[[int], object] | None = None
    """Enqueues many, where the peer can."""


def peer(name: str) -> Peer:
    """The peer of that name, in a process whose settings are made for it."""
    return {
        "django-tasks-db": _django_tasks_db,
        "procrastinate": _procrastinate,
        "django-ray": _django_ray,
    }[name]()


def _django_tasks_db() -> Peer:
    from benchmarks.tasks import nothing

    table = "django_tasks_database_dbtaskresult"
    return Peer(
        worker=("db_worker",),
        finished=f"SELECT finished_at FROM {table} WHERE status = 'SUCCESSFUL'",  # noqa: S608
        clear=f"TRUNCATE {table}",
        enqueue=nothing.enqueue,
    )


def _procrastinate() -> Peer:
    from benchmarks.peers.procrastinate_tasks import nothing

    return Peer(
        worker=("procrastinate", "worker"),
        finished="SELECT at FROM procrastinate_events WHERE type = 'succeeded'",
        clear="TRUNCATE procrastinate_jobs CASCADE",
        enqueue=nothing.defer,
        bulk=lambda quantity: nothing.batch_defer(*({} for _ in range(quantity))),
    )


def _django_ray() -> Peer:
    from benchmarks.tasks import nothing

    table = "django_ray_raytaskexecution"
    return Peer(
        worker=("django_ray_worker", "--local"),
        finished=f"SELECT finished_at FROM {table} WHERE state = 'SUCCEEDED'",  # noqa: S608
        clear=f"TRUNCATE {table} CASCADE",
        enqueue=nothing.enqueue,
    )
