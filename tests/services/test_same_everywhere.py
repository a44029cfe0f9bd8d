"""The same answer with Ray and without, in however many pieces, and when a process is killed."""

import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from django_ray_runtime.distributed import parallel_map
from ray_services.calculations import calculations_of, outcome_of, submit
from ray_services.common.rows import as_objects
from ray_services.operations import operation
from ray_services.storing import open_file
from tests.support import WorkerProcess, wait_until, worker_process

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.any_database]

BATCHES: list[tuple[str, str, dict[str, Any]]] = [
    ("sentiment-analyzer", "explain-sentiment", {"texts": ["Not GOOD, but fine :)"] * 30}),
    ("garch-predictor", "fit-rolling", {"assets": ["SPY", "SIM"], "last": 300, "horizons": [1, 5]}),
    ("garch-predictor", "premium-signal", {"assets": ["QQQ", "SPY"], "every": 20}),
    (
        "portfolio-manager",
        "optimize-many",
        {"tickers": ["AAPL", "MSFT", "JNJ", "PG"], "goal": "max_sharpe", "every": 63},
    ),
    (
        "portfolio-manager",
        "simulate-risk",
        {"tickers": ["AAPL", "KO"], "paths": 300_000, "seed": 5},
    ),
    ("portfolio-manager", "backtest-portfolio", {"tickers": ["AAPL", "KO"], "goal": "hrp"}),
    (
        "intraday-strategy",
        "sweep-parameters",
        {"strategy": "momentum", "grid": {"fast": [12, 24], "slow": [60, 120]}, "rows": True},
    ),
]


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """Without times, rows as objects."""
    return {
        name: as_objects(value) if isinstance(value, pa.Table) else value
        for name, value in answer.items()
        if name != "processing_time"
    }


@pytest.mark.parametrize("pieces", [1, 3, None])
@pytest.mark.parametrize(("service", "name", "body"), BATCHES, ids=lambda one: str(one)[:24])
@pytest.mark.usefixtures("ray_cluster_here")
def test_a_batch_in_pieces_on_ray_is_what_it_is_here(
    service: str, name: str, body: dict[str, Any], pieces: int | None
) -> None:
    wanted = operation(service, name)
    compute, checked = wanted.load(), wanted.body.model_validate(body)
    spread = parallel_map.options(chunk_size=pieces) if pieces else parallel_map
    assert plain(compute(checked, spread=spread)) == plain(compute(checked))


@pytest.fixture
def services_dir(settings: Any, tmp_path: Path) -> dict[str, str]:
    """The folder that this process and a worker share."""
    settings.SERVICES_DIR = tmp_path / "results" / "services"
    return {"RESULTS_DIR": str(tmp_path / "results")}


def processes(worker: WorkerProcess, title: str) -> list[psutil.Process]:
    """Those of the worker's Ray that run this."""
    found = []
    for one in worker.family:
        with suppress(psutil.Error):
            if one.cmdline()[:1] and title in one.cmdline()[0]:
                found.append(one)
    return found


@pytest.mark.long
@pytest.mark.parametrize("title", ["ray::fit_piece", "ray::task"])
def test_the_kill_of_a_process_in_mid_batch_changes_nothing(
    transactional_db: None, services_dir: dict[str, str], tmp_path: Path, title: str
) -> None:
    wanted = operation("garch-predictor", "fit-rolling")
    assets = ["SPY", "QQQ", "AAPL", "MSFT", "JNJ", "PG", "KO", "NVDA"]
    body = wanted.body.model_validate({"assets": assets, "q": 3, "errors": "robust"})
    arguments = ("--executor", "ray", "--address", "local")
    with worker_process(tmp_path / "log", *arguments, **services_dir) as worker:
        calculation = submit("somebody", "garch-predictor", "fit-rolling", body)

        def outcome() -> Any:
            return outcome_of(calculations_of("somebody").get(id=calculation.id))

        wait_until(lambda: (outcome().progress or 0) and outcome().progress.done, "some are done")
        [victim, *_] = wait_until(lambda: processes(worker, title), "a process that computes")
        victim.send_signal(signal.SIGKILL)
        ended = wait_until(lambda: (found := outcome()).finished_at and found, "an answer", 120)
    assert ended.state == "SUCCESSFUL", ended.error
    with open_file(ended.rows["file"]) as file:
        rows = pq.read_table(file)
    here = wanted.load()(body)
    assert as_objects(rows) == as_objects(here["windows"])
    assert ended.answer["assets"] == here["assets"]
