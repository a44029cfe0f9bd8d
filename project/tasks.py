"""What the web part leaves behind and nobody reads again is deleted by the clock.

Every worker imports this module: what is heavy is imported by the task that needs it.
"""

import time
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.db.models import DateTimeField, ExpressionWrapper, Value
from django.db.models.functions import Now
from django.tasks import task

from django_ray_runtime.periodic import periodic


@periodic(cron="47 4 * * *", timezone="UTC", missed="once", name="tidy records")
@task
def tidy_records() -> dict[str, int]:
    """Delete expired sessions, counts of past periods and, by KEEP_AUDIT_DAYS, the record of
    changes. Returns how many rows of the last two went."""
    from project.rates import forget_periods

    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return {"audit": forget_changes(), "rates": forget_periods(time.time())}


def forget_changes() -> int:
    """Delete audit entries, and the admin's own, that are older than KEEP_AUDIT_DAYS."""
    from django.contrib.admin.models import LogEntry

    from project.models import AuditEntry

    if not settings.KEEP_AUDIT_DAYS:
        return 0
    age = Value(timedelta(days=settings.KEEP_AUDIT_DAYS))
    then = ExpressionWrapper(Now() - age, output_field=DateTimeField())
    ours, _ = AuditEntry.objects.filter(at__lt=then).delete()
    admins, _ = LogEntry.objects.filter(action_time__lt=then).delete()
    return ours + admins
