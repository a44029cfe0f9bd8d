import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from project.models import ApiToken, RateWindow
from project.rates import count, forget_addresses, rest_of_period

pytestmark = pytest.mark.urls("tests.web.site")

WHOAMI = "/api/v1/whoami"
# So long a period that no test runs over its end.
LONG = 100 * 365 * 86400


@pytest.mark.django_db
class TestCallers:
    def test_calls_above_the_rate_are_429_with_the_time_to_wait(
        self, api: Client, settings: Any
    ) -> None:
        settings.API_RATE = (3, LONG)
        assert [api.get(WHOAMI).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = api.get(WHOAMI)
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert 0 < int(refused.headers["Retry-After"]) <= LONG

    def test_each_token_has_a_count_of_its_own_and_so_has_the_session(
        self, bearer: Callable[[User], Client], client: Client, user: User, settings: Any
    ) -> None:
        settings.API_RATE = (1, LONG)
        client.force_login(user)
        for caller in (bearer(user), bearer(user), client):
            assert [caller.get(WHOAMI).status_code for _ in range(2)] == [200, 429]

    def test_users_do_not_share_a_count(
        self, bearer: Callable[[User], Client], user: User, staff_user: User, settings: Any
    ) -> None:
        settings.API_RATE = (1, LONG)
        assert bearer(user).get(WHOAMI).status_code == 200
        assert bearer(staff_user).get(WHOAMI).status_code == 200


@pytest.mark.django_db
class TestFailures:
    def test_failures_above_the_rate_are_429(self, client: Client, settings: Any) -> None:
        settings.API_FAILED_LOGINS_RATE = (2, LONG)
        wrong = {"Authorization": "Bearer drr_wrong"}
        statuses = [client.get(WHOAMI, headers=wrong).status_code for _ in range(3)]
        assert statuses == [401, 401, 429]
        refused = client.get(WHOAMI)
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) > 0

    def test_they_are_counted_per_address(self, client: Client, settings: Any) -> None:
        settings.API_FAILED_LOGINS_RATE = (1, LONG)
        answers = [
            client.get(WHOAMI, REMOTE_ADDR=address).status_code
            for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2")
        ]
        assert answers == [401, 429, 401]

    def test_they_shut_out_nobody_with_a_good_token(
        self, client: Client, api: Client, settings: Any
    ) -> None:
        settings.API_FAILED_LOGINS_RATE = (1, LONG)
        assert [client.get(WHOAMI).status_code for _ in range(2)] == [401, 429]
        assert api.get(WHOAMI).status_code == 200


@pytest.mark.django_db
class TestPasswords:
    @pytest.fixture(autouse=True)
    def _allow_two(self, settings: Any) -> None:
        settings.API_FAILED_LOGINS_RATE = (2, LONG)
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        User.objects.create_superuser("boss", password="right")

    def log_in(self, client: Client, password: str, address: str = "192.0.2.1") -> bool:
        form = {"username": "boss", "password": password}
        return client.post("/admin/login/", form, REMOTE_ADDR=address).status_code == 302

    def test_after_too_many_wrong_ones_the_right_one_is_refused_too(self, client: Client) -> None:
        assert not self.log_in(client, "wrong")
        assert self.log_in(client, "right")
        assert not self.log_in(client, "wrong")
        assert not self.log_in(client, "right")

    def test_other_addresses_and_tokens_are_not_shut_out(self, client: Client, api: Client) -> None:
        for _ in range(3):
            assert not self.log_in(client, "wrong")
        assert self.log_in(client, "right", "192.0.2.2")
        assert api.get(WHOAMI, REMOTE_ADDR="192.0.2.1").status_code == 200

    def test_wrong_tokens_do_not_close_the_password_form(self, client: Client) -> None:
        for _ in range(4):
            client.get(WHOAMI, REMOTE_ADDR="192.0.2.1")
        assert self.log_in(client, "right")


class TestCounting:
    @pytest.mark.django_db
    def test_a_new_period_starts_from_one_in_the_same_row(self) -> None:
        assert [count("a", 60, now) for now in (0.0, 59.9, 60.0, 119.0, 120.0)] == [1, 2, 1, 2, 1]
        assert RateWindow.objects.count() == 1

    @pytest.mark.django_db
    def test_addresses_are_forgotten_after_their_period(self) -> None:
        for key, now in (
            ("token:192.0.2.1", 0.0),
            ("token:192.0.2.2", 60.0),
            ("calls:user:1", 0.0),
        ):
            count(key, 60, now)
        forget_addresses("token", 60, 119.0)
        kept = RateWindow.objects.order_by("key").values_list("key", flat=True)
        assert list(kept) == ["calls:user:1/60", "token:192.0.2.2/60"]

    def test_the_wait_ends_with_the_period(self) -> None:
        assert [rest_of_period(60, now) for now in (0.0, 0.5, 59.0, 59.9)] == [60, 60, 1, 1]

    @pytest.mark.django_db(transaction=True)
    def test_calls_that_come_at_once_are_all_counted(self) -> None:
        """Each thread has a connection of its own, as each web process has."""
        start, seen = threading.Barrier(4), []

        def call() -> None:
            start.wait()
            seen.extend(count("shared", 60, 0.0) for _ in range(25))
            connection.close()

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(seen) == list(range(1, 101))


@pytest.mark.django_db
def test_the_time_of_use_and_the_count_are_all_that_a_call_writes(api: Client) -> None:
    for _ in range(3):
        api.get(WHOAMI)
    assert RateWindow.objects.get().count == 3
    assert ApiToken.objects.get().last_used_at is not None
