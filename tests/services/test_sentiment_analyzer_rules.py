"""VADER's rules: what vaderSentiment itself gives, to the last digit, and each rule by name."""

import random
import string
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("vaderSentiment")

from vaderSentiment import vaderSentiment as vader

from ray_services.sentiment_analyzer import published, words
from ray_services.sentiment_analyzer.figure_kernels import rounded
from ray_services.sentiment_analyzer.scoring import score_texts
from ray_services.sentiment_analyzer.vocabulary import Vocabulary
from tests.services.sentiment_texts import NEUTRAL, PHRASES, RULED, SIGNS, texts_of

NAMES = ("compound", "pos", "neu", "neg")


@cache
def analyzer() -> Any:
    return vader.SentimentIntensityAnalyzer()


@cache
def known_words() -> tuple[str, ...]:
    return tuple(published.valences())


def of_vader(texts: list[str]) -> list[tuple[float, ...]]:
    found = map(analyzer().polarity_scores, texts)
    return [tuple(one[name] for name in NAMES) for one in found]


def of_ours(texts: list[str]) -> list[tuple[float, ...]]:
    scores = score_texts(texts)
    columns = (scores.compound, scores.positive, scores.neutral, scores.negative)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def compound(text: str) -> float:
    return float(score_texts([text]).compound[0])


def assert_same(texts: list[str]) -> None:
    for text, ours, theirs in zip(texts, of_ours(texts), of_vader(texts), strict=True):
        assert ours == theirs, text


def test_two_thousand_texts_score_as_vader_scores_them() -> None:
    assert_same(texts_of(1, 2000, known_words()))


@pytest.mark.slow
def test_twenty_thousand_texts_score_as_vader_scores_them() -> None:
    texts = texts_of(2, 20_000, known_words())
    assert len({one[0] for one in of_ours(texts)}) > 5000  # they differ from each other
    assert_same(texts)


@pytest.mark.parametrize("seed", range(3))
def test_texts_of_few_words_meet_every_rule_in_every_place(seed: int) -> None:
    few = ["good", "bad", "GOOD", "Horrible", "no", "hate", "great", "shit", "broken", "heart"]
    assert_same(texts_of(100 + seed, 2000, few))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*NEUTRAL, *RULED, *PHRASES, *SIGNS, "good", "BAD"]), max_size=12))
def test_any_row_of_pieces_scores_as_vader_scores_it(pieces: list[str]) -> None:
    assert_same([" ".join(pieces), "".join(pieces)])


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_scores_as_vader_scores_it(text: str) -> None:
    assert_same([text, f"good {text} bad", f"NOT{text}happy!"])


def test_texts_are_cut_where_python_cuts_them() -> None:
    signs = [chr(code) for code in range(1, 0x110000) if code < 0x3100 or chr(code).isspace()]
    texts = [f"a{sign}b {sign} {sign}{sign}c" for sign in signs]
    _, starts = Vocabulary({}, {}).encode(texts)
    assert np.diff(starts).tolist() == [len(text.split()) for text in texts]


def test_any_sign_may_be_in_a_text() -> None:
    signs = ["\0", "\ud800", "\udc00", "\ud83d\ude00", "\x1c", "\x85", "\U0010ffff", "\u200b"]
    assert_same([f"good{sign}bad {sign}VERY good{sign}" for sign in signs] + signs)
    assert_same([f"not good{sign} but bad" for sign in signs])


def test_valences_that_cancel_out_are_neutral() -> None:
    texts = [" ".join(order) for order in (["good"] * 3 + ["bad", "sad", "hate"],)]
    dice = random.Random(3)
    for _ in range(300):
        pieces = dice.choices(known_words(), k=30)
        texts.append(" ".join(pieces))
    assert_same(texts)


def test_the_word_lists_are_vaders() -> None:
    degrees = dict.fromkeys(words.RAISING, vader.B_INCR) | dict.fromkeys(
        [*words.LOWERING, *words.LOWERING_PHRASES], vader.B_DECR
    )
    assert degrees == vader.BOOSTER_DICT
    assert set(vader.NEGATE) == words.NEGATIONS
    idioms = {phrase: value for phrase, value in vader.SPECIAL_CASES.items() if " " in phrase}
    assert idioms == words.IDIOMS  # one of a single word is never looked up


def test_the_lexicon_is_vaders() -> None:
    assert published.valences() == analyzer().lexicon
    single = {sign: text for sign, text in analyzer().emojis.items() if len(sign) == 1}
    assert published.emoji() == single
    assert not any(sign.isspace() or sign.isascii() for sign in single)


@settings(max_examples=500)
@given(st.floats(-1, 1), st.sampled_from([3, 4]))
def test_figures_are_rounded_as_python_rounds(value: float, digits: int) -> None:
    assert rounded(value, 10.0**digits) == round(value, digits)


@pytest.mark.parametrize("value", [0.03125, 0.09375, -0.03125, 0.0625, 0.5, 1.0, 0.00005, 0.99995])
def test_ties_are_rounded_as_python_rounds_them(value: float) -> None:
    for digits in (3, 4):
        assert rounded(value, 10.0**digits) == round(value, digits)


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("the food is good", "the food is very good"),  # degree words
        ("the food is kind of good", "the food is good"),
        ("the food is barely good", "the food is good"),
        ("a very on table good day", "a on table very good day"),  # by distance
        ("the food is not good", "the food is good"),  # negation
        ("the food wasn't good", "the food was good"),
        ("it was never good", "it was never so good"),
        ("the least good day", "the very least good day"),
        ("good food but bad service", "bad food but good service"),  # the clause after "but"
        ("the food is good", "the food is GOOD"),  # capitals among others
        ("no good food", "good food"),
        ("the food is good", "the food is good!"),  # exclamation marks
        ("the food is good!", "the food is good!!!!"),
        ("is the food good", "is the food good??"),
        ("the food is bad", "the food is a bad ass"),  # idioms
        ("that was a fine bad yeah right", "that was a fine bad yeah"),
        ("nice day", "nice day 😀"),
        ("nice day :(", "nice day :)"),
    ],
)
def test_each_rule_moves_the_score(less: str, more: str) -> None:
    assert compound(less) < compound(more)


def test_a_fifth_exclamation_mark_changes_nothing() -> None:
    assert compound("good!!!!") == compound("good!!!!!!!!!")


def test_capitals_throughout_are_no_emphasis() -> None:
    assert compound("THE FOOD IS GOOD") == compound("the food is good")


def test_punctuation_around_words_is_dropped() -> None:
    for sign in string.punctuation.replace("!", "").replace("?", ""):
        assert compound(f"{sign}good{sign} food") == compound("good food")
