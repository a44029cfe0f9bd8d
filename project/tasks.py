"""What the queue does for the project itself."""

from django_ray_runtime.decorators import task
from django_ray_runtime.periodic import periodic


@periodic(cron="57 4 * * *", timezone="UTC", missed="once", name="tidy audit")
@task
def tidy_audit() -> int:
    """Delete audit entries older than AUDIT_DAYS. Returns how many."""
    from project.audit import forget

    return forget()
