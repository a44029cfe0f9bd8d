"""What pages say: refusals as people do, numbers as they are written where the reader lives."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.utils import translation

from django_ray_runtime.states import State
from generation.charts import Voice, charts_of
from generation.chunks import run_chunk
from generation.constraints import GameConstraints
from generation.lotteries import get_lottery
from generation.statistics import statistics
from generation.tally import Tally
from pages.games.chart_words import SAID
from pages.games.refusals import _KNOWN, said
from pages.games.wishes import WishForm
from pages.states import state_words
from pages.templatetags.shown import duration, grouped, money, one_in, percent, short

FORM = {"lottery": "mega-sena", "numbers_per_game": "6", "file_format": "csv", "quantity": "10"}


def refused(**values: str) -> str:
    form = WishForm(FORM | values)
    assert not form.is_valid()
    return " ".join(error for errors in form.errors.values() for error in errors)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"min_odd": "4", "max_odd": "2"}, "At least 4 and at most 2: swap them"),
        ({"fixed_numbers": "7", "excluded_numbers": "7"}, "Fixed and excluded at once: 7."),
        ({"fixed_numbers": "7", "allowed_numbers": "1,2,3,4,5,6"}, "Fixed, but not allowed: 7."),
        ({"fixed_numbers": "1,2,3,4,5,6,7"}, "7 numbers are fixed, but a game has 6"),
        ({"allowed_numbers": "1,2,3"}, "Only 3 numbers are left, but a game has 6"),
        ({"min_primes": "7"}, "A game has only 6 numbers"),
        ({"fixed_numbers": "1,3,5", "max_odd": "2"}, "The fixed numbers alone are above 2"),
        ({"min_sum": "346"}, "The greatest sum that is possible is 345"),
        ({"max_sum": "20"}, "The least sum that is possible is 21"),
        ({"fixed_numbers": "61"}, "Mega-Sena has the numbers 1 to 60: take 61 out."),
        ({"numbers_per_game": "21"}, "A ticket of Mega-Sena has 6 to 20 numbers."),
        ({"fixed_numbers": "7", "quantity": "6000000"}, "but only 5,006,386 are possible"),
        ({"quantity": "20000000"}, "A job makes at most 10,000,000 games"),
        ({"quantity": "", "budget": "5"}, "5 BRL buys no game, one costs 6.00"),
        ({"quantity": ""}, "Say how many games, or for how much"),
        ({"reference_draw": "1 2 3 4 5 6"}, "Say how many numbers of that draw"),
        ({"min_repeats": "1"}, "Say which draw's numbers are meant."),
        ({"exclude_past_from": "3"}, "Choose to keep away"),
        ({"exclude_past": "near"}, "Say how many shared numbers are too many."),
        ({"exclude_past": "all"}, "No such draw is stored here"),
        ({"reference_draw": "latest", "min_repeats": "1"}, "No such draw is stored here"),
    ],
)  # fmt: skip
def test_usual_refusals_are_said_as_people_do(values: dict[str, str], told: str) -> None:
    assert told in refused(**values)


@pytest.mark.django_db
def test_an_impossible_wish_is_said_so() -> None:
    # No six numbers without neighbours, all below 11 and five of them odd.
    impossible = {"max_run": "1", "allowed_numbers": "1,2,3,4,5,6,7", "quantity": "1"}
    assert "No game is possible with these wishes" in refused(**impossible)


def test_what_is_not_known_stays_as_it_came() -> None:
    assert said("something else") is None


def test_patterns_give_what_their_words_need() -> None:
    for pattern, words in _KNOWN:
        needed = set(re.findall(r"%\((\w+)\)s", words()))
        assert needed <= set(re.compile(pattern).groupindex)


def test_states_are_told_in_words() -> None:
    assert all(state_words(state) != state for state in State)
    assert state_words("NEW") == "NEW"


def test_charts_say_nothing_that_has_no_translation() -> None:
    heard: set[str] = set()

    def say(text: str) -> str:
        heard.add(text)
        return text

    for key, wanted in (("mega-sena", {}), ("super-sete", {"numbers_per_game": 7}),
                        ("euromillions", {"numbers_per_game": 5})):  # fmt: skip
        lottery, constraints = get_lottery(key), GameConstraints(**wanted, seed=1)
        tally = Tally(lottery, constraints)
        tally.add(run_chunk((0, 200), lottery=lottery, constraints=constraints))
        charts_of(statistics(lottery, constraints, tally.as_dict()), Voice(say))
    charts_of({"odd": {"values": []}}, Voice(say))
    assert heard == SAID


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", ["1,234,567.9", "R$\u00a06.00", "12.5\u00a0%", "2.4\u00a0M", "1 in 50,063,860"]),
        ("pt-br", ["1.234.567,9", "R$\u00a06,00", "12,5\u00a0%", "2,4\u00a0M", "50.063.860"]),
        (
            "es",
            ["1\u00a0234\u00a0567,9", "6,00", "12,5\u00a0%", "2,4\u00a0M", "50\u00a0063\u00a0860"],
        ),
    ],
)
def test_numbers_are_written_as_where_the_reader_lives(language: str, wanted: list[str]) -> None:
    with translation.override(language):
        found: list[Any] = [
            grouped(1_234_567.89, 1), money(Decimal("6"), "BRL"), percent(0.125, 1),
            short(2_400_000), one_in(Fraction(1, 50_063_860)),
        ]  # fmt: skip
    for given, part in zip(found, wanted, strict=True):
        assert part in given


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.44, "0.4 s"), (59, "59 s"), (125, "2 min 5 s"), (12_000, "3 h 20 min"), (9e5, "10 days")],
)
def test_durations_are_as_exact_as_they_need_be(seconds: float, told: str) -> None:
    with translation.override("en"):
        assert duration(seconds) == told
