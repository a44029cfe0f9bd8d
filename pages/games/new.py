"""The page on which games are ordered: its figures come as it is filled in."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from django_ray_runtime.rest.audit import audit
from generation.formats import FORMATS
from generation.jobs import store_job
from generation.limits import TooManyJobs, demand_turn
from generation.lotteries import LOTTERIES
from generation.models import GenerationJob
from generation.orders import CheckedOrder
from pages.access import signed_in
from pages.games.figures import figures_of
from pages.games.tickets import cells_of, columns_of, states_of
from pages.games.wishes import Shape, WishForm, shape_of, sliders_of, without_untouched

LISTS = ("fixed_numbers", "allowed_numbers", "excluded_numbers")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def new_games(request: HttpRequest) -> HttpResponse:
    """The form, filled in with what the address says; a POST submits."""
    if request.method != "POST":
        values = without_untouched(request.GET)
        return _page(request, WishForm(_shaped(values), checking=True))
    form = WishForm(request.POST)
    if form.is_valid() and form.checked is not None:
        try:
            return _submitted(request, form.checked, form.key)
        except TooManyJobs as error:
            form.add_error(None, form.said(str(error)))
    return _page(request, form, status=422)


@signed_in
@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """The figures of the form as it is now; nothing is submitted."""
    form = WishForm(request.POST, checking=True)
    form.is_valid()
    sent = [field for field in form if field.name in request.POST and not field.is_hidden]
    context = {
        "form": form, "figures": figures_of(form), "problems": _problems(form), "fields": sent,
    }  # fmt: skip
    return render(request, "pages/games/figures.html", context)


def _problems(form: WishForm) -> list[tuple[str, str]]:
    """Each error once, with the field that it is about; "" for none."""
    found = {
        str(error): name if name in form.fields else ""
        for name, errors in form.errors.items()
        for error in errors
    }
    return [(name, told) for told, name in found.items()]


def _shaped(values: dict[str, str]) -> dict[str, str]:
    """What fits the lottery: another one may have been chosen for wishes that were there."""
    shape = shape_of(values.get("lottery"), values.get("numbers_per_game"))
    values |= {"lottery": shape.lottery.key, "numbers_per_game": str(shape.picks)}
    values["once"] = uuid4().hex  # of this form: the same order may be placed again by another
    values.setdefault("file_format", FORMATS[0])
    for name in LISTS:
        numbers = [n for n in values.get(name, "").replace(",", " ").split() if n.isdecimal()]
        fitting = [n for n in numbers if len(n) < 4 and 1 <= int(n) <= shape.lottery.pool]
        values[name] = ", ".join(fitting)
    if shape.lottery.second is None:
        values.pop("second_numbers_per_game", None)
    return values


def _page(request: HttpRequest, form: WishForm, status: int = 200) -> HttpResponse:
    form.is_valid()
    shape = shape_of(form.data.get("lottery"), form.data.get("numbers_per_game"))
    context = {
        "here": "new",
        "form": form,
        "shape": shape,
        "lotteries": LOTTERIES.values(),
        "sliders": [_slider(form, one) for one in sliders_of(shape)],
        "cells": cells_of(shape.lottery, _states(form)),
        "grid_columns": columns_of(shape.lottery),
        "figures": figures_of(form),
        "problems": _problems(form),
        "submitted": request.method == "POST",
        **_more(form, shape),
    }
    return render(request, "pages/games/new.html", context, status=status)


def _slider(form: WishForm, slider: Any) -> dict[str, Any]:
    """With the values that it shows."""
    low = form.data.get(slider.low) or slider.least
    high = form.data.get(slider.high) or slider.most
    names = [name for name in (slider.low, slider.high) if name]
    errors = {name: form.errors.get(name, [""])[0] for name in names}
    return {"is": slider, "from": low, "to": high, "errors": errors}


def _states(form: WishForm) -> dict[int, str]:
    found = [form.cleaned_data.get(name) or () for name in LISTS]
    return states_of(*found)


def _more(form: WishForm, shape: Shape) -> dict[str, Any]:
    """The wishes that few have, and whether any of them was made."""
    digits = bool(shape.lottery.digits)
    names = ["min_primes", "max_primes", "min_fibonacci", "max_fibonacci", "min_multiples_of_3",
             "max_multiples_of_3", "max_per_row", "max_per_column", "reference_draw",
             "min_repeats", "max_repeats", "exclude_past", "exclude_past_from",
             "min_repetition", "max_repetition", "seed"]  # fmt: skip
    shown = names[-1:] if digits else names
    return {
        "more": [form[name] for name in shown],
        "more_is_open": any(form.data.get(name) for name in shown) or bool(form.errors),
    }


def _submitted(request: HttpRequest, checked: CheckedOrder, key: str) -> HttpResponseRedirect:
    """Raises TooManyJobs."""
    try:
        with transaction.atomic():
            demand_turn(request.user)
            job = store_job(checked, owner=request.user, idempotency_key=key)
            audit(request, "submit", "job", job.id)
    except IntegrityError:
        job = GenerationJob.objects.get(owner=request.user.pk, idempotency_key=key)
        messages.info(request, _("It had been submitted already: this is it."))
    return redirect("pages:job", job.id)
