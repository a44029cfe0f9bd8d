"""A site like the project's own, with routers that exist for the tests."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import path
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.rest.access import staff_only
from django_ray_runtime.rest.audit import audit
from django_ray_runtime.rest.pages import Page, PageQuery, paginate
from django_ray_runtime.rest.problems import Problem, invalid
from project.api import make_api
from project.auth import STAFF
from project.models import AuditEntry
from project.urls import urlpatterns as of_project


class Options(Schema):
    numbers: list[int] = Field(default_factory=list)


class Order(Schema):
    quantity: int = Field(ge=1)
    options: Options = Options()


class Row(Schema):
    id: Any


router = Router()


@router.get("/whoami")
def whoami(request: HttpRequest) -> dict[str, str]:
    return {"user": request.user.get_username()}


@router.post("/orders", response={201: Order})
def order(request: HttpRequest, order: Order) -> Status[Order]:
    if order.quantity == 13:
        raise invalid("body", "quantity", "13 is not made")
    with transaction.atomic():
        audit(request, "create", "order", order.quantity)
        if order.quantity == 99:
            raise Problem(409, "There is such an order; use another quantity.", kind="/p/twice")
    return Status(201, order)


@router.get("/tasks", response=Page[Row])
def tasks(request: HttpRequest, page: Query[PageQuery]) -> Any:
    return paginate(QueuedTask.objects.all(), page)


@router.get("/entries", response=Page[Row])
def entries(request: HttpRequest, page: Query[PageQuery]) -> Any:
    return paginate(AuditEntry.objects.all(), page, field="id")


@router.get("/tasks/{uuid:pk}")
def one_task(request: HttpRequest, pk: str) -> None:
    get_object_or_404(QueuedTask, pk=pk)


@router.get("/fails/{kind}")
def fails(request: HttpRequest, kind: str) -> None:
    raise {
        "crash": RuntimeError("the secret of the database"),
        "denied": PermissionDenied("not you"),
        "teapot": HttpError(418, "No coffee here."),
    }[kind]


@router.get("/careful")
@staff_only
def careful(request: HttpRequest) -> str:
    return "for staff"


@router.get("/unguarded", auth=None)
@staff_only
def unguarded(request: HttpRequest) -> str:
    """A mistake of a project that mounts a router for staff without authentication."""
    return "for staff"


staff = Router()


@staff.post("/orders")
def staff_order(request: HttpRequest, order: Order) -> str:
    return "ordered"


api = make_api()
api.add_router("", router)
api.add_router("/staff", staff, auth=STAFF)

urlpatterns = [
    *(one for one in of_project if str(one.pattern) != "api/v1/"),
    path("api/v1/", api.urls),
]
