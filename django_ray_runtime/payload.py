"""Arguments and return values as JSON: what both databases and every process can hold."""

import json
import re
from typing import Any

from django.utils.json import normalize_json

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode

# An escaped NUL in JSON text, as opposed to an escaped backslash before "u0000".
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def to_json(value: Any, what: str) -> str:
    """`value` as JSON text. `what` names it in the error ("the return value").

    Raises TypeError for types that JSON lacks, ValueError for NaN, infinity, NUL
    characters and lone surrogates, which PostgreSQL's jsonb cannot hold.
    """
    try:
        text = _encode(normalize_json(value))
    except TypeError as error:
        raise TypeError(
            f"{what} must be JSON (dict with text keys, list, text, number, bool, None): {error}. "
            "Pass an identifier instead, and load the object inside the task."
        ) from None
    except ValueError as error:
        raise ValueError(
            f"{what} has a value that JSON lacks: {error}. Use None or a text in its place."
        ) from None
    except RecursionError:
        raise ValueError(
            f"{what} is nested too deeply, or contains itself. Pass a flat list of records."
        ) from None
    if "\\u0000" in text and _NUL.search(text):
        raise ValueError(f"{what} has a NUL character in a text. Remove it, or encode the bytes.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"{what} has a text that is not valid Unicode (a lone surrogate). "
            "Decode the bytes with errors='replace', or encode them as base64."
        ) from None
    return text


def is_storable(text: str) -> bool:
    """Whether every database can hold this text: no NUL, no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def to_text(value: str) -> str:
    """`value` as a text that every database can store: NUL and lone surrogates replaced, and
    without the colours that Ray puts into tracebacks."""
    return (
        _COLOUR.sub("", value).replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    )


def without_middle(text: str, limit: int) -> str:
    """`text`, or where it has more than `limit` characters, its beginning and its end."""
    if len(text) <= limit:
        return text
    half = limit // 2
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n[{left_out:,} characters left out]\n{text[-half:]}"
