"""Texts as users have them: CSV or Parquet with a column `text`, or a JSON object on each line."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ray_services.common.errors import BadInput
from ray_services.common.tables import MOST_BYTES, read_table
from ray_services.sentiment_analyzer.periods import Days, demand_calendar
from ray_services.sentiment_analyzer.scoring import check_texts


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Texts, their dates where the file has a column or field `date`, and the file's hash."""

    texts: list[str]
    dates: Days | None
    sha256: str


def read_corpus(source: Path | bytes, name: str = "texts.csv") -> Corpus:
    """The texts of a file. Raises BadInput for what is none, and for a row without a text or, where
    others have one, without a date."""
    content = source if isinstance(source, bytes) else source.read_bytes()
    if content.lstrip()[:1] == b"{":
        return _of_lines(content, name)
    try:
        table = read_table(content, {"text": "text", "date": "date"}, name)
    except BadInput as error:
        if (error.field, error.row) != ("date", None):
            raise
        table = read_table(content, {"text": "text"}, name)
    dates = table.columns.get("date")
    if dates is not None:
        demand_calendar(dates, "date")
    return Corpus(check_texts(table["text"].tolist()), dates, table.sha256)


def _of_lines(content: bytes, name: str) -> Corpus:
    if len(content) > MOST_BYTES:
        raise BadInput(
            f"{name} has {len(content):,} bytes; up to {MOST_BYTES:,} are taken.",
            remedy="Send fewer lines.",
        )
    rows = list(_objects(content, name))
    texts = check_texts([one.get("text") for one in rows])  # type: ignore[misc]
    for row, text in enumerate(texts, 1):
        _demand_unicode(row, text)
    dates = None
    if any("date" in one for one in rows):
        dates = np.array([_day(row, one.get("date")) for row, one in enumerate(rows, 1)])
    return Corpus(texts, dates, hashlib.sha256(content).hexdigest())


def _objects(content: bytes, name: str) -> Iterator[dict[str, Any]]:
    for row, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:  # of JSON, of UTF-8, or far too deep
            raise BadInput(f"{name} has a line that is no JSON: {error}.", row=row) from None
        if not isinstance(found, dict):
            raise BadInput(
                f'expected an object such as {{"text": "…"}}, got {line[:80]!r}.', row=row
            )
        yield found


def _demand_unicode(row: int, text: str) -> None:
    """JSON can spell half a character, which no file can hold."""
    try:
        text.isascii() or text.encode()
    except UnicodeEncodeError as error:
        raise BadInput(
            f"expected a text, got half a character: {text[error.start]!r}.",
            field="text",
            row=row,
            remedy="Write each surrogate pair as one character.",
        ) from None


def _day(row: int, value: object) -> np.datetime64:
    try:
        if isinstance(value, str):
            return np.datetime64(dt.date.fromisoformat(value), "D")
    except ValueError:
        pass
    raise BadInput(
        f"expected a date such as 2023-09-20, got {value!r:.80}.",
        field="date",
        row=row,
        remedy="Give every text a date, or none.",
    )
