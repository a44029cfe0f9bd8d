"""What a service refuses, in the reader's language.

The services say it in English, with the names of fields (`expected at least 251 prices, …`): REST
and the command line show that. Here what the pages' forms can meet is said with gettext, with the
same rows, columns, bounds and suggestions; a refusal that is not known is shown as it came.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from pages.services.data_refusals import OF_DATA
from pages.services.intraday_words import parameter_words
from pages.services.question_refusals import OF_QUESTIONS
from pages.services.type_refusals import OF_TYPES

LONGEST = 1_000
"""Characters of a refusal that is looked up, which takes the longer the more there are: a header
of many columns can have any number."""
_NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?")
_SHARE = r"-?(?:\d+(?:\.\d+)?(?:e[-+]\d+)?|inf|nan)"
_ROW = re.compile(r"row (?P<row>[\d,]+)(?:, (?P<column>[^:]+))?: (?P<told>.+)", re.DOTALL)
_FIELD = re.compile(r"(?P<column>[^:]+): (?P<told>.+)", re.DOTALL)


def pattern_of(template: str) -> re.Pattern[str]:
    """What texts look like: `<name>` is anything, as is what `…` leaves out."""
    parts = re.split(r"(<\w+>|…)", template)
    return re.compile("".join(map(_part, parts)), re.DOTALL)


def _part(part: str) -> str:
    if part.startswith("<share"):
        return f"(?P{part}{_SHARE})"
    if part.startswith("<") and part.endswith(">"):
        return f"(?P{part}.+?)"
    return ".*" if part == "…" else re.escape(part)


KNOWN = [(pattern_of(text), words) for text, words in (*OF_QUESTIONS, *OF_DATA)]


def said(told: str) -> str:
    """A refusal in the reader's language, with the row and column that it begins with."""
    if len(told) > LONGEST:
        return told
    if (known := _known(told)) is not None:
        return known
    if found := _ROW.fullmatch(told):
        if (known := _known(found["told"])) is not None:
            row = {"row": _written("row", found["row"]), "told": known}
            if not found["column"]:
                return _("row %(row)s: %(told)s") % row
            return _("row %(row)s, %(column)s: %(told)s") % (row | {"column": found["column"]})
    elif (found := _FIELD.fullmatch(told)) and (known := _known(found["told"])) is not None:
        return f"{found['column']}: {known}"
    return told


def said_of_value(error: Any) -> str:
    """What pydantic refuses (an ErrorDetails), by its type; what a service's own check says is
    left as it is, for `said`."""
    words = OF_TYPES.get(error["type"])
    if words is None:
        return str(error["msg"]).removeprefix("Value error, ")
    context = error.get("ctx", {}).items()
    return str(words) % {
        name: _written(name, str(value).removesuffix(".0")) for name, value in context
    }


def said_of_failure(line: str) -> str:
    """The line of a calculation that failed: what was refused, without the name of its class."""
    refused = re.match(r"ray_services\.[\w.]+\.(?:BadInput|Infeasible|Contradiction): ", line)
    if refused is None:
        return line
    told = line[refused.end() :]
    words = said(told)
    return line if words == told else words


def _known(told: str) -> str | None:
    for pattern, words in KNOWN:
        if found := pattern.fullmatch(told):
            values = {name: _written(name, value) for name, value in found.groupdict().items()}
            return str(words) % values
    return None


def _written(name: str, value: str) -> str:
    """As it is written where the reader lives. Names tell what needs more than that: parts of 1
    are told in per cent, parameters by their words."""
    if name.startswith("share"):
        value = f"{100 * float(value):.6g}"
    if name == "parameter":
        return parameter_words(value)
    if name in {"either", "expected"}:
        return value.replace(" or ", ", ")
    if value in _WORDS:
        return _WORDS[value]()
    if not _NUMBER.fullmatch(value):
        return value
    number = Decimal(value.replace(",", ""))
    return number_format(number, use_l10n=True, force_grouping="," in value)


_WORDS: dict[str, Callable[[], str]] = {
    "None": lambda: "…",
    "nothing": lambda: _("nothing"),
    "their start": lambda: _("their start"),
    "their end": lambda: _("their end"),
}
