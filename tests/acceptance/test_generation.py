"""Jobs from submission to a checked file, through real workers."""

import hashlib
import os
import re
import signal
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from generation.constraints import GameConstraints
from generation.jobs import job_status, submit_job
from generation.models import GenerationJob
from generation.orders import Order
from tests.acceptance.executors import RAY, with_and_without_ray
from tests.support import ROOT, manage, manage_here, wait_until, worker_process

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

CONSTRAINTS = GameConstraints(min_odd=2, max_odd=4, min_sum=120, max_sum=240, seed=42)
QUANTITY = 200_000


@pytest.fixture
def results(tmp_path: Path, settings: object) -> Path:
    settings.GENERATION_RESULTS_DIR = tmp_path / "results"  # type: ignore[attr-defined]
    return tmp_path / "results"


@pytest.fixture(scope="module")
def expected_sha() -> str:
    """The checksum of the order's file, made here in one piece by the plain numpy path."""
    from generation.chunks import run_chunk
    from generation.lotteries import get_lottery

    games = run_chunk(
        (0, QUANTITY),
        lottery=get_lottery("mega-sena"), constraints=CONSTRAINTS, compiled=False,
    )  # fmt: skip
    lines = ["n1,n2,n3,n4,n5,n6", *(",".join(map(str, game)) for game in games.tolist())]
    return hashlib.sha256(("\n".join(lines) + "\n").encode()).hexdigest()


def check_games(path: Path) -> None:
    games = np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.int64)
    assert games.shape == (QUANTITY, 6)
    assert (np.diff(games, axis=1) > 0).all()
    assert games.min() >= 1
    assert games.max() <= 60
    odd, total = (games % 2).sum(axis=1), games.sum(axis=1)
    assert ((odd >= 2) & (odd <= 4)).all()
    assert ((total >= 120) & (total <= 240)).all()
    assert len(np.unique(games, axis=0)) == QUANTITY


@with_and_without_ray
def test_a_job_becomes_a_file_of_valid_distinct_games(
    tmp_path: Path, results: Path, arguments: tuple[str, ...], expected_sha: str
) -> None:
    with worker_process(tmp_path / "log", *arguments, RESULTS_DIR=str(results)):
        jobs = [
            submit_job(Order("mega-sena", CONSTRAINTS, QUANTITY, chunk_size=chunk_size))
            for chunk_size in (None, 7_777)
        ]
        for job in jobs:
            wait_until(lambda job=job: job_status(job.id).finished, "the job finishes")
    for job in jobs:
        job.refresh_from_db()
        assert job_status(job.id).state == "SUCCESSFUL"
        assert job.games_done == QUANTITY
        assert job.sha256 == expected_sha
        assert hashlib.sha256(job.path.read_bytes()).hexdigest() == expected_sha
    check_games(jobs[0].path)


@pytest.mark.postgresql_first
@pytest.mark.ray
def test_a_job_whose_worker_is_killed_is_completed_by_the_next_once(
    tmp_path: Path, results: Path, settings: Any
) -> None:
    settings.GENERATION_MAX_QUANTITY = 20_000_000  # long enough to be killed on any machine
    order = Order("mega-sena", CONSTRAINTS, 20_000_000, chunk_size=100_000)
    with worker_process(tmp_path / "log", *RAY, RESULTS_DIR=str(results)) as worker:
        job = submit_job(order)
        wait_until(lambda: 0 < job_status(job.id).games_done < 15_000_000, "it is under way")
        os.kill(worker.process.pid, signal.SIGKILL)
        worker.process.wait()
    assert not job_status(job.id).finished
    with worker_process(tmp_path / "log2", *RAY, RESULTS_DIR=str(results)):
        wait_until(lambda: job_status(job.id).finished, "the job finishes", 120)
    job.refresh_from_db()
    assert job_status(job.id).state == "SUCCESSFUL"
    assert job.task.attempt == 2
    assert [path.name for path in results.iterdir()] == [job.file_name]
    assert hashlib.sha256(job.path.read_bytes()).hexdigest() == job.sha256
    with job.path.open("rb") as file:
        assert sum(1 for _ in file) == 20_000_001


def test_the_command_makes_the_same_file_here_and_through_the_queue(
    tmp_path: Path, results: Path, expected_sha: str
) -> None:
    games = [str(QUANTITY), "--odd", "2-4", "--sum", "120-240", "--seed", "42"]
    reports = [tmp_path / "here.json", tmp_path / "queued.json"]
    here = manage(
        "generate_games", *games, "--output", str(tmp_path / "here.csv"),
        "--statistics", str(reports[0]),
    )  # fmt: skip
    assert here.returncode == 0, here.stderr
    assert expected_sha in here.stdout
    assert "34,628,783" in here.stdout
    with worker_process(tmp_path / "log", "--executor", "sequential", RESULTS_DIR=str(results)):
        queued = manage(
            "generate_games", *games, "--queue", "--output", str(tmp_path / "queued.csv"),
            "--statistics", str(reports[1]), RESULTS_DIR=str(results),
        )  # fmt: skip
    assert queued.returncode == 0, queued.stderr
    assert expected_sha in queued.stdout
    assert (tmp_path / "here.csv").read_bytes() == (tmp_path / "queued.csv").read_bytes()
    assert reports[0].read_bytes() == reports[1].read_bytes()
    assert GenerationJob.objects.count() == 1


