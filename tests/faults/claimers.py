"""Many claimers at one table, each with a connection of its own."""

import threading
import uuid

from django.db import connections

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.records import Outcome
from django_ray_runtime.states import State
from django_ray_runtime.store import get_liveness, get_store
from tests import tasks
from tests.support import make_worker


def race(rows: int, claimers: int, batch: int) -> list[list[uuid.UUID]]:
    """Let `claimers` threads claim and finish until nothing is left. Returns what each got."""
    tasks.nothing.enqueue_many([()] * rows)
    names = [make_worker(get_liveness(), f"host:{number}:c") for number in range(claimers)]
    got: list[list[uuid.UUID]] = [[] for _ in names]
    errors: list[Exception] = []
    barrier = threading.Barrier(claimers)

    def run(name: str, mine: list[uuid.UUID]) -> None:
        store = get_store()
        barrier.wait()
        try:
            # A claim may find every row locked by others, and come back empty too early.
            while QueuedTask.objects.ready().exists():
                claims = store.claim(["default"], batch, name)
                mine += [claim.id for claim in claims]
                done = [_success(claim.id, claim.attempt) for claim in claims]
                assert len(store.finish_many(name, done)) == len(claims)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in zip(names, got, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert QueuedTask.objects.filter(state=State.SUCCESSFUL, attempt=1).count() == rows
    return got


def _success(task_id: uuid.UUID, attempt: int) -> Outcome:
    return Outcome(id=task_id, attempt=attempt, state=State.SUCCESSFUL, return_value="null")
