"""manage.py requeue_tasks: run tasks again that failed, were cancelled, or expired."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_ray_runtime.bulk import Selection, count_selected, requeue_selected
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import Unusable
from django_ray_runtime.management.arguments import (
    QUEUE_CHECKS,
    HelpFormatter,
    identifier,
    moment,
    whole,
)
from django_ray_runtime.management.terminal import tasks
from django_ray_runtime.readiness import demand_database
from django_ray_runtime.states import State

EXAMPLES = """
examples:
  manage.py requeue_tasks --id 0198c1f2-6d1a-7c5e-9d34-2b7f3a5c1e90
  manage.py requeue_tasks --failed --task shop.tasks.invoice --since 2h --dry-run
  manage.py requeue_tasks --exception ConnectionError --yes
  manage.py requeue_tasks --cancelled --queue bulk --limit 100

All options that select must hold together. Without --failed, --cancelled or --expired the failed
ones are meant; with --id all three. Requeued tasks start as if new, with their record kept.
Exit code: 0; 1 when some that were selected were left out, or nothing was selected.
"""


class Command(BaseCommand):
    requires_system_checks = QUEUE_CHECKS
    help = "Run tasks again that failed, were cancelled, or expired."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=HelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_argument_group("which tasks")
        which.add_argument("--id", type=identifier, nargs="+", default=[], metavar="ID")
        for state in ("failed", "cancelled", "expired"):
            which.add_argument(f"--{state}", action="store_true", help=f"those that are {state}")
        which.add_argument("--task", metavar="PATH", help="of the task with this dotted path")
        which.add_argument("--queue", metavar="NAME", help="of this queue")
        which.add_argument(
            "--exception", metavar="CLASS",
            help="whose last failure was this: a dotted class path, or the class's name",
        )  # fmt: skip
        which.add_argument(
            "--since", type=moment, metavar="WHEN",
            help="that ended since: 30m, 2h, 7d, or 2026-05-01T12:00 (UTC)",
        )  # fmt: skip
        parser.add_argument("--limit", type=whole, metavar="N", help="at most so many")
        parser.add_argument("--dry-run", action="store_true", help="only tell how many")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        selection = _selection(options)
        if selection.is_empty:
            raise CommandError(
                "Expected what to requeue, got nothing. Give --id, --failed, --cancelled, "
                "--expired, --task, --queue, --exception or --since."
            )
        try:
            demand_database(runtime_settings().database)
        except Unusable as error:
            raise CommandError(str(error)) from None
        count = count_selected(selection, options["limit"])
        if options["dry_run"]:
            self.stdout.write(f"{tasks(count)} would be requeued.")
            return
        if count > 1 and not options["yes"] and not self._agreed(count):
            raise CommandError("Nothing was requeued.")
        self._requeue(selection, options["limit"])

    def _requeue(self, selection: Selection, limit: int | None) -> None:
        result = requeue_selected(selection, limit)
        self.stdout.write(f"Requeued {tasks(result.requeued)}.")
        for reason, left in result.left_out.items():
            self.stdout.write(f"Left out {tasks(left)}: {reason}.")
        if result.left_out:
            sys.exit(1)

    def _agreed(self, count: int) -> bool:
        if not sys.stdin.isatty():
            return True  # nobody there to ask
        return input(f"Requeue {tasks(count)}? [y/N] ").strip().lower() in {"y", "yes"}


def _selection(options: dict[str, Any]) -> Selection:
    states = tuple(
        state
        for state in (State.FAILED, State.CANCELLED, State.EXPIRED)
        if options[state.value.lower()]
    )
    return Selection(
        ids=tuple(options["id"]),
        states=states,
        task_path=options["task"],
        queue=options["queue"],
        exception=options["exception"],
        since=options["since"],
    )
