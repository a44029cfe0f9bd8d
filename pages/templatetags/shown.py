"""Numbers, money and times in the words of the reader's language."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pages.states import state_words

register = template.Library()
register.filter("state_words", state_words)

SYMBOLS = {"BRL": "R$", "USD": "US$", "GBP": "£", "EUR": "€"}


@register.filter
def grouped(value: Any, digits: int | None = None) -> str:
    """`1,234,567`, `1.234.567`: a number as it is written where the reader lives."""
    if value is None or value == "":
        return ""
    if digits is not None and isinstance(value, float):
        value = Decimal(f"{value:.{digits}f}") + 0  # Django would cut the rest off; -0.0 is 0
    return number_format(value, decimal_pos=digits, use_l10n=True, force_grouping=True)


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """`R$ 6,00`"""
    return "" if amount is None else f"{SYMBOLS.get(currency, currency)}\u00a0{grouped(amount, 2)}"


@register.filter
def percent(share: float | None, digits: int = 0) -> str:
    """`12.5 %` of 0.125."""
    return "" if share is None else f"{grouped(100 * float(share), digits)}\u00a0%"


@register.filter
def short(value: float | None) -> str:
    """`2.4 M` of 2,400,000: three digits are enough to look at."""
    if value is None:
        return ""
    size, unit = abs(value), ""
    for step, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= step:
            value, unit = value / step, f"\u00a0{name}"
            break
    return f"{grouped(value, 0 if abs(value) >= 100 else 1)}{unit}"


@register.filter
def duration(seconds: float | None) -> str:
    """How long something takes: `0.4 s`, `2 min 5 s`, `3 h 20 min`."""
    if seconds is None:
        return ""
    if seconds < 10:
        return _("%(n)s s") % {"n": grouped(seconds, 1)}
    whole = round(seconds)
    if whole < 60:
        return _("%(n)s s") % {"n": whole}
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return _("%(min)s min %(s)s s") % {"min": minutes, "s": rest}
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return _("%(h)s h %(min)s min") % {"h": hours, "min": minutes}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}


@register.filter
def one_in(share: Any) -> str:
    """A chance as `1 in 50,063,860`."""
    if not share:
        return ""
    against = float(1 / share)
    return _("1 in %(n)s") % {"n": grouped(against, 1 if against < 1000 else 0)}


@register.filter
def ending(identifier: Any) -> str:
    """The end of a task's identifier; its beginning is the time."""
    return str(identifier)[-8:]
