"""Names of fields, in what a form is told about its values."""

import re
from collections.abc import Iterable


class Wording:
    """Turns `min_odd=5 is greater than max_odd=3` into `min odd 5 is greater than max odd 3`."""

    def __init__(self, names: Iterable[str]) -> None:
        longest_first = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
        self._named = re.compile(rf"\b({longest_first})\b(=?)")

    def first_named(self, text: str) -> str | None:
        """The first field that the text names."""
        found = self._named.search(text)
        return found[1] if found else None

    def said(self, text: str) -> str:
        """The text with the names as words, as a sentence."""
        told = self._named.sub(_words, text)
        return f"{told[:1].upper()}{told[1:]}."


def _words(found: re.Match[str]) -> str:
    return found[1].replace("_", " ") + (" = " if found[2] else "")
