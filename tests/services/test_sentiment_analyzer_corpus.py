"""Files of texts: with dates and without, and what is refused."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ray_services.common.errors import BadInput
from ray_services.sentiment_analyzer.corpus import read_corpus

TEXTS = ["a good day", 'he said "fine", twice', "😀"]
DAYS = ["2022-01-03", "2022-01-04", "2022-02-01"]


def lines(*rows: Any) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def as_csv() -> bytes:
    quoted = ['"' + text.replace('"', '""') + '"' for text in TEXTS]
    rows = [f"{at},{day},{text}" for at, (day, text) in enumerate(zip(DAYS, quoted, strict=True))]
    return "\n".join(["id,date,text", *rows, ""]).encode()


def as_parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"text": TEXTS, "date": np.array(DAYS, "datetime64[D]")}), file)
    return file.getvalue()


def as_lines() -> bytes:
    pairs = zip(TEXTS, DAYS, strict=True)
    return lines(*({"text": text, "date": day, "likes": 5} for text, day in pairs)) + b"\n\n"


@pytest.mark.parametrize("make", [as_csv, as_parquet, as_lines])
def test_texts_and_dates_are_read_from_each_format(make: Any, tmp_path: Path) -> None:
    (tmp_path / "texts").write_bytes(make())
    for source in (make(), tmp_path / "texts"):
        found = read_corpus(source)
        assert found.texts == TEXTS
        assert found.dates is not None
        assert found.dates.astype(str).tolist() == DAYS
        assert len(found.sha256) == 64


@pytest.mark.parametrize("content", [b"text\ngood\nbad\n", b'{"text": "good"}\n{"text": "bad"}'])
def test_dates_may_be_missing_altogether(content: bytes) -> None:
    found = read_corpus(content)
    assert (found.texts, found.dates) == (["good", "bad"], None)


@pytest.mark.parametrize(
    ("content", "field", "row"),
    [
        (b"words\ngood\n", "text", None),
        (b"text,date\ngood,2022-01-03\nbad,soon\n", "date", 2),
        (b"text,date\ngood,2022-01-03\n,2022-01-03\n", "texts", 2),
        (lines({"text": "good"}, {"text": 5}), "texts", 2),
        (lines({"text": "good"}, {"words": "bad"}), "texts", 2),
        (lines({"text": "good", "date": "2022-01-03"}, {"text": "bad"}), "date", 2),
        (lines({"text": "good", "date": "soon"}), "date", 1),
        (lines({"text": "good", "date": "NaT"}), "date", 1),
        (lines({"text": "good"}, ["bad"]), "", 2),
        (b'{"text": "good"}\n{"text": ', "", 2),
        (b'{"text": "\xff"}', "", 1),
    ],
)
def test_what_cannot_be_is_refused_with_field_and_row(
    content: bytes, field: str, row: int | None
) -> None:
    with pytest.raises(BadInput) as caught:
        read_corpus(content)
    assert (caught.value.field, caught.value.row) == (field, row)
