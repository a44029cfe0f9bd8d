"""manage.py run_service: one of the analytic services, alone on its own port."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ray_services.alone.launch import Plan, launch
from ray_services.alone.names import PORTS
from ray_services.common.errors import BadInput


class Command(BaseCommand):
    help = (
        "Serve one analytic service by itself, without the project's users: "
        + ", ".join(f"{name} ({port})" for name, port in PORTS.items())
        + ". On loopback it needs no token; on any other address set SERVICE_TOKENS. "
        "What is large goes through a queue of its own (DATABASE_URL: another one) to a worker."
    )
    requires_system_checks = []  # it is served with settings of its own

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("service", choices=PORTS)
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, help="port to listen on (the service's own)")
        parser.add_argument("--processes", type=int, default=2, help="processes that answer (2)")
        parser.add_argument(
            "--no-worker", action="store_true",
            help="no worker of its own: others serve the queue of DATABASE_URL",
        )  # fmt: skip
        parser.add_argument(
            "--executor", choices=["auto", "ray", "sequential"], default="auto",
            help="what its worker runs large work on; auto is Ray where it can be had",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = Plan(
                name=options["service"],
                host=options["host"],
                port=options["port"],
                processes=options["processes"],
                worker=not options["no_worker"],
                executor=options["executor"],
            )
        except BadInput as error:
            raise CommandError(str(error)) from None
        code = launch(plan)
        if code:
            sys.exit(code)
