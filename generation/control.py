"""Cancel, run again, delete: what every door does to a generation job, and whose jobs it sees."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from django_ray_runtime import control
from django_ray_runtime.exceptions import AlreadyEnded
from generation import storing
from generation.models import GenerationJob


class NotPossible(Exception):
    """The job's state does not allow this. The message says the state and what can be done."""


def jobs_of(user: Any) -> QuerySet[GenerationJob]:
    """The jobs that this user may see, with their tasks: their own, and all for staff."""
    jobs = GenerationJob.objects.select_related("task")
    return jobs if user.is_staff else jobs.filter(owner=user)


def may_see(user: Any, job: GenerationJob) -> bool:
    """Whether `jobs_of` this user has the job."""
    return bool(user.is_staff or (user.pk is not None and job.owner_id == user.pk))


def cancel_job(job: GenerationJob) -> str:
    """Cancel a job that waits, or tell one that runs to stop. Again changes nothing.

    Returns CANCELLED, or RUNNING where it has yet to stop. Raises NotPossible once it has ended.
    """
    try:
        return control.cancel_unfinished(job.task_id).value
    except AlreadyEnded as error:
        raise NotPossible(
            f"It is {error.state} already: only an unfinished job can be cancelled."
        ) from None


def requeue_job(job: GenerationJob) -> None:
    """Run a FAILED, CANCELLED or EXPIRED job again, as if new, with the record of its runs kept.

    Raises NotPossible for every other one.
    """
    with transaction.atomic():
        if job.task_id not in control.requeue(job.task_id):
            raise NotPossible(
                f"It is {_state(job)}: only a FAILED, CANCELLED or EXPIRED job can run again."
            )
        GenerationJob.objects.filter(id=job.id).update(
            games_done=0, complete=None, reason="", seconds={}, tally=None,
            file_name="", file_expired_at=None, size=0, sha256="",
        )  # fmt: skip
        _delete_file_on_commit(job)


def delete_job(job: GenerationJob) -> None:
    """Delete an ended job and its file. Raises NotPossible while it waits or runs.

    Its task's row is then like any other: the runtime prunes it at its age.
    """
    with transaction.atomic():
        # Locked, so that nobody runs it again meanwhile.
        task = control.tasks().filter(id=job.task_id).select_for_update().first()
        if task is not None and task.finished_at is None:
            raise NotPossible(f"It is {task.state}: cancel it first, and delete it when it ended.")
        GenerationJob.objects.filter(id=job.id).delete()
        _delete_file_on_commit(job)


def _delete_file_on_commit(job: GenerationJob) -> None:
    """Not before: what the transaction undoes must keep its file."""
    if job.file_name:
        transaction.on_commit(partial(storing.delete, job.file_name))


def _state(job: GenerationJob) -> str:
    return str(control.tasks().values_list("state", flat=True).get(id=job.task_id))
