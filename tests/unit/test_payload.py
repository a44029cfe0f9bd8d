import math

import pytest

from django_ray_runtime.payload import to_json, to_text, without_middle


def test_json_values_pass() -> None:
    assert to_json({"a": [1, None, True, 1.5, "é"]}, "x") == '{"a": [1, null, true, 1.5, "é"]}'


def test_tuples_become_lists() -> None:
    assert to_json((1, (2,)), "x") == "[1, [2]]"


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (object(), TypeError, "the value must be JSON.*Pass an identifier instead"),
        ({1, 2}, TypeError, "the value must be JSON"),
        (math.nan, ValueError, "a value that JSON lacks"),
        (math.inf, ValueError, "a value that JSON lacks"),
        ("a\x00b", ValueError, "NUL character"),
        ({"a\x00": 1}, ValueError, "NUL character"),
        ("\ud800", ValueError, "not valid Unicode"),
    ],
)
def test_what_a_database_cannot_hold_is_refused(
    value: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        to_json(value, "the value")


def test_a_backslash_before_u0000_is_an_ordinary_text() -> None:
    assert to_json("\\u0000", "x") == '"\\\\u0000"'


def test_any_text_becomes_one_that_can_be_stored() -> None:
    assert to_text("a\x00b\ud800c") == "a\ufffdb?c"
    assert to_text("\x1b[36mray::f()\x1b[39m") == "ray::f()"


def test_of_a_long_text_the_beginning_and_the_end_are_kept() -> None:
    assert without_middle("0123456789", 10) == "0123456789"
    assert without_middle("0123456789", 4) == "01\n[6 characters left out]\n89"
