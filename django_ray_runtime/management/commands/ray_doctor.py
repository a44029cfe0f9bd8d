"""manage.py ray_doctor: what keeps tasks from running, each with a remedy."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.text import Text

from django_ray_runtime.doctor.diagnosis import Diagnosis
from django_ray_runtime.doctor.report import Check, Verdict, worst
from django_ray_runtime.management.arguments import HelpFormatter, seconds
from django_ray_runtime.management.terminal import console_on

EXAMPLES = """
examples:
  manage.py ray_doctor                               everything; may start a Ray, and ends it
  manage.py ray_doctor --no-ray                      all but Ray, within a second
  manage.py ray_doctor --address ray://head:10001 --timeout 20
  manage.py ray_doctor --json | jq '.checks[] | select(.verdict != "ok")'

A warning works today and may hurt some day; a problem keeps tasks from running, or from running
rightly. Exit code: 0 without a problem, else 1.
"""
_STYLES = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.PROBLEM: "bold red"}


class Command(BaseCommand):
    help = "Look for what keeps tasks from running: settings, database, workers, Ray."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=HelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-ray", action="store_true", help="leave Ray out")
        parser.add_argument(
            "--address", metavar="ADDRESS",
            help="auto, local, HOST:PORT or ray://HOST:PORT (RAY_ADDRESS)",
        )  # fmt: skip
        parser.add_argument(
            "--timeout", type=seconds, default=60.0, metavar="SECONDS",
            help="how long Ray may take to answer in all (60)",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        diagnosis = Diagnosis(
            with_ray=not options["no_ray"], address=options["address"], timeout=options["timeout"]
        )
        if options["json"]:
            found = list(diagnosis.run())
            document = {"verdict": worst(found), "checks": [asdict(check) for check in found]}
            self.stdout.write(json.dumps(document))
        else:
            found = _show(console_on(self.stdout), diagnosis.run())
        if worst(found) is Verdict.PROBLEM:
            sys.exit(1)


def _show(console: Console, checks: Iterable[Check]) -> list[Check]:
    """Print each as it comes."""
    found = []
    for check in checks:
        found.append(check)
        verdict = Text(f"{check.verdict.value:<8}", style=_STYLES[check.verdict])
        # Folded by the terminal alone, so that what is copied has no line breaks.
        console.print(verdict, f"{check.area}: {check.name}: {check.message}", soft_wrap=True)
        if check.remedy and check.verdict is not Verdict.OK:
            console.print(f"         -> {check.remedy}", soft_wrap=True)
    counts = [f"{sum(c.verdict is v for c in found)} {v.value}" for v in Verdict]
    console.print(", ".join(counts))
    return found
