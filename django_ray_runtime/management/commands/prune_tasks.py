"""manage.py prune_tasks: delete what finished long ago."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_ray_runtime.bulk import ages_of, count_prunable, prune_all
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import Unusable
from django_ray_runtime.management.arguments import QUEUE_CHECKS, HelpFormatter, duration, seconds
from django_ray_runtime.management.terminal import short_age, tasks
from django_ray_runtime.readiness import demand_database
from django_ray_runtime.states import FINAL, State

EXAMPLES = """
examples:
  manage.py prune_tasks                            as the workers do, by the settings' ages
  manage.py prune_tasks --dry-run
  manage.py prune_tasks --state failed --older-than 90d
  manage.py prune_tasks --older-than 1d --pause 0.2

Workers prune by themselves; this is for the first time, and for other ages. Tasks that another
model protects are left to whoever protects them. Exit code: 0, 130 after Ctrl+C, 1 otherwise.
"""
INTERRUPTED = 130


class Command(BaseCommand):
    requires_system_checks = QUEUE_CHECKS
    help = "Delete finished tasks by age, in batches of 500."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=HelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        names = sorted(state.value.lower() for state in FINAL)
        parser.add_argument(
            "--state", choices=names, action="append", default=[],
            help="only this one; may be given several times (all)",
        )  # fmt: skip
        parser.add_argument(
            "--older-than", type=duration, metavar="AGE",
            help="30m, 12h, 7d or 4w since they finished (the settings KEEP_…_SECONDS)",
        )  # fmt: skip
        parser.add_argument(
            "--pause", type=seconds, default=0.0, metavar="SECONDS", help="between batches (0)"
        )
        parser.add_argument("--dry-run", action="store_true", help="only tell how many")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            demand_database(runtime_settings().database)
        except Unusable as error:
            raise CommandError(str(error)) from None
        states = tuple(State(name.upper()) for name in options["state"])
        ages = ages_of(states, options["older_than"])
        self._tell_ages(ages)
        going, protected = count_prunable(ages)
        if options["dry_run"]:
            self.stdout.write(f"{tasks(going)} would be deleted.")
        else:
            self._prune(ages, going, options["pause"])
        if protected:
            old = tasks(protected, "old")
            self.stdout.write(f"Left out {old} that another model protects.")

    def _tell_ages(self, ages: Mapping[State, float | None]) -> None:
        for state, age in sorted(ages.items()):
            kept = "kept for ever (give --older-than)" if age is None else f"older than {_age(age)}"
            self.stdout.write(f"{state.value.lower():<12}{kept}")

    def _prune(self, ages: Mapping[State, float | None], going: int, pause: float) -> None:
        deleted = 0
        try:
            for count in prune_all(ages, pause):
                deleted += count
                if self.stdout.isatty():
                    self.stdout.write(f"\r{deleted:,} of {max(going, deleted):,}", ending="")
                    self.stdout.flush()
        except KeyboardInterrupt:
            raise CommandError(
                f"Interrupted; {tasks(deleted)} were deleted.", returncode=INTERRUPTED
            ) from None
        finally:
            if deleted and self.stdout.isatty():
                self.stdout.write("")
        self.stdout.write(f"Deleted {tasks(deleted)}.")


def _age(age: float) -> str:
    return f"{age / 86_400:g} days" if age >= 86_400 else short_age(age)
