"""manage.py run_ray_worker: run queued tasks until told to stop."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.tasks import task_backends

from django_ray_runtime.backend import RayTaskBackend
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import Unusable
from django_ray_runtime.readiness import demand_database
from django_ray_runtime.store import get_liveness
from django_ray_runtime.worker.child import Options
from django_ray_runtime.worker.supervisor import Supervisor


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(
            f"expected a number of seconds of at least 0, got {text!r}"
        )
    return value


def _queues(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise argparse.ArgumentTypeError("expected names of queues, such as default,bulk")
    return names


class Command(BaseCommand):
    help = (
        "Take tasks from the queue and run them on Ray. Ctrl+C or SIGTERM drains: running "
        "tasks may finish within the grace period, the rest goes back to the queue. A second "
        "one stops at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--queues", type=_queues, metavar="A,B", help="queues to serve (all of TASKS)"
        )
        parser.add_argument(
            "--concurrency", type=_whole, metavar="N",
            help="tasks at once (the executor's slots: the cluster's CPUs, or 1)",
        )  # fmt: skip
        parser.add_argument(
            "--executor", choices=["auto", "ray", "sequential"], default="auto",
            help="what runs them; auto is Ray where it can be had, else sequential",
        )  # fmt: skip
        parser.add_argument(
            "--address", metavar="ADDRESS",
            help="auto, local, HOST:PORT or ray://HOST:PORT (RAY_ADDRESS)",
        )  # fmt: skip
        parser.add_argument(
            "--processes", type=_whole, default=1, metavar="N", help="worker processes (1)"
        )
        parser.add_argument(
            "--grace", type=_seconds, metavar="SECONDS",
            help="how long running tasks may go on after a stop (GRACE_SECONDS: 30)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = _supervisor(options).run()
        except Unusable as error:
            raise CommandError(str(error)) from None
        if code:
            sys.exit(code)


def _supervisor(options: dict[str, Any]) -> Supervisor:
    settings = runtime_settings()
    demand_database(settings.database)
    queues = _known(options["queues"])
    grace = settings.grace_seconds if options["grace"] is None else options["grace"]
    address = options["address"] or settings.ray_address
    if (
        options["processes"] > 1
        and options["executor"] != "sequential"
        and address
        in {
            "local",
            "auto",
        }
    ):
        raise CommandError(
            "Several processes need a Ray that they share. Start one with `ray start --head` "
            "and give its --address, or use --processes 1."
        )

    def make_options(worker: str, temp_dir: str) -> Options:
        return Options(
            worker=worker,
            queues=queues,
            concurrency=options["concurrency"],
            executor=options["executor"],
            address=address,
            grace=grace,
            temp_dir=temp_dir,
        )

    return Supervisor(
        get_liveness(),
        settings,
        make_options,
        queues=queues,
        processes=options["processes"],
        grace=grace,
        temp_root=settings.ray_temp_dir,
    )


def _known(asked: tuple[str, ...] | None) -> tuple[str, ...]:
    """The queues to serve; refuses one that no backend of ours lists."""
    backends = [backend for backend in task_backends.all() if isinstance(backend, RayTaskBackend)]
    if not backends:
        raise CommandError("TASKS has no backend django_ray_runtime.backend.RayTaskBackend.")
    known = sorted({queue for backend in backends for queue in backend.queues})
    anything_goes = any(not backend.queues for backend in backends)
    unknown = [queue for queue in asked or () if queue not in known]
    if unknown and not anything_goes:
        raise CommandError(
            f"No queue {', '.join(map(repr, unknown))}. TASKS lists: {', '.join(known)}."
        )
    return asked or tuple(known) or ("default",)
