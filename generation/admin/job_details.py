"""What the page of one job shows."""

import json
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_ray_runtime.admin import words
from django_ray_runtime.admin.cells import moment
from generation.admin import job_cells
from generation.admin.ordered import ordered
from generation.admin.runs import MOST_RUNS, runs_of
from generation.charts import Voice, charts_of
from generation.jobs import job_error
from generation.models import GenerationJob
from generation.statistics import statistics_of

type Fact = tuple[str, SafeString | str]

STAGES: dict[str, Any] = {
    "start": gettext_lazy("of it starting Ray"),
    "wait": gettext_lazy("of it waiting for a worker"),
    "make": gettext_lazy("of it making games"),
    "write": gettext_lazy("of it writing and counting"),
    "publish": gettext_lazy("of it flushing to disk"),
    "deliver": gettext_lazy("of it copying to its place"),
}
COUNTED: dict[str, Any] = {
    "numbers": gettext_lazy("numbers"),
    "second": gettext_lazy("second"),
    "odd": gettext_lazy("odd"),
    "sum": gettext_lazy("sum"),
    "overlap": gettext_lazy("overlap"),
    "neighbours": gettext_lazy("neighbours"),
}


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
            (_("Lottery"), job.lottery),
            (_("Games"), words.grouped(job.quantity)),
            (_("Constraints"), format_html("<pre>{}</pre>", constraints)),
        ]


def _statistics(job: GenerationJob) -> dict[str, Any] | None:
    """Charts, and what is to be said of them; None before the games are counted."""
    try:
        found = statistics_of(job)
    except ValueError:  # NotCounted, or an order of another version
        return None
    # SVG of our own: nothing in it was written by users.
    charts = [mark_safe(chart) for chart in charts_of(found, _voice()).values()]  # noqa: S308  # nosec
    score, theory = found["score"], found["theory"]
    told = [
        _("Expected is what as many games would show that are drawn blindly from all valid ones.")
    ]
    if theory != "exact":
        lacking = theory.removeprefix("without ").replace("_", " ")
        told.append(_("It is reckoned without %(wishes)s.") % {"wishes": lacking})
    if score:
        told.append(_largest(score))
    return {"charts": charts, "told": " ".join(told)}


def _voice() -> Voice:
    return Voice(_, lambda value, digits=0: number_format(
        round(value, digits), digits, use_l10n=True, force_grouping=True
    ))  # fmt: skip


def _largest(score: dict[str, Any]) -> str:
    name, _space, value = score["of"].partition(" ")
    told = _(
        "The largest of %(n)s deviations, that of %(what)s, is %(most)s standard deviations;"
        " usually it is below %(usual)s."
    )
    return told % {
        "n": words.grouped(score["compared"]),
        "what": f"{COUNTED.get(name, name)} {value}",
        "most": number_format(round(score["largest_deviation"], 2), 2),
        "usual": number_format(round(score["usually_below"], 2), 2),
    }


def _figures(job: GenerationJob) -> list[Fact]:
    """What was made, and how fast."""
    valid = words.grouped(int(job.valid_games))
    return [
        (_("Valid games in all"), valid if job.exact else _("at most %(n)s") % {"n": valid}),
        (_("Games made"), words.grouped(job.games_done)),
        *_file_figures(job),
    ]


def _file_figures(job: GenerationJob) -> list[Fact]:
    if not job.size:
        return []
    size = {"size": filesizeformat(job.size), "n": words.grouped(job.size)}
    return [
        (_("Run time"), words.duration(job_cells.run_time(job))),
        *((_stage(stage), words.duration(spent)) for stage, spent in job.seconds.items()),
        (_("Size"), _("%(size)s (%(n)s bytes)") % size),
        ("SHA-256", format_html('<span class="gen-sha">{}</span>', job.sha256)),
    ]


def _stage(name: str) -> str:
    return str(STAGES[name]) if name in STAGES else _("of it %(stage)s") % {"stage": name}


def _record(job: GenerationJob) -> list[Fact]:
    times = [
        (_("Created"), job.created_at),
        (_("Started"), job.task.started_at),
        (_("Finished"), job.task.finished_at),
        (_("File deleted"), job.file_expired_at),
    ]
    return [
        (_("Identifier"), str(job.id)),
        (_("Owner"), str(job.owner or words.NOTHING)),
        *((name, moment(time)) for name, time in times if time),
    ]
