"""Generation jobs as workers leave them."""

from pathlib import Path
from typing import Any

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.states import State
from generation.constraints import GameConstraints
from generation.models import GenerationJob, results_dir
from generation.orders import Order
from tests.web.rows import add, add_failed

JOBS = "/admin/generation/generationjob/"
DRAWS = "/admin/generation/draw/"
ORDER = Order("mega-sena", GameConstraints(min_odd=2, max_odd=4, seed=5), 1000)


def add_job(state: State, *, task: QueuedTask | None = None, **values: Any) -> GenerationJob:
    """A job whose task is in a state; a successful one has its file."""
    if task is None:
        task = add_failed() if state == State.FAILED else add(state)
    if state == State.SUCCESSFUL:
        done = {"games_done": 1000, "complete": True, "size": 12, "sha256": "ab" * 32}
        values = done | {"seconds": {"make": 0.5, "write": 0.25}} | values
    job = GenerationJob(task=task, valid_games="40325950", **values)
    job.set_order(values.get("order", ORDER))
    if state == State.SUCCESSFUL:
        job.file_name = write_file(f"{job.id}.1.csv").name
    job.save()
    return job


def write_file(name: str) -> Path:
    """A file among the results."""
    results_dir().mkdir(parents=True, exist_ok=True)
    path = results_dir() / name
    path.write_bytes(b"n1,n2\n1,2\n3\n")
    return path


def page_of(job: GenerationJob) -> str:
    return f"{JOBS}{job.pk}/change/"
