"""Tables as users have them, and what is said of those that are none."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ray_services.common import tables
from ray_services.common.errors import BadInput
from ray_services.common.tables import Kind, read_table

KINDS: dict[str, Kind] = {"Date": "date", "Close": "number"}
GOOD = b"Date,Open,Close,\n9/17/2014,1,2.5,\n9/18/2014,2,,\n"


def complaint(content: bytes, kinds: dict[str, Kind] = KINDS) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read_table(content, kinds)
    return caught.value


def test_a_trailing_comma_another_order_and_further_columns_are_fine() -> None:
    table = read_table(GOOD, {"Close": "number", "Date": "date"})
    assert table.rows == 2
    assert table["Date"].tolist() == [np.datetime64("2014-09-17"), np.datetime64("2014-09-18")]
    assert table["Close"][0] == 2.5
    assert np.isnan(table["Close"][1])


@pytest.mark.parametrize("null", ["", "null", "NaN", "NA"])
def test_nothing_is_nan_however_it_is_written(null: str) -> None:
    assert np.isnan(read_table(f"x,y\n{null},1\n".encode(), {"x": "number"})["x"]).all()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("9/29/2021 20:00", "2021-09-29T20:00"),
        ("2021-09-29 20:00", "2021-09-29T20:00"),
        ("2021-09-29 20:05:00", "2021-09-29T20:05"),
        ("2021-09-29T20:05:00", "2021-09-29T20:05"),
    ],
)
def test_times_are_read_as_people_write_them(written: str, meant: str) -> None:
    table = read_table(f"at\n{written}\n".encode(), {"at": "minute"})
    assert table["at"][0] == np.datetime64(meant)


def test_the_same_bytes_have_the_same_hash() -> None:
    assert read_table(GOOD, KINDS).sha256 == read_table(bytes(GOOD), KINDS).sha256
    assert read_table(GOOD, KINDS).sha256 != read_table(GOOD + b"9/19/2014,1,2,\n", KINDS).sha256


def test_parquet_is_read_like_csv() -> None:
    file = io.BytesIO()
    days = np.array(["2014-09-17"], "datetime64[D]")
    pq.write_table(pa.table({"Date": days, "Close": [1]}), file)
    table = read_table(file.getvalue(), KINDS)
    assert table["Close"].tolist() == [1.0]
    assert table["Date"].tolist() == days.tolist()


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "daily.csv"
    path.write_bytes(GOOD)
    assert read_table(path, KINDS).rows == 2


def test_text_in_a_number_is_told_with_its_row() -> None:
    error = complaint(b"Date,Close\n9/17/2014,1\n9/18/2014,cheap\n")
    assert (error.field, error.row) == ("Close", 2)
    assert "'cheap'" in str(error)


def test_infinity_is_no_number() -> None:
    assert complaint(b"Date,Close\n9/17/2014,inf\n").row == 1


def test_what_is_no_date_is_told_with_its_row() -> None:
    error = complaint(b"Date,Close\n9/17/2014,1\n9/38/2014,2\n")
    assert (error.field, error.row) == ("Date", 2)
    assert complaint(b"Date,Close\nsoon,1\n").row == 1
    assert complaint(b"Date,Close\n9/17/2014,1\n,2\n").row == 2


def test_a_missing_column_is_told_with_those_there_are() -> None:
    error = complaint(b"Day,Close,\n9/17/2014,1,\n")
    assert error.field == "Date"
    assert "it has Day, Close." in str(error)


def test_a_ragged_row_is_told_with_its_number() -> None:
    error = complaint(b"Date,Close\n9/17/2014,1\n9/18/2014,1,2\n")
    assert error.row == 2
    assert "3 values where its header has 2" in str(error)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"PAR1 but no more"])
def test_what_is_no_table_is_told(content: bytes) -> None:
    complaint(content)


def test_too_many_bytes_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_BYTES", 10)
    path = tmp_path / "large.csv"
    path.write_bytes(GOOD)
    with pytest.raises(BadInput, match="up to 10 are taken"):
        read_table(path, KINDS)
    with pytest.raises(BadInput, match="up to 10 are taken"):
        read_table(GOOD, KINDS)
