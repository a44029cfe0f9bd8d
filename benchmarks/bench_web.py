"""What the web part bears: `python -m benchmarks.bench_web`.

Two processes of gunicorn, as they are served, on PostgreSQL; those who ask are on the same machine
and take their part of its cores. A status is GET /api/v1/generation/jobs/{id} with a token.
"""

import asyncio
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.environment import clean_up_when_terminated, project
from benchmarks.report import Report, parse_options
from benchmarks.sampling import Peak, client_connections
from benchmarks.web import Web
from benchmarks.web_clients import answer_seconds, ask, download, p95, watching
from benchmarks.web_site import Site, prepared, questions

STREAMS = 200
MOST_P95_MS = 100.0
LEAST_PER_SECOND = 300.0
MOST_GROWTH_MB = 64.0
"""Of both processes, by all downloads together."""
ASKERS = 16
RUNS = 7
MB = 1_000_000


def measure_first_uses(report: Report, site: Site, log: Path) -> None:
    """How long the slowest first question to a service takes after a start, and what is gained."""
    cold = _slowest(site, log, "false")
    warm = _slowest(site, log, "true")
    report.add(
        "slowest first question to a service after a start", warm, "s",
        baseline=f"without warming up, {cold:.3g} s", ratio=cold / warm,
    )  # fmt: skip


def _slowest(site: Site, log: Path, warm_up: str) -> float:
    with Web(log, processes=1, WEB_WARM_UP=warm_up) as web:
        asked = [(f"{web.address}{path}", body) for path, body in questions()]
        return max(asyncio.run(answer_seconds(url, site.headers, body)) for url, body in asked)


def measure_statuses(report: Report, site: Site, web: Web, requests: int) -> None:
    """Requests a second, and the 95th percentile without and with open streams."""
    url = web.address + site.status
    asyncio.run(ask(url, site.headers, requests // 10, ASKERS))  # connections are opened
    speeds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        asyncio.run(ask(url, site.headers, requests // RUNS, ASKERS))
        speeds.append(requests // RUNS / (time.perf_counter() - began))
    report.add(f"status requests, median of {RUNS} runs", median(speeds), "requests/s",
               at_least=LEAST_PER_SECOND)  # fmt: skip
    few = requests // 4
    alone = p95(asyncio.run(ask(url, site.headers, few, 2)))
    report.add("status, p95", alone, "ms", at_most=MOST_P95_MS)

    async def beside_streams() -> tuple[float, int, int]:
        async with watching(web.address + site.events, site.sessions, STREAMS):
            took = await ask(url, site.headers, few, 2)
            threads = sum(one.num_threads() for one in web.workers)
            return p95(took), threads, await asyncio.to_thread(client_connections)

    beside, threads, connections = asyncio.run(beside_streams())
    report.add(
        f"status, p95 with {STREAMS} open streams", beside, "ms", at_most=MOST_P95_MS,
        baseline=f"without streams, {alone:.3g} ms", ratio=alone / beside,
    )  # fmt: skip
    # docs/explanation/connections.md has the formula; two processes, WEB_THREADS as it is.
    # Threads: those of requests, of asyncio's own pool, and of the libraries that calculate.
    report.add(f"threads with {STREAMS} open streams", threads, "threads", at_most=80)
    report.add(f"connections to PostgreSQL with {STREAMS} open streams", connections,
               "connections", at_most=2 * (4 + 1))  # fmt: skip


def measure_downloads(report: Report, site: Site, web: Web, downloads: int) -> None:
    """All at once, half of them slow: what they take of memory, and whether each is whole."""
    url = f"{web.address}{site.status}/download"
    before = web.memory()
    report.add("memory of all web processes, at rest", before / MB, "MB")
    began = time.perf_counter()
    with Peak(web.memory) as peak:
        found = asyncio.run(download([url] * downloads, site.headers, 0.02, downloads // 2))
    took = time.perf_counter() - began
    whole = sum(one == site.job.sha256 for one in found)
    size = site.job.size / MB
    report.add(f"whole of {downloads} downloads at once of {size:.0f} MB", whole, "downloads",
               at_least=downloads)  # fmt: skip
    report.add("what they took of memory", (peak.value - before) / MB, "MB", at_most=MOST_GROWTH_MB)
    report.add("what they brought", downloads * size / took, "MB/s")


def main() -> int:
    clean_up_when_terminated()
    options = parse_options(__doc__ or "")
    requests, downloads = (1000, 30) if options.quick else (6000, 100)
    report = Report("Web part: gunicorn with 2 processes, PostgreSQL")
    with project("postgresql") as folder:
        site, log = prepared(), folder / "web.log"
        if not options.quick:
            measure_first_uses(report, site, log)
        with Web(log, WEB_WARM_UP="false" if options.quick else "true") as web:
            report.add("from the start to the first answer", web.started_in, "s")
            measure_statuses(report, site, web, requests)
            measure_downloads(report, site, web, downloads)
    return report.finish(options)


if __name__ == "__main__":
    sys.exit(main())
