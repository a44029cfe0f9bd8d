"""manage.py demo: a worker, a job through the queue, a file; and everything ended again.

`make demo` gives it a database and a folder of its own.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DBError
from pydantic import ValidationError

from django_ray_runtime.exceptions import Unusable
from django_ray_runtime.workers import ActiveWorker, active_workers
from generation.constraints import GameConstraints, error_line
from generation.delivery import deliver, demand_success
from generation.formats import FORMATS
from generation.jobs import JobFailed, follow_job, submit_job
from generation.management.arguments import count
from generation.models import results_dir
from generation.orders import Order, check_order
from generation.results import UnwritableOutput, demand_writable
from generation.terminal import order_figures, print_figures, progress_bar

FOLDER = Path("demo")
START_SECONDS = 120
CONSTRAINTS: dict[str, Any] = {"min_odd": 2, "max_odd": 4, "min_sum": 120, "max_sum": 240}


class Command(BaseCommand):
    help = "Show the main job: Mega-Sena games with 2 to 4 odd numbers and a sum of 120 to 240."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quantity", type=count, default=1_000_000, help="(1,000,000)")
        parser.add_argument("--format", choices=list(FORMATS), default="csv", help="(csv)")
        parser.add_argument("--seed", type=int, default=1, help="of the games (1)")
        parser.add_argument("--executor", choices=["auto", "ray", "sequential"], default="auto")

    def handle(self, *args: Any, **options: Any) -> None:
        output = FOLDER / f"games.{options['format']}"
        for number in (signal.SIGTERM, signal.SIGHUP):  # end the worker then too
            signal.signal(number, lambda *_: sys.exit(1))
        try:
            constraints = GameConstraints(**CONSTRAINTS, seed=options["seed"])
            order = Order("mega-sena", constraints, options["quantity"], options["format"])
            check_order(order)
            FOLDER.mkdir(exist_ok=True)
            demand_writable(output)
            call_command("migrate", verbosity=0)
            self.stdout.write("Starting a worker ...")
            self.stdout.flush()
            with _worker(options["executor"]) as process:
                self._say_who_works(_wait_until_active(process))
                self._make(order, output, process)
            self.stdout.write("Ended everything that was started.")
        except ValidationError as error:
            raise CommandError(error_line(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped, and ended everything that was started.") from None
        except (ValueError, Unusable, UnwritableOutput, JobFailed, OSError, DBError) as error:
            raise CommandError(str(error)) from None

    def _say_who_works(self, worker: ActiveWorker) -> None:
        if worker.executor == "sequential":
            self.stdout.write(f"The worker runs without Ray, sequentially (see {_log()}).")
        else:
            self.stdout.write(f"A worker is up, with Ray on {worker.concurrency} CPUs.")

    def _make(self, order: Order, output: Path, worker: subprocess.Popen[bytes]) -> None:
        job = submit_job(order)
        try:
            with progress_bar("Making games", order.quantity) as show:
                for status in follow_job(job.id):
                    show(status.games_done)
                    if worker.poll() is not None and not status.finished:
                        raise JobFailed(f"The worker ended: {_last_line(_log())} (see {_log()}).")
            job = demand_success(job, status)
            figures = deliver(job, status, output)
        finally:
            for left in results_dir().glob(f"*{job.id}*"):
                left.unlink(missing_ok=True)
        print_figures({**order_figures(job.order, int(job.valid_games), job.exact), **figures})


def _log() -> Path:
    return FOLDER / "worker.log"


@contextmanager
def _worker(executor: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of our own, ended with all that it started."""
    manage = str(settings.BASE_DIR / "manage.py")
    command = [sys.executable, manage, "run_ray_worker", "--executor", executor]
    with _log().open("w") as log:
        process = subprocess.Popen(  # noqa: S603
            [*command, "--address", "local", "--grace", "1"],
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl+C reaches us alone, and we end it
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait_until_active(process: subprocess.Popen[bytes]) -> ActiveWorker:
    deadline = time.monotonic() + START_SECONDS
    name = f":{process.pid}:"
    while time.monotonic() < deadline:
        if workers := [worker for worker in active_workers() if name in worker.id]:
            return workers[0]
        if process.poll() is not None:
            raise JobFailed(f"The worker ended at once: {_last_line(_log())} (see {_log()}).")
        time.sleep(0.1)
    raise JobFailed(f"No worker was up after {START_SECONDS} s; see {_log()}.")


def _last_line(path: Path) -> str:
    return (path.read_text().strip().splitlines() or ["no message"])[-1]
