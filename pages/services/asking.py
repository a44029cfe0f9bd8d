"""From a form to an answer: what is small is computed at once, what is large gets its own page.

A service's page is a QuestionForm, a template that extends `pages/services/ask.html`, and Results:

    class PricesForm(QuestionForm):
        service = "garch-predictor"
        assets = forms.CharField(label=_("Tickers"))

        def question(self):
            return "predict-volatility", {"assets": self.cleaned_data["assets"].split()}

    @signed_in
    @require_http_methods(["GET", "HEAD", "POST"])
    def garch(request):
        return answer_page(request, PricesForm, "pages/services/garch.html")

A GET shows the form with its defaults, or with what the address says; a POST answers it, or leads
to the page of its calculation. How an answer looks is registered in `pages.services.results`.
"""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from pydantic import ValidationError

from django_ray_runtime.rest.problems import Problem
from pages.services.answered import Answered
from pages.services.refusals import said, said_of_value
from pages.services.results import shown
from ray_services.calculations import Outcome
from ray_services.data_sets import data_sets_of
from ray_services.doors.answering import ask, owner_of
from ray_services.models import DataSet
from ray_services.operations import operation


class QuestionForm(forms.Form):
    """What is asked of one service. Fields are named as the body's; `places` says where to show
    what is wrong with a field of the body that is none of the form's."""

    service = ""
    places: dict[str, str] = {}
    kinds: dict[str, tuple[str, ...]] = {}
    """By the name of a ChoiceField of data sets: their kinds. Its choices are the built-in data,
    which is "", and the owner's own, by SHA-256."""

    def __init__(self, data: Any = None, *, owner: str, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.kind_of: dict[str, str] = {}  # of the owner's data sets, by SHA-256
        for name, kinds in self.kinds.items():
            own = data_sets_of(owner, *kinds)
            self.kind_of |= {one.sha256: one.kind for one in own}
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [("", _("Built-in example data")), *map(_choice, own)]

    def question(self) -> tuple[str, dict[str, Any]]:
        """The operation and its body, of `cleaned_data`. Empty values are best left out: then the
        service's own defaults hold."""
        raise NotImplementedError

    def refuse(self, field: str, told: str) -> None:
        """Show what is wrong at its field; above all of them where there is none."""
        name = self.place_of(field)
        if name not in self.fields:
            self.add_error(None, said(told))
            return
        # There it need not be named again; a row is still to be found: `row 3, prices: …`.
        told = re.sub(rf"^(row \d+)?(?:, )?{re.escape(field)}: ", r"\1: ", told)
        self.add_error(name, said(told.removeprefix(": ")))

    def place_of(self, field: str) -> str:
        """The form's field at which a field of the body is told of."""
        first = field.partition(".")[0]
        return self.places.get(first, first)

    def told(self) -> dict[str, Any]:
        """The values that were sent, without those that are empty."""
        return {name: value for name, value in self.cleaned_data.items() if value not in EMPTY}


EMPTY: tuple[Any, ...] = (None, "", [], ())


def answer_page(
    request: HttpRequest, form_class: type[QuestionForm], template: str, **more: Any
) -> HttpResponse:
    """The whole page: the form, and below it the answer where it has one."""
    owner = owner_of(request)
    context: dict[str, Any] = {"here": "services", **more}
    if request.method != "POST":
        form = form_class(owner=owner, initial=_initial(request, form_class))
        return render(request, template, context | {"form": form})
    form = form_class(request.POST, owner=owner)
    found = _answer(request, form) if form.is_valid() else None
    if isinstance(found, Outcome):
        return redirect("pages:calculation", found.calculation.id)
    if found is not None:
        return render(request, template, context | {"form": form, **shown(found)})
    return render(request, template, context | {"form": form}, status=422)


def _answer(request: HttpRequest, form: QuestionForm) -> Answered | Outcome | None:
    """None where it is refused: the form then tells why."""
    name, values = form.question()
    try:
        body = operation(form.service, name).body.model_validate(values)
        found = ask(request, form.service, name, body)
    except ValidationError as error:
        for one in error.errors():
            place = ".".join(str(part) for part in one["loc"])
            form.refuse(place, said_of_value(one))
        return None
    except Problem as problem:
        for wrong in problem.errors:
            form.refuse(wrong["field"], wrong["detail"])
        if not problem.errors:
            form.refuse("", problem.detail)
        return None
    if isinstance(found, Outcome):
        return found
    return Answered(owner_of(request), form.service, name, body, found)


def _initial(request: HttpRequest, form_class: type[QuestionForm]) -> dict[str, Any]:
    """What the address says: another page may lead here with a wish."""
    known: Iterable[str] = form_class.base_fields
    return {name: request.GET[name] for name in known if name in request.GET}


def _choice(own: DataSet) -> tuple[str, str]:
    """A data set by its SHA-256, and what is in it, in short."""
    ends = [str(own.about[name]) for name in ("first", "last") if name in own.about]
    return own.sha256, " · ".join([own.name, *ends])
