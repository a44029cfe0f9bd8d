"""Lotteries, counting and the submission of jobs, over REST."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.testing import run_enqueued
from generation.models import GenerationJob
from project.models import AuditEntry
from tests.web.ordering import API, JOBS, WANTED, error_of, post, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("results")]


class TestLotteries:
    def test_all_facts_are_told(self, api: Client) -> None:
        found = {one["key"]: one for one in api.get(f"{API}/lotteries").json()}
        assert len(found) == 13
        assert found["mega-sena"]["unit_price"] == "6.00"
        assert found["euromillions"]["second"] == {
            "name": "lucky stars", "pool": 12, "draw": 2, "min_picks": 2, "max_picks": 2,
        }  # fmt: skip
        assert found["euromillions"]["columns"] == ["n1", "n2", "n3", "n4", "n5", "s1", "s2"]
        assert found["super-sete"]["digits"] == 7

    def test_the_price_is_that_in_force(self, api: Client, settings: Any) -> None:
        settings.GENERATION_TICKET_PRICES = {"quina": "3.50"}
        found = {one["key"]: one for one in api.get(f"{API}/lotteries").json()}
        assert (found["quina"]["unit_price"], found["quina"]["price_as_of"]) == ("3.50", "")


class TestCount:
    def test_games_and_price_are_told_and_nothing_is_stored(self, api: Client) -> None:
        found = post(api, f"{API}/generation/count", WANTED).json()
        assert found == {
            "valid_games": 45_194_905,
            "exact": True, "price": "6.00", "currency": "BRL", "quantity": 500,
            "total": "3000.00", "rest": None, "enough": True, "past_draws": None,
        }  # fmt: skip
        assert not GenerationJob.objects.exists()

    def test_the_number_is_exact_also_where_it_is_large(self, api: Client) -> None:
        body = {"lottery": "mega-sena", "constraints": {"numbers_per_game": 15}}
        found = post(api, f"{API}/generation/count", body).json()
        assert found["valid_games"] == 53_194_089_192_720
        assert found["quantity"] is None

    def test_a_budget_buys_what_it_pays_for(self, api: Client) -> None:
        body = {"lottery": "mega-sena", "mode": "by_budget", "budget": "100.00"}
        found = post(api, f"{API}/generation/count", body).json()
        assert (found["quantity"], found["total"], found["rest"]) == (16, "96.00", "4.00")

    def test_a_game_is_as_small_as_the_lottery_allows(self, api: Client) -> None:
        found = post(api, f"{API}/generation/count", {"lottery": "lotofacil"}).json()
        assert found["valid_games"] == 3_268_760

    def test_more_than_there_are_is_told(self, api: Client) -> None:
        body = WANTED | {"quantity": 10**9}
        assert post(api, f"{API}/generation/count", body).json()["enough"] is False


@pytest.mark.parametrize("path", [f"{API}/generation/count", JOBS])
class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "field", "told"),
        [
            ({"lottery": "bingo"}, "lottery", "known lotteries: "),
            ({"constraints": {"max_odd": "x"}}, "constraints.max_odd", "valid integer"),
            ({"constraints": {"fixed_numbers": [7, 300]}}, "constraints.fixed_numbers.1", "255"),
            ({"constraints": {"odd": 3}}, "constraints.odd", "not permitted"),
            (
                {"constraints": {"min_odd": 4, "max_odd": 2}},
                "constraints.min_odd",
                "min_odd=4 is greater than max_odd=2; swap or widen them",
            ),
            ({"constraints": {"fixed_numbers": [61]}}, "constraints.fixed_numbers", "1 to 60"),
            ({"constraints": {"numbers_per_game": 3}}, "constraints.numbers_per_game", "6 to 20"),
            ({"constraints": {"min_repeats": 2}}, "constraints.min_repeats", "reference_draw"),
            ({"constraints": 7}, "constraints", "valid dictionary"),
            ({"reference_draw_number": 5}, "constraints", "there is no draw 5 of Mega-Sena"),
            ({"constraints": {"exclude_past": 5}}, "constraints.exclude_past", "past draws"),
            (
                {"lottery": "super-sete", "constraints": {"exclude_past": 5}},
                "constraints.exclude_past",
                "has no meaning in Super Sete",
            ),
            ({"quantity": 0}, "quantity", "greater than or equal to 1"),
            ({"budget": 100}, "budget", "not both"),
            ({"mode": "by_budget"}, "budget", "mode=by_budget needs budget"),
            ({"quantity": None, "budget": 1}, "budget", "buys no game"),
            ({"quantiy": 5}, "quantiy", "not permitted"),
        ],
    )
    def test_each_names_its_field(
        self, api: Client, path: str, changes: Any, field: str, told: str
    ) -> None:
        found, detail = error_of(post(api, path, WANTED | changes))
        assert found == field
        assert told in detail
        assert "Value error" not in detail
        assert not GenerationJob.objects.exists()


class TestSubmitting:
    def test_a_job_is_accepted_and_can_be_followed_to_its_file(self, api: Client) -> None:
        answer = post(api, JOBS, WANTED)
        assert answer.status_code == 202
        job = answer.json()
        assert answer.headers["Location"] == f"{JOBS}/{job['id']}" == job["links"]["job"]
        assert (job["state"], job["progress"], job["games_done"]) == ("READY", 0.0, 0)
        assert (job["seed"], job["links"]["download"]) == (7, None)
        run_enqueued()
        done = api.get(answer.headers["Location"]).json()
        assert (done["state"], done["progress"], done["games_done"]) == ("SUCCESSFUL", 1.0, 500)
        assert done["games_per_second"] > 0
        assert done["constraints"] == {"max_odd": 4, "seed": 7}
        assert done["links"]["download"] == f"{JOBS}/{job['id']}/download"
        assert len(done["sha256"]) == 64

    def test_a_seed_is_chosen_where_none_is_given(self, api: Client) -> None:
        job = submit(api, constraints={})
        assert 0 <= job["seed"] < 2**63

    def test_a_budget_becomes_a_quantity(self, api: Client) -> None:
        assert submit(api, quantity=None, budget="100")["quantity"] == 16

    @pytest.mark.parametrize(
        ("changes", "field", "told"),
        [
            ({"quantity": None}, "quantity", "say how many games"),
            ({"format": "pdf"}, "format", "known formats: "),
            ({"chunk_size": 0}, "chunk_size", "greater than or equal to 1"),
            ({"quantity": 10_000_001}, "quantity", "a job makes at most 10,000,000"),
            (
                {"constraints": {"allowed_numbers": [1, 2, 3, 4, 5, 6, 7]}},
                "quantity",
                "500 games wanted, but only 7 games of Mega-Sena",
            ),
            (
                {"constraints": {"allowed_numbers": [1, 2, 3, 4, 5, 6, 7], "max_run": 1}},
                "constraints",
                "no game of Mega-Sena satisfies",
            ),
        ],
    )
    def test_what_cannot_be_delivered_is_refused(
        self, api: Client, changes: Any, field: str, told: str
    ) -> None:
        found, detail = error_of(post(api, JOBS, WANTED | changes))
        assert found == field
        assert told in detail
        assert not GenerationJob.objects.exists()

    def test_it_is_on_record(self, api: Client, user: User) -> None:
        job = submit(api)
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.kind, entry.object_id) == ("submit", "job", job["id"])
        assert entry.user == user


class TestIdempotency:
    KEY = {"Idempotency-Key": "order 4711"}

    def test_the_same_request_again_is_the_same_job(self, api: Client) -> None:
        first = post(api, JOBS, WANTED, **self.KEY)
        again = post(api, JOBS, dict(reversed(WANTED.items())), **self.KEY)
        assert (first.status_code, again.status_code) == (202, 200)
        assert first.json()["id"] == again.json()["id"]
        assert first.headers["Location"] == again.headers["Location"]
        assert GenerationJob.objects.count() == QueuedTask.objects.count() == 1
        assert AuditEntry.objects.count() == 1

    def test_another_body_under_the_same_key_is_refused(self, api: Client) -> None:
        job = post(api, JOBS, WANTED, **self.KEY).json()
        field, detail = error_of(post(api, JOBS, WANTED | {"quantity": 501}, **self.KEY))
        assert field == "Idempotency-Key"
        assert job["id"] in detail

    def test_users_do_not_share_keys(self, api: Client, staff: Client) -> None:
        first, second = (post(one, JOBS, WANTED, **self.KEY) for one in (api, staff))
        assert first.json()["id"] != second.json()["id"]

    def test_without_a_key_each_request_is_a_job(self, api: Client) -> None:
        assert submit(api)["id"] != submit(api)["id"]

    def test_a_request_that_comes_twice_at_once_is_one_job(
        self, api: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The second one looked before the first had stored anything."""
        from generation.api import jobs

        first = post(api, JOBS, WANTED, **self.KEY)
        original, seen = jobs._earlier, []

        def blind_at_first(*arguments: Any) -> Any:
            seen.append(arguments)
            return None if len(seen) == 1 else original(*arguments)

        monkeypatch.setattr(jobs, "_earlier", blind_at_first)
        again = post(api, JOBS, WANTED, **self.KEY)
        assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
        assert GenerationJob.objects.count() == QueuedTask.objects.count() == 1


class TestLimits:
    def test_only_so_many_jobs_may_wait_or_run(self, api: Client, settings: Any) -> None:
        settings.GENERATION_MAX_ACTIVE_JOBS = 2
        submit(api)
        submit(api)
        refused = post(api, JOBS, WANTED)
        assert refused.status_code == 429
        assert "2 of your jobs wait or run" in refused.json()["detail"]
        assert int(refused.headers["Retry-After"]) > 0
        run_enqueued()
        submit(api)

    def test_only_so_many_may_be_submitted_in_a_period(self, api: Client, settings: Any) -> None:
        settings.GENERATION_JOB_RATE = (2, 100 * 365 * 86400)
        submit(api)
        assert post(api, JOBS, {}).status_code == 422  # what is refused does not count
        submit(api)
        refused = post(api, JOBS, WANTED)
        assert refused.status_code == 429
        assert "You may submit 2 jobs" in refused.json()["detail"]
        assert int(refused.headers["Retry-After"]) > 0

    def test_they_are_those_of_each_user(self, api: Client, staff: Client, settings: Any) -> None:
        settings.GENERATION_MAX_ACTIVE_JOBS = 1
        submit(api)
        submit(staff)
