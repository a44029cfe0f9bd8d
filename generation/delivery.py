"""Bringing a finished job's file to where the user wants it, and its figures."""

import os
import shutil
import time
from pathlib import Path

from generation import storing
from generation.jobs import JobFailed, JobStatus
from generation.models import GenerationJob
from generation.terminal import file_figures


def demand_success(job: GenerationJob, status: JobStatus) -> GenerationJob:
    """The job as it finished. Raises JobFailed with the task's own error."""
    if status.state != "SUCCESSFUL":
        raise JobFailed(f"Job {job.id} ended {status.state}: {status.error or 'no reason given'}")
    job.refresh_from_db()
    return job


def deliver(job: GenerationJob, status: JobStatus, output: Path) -> dict[str, str]:
    """Copy the job's file to `output`, whole or not at all. Returns its figures as texts."""
    started = time.perf_counter()
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with storing.open_file(job.file_name) as stored, part.open("wb") as copy:
            shutil.copyfileobj(stored, copy, 2**20)
        os.replace(part, output)
    except FileNotFoundError:
        raise JobFailed(
            f"Job {job.id} is done, but its file {job.file_name} is not in "
            f"{storing.local_folder() or 'its storage'}. Do the worker and this machine share "
            "that (RESULTS_DIR)?"
        ) from None
    finally:
        part.unlink(missing_ok=True)
    delivering = time.perf_counter() - started
    seconds = {"wait": status.waited or 0.0, **job.seconds, "deliver": delivering}
    total = (status.took or 0.0) + delivering
    return file_figures(output, job.size, job.sha256, job.games_done, seconds, total, job.reason)
