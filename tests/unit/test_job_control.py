"""What the doors do to jobs: cancel, run again, delete; and whose jobs a user sees."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from django_ray_runtime.models import QueuedTask
from generation.constraints import GameConstraints
from generation.control import NotPossible, cancel_job, delete_job, jobs_of, may_see, requeue_job
from generation.jobs import submit_job
from generation.models import GenerationJob
from generation.orders import Order

pytestmark = pytest.mark.django_db

ORDER = Order("mega-sena", GameConstraints(seed=5), 100)


@pytest.fixture
def job(settings: Any, tmp_path: Path) -> GenerationJob:
    settings.GENERATION_RESULTS_DIR = tmp_path
    return submit_job(ORDER)


def end(job: GenerationJob, state: str, *, file: bool = False) -> GenerationJob:
    """As a worker would leave it."""
    QueuedTask.objects.filter(id=job.task_id).update(state=state, finished_at=timezone.now())
    if file:
        job.file_name = f"{job.id}.1.csv"
        job.save()
        job.path.write_text("n1\n")
    return GenerationJob.objects.get(id=job.id)


def test_a_waiting_job_is_cancelled_at_once_and_only_once(job: GenerationJob) -> None:
    assert cancel_job(job) == "CANCELLED"
    with pytest.raises(NotPossible, match="CANCELLED already"):
        cancel_job(job)


def test_a_running_job_is_told_to_stop_as_often_as_one_asks(job: GenerationJob) -> None:
    QueuedTask.objects.update(state="RUNNING", worker="host:1:a")
    assert [cancel_job(job), cancel_job(job)] == ["RUNNING", "RUNNING"]
    assert QueuedTask.objects.get().cancel_asked_at is not None


def test_a_cancelled_job_runs_again_as_if_new(job: GenerationJob) -> None:
    GenerationJob.objects.update(games_done=40, reason="none")
    cancel_job(job)
    requeue_job(job)
    again = GenerationJob.objects.select_related("task").get()
    assert (again.task.state, again.games_done, again.reason) == ("READY", 0, "")


@pytest.mark.parametrize("state", ["READY", "RUNNING", "SUCCESSFUL"])
def test_no_other_job_runs_again(job: GenerationJob, state: str) -> None:
    QueuedTask.objects.update(state=state, worker="host:1:a" if state == "RUNNING" else None)
    with pytest.raises(NotPossible, match=f"It is {state}"):
        requeue_job(job)


@pytest.mark.django_db(transaction=True)
def test_what_is_deleted_leaves_no_row_and_no_file(job: GenerationJob, tmp_path: Path) -> None:
    delete_job(end(job, "SUCCESSFUL", file=True))
    assert not GenerationJob.objects.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("state", ["READY", "RUNNING"])
def test_what_has_not_ended_is_not_deleted(job: GenerationJob, state: str) -> None:
    QueuedTask.objects.update(state=state, worker="host:1:a" if state == "RUNNING" else None)
    with pytest.raises(NotPossible, match=f"It is {state}: cancel it first"):
        delete_job(job)
    assert GenerationJob.objects.exists()


def test_a_user_sees_their_own_jobs_and_staff_see_all(job: GenerationJob) -> None:
    ana, bob = User.objects.create_user("ana"), User.objects.create_user("bob", is_staff=True)
    hers = submit_job(ORDER, owner=ana)
    assert set(jobs_of(ana)) == {hers}
    assert set(jobs_of(bob)) == {hers, job}


@pytest.mark.parametrize("is_staff", [False, True])
def test_a_user_may_see_the_jobs_that_are_listed_for_them(
    job: GenerationJob, is_staff: bool
) -> None:
    users = [User.objects.create(username=name, is_staff=is_staff) for name in "ab"]
    jobs = [job, *(submit_job(ORDER, owner=user) for user in users)]
    for user in users:
        assert {one for one in jobs if may_see(user, one)} == set(jobs_of(user))
