"""Who may call the API, and what was changed by whom."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from django_ray_runtime.prepared import Given, PreparedQuery

# Makes a token recognisable where it should not be: in logs, code, searches for secrets.
PREFIX = "drr_"
HINT_LENGTH = 12
USE_IS_NOTED_EVERY = timedelta(minutes=1)


def _hash(token: str) -> str:
    # A token has 256 random bits: unlike a password it needs no salt and no slow hash.
    return hashlib.sha256(token.encode()).hexdigest()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> Self:
        """Neither revoked nor expired, of a user who is active."""
        unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=Now())
        return self.filter(unexpired, revoked_at__isnull=True, user__is_active=True)

    def revoke(self) -> int:
        """Returns how many were not revoked before."""
        return self.filter(revoked_at__isnull=True).update(revoked_at=Now())


class ApiTokenManager(models.Manager.from_queryset(ApiTokenQuerySet)):  # type: ignore[misc]
    def issue(self, **fields: Any) -> tuple["ApiToken", str]:
        """A new token, saved, and its secret text, which cannot be had again."""
        row = ApiToken(**fields)
        text = row.draw()
        row.save(force_insert=True)
        return row, text


class ApiToken(models.Model):
    """Stands for its user in `Authorization: Bearer <token>`. Only a hash is kept."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=100, help_text="What it is for.")
    hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(
        max_length=HINT_LENGTH, editable=False, help_text="Its first characters."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False, help_text="To the minute.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = ApiTokenManager()

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.hint}… ({self.name})"

    @staticmethod
    def find(text: str) -> "ApiToken | None":
        """The usable token with this secret text, its user at hand."""
        # Looked up by hash: how long it takes tells nothing about the text.
        return _USABLE.first(hash=_hash(text))

    def draw(self) -> str:
        """Give this new row its secret, and return it: the only time it is known."""
        text = PREFIX + secrets.token_urlsafe(32)
        self.hash, self.hint = _hash(text), text[:HINT_LENGTH]
        return text

    def note_use(self, now: datetime) -> None:
        """Write `last_used_at`, at most once a minute: calls come by the hundred."""
        if self.last_used_at is None or now - self.last_used_at >= USE_IS_NOTED_EVERY:
            ApiToken.objects.filter(pk=self.pk).update(last_used_at=Now())


# Asked at every call of the API.
_USABLE = PreparedQuery(
    lambda: (
        ApiToken.objects.usable()
        .filter(hash=Given("hash", models.CharField()))
        .select_related("user")
    )
)


class AuditEntry(models.Model):
    """One change that somebody made through the API or in admin."""

    at = models.DateTimeField(db_default=Now(), db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    token = models.CharField(
        max_length=HINT_LENGTH,
        blank=True,
        help_text="First characters of the token used; empty: logged in.",
    )
    action = models.CharField(max_length=64, help_text="Such as cancel.")
    kind = models.CharField(max_length=64, help_text="Kind of object, such as task.")
    object_id = models.CharField(max_length=200)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["kind", "object_id"], name="project_audit_object")]

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.object_id}"


class RateWindow(models.Model):
    """How many calls one caller made in the current period. Written by `rates` only."""

    key = models.CharField(max_length=80, primary_key=True)
    period = models.BigIntegerField(help_text="Number of the period since 1970.")
    count = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
