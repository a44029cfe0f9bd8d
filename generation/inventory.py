"""Whether the files that jobs point to are where they should be."""

import hashlib
from collections.abc import Iterator

from django.db.models.functions import Now

from generation import storing
from generation.models import GenerationJob


def damaged_files(*, read: bool = False) -> Iterator[tuple[GenerationJob, str]]:
    """The jobs whose file is not as it was stored, and what is wrong with it. With `read` each
    file is read, and its SHA-256 compared; without, only its size."""
    pointing = GenerationJob.objects.exclude(file_name="").filter(task__state="SUCCESSFUL")
    for job in pointing.order_by("created_at").iterator():
        if wrong := _wrong_with(job, read):
            yield job, wrong


def forget_file(job: GenerationJob) -> bool:
    """Let the job say that its file is gone, as of one that has had its time."""
    rows = GenerationJob.objects.filter(id=job.id, file_name=job.file_name)
    return bool(rows.update(file_name="", file_expired_at=Now()))


def _wrong_with(job: GenerationJob, read: bool) -> str:
    try:
        size = storing.results_storage().size(job.file_name)
    except FileNotFoundError:
        return "missing"
    if size != job.size:
        return f"{size:,} bytes instead of {job.size:,}"
    return "its content has changed" if read and _sha256(job.file_name) != job.sha256 else ""


def _sha256(name: str) -> str:
    with storing.open_file(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # readinto
