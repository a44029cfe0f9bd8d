"""manage.py generate_games: lottery games into a file, here or through the queue."""

import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DBError

from django_ray_runtime import ray_cluster
from django_ray_runtime.exceptions import Unusable
from django_ray_runtime.readiness import demand_database
from django_ray_runtime.workers import active_workers, has_recent_worker
from generation.constraints import GameConstraints
from generation.delivery import deliver, demand_success
from generation.formats import FORMATS
from generation.jobs import JobFailed, follow_job, submit_job
from generation.lotteries import get_lottery
from generation.management.arguments import add_order_arguments, amount, constraints_of, count
from generation.orders import Order, check_order, count_games
from generation.prices import current_prices
from generation.pricing import buy, game_price
from generation.reports import demand_report, summary, write_report
from generation.results import UnwritableOutput, demand_writable, make_file
from generation.statistics import statistics
from generation.terminal import (
    explanation,
    file_figures,
    order_figures,
    price_figures,
    print_figures,
    progress_bar,
)


class Command(BaseCommand):
    help = (
        "Generate distinct lottery games that satisfy constraints exactly. For instance: "
        "generate_games 1000000 --odd 2-4 --sum 120-240 --seed 7 --output games.csv"
    )
    requires_system_checks: list[str] = []  # the ones needed are made below, where needed

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "quantity", type=count, nargs="?", metavar="QUANTITY", help="how many games"
        )
        add_order_arguments(parser)
        parser.add_argument(
            "--budget", type=amount, metavar="100.00",
            help="instead of QUANTITY: as many games as this buys, in the lottery's currency",
        )  # fmt: skip
        parser.add_argument("--output", type=Path, metavar="FILE", help="(games.csv)")
        parser.add_argument(
            "--statistics", type=Path, metavar="FILE",
            help="also write how the games spread, beside the exact theory: as .json, as .html "
            "with charts, or the charts alone as .svg",
        )  # fmt: skip
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument(
            "--count-only", action="store_true",
            help="print how many games satisfy the constraints, and make none",
        )  # fmt: skip
        instead.add_argument(
            "--explain", action="store_true",
            help="print how each constraint cuts the number of games, and make none",
        )  # fmt: skip
        where = parser.add_mutually_exclusive_group()
        where.add_argument(
            "--local", action="store_true", help="make them in this process (the default)"
        )
        where.add_argument(
            "--queue",
            action="store_true",
            help="submit a job, wait until a worker made it, and copy its file from RESULTS_DIR",
        )
        parser.add_argument(
            "--executor", choices=["sequential", "ray"],
            help="with --local: on one core (the default), or over Ray at RAY_ADDRESS",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        constraints = constraints_of(options)
        try:
            if options["count_only"]:
                games, exact = count_games(options["lottery"], constraints)
                self.stdout.write(f"{games}" if exact else f"at most {games}")
                return
            if options["explain"]:
                for line in explanation(get_lottery(options["lottery"]), constraints):
                    self.stdout.write(line)
                return
            quantity, price = _quantity(constraints, options)
            output, file_format = _output(options["output"], options["format"])
            if options["statistics"]:
                demand_report(options["statistics"])
                demand_writable(options["statistics"])
            order = Order(
                options["lottery"], constraints, quantity, file_format,
                options["chunk_size"],
            )  # fmt: skip
            games, figures = (
                _through_queue(order, output, options)
                if options["queue"]
                else _here(order, output, options)
            )
            print_figures(figures | _price(options, price, games))
        except (ValueError, Unusable, UnwritableOutput, JobFailed, OSError, DBError) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped; nothing was written.") from None


def _quantity(constraints: GameConstraints, options: dict[str, Any]) -> tuple[int, Decimal]:
    """How many games, and what each of them costs. Raises ValueError."""
    budget, quantity = options["budget"], options["quantity"]
    if budget is not None and quantity is not None:
        raise CommandError("Say how many games by QUANTITY or by --budget, not by both.")
    if budget is None and quantity is None:
        raise CommandError("Say how many games: QUANTITY or --budget, or --count-only for none.")
    lottery = get_lottery(options["lottery"])
    price = game_price(lottery, constraints, current_prices())
    if quantity is not None:
        return quantity, price
    return buy(budget, price, lottery.currency).quantity, price


def _price(options: dict[str, Any], price: Decimal, games: int) -> dict[str, str]:
    """What the games made cost, which may be fewer than were ordered, as texts."""
    lottery, budget = get_lottery(options["lottery"]), options["budget"]
    as_of = "" if lottery.key in current_prices() else lottery.price_as_of
    rest = None if budget is None else budget - games * price
    return price_figures(lottery, as_of, price, games, rest)


def _output(output: Path | None, file_format: str | None) -> tuple[Path, str]:
    """Where to write, and in which format: the file's ending says it unless --format does."""
    path = output or Path(f"games.{file_format or 'csv'}")
    demand_writable(path)
    ending = path.suffix.removeprefix(".").lower()
    if file_format is None and ending not in FORMATS:
        raise CommandError(
            f"{path.name} does not end in {' or '.join('.' + name for name in FORMATS)}: "
            "give it such a name, or say which with --format."
        )
    return path, file_format or ending


def _statistics(order: Order, tally: Any, path: Path | None) -> dict[str, str]:
    """Write them where they are wanted; what they say, as texts."""
    if path is None:
        return {}
    found = statistics(get_lottery(order.lottery), order.constraints, tally)
    write_report(path, found)
    return {**summary(found), "statistics": str(path)}


def _here(order: Order, output: Path, options: dict[str, Any]) -> tuple[int, dict[str, str]]:
    """How many games were made, and the figures."""
    started = time.perf_counter()
    checked = check_order(order)
    starting = time.perf_counter()
    cluster = ray_cluster.join_or_start() if options["executor"] == "ray" else None
    waited = {"start": time.perf_counter() - starting} if cluster else {}
    try:
        with progress_bar("Making games", order.quantity) as show:
            made = make_file(checked.order, output, show)
    finally:
        if cluster is not None:
            cluster.close()
    total = time.perf_counter() - started
    seconds = {**waited, **made.seconds}
    figures = file_figures(output, made.size, made.sha256, made.games, seconds, total, made.reason)
    figures |= _statistics(checked.order, made.tally, options["statistics"])
    ordered = order_figures(checked.order, checked.valid_games, checked.exact)
    return made.games, {**ordered, **figures}


def _through_queue(
    order: Order, output: Path, options: dict[str, Any]
) -> tuple[int, dict[str, str]]:
    """How many games were made, and the figures."""
    if options["executor"]:
        raise CommandError(
            "--executor goes with --local: with --queue the worker's own --executor decides."
        )
    demand_database()
    job = submit_job(order)
    if not active_workers():
        sys.stderr.write(
            "A worker is starting. Waiting.\n"
            if has_recent_worker()
            else "No worker is up: start one with `manage.py run_ray_worker`. Waiting.\n"
        )
    try:
        with progress_bar("Making games", order.quantity) as show:
            for status in follow_job(job.id):
                show(status.games_done)
    except KeyboardInterrupt:
        raise CommandError(
            f"Stopped watching; job {job.id} goes on and leaves its file in the results folder."
        ) from None
    finished = demand_success(job, status)
    figures = deliver(finished, status, output)
    figures |= _statistics(finished.order, finished.tally, options["statistics"])
    ordered = order_figures(finished.order, int(finished.valid_games), finished.exact)
    return finished.games_done, {**ordered, **figures}
