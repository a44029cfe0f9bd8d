"""Links that lead nowhere any more are deleted by the clock."""

from datetime import timedelta

from django.db.models import DateTimeField, ExpressionWrapper, Q, Value
from django.db.models.functions import Now
from django.tasks import task

from django_ray_runtime.periodic import periodic
from pages.models import ShareLink

KEPT = timedelta(days=30)
"""For so long staff still see in admin that there was one."""


@periodic(cron="57 4 * * *", timezone="UTC", missed="once", name="tidy links")
@task
def tidy_links() -> int:
    """Delete the links that ended a while ago. Returns how many."""
    then = ExpressionWrapper(Now() - Value(KEPT), output_field=DateTimeField())
    ended = Q(expires_at__lt=then) | Q(revoked_at__lt=then)
    return ShareLink.objects.filter(ended).delete()[0]
