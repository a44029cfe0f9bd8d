"""Each service under load, alone on its port as `manage.py run_service` starts it:
`python -m benchmarks.ray_performance_benchmark`.

Small requests, one after the other and by many clients at once, which must all be answered; and
what a single small call costs: as a function in this process, over HTTP, and through the queue,
where it gains nothing. Clients run on the same cores as the service. With --quick it takes a minute
and a half, most of it for four services to start.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.report import Report, parse_options
from tests.services.serving import ask, free_port, is_up

SMALL: dict[str, tuple[str, dict[str, Any]]] = {
    "sentiment-analyzer": ("analyze-sentiment", {"texts": ["$TSLA looks great!"] * 20}),
    "garch-predictor": ("fit-rolling", {"assets": ["SPY"], "q": 1, "last": 200}),
    "portfolio-manager": (
        "optimize-portfolio",
        {"tickers": ["AAPL", "MSFT", "JNJ", "PG", "KO"], "goal": "max_sharpe"},
    ),
    "intraday-strategy": ("execute-strategies", {"strategies": ["momentum"]}),
}
ROOT = Path(__file__).parent.parent
CLIENTS = 16
MOST_SECONDS = 120.0
LOOKS = 6  # one of two processes answers each of them

type Call = Callable[[], int]


@contextmanager
def served(name: str) -> Iterator[int]:
    """The service on a free port, warm; ended afterwards."""
    port = free_port()
    command = [sys.executable, "manage.py", "run_service", name, "--port", str(port)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log,
            env={**os.environ, "SERVICE_RATE": "1000000/m"},
        )  # fmt: skip
        try:
            until = time.monotonic() + MOST_SECONDS
            while not is_warm(port):
                if process.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    raise RuntimeError(f"{name} did not start:\n{log.read().decode()}")
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()
            process.wait()


def is_warm(port: int) -> bool:
    """Whether it answers, and no call has to load anything any more."""
    return is_up(port) and all(ask(port, "/status")[1]["warm"] for _ in range(LOOKS))


def caller(port: int, path: str, body: Any) -> tuple[http.client.HTTPConnection, Call]:
    """A connection that is kept, and what posts over it and returns the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    content = json.dumps(body).encode()

    def call() -> int:
        connection.request("POST", path, content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    return connection, call


def timed(call: Call, count: int) -> list[tuple[float, int]]:
    """Seconds and status of so many calls, after two that are not counted."""
    found = []
    for number in range(count + 2):
        began = time.perf_counter()
        status = call()
        if number > 1:
            found.append((time.perf_counter() - began, status))
    return found


def at_once(port: int, path: str, body: Any, seconds: float) -> list[tuple[float, int]]:
    """What many clients saw in so many seconds, each calling again as soon as it is answered."""
    until = time.perf_counter() + seconds

    def client(_: int) -> list[tuple[float, int]]:
        connection, call = caller(port, path, body)
        found = []
        with closing(connection):
            while (began := time.perf_counter()) < until:
                found.append((call(), time.perf_counter() - began))
        return [(took, status) for status, took in found]

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [one for found in pool.map(client, range(CLIENTS)) for one in found]


def in_this_process(name: str, operation: str, body: dict[str, Any]) -> Callable[[], int]:
    """The function that answers, without a service around it."""
    from ray_services.operations import operation as known

    wanted = known(name, operation)
    compute = wanted.load()

    def call() -> int:
        compute(wanted.body.model_validate(body))
        return 200

    return call


def measure(report: Report, name: str, quick: bool) -> None:
    """One service."""
    operation, body = SMALL[name]
    path, count = f"/{operation}", 10 if quick else 100
    alone = statistics.median(took for took, _ in timed(in_this_process(name, *SMALL[name]), count))
    with served(name) as port:
        connection, call = caller(port, path, body)
        with closing(connection):
            over_http = timed(call, count)
        connection, call = caller(port, f"{path}?queued=true&wait=30", body)
        with closing(connection):
            queued = timed(call, max(5, count // 4))
        began = time.perf_counter()
        load = at_once(port, path, body, 3.0 if quick else 30.0)
        lasted = time.perf_counter() - began
    tell(report, name, alone, over_http, queued)
    tell_load(report, name, load, lasted)


def tell(
    report: Report,
    name: str,
    alone: float,
    over_http: list[tuple[float, int]],
    queued: list[tuple[float, int]],
) -> None:
    """What one small call costs."""
    report.add(f"{name}: one small call, as a function", alone * 1e3, "ms")
    for told, found in (("over HTTP", over_http), ("through the queue", queued)):
        took = statistics.median(seconds for seconds, _ in found)
        report.add(
            f"{name}: one small call, {told}", took * 1e3, "ms",
            baseline="as a function", ratio=alone / took,
        )  # fmt: skip


def tell_load(report: Report, name: str, load: list[tuple[float, int]], lasted: float) -> None:
    """What many clients at once saw."""
    took = [seconds * 1e3 for seconds, _ in load]
    percentiles = statistics.quantiles(took, n=100)
    answered = 100 * sum(status == 200 for _, status in load) / len(load)
    told = f"{name}: {CLIENTS} clients at once"
    report.add(f"{told}, answered", answered, "%", at_least=100)
    report.add(f"{told}, rate", len(load) / lasted, "1/s")
    for share in (50, 95, 99):
        report.add(f"{told}, p{share}", percentiles[share - 1], "ms")


def main() -> int:
    """Measure and report; 1 when a request was not answered."""
    options: argparse.Namespace = parse_options(__doc__ or "")
    report = Report("Services alone, under load")
    for name in SMALL:
        measure(report, name, options.quick)
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
