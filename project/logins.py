"""Passwords can be guessed, so an address that keeps guessing wrong has to wait."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest

from project.rates import may_try_passwords, note_wrong_password


class PatientBackend(ModelBackend):
    """Django's own users and permissions; looks at no password after too many wrong ones."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if request is not None and not may_try_passwords(request):
            # Django words it as a wrong password: whoever guesses learns nothing.
            raise PermissionDenied("too many wrong passwords from this address")
        return super().authenticate(request, username, password, **kwargs)


@receiver(user_login_failed, dispatch_uid="project.logins")
def note(*, request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None:
        note_wrong_password(request)
