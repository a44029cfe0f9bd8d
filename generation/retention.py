"""Files and jobs that have had their time, and files that no job points to, are deleted."""

from datetime import timedelta

from django.conf import settings
from django.db.models import DateTimeField, ExpressionWrapper, QuerySet, Value
from django.db.models.functions import Now
from django.utils import timezone

from generation import storing
from generation.control import NotPossible, delete_job
from generation.models import GenerationJob

STRAY_AFTER = timedelta(days=1)
"""So long a file may be without a job: one that is being written has none yet."""


def tidy() -> dict[str, int]:
    """All of it, by the settings. Returns how many jobs went, and how many files for which
    reason."""
    return {
        "jobs": forget_jobs(),
        "expired": expire_files(),
        "unfinished": drop_unfinished(),
        "stray": sweep(),
    }


def forget_jobs() -> int:
    """Delete the jobs that ended GENERATION_KEEP_JOBS_DAYS ago, with their files and links. Their
    tasks' rows, which they protected, are the runtime's to prune then."""
    deleted = 0
    for job in _ended_before(settings.GENERATION_KEEP_JOBS_DAYS).iterator():
        try:
            delete_job(job)
        except NotPossible:  # somebody runs it again meanwhile
            continue
        deleted += 1
    return deleted


def expire_files() -> int:
    """Delete the files of jobs that ended GENERATION_RETENTION_DAYS ago; the jobs stay, and say
    since when their file is gone."""
    old = _ended_before(settings.GENERATION_RETENTION_DAYS).exclude(file_name="")
    found = list(old.values_list("id", "file_name"))
    for job_id, name in found:
        # First the row: without its file no job must say that it has one.
        rows = GenerationJob.objects.filter(id=job_id, file_name=name)
        if rows.update(file_name="", file_expired_at=Now()):
            storing.delete(name)
    return len(found)


def drop_unfinished() -> int:
    """Delete the files of jobs that ended without success after their file was stored, such as
    those cancelled at the last moment."""
    ended = GenerationJob.objects.exclude(file_name="").filter(task__finished_at__isnull=False)
    found = list(ended.exclude(task__state="SUCCESSFUL").values_list("id", "file_name"))
    for job_id, name in found:
        rows = GenerationJob.objects.filter(id=job_id, file_name=name)
        if rows.update(file_name="", size=0, sha256=""):
            storing.delete(name)
    return len(found)


def sweep() -> int:
    """Delete jobs' files that no job points to and nobody has written to for a day."""
    strays = list(storing.written_before(timezone.now() - STRAY_AFTER))
    # Looked up after the files: what was stored meanwhile is pointed to.
    wanted = set(GenerationJob.objects.exclude(file_name="").values_list("file_name", flat=True))
    strays = [name for name in strays if name not in wanted]
    for name in strays:
        storing.delete(name)
    return len(strays)


def _ended_before(days: int) -> QuerySet[GenerationJob]:
    """The jobs that ended so many days ago; none for 0, which keeps for ever."""
    if not days:
        return GenerationJob.objects.none()
    then = ExpressionWrapper(Now() - Value(timedelta(days=days)), output_field=DateTimeField())
    return GenerationJob.objects.filter(task__finished_at__lt=then)
