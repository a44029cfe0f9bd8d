"""Fields for what people write about games: numbers, a draw."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from generation.lotteries import MAX_POOL

LATEST = "latest"
MOST_DIGITS = 9

type Reference = tuple[int, ...] | int | str
"""The numbers of a draw, the operator's number of one that is stored, or LATEST."""

# As people say it in the languages of the pages.
_DRAW = re.compile(r"(?:draw|concurso|sorteio|sorteo)[\s:#]*(\d{1,9})", re.IGNORECASE)
_LATEST = {LATEST, "último", "ultimo"}


def named_draw(text: str) -> int | str | None:
    """The operator's number of a draw, or LATEST; None where the text names none."""
    found = _DRAW.fullmatch(text.strip())
    if found:
        return int(found[1])
    return LATEST if text.strip().lower() in _LATEST else None


class NumbersField(forms.CharField):
    """`7, 13`: numbers with commas or spaces between. Cleans to a tuple, or None for nothing."""

    def to_python(self, value: Any) -> Any:
        parts = re.split(r"[\s,;]+", str(value or "").strip())
        if parts == [""]:
            return None
        for part in parts:
            if not (part.isascii() and part.isdecimal() and len(part) <= MOST_DIGITS):
                raise ValidationError(
                    _("Expected numbers such as 7, 13; got '%(got)s'."), params={"got": part[:40]}
                )
            if not 1 <= int(part) <= MAX_POOL:
                raise ValidationError(
                    _("Numbers are 1 to %(most)s; got %(got)s."),
                    params={"most": MAX_POOL, "got": int(part)},
                )
        return tuple(map(int, parts))

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


class ReferenceField(NumbersField):
    """A draw: its numbers, `draw 2800` of those that are stored, or `latest`."""

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if (named := named_draw(text)) is not None:
            return named
        try:
            return super().to_python(text)
        except ValidationError as error:
            raise ValidationError(
                _("Write the draw's numbers, latest, or draw 2800. %(why)s"),
                params={"why": " ".join(error.messages)},
            ) from None
