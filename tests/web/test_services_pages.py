"""The index of the services, pages of calculations, and data sets of one's own."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_ray_runtime.control import tasks
from django_ray_runtime.testing import run_enqueued
from project.models import AuditEntry
from ray_services.calculations import submit
from ray_services.models import Calculation, DataSet
from ray_services.operations import operation
from tests.web.service_pages import (
    SERVICES,
    SETS,
    asked,
    checked,
    form_values,
    prices_of,
    seen,
    told_at,
    uploaded,
)

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

PORTFOLIO = f"{SERVICES}portfolio/"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.SERVICES_DIR = tmp_path / "services"


@pytest.fixture
def eve() -> Client:
    stranger = Client()
    stranger.force_login(User.objects.create_user("eve", is_staff=True, is_superuser=True))
    return stranger


def queued(user: User, service: str, name: str, **body: Any) -> Calculation:
    known = operation(service, name).body
    return submit(f"user:{user.pk}", service, name, known.model_validate(body))


def page_of(calculation: Calculation) -> str:
    return f"{SERVICES}calculations/{calculation.id}/"


def actions() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "kind"))


@pytest.mark.parametrize("path", ["", "garch/", "portfolio/", "data-sets/"])
def test_who_is_not_logged_in_is_asked_to(client: Client, path: str) -> None:
    answer = client.get(f"{SERVICES}{path}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")
    assert client.post(f"{SERVICES}{path}").status_code in {302, 405}
    assert not Calculation.objects.exists()


def test_the_index_leads_to_each_service_that_there_is(ana: Client) -> None:
    html = seen(ana, SERVICES)
    for name in ("garch", "portfolio"):
        assert f'href="/services/{name}/"' in html
    assert "None has gone through the queue" in html


def test_what_takes_long_gets_a_page_that_shows_how_far_it_is(ana: Client, user: User) -> None:
    answer = ana.post(PORTFOLIO, form_values(ana, PORTFOLIO, goal="min_cvar"))
    [calculation] = Calculation.objects.all()
    assert answer["Location"] == page_of(calculation)
    assert actions() == [("submit", "calculation")]
    html = seen(ana, page_of(calculation))
    assert f'hx-get="{page_of(calculation)}progress/"' in html
    assert "<dd>min_cvar</dd>" in html
    assert "<dd>AAPL, MSFT, NVDA" in html
    assert 'hx-trigger="every 1s"' in html
    waiting = ana.get(f"{page_of(calculation)}progress/")
    assert "It waits for a worker" in checked(waiting)
    assert "HX-Refresh" not in waiting
    assert page_of(calculation) in seen(ana, SERVICES)


def test_its_answer_looks_as_if_it_had_been_given_at_once(ana: Client, user: User) -> None:
    body = {"tickers": ["AAPL", "MSFT", "JNJ"], "goal": "max_sharpe", "every": "month"}
    calculation = queued(user, "portfolio-manager", "backtest-portfolio", **body)
    run_enqueued(raise_errors=True)
    assert ana.get(f"{page_of(calculation)}progress/")["HX-Refresh"] == "true"
    html = seen(ana, page_of(calculation))
    at_once = asked(ana, PORTFOLIO, ask="backtest", tickers="AAPL MSFT JNJ", upper="", cost="")
    assert "every 1s" not in html
    assert chart_of(html) == chart_of(at_once)
    assert "rows?format=csv" in html


def chart_of(html: str) -> list[str]:
    """The lines of its charts."""
    return [part.split('"')[0] for part in html.split('points="')[1:]]


def test_a_calculation_of_an_operation_without_a_picture_is_told_in_words(
    ana: Client, user: User
) -> None:
    calculation = queued(user, "portfolio-manager", "simulate-risk", tickers=["AAPL"], paths=100)
    run_enqueued(raise_errors=True)
    assert "observations" in seen(ana, page_of(calculation))


def test_what_was_deleted_is_said_to_be(ana: Client, user: User, settings: Any) -> None:
    body = {"tickers": ["AAPL", "MSFT"]}
    calculation = queued(user, "portfolio-manager", "backtest-portfolio", **body)
    run_enqueued(raise_errors=True)
    for file in (Path(settings.SERVICES_DIR) / "rows").iterdir():
        file.unlink()
    assert "Its rows were deleted" in seen(ana, page_of(calculation))


def test_a_failure_tells_why(ana: Client, user: User) -> None:
    calculation = queued(user, "portfolio-manager", "optimize-portfolio", tickers=["NONE"])
    run_enqueued()
    html = seen(ana, page_of(calculation))
    assert "NONE" in html
    assert 'class="state FAILED"' in html


def test_a_waiting_one_is_cancelled(ana: Client, user: User) -> None:
    calculation = queued(user, "garch-predictor", "fit-rolling")
    answer = ana.post(f"{page_of(calculation)}cancel/")
    assert answer["Location"] == page_of(calculation)
    assert tasks().get().state == "CANCELLED"
    assert actions() == [("cancel", "calculation")]
    again = ana.post(f"{page_of(calculation)}cancel/", follow=True)
    assert "It had ended already" in again.content.decode()
    assert len(actions()) == 1


def test_others_see_and_cancel_nothing_of_it(ana: Client, user: User, eve: Client) -> None:
    calculation = queued(user, "garch-predictor", "fit-rolling")
    for path in ("", "progress/"):
        seen(eve, f"{page_of(calculation)}{path}", 404)
    assert eve.post(f"{page_of(calculation)}cancel/").status_code == 404
    assert tasks().get().state == "READY"
    assert page_of(calculation) not in seen(eve, SERVICES)


def test_too_many_are_refused_on_the_form(ana: Client, user: User, settings: Any) -> None:
    settings.SERVICES_MAX_ACTIVE = 1
    queued(user, "garch-predictor", "fit-rolling")
    html = asked(ana, PORTFOLIO, 422, goal="min_cvar")
    assert "1 of your calculations" in html
    assert Calculation.objects.count() == 1


def test_an_uploaded_data_set_is_listed_chosen_and_deleted(ana: Client, eve: Client) -> None:
    uploaded(ana, "prices", prices_of("MINE", "YOURS"))
    [own] = DataSet.objects.all()
    assert "mine.csv" in seen(ana, SETS)
    assert "mine.csv" not in seen(eve, SETS)
    html = asked(ana, PORTFOLIO, own=own.sha256, tickers="MINE YOURS", upper="")
    assert "MINE" in html
    assert "CVaR" in html
    assert "mine.csv" not in seen(eve, PORTFOLIO)
    assert eve.post(f"{SETS}{own.sha256}/delete/").status_code == 404
    assert ana.post(f"{SETS}{own.sha256}/delete/").status_code == 302
    assert not DataSet.objects.exists()
    assert actions() == [("upload", "data set"), ("delete", "data set")]


def test_the_same_again_is_no_second_one(ana: Client) -> None:
    for _ in range(2):
        uploaded(ana, "prices", prices_of("MINE"))
    assert DataSet.objects.count() == 1
    assert actions() == [("upload", "data set")]


def test_what_is_no_data_set_is_refused_with_its_row(ana: Client) -> None:
    wrong = b"date,ticker,adj_close\n2020-01-01,A,ten\n"
    html = checked(uploaded(ana, "prices", wrong, 422))
    assert "row 1" in told_at(html, "file")
    assert told_at(checked(ana.post(SETS, {"kind": "prices"})), "file")
    assert not DataSet.objects.exists()


def test_what_is_too_large_is_refused_before_it_is_read(ana: Client) -> None:
    answer = ana.generic(
        "POST", SETS, b"--x", content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(200 * 1024 * 1024),
    )  # fmt: skip
    assert answer.status_code == 413
    assert "at most" in checked(answer)


def test_an_upload_needs_its_token(user: User) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(user)
    uploaded(careful, "prices", prices_of("MINE"), 403)
    assert not DataSet.objects.exists()