@pytest.mark.any_database
@pytest.mark.ray
def test_the_command_makes_the_same_file_over_ray(tmp_path: Path, expected_sha: str) -> None:
    run = manage(
        "generate_games", str(QUANTITY), "--odd", "2-4", "--sum", "120-240", "--seed", "42",
        "--executor", "ray", "--chunk-size", "33333", "--output", str(tmp_path / "ray.csv"),
        RAY_ADDRESS="local",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert expected_sha in run.stdout


@pytest.mark.any_database
def test_the_count_stands_alone_on_its_line() -> None:
    run = manage("generate_games", "--count-only", "--odd", "2-4", "--sum", "120-240")
    assert run.stdout == "34628783\n"


@pytest.mark.any_database
def test_the_price_is_that_of_the_games_there_are(tmp_path: Path) -> None:
    run = manage(
        "generate_games", "--budget", "180", "--allowed", "1,2,3,4,5,6,7,8,9,10,11,12",
        "--max-repetition", "3", "--seed", "1", "--output", str(tmp_path / "games.csv"),
    )  # fmt: skip
    told = dict(re.split(r"  +", line.strip(), maxsplit=1) for line in run.stdout.splitlines())
    assert "the greedy search kept" in told["INCOMPLETE"]
    games = int(told["games"])
    assert games < 30
    assert told["price in all"] == f"{games * 6:,.2f} BRL"
    assert told["left of the budget"] == f"{180 - games * 6:,.2f} BRL"


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-5"], "expected a whole number of at least 1, got '-5'"),
        ([], "Say how many games: QUANTITY or --budget"),
        (["10", "--budget", "60"], "by QUANTITY or by --budget, not by both"),
        (["10", "--lottery", "bingo"], "unknown lottery 'bingo'; known lotteries: dia-de-sorte"),
        (["10", "--odd", "5-2"], "min_odd=5 is greater than max_odd=2"),
        (["10", "--odd", "many"], "expected a range such as 2-4, 3, 2- or -4, got 'many'"),
        (["10", "--fixed", "7", "--exclude", "7"], "fixed_numbers and excluded_numbers both"),
        (["10", "--fixed", "77"], "fixed_numbers contains 77, but Mega-Sena has the numbers 1 to"),
        (["10", "--numbers", "5"], "numbers_per_game=5 is not a ticket of Mega-Sena"),
        (["10", "--allowed", "1,2,3,4,5,6,7", "--max-run", "1"], "no game of Mega-Sena satisfies"),
        (["60000000"], "60,000,000 games wanted, but only 50,063,860"),
        (["10", "--seed", "-1"], "seed"),
        (["10", "--output", "missing/games.csv"], "there is no folder missing; create it first"),
        (["10", "--output", "tests"], "it is a folder"),
        (["10", "--output", "/dev/null"], "it is not an ordinary file"),
        (["10", "--output", "games.ods"], "games.ods does not end in .csv or .xlsx or .parquet"),
        (["10", "--chunk-size", "9" * 20], "chunk_size must be 1 to 100,000,000"),
        (["10", "--format", "doc"], "invalid choice: 'doc'"),
        (["10", "--queue", "--executor", "ray"], "--executor goes with --local"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    run = manage_here("generate_games", *arguments)
    assert run.returncode != 0
    assert message in run.stderr
    assert "Traceback" not in run.stderr
    assert not Path("games.csv").exists()


@pytest.mark.any_database
@pytest.mark.ray
def test_where_ray_cannot_start_the_demo_says_so_and_goes_on_without(tmp_path: Path) -> None:
    run = manage(
        "demo", "--quantity", "5000", cwd=tmp_path,
        DATABASE_URL="sqlite:///demo.sqlite3", RESULTS_DIR=str(tmp_path / "results"),
        RAY_OBJECT_STORE_MEMORY="1",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "The worker runs without Ray, sequentially" in run.stdout
    assert "Ray could not be started here" in (tmp_path / "demo" / "worker.log").read_text()
    assert len((tmp_path / "demo" / "games.csv").read_text().splitlines()) == 5_001


@pytest.mark.any_database
def test_an_unwritable_folder_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    run = manage("generate_games", "10", "--output", str(tmp_path / "games.csv"))
    assert run.returncode == 1
    assert "may not be written to" in run.stderr


@pytest.mark.any_database
def test_the_queue_needs_its_tables(tmp_path: Path) -> None:
    run = manage(
        "generate_games", "10", "--queue", "--output", str(tmp_path / "games.csv"),
        DATABASE_URL=f"sqlite:///{tmp_path}/empty.sqlite3",
    )  # fmt: skip
    assert run.returncode == 1
    assert "Run `manage.py migrate`" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.any_database
@pytest.mark.parametrize("executor", ["sequential", pytest.param("auto", marks=pytest.mark.ray)])
def test_the_demo_makes_its_file_and_ends_what_it_started(tmp_path: Path, executor: str) -> None:
    before = set(psutil.pids())
    run = manage(
        "demo", "--quantity", "50000", "--executor", executor, cwd=tmp_path,
        DATABASE_URL="sqlite:///demo.sqlite3", RESULTS_DIR=str(tmp_path / "results"),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    lines = (tmp_path / "demo" / "games.csv").read_text().splitlines()
    assert len(lines) == 50_001
    for expected in ("34,628,783", "games per second", "making games", "SHA-256", "demo/games.csv"):
        assert expected in run.stdout
    ours = str(tmp_path)
    left = [p for p in psutil.process_iter(["pid", "cwd"]) if p.info["cwd"] == ours]
    assert [process.pid for process in left if process.pid not in before] == []
