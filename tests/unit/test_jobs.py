"""Submitting: the job and its task, or neither."""

from pathlib import Path
from typing import Any

import pytest

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.testing import run_enqueued
from generation import jobs
from generation.constraints import GameConstraints
from generation.jobs import job_status, submit_job
from generation.models import GenerationJob
from generation.orders import Order
from generation.statistics import statistics_of

pytestmark = pytest.mark.django_db

ORDER = Order("mega-sena", GameConstraints(min_odd=2, seed=5), 100, chunk_size=10)


def test_a_job_is_queued_and_reads_back_as_it_was_ordered() -> None:
    job = submit_job(ORDER)
    assert job.order == ORDER
    again = GenerationJob.objects.get(id=job.id)
    assert again.order == ORDER
    assert int(again.valid_games) > 100
    assert QueuedTask.objects.get().id == again.task_id
    status = job_status(job.id)
    assert (status.state, status.games_done, status.finished) == ("READY", 0, False)


def test_an_order_that_cannot_be_delivered_stores_nothing() -> None:
    with pytest.raises(ValueError, match="games wanted, but only"):
        submit_job(Order("mega-sena", GameConstraints(), 10**9))
    assert not QueuedTask.objects.exists()
    assert not GenerationJob.objects.exists()


def test_a_task_is_not_left_alone_when_its_job_cannot_be_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self, **_):  # type: ignore[no-untyped-def]
        raise RuntimeError("refused")

    monkeypatch.setattr(jobs.GenerationJob, "save", refuse)
    with pytest.raises(RuntimeError, match="refused"):
        submit_job(ORDER)
    assert not QueuedTask.objects.exists()


def test_a_finished_job_has_the_counts_of_its_games(tmp_path: Path, settings: Any) -> None:
    settings.GENERATION_RESULTS_DIR = tmp_path
    job = submit_job(ORDER)
    run_enqueued(raise_errors=True)
    job.refresh_from_db()
    assert job.tally["games"] == 100
    assert statistics_of(job)["score"]["compared"] > 0
