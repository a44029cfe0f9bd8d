"""manage.py pause_queues: nothing more is taken from queues, or again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.control import pause_queue, queue_names, resume_queue
from django_ray_runtime.exceptions import UnknownQueue, Unusable
from django_ray_runtime.management.arguments import QUEUE_CHECKS, HelpFormatter
from django_ray_runtime.management.terminal import tasks
from django_ray_runtime.overview import queues
from django_ray_runtime.readiness import demand_database

EXAMPLES = """
examples:
  manage.py pause_queues --all
  manage.py pause_queues bulk
  manage.py pause_queues bulk --resume

What runs goes on, what is enqueued waits, also what the clock enqueues. Exit code: 0, also where
it was so before; 1 where there is no such queue, or the database does not answer.
"""


class Command(BaseCommand):
    requires_system_checks = QUEUE_CHECKS
    help = "Let workers take nothing more from queues; with --resume let them take tasks again."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=HelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="these queues")
        parser.add_argument("--all", action="store_true", help="all queues that there are")
        parser.add_argument("--resume", action="store_true", help="take tasks from them again")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["names"]) == options["all"]:
            raise CommandError("Expected the names of queues, or --all.")
        try:
            demand_database(runtime_settings().database)
            names = queue_names() if options["all"] else options["names"]
            for name in names:
                self._switch(name, options["resume"])
        except (Unusable, UnknownQueue) as error:
            raise CommandError(str(error)) from None

    def _switch(self, name: str, resume: bool) -> None:
        changed = resume_queue(name) if resume else pause_queue(name)
        [queue] = queues(name)
        state = "open" if resume else "paused"
        already = "" if changed else " already"
        rest = tasks(queue.ready, "ready") if resume else tasks(queue.running, "running")
        self.stdout.write(f"{name} is {state}{already}; {rest}.")
