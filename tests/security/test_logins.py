"""Guessing passwords, from one address and from many; locking others out; who is told what."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client, RequestFactory

from project import rates
from project.models import AuditEntry, RateWindow

pytestmark = pytest.mark.django_db

LONG = 100 * 365 * 86400
DOORS = ["/login/", "/admin/login/"]
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.1"


@pytest.fixture(autouse=True)
def boss() -> User:
    return User.objects.create_superuser("boss", password="right")


def log_in(
    client: Client, door: str, password: str, address: str = HOME, name: str = "boss"
) -> Any:
    form = {"username": name, "password": password}
    return client.post(door, form, REMOTE_ADDR=address)


def comes_in(door: str, password: str, address: str) -> bool:
    return bool(log_in(Client(), door, password, address).status_code == 302)


@pytest.mark.parametrize("door", DOORS)
def test_one_account_is_guessed_at_from_many_addresses_in_vain(door: str, settings: Any) -> None:
    settings.ACCOUNT_FAILED_LOGINS_RATE = (5, LONG)
    for guess in range(5):
        assert not comes_in(door, f"guess {guess}", f"192.0.2.{guess}")
    assert not comes_in(door, "right", "192.0.2.99")


@pytest.mark.parametrize("door", DOORS)
def test_who_guesses_on_purpose_does_not_lock_the_owner_out_at_home(
    door: str, settings: Any
) -> None:
    settings.ACCOUNT_FAILED_LOGINS_RATE = (3, LONG)
    assert comes_in(door, "right", HOME)
    for guess in range(9):
        comes_in(door, "wrong", f"192.0.2.{guess}")
    assert not comes_in(door, "right", ELSEWHERE)
    assert comes_in(door, "right", HOME)


def test_a_flood_from_one_address_closes_that_address_and_not_the_account(settings: Any) -> None:
    settings.API_FAILED_LOGINS_RATE = (2, LONG)
    settings.ACCOUNT_FAILED_LOGINS_RATE = (5, LONG)
    for _ in range(20):
        comes_in("/login/", "wrong", ELSEWHERE)
    assert comes_in("/login/", "right", HOME)
    assert AuditEntry.objects.filter(action="fail to log in").count() == 2


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the counters take for the time; at the start of an hour."""
    clock = SimpleNamespace(now=1_000_000 * 3600.0)
    monkeypatch.setattr(rates, "time", SimpleNamespace(time=lambda: clock.now))
    return clock


