"""Passwords can be guessed: an address that keeps guessing wrong has to wait, and an account that
is guessed at from many addresses lets in only those from which it was used before."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest

from project.audit import FAILED, LOGGED_IN, LOGGED_OUT, knows_address, note_login
from project.rates import count_guess


class PatientBackend(ModelBackend):
    """Django's own users and permissions; looks at no password after too many wrong ones."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if request is None:
            return super().authenticate(request, username, password, **kwargs)
        guess = count_guess(request, username or "")
        # Whoever guesses on purpose must not lock the owner out: not where they are at home.
        if not guess.may_try or (guess.is_held_off and not knows_address(request, username or "")):
            # Django words it as a wrong password: whoever guesses learns nothing.
            raise PermissionDenied("too many wrong passwords from this address, or of this account")
        user = super().authenticate(request, username, password, **kwargs)
        if user is None:  # what was not looked at is not recorded: a flood must not fill the record
            note_login(request, FAILED, username or "")
        else:
            guess.give_back()
        return user


@receiver(user_logged_in, dispatch_uid="project.logins.in")
def logged_in(*, request: HttpRequest, user: Any, **_: Any) -> None:
    note_login(request, LOGGED_IN, user.get_username())


@receiver(user_logged_out, dispatch_uid="project.logins.out")
def logged_out(*, request: HttpRequest, user: Any, **_: Any) -> None:
    if user is not None:
        note_login(request, LOGGED_OUT, user.get_username())
