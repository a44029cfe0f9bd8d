"""Periodic tasks that a real worker finds, as in any application."""

from django.tasks import task

from django_ray_runtime.periodic import periodic


@periodic(every=1, name="each second", args=("tick",))
@periodic(cron="0 3 29 2 *", timezone="Europe/Lisbon", name="leap day", args=("leap",))
@task
def note(word):
    return word
