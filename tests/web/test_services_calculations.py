"""Large requests through the queue, their rows, and data sets of one's own: whose they are, what
is refused, and that the answer is the one that small requests get."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from django_ray_runtime.control import tasks
from django_ray_runtime.testing import run_enqueued
from ray_services import storing
from ray_services.models import Calculation, DataSet
from ray_services.tasks import tidy_calculations
from tests.web.documented import documented

pytestmark = [pytest.mark.django_db]

ROOT = "/api/v1/services"
TEXTS = ["$TSLA looks great!", "An awful quarter", "A filing"]
SCORES = f"{ROOT}/sentiment-analyzer/analyze-sentiment"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.SERVICES_DIR = tmp_path / "services"


def post(client: Client, path: str, body: Any, status: int = 200, **query: Any) -> Any:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    answer = client.post(f"{path}?{asked}", body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer


def queued(client: Client, **body: Any) -> Any:
    answer = post(client, SCORES, {"texts": TEXTS, **body}, 202, queued="true")
    found = answer.json()
    assert answer["Location"] == found["address"]
    return found


def read(client: Client, path: str, status: int = 200, **query: Any) -> Any:
    answer = client.get(path, query)
    assert answer.status_code == status
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def upload(client: Client, kind: str, content: bytes, status: int = 201) -> Any:
    file = SimpleUploadedFile("mine.csv", content)
    answer = client.post(f"{ROOT}/data-sets", {"kind": kind, "file": file})
    assert answer.status_code == status, answer.content
    return answer.json() if answer.content else None


def prices_of(ticker: str = "MINE", days: int = 260) -> bytes:
    rows = [
        f"{day:%Y-%m-%d},{ticker},{100 + (number * 37 % 23) / 7:.4f},\n"
        for number in range(days)
        for day in [timezone.datetime(2020, 1, 1) + timedelta(days=number)]
    ]
    return ("date,ticker,adj_close,\n" + "".join(rows)).encode()


def test_shared_operations_are_documented(api: Client) -> None:
    documented(api, {"calculations", "data-sets"}, 7)


def test_what_goes_through_the_queue_gets_the_same_answer(api: Client) -> None:
    at_once = post(api, SCORES, {"texts": TEXTS}).json()
    waiting = queued(api)
    assert (waiting["state"], waiting["answer"], waiting["rows"]) == ("READY", None, None)
    run_enqueued(raise_errors=True)
    ended = json.loads(read(api, waiting["address"]))
    assert ended["state"] == "SUCCESSFUL"
    assert ended["progress"]["done"] == ended["progress"]["total"] == 1
    assert ended["answer"]["summary"] == at_once["summary"]
    assert (ended["rows"]["field"], ended["rows"]["count"]) == ("results", 3)
    lines = read(api, ended["rows"]["address"]).splitlines()
    assert [json.loads(line) for line in lines] == at_once["results"]


def test_rows_come_as_lines_as_csv_and_as_parquet(api: Client) -> None:
    expected = post(api, SCORES, {"texts": TEXTS}).json()["results"]
    address = queued(api)["address"]
    assert b"It is READY" in read(api, f"{address}/rows", 409)
    run_enqueued(raise_errors=True)
    rows = list(csv.DictReader(io.StringIO(read(api, f"{address}/rows", format="csv").decode())))
    assert [float(one["score"]) for one in rows] == [one["score"] for one in expected]
    table = pq.read_table(io.BytesIO(read(api, f"{address}/rows", format="parquet")))
    assert table.to_pylist() == expected
    assert json.loads(read(api, f"{address}/rows", offset=1, limit=1)) == expected[1]
    assert read(api, f"{address}/rows", offset=3) == b""
    assert read(api, f"{address}/rows", offset=3, format="csv").count(b"\n") == 1
    for form in ("ndjson", "csv", "parquet"):
        given = post(api, SCORES, {"texts": TEXTS}, format=form).content
        assert given == read(api, f"{address}/rows", format=form) or form == "parquet"


def test_text_that_a_spreadsheet_would_run_is_quoted(api: Client) -> None:
    given = post(api, SCORES, {"texts": ["=1+1", "fine"]}, format="csv").content.decode()
    assert [one["text"] for one in csv.DictReader(io.StringIO(given))] == ["'=1+1", "fine"]


def test_waiting_for_what_never_ends_answers_in_time(api: Client) -> None:
    found = post(api, SCORES, {"texts": TEXTS}, 202, queued="true", wait=0.05).json()
    assert found["state"] == "READY"
    assert json.loads(read(api, found["address"], wait=0.05))["state"] == "READY"
    post(api, SCORES, {"texts": TEXTS}, 422, wait=31)


def test_others_do_not_see_it(
    api: Client, staff: Client, client: Client, bearer: Callable[..., Client]
) -> None:
    address = queued(api)["address"]
    run_enqueued(raise_errors=True)
    for stranger in (staff, bearer(User.objects.create_user("eve"))):
        read(stranger, address, 404)
        read(stranger, f"{address}/rows", 404)
        assert stranger.delete(address).status_code == 404
        assert json.loads(read(stranger, f"{ROOT}/calculations"))["items"] == []
    read(client, address, 401)
    assert len(json.loads(read(api, f"{ROOT}/calculations"))["items"]) == 1


def test_a_waiting_one_is_cancelled_and_an_ended_one_is_not(api: Client) -> None:
    address = queued(api)["address"]
    assert api.delete(address).json()["state"] == "CANCELLED"
    assert api.delete(address).status_code == 409
    assert run_enqueued() == []


def test_what_fails_tells_why(api: Client) -> None:
    address = queued(api, positive=-0.5, negative=0.5)["address"]
    run_enqueued()
    ended = json.loads(read(api, address))
    assert ended["state"] == "FAILED"
    assert "negative" in ended["error"]
    assert (ended["answer"], ended["rows"]) == (None, None)


def test_only_so_many_at_once(api: Client, settings: Any) -> None:
    settings.SERVICES_MAX_ACTIVE = 2
    first = queued(api)["address"]
    queued(api)
    refused = post(api, SCORES, {"texts": TEXTS}, 429, queued="true")
    assert "2 of your calculations" in refused.json()["detail"]
    assert refused["Retry-After"]
    api.delete(first)
    queued(api)


def test_a_task_that_nobody_offers_cannot_be_asked_for(api: Client) -> None:
    queued(api)
    tasks().update(args=["sentiment-analyzer", "os.system", {"texts": ["x"]}, "anyone"])
    [result] = run_enqueued()
    assert result.errors[-1].exception_class_path == "builtins.KeyError"


@pytest.mark.any_database
@pytest.mark.slow
def test_a_data_set_is_known_by_its_content(api: Client, staff: Client) -> None:
    stored = upload(api, "prices", prices_of())
    assert (stored["rows"], stored["about"]["tickers"]) == (260, 1)
    assert upload(api, "prices", prices_of(), 200) == stored
    body = {"assets": ["MINE"], "window_size": 60, "past": 20, "data": stored["sha256"]}
    path = f"{ROOT}/garch-predictor/predict-volatility"
    found = post(api, path, body).json()
    assert found["data"] == stored["sha256"]
    assert found["results"]["MINE"]["rows"] == 260
    # It is the caller's alone, also when their content was read a moment ago.
    told = post(staff, path, body, 422).json()
    assert told["errors"][0]["field"] == "data"
    assert post(staff, path, {**body, "data": "0" * 64}, 422).json()["errors"]
    theirs = post(staff, path, body, 202, queued="true").json()
    run_enqueued()
    assert "no data set" in json.loads(read(staff, theirs["address"]))["error"]


def test_texts_are_scored_from_a_data_set(api: Client) -> None:
    lines = "\n".join(json.dumps({"text": text}) for text in TEXTS).encode()
    stored = upload(api, "texts", lines)
    found = post(api, SCORES, {"data": stored["sha256"]}, 202).json()
    run_enqueued(raise_errors=True)
    ended = json.loads(read(api, found["address"]))
    assert ended["answer"]["data"] == stored["sha256"]
    assert ended["answer"]["summary"]["texts"] == 3
    post(api, SCORES, {"texts": TEXTS, "data": stored["sha256"]}, 422)
    post(api, SCORES, {}, 422)


@pytest.mark.parametrize(
    ("kind", "content", "field", "told"),
    [
        ("prices", b"date,ticker,adj_close\n2020-01-01,A,ten\n", "adj_close", "row 1"),
        ("prices", b"date,ticker\n2020-01-01,A\n", "adj_close", "lacks adj_close"),
        ("prices", b"date,ticker,adj_close\n2020-01-01,A\n", "", "row 1"),
        ("prices", b"date,ticker,adj_close\n2020-01-01,A,inf\n", "adj_close", "finite"),
        ("daily", b"Date,Adj Close\n1/2/2020,1\n1/2/2020,1\n", "Date", "comes twice"),
        ("bars", b"datetime,open,low,high,close,volume\n", "datetime", "2 bars"),
        ("engagement", b"\xff\xfe\x00", "", "UTF-8"),
        ("texts", b'{"text": 3}\n', "texts", "row 1"),
        ("texts", b"", "", ""),
    ],
)
def test_what_is_no_data_set_is_refused_with_its_place(
    api: Client, kind: str, content: bytes, field: str, told: str
) -> None:
    refused = upload(api, kind, content, 422)
    assert told in refused["detail"]
    assert refused["errors"][0]["source"] == "file"
    if field:
        assert refused["errors"][0]["field"] == field
    assert not DataSet.objects.exists()


def test_two_hundred_megabytes_are_refused_before_they_are_read(api: Client) -> None:
    answer = api.generic(
        "POST", f"{ROOT}/data-sets", b"--x", content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(200 * 1024 * 1024),
    )  # fmt: skip
    assert answer.status_code == 413
    assert "at most" in answer.json()["detail"]


def test_data_sets_are_listed_and_deleted_by_their_owner(api: Client, staff: Client) -> None:
    sha256 = upload(api, "prices", prices_of())["sha256"]
    assert [one["sha256"] for one in api.get(f"{ROOT}/data-sets").json()] == [sha256]
    assert staff.get(f"{ROOT}/data-sets").json() == []
    assert staff.delete(f"{ROOT}/data-sets/{sha256}").status_code == 404
    assert api.delete(f"{ROOT}/data-sets/{sha256}").status_code == 204
    assert api.delete(f"{ROOT}/data-sets/{sha256}").status_code == 404


def test_files_that_belong_to_nothing_are_swept_after_a_day(
    api: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = queued(api)
    run_enqueued(raise_errors=True)
    sha256 = upload(api, "prices", prices_of())["sha256"]
    folder = Path(settings.SERVICES_DIR)
    (folder / "rows" / "stray.1.parquet").write_bytes(b"")
    (folder / "data" / ("0" * 64)).write_bytes(b"")
    assert storing.sweep() == {"rows": 0, "data": 0}  # they are new
    monkeypatch.setattr(storing, "STRAY_AFTER", timedelta(days=-1))
    assert tidy_calculations.func() == {"rows": 1, "data": 1}
    assert read(api, f"{kept['address']}/rows")
    Calculation.objects.all().delete()
    DataSet.objects.all().delete()
    assert storing.sweep() == {"rows": 1, "data": 1}
    assert not (folder / "data" / sha256).exists()


def test_pruning_a_task_takes_its_calculation_along(api: Client) -> None:
    queued(api)
    run_enqueued(raise_errors=True)
    tasks().all().delete()
    assert not Calculation.objects.exists()


@pytest.mark.slow
def test_days_and_numbers_as_keys_come_through_the_queue(api: Client) -> None:
    root = f"{ROOT}/garch-predictor"
    for path, body in (
        (f"{root}/calculate-rolling-variance", {"asset": "QQQ", "window": 20}),
        (f"{root}/predict-volatility", {"assets": ["QQQ"], "past": 20}),
    ):
        at_once = post(api, path, body).json()
        address = post(api, path, body, 202, queued="true").json()["address"]
        run_enqueued(raise_errors=True)
        answer = json.loads(read(api, address))["answer"]
        assert {**answer, "processing_time": 0} == {**at_once, "processing_time": 0}


def test_what_the_queue_cannot_hold_is_refused(api: Client, settings: Any) -> None:
    settings.DJANGO_RAY_RUNTIME = {**settings.DJANGO_RAY_RUNTIME, "MAX_ARGUMENT_BYTES": 100}
    refused = post(api, SCORES, {"texts": TEXTS * 10}, 413, queued="true")
    assert "over MAX_ARGUMENT_BYTES (100)" in refused.json()["detail"]
    assert not Calculation.objects.exists()
