"""Requests that come at the same moment, each over a connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from django_ray_runtime.models import QueuedTask
from generation.archive import ImportsMet, store_draws
from generation.draws import read_draws
from generation.models import Draw, GenerationJob
from project.models import ApiToken
from tests.unit.test_draws import MEGA_SENA, SAMPLE

pytestmark = pytest.mark.django_db(transaction=True)

JOBS = "/api/v1/generation/jobs"
WANTED = {"lottery": "mega-sena", "constraints": {"seed": 7}, "quantity": 10}


def at_once(count: int, call: Callable[[int], Any]) -> list[Any]:
    """What the calls returned, all begun together."""
    start, found = threading.Barrier(count), []

    def run(number: int) -> None:
        start.wait()
        try:
            found.append(call(number))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.fixture
def submit() -> Callable[..., Any]:
    """Submits as one user; a client of its own each time."""
    _, text = ApiToken.objects.issue(user=User.objects.create_user("ana"), name="test")

    def submit(**headers: str) -> Any:
        client = Client(headers={"Authorization": f"Bearer {text}"})
        return client.post(JOBS, WANTED, content_type="application/json", headers=headers)

    return submit


def test_one_key_is_one_job_however_often_it_comes(submit: Callable[..., Any]) -> None:
    answers = at_once(6, lambda number: submit(**{"Idempotency-Key": "4711"}))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert GenerationJob.objects.count() == QueuedTask.objects.count() == 1


def test_no_more_jobs_wait_than_may(submit: Callable[..., Any], settings: Any) -> None:
    settings.GENERATION_MAX_ACTIVE_JOBS = 3
    answers = at_once(6, lambda number: submit())
    assert sorted(answer.status_code for answer in answers) == [202] * 3 + [429] * 3
    assert GenerationJob.objects.count() == QueuedTask.objects.count() == 3


def test_imports_at_once_store_every_draw_once() -> None:
    rows = read_draws(SAMPLE, MEGA_SENA)

    def store(number: int) -> str:
        try:
            return str(store_draws(MEGA_SENA, rows).added)
        except ImportsMet:
            return "met"

    told = at_once(4, store)
    assert told.count("4") == 1
    assert set(told) <= {"4", "0", "met"}
    assert Draw.objects.count() == 4
