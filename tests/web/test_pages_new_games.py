"""Ordering games on the page: figures while it is filled in, refusals in place, one job."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.constraints import GameConstraints
from generation.models import GenerationJob
from project.models import AuditEntry

pytestmark = pytest.mark.django_db

NEW, CHECK = "/games/new/", "/games/new/check/"
FORM = {"lottery": "mega-sena", "numbers_per_game": "6", "file_format": "csv",
        "shape": "mega-sena:6"}  # fmt: skip


def check(client: Client, **values: str) -> str:
    """The figures beside the form."""
    answer = client.post(CHECK, FORM | values)
    assert answer.status_code == 200
    return answer.content.decode()


def valid_games(html: str) -> int:
    return int(re.search(r'data-valid="(\d+)"', html)[1])  # type: ignore[index]


def errors(html: str) -> dict[str, str]:
    found = re.findall(r'<p class="error" id="error-(\w+)" hx-swap-oob="true">([^<]+)</p>', html)
    return dict(found)


@pytest.mark.parametrize("path", [NEW, CHECK, "/", "/games/", "/services/", "/runtime/"])
def test_nobody_sees_a_page_without_an_account(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/login/?next={path}")


def test_the_ticket_has_every_number_and_none_is_marked(ana: Client) -> None:
    html = ana.get(NEW).content.decode()
    assert re.findall(r'class="ball" data-n="(\d+)"', html) == [str(n) for n in range(1, 61)]
    assert "data-state" not in html
    assert valid_games(html) == 50_063_860


@pytest.mark.parametrize(
    ("lottery", "numbers", "first", "columns"),
    [("lotofacil", 25, "01", 5), ("lotomania", 100, "01", 10), ("powerball", 69, "01", 10)],
)  # fmt: skip
def test_each_lottery_has_its_own_ticket(
    ana: Client, lottery: str, numbers: int, first: str, columns: int
) -> None:
    html = ana.get(f"{NEW}?lottery={lottery}").content.decode()
    faces = re.findall(r'class="ball"[^>]*>(\d+)<', html)
    assert (len(faces), faces[0]) == (numbers, first)
    assert f"columns-{columns}" in html


def test_of_digits_there_is_no_ticket_to_click_but_the_rest(ana: Client) -> None:
    html = ana.get(f"{NEW}?lottery=super-sete").content.decode()
    assert "data-grid" not in html
    assert valid_games(html) == 10_000_000
    assert 'name="min_odd"' in html


def test_the_same_order_may_be_placed_again_from_another_form(ana: Client) -> None:
    for _ in range(2):
        html = ana.get(NEW).content.decode()
        once = re.search(r'name="once" value="(\w+)"', html)
        assert once is not None
        assert ana.post(NEW, FORM | {"quantity": "500", "once": once[1]}).status_code == 302
    assert GenerationJob.objects.count() == 2


@pytest.mark.parametrize("way", ["get", "post"])
def test_another_lottery_begins_with_its_own_ticket(ana: Client, way: str) -> None:
    chosen = FORM | {"lottery": "quina", "quantity": "2"}
    if way == "get":
        html = ana.get(NEW, chosen).content.decode()
        assert 'data-quantity="2"' in html
        assert "R$\u00a06.00" in html  # two games of three, not two of eighteen
    else:
        ana.post(NEW, chosen)
        assert GenerationJob.objects.get().order.constraints.numbers_per_game == 5


def test_what_an_address_asks_for_and_cannot_be_is_told(ana: Client) -> None:
    html = ana.get(f"{NEW}?lottery=mega-sena&min_odd=5&max_odd=2").content.decode()
    assert html.count("swap them") >= 2  # beside the form and at its field
    assert 'id="error-min_odd">At least 5' in html


def test_figures_are_exact_and_tell_what_each_wish_costs(ana: Client) -> None:
    html = check(ana, quantity="1000", fixed_numbers="7, 13", min_odd="2", max_odd="4")
    assert valid_games(html) == 305_515
    rows = re.findall(r'<th scope="row">(.+?)</th><td class="right">([\d,]+)', html)
    assert rows == [("always 7, 13", "424,270"), ("odd numbers: 2 to 4", "40,325,950")]
    assert "R$\u00a06,000.00" in html
    assert "1 in 50,064" in html


def test_a_budget_buys_as_many_games_as_it_does(ana: Client) -> None:
    html = check(ana, budget="100")
    assert 'data-quantity="16"' in html
    assert "R$\u00a04.00" in html  # left over


def test_sliders_at_their_ends_say_nothing(ana: Client) -> None:
    html = check(
        ana, min_odd="0", max_odd="6", min_sum="21", max_sum="345", max_run="6", max_per_decade="6"
    )
    assert valid_games(html) == 50_063_860
    assert 'class="costs"' not in html


def test_what_was_a_sliders_end_on_another_ticket_is_no_wish_on_this_one(ana: Client) -> None:
    # The form was drawn for six numbers, whose sums end at 345, and seven are asked for.
    html = ana.get(NEW, FORM | {"numbers_per_game": "7", "min_sum": "21", "max_sum": "345"})
    assert valid_games(html.content.decode()) == 386_206_920


@pytest.mark.parametrize(
    ("values", "field", "told"),
    [
        ({"fixed_numbers": "7, x"}, "fixed_numbers", "Expected numbers such as 7, 13"),
        ({"fixed_numbers": "61"}, "fixed_numbers", "Mega-Sena has the numbers 1 to 60"),
        ({"fixed_numbers": "7", "excluded_numbers": "7"}, "fixed_numbers", "7"),
        ({"min_odd": "5", "max_odd": "3"}, "min_odd", "swap them"),
        ({"quantity": "0"}, "quantity", "greater than or equal to 1"),
        ({"quantity": "60000000"}, "quantity", "10,000,000"),
        ({"budget": "5"}, "budget", "buys no game"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_explained_at_its_field(
    ana: Client, values: dict[str, str], field: str, told: str
) -> None:
    sent = dict.fromkeys(("quantity", "budget", "fixed_numbers", "excluded_numbers", "min_odd",
                          "max_odd"), "") | values  # fmt: skip
    found = errors(check(ana, **sent))
    assert told in found[field]
    answer = ana.post(NEW, FORM | {"quantity": "5"} | values)
    assert answer.status_code == 422
    assert not GenerationJob.objects.exists()


def test_submitting_makes_one_job_however_often_it_is_sent(ana: Client, user: User) -> None:
    form = FORM | {"quantity": "100", "fixed_numbers": "7", "once": "abc", "max_odd": "4",
                   "min_odd": "0"}  # fmt: skip
    first, second = (ana.post(NEW, form) for _ in range(2))
    job = GenerationJob.objects.get()
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"] == f"/games/{job.id}/"
    wanted = GameConstraints(fixed_numbers=[7], max_odd=4, seed=job.constraints["seed"])
    assert (job.owner, job.quantity, job.order.constraints) == (user, 100, wanted)
    assert list(AuditEntry.objects.values_list("action", "kind")) == [("submit", "job")]


def test_too_many_jobs_are_refused_on_the_page_too(ana: Client, settings: Any) -> None:
    settings.GENERATION_MAX_ACTIVE_JOBS = 1
    assert ana.post(NEW, FORM | {"quantity": "5"}).status_code == 302
    answer = ana.post(NEW, FORM | {"quantity": "6"})
    assert answer.status_code == 422
    assert "Too many of your jobs" in answer.content.decode()
    assert GenerationJob.objects.count() == 1


def test_who_asks_too_often_has_to_wait(ana: Client, settings: Any) -> None:
    settings.API_RATE = (2, 10**9)
    answers = [ana.post(CHECK, FORM) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 1
    assert ana.get(NEW).status_code == 200  # looking is free
    assert ana.get("/api/v1/whoami").status_code == 429  # it is one account


def test_wishes_are_kept_for_another_lottery_as_far_as_they_fit(ana: Client) -> None:
    html = ana.get(NEW, FORM | {"lottery": "lotofacil", "fixed_numbers": "7, 40"}).content.decode()
    assert 'data-n="7" data-state="fixed"' in html
    assert 'name="fixed_numbers" id="id_fixed_numbers" value="7"' in html


@pytest.mark.parametrize("path", [NEW, f"{NEW}?lottery=lotomania", "/", "/games/", "/login/"])
def test_pages_are_small_and_have_nothing_inline(ana: Client, path: str) -> None:
    html = ana.get(path, follow=True).content.decode()
    assert len(html.encode()) < 40_000
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)
