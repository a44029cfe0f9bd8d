"""This process: its software and its settings."""

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from django.core import checks as django_checks
from django.tasks import task_backends

from django_ray_runtime.backend import RayTaskBackend
from django_ray_runtime.checks import check_periodic, check_runtime
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.doctor.report import Check, Verdict, ok, problem, warning

MINIMUM_PYTHON = (3, 13)
MINIMUM_DJANGO = (6, 1)
_PACKAGES = ("ray", "psycopg")


def software() -> Iterator[Check]:
    """Python, Django, and what else matters."""
    if sys.version_info < MINIMUM_PYTHON:
        wanted = ".".join(map(str, MINIMUM_PYTHON))
        remedy = f"Make the environment anew with Python {wanted} or newer."
        yield problem("software", "python", f"Python {platform.python_version()}", remedy)
    else:
        yield ok("software", "python", f"Python {platform.python_version()}")
    django = version("django")
    if tuple(map(int, django.split(".")[:2])) < MINIMUM_DJANGO:
        yield problem("software", "django", f"Django {django}", "Install Django 6.1 or newer.")
    else:
        yield ok("software", "django", f"Django {django}")
    for name in _PACKAGES:
        yield _package(name)


def _package(name: str) -> Check:
    try:
        return ok("software", name, f"{name} {version(name)}")
    except PackageNotFoundError:
        needs = {"ray": "Tasks run sequentially without it", "psycopg": "PostgreSQL needs it"}
        remedy = f"pip install '{'ray[default,client]' if name == 'ray' else 'psycopg[binary]'}'"
        return warning("software", name, f"{name} is not installed. {needs[name]}.", remedy)


def settings() -> Iterator[Check]:
    """DJANGO_RAY_RUNTIME, TASKS, and Django's system checks about them."""
    errors = False
    # Not all of Django's: some ask the database, which has its own questions.
    messages = check_runtime() + check_periodic()
    messages += [m for backend in task_backends.all() for m in backend.check()]
    for message in messages:
        serious = message.level >= django_checks.ERROR
        errors = errors or serious
        verdict = Verdict.PROBLEM if serious else Verdict.WARNING
        yield Check("settings", message.id or "", verdict, message.msg, message.hint or "")
    if errors:
        return
    runtime_settings()
    yield ok("settings", "DJANGO_RAY_RUNTIME", "Every key can be used.")
    ours = {b.alias: b.queues for b in task_backends.all() if isinstance(b, RayTaskBackend)}
    if not ours:
        yield problem(
            "settings",
            "TASKS",
            "No backend of TASKS is django_ray_runtime.backend.RayTaskBackend.",
            "Add it: tasks that are enqueued elsewhere are never seen by these workers.",
        )
        return
    told = "; ".join(
        f"{alias}: {', '.join(sorted(names)) or 'any queue'}" for alias, names in ours.items()
    )
    yield ok("settings", "TASKS", told)
