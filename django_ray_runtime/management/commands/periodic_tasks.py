"""manage.py periodic_tasks: see what runs by the clock, and switch it."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import UnknownSchedule, Unusable
from django_ray_runtime.management.arguments import QUEUE_CHECKS
from django_ray_runtime.periodic import (
    PeriodicStatus,
    disable,
    discover,
    enable,
    overview,
    run_now,
)
from django_ray_runtime.readiness import demand_database

NONE_DECLARED = (
    "No periodic tasks. Declare one in tasks.py of an application, with "
    '@periodic(cron="0 3 * * *") from django_ray_runtime.periodic above @task.'
)


class Command(BaseCommand):
    requires_system_checks = QUEUE_CHECKS
    help = (
        "List the tasks that run by the clock: their schedule, when they were last enqueued and "
        "when they are due next. They are declared in code, with @periodic above @task, and "
        "enqueued by whichever worker (run_ray_worker) is up. With an option: switch one off or "
        "on, or enqueue it now. What was missed while it was off is not made up. For instance: "
        "periodic_tasks --disable shop.tasks.nightly"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        action = parser.add_mutually_exclusive_group()
        action.add_argument(
            "--json", action="store_true", help="the list as JSON, with times in UTC"
        )
        action.add_argument(
            "--enable", metavar="NAME", help="enqueue it again, from its next tick on"
        )
        action.add_argument(
            "--disable", metavar="NAME", help="enqueue it no more; what is in the queue still runs"
        )
        action.add_argument(
            "--run", metavar="NAME",
            help="enqueue it now, enabled or not; its next tick stays as it is",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            demand_database(runtime_settings().database)
            discover()
            self._act(options)
        except (Unusable, UnknownSchedule) as error:
            raise CommandError(str(error)) from None

    def _act(self, options: dict[str, Any]) -> None:
        if name := options["enable"]:
            enable(name)
            self.stdout.write(f"{name} is enabled.")
        elif name := options["disable"]:
            disable(name)
            self.stdout.write(f"{name} is disabled.")
        elif name := options["run"]:
            self.stdout.write(f"{name} is in the queue as task {run_now(name).id}.")
        elif options["json"]:
            values = [asdict(status) for status in overview()]
            self.stdout.write(json.dumps(values, cls=DjangoJSONEncoder, indent=2))
        elif rows := overview():
            console = Console(highlight=False)
            with console.capture() as shown:
                console.print(_table(rows))
            self.stdout.write(shown.get())
        else:
            self.stdout.write(NONE_DECLARED)


def _table(rows: list[PeriodicStatus]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, caption=_caption(rows), caption_justify="left")
    for title in ("name", "schedule"):
        table.add_column(title, overflow="fold")  # a name is to be copied: never cut
    for title in ("enabled", "last run", "next run"):
        table.add_column(title, no_wrap=True)
    today = timezone.localdate()
    for row in rows:
        table.add_row(
            Text(row.name if row.declared_here else f"{row.name} *"),
            Text(row.schedule),
            "yes" if row.enabled else "no",
            _when(row.last_run_at, today),
            _when(row.next_run_at, today) if row.enabled else "-",
        )
    return table


def _when(moment: datetime | None, today: Any) -> str:
    """Short enough for a column: the time today, the date and time within a year of it."""
    if moment is None:
        return "-"
    local = timezone.localtime(moment)
    if local.date() == today:
        return f"{local:%H:%M:%S}"
    near = abs(local.date() - today) < timedelta(days=180)
    return f"{local:%b %d %H:%M}" if near else f"{local:%Y-%m-%d}"


def _caption(rows: list[PeriodicStatus]) -> str:
    caption = f"Times of {timezone.get_current_timezone_name()}."
    if not all(row.declared_here for row in rows):
        caption += " * not declared by the code here: renamed, removed, or of another version."
    return caption
