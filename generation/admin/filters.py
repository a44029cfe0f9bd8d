"""Filters of the lists of jobs and draws."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import ChoicesFieldListFilter, SimpleListFilter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from generation.admin.job_report import STATES, state_word
from generation.formats import FORMATS
from generation.lotteries import LOTTERIES

type Choices = list[tuple[str, str]]


class StateFilter(ChoicesFieldListFilter):
    """Of a job's task, in the reader's language."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("state")

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            name = str(choice["display"]).upper()
            known = {"display": state_word(name).capitalize()} if name in STATES else {}
            yield {**choice, **known}


class LotteryFilter(SimpleListFilter):
    title = _("lottery")
    parameter_name = "lottery"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(key, one.name) for key, one in LOTTERIES.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(lottery=value) if (value := self.value()) else queryset


class FormatFilter(SimpleListFilter):
    title = _("format")
    parameter_name = "format"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(name, name.upper()) for name in FORMATS]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(file_format=value) if (value := self.value()) else queryset
