"""What the page of one job shows."""

import json
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from django_ray_runtime.admin import words
from django_ray_runtime.admin.cells import moment
from generation.admin import job_cells
from generation.admin.ordered import ordered
from generation.admin.runs import MOST_RUNS, runs_of
from generation.charts import charts_of
from generation.jobs import job_error
from generation.models import GenerationJob
from generation.statistics import statistics_of
from generation.terminal import STAGES

type Fact = tuple[str, SafeString | str]


def details(job: GenerationJob, user: Any) -> dict[str, Any]:
    """The parts of the page."""
    return {
        "live": job_cells.live_row(job).cells,
        "ordered": _ordered(job),
        "figures": _figures(job),
        "error": job_error(job),
        "runs": runs_of(job),
        "statistics": _statistics(job),
        "earlier_runs": max(0, job.task.attempt - MOST_RUNS),
        "record": _record(job),
        "may_see_task": user.has_perm("django_ray_runtime.view_queuedtask"),
    }


def _ordered(job: GenerationJob) -> list[Fact]:
    """What was ordered, also where that was with another version of the code."""
    try:
        return [*ordered(job.order)]
    except ValueError:
        constraints = json.dumps(job.constraints, indent=1)
        return [
            ("Lottery", job.lottery),
            ("Games", words.grouped(job.quantity)),
            ("Constraints", format_html("<pre>{}</pre>", constraints)),
        ]


def _statistics(job: GenerationJob) -> dict[str, Any] | None:
    """Charts, and what is to be said of them; None before the games are counted."""
    try:
        found = statistics_of(job)
    except ValueError:  # NotCounted, or an order of another version
        return None
    # SVG of our own: nothing in it was written by users.
    charts = [mark_safe(chart) for chart in charts_of(found).values()]  # noqa: S308
    score, theory = found["score"], found["theory"]
    told = "Expected is what as many games would show that are drawn blindly from all valid ones."
    if theory != "exact":
        told += f" It is reckoned {theory.replace('_', ' ')}."
    if score:
        told += (
            f" The largest of {score['compared']:,} deviations, that of {score['of']}, is"
            f" {score['largest_deviation']:.2f} standard deviations; usually it is below"
            f" {score['usually_below']:.2f}."
        )
    return {"charts": charts, "told": told}


def _figures(job: GenerationJob) -> list[Fact]:
    """What was made, and how fast."""
    valid = words.grouped(int(job.valid_games))
    return [
        ("Valid games in all", valid if job.exact else f"at most {valid}"),
        ("Games made", words.grouped(job.games_done)),
        *_file_figures(job),
    ]


def _file_figures(job: GenerationJob) -> list[Fact]:
    if not job.size:
        return []
    stages = ((STAGES.get(stage, stage), spent) for stage, spent in job.seconds.items())
    return [
        ("Run time", words.duration(job_cells.run_time(job))),
        *((f"of it {stage}", words.duration(spent)) for stage, spent in stages),
        ("Size", f"{filesizeformat(job.size)} ({words.grouped(job.size)} bytes)"),
        ("SHA-256", format_html('<span class="gen-sha">{}</span>', job.sha256)),
    ]


def _record(job: GenerationJob) -> list[Fact]:
    times = [
        ("Created", job.created_at),
        ("Started", job.task.started_at),
        ("Finished", job.task.finished_at),
        ("File deleted", job.file_expired_at),
    ]
    return [
        ("Identifier", str(job.id)),
        ("Owner", str(job.owner or words.NOTHING)),
        *((name, moment(time)) for name, time in times if time),
    ]
