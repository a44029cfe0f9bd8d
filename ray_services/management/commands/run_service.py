"""manage.py run_service: one of the analytic services, alone on its own port."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ray_services.alone.launch import launch
from ray_services.alone.names import PORTS
from ray_services.common.errors import BadInput


class Command(BaseCommand):
    help = (
        "Serve one analytic service by itself, without the project's users and database: "
        + ", ".join(f"{name} ({port})" for name, port in PORTS.items())
        + ". On loopback it needs no token; on any other address set SERVICE_TOKENS."
    )
    requires_system_checks = []  # it is served with settings of its own

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("service", choices=PORTS)
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, help="port to listen on (the service's own)")
        parser.add_argument("--workers", type=int, default=2, help="processes that answer (2)")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["service"]
        try:
            launch(name, options["host"], options["port"] or PORTS[name], options["workers"])
        except BadInput as error:
            raise CommandError(str(error)) from None
