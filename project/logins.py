"""Passwords can be guessed: an address that keeps guessing wrong has to wait, and an account that
is guessed at from many addresses lets in only those from which it was used before."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest

from project.audit import FAILED, LOGGED_IN, LOGGED_OUT, knows_address, note_login
from project.rates import is_guessed_at, may_try_passwords, note_wrong_password


class PatientBackend(ModelBackend):
    """Django's own users and permissions; looks at no password after too many wrong ones."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if request is not None and not _may_try(request, username or ""):
            # Django words it as a wrong password: whoever guesses learns nothing.
            raise PermissionDenied("too many wrong passwords from this address, or of this account")
        return super().authenticate(request, username, password, **kwargs)


def _may_try(request: HttpRequest, username: str) -> bool:
    if not may_try_passwords(request):
        return False
    # Whoever guesses on purpose must not lock the owner out: not where they are at home.
    return not is_guessed_at(username) or knows_address(request, username)


@receiver(user_login_failed, dispatch_uid="project.logins")
def note(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None:
        username = str(credentials.get("username") or "")
        # Above the rate no password was looked at, and a flood must not fill the record.
        if note_wrong_password(request, username):
            note_login(request, FAILED, username)


@receiver(user_logged_in, dispatch_uid="project.logins.in")
def logged_in(*, request: HttpRequest, user: Any, **_: Any) -> None:
    note_login(request, LOGGED_IN, user.get_username())


@receiver(user_logged_out, dispatch_uid="project.logins.out")
def logged_out(*, request: HttpRequest, user: Any, **_: Any) -> None:
    if user is not None:
        note_login(request, LOGGED_OUT, user.get_username())
