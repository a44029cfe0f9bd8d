"""How long the server takes for each page: `python -m benchmarks.bench_pages`.

In one process on PostgreSQL, without the network: with a single job, and with a hundred thousand of
twenty users in the database. The 95th percentile of many requests counts. Sizes are of the page as
it is sent, with all that it loads, both compressed.
"""

import gzip
import re
import sys
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks.environment import project
from benchmarks.report import Report, parse_options

USERS = 20
MOST_MS = 200.0
MOST_KB = 100.0
WISHES = {"lottery": "mega-sena", "numbers_per_game": "6", "file_format": "csv",
          "shape": "mega-sena:6", "max_odd": "5"}  # fmt: skip


def made_job(user: Any, quantity: int = 10_000) -> Any:
    """A job whose file was really made, with its counts."""
    from django_ray_runtime.testing import run_enqueued
    from generation.constraints import GameConstraints
    from generation.jobs import submit_job
    from generation.models import GenerationJob
    from generation.orders import Order

    job = submit_job(Order("mega-sena", GameConstraints(seed=1), quantity), owner=user)
    run_enqueued()
    return GenerationJob.objects.get(id=job.id)


def add_jobs(count: int, like: Any, users: list[Any]) -> None:
    """As many jobs like this one, nine of ten successful, one of a hundred waiting."""
    from datetime import timedelta

    from django.db import connection
    from django.utils import timezone

    from django_ray_runtime.models import QueuedTask
    from generation.models import GenerationJob

    now = timezone.now()
    states = ["READY"] + ["FAILED"] * 9 + ["SUCCESSFUL"] * 90
    for start in range(0, count, 5000):
        tasks, jobs = [], []
        for number in range(start, start + 5000):
            state, at = states[number % 100], now - timedelta(seconds=number * 3)
            ended = {} if state == "READY" else {
                "finished_at": at, "started_at": at, "last_attempted_at": at, "attempt": 1,
            }  # fmt: skip
            task = QueuedTask(
                state=state, task_path="generation.tasks.generate_games", enqueued_at=at, **ended
            )
            tasks.append(task)
            jobs.append(GenerationJob(
                task_id=task.id, owner=users[number % USERS], lottery="mega-sena",
                constraints=like.constraints, quantity=10_000, valid_games=like.valid_games,
                tally=like.tally if number % 50 == 0 else None,
                games_done=10_000 if state == "SUCCESSFUL" else 0,
            ))  # fmt: skip
        QueuedTask.objects.bulk_create(tasks)
        GenerationJob.objects.bulk_create(jobs)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def measured(client: Any, job: Any, requests: int) -> dict[str, float]:
    """The 95th percentile of each page, in milliseconds."""
    pages = {
        "home": "/", "home, what changes": "/now/", "jobs": "/games/",
        "everybody's jobs": "/games/?of=all", "new games": "/games/new/",
        "figures while typing": "/games/new/check/", "a finished job": f"/games/{job.id}/",
        "a job's progress": f"/games/{job.id}/progress/", "runtime": "/runtime/",
        "services": "/services/", "admin's jobs": "/admin/generation/generationjob/",
    }  # fmt: skip
    return {name: _p95(client, path, requests) for name, path in pages.items()}


def _p95(client: Any, path: str, requests: int) -> float:
    took = []
    for number in range(requests + 3):
        began = time.perf_counter()
        if path.endswith("/check/"):  # each time another wish, as somebody types
            wish = {"min_sum": str(22 + number), "max_sum": str(300 - number), "quantity": "100"}
            answer = client.post(path, WISHES | wish)
        else:
            answer = client.get(path)
        took.append(1000 * (time.perf_counter() - began))
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
    return quantiles(took[3:], n=20)[-1]  # the first ones import and compile


def sizes(client: Any, job: Any) -> dict[str, float]:
    """Of pages with all that they load, compressed, in kB."""
    from django.contrib.staticfiles import finders

    found = {}
    for path in ("/", "/games/new/", f"/games/{job.id}/", "/runtime/", "/services/"):
        html = client.get(path).content
        files = set(re.findall(rb'(?:src|href)="/static/([^"#]+)', html))
        loaded = [Path(str(finders.find(name.decode()))).read_bytes() for name in files]
        name = "/games/…/" if str(job.id) in path else path
        found[name] = sum(len(gzip.compress(one)) for one in (html, *loaded)) / 1000
    return found


def main() -> int:
    options = parse_options(__doc__ or "")
    count, requests = (20_000, 30) if options.quick else (100_000, 100)
    report = Report("Pages, PostgreSQL")
    with project("postgresql"):
        from django.conf import settings
        from django.contrib.auth.models import User
        from django.test import Client

        settings.SECRET_KEY, settings.ALLOWED_HOSTS = "of this run", ["testserver"]
        users = [User.objects.create(username=f"user{n}") for n in range(USERS)]
        staff = User.objects.create_superuser("boss")
        job = made_job(staff)
        client = Client()
        client.force_login(staff)
        alone = measured(client, job, requests)
        add_jobs(count, job, [staff, *users[1:]])
        for name, p95 in measured(client, job, requests).items():
            report.add(
                f"{name}, p95 with {count:,} jobs", p95, "ms", at_most=MOST_MS,
                baseline=f"one job, {alone[name]:.3g} ms", ratio=alone[name] / p95,
            )  # fmt: skip
        for name, size in sizes(client, job).items():
            report.add(f"{name} with all that it loads", size, "kB", at_most=MOST_KB)
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
