"""Sensitive arguments are never shown: `@task(sensitive=("token",))`.

Everything that shows a task's arguments, errors or output to people passes them through here
(admin, REST, commands). What lies in the database, and what the task gets, stays as it is.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

from django_ray_runtime.options import TaskOptions

MASK = "•••"
# Shorter values would blot out half of a text in which they stand by chance.
MIN_LENGTH = 4
# The lines of a longer value (a key, a certificate) are looked for one by one from this on.
MIN_LINE_LENGTH = 8
MAX_TEXTS = 2000


def masked_arguments(
    args: Sequence[Any], kwargs: Mapping[str, Any], options: TaskOptions
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments with each sensitive value replaced by "•••", whatever its kind."""
    shown = [MASK if i in options.sensitive_positions else value for i, value in enumerate(args)]
    return shown, {n: MASK if n in options.sensitive else value for n, value in kwargs.items()}


def masked_text(
    text: str, args: Sequence[Any], kwargs: Mapping[str, Any], options: TaskOptions
) -> str:
    """A traceback or an output without the sensitive values of the task's arguments.

    Finds them as they are, as `repr` and JSON write them, and as they stand in URLs; also the
    texts and numbers within lists and dicts. Not found: values of fewer than 4 characters,
    and what the task itself cut or changed. With hundreds of such values, nothing of the
    text is shown.
    """
    if not options.sensitive or not text:
        return text
    wanted: set[str] = set()
    for value in _sensitive(args, kwargs, options):
        for plain in _texts(value):
            wanted |= _ways_to_write(plain)
        if len(wanted) > MAX_TEXTS:
            return MASK
    # The longest first: one value may be part of another.
    for one in sorted(wanted, key=len, reverse=True):
        text = text.replace(one, MASK)
    return text


def _sensitive(
    args: Sequence[Any], kwargs: Mapping[str, Any], options: TaskOptions
) -> Iterator[Any]:
    yield from (value for i, value in enumerate(args) if i in options.sensitive_positions)
    yield from (value for name, value in kwargs.items() if name in options.sensitive)


def _texts(value: Any) -> Iterator[str]:
    """The texts and numbers in a value, and the lines of texts with several."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
            lines = one.splitlines()
            if len(lines) > 1:
                yield from (s for line in lines if len(s := line.strip()) >= MIN_LINE_LENGTH)
        elif isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, Sequence):
            waiting.extend(one)
        elif one is not None and not isinstance(one, bool):
            yield str(one)


def _ways_to_write(plain: str) -> set[str]:
    ways = {
        plain,
        repr(plain)[1:-1],
        # A repr within a repr, as in the message of an error that quotes another.
        repr(repr(plain)[1:-1])[1:-1],
        ascii(plain)[1:-1],
        json.dumps(plain)[1:-1],
        json.dumps(plain, ensure_ascii=False)[1:-1],
        quote(plain),
        quote(plain, safe=""),
        quote_plus(plain),
    }
    # repr escapes ' only in a text that has " too; a value within a longer text may get either.
    ways |= {plain.replace("'", "\\'"), repr(plain + "\"'")[1:-4]}
    return {way for way in ways if len(way) >= MIN_LENGTH}
