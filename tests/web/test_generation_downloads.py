"""Games of a job and its file over REST: whole, in ranges, and as another format."""

import csv
import hashlib
import io
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core.files.storage import storages
from django.db.models import F
from django.test import Client
from django.utils import timezone

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.testing import run_enqueued
from generation import converting
from generation.models import GenerationJob
from generation.storing import ALIAS

pytestmark = pytest.mark.django_db

JOBS = "/api/v1/generation/jobs"


_answers: list[Any] = []


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.GENERATION_RESULTS_DIR = tmp_path
    yield
    while _answers:  # read to their ends, which closes their files
        if (answer := _answers.pop()).streaming:
            body_of(answer)


def made(client: Client, file_format: str = "csv", **changes: Any) -> dict[str, Any]:
    """A job that has its file."""
    wanted = {"lottery": "mega-sena", "constraints": {"seed": 7}, "quantity": 300}
    body = wanted | {"format": file_format} | changes
    job = client.post(JOBS, body, content_type="application/json").json()
    run_enqueued()
    found: dict[str, Any] = client.get(job["links"]["job"]).json()
    return found


def get(client: Client, job: dict[str, Any], query: Any = None, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    _answers.append(client.get(f"{JOBS}/{job['id']}/download", query, headers=named))
    return _answers[-1]


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


class TestWhole:
    @pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
    def test_the_file_is_streamed_under_a_name_of_its_own(self, api: Client, kind: str) -> None:
        job = made(api, kind)
        answer = get(api, job)
        content = body_of(answer)
        assert answer.status_code == 200
        assert hashlib.sha256(content).hexdigest() == job["sha256"]
        assert answer.headers["ETag"] == f'"{job["sha256"]}"'
        assert int(answer.headers["Content-Length"]) == len(content) == job["size"]
        name = f"mega-sena-300-{job['id'][:8]}.{kind}"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert "Last-Modified" in answer.headers

    def test_from_another_storage_too(self, api: Client, settings: Any) -> None:
        memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
        settings.STORAGES = {**settings.STORAGES, ALIAS: memory}
        job = made(api)
        assert storages[ALIAS].exists(GenerationJob.objects.get().file_name)
        assert hashlib.sha256(body_of(get(api, job))).hexdigest() == job["sha256"]
        assert body_of(get(api, job, Range="bytes=3-5")) == b"n2,"

    def test_a_client_that_has_it_gets_nothing(self, api: Client) -> None:
        job = made(api)
        tag = f'"{job["sha256"]}"'
        for headers in (
            {"If_None_Match": tag},
            {"If_None_Match": f'"other", W/{tag}'},
            {"If_Modified_Since": get(api, job).headers["Last-Modified"]},
        ):
            answer = get(api, job, **headers)
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["ETag"] == tag
        assert get(api, job, If_None_Match='"other"').status_code == 200

    def test_a_client_that_wants_another_file_is_told(self, api: Client) -> None:
        answer = get(api, made(api), If_Match='"other"')
        assert answer.status_code == 412
        assert "its ETag is" in answer.json()["detail"]


class TestRanges:
    @pytest.mark.parametrize(
        ("asked", "start", "stop"),
        [
            ("0-0", 0, 1),
            ("3-17", 3, 18),
            ("100-", 100, None),
            ("-7", -7, None),
            ("9-99999", 9, None),
        ],
    )
    def test_a_range_is_those_bytes(
        self, api: Client, asked: str, start: int, stop: int | None
    ) -> None:
        job = made(api)
        whole = body_of(get(api, job))
        answer = get(api, job, Range=f"bytes={asked}")
        assert answer.status_code == 206
        part = body_of(answer)
        assert part == whole[start:stop]
        assert int(answer.headers["Content-Length"]) == len(part)
        first = whole.index(part) if start < 0 else start
        told = f"bytes {first}-{first + len(part) - 1}/{len(whole)}"
        assert answer.headers["Content-Range"] == told

    @pytest.mark.parametrize("asked", ["99999-", "99999-999999", "-0"])
    def test_a_range_outside_is_refused_with_the_size(self, api: Client, asked: str) -> None:
        job = made(api)
        answer = get(api, job, Range=f"bytes={asked}")
        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == f"bytes */{job['size']}"
        assert answer.headers["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("asked", ["bytes=5-3", "bytes=0-1,5-6", "lines=1-2", "bytes=-", "x"])
    def test_what_is_no_single_range_is_left_aside(self, api: Client, asked: str) -> None:
        job = made(api)
        answer = get(api, job, Range=asked)
        assert (answer.status_code, len(body_of(answer))) == (200, job["size"])

    def test_a_range_of_an_older_file_is_the_whole_of_the_new_one(self, api: Client) -> None:
        job = made(api)
        tag, moment = (get(api, job).headers[name] for name in ("ETag", "Last-Modified"))
        for known in (tag, moment):
            assert get(api, job, Range="bytes=0-4", If_Range=known).status_code == 206
        for other in ('"other"', f"W/{tag}", "Mon, 01 Jan 2001 00:00:00 GMT"):
            assert get(api, job, Range="bytes=0-4", If_Range=other).status_code == 200


class TestFormats:
    @pytest.mark.parametrize(("has", "wanted"), list(permutations(("csv", "xlsx", "parquet"), 2)))
    def test_any_file_can_be_had_as_that_of_another_format(
        self, api: Client, has: str, wanted: str
    ) -> None:
        job, other = made(api, has), made(api, wanted)
        answer = get(api, job, {"format": wanted})
        assert answer.headers["Content-Disposition"].endswith(f'.{wanted}"')
        assert answer.headers["ETag"] == f'"{other["sha256"]}"'
        assert body_of(answer) == body_of(get(api, other))
        part = get(api, job, {"format": wanted}, Range="bytes=3-6")
        assert (part.status_code, len(body_of(part))) == (206, 4)

    def test_a_large_spreadsheet_is_not_made_while_somebody_waits(
        self, api: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = made(api)
        monkeypatch.setattr(converting, "SPREADSHEET_GAMES", 1)
        answer = get(api, job, {"format": "xlsx"})
        assert answer.status_code == 409
        assert "submit a job of format xlsx" in answer.json()["detail"]

    def test_a_format_that_is_none_is_refused(self, api: Client) -> None:
        assert get(api, made(api), {"format": "pdf"}).status_code == 422


class TestGames:
    @pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
    def test_pages_are_what_the_file_holds(self, api: Client, kind: str) -> None:
        job = made(api, kind)
        text = body_of(get(api, made(api, "csv"))).decode()
        games = [list(map(int, row)) for row in list(csv.reader(io.StringIO(text)))[1:]]
        page = api.get(job["links"]["games"], {"offset": 290, "limit": 20}).json()
        assert page == {
            "columns": ["n1", "n2", "n3", "n4", "n5", "n6"],
            "offset": 290, "total": 300, "games": games[290:],
        }  # fmt: skip
        assert len(api.get(job["links"]["games"]).json()["games"]) == 100
        assert api.get(job["links"]["games"], {"offset": 300}).json()["games"] == []

    def test_a_second_group_has_columns_of_its_own(self, api: Client) -> None:
        job = made(api, lottery="euromillions")
        page = api.get(job["links"]["games"], {"limit": 1}).json()
        assert page["columns"][-2:] == ["s1", "s2"]
        assert len(page["games"][0]) == 7

    @pytest.mark.parametrize("query", [{"limit": 10_001}, {"limit": 0}, {"offset": -1}])
    def test_pages_have_a_size(self, api: Client, query: Any) -> None:
        assert api.get(made(api)["links"]["games"], query).status_code == 422


@pytest.mark.parametrize("part", ["games", "download"])
class TestWithoutFile:
    def test_a_job_that_goes_on_has_none(self, api: Client, part: str) -> None:
        body = {"lottery": "mega-sena", "quantity": 5}
        job = api.post(JOBS, body, content_type="application/json").json()
        answer = api.get(f"{JOBS}/{job['id']}/{part}")
        assert answer.status_code == 409
        assert answer.json()["detail"].startswith("It is READY: ")

    def test_a_job_whose_file_expired_says_when(self, api: Client, part: str) -> None:
        job = made(api)
        GenerationJob.objects.update(file_name="", file_expired_at=timezone.now())
        answer = api.get(f"{JOBS}/{job['id']}/{part}")
        assert answer.status_code == 410
        assert f"deleted on {timezone.now().date()}" in answer.json()["detail"]
        assert api.get(f"{JOBS}/{job['id']}").json()["links"]["download"] is None

    def test_a_file_that_is_not_there_is_told(self, api: Client, part: str, tmp_path: Path) -> None:
        job = made(api)
        for path in tmp_path.iterdir():
            path.unlink()
        answer = api.get(f"{JOBS}/{job['id']}/{part}")
        assert answer.status_code == 404
        assert "RESULTS_DIR" in answer.json()["detail"]

    def test_a_job_that_was_cancelled_with_its_file_shows_none(
        self, api: Client, part: str
    ) -> None:
        job = made(api)
        QueuedTask.objects.update(state="CANCELLED", cancel_asked_at=F("finished_at"))
        assert api.get(f"{JOBS}/{job['id']}/{part}").status_code == 409


def test_parquet_reads_as_games(api: Client) -> None:
    table = pq.read_table(io.BytesIO(body_of(get(api, made(api, "parquet")))))
    assert (table.num_rows, table.column_names[0]) == (300, "n1")
