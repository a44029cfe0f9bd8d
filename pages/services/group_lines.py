"""Limits of groups as people write them: `technology: AAPL, MSFT <= 40`."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_LINE = re.compile(r"([^:<>=]+):([^:<>=]+?)((?:[<>]=?\s*-?\d+(?:\.\d+)?\s*%?\s*){1,2})")
_LIMIT = re.compile(r"([<>])=?\s*(-?\d+(?:\.\d+)?)")
SIDES = {"<": "upper", ">": "lower"}


def groups_of(text: str) -> list[dict[str, Any]]:
    """A group for each line: name, tickers, and what they weigh together as parts of 1.

    Raises ValidationError with the number of a line that cannot be read.
    """
    lines = enumerate(text.splitlines(), start=1)
    return [_group(number, line.strip()) for number, line in lines if line.strip()]


def _group(number: int, line: str) -> dict[str, Any]:
    found = _LINE.fullmatch(line)
    tickers = re.split(r"[\s,;]+", found[2].strip(" ,;")) if found else []
    if not found or not all(tickers):
        told = _("Line %(n)s: write a name, tickers and a limit in per cent: technology: AAPL, "
                 "MSFT <= 40")  # fmt: skip
        raise ValidationError(told % {"n": number})
    limits = {SIDES[sign]: float(value) / 100 for sign, value in _LIMIT.findall(found[3])}
    return {"name": found[1].strip(), "tickers": tickers, **limits}
