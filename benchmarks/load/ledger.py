"""What users had accepted, held against what was made of it."""

import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

PATIENCE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of the jobs that were accepted."""

    accepted: int
    made: int
    """Successful at the first attempt, with exactly their games in their file."""
    twice: int
    """Accepted more than once, or there without having been accepted."""


def outcome(ledger: Path, others: int) -> Outcome:
    """Once all jobs have ended; `others` are there beside those of the ledger."""
    from generation.models import GenerationJob

    written = ledger.read_text() if ledger.exists() else ""
    lines = [json.loads(line) for line in written.splitlines()]
    wanted = {line["job"]: line["quantity"] for line in lines}
    repeated = sum(count - 1 for count in Counter(line["job"] for line in lines).values())
    _wait_until_ended()
    jobs = GenerationJob.objects.select_related("task").filter(id__in=wanted)
    made = sum(
        job.task.state == "SUCCESSFUL"
        and job.task.attempt == 1
        and job.games_done == wanted[str(job.id)] == _games_in(job.file_name)
        for job in jobs
    )
    unknown = GenerationJob.objects.count() - others - len(wanted)
    return Outcome(len(wanted), made, repeated + unknown)


def _games_in(name: str) -> int:
    """The lines of a job's file but its head; all of them different."""
    lines = (Path(settings.GENERATION_RESULTS_DIR) / name).read_text().splitlines()[1:]
    return len(set(lines))


def _wait_until_ended() -> None:
    from generation.models import GenerationJob

    deadline = time.monotonic() + PATIENCE_SECONDS
    while left := GenerationJob.objects.filter(task__finished_at__isnull=True).count():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{left} jobs have not ended within {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.5)
