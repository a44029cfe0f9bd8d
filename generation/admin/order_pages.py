"""The page on which a job is ordered: its figures come before it is submitted."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from django_ray_runtime.admin.words import grouped
from django_ray_runtime.rest.audit import audit
from generation.admin.job_cells import named
from generation.admin.order_layout import FIELDSETS, AdminOrderForm
from generation.admin.pages import FOLDER, form_page
from generation.forms.order import OrderForm
from generation.jobs import store_job
from generation.lotteries import Lottery, get_lottery
from generation.models import GenerationJob
from generation.offers import Offer
from generation.orders import CheckedOrder
from generation.prices import current_prices

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
            return self._form_page(request, AdminOrderForm(initial=request.GET.dict()))
        form = AdminOrderForm(request.POST, checking="_check" in request.POST)
        if form.is_valid() and form.checked is not None and "_check" not in request.POST:
            return self._submit(request, form.checked, form.key)
        return self._form_page(request, form)

    @method_decorator(never_cache)
    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest) -> JsonResponse:
        """The figures of the form as it is now, as HTML; nothing is submitted."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = AdminOrderForm(request.POST, checking=True)
        problems = [] if form.is_valid() else _problems(form)
        context = {"figures": _figures(form), "problems": problems}
        return JsonResponse({"html": render_to_string(f"{FOLDER}/figures.html", context)})

    def _form_page(self, request: HttpRequest, form: OrderForm) -> HttpResponse:
        figures = _figures(form)
        title = _("Generate games")
        return form_page(self, request, "order", form, FIELDSETS, title=title, figures=figures)

    def _submit(self, request: HttpRequest, checked: CheckedOrder, key: str) -> HttpResponse:
        try:
            with transaction.atomic():
                job = store_job(checked, owner=request.user, idempotency_key=key)
                self.log_addition(request, job, "Submitted.")
                audit(request, "submit", "job", job.id)
            messages.success(request, _("Submitted: %(job)s.") % {"job": named(job)})
        except IntegrityError:
            job = GenerationJob.objects.get(owner=request.user.pk, idempotency_key=key)
            told = _("It had been submitted already: %(job)s.")
            messages.info(request, told % {"job": named(job)})
        if not self.has_view_or_change_permission(request, job):
            return HttpResponseRedirect(reverse(f"{self.admin_site.name}:index"))
        name = f"{self.admin_site.name}:generation_generationjob_change"
        return HttpResponseRedirect(reverse(name, args=[job.pk]))


def _figures(form: OrderForm) -> list[Figure]:
    """An order's figures, each with its name."""
    found = form.offer
    if found is None:
        return []
    lottery = get_lottery(form.cleaned_data["lottery"])
    amounts = [(_("Price in all"), found.total), (_("Left of the budget"), found.rest)]
    games = [(_("Games"), grouped(found.quantity))] if found.quantity is not None else []
    valid = grouped(found.valid_games)
    return [
        (_("Valid games"), valid if found.exact else _("at most %(n)s") % {"n": valid}),
        (_("Price of a game"), _price(found, lottery)),
        *games,
        *((name, _money(amount, found)) for name, amount in amounts if amount is not None),
    ]


def _price(found: Offer, lottery: Lottery) -> str:
    if found.price is None:
        return _("not known")
    price = _money(found.price, found)
    if lottery.key in current_prices() or not lottery.price_as_of:
        return price
    return _("%(price)s (as of %(time)s)") % {"price": price, "time": lottery.price_as_of}


def _money(amount: Decimal, found: Offer) -> str:
    shown = number_format(round(amount, 2), 2, use_l10n=True, force_grouping=True)
    return f"{shown} {found.currency}"


def _problems(form: OrderForm) -> list[tuple[str, str, str]]:
    """Each error with its field's label and the identifier of its element, "" for neither."""
    told = []
    for name, errors in form.errors.items():
        field = form[name] if name in form.fields else None
        place = (str(field.label), field.id_for_label) if field else ("", "")
        told += [(*place, str(error)) for error in errors]
    return told
