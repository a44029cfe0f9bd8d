"""The parts of the dashboard, each of which is refreshed by itself."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from django_ray_runtime.overview import FailureView, failures, queues, workers
from django_ray_runtime.task_views import FailedView, failed, running
from pages.dashboard.past import past

HOUR = 3600.0
ENDED_WITHIN = 600.0
"""Seconds for which a worker that ended is still shown."""
MOST_WORKERS = 10
MOST_RUNNING = 10
MOST_KINDS = 8
LATEST = 5
"""Failed tasks shown of a kind."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A part as HTML, and what tells whether a browser has it already."""

    html: SafeString
    seen: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of failure, with its latest tasks where somebody opened it."""

    view: FailureView
    key: str
    opened: bool
    toggled: str  # the address's part that opens or closes it
    latest: list[FailedView]


def panel(request: HttpRequest, name: str, asked: QueryDict) -> Panel:
    """The part of this name, as `asked` for. Raises KeyError where there is none."""
    context = PANELS[name](asked)
    html = render_to_string(f"pages/dashboard/{name}.html", context, request)
    basis = repr((translation.get_language(), context.get("drawn_from", html)))
    return Panel(html, hashlib.sha256(basis.encode()).hexdigest()[:16])


def key_of(kind: FailureView) -> str:
    """What stands for a kind of failure in addresses and forms."""
    basis = f"{kind.task_path}\n{kind.exception}"
    return hashlib.sha256(basis.encode()).hexdigest()[:12]


def kind_of(key: str) -> FailureView | None:
    """The kind of the last hour's failures that a key stands for."""
    return next((kind for kind in failures(HOUR).kinds if key_of(kind) == key), None)


def _past(asked: QueryDict) -> dict[str, Any]:
    return past(asked.get("span", ""))


def _queues(asked: QueryDict) -> dict[str, Any]:
    return {"queues": queues()}


def _workers(asked: QueryDict) -> dict[str, Any]:
    found = workers(ENDED_WITHIN)
    # Those that need somebody's eyes first.
    found.sort(key=lambda worker: (not worker.silent, worker.ended_seconds_ago is not None))
    living = [worker for worker in found if worker.ended_seconds_ago is None and not worker.silent]
    return {
        "workers": found[:MOST_WORKERS],
        "more": len(found[MOST_WORKERS:]),
        "living": len(living),
        "slots": sum(worker.concurrency for worker in living),
        "busy": sum(worker.running for worker in living),
    }


def _running(asked: QueryDict) -> dict[str, Any]:
    found = running(MOST_RUNNING + 1)
    return {"tasks": found[:MOST_RUNNING], "more": len(found) > MOST_RUNNING, "most": MOST_RUNNING}


def _failures(asked: QueryDict) -> dict[str, Any]:
    found = failures(HOUR)
    opened = set(asked.getlist("open")) ^ set(asked.getlist("toggle"))
    kinds = [_kind(one, opened) for one in found.kinds[:MOST_KINDS]]
    return {
        "kinds": kinds,
        "more": len(found.kinds[MOST_KINDS:]),
        "complete": found.complete,
        "total": sum(kind.count for kind in found.kinds),
        "latest": LATEST,
    }


def _kind(view: FailureView, opened: set[str]) -> Kind:
    key = key_of(view)
    toggled = QueryDict(mutable=True)
    toggled.setlist("open", sorted(opened ^ {key}))
    is_open = key in opened
    latest = failed(view.task_path, view.exception, HOUR, LATEST) if is_open else []
    return Kind(view, key, is_open, toggled.urlencode(), latest)


PANELS: dict[str, Callable[[QueryDict], dict[str, Any]]] = {
    "past": _past,
    "queues": _queues,
    "workers": _workers,
    "running": _running,
    "failures": _failures,
}
