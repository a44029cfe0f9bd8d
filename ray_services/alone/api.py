"""The API of a service that runs alone: who may call, how often, and what errors look like."""

import hashlib
import hmac
import os
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.security import HttpBearer
from ninja.throttling import AuthRateThrottle

from django_ray_runtime import control
from django_ray_runtime.rest.problems import FieldError, Problem
from django_ray_runtime.workers import active_workers
from ray_services.alone import settings, warm
from ray_services.alone.names import PORTS
from ray_services.doors import ROUTERS, SHARED


class Token(HttpBearer):
    """One of the tokens of the environment."""

    def authenticate(self, request: HttpRequest, token: str) -> str | None:
        given = _digest(token)
        known = [one for one in map(_digest, settings.SERVICE_TOKENS) if _same(given, one)]
        return given if known else None


def make_api(name: str) -> NinjaAPI:
    """The API of a service; raises KeyError for a name that there is not."""
    tokens = bool(settings.SERVICE_TOKENS)
    api = NinjaAPI(
        title=name,
        version="1.0.0",
        urls_namespace=name,
        docs_url=None,  # the page would load its scripts from elsewhere
        auth=Token() if tokens else None,
        throttle=[AuthRateThrottle(settings.SERVICE_RATE)] if tokens else [],
    )
    api.add_exception_handler(Problem, _problem)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(HttpError, _http_error)
    api.add_router("", ROUTERS[name], tags=[name])
    for shared, router in SHARED.items():
        api.add_router(f"/{shared}", router, tags=[shared])

    @api.get("/", summary="What this is", auth=None)
    def root(request: HttpRequest) -> dict[str, Any]:
        """The service and its operations."""
        paths = sorted(path for path in api.get_openapi_schema()["paths"] if path != "/")
        return {
            "service": name,
            "port": PORTS[name],
            "description": "/openapi.json",
            "paths": paths,
        }

    @api.get("/status", summary="How it is")
    def status(request: HttpRequest) -> dict[str, Any]:
        """What a process of this service has to work with."""
        [queue] = [one for one in control.queues() if one.name == "default"]
        return {
            "service": name,
            "status": "running",
            "process": os.getpid(),
            "warm": warm.WARM.is_set(),
            "cpus": _cpus(),
            "workers": len(active_workers()),
            "calculations": {str(state): count for state, count in queue.counts.items()},
        }

    return api


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one, other)


def _problem(request: HttpRequest, error: Any) -> HttpResponse:
    answer: HttpResponse = error.response(request.path)
    return answer


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    return _problem(request, Problem(error.status_code, error.message))


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    found = [
        FieldError(
            source=str(one["loc"][0]),
            field=".".join(str(part) for part in one["loc"][2:]),
            detail=str(one["msg"]).removeprefix("Value error, "),
        )
        for one in error.errors
    ]
    return _problem(request, Problem(422, "Values are not valid; see errors.", errors=found))
