"""Ordering games in the admin: figures before anything is submitted, and errors in words."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from django_ray_runtime.models import QueuedTask
from generation.admin.order_layout import FIELDSETS
from generation.archive import store_draws
from generation.constraints import GameConstraints
from generation.draws import read_draws
from generation.forms.order import OrderForm
from generation.jobs import submit_job
from generation.models import GenerationJob
from generation.pricing import PriceUnknown
from tests.unit.test_draws import MEGA_SENA, SAMPLE
from tests.web.jobs import JOBS
from tests.web.test_admin_tasks import client_of

pytestmark = pytest.mark.django_db

ADD = f"{JOBS}add/"
FORM = {"lottery": "mega-sena", "file_format": "csv", "quantity": "100"}


def post(client: Client, url: str = ADD, **values: Any) -> Any:
    return client.post(url, {name: one for name, one in (FORM | values).items() if one is not None})


def check(client: Client, **values: Any) -> str:
    """What the script is told."""
    answer = post(client, f"{ADD}check/", **values)
    assert answer.status_code == 200
    return str(answer.json()["html"])


def figures_in(html: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", html))


def errors_of(**values: Any) -> dict[str, list[str]]:
    form = OrderForm({name: one for name, one in (FORM | values).items() if one is not None})
    assert not form.is_valid()
    assert form.checked is None
    return {name: list(map(str, errors)) for name, errors in form.errors.items()}


def test_every_constraint_has_a_field_and_every_field_a_place() -> None:
    laid_out = [
        name
        for _, options in FIELDSETS
        for line in options["fields"]
        for name in ([line] if isinstance(line, str) else line)
    ]
    assert {*laid_out, "once"} == set(OrderForm.base_fields)
    assert len(laid_out) == len(set(laid_out))
    assert set(GameConstraints.model_fields) - {"past_draws"} <= set(laid_out)


def test_a_submitted_form_becomes_a_job_and_its_task(admin_client: Client) -> None:
    answer = post(
        admin_client, min_odd="2", max_odd="4", fixed_numbers="7, 13", excluded_numbers="44 4",
        min_sum="120", max_sum="240", max_run="2", max_primes="3", seed="0", file_format="parquet",
    )  # fmt: skip
    job = GenerationJob.objects.get()
    assert answer.headers["Location"] == f"{JOBS}{job.pk}/change/"
    assert job.order.constraints == GameConstraints(
        min_odd=2, max_odd=4, fixed_numbers=(7, 13), excluded_numbers=(4, 44), min_sum=120,
        max_sum=240, max_run=2, max_primes=3, seed=0,
    )  # fmt: skip
    assert (job.quantity, job.file_format) == (100, "parquet")
    assert job.owner == User.objects.get(username="admin")
    assert QueuedTask.objects.get().args == [str(job.pk)]
    assert LogEntry.objects.get().object_id == str(job.pk)


def test_a_check_shows_the_figures_and_submits_nothing(admin_client: Client) -> None:
    page = post(admin_client, _check="Check", min_odd="2", max_odd="4").content.decode()
    assert figures_in(page) == {
        "Valid games": "40,325,950",
        "Price of a game": "6.00 BRL (as of 2026)",
        "Games": "100",
        "Price in all": "600.00 BRL",
    }
    assert 'name="max_odd" value="4"' in page
    assert not GenerationJob.objects.exists()


def test_the_script_is_told_the_same_without_a_quantity(admin_client: Client) -> None:
    shown = figures_in(check(admin_client, quantity=None))
    assert shown == {"Valid games": "50,063,860", "Price of a game": "6.00 BRL (as of 2026)"}
    assert not GenerationJob.objects.exists()


def test_the_script_is_told_of_errors_with_their_fields(admin_client: Client) -> None:
    shown = check(admin_client, min_odd="5", max_odd="3")
    assert '<a href="#id_min_odd">Min odd</a>: Min odd = 5 is greater than max odd = 3' in shown


def test_a_budget_buys_what_it_can_and_the_rest_is_told(admin_client: Client) -> None:
    asked = {"quantity": None, "budget": "100", "numbers_per_game": "7"}
    shown = figures_in(check(admin_client, **asked))
    assert shown["Price of a game"].startswith("42.00 BRL")
    assert (shown["Games"], shown["Price in all"]) == ("2", "84.00 BRL")
    assert shown["Left of the budget"] == "16.00 BRL"
    post(admin_client, **asked)
    assert GenerationJob.objects.get().quantity == 2


@pytest.mark.parametrize(
    ("asked", "field", "told"),
    [
        ({"min_odd": "5", "max_odd": "3"}, "min_odd", "Min odd = 5 is greater than max odd = 3"),
        ({"fixed_numbers": "7;x"}, "fixed_numbers", "Expected numbers such as 7, 13; got 'x'."),
        ({"fixed_numbers": "300"}, "fixed_numbers", "Numbers are 1 to 255; got 300."),
        (
            {"fixed_numbers": "13", "excluded_numbers": "13"},
            "fixed_numbers",
            "Fixed numbers and excluded numbers both contain 13",
        ),
        ({"numbers_per_game": "5"}, "numbers_per_game", "is not a ticket of Mega-Sena"),
        ({"second_numbers_per_game": "1"}, "second_numbers_per_game", "has no second group"),
        ({"max_sum": "3"}, "max_sum", "cannot be reached"),
        ({"fixed_numbers": "1 2 3 4 5"}, "quantity", "but only 55 games of Mega-Sena satisfy"),
        ({"quantity": "0"}, "quantity", "greater than or equal to 1"),
        ({"quantity": None}, "quantity", "fill in one of the two"),
        ({"budget": "60"}, "quantity", "fill in one of the two"),
        ({"quantity": None, "budget": "5"}, "budget", "buys no game, one costs 6.00 BRL"),
        ({"reference_draw": "latest"}, "reference_draw", "goes with min repeats or max repeats"),
        ({"reference_draw": "soon"}, "reference_draw", "latest, or draw 2800"),
        (
            {"reference_draw": "draw 9", "min_repeats": "1"},
            "reference_draw",
            "there is no draw 9 of Mega-Sena here",
        ),
        ({"min_repeats": "1"}, "min_repeats", "needs reference draw"),
        ({"exclude_past": "all"}, "exclude_past", "none are stored here"),
        ({"exclude_past": "near"}, "exclude_past_from", "how many shared numbers"),
        ({"exclude_past_from": "4"}, "exclude_past_from", "choose that"),
        ({"seed": "-1"}, "seed", "greater than or equal to 0"),
        (
            {"min_primes": "6", "max_odd": "2"},
            "__all__",
            "No game of Mega-Sena satisfies numbers per game = 6, max odd = 2, min primes = 6",
        ),
        ({"lottery": "lotomania"}, "__all__", "allow fewer numbers or fix more"),
    ],
)
def test_what_cannot_be_made_is_told_at_its_field(
    asked: dict[str, Any], field: str, told: str
) -> None:
    errors = errors_of(**asked)
    assert list(errors) == [field]
    assert told in errors[field][0]


def test_a_stored_draw_can_be_meant_by_its_number_or_as_the_latest() -> None:
    store_draws(MEGA_SENA, read_draws(SAMPLE, MEGA_SENA))
    for asked, numbers in (
        ("latest", (1, 5, 6, 27, 42, 59)),
        ("draw 1", (4, 5, 30, 33, 41, 52)),
        ("Draw #1", (4, 5, 30, 33, 41, 52)),
        ("3, 1,2", (1, 2, 3)),
    ):
        form = OrderForm(FORM | {"reference_draw": asked, "min_repeats": "1"})
        assert form.is_valid(), form.errors
        assert form.checked is not None
        assert form.checked.order.constraints.reference_draw == numbers


@pytest.mark.parametrize("asked", [("all", "", "all"), ("near", "5", 5)])
def test_past_draws_go_along_with_their_exclusion(asked: tuple[str, str, Any]) -> None:
    store_draws(MEGA_SENA, read_draws(SAMPLE, MEGA_SENA))
    how, least, wanted = asked
    form = OrderForm(FORM | {"exclude_past": how, "exclude_past_from": least})
    assert form.is_valid(), form.errors
    assert form.checked is not None
    assert form.checked.order.constraints.exclude_past == wanted
    assert len(form.checked.order.constraints.past_draws or ()) == 4


def test_a_page_with_errors_says_so_and_keeps_what_was_written(admin_client: Client) -> None:
    page = post(admin_client, min_odd="5", max_odd="3").content.decode()
    assert "<title>Error: Generate games" in page
    assert "Min odd = 5 is greater than max odd = 3; swap or widen them." in page
    assert 'aria-invalid="true"' in page
    assert 'name="max_odd" value="3"' in page
    assert not QueuedTask.objects.exists()


def test_a_form_that_is_sent_twice_becomes_one_job(admin_client: Client) -> None:
    sent = {"once": "abc", "max_odd": "4"}
    first = post(admin_client, **sent)
    again = post(admin_client, **sent)
    assert again.headers["Location"] == first.headers["Location"]
    assert GenerationJob.objects.count() == QueuedTask.objects.count() == 1
    for other in ({"max_odd": "3"}, {"once": "def"}):
        post(admin_client, **(sent | other))
    assert GenerationJob.objects.count() == QueuedTask.objects.count() == 3


def test_every_new_form_is_another_order(admin_client: Client) -> None:
    tokens = {
        re.findall(r'name="once" value="([0-9a-f]{32})"', admin_client.get(ADD).content.decode())[0]
        for _ in range(2)
    }
    assert len(tokens) == 2


def test_more_games_than_a_job_may_make_are_refused(settings: Any) -> None:
    settings.GENERATION_MAX_QUANTITY = 99
    assert "a job makes at most 99" in errors_of()["quantity"][0]
    assert "a job makes at most 99" in errors_of(quantity=None, budget="1000")["budget"][0]


def test_a_price_that_nobody_knows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.offers.game_price", _unknown)
    form = OrderForm(FORM)
    assert form.is_valid()
    assert form.offer is not None
    assert form.offer.price is None
    assert "is not known" in errors_of(quantity=None, budget="100")["budget"][0]


def _unknown(*_: Any) -> None:
    raise PriceUnknown("the price of Mega-Sena is not known")


def test_the_page_can_be_opened_with_some_of_it_filled_in(admin_client: Client) -> None:
    page = admin_client.get(f"{ADD}?lottery=quina&fixed_numbers=7,13").content.decode()
    assert '<option value="quina" selected>' in page
    assert 'value="7,13"' in page


def test_only_who_may_add_jobs_can_order(db: None) -> None:
    looking = client_of("view_generationjob")
    assert looking.get(ADD).status_code == 403
    assert post(looking).status_code == 403
    assert post(looking, f"{ADD}check/").status_code == 403
    assert "/add/" not in looking.get(JOBS).content.decode()
    assert not GenerationJob.objects.exists()


def test_who_may_only_add_orders_and_is_sent_where_they_may_be(client: Client) -> None:
    user = client_of("add_generationjob")
    assert post(user).headers["Location"] == "/admin/"
    assert GenerationJob.objects.count() == 1


@pytest.mark.parametrize("who", [None, "user"])
def test_nobody_else_sees_any_page(client: Client, user: User, who: str | None) -> None:
    if who:
        client.force_login(user)
    for url in (ADD, f"{ADD}check/", JOBS, f"{JOBS}live/", "/admin/generation/draw/import/"):
        answer = client.get(url)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/admin/login/")


def test_a_forged_form_is_refused(admin_user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert post(client).status_code == 403
    assert post(client, f"{ADD}check/").status_code == 403


def test_the_page_has_nothing_inline(admin_client: Client) -> None:
    page = admin_client.get(ADD).content.decode()
    assert re.findall(r"<script(?![^>]* src=)[^>]*>", page) == []
    assert " style=" not in page
    assert "generation/order.js" in page


def test_a_job_of_the_form_is_the_one_of_every_other_door(admin_client: Client) -> None:
    post(admin_client, seed="7", max_odd="4")
    [job] = GenerationJob.objects.all()
    again = submit_job(job.order)
    assert again.constraints == job.constraints
    assert again.valid_games == job.valid_games
