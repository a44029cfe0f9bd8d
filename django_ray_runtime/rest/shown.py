"""How work in the queue is shown, whatever it works for: its state, its progress, its address."""

from typing import Any, Literal

from django.http import HttpRequest
from django.urls import reverse
from pydantic import BaseModel

from django_ray_runtime.results import Progress

StateName = Literal[
    "SCHEDULED", "BLOCKED", "READY", "RUNNING", "SUCCESSFUL", "FAILED", "CANCELLED", "EXPIRED"
]


class ProgressOut(BaseModel):
    done: int
    total: int | None
    message: str
    eta_seconds: float | None


def progress_out(progress: Progress | None) -> ProgressOut | None:
    """None where nothing was reported."""
    if progress is None:
        return None
    names = ("done", "total", "message", "eta_seconds")
    return ProgressOut(**{name: getattr(progress, name) for name in names})


def address_of(request: HttpRequest, name: str, *given: Any) -> str:
    """The path of what has this name in the URLs of the API, wherever that is mounted."""
    match = request.resolver_match
    namespace = f"{match.namespace}:" if match is not None and match.namespace else ""
    return reverse(f"{namespace}{name}", args=given)
