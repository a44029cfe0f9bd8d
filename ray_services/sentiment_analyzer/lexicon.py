"""Which words carry how much: the published lexicon, words of finance, and a caller's own."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from ray_services.common.errors import BadInput
from ray_services.sentiment_analyzer import published
from ray_services.sentiment_analyzer.finance import FINANCE
from ray_services.sentiment_analyzer.words import LOWERING, RAISING, as_word

STRONGEST = 4.0
MOST_ENTRIES = 10_000
LONGEST_WORD = 100


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A choice of words: small, hashable, and cheap to send to other processes.

    Later ones win: the published lexicon, then words of finance where `finance` is on, then
    `entries`, pairs of a word and its valence from -4 to 4. Raises BadInput for an entry that
    could never be found in a text.
    """

    finance: bool = False
    entries: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if len(self.entries) > MOST_ENTRIES:
            raise BadInput(
                f"expected up to {MOST_ENTRIES:,} entries, got {len(self.entries):,}.",
                field="lexicon",
                remedy="Leave out words that the texts do not hold.",
            )
        checked = dict(_entry(row, *pair) for row, pair in enumerate(self.entries, 1))
        object.__setattr__(self, "entries", tuple(sorted(checked.items())))

    def extended(self, entries: Mapping[str, float]) -> Self:
        """The same lexicon with further words, which win over those it has."""
        return type(self)(self.finance, (*self.entries, *entries.items()))

    @property
    def valences(self) -> dict[str, float]:
        """The valence of each word, of all sources together. Raises LexiconMissing."""
        return _valences(self)


@lru_cache(maxsize=8)
def _valences(lexicon: Lexicon) -> dict[str, float]:
    finance = FINANCE if lexicon.finance else {}
    return {**published.valences(), **finance, **dict(lexicon.entries)}


def _entry(row: int, word: object, valence: object) -> tuple[str, float]:
    """The entry as it is kept, or BadInput."""

    def refuse(message: str, remedy: str) -> BadInput:
        return BadInput(message, field="lexicon", row=row, remedy=remedy)

    if not isinstance(word, str) or not word.strip():
        raise refuse(f"expected a word, got {word!r}.", "Give each entry a word.")
    kept = word.strip().lower()
    if len(kept) > LONGEST_WORD or len(kept.split()) > 1:
        raise refuse(
            f"expected one word of up to {LONGEST_WORD} characters, got {kept[:LONGEST_WORD]!r}.",
            "Texts are looked up word by word: give the phrase's telling word.",
        )
    if as_word(kept) != kept:
        raise refuse(
            f"{kept!r} is never found, for punctuation around words is dropped.",
            f"Give {as_word(kept)!r}.",
        )
    if kept in RAISING or kept in LOWERING:
        raise refuse(
            f"{kept!r} is a degree word, which changes the valence of others and has none.",
            "Leave it out.",
        )
    if not published.emoji().keys().isdisjoint(kept):
        raise refuse(
            f"{kept!r} is never found, for emoji are replaced by their description.",
            "Give a telling word of that description.",
        )
    if isinstance(valence, bool) or not isinstance(valence, int | float):
        raise refuse(f"expected a number for {kept!r}, got {valence!r}.", "Give -4 to 4.")
    if not (math.isfinite(valence) and abs(valence) <= STRONGEST):
        raise refuse(f"expected a valence from -4 to 4 for {kept!r}, got {valence!r}.", "Scale it.")
    return kept, float(valence)
