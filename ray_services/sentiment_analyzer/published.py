"""The published lexicon: data files of the package vaderSentiment, whose code is only run to
compare with."""

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ray_services.common.errors import LibraryMissing

PACKAGE = "vaderSentiment"
LEXICON, EMOJI = "vader_lexicon.txt", "emoji_utf8_lexicon.txt"


class LexiconMissing(LibraryMissing):
    """The package that carries the published lexicon is not installed, or not whole."""


@cache
def valences() -> dict[str, float]:
    """The mean rating of each word and emoticon, from -4 to 4. Raises LexiconMissing."""
    return {word: float(rating) for word, rating in _pairs(LEXICON)}


@cache
def emoji() -> dict[str, str]:
    """The description of each emoji of one code point. Raises LexiconMissing.

    Those of several are spelled out code point by code point, as VADER does.
    """
    return {sign: description for sign, description in _pairs(EMOJI) if len(sign) == 1}


def plain_scorer() -> Callable[[str], dict[str, float]]:
    """What scores one text as the package itself does: neg, neu, pos, compound. Raises
    LexiconMissing."""
    try:
        module: Any = import_module(f"{PACKAGE}.{PACKAGE}")
    except ImportError as error:
        raise LexiconMissing(
            f"Comparing needs the package {PACKAGE}, which cannot be imported: {error}. Install "
            f"it: pip install {PACKAGE}"
        ) from None
    scorer: Callable[[str], dict[str, float]] = module.SentimentIntensityAnalyzer().polarity_scores
    return scorer


def _pairs(name: str) -> Iterator[tuple[str, str]]:
    for line in _folder().joinpath(name).read_bytes().decode("utf-8").split("\n"):
        if line.strip():
            word, value, *_ = line.strip().split("\t")
            yield word, value


def _folder() -> Path:
    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place)
        if all((folder / name).is_file() for name in (LEXICON, EMOJI)):
            return folder
    raise LexiconMissing(
        f"Scoring needs {LEXICON} and {EMOJI} of the package {PACKAGE}, which is not installed or "
        f"lacks them. Install it: pip install {PACKAGE}"
    )
