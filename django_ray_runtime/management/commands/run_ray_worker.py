"""manage.py run_ray_worker: run queued tasks until told to stop."""

import argparse
import os
import sys
from typing import Any

from django.core.checks import Tags
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    DjangoHelpFormatter,
)
from django.tasks import task_backends

from django_ray_runtime.backend import RayTaskBackend
from django_ray_runtime.checks import address_problems
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.exceptions import NotMigrated, Unusable
from django_ray_runtime.readiness import demand_database
from django_ray_runtime.store import get_liveness
from django_ray_runtime.worker.child import UNUSABLE, Options
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


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise argparse.ArgumentTypeError("expected names of queues, such as default,bulk")
    return names


def _queues(text: str) -> dict[str, int]:
    """`default:3,bulk` as names and weights; without a weight it is 1."""
    weights: dict[str, int] = {}
    for one in _names(text):
        name, colon, weight = one.partition(":")
        if not name or (colon and not (weight.isdecimal() and int(weight) >= 1)):
            raise argparse.ArgumentTypeError(
                f"expected names of queues, each with a weight of at least 1 if any, such as "
                f"default:3,bulk:1; got {one!r}"
            )
        weights[name] = int(weight or 1)
    return weights


_EXAMPLES = """
examples:
  manage.py run_ray_worker                                all queues, on Ray if there is one
  manage.py run_ray_worker --queues urgent:5,bulk:1       five of urgent for one of bulk
  manage.py run_ray_worker --batch --executor sequential  do what is there, without Ray; end
  manage.py run_ray_worker --executor dask --address tcp://127.0.0.1:8786    on Dask

Exit code: 0 after a stop, a batch or --max-tasks; 75 when a restart may mend it: no Ray answers;
78 when something must be put right first, such as missing tables or a Ray that refuses the token;
1 when the database does not answer or an option cannot be used, 2 when it cannot be read.
"""


class _Formatter(DjangoHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Django's order of options, and examples as they are written."""


class Command(BaseCommand):
    help = (
        "Take tasks from the queue and run them on Ray. Ctrl+C or SIGTERM drains: running "
        "tasks may finish within the grace period, the rest goes back to the queue. A second "
        "one stops at once."
    )
    # Not those of pages: a look at the URLs imports all that they lead to, seconds and hundreds of
    # megabytes that no worker needs.
    requires_system_checks = [Tags.compatibility, Tags.models, Tags.caches, Tags.files]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = _Formatter
        parser.epilog = _EXAMPLES
        queues = parser.add_mutually_exclusive_group()
        queues.add_argument(
            "--queues", type=_queues, metavar="A:3,B:1",
            help="queues to serve (all of TASKS); with weights, three of A for one of B",
        )  # fmt: skip
        queues.add_argument(
            "--exclude-queues", type=_names, metavar="A,B", help="serve all queues but these"
        )
        parser.add_argument(
            "--concurrency", type=_whole, metavar="N",
            help="tasks at once (the executor's slots: the cluster's CPUs, or 1)",
        )  # fmt: skip
        parser.add_argument(
            "--executor", choices=["auto", "ray", "dask", "sequential"], default="auto",
            help="what runs them; auto is Ray where it can be had, else sequential",
        )  # fmt: skip
        parser.add_argument(
            "--address", metavar="ADDRESS",
            help="auto, local, HOST:PORT, ray://HOST:PORT (the setting RAY_ADDRESS); of Dask "
            "tcp://HOST:PORT (DASK_SCHEDULER_ADDRESS)",
        )  # fmt: skip
        parser.add_argument(
            "--processes", type=_whole, default=1, metavar="N", help="worker processes (1)"
        )
        parser.add_argument(
            "--grace", type=_seconds, metavar="SECONDS",
            help="how long running tasks may go on after a stop (the setting GRACE_SECONDS: 30)",
        )  # fmt: skip
        parser.add_argument(
            "--max-tasks", type=_whole, metavar="N",
            help="end after this many tasks (each process); for a service manager that restarts",
        )  # fmt: skip
        parser.add_argument(
            "--batch", action="store_true", help="end when nothing is left that could run now"
        )
        parser.add_argument(
            "--reload", action="store_true",
            help="start anew when the project's code changes; for development",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = _supervisor(options).run()
        except NotMigrated as error:
            raise CommandError(str(error), returncode=UNUSABLE) from None
        except Unusable as error:
            raise CommandError(str(error)) from None
        if code:
            sys.exit(code)


def _supervisor(options: dict[str, Any]) -> Supervisor:
    settings = runtime_settings()
    address = options["address"] or _usual_address(options["executor"])
    if options["executor"] != "sequential":
        _demand_in_reach(settings.database, address)
    demand_database(settings.database)
    weights = _served(options["queues"], options["exclude_queues"])
    grace = settings.grace_seconds if options["grace"] is None else options["grace"]
    if options["processes"] > 1:
        _demand_shared(options["executor"], address)

    def make_options(worker: str, temp_dir: str) -> Options:
        return Options(
            worker=worker,
            queues=tuple(weights),
            weights=tuple(weights.values()),
            max_tasks=options["max_tasks"],
            batch=options["batch"],
            reload=options["reload"],
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
        queues=tuple(weights),
        finite=options["batch"] or options["max_tasks"] is not None,
        processes=options["processes"],
        grace=grace,
        temp_root=settings.ray_temp_dir,
    )


def _usual_address(executor: str) -> str:
    if executor == "dask":
        return os.environ.get("DASK_SCHEDULER_ADDRESS") or "auto"
    return runtime_settings().ray_address


def _demand_shared(executor: str, address: str) -> None:
    if executor == "sequential" or address not in {"local", "auto"}:
        return
    name, command = (
        ("Dask", "dask scheduler") if executor == "dask" else ("Ray", "ray start --head")
    )
    raise CommandError(
        f"Several processes need a {name} that they share. Start one with `{command}` and give its "
        "--address, or use --processes 1."
    )


def _demand_in_reach(alias: str, address: str) -> None:
    for found in address_problems(alias, address):
        raise CommandError(f"{found.msg} {found.hint}")


def _served(asked: dict[str, int] | None, excluded: tuple[str, ...] | None) -> dict[str, int]:
    """The queues to serve with their weights; refuses one that no backend of ours lists."""
    backends = [backend for backend in task_backends.all() if isinstance(backend, RayTaskBackend)]
    if not backends:
        raise CommandError("TASKS has no backend django_ray_runtime.backend.RayTaskBackend.")
    known = sorted({queue for backend in backends for queue in backend.queues})
    anything_goes = any(not backend.queues for backend in backends)
    unknown = [queue for queue in (asked or excluded or ()) if queue not in known]
    if unknown and not anything_goes:
        raise CommandError(
            f"No queue {', '.join(map(repr, unknown))}. TASKS lists: {', '.join(known)}."
        )
    rest = [queue for queue in known or ["default"] if queue not in (excluded or ())]
    if not rest:
        raise CommandError(f"--exclude-queues leaves none of: {', '.join(known)}.")
    return asked or dict.fromkeys(rest, 1)
