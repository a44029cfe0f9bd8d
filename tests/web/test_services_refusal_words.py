"""How refusals of the services are looked up, and what pydantic refuses."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation
from pydantic import BaseModel, Field, ValidationError

from pages.services.refusals import KNOWN, LONGEST, said, said_of_failure, said_of_value
from pages.services.type_refusals import OF_TYPES


class Asked(BaseModel):
    """A field of each kind that bodies have."""

    number: float = Field(1, gt=0, lt=5)
    share: float = Field(1, ge=0, le=1)
    count: int = Field(1, ge=1, le=10)
    name: str = Field("ab", min_length=2, max_length=3, pattern="^[a-z]*$")
    names: list[str] = Field(["a"], min_length=1, max_length=2)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"number": 0}, "Give a number above 0."),
        ({"number": 5}, "Give a number below 5."),
        ({"share": -1}, "Give a number of at least 0."),
        ({"share": 2}, "Give a number of at most 1."),
        ({"share": "x"}, "Give a number, such as 1.5."),
        ({"count": "x"}, "Give a whole number."),
        ({"count": 1.5}, "Give a whole number."),
        ({"name": "a"}, "It is too short: give at least 2 characters."),
        ({"name": "abcd"}, "It is too long: up to 3 characters are taken."),
        ({"name": "12"}, "It has to look like ^[a-z]*$."),
        ({"names": []}, "Give at least 1, not 0."),
        ({"names": ["a"] * 3}, "Give up to 2, not 3."),
        ({"names": 5}, "Give a list."),
    ],
)
def test_values_of_the_wrong_type_or_size(value: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as error:
        Asked(**value)
    assert said_of_value(error.value.errors()[0]) == told


def test_choices_and_what_a_check_of_a_body_says() -> None:
    wrong = {"type": "literal_error", "msg": "…", "ctx": {"expected": "'a', 'b' or 'c'"}}
    assert said_of_value(wrong) == "Choose one of these: 'a', 'b', 'c'."
    own = {"type": "value_error", "msg": "Value error, my words", "ctx": {}}
    assert said_of_value(own) == "my words"
    assert said_of_value({"type": "new_in_pydantic", "msg": "its words"}) == "its words"


def test_pydantic_gives_what_the_words_need() -> None:
    given = {
        "greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt",
        "less_than_equal": "le", "multiple_of": "multiple_of", "string_too_short": "min_length",
        "string_too_long": "max_length", "string_pattern_mismatch": "pattern",
        "too_short": "min_length actual_length", "too_long": "max_length actual_length",
        "literal_error": "expected", "enum": "expected",
    }  # fmt: skip
    for kind, words in OF_TYPES.items():
        needed = set(re.findall(r"%\((\w+)\)s", str(words)))
        assert needed == set(given.get(kind, "").split()), kind


def test_patterns_give_what_their_words_need() -> None:
    for pattern, words in KNOWN:
        needed = set(re.findall(r"%\((\w+)\)s", str(words)))
        assert needed <= set(pattern.groupindex), pattern


@pytest.mark.parametrize(
    "told",
    [
        "something else",
        "row 3, prices: something else",
        "prices: something else",
        "AAPL: its lower bound is above its upper one: much > little. Reduce it.",
        "mine.csv lacks x; it has " + "a" * LONGEST + ". Give it the columns x, in any order.",
        "",
    ],
)
def test_what_is_not_known_stays_as_it_came(told: str) -> None:
    assert said(told) == told


@pytest.mark.parametrize("say", [said, said_of_failure])
def test_other_failures_stay_as_they_came(say: Callable[[str], str]) -> None:
    for line in ("MemoryError: all is full", "ray_services.common.errors.BadInput: else", ""):
        assert say(line) == line


def test_numbers_are_written_as_where_the_reader_lives() -> None:
    with translation.override("pt-br"):
        told = said("expected a number above 0.5 and up to 1,000, got 1000.")
        assert "0,5" in told
        assert "1.000" in told
        assert "1000" in told
