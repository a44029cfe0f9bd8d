"""Our pages within the frame of the admin."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import AdminForm
from django.forms import Form
from django.http import HttpRequest
from django.template.response import TemplateResponse

FOLDER = "generation/admin"

type Fieldsets = list[tuple[Any, dict[str, Any]]]


def page(
    model_admin: "ModelAdmin[Any]", request: HttpRequest, template: str, **context: Any
) -> TemplateResponse:
    """A page on the model's behalf."""
    request.current_app = model_admin.admin_site.name
    frame = model_admin.admin_site.each_context(request)
    ours = {
        "opts": model_admin.opts,
        "media": model_admin.media,
        "is_below_list": model_admin.has_view_or_change_permission(request),
    }
    return TemplateResponse(request, f"{FOLDER}/{template}.html", frame | ours | context)


def form_page(
    model_admin: "ModelAdmin[Any]",
    request: HttpRequest,
    template: str,
    form: Form,
    fieldsets: Fieldsets,
    **context: Any,
) -> TemplateResponse:
    """A page with a form that is laid out as the admin's own are."""
    drawn = AdminForm(form, fieldsets, {}, model_admin=model_admin)  # type: ignore[arg-type]
    return page(model_admin, request, template, adminform=drawn, errors=form.errors, **context)
