"""Jobs over REST with real workers: to a file that is downloaded, and cancelled half-way."""

import hashlib
import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from project.models import ApiToken
from tests.acceptance.executors import with_and_without_ray
from tests.support import wait_until, worker_process

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.acceptance,
    pytest.mark.slow,
]

JOBS = "/api/v1/generation/jobs"
STOPPED_WITHIN = 2.0  # seconds


@pytest.fixture
def results(tmp_path: Path, settings: Any) -> Path:
    settings.GENERATION_RESULTS_DIR = tmp_path / "results"
    return tmp_path / "results"


@pytest.fixture
def client() -> Client:
    _, text = ApiToken.objects.issue(user=User.objects.create_user("ana"), name="test")
    return Client(headers={"Authorization": f"Bearer {text}"})


def submit(client: Client, **wanted: Any) -> str:
    body = {"lottery": "mega-sena", "constraints": {"min_odd": 2, "seed": 42}, **wanted}
    answer = client.post(JOBS, body, content_type="application/json")
    assert answer.status_code == 202, answer.content
    return str(answer.headers["Location"])


@with_and_without_ray
def test_a_job_is_made_and_downloaded_in_two_parts(
    client: Client, tmp_path: Path, results: Path, arguments: tuple[str, ...]
) -> None:
    with worker_process(tmp_path / "log", *arguments, RESULTS_DIR=str(results)):
        address = submit(client, quantity=200_000, format="parquet")
        wait_until(lambda: client.get(address).json()["finished_at"], "the job finishes")
    job = client.get(address).json()
    assert (job["state"], job["complete"], job["games_done"]) == ("SUCCESSFUL", True, 200_000)
    download = job["links"]["download"]
    parts = [
        b"".join(client.get(download, headers={"Range": asked}).streaming_content)
        for asked in ("bytes=0-99999", "bytes=100000-")
    ]
    assert hashlib.sha256(b"".join(parts)).hexdigest() == job["sha256"]
    lines = b"".join(client.get(download, {"format": "csv"}).streaming_content).splitlines()
    assert len(lines) == 200_001
    page = client.get(job["links"]["games"], {"offset": 199_999}).json()
    assert [",".join(map(str, page["games"][0]))] == [lines[-1].decode()]


@with_and_without_ray
def test_a_job_that_is_cancelled_half_way_stops_and_leaves_no_file(
    client: Client, tmp_path: Path, results: Path, arguments: tuple[str, ...]
) -> None:
    with worker_process(tmp_path / "log", *arguments, RESULTS_DIR=str(results)):
        address = submit(client, quantity=10_000_000, format="xlsx", chunk_size=100_000)
        wait_until(lambda: client.get(address).json()["games_done"], "it is under way")
        assert client.delete(address).status_code == 202
        asked = time.monotonic()
        wait_until(lambda: client.get(address).json()["finished_at"], "it stops")
        took = time.monotonic() - asked
        job = client.get(address).json()
        assert (job["state"], job["links"]["download"]) == ("CANCELLED", None)
        wait_until(lambda: not list(results.iterdir()), "its parts are removed", 2)
    assert took < STOPPED_WITHIN
    assert client.delete(address).status_code == 204
