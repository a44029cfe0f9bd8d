"""What the sentiment service answers beyond scores, and what it refuses."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from django_ray_runtime.testing import run_enqueued
from ray_services.sentiment_analyzer.scoring import score_texts

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

SERVICES = "/api/v1/services"
ROOT = f"{SERVICES}/sentiment-analyzer"
DATED = [
    {"text": "$TSLA looks great!", "date": "2022-03-01"},
    {"text": "An awful quarter for $F and $TSLA", "date": "2022-03-02"},
    {"text": "$F is fine", "date": "2022-04-04"},
]


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.SERVICES_DIR = tmp_path / "services"


def post(client: Client, name: str, body: Any, status: int = 200, query: str = "") -> Any:
    answer = client.post(f"{ROOT}/{name}{query}", body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json() if "json" in answer["Content-Type"] else answer.content.decode()


def upload(client: Client, kind: str, content: bytes) -> str:
    file = SimpleUploadedFile("mine.csv", content)
    answer = client.post(f"{SERVICES}/data-sets", {"kind": kind, "file": file})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["sha256"])


def test_a_score_is_explained_word_by_word(api: Client) -> None:
    text = "The margin is not very GOOD :)"
    [found] = post(api, "explain-sentiment", {"texts": [text]})["results"]
    assert found["score"] == score_texts([text]).compound[0]
    good = next(word for word in found["words"] if word["text"] == "GOOD")
    assert good["valence"] == 1.9
    assert good["steps"][0]["before"] == 1.9
    assert good["sentiment"] == good["steps"][-1]["after"] < 0
    assert sum(word["sentiment"] for word in found["words"]) == pytest.approx(found["sum"])
    unknown = next(word for word in found["words"] if word["text"] == "margin")
    assert (unknown["valence"], unknown["steps"]) == (None, [])
    post(api, "explain-sentiment", {"texts": []}, 422)
    told = post(api, "explain-sentiment", {"texts": ["x" * 9_000] * 6}, 422)
    assert "50,000 characters" in told["errors"][0]["detail"]


def test_texts_are_put_together_by_ticker_and_period(api: Client) -> None:
    body = {"texts": DATED, "period": "month"}
    found = post(api, "sentiment-by-period", body)
    scores = score_texts([one["text"] for one in DATED]).compound
    rows = {(one["ticker"], one["start"]): one for one in found["results"]}
    assert rows.keys() == {
        ("F", "2022-03-01"), ("F", "2022-04-01"), ("TSLA", "2022-03-01"),
    }  # fmt: skip
    assert rows["TSLA", "2022-03-01"]["mean"] == pytest.approx(scores[:2].mean())
    assert rows["F", "2022-04-01"]["deviation"] is None
    assert found["most_mentioned"][0] == {"ticker": "F", "texts": 2}
    known = post(api, "sentiment-by-period", {**body, "tickers": ["tsla"]})
    assert {one["ticker"] for one in known["results"]} == {"TSLA"}
    lines = csv.DictReader(io.StringIO(post(api, "sentiment-by-period", body, query="?format=csv")))
    assert [(one["ticker"], one["start"]) for one in lines] == list(rows)


def test_a_data_set_of_dated_texts_goes_through_the_queue(api: Client) -> None:
    sha256 = upload(api, "texts", "\n".join(map(json.dumps, DATED)).encode())
    at_once = post(api, "sentiment-by-period", {"texts": DATED, "period": "month"})
    waiting = post(api, "sentiment-by-period", {"data": sha256, "period": "month"}, 202)
    run_enqueued(raise_errors=True)
    ended = api.get(waiting["address"]).json()
    assert ended["answer"]["data"] == sha256
    assert ended["answer"]["scores"] == at_once["scores"]
    assert ended["rows"]["count"] == len(at_once["results"])
    undated = upload(api, "texts", b"text\nfine\n")
    told = post(api, "sentiment-by-period", {"data": undated}, 422, "?queued=false")
    assert "no dates" in told["detail"]


def test_the_short_form_of_the_strategy_is_the_long_one_by_months(api: Client) -> None:
    short = api.get(f"{ROOT}/portfolio-performance", {"top": 3}).json()
    long = post(api, "run-engagement-strategy", {"top": 3})
    assert [one["day"] for one in long["days"]] == short["days"]
    assert [one["cumulative"] for one in long["days"]] == short["cumulative"]
    assert (long["summary"], long["picks"]) == (short["summary"], short["picks"])
    weekly = post(api, "run-engagement-strategy", {"top": 3, "period": "week", "metric": "posts"})
    assert len(weekly["picks"]) > len(long["picks"])
    told = post(api, "run-engagement-strategy", {"benchmark": "QQQQ"}, 422)
    assert told["errors"][0]["field"] == "benchmark"
    told = post(api, "run-engagement-strategy", {"prices": "0" * 64}, 422)
    assert told["errors"][0]["field"] == "prices"


def test_records_of_ones_own_are_looked_at(api: Client, staff: Client) -> None:
    header = (
        "date,symbol,twitterPosts,twitterComments,twitterLikes,twitterImpressions,twitterSentiment"
    )
    rows = [f"2022-01-{day:02},MINE,1,30,60,1000,0.{day}" for day in (3, 4, 6)]
    sha256 = upload(api, "engagement", "\n".join([header, *rows, ""]).encode())
    known = api.get(f"{ROOT}/available-tickers", {"data": sha256}).json()
    assert (known["tickers"], known["records"], known["data"]) == (["MINE"], 3, sha256)
    [month] = api.get(f"{ROOT}/calculate-engagement/mine", {"data": sha256}).json()
    assert (month["comments_per_like"], month["records"]) == (0.5, 3)
    assert api.get(f"{ROOT}/calculate-engagement/TSLA", {"data": sha256}).status_code == 404
    [top] = api.get(f"{ROOT}/select-top-stocks", {"data": sha256}).json()
    assert top["ticker"] == "MINE"
    assert api.get(f"{ROOT}/load-sentiment-data", {"data": sha256}).json()["without_sentiment"] == 0
    refused = staff.get(f"{ROOT}/available-tickers", {"data": sha256})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "data"


def test_the_speed_is_measured_over_texts_that_agree(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other tests may have a Ray in this process.
    monkeypatch.setattr("django_ray_runtime.distributed.is_ray_available", lambda: False)
    found = api.get(f"{ROOT}/performance-test", {"texts": 200}).json()
    assert (found["texts"], found["differing_texts"]) == (200, 0)
    assert found["speed_up"] == pytest.approx(found["serial_seconds"] / found["seconds"])
    assert found["parallel"] is None
    assert "Ray" in found["parallel_reason"]
    assert api.get(f"{ROOT}/performance-test", {"texts": 1_000_000}).status_code == 422
