"""What the pages keep: links by which a job is shown to whoever has them."""

import uuid
from datetime import timedelta
from typing import Self

from django.core import signing
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from generation.models import GenerationJob

SALT = "pages.share"
DAYS = 30
MOST = 20
"""Living links of one job."""


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def living(self) -> Self:
        """Neither expired nor revoked, of somebody who may still log in."""
        return self.filter(
            Q(expires_at__gt=Now()), revoked_at__isnull=True, job__owner__is_active=True
        )

    def of_token(self, token: str) -> "ShareLink | None":
        """The living link of this token, if there is one."""
        try:
            found = uuid.UUID(signing.loads(token, salt=SALT))
        except (signing.BadSignature, ValueError, TypeError):
            return None
        return self.living().select_related("job__task").filter(id=found).first()


class ShareLink(models.Model):
    """A read-only look at a job, for whoever has the link, until it expires or is revoked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(GenerationJob, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"link to {self.job_id} until {self.expires_at:%Y-%m-%d}"

    @property
    def token(self) -> str:
        """What its address carries; nobody can make one without the site's key."""
        return signing.dumps(str(self.id), salt=SALT)

    @staticmethod
    def lifetime() -> timedelta:
        return timedelta(days=DAYS)
