import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from project.addresses import client_address, neighbourhood
from project.models import ApiToken, AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.web.site")]

WHOAMI = "/api/v1/whoami"
ORDERS = "/api/v1/orders"
ORDER = {"quantity": 1}


def with_token(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


class TestTokens:
    def test_a_token_stands_for_its_user(self, api: Client) -> None:
        assert api.get(WHOAMI).json() == {"user": "ana"}

    def test_a_token_needs_no_csrf_token(self, api: Client) -> None:
        assert api.post(ORDERS, ORDER, content_type="application/json").status_code == 201

    def test_the_scheme_may_be_written_in_any_case(self, client: Client, user: User) -> None:
        _, text = ApiToken.objects.issue(user=user, name="x")
        assert client.get(WHOAMI, headers={"Authorization": f"bearer {text}"}).status_code == 200

    @pytest.mark.parametrize(
        "change",
        [
            {"revoked_at": timezone.now()},
            {"expires_at": timezone.now() - timedelta(seconds=1)},
        ],
        ids=["revoked", "expired"],
    )
    def test_an_ended_token_is_refused(
        self, change: dict[str, object], client: Client, user: User
    ) -> None:
        row, text = ApiToken.objects.issue(user=user, name="x")
        assert client.get(WHOAMI, headers=with_token(text)).status_code == 200
        ApiToken.objects.filter(pk=row.pk).update(**change)
        answer = client.get(WHOAMI, headers=with_token(text))
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_a_token_that_expires_later_is_accepted(
        self, bearer: Callable[..., Client], user: User
    ) -> None:
        later = timezone.now() + timedelta(days=1)
        assert bearer(user, expires_at=later).get(WHOAMI).status_code == 200

    def test_a_user_who_is_not_active_is_refused(self, api: Client, user: User) -> None:
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert api.get(WHOAMI).status_code == 401

    @pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer nobody's", "Basic YTpi", "x"])
    def test_another_header_is_refused(self, value: str, client: Client) -> None:
        assert client.get(WHOAMI, headers={"Authorization": value}).status_code == 401

    def test_a_wrong_token_does_not_fall_back_to_the_session(
        self, client: Client, user: User
    ) -> None:
        client.force_login(user)
        assert client.get(WHOAMI).status_code == 200
        assert client.get(WHOAMI, headers=with_token("drr_wrong")).status_code == 401

    def test_only_a_hash_is_kept(self, user: User) -> None:
        row, text = ApiToken.objects.issue(user=user, name="x")
        kept = [str(value) for value in ApiToken.objects.filter(pk=row.pk).values_list()[0]]
        assert re.fullmatch(r"drr_[\w-]{43}", text)
        assert text not in " ".join(kept)
        assert row.hint == text[:12]

    def test_its_use_is_written_at_most_once_a_minute(self, api: Client) -> None:
        def writes() -> int:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert api.get(WHOAMI).status_code == 200
            return sum('"project_apitoken" SET' in query["sql"] for query in queries)

        assert [writes(), writes()] == [1, 0]
        minute_ago = timezone.now() - timedelta(seconds=61)
        ApiToken.objects.update(last_used_at=minute_ago)
        assert [writes(), writes()] == [1, 0]


class TestSessions:
    def test_nobody_is_admitted_anonymously(self, client: Client) -> None:
        assert client.get(WHOAMI).status_code == 401
        assert client.post(ORDERS, ORDER, content_type="application/json").status_code == 401

    def test_a_session_reads_without_a_csrf_token(self, user: User) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(user)
        assert browser.get(WHOAMI).json() == {"user": "ana"}

    def test_a_session_changes_things_with_its_csrf_token_only(self, user: User) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(user)
        refused = browser.post(ORDERS, ORDER, content_type="application/json")
        assert refused.status_code == 403
        assert "X-CSRFToken" in refused.json()["detail"]
        browser.get("/api/v1/docs")  # sets the cookie
        token = browser.cookies["csrftoken"].value
        accepted = browser.post(
            ORDERS, ORDER, content_type="application/json", headers={"X-CSRFToken": token}
        )
        assert accepted.status_code == 201


class TestStaff:
    @pytest.mark.parametrize("path", ["/api/v1/staff/orders", "/api/v1/careful"])
    def test_staff_routes_tell_anonymous_from_not_staff(
        self, path: str, client: Client, api: Client, staff_user: User,
        bearer: Callable[..., Client],
    ) -> None:  # fmt: skip
        def call(who: Client) -> int:
            if path.endswith("orders"):
                return who.post(path, ORDER, content_type="application/json").status_code
            return who.get(path).status_code

        assert [call(client), call(api), call(bearer(staff_user))] == [401, 403, 200]

    def test_staff_at_the_mount_is_checked_before_the_body(self, api: Client) -> None:
        answer = api.post("/api/v1/staff/orders", {}, content_type="application/json")
        assert answer.status_code == 403

    def test_a_router_for_staff_is_closed_where_the_project_forgot_to_authenticate(
        self, client: Client, settings: Any
    ) -> None:
        settings.API_RATE = (2, 10**9)
        assert [client.get("/api/v1/unguarded").status_code for _ in range(3)] == [401, 401, 429]
        assert client.get("/api/v1/unguarded", REMOTE_ADDR="192.0.2.9").status_code == 401

    def test_staff_by_session_too(self, client: Client, user: User) -> None:
        client.force_login(user)
        answer = client.post("/api/v1/staff/orders", ORDER, content_type="application/json")
        assert answer.status_code == 403


class TestDocumentation:
    @pytest.mark.parametrize("path", ["/api/v1/docs", "/api/v1/openapi.json"])
    def test_it_is_not_for_everyone(self, path: str, client: Client, api: Client) -> None:
        assert client.get(path).status_code == 401
        page = client.get(path, headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["Location"]) == (
            302,
            f"/login/?next={path}",
        )
        assert api.get(path).status_code == 200
        assert api.post(path).status_code == 405

    def test_the_schema_names_the_operations_and_both_ways_in(self, api: Client) -> None:
        schema = api.get("/api/v1/openapi.json").json()
        assert "/api/v1/orders" in schema["paths"]
        assert {way["type"] for way in schema["components"]["securitySchemes"].values()} == {
            "http",
            "apiKey",
        }

    def test_the_schema_says_how_every_operation_fails(self, api: Client) -> None:
        schema = api.get("/api/v1/openapi.json").json()
        assert "errors" in schema["components"]["schemas"]["Problem"]["properties"]
        for path in schema["paths"].values():
            for operation in path.values():
                assert "application/problem+json" in operation["responses"]["default"]["content"]


class TestAudit:
    def test_a_change_is_recorded_with_user_token_and_address(
        self, api: Client, user: User
    ) -> None:
        api.post(ORDERS, {"quantity": 7}, content_type="application/json")
        [entry] = AuditEntry.objects.all()
        assert (entry.user, entry.action, entry.kind, entry.object_id) == (
            user, "create", "order", "7",
        )  # fmt: skip
        assert entry.token == ApiToken.objects.get().hint
        assert entry.address == "127.0.0.1"

    def test_a_session_leaves_the_token_empty(self, client: Client, user: User) -> None:
        client.force_login(user)
        client.post(ORDERS, ORDER, content_type="application/json")
        assert AuditEntry.objects.get().token == ""

    def test_a_change_that_fails_leaves_no_record(self, api: Client) -> None:
        answer = api.post(ORDERS, {"quantity": 99}, content_type="application/json")
        assert answer.status_code == 409
        assert not AuditEntry.objects.exists()

    def test_the_record_outlives_the_user(self, api: Client, user: User) -> None:
        api.post(ORDERS, ORDER, content_type="application/json")
        user.delete()
        assert AuditEntry.objects.get().user is None


class TestCommands:
    def test_a_token_is_printed_once_and_works(
        self, user: User, client: Client, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command("create_api_token", "ana", "--name", "nightly", "--expires-days", "30")
        text = capsys.readouterr().out.strip()
        assert client.get(WHOAMI, headers=with_token(text)).status_code == 200
        days = ApiToken.objects.get().expires_at - timezone.now()
        assert timedelta(days=29) < days <= timedelta(days=30)

        call_command("revoke_api_token", text[:10])
        assert "Revoked drr_" in capsys.readouterr().out
        assert client.get(WHOAMI, headers=with_token(text)).status_code == 401

    def test_an_unknown_user_is_named(self) -> None:
        with pytest.raises(CommandError, match="no user 'nobody'"):
            call_command("create_api_token", "nobody", "--name", "x")

    def test_an_ambiguous_prefix_revokes_nothing(self, user: User) -> None:
        ApiToken.objects.issue(user=user, name="one")
        ApiToken.objects.issue(user=user, name="two")
        with pytest.raises(CommandError, match="found 2"):
            call_command("revoke_api_token", "drr_")
        assert ApiToken.objects.usable().count() == 2

    @pytest.mark.parametrize("days", ["0", "-1", "x", "99999999"])
    def test_a_strange_number_of_days_is_refused(self, days: str, user: User) -> None:
        with pytest.raises(CommandError, match="whole number of days"):
            call_command("create_api_token", "ana", "--name", "x", f"--expires-days={days}")


class TestAddresses:
    def test_a_header_is_believed_only_behind_a_proxy(self, rf, settings) -> None:  # type: ignore[no-untyped-def]
        request = rf.get("/", headers={"X-Forwarded-For": "1.1.1.1, 2.2.2.2"})
        assert client_address(request) == "127.0.0.1"
        settings.TRUSTED_PROXIES = 1
        assert client_address(request) == "2.2.2.2"
        settings.TRUSTED_PROXIES = 2
        assert client_address(request) == "1.1.1.1"

    def test_a_garbled_address_is_none(self, rf, settings) -> None:  # type: ignore[no-untyped-def]
        settings.TRUSTED_PROXIES = 1
        assert client_address(rf.get("/", headers={"X-Forwarded-For": "x'y"})) is None
        assert client_address(rf.get("/")) is None

    def test_one_customer_of_ipv6_is_one_caller(self) -> None:
        assert neighbourhood("2001:db8::1:2") == neighbourhood("2001:db8::ffff:1")
        assert neighbourhood("2001:db8:0:1::1") != neighbourhood("2001:db8::1")
