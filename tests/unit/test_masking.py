"""What people may not see is not shown, wherever it stands."""

import json
import traceback
from typing import Any
from urllib.parse import urlencode

import pytest

from django_ray_runtime.masking import MASK, masked_arguments, masked_text
from django_ray_runtime.options import TaskOptions

TOKEN = TaskOptions(sensitive=("token",), sensitive_positions=(1,))


def shown(text: str, value: Any) -> str:
    return masked_text(text, [], {"token": value}, TOKEN)


def test_sensitive_arguments_are_masked_by_position_and_by_name() -> None:
    assert masked_arguments(["a", "b", 1], {"x": 1}, TOKEN) == (["a", MASK, 1], {"x": 1})
    assert masked_arguments(["a"], {"token": {"k": 1}}, TOKEN) == (["a"], {"token": MASK})


def test_the_arguments_themselves_stay_as_they_are() -> None:
    args, kwargs = ["a", "b"], {"token": "c"}
    masked_arguments(args, kwargs, TOKEN)
    assert (args, kwargs) == (["a", "b"], {"token": "c"})


def test_without_sensitive_parameters_everything_is_shown() -> None:
    assert masked_arguments(["a", "b"], {"token": 1}, TaskOptions()) == (["a", "b"], {"token": 1})
    assert masked_text("secret", ["a", "secret"], {}, TaskOptions()) == "secret"


def test_a_text_shows_neither_positional_nor_named_values() -> None:
    text = masked_text(
        "from open to hidden and buried", ["open", "hidden"], {"token": "buried"}, TOKEN
    )
    assert text == f"from open to {MASK} and {MASK}"


@pytest.mark.parametrize(
    "value", ["it's", 'say "hello" it\'s', "tab\tline\nend", "naïve\\path", "密码密码"]
)
@pytest.mark.parametrize(
    "write", [str, repr, ascii, json.dumps, lambda v: repr(repr(v)), lambda v: repr({"k": v})]
)
def test_escaped_values_are_found(value: str, write: Any) -> None:
    written = write(value)
    assert shown(f"<{written}>", value).strip("<>{}'\"\\k: ") == MASK


def test_values_in_urls_are_found() -> None:
    value = "p&ss w/rd"
    assert shown("https://example.org/?" + urlencode({"t": value}), value).endswith(f"t={MASK}")


def test_a_value_in_the_message_of_an_error_is_found() -> None:
    value = 'it\'s "quoted"'
    try:
        {}[value]
    except KeyError:
        text = traceback.format_exc()
    assert "quoted" not in shown(text, value)
    assert MASK in shown(text, value)


def test_values_within_containers_are_found() -> None:
    value = {"user": "ana", "codes": [123456, ["inner secret"]], "on": True}
    text = shown("123456, inner secret, True, None, codes", value)
    assert text == f"{MASK}, {MASK}, True, None, codes"


def test_the_lines_of_a_long_value_are_found_one_by_one() -> None:
    text = shown("> -----BEGIN KEY-----\n> abcdefgh\n> end", "-----BEGIN KEY-----\nabcdefgh\nend")
    assert text == f"> {MASK}\n> {MASK}\n> end"


def test_short_values_leave_texts_readable() -> None:
    assert shown("a cat sat", "cat") == "a cat sat"
    assert shown("a cats sat", "cats") == f"a {MASK} sat"


def test_a_value_within_another_does_not_split_it() -> None:
    assert shown("password-long", ["password", "password-long"]) == MASK


def test_with_too_many_values_nothing_is_shown() -> None:
    assert shown("any text", [f"value {n}" for n in range(5000)]) == MASK
