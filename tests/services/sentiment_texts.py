"""Texts in which VADER's rules meet each other, made from a seed."""

import random
from collections.abc import Callable, Sequence

_NEUTRAL = """
the a of it market stock price today company report table on in to and we they there
is was chart call number street office paper week at kind sort just enough or nor this doubt but
least very so for die right stop bus hearts death
"""
NEUTRAL = _NEUTRAL.split()
_RULED = """
no No NO not never none without don't isn't can't wouldn't Cannot seldom despite but BUT
But least Least so this very VERY kinda Hardly slightly really REALLY extremely most less uh-uh
sort-of somewhat ain't n't xn'ty without doubt never so or nor
"""
RULED = _RULED.split()
PHRASES = [
    "kind of", "sort of", "just enough", "the shit", "the bomb", "bad ass", "badass", "bus stop",
    "yeah right", "kiss of death", "to die for", "beating heart", "broken heart", "never so",
    "never this", "without doubt", "without a doubt", "at least", "very least", "the least",
    "no good", "no fun or joy", "no good nor bad", "KIND of", "Kiss Of Death", "not so", "so very",
]  # fmt: skip
SIGNS = [
    ":)", ":(", ":D", ":-)", "<3", "</3", ";)", "XD", "(:", ":'(", "😀", "😭", "💔", "💘", "👍🏽",
    "☺️", "❤", "😀😭", "great😀", "😂!", "🤷‍♀️", "!", "?", "!!!", "??", "???", "?!?!", "...", "$",
    "$AAPL", "#win", "@you", "https://example.com/a?b=c!", "5", "1337", "é", "naïve", "—", "“good”",
]  # fmt: skip
ENDS = ["", "", "", "", "!", "!!", "!!!!!", "?", "??", "???", "????", ".", ",", ";", "...", "'s",
        '"', "*", "_", " -"]  # fmt: skip
SPACES = [" "] * 12 + ["  ", "\n", "\t", "\u00a0", "\r\n"]


def texts_of(seed: int, count: int, known: Sequence[str]) -> list[str]:
    """`count` texts of up to 25 pieces; `known` are words of the lexicon."""
    dice = random.Random(seed)
    return [_text(dice, known) for _ in range(count)]


def _text(dice: random.Random, known: Sequence[str]) -> str:
    sources: list[Sequence[str]] = [NEUTRAL, RULED, known, PHRASES, SIGNS]
    parts: list[str] = []
    for _ in range(dice.randrange(0, 26)):
        source = dice.choices(sources, [3, 3, 4, 1, 1])[0]
        piece = dice.choice(_CASES)(dice.choice(source))
        parts += [piece, dice.choice(ENDS) if dice.random() < 0.3 else "", dice.choice(SPACES)]
    text = "".join(parts)
    return text.upper() if dice.random() < 0.05 else text


def _same(piece: str) -> str:
    return piece


_CASES: list[Callable[[str], str]] = [_same] * 6 + [str.upper, str.capitalize, str.swapcase]