def guesses(address: str) -> None:
    """As the doors ask; without a page for each answer."""
    request = RequestFactory().post("/login/", REMOTE_ADDR=address)
    request.user = AnonymousUser()
    assert authenticate(request, username="boss", password="wrong") is None


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that are looked at."""
    seen: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, *rest: Any) -> str:
        seen.append(password)
        return encode(self, password, *rest)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return seen


def test_one_patient_address_locks_no_account_and_guesses_little(
    clock: SimpleNamespace, hashed: list[str]
) -> None:
    """With the rates as they come: within its own of 30 a minute it could count 100 in four."""
    assert settings.API_FAILED_LOGINS_RATE == (30, 60)
    assert settings.ACCOUNT_FAILED_LOGINS_RATE == (100, 3600)
    for _ in range(8):
        for _ in range(20):
            guesses(ELSEWHERE)
        clock.now += 60
    assert len(hashed) == 10
    assert comes_in("/login/", "right", "192.0.2.1")
    assert not comes_in("/login/", "right", ELSEWHERE)
    clock.now += 3600
    assert comes_in("/login/", "right", ELSEWHERE)


def test_ten_addresses_use_up_what_an_account_bears(
    clock: SimpleNamespace, hashed: list[str]
) -> None:
    for guess in range(100):
        guesses(f"192.0.2.{guess % 10}")
    assert len(hashed) == 100
    assert not comes_in("/login/", "right", HOME)
    assert len(hashed) == 100


def test_guesses_that_come_at_once_are_counted_before_they_are_looked_at(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_FAILED_LOGINS_RATE = (1, LONG)
    encode, meanwhile = MD5PasswordHasher.encode, []

    def slow(self: Any, password: str, *rest: Any) -> str:
        if password == "first":
            meanwhile.append(comes_in("/login/", "right", ELSEWHERE))
        return encode(self, password, *rest)

    monkeypatch.setattr(MD5PasswordHasher, "encode", slow)
    comes_in("/login/", "first", ELSEWHERE)
    assert meanwhile == [False]


def test_right_passwords_use_up_no_rate(settings: Any) -> None:
    settings.API_FAILED_LOGINS_RATE = (2, LONG)
    settings.ACCOUNT_FAILED_LOGINS_RATE = (2, LONG)
    for _ in range(5):
        assert comes_in("/login/", "right", ELSEWHERE)
        AuditEntry.objects.all().delete()  # or it would be known there


@pytest.mark.parametrize("door", DOORS)
def test_an_account_that_there_is_looks_like_one_that_there_is_not(
    door: str, hashed: list[str]
) -> None:
    """The same words, and as many hashes of passwords: what else takes time?"""
    User.objects.create_user("gone", password="x", is_active=False)
    told, work = set(), set()
    for name in ("boss", "nobody", "gone"):
        hashed.clear()
        page = log_in(Client(), door, "wrong", name=name).content.decode()
        work.add(len(hashed))
        told.add(re.sub(r'[A-Za-z0-9]{64}|value="[^"]*"', "", page))
    assert len(told) == 1
    assert work == {1}


def test_logins_are_recorded_and_names_that_are_none_are_not(client: Client) -> None:
    log_in(client, "/login/", "my secret", name="hunter2")
    log_in(client, "/login/", "wrong")
    log_in(client, "/login/", "right")
    client.post("/logout/", REMOTE_ADDR=HOME)
    rows = AuditEntry.objects.order_by("id").values_list("action", "object_id", "address", "kind")
    assert list(rows) == [
        ("fail to log in", "(no such account)", HOME, "login"),
        ("fail to log in", "boss", HOME, "login"),
        ("log in", "boss", HOME, "login"),
        ("log out", "boss", HOME, "login"),
    ]
    assert not RateWindow.objects.filter(key__contains="hunter2").exists()


def test_a_session_from_before_the_login_is_worth_nothing(client: Client) -> None:
    """Session fixation: who planted the identifier must not be logged in with its owner."""
    client.get("/login/")
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted
    assert log_in(client, "/login/", "right").status_code == 302
    assert client.cookies["sessionid"].value != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert thief.get("/").status_code == 302


def test_a_new_password_ends_all_sessions(client: Client, boss: User) -> None:
    log_in(client, "/login/", "right")
    assert client.get("/").status_code == 200
    boss.set_password("another")
    boss.save()
    assert client.get("/").status_code == 302


def test_cookies_are_not_for_scripts_or_other_sites(client: Client) -> None:
    log_in(client, "/login/", "right")
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert client.cookies["csrftoken"]["samesite"] == "Lax"


@pytest.mark.parametrize(
    "there", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)",
              "\thttps://evil.example", "https:evil.example"],
)  # fmt: skip
@pytest.mark.parametrize("door", DOORS)
def test_a_login_leads_to_no_other_site(door: str, there: str, client: Client) -> None:
    answer = client.post(f"{door}?next={there}", {"username": "boss", "password": "right",
                                                  "next": there})  # fmt: skip
    assert answer.status_code == 302
    assert answer.headers["Location"] in {"/", "/admin/"}


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_nor_does_the_choice_of_a_language(there: str, client: Client) -> None:
    for way in ({"next": there}, {}):
        answer = client.post("/language/", {"language": "es", **way}, HTTP_REFERER=there)
        assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("path", ["//evil.example/games/", "/%2F/evil.example", "/\\evil.example/"])
def test_nor_does_being_asked_to_log_in(path: str, client: Client) -> None:
    answer = client.get(path, HTTP_ACCEPT="text/html")
    assert not re.match(r"(https?:)?[/\\]{2}", answer.headers.get("Location", ""))
