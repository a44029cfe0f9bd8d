"""manage.py queue_status: queues, workers and recent failures at a glance."""

import json
import time
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError, connections
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import UnknownQueue, Unusable
from django_ray_runtime.management.arguments import QUEUE_CHECKS, HelpFormatter, seconds
from django_ray_runtime.management.terminal import console_on, short_age, table
from django_ray_runtime.overview import (
    Failures,
    QueueView,
    WorkerView,
    failures,
    queues,
    workers,
)
from django_ray_runtime.readiness import demand_database

EXAMPLES = """
examples:
  manage.py queue_status                    once
  manage.py queue_status --watch            every 2 seconds, until Ctrl+C
  manage.py queue_status --queue bulk --watch 0.5
  manage.py queue_status --json | jq '.queues[] | select(.ready > 1000) | .name'

Ready tasks wait for a worker, blocked ones for their key's limit, scheduled ones for their time.
A worker is silent when its heartbeat stays away. Exit code: 0, or 1 when the database does not
answer or there is no such queue.
"""

type Glance = tuple[list[QueueView], list[WorkerView], Failures]


class Command(BaseCommand):
    requires_system_checks = QUEUE_CHECKS
    help = "Show the queues, the workers, and what failed within the last hour."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=HelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queue", metavar="NAME", help="only this one, and its workers")
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--watch", type=seconds, nargs="?", const=2.0, metavar="SECONDS",
            help="show it again every so many seconds (2), until Ctrl+C",
        )  # fmt: skip
        how.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            demand_database(runtime_settings().database)
            glance = _look(options["queue"])
        except (Unusable, UnknownQueue, DatabaseError, InterfaceError) as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(_document(glance)))
        elif options["watch"] is None:
            console_on(self.stdout).print(_picture(glance))
        else:
            _watch(console_on(self.stdout), options["queue"], options["watch"])


def _look(queue: str | None) -> Glance:
    found = workers()
    if queue is not None:
        found = [worker for worker in found if queue in worker.queues]
    return queues(queue), found, failures(queue=queue)


def _watch(console: Console, queue: str | None, every: float) -> None:
    """Refresh in place until Ctrl+C; on no terminal, one picture below the other."""
    try:
        if not console.is_terminal:
            while True:
                console.print(_picture_or_trouble(queue))
                time.sleep(every)
        with Live(console=console, auto_refresh=False, screen=True) as live:
            while True:
                live.update(_picture_or_trouble(queue), refresh=True)
                time.sleep(every)
    except KeyboardInterrupt:
        console.print(_picture_or_trouble(queue))


def _picture_or_trouble(queue: str | None) -> RenderableType:
    try:
        return _picture(_look(queue))
    except (DatabaseError, InterfaceError) as error:
        connections[runtime_settings().database].close()
        return Text(f"The database does not answer: {str(error).strip()}")


def _picture(glance: Glance) -> RenderableType:
    found, at_work, failed = glance
    parts: list[RenderableType] = [_queue_table(found), ""]
    parts.append(_worker_table(at_work) if at_work else "No worker is running.")
    parts.append("")
    hours = short_age(failed.seconds)
    if not failed.kinds:
        return Group(*parts, f"Nothing failed within the last {hours}.")
    bound = "" if failed.complete else ", the newest 1,000 of them"
    return Group(*parts, f"Failed within the last {hours}{bound}:", _failure_table(failed))


def _queue_table(found: list[QueueView]) -> RenderableType:
    columns = ["queue", "", ">ready", ">blocked", ">scheduled", ">running", ">oldest"]
    return table(
        columns,
        (
            (
                view.name,
                "paused" if view.paused else "",
                view.ready,
                view.blocked,
                view.scheduled,
                view.running,
                short_age(view.oldest_ready_seconds),
            )
            for view in found
        ),
    )


def _worker_table(found: list[WorkerView]) -> RenderableType:
    return table(
        ["worker", "state", "executor", ">running", ">of", ">heartbeat", "~queues"],
        (
            (
                view.id,
                "silent" if view.silent else view.state.value.lower(),
                view.executor or "-",
                view.running,
                view.concurrency,
                short_age(view.heartbeat_age_seconds),
                ",".join(view.queues),
            )
            for view in found
        ),
    )


def _failure_table(failed: Failures) -> RenderableType:
    return table(
        ["task", "~exception", ">times", ">last"],
        (
            (kind.task_path, kind.exception or "-", kind.count, short_age(kind.last_seconds_ago))
            for kind in failed.kinds
        ),
    )


def _document(glance: Glance) -> dict[str, Any]:
    found, at_work, failed = glance
    inner = ("stats", "released", "ended_seconds_ago", "running_tasks")
    return {
        "queues": [asdict(view) for view in found],
        "workers": [
            {key: value for key, value in asdict(view).items() if key not in inner}
            for view in at_work
        ],
        "failures": asdict(failed),
    }
