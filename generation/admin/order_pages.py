"""The page on which a job is ordered: its figures come before it is submitted."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from django_ray_runtime.admin.words import grouped
from generation.admin.order_form import FIELDSETS, OrderForm
from generation.admin.pages import FOLDER, form_page
from generation.admin.quoting import Quote
from generation.jobs import submit_job
from generation.models import GenerationJob
from generation.orders import Order

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[GenerationJob]
else:
    _ModelAdmin = admin.ModelAdmin

type Figure = tuple[str, str]


class OrderPages(_ModelAdmin):
    """What the admin of jobs shows to order one."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.check_view)
        own = path("add/check/", view, name="generation_generationjob_check")
        return [own, *super().get_urls()]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form. A POST with `_check` shows it again with its figures; any other submits."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._form_page(request, OrderForm(initial=request.GET.dict()))
        form = OrderForm(request.POST, checking="_check" in request.POST)
        if form.is_valid() and form.order is not None and "_check" not in request.POST:
            try:
                return self._submit(request, form.order)
            except ValueError as error:  # what was possible a moment ago
                form.add_error(None, str(error))
        return self._form_page(request, form)

    @method_decorator(never_cache)
    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest) -> JsonResponse:
        """The figures of the form as it is now, as HTML; nothing is submitted."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = OrderForm(request.POST, checking=True)
        problems = [] if form.is_valid() else _problems(form)
        context = {"figures": _figures(form.quote), "problems": problems}
        return JsonResponse({"html": render_to_string(f"{FOLDER}/figures.html", context)})

    def _form_page(self, request: HttpRequest, form: OrderForm) -> HttpResponse:
        figures = _figures(form.quote)
        title = "Generate games"
        return form_page(self, request, "order", form, FIELDSETS, title=title, figures=figures)

    def _submit(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Submit it. Raises ValueError when it cannot be delivered."""
        with transaction.atomic():
            job = submit_job(order, owner=request.user)
            self.log_addition(request, job, "Submitted.")
        messages.success(request, f"Submitted: {job}.")
        if not self.has_view_or_change_permission(request, job):
            return HttpResponseRedirect(reverse(f"{self.admin_site.name}:index"))
        name = f"{self.admin_site.name}:generation_generationjob_change"
        return HttpResponseRedirect(reverse(name, args=[job.pk]))


def _figures(found: Quote | None) -> list[Figure]:
    """An order's figures, each with its name."""
    if found is None:
        return []
    price = _money(found.price, found.currency) if found.price is not None else "not known"
    figures = [
        ("Valid games", f"{'' if found.exact else 'at most '}{grouped(found.valid_games)}"),
        ("Price of a game", f"{price}{f' (as of {found.as_of})' if found.as_of else ''}"),
    ]
    if found.quantity is not None:
        figures.append(("Games", grouped(found.quantity)))
    if found.total is not None:
        figures.append(("Price in all", _money(found.total, found.currency)))
    if found.rest is not None:
        figures.append(("Left of the budget", _money(found.rest, found.currency)))
    return figures


def _money(amount: Any, currency: str) -> str:
    return f"{amount:,.2f} {currency}"


def _problems(form: OrderForm) -> list[tuple[str, str, str]]:
    """Each error with its field's label and the identifier of its element, "" for neither."""
    told = []
    for name, errors in form.errors.items():
        field = form[name] if name in form.fields else None
        place = (str(field.label), field.id_for_label) if field else ("", "")
        told += [(*place, str(error)) for error in errors]
    return told
