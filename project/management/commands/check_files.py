"""manage.py check_files: whether the files that rows point to are there, as after a restore."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_ray_runtime.exceptions import Unusable
from django_ray_runtime.readiness import demand_database
from generation.inventory import damaged_files, forget_file


class Command(BaseCommand):
    help = (
        "Look for files that the database points to and that are missing or not whole: those of "
        "jobs, the rows of calculations, uploaded data sets. Exit code: 0 when all are there, "
        "else 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--read", action="store_true", help="read jobs' files, and compare their SHA-256"
        )
        parser.add_argument(
            "--forget", action="store_true",
            help="let jobs without their file say that it was deleted; nothing else is changed",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        from ray_services.storing import missing_files  # takes a second to import

        try:
            demand_database()
        except Unusable as error:
            raise CommandError(str(error)) from None
        wrong = 0
        for job, what in damaged_files(read=options["read"]):
            gone = options["forget"] and what == "missing" and forget_file(job)
            told = "  forgotten" if gone else ""
            self.stdout.write(f"job {job.id}  {job.file_name}  {what}{told}")
            wrong += not gone
        for name in missing_files():
            self.stdout.write(f"services  {name}  missing")
            wrong += 1
        if wrong:
            raise CommandError(
                f"{wrong:,} of the files that rows point to are missing or damaged. Bring them "
                "back from a backup, or see docs/howto/backup.md for what can be done without."
            )
        self.stdout.write("All files that rows point to are there.")
