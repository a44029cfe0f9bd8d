"""The admin of tokens and of the record of changes."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.core import checks
from django.test import Client

from project.models import ApiToken, AuditEntry

pytestmark = pytest.mark.django_db

TOKENS = "/admin/project/apitoken/"


@pytest.fixture
def boss(client: Client) -> User:
    user = User.objects.create_superuser("boss")
    client.force_login(user)
    return user


def add(client: Client, user: User) -> str:
    """The text of the page after making a token."""
    form = {"user": user.pk, "name": "nightly", "expires_at_0": "", "expires_at_1": ""}
    return client.post(f"{TOKENS}add/", form, follow=True).content.decode()


def test_a_new_token_is_shown_once_and_works(client: Client, boss: User) -> None:
    [text] = re.findall(r"drr_[\w-]{43}", add(client, boss))
    row = ApiToken.objects.get()
    assert ApiToken.find(text) == row
    for path in (TOKENS, f"{TOKENS}{row.pk}/change/", f"{TOKENS}{row.pk}/history/"):
        page = client.get(path)
        assert page.status_code == 200
        assert text[13:] not in page.content.decode()
        assert row.hash not in page.content.decode()
    assert AuditEntry.objects.get().action == "create"


def test_a_token_is_not_changed_afterwards(client: Client, boss: User) -> None:
    row, text = ApiToken.objects.issue(user=boss, name="x")
    client.post(f"{TOKENS}{row.pk}/change/", {"name": "y", "user": boss.pk})
    assert ApiToken.objects.get().name == "x"
    assert ApiToken.find(text) == row


def test_revoking_ends_it_and_is_recorded(client: Client, boss: User) -> None:
    row, text = ApiToken.objects.issue(user=boss, name="x")
    client.post(TOKENS, {"action": "revoke", "_selected_action": [row.pk]})
    assert ApiToken.find(text) is None
    assert (AuditEntry.objects.get().action, AuditEntry.objects.get().object_id) == (
        "revoke",
        str(row.pk),
    )


def test_only_a_superuser_makes_tokens_for_others(
    client: Client, user: User, staff_user: User
) -> None:
    wanted = ["add_apitoken", "view_apitoken"]
    staff_user.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    client.force_login(staff_user)
    assert "drr_" not in add(client, user)
    assert "drr_" in add(client, staff_user)
    assert ApiToken.objects.get().user == staff_user


def test_the_record_is_read_only_for_superusers_too(client: Client, boss: User) -> None:
    entry = AuditEntry.objects.create(action="cancel", kind="task", object_id="1", user=boss)
    base = "/admin/project/auditentry/"
    assert client.get(base).status_code == 200
    assert client.get(f"{base}{entry.pk}/change/").status_code == 200
    assert client.post(f"{base}{entry.pk}/change/", {"action": "x"}).status_code == 403
    assert client.post(f"{base}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{base}add/").status_code == 403


def test_a_user_with_tokens_can_be_deleted(client: Client, boss: User, user: User) -> None:
    ApiToken.objects.issue(user=user, name="x")
    client.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=user.pk).exists()


def test_the_admin_passes_djangos_own_checks() -> None:
    import project.urls  # noqa: F401  (imports every admin module, which `check` may do too late)

    assert checks.run_checks(tags=["admin"]) == []
