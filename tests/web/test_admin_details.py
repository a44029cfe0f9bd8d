"""Small print in the admin of tasks: priorities, due times, and what of an output is missing."""

import re
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from django_ray_runtime.models import Attempt
from django_ray_runtime.states import State
from django_ray_runtime.store import get_liveness, get_store
from tests.support import make_worker
from tests.web.rows import LIST, add, add_failed
from tests.web.test_admin_tasks import page_of, text_of


def test_an_unusual_priority_stands_below_the_queue(admin_client: Client) -> None:
    add(State.READY)
    assert ">priority " not in text_of(admin_client, LIST)
    add(State.READY, priority=-5)
    assert ">priority -5<" in text_of(admin_client, LIST)


def test_a_scheduled_task_says_when_it_is_due(admin_client: Client) -> None:
    row = add(State.SCHEDULED, run_after=timezone.now() + timedelta(days=400))
    due = rf'Scheduled</span> <span class="drr-note">from <time [^>]+>{row.run_after:%Y-%m-%d}'
    for url in (LIST, page_of(row)):
        assert re.search(due, text_of(admin_client, url))


def test_the_time_of_a_retry_is_told_only_while_it_is_to_come(admin_client: Client) -> None:
    due = timezone.now()
    for state, attempt, told in (
        (State.SCHEDULED, 2, True),
        (State.FAILED, 2, False),
        (State.SUCCESSFUL, 1, True),  # it was deferred, and ran once
    ):
        row = add(state, attempt=attempt, run_after=due)
        assert ("<dt>Not before</dt>" in text_of(admin_client, page_of(row))) == told, state


def test_a_mark_of_a_run_that_begins_is_not_shown_as_a_time(admin_client: Client) -> None:
    """Dask's runs have one until they have imported their task, and note when they time out."""
    store, worker = get_store(), make_worker(get_liveness(), "host:1:a")
    row = add(State.READY, options={"timeout": 60})
    [claim] = store.claim(["default"], 1, worker)
    assert store.note_begun(claim)
    assert "Run times out" not in text_of(admin_client, page_of(row))
    assert store.note_started(claim, 60)
    assert "<dt>Run times out</dt>" in text_of(admin_client, page_of(row))


def test_an_output_says_whether_its_beginning_is_missing(
    admin_client: Client, settings: Any
) -> None:
    row = add_failed()
    assert "<summary>Output</summary>" in text_of(admin_client, page_of(row))
    settings.DJANGO_RAY_RUNTIME = {**settings.DJANGO_RAY_RUNTIME, "MAX_OUTPUT_BYTES": 1024}
    Attempt.objects.update(output="é" * 511)  # the cut fell within a character
    assert "<summary>Output (its last 1.0\xa0KB)</summary>" in text_of(admin_client, page_of(row))
