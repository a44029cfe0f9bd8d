"""Data sets of one's own: uploaded, listed, deleted."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from django_ray_runtime.rest.audit import audit
from pages.access import signed_in
from pages.services.refusals import said
from ray_services import data_sets
from ray_services.common.errors import BadInput
from ray_services.common.tables import MOST_BYTES
from ray_services.doors.answering import owner_of
from ray_services.doors.uploading import added
from ray_services.sizes import too_large

KINDS = {
    "prices": gettext_lazy("Prices of many tickers: date, ticker, adj_close"),
    "daily": gettext_lazy("Days of one asset: Date, Adj Close"),
    "bars": gettext_lazy("Bars of five minutes: datetime, open, high, low, close, volume"),
    "texts": gettext_lazy("Texts: text, and date if there is one"),
    "engagement": gettext_lazy("Engagement: date, symbol, twitterPosts, twitterLikes, …"),
    "factors": gettext_lazy("Monthly factors: date, mkt_rf, smb, hml, rmw, cma, rf"),
}


class UploadForm(forms.Form):
    """A file and what it is."""

    kind = forms.ChoiceField(label=gettext_lazy("What is in it"), choices=list(KINDS.items()))
    file = forms.FileField(
        label=gettext_lazy("CSV or Parquet file"),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".csv,.parquet,.json,.jsonl,.ndjson,.txt"}),
    )


@csrf_exempt  # checked below: what is too large is refused before anything reads it
def own_data(request: HttpRequest) -> HttpResponseBase:
    """The list, and the form that adds to it."""
    refused = too_large(request)
    if refused is not None and request.user.is_authenticated:
        return _page(request, UploadForm(), refused.status, said(refused.detail))
    return _own_data(request)


@csrf_protect
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def _own_data(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, UploadForm(initial={"kind": request.GET.get("kind", "prices")}))
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            return _stored(request, form.cleaned_data["kind"], form.cleaned_data["file"])
        except BadInput as error:
            form.add_error("file", said(str(error).removeprefix("file: ")))
    return _page(request, form, 422)


def _stored(request: HttpRequest, kind: str, file: Any) -> HttpResponseRedirect:
    """Raises BadInput."""
    found, new = added(request, kind, file)
    told = _("%(name)s is stored: choose it in the forms.") if new else _("%(name)s was there.")
    messages.success(request, told % {"name": found.name})
    return redirect("pages:data_sets")


@signed_in
@require_POST
def delete(request: HttpRequest, sha256: str) -> HttpResponseRedirect:
    """Of the reader's own."""
    with transaction.atomic():
        if not data_sets.remove(owner_of(request), sha256):
            raise Http404(_("There is no such data set of yours."))
        audit(request, "delete", "data set", sha256)
    return redirect("pages:data_sets")


def _page(
    request: HttpRequest, form: UploadForm, status: int = 200, refused: str = ""
) -> HttpResponse:
    own = data_sets.data_sets_of(owner_of(request))
    context = {"here": "services", "form": form, "own": own, "most": MOST_BYTES}
    context["refused"] = refused
    return render(request, "pages/services/data_sets.html", context, status=status)


urlpatterns = [
    path("data-sets/", own_data, name="data_sets"),
    path("data-sets/<str:sha256>/delete/", delete, name="delete_data_set"),
]
