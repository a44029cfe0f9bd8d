"""manage.py import_draws: official draws out of a file into the database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DBError

from django_ray_runtime.exceptions import Unusable
from django_ray_runtime.readiness import demand_database
from generation.archive import ImportsMet, store_draws
from generation.draws import read_draws
from generation.lotteries import LOTTERIES, get_lottery


class Command(BaseCommand):
    help = (
        "Store official draws, for constraints that speak of them. FILE is what the lottery's "
        "operator in Brazil publishes (CSV or XLSX with Concurso, Data do Sorteio, Bola1, …), but "
        "for Dupla Sena; or a CSV of draw,date,n1,…,s1,… with dates as YYYY-MM-DD. All its rows "
        "are stored, or none."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--lottery", default="mega-sena", help=f"one of: {', '.join(LOTTERIES)} (mega-sena)"
        )
        parser.add_argument(
            "--replace", action="store_true", help="replace draws that are stored otherwise"
        )
        parser.add_argument(
            "--check", action="store_true", help="only say whether the file could be imported"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lottery = get_lottery(options["lottery"])
            rows = read_draws(options["file"], lottery)
            if options["check"]:
                self.stdout.write(f"{lottery.name}: {len(rows):,} draws, all well-formed.")
                return
            demand_database()
            done = store_draws(lottery, rows, replace=options["replace"])
        except (ValueError, ImportsMet, OSError, Unusable, DBError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{lottery.name}: {done.added:,} draws added, {done.replaced:,} replaced, "
            f"{done.same:,} were there."
        )
