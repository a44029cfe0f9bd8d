"""Files of strangers: bombs, lies, paths, and cells that a spreadsheet would run."""

import csv
import gzip
import io
import struct
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from generation.sheets import SheetError, read_sheet
from ray_services import data_sets
from ray_services.common import parquet
from ray_services.common.errors import BadInput
from ray_services.common.rows import rows_of, write_rows
from ray_services.common.tables import guess_table, read_table
from ray_services.models import DataSet

SETS = "/api/v1/services/data-sets"
MIB = 2**20


def written(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def refused(content: bytes, column: str = "x", kind: Any = "text") -> str:
    """Why, at no cost of memory."""
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    with pytest.raises(BadInput) as caught:
        read_table(content, {column: kind})
    assert tracemalloc.get_traced_memory()[1] < 100 * MIB
    assert pa.total_allocated_bytes() - before < 64 * MIB
    tracemalloc.stop()
    return str(caught.value)


class TestParquet:
    def test_a_text_that_is_repeated_a_million_times(self) -> None:
        """A terabyte out of a few kilobytes: the dictionary has one value of a megabyte."""
        once = pa.array(["a" * MIB])
        column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(MIB, np.int32)), once)
        bomb = written(pa.table({"x": column}), compression="zstd")
        assert len(bomb) < 10_000
        assert "texts have more than" in refused(bomb)

    def test_pages_that_compress_ten_thousandfold(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parquet, "MOST_UNPACKED", 8 * MIB)
        column = pa.array(np.zeros(2 * MIB))
        bomb = written(pa.table({"x": column}), compression="zstd", use_dictionary=False)
        assert len(bomb) < 100_000
        assert "unpacks to more than" in refused(bomb, kind="number")

    def test_a_footer_that_lies_is_not_believed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The headers of the pages are what a reader goes by, and what is added up."""
        monkeypatch.setattr(parquet, "MOST_UNPACKED", 8 * MIB)
        column = pa.array(np.zeros(2 * MIB))
        honest = written(pa.table({"x": column}), compression="zstd", use_dictionary=False)
        told = pq.ParquetFile(io.BytesIO(honest)).metadata.row_group(0).column(0)
        lie = honest.replace(_zigzag(told.total_uncompressed_size), _zigzag(8, like=4))
        assert lie != honest
        assert "unpacks to more than" in refused(lie, kind="number")

    @pytest.mark.parametrize("where", ["file", "chunk", "group", "file chunk group"])
    def test_a_count_of_rows_that_lies_is_not_believed(
        self, where: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The file, its row group and the group's column each count the rows; readers go by the
        smaller parts' counts, and those lie too."""
        rows = 1_034_567
        honest = written(pa.table({"x": np.zeros(rows)}), compression="zstd", row_group_size=rows)
        footer = len(honest) - 8 - int.from_bytes(honest[-8:-4], "little")
        lie = _with_counts(honest, footer, rows, where.split())
        if where == "file":  # what was read until its parts were asked
            assert pq.ParquetFile(io.BytesIO(lie)).metadata.num_rows == 10
            assert pq.read_table(io.BytesIO(lie)).num_rows == rows
        monkeypatch.setattr(parquet, "MOST_CELLS", 1_000_000)
        assert "claims " in refused(lie, kind="number")

    def test_a_row_group_of_less_than_no_rows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It would make up for another one, of many."""
        rows = 1_034_567
        table = pa.table({"x": np.zeros(2 * rows)})
        honest = written(table, compression="zstd", row_group_size=rows)
        first, all_, last = _zigzag(rows), _zigzag(2 * rows), honest.rindex(_zigzag(rows))
        lie = honest[:last] + _zigzag(-rows, like=len(first)) + honest[last + len(first) :]
        lie = lie.replace(all_, _zigzag(0, like=len(all_)))
        assert pq.ParquetFile(io.BytesIO(lie)).metadata.num_rows == 0
        monkeypatch.setattr(parquet, "MOST_CELLS", 1_000_000)
        assert "a row group of -1,034,567" in refused(lie, kind="number")

    def test_a_dot_in_a_name_hides_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """`a.b` is the path of a column, and of a part of a record."""
        content = written(pa.table({"a.b": [1.5, 2.5], "c": [1.0, 2.0]}))
        assert guess_table(content)["a.b"].tolist() == [1.5, 2.5]
        record = written(pa.table({"a.b": [1.5], "a": [{"b": 1.0}]}))
        assert read_table(record, {"a.b": "number"})["a.b"].tolist() == [1.5]
        with pytest.raises(BadInput, match="holds lists or records"):
            guess_table(record)
        monkeypatch.setattr(parquet, "MOST_CELLS", 3)
        with pytest.raises(BadInput, match="2 rows of 2 columns"):
            guess_table(content)

    def test_a_thousand_million_rows(self) -> None:
        column = pa.array(np.zeros(60_000_000, np.int8))
        bomb = written(pa.table({"x": column}), compression="zstd")
        assert len(bomb) < MIB
        assert "60,000,000 rows" in refused(bomb, kind="number")

    def test_two_uploads_are_not_laid_out_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each of a process' threads may get one, and one may take hundreds of megabytes."""
        both = Barrier(2)
        met: list[bool] = []

        def read(name: str, content: bytes) -> data_sets.Looked:
            with suppress(BrokenBarrierError):
                both.wait(timeout=0.3)
                met.append(True)
            return data_sets.Looked("", 0, {})

        monkeypatch.setattr(data_sets, "_daily", read)
        with ThreadPoolExecutor(2) as pool:
            looks = [pool.submit(data_sets.look, "daily", "a", b"") for _ in range(2)]
        assert [one.result().rows for one in looks] == [0, 0]
        assert met == []

    def test_ten_thousand_columns(self) -> None:
        bomb = written(pa.table({f"c{n}": [1] for n in range(2_001)}))
        assert "2,001 columns" in refused(bomb)

    @pytest.mark.parametrize(
        "column",
        [pa.array([[1] * 9]), pa.array([{"a": 1}]), pa.array([b"x" * 99], pa.binary(99))],
    )
    def test_what_is_no_plain_value(self, column: Any) -> None:
        assert "its column x" in refused(written(pa.table({"x": column})))

    @pytest.mark.parametrize("cut", [0.2, 0.5, 0.8, 0.99])
    def test_what_is_cut_off_or_garbled(self, cut: float) -> None:
        whole = written(pa.table({"x": list(range(1000))}))
        refused(whole[: int(len(whole) * cut)], kind="number")
        garbled = bytearray(whole)
        for place in range(4, int(len(whole) * cut), 7):
            garbled[place] ^= 255
        refused(bytes(garbled), kind="number")

    def test_other_columns_are_not_even_looked_at(self) -> None:
        table = pa.table({"x": [1.0, 2.0], "other": [[1], [2]]})
        assert read_table(written(table), {"x": "number"})["x"].tolist() == [1.0, 2.0]

    @pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "gzip"])
    @pytest.mark.parametrize("version", ["1.0", "2.0"])
    @pytest.mark.parametrize("dictionary", [True, False])
    def test_what_is_honest_is_read_as_it_was(
        self, compression: str, version: str, dictionary: bool
    ) -> None:
        rows = 30_000
        texts = [None if n % 7 == 0 else f"t{n % 50}" for n in range(rows)]
        table = pa.table({"x": np.arange(rows) / 3, "t": texts, "b": [True] * rows})
        options = {"compression": compression, "use_dictionary": dictionary}
        content = written(table, data_page_version=version, row_group_size=7_000, **options)
        found = read_table(content, {"x": "number", "t": "text"})
        assert found["x"].tolist() == table["x"].to_pylist()
        assert found["t"].tolist() == texts


def _with_counts(content: bytes, footer: int, rows: int, where: list[str]) -> bytes:
    """With 10 for the number of rows in these places of the footer."""
    real = _zigzag(rows)
    file = content.index(real, footer)
    chunk, group = content.index(real, file + 1), content.rindex(real)
    places = {"file": file, "chunk": chunk, "group": group}
    out = bytearray(content)
    for name in where:
        out[places[name] : places[name] + len(real)] = _zigzag(10, like=len(real))
    return bytes(out)


def _zigzag(value: int, like: int = 0) -> bytes:
    """As Thrift writes it; padded to as many bytes."""
    value, out = (value << 1) ^ (value >> 63), bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    while len(out) < like:
        out[-1] |= 128
        out.append(0)
    return bytes(out)


class TestTables:
    @pytest.mark.parametrize(
        "content",
        [
            b"," * 3_000 + b"\n1\n", b"x" * 70_000 + b"\n1\n", b"x,x\n1,2\n",
            b"\x00\x01\x02", b"\xff\xfex\n", gzip.compress(b"x\n1\n" * 999),
            b"PK\x03\x04" + b"\x00" * 99, b"x\n\xff\n", "x\n1\n".encode("utf-16"),
            b"ORC" + b"\x00" * 50, b"ARROW1\x00\x00", b"\x1f\x8b\x08", b"BZh91AY&SY",
        ],
        ids=[
            "columns", "long-name", "same-names", "bytes", "utf-16-mark", "gzip", "zip", "latin-1",
            "utf-16", "orc", "arrow", "gzip-mark", "bzip2",
        ],
    )  # fmt: skip
    def test_what_is_no_table(self, content: bytes) -> None:
        refused(content)

    def test_a_cell_of_megabytes(self) -> None:
        with pytest.raises(BadInput):
            read_table(b"x\n" + b"9" * (3 * MIB) + b"\n", {"x": "number"})

    @pytest.mark.django_db
    def test_lines_of_json_that_are_far_too_deep(self, api: Client) -> None:
        deep = b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
        answer = api.post(SETS, {"kind": "texts", "file": io.BytesIO(deep)})
        assert answer.status_code == 422

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        "name", ["../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "a\x00b", "\r\nX-Evil: 1",
                 "n" * 5_000, "<script>alert(1)</script>.csv", "=cmd|' /C calc'!A0"],
    )  # fmt: skip
    def test_a_name_is_but_a_name(
        self, name: str, api: Client, settings: Any, tmp_path: Path
    ) -> None:
        settings.SERVICES_DIR = tmp_path / "services"
        prices = b"date,ticker,adj_close\n" + b"".join(
            b"2020-01-%02d,A,%d\n" % (day, 100 + day % 3) for day in range(1, 29)
        )
        answer = api.post(SETS, {"kind": "prices", "file": SimpleUploadedFile(name, prices)})
        assert answer.status_code in {201, 422, 400}
        for row in DataSet.objects.all():
            assert "/" not in row.name
            assert len(row.name) <= 200
        kept = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
        assert all(path.parts[:2] == ("services", "data") for path in kept)
        assert all(len(path.name) == 64 for path in kept)


class TestSpreadsheets:
    """XLSX is read in one place: draws, imported by staff."""

    def sheet(self, path: Path, *, cells: int = 3, told: int | None = None) -> Path:
        """A workbook; `told` is the size that it claims its sheet unpacks to."""
        import xlsxwriter

        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for row in range(cells):
                sheet.write(row, 0, "x" * 1_000)
        if told is not None:
            self.lie(path, told)
        return path

    def lie(self, path: Path, told: int) -> None:
        data = bytearray(path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            sizes = {one.filename: one.file_size for one in archive.infolist()}
        real = struct.pack("<I", sizes["xl/sharedStrings.xml"])
        for at in range(len(data) - 4):
            if data[at : at + 4] == real:
                data[at : at + 4] = struct.pack("<I", told)
        path.write_bytes(data)

    def test_one_that_is_as_it_says_is_read(self, tmp_path: Path) -> None:
        assert len(read_sheet(self.sheet(tmp_path / "a.xlsx"))) == 3

    def test_one_that_unpacks_to_more_than_it_says_is_not(self, tmp_path: Path) -> None:
        with pytest.raises(SheetError):
            read_sheet(self.sheet(tmp_path / "a.xlsx", cells=2_000, told=100))

    def test_a_zip_bomb_is_not(self, tmp_path: Path) -> None:
        path = tmp_path / "bomb.xlsx"
        name = "xl/worksheets/sheet1.xml"
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open(name, "w", force_zip64=True) as part,
        ):
            for _ in range(513):
                part.write(b" " * MIB)
        assert path.stat().st_size < 4 * MIB
        with pytest.raises(SheetError, match="unpacks to more than"):
            read_sheet(path)

    @pytest.mark.django_db
    def test_a_data_set_is_none(self, api: Client, tmp_path: Path) -> None:
        content = self.sheet(tmp_path / "a.xlsx").read_bytes()
        for kind in ("prices", "texts", "daily"):
            answer = api.post(SETS, {"kind": kind, "file": io.BytesIO(content)})
            assert answer.status_code == 422, kind


DANGEROUS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", "\uff0b1",
             '=HYPERLINK("http://evil")', "=cmd|' /C calc'!A0"]  # fmt: skip


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
)
def test_no_export_holds_a_text_that_a_spreadsheet_runs(kind: Any) -> None:
    columns = {"text": pa.array(DANGEROUS).cast(kind), "=evil()": [-1.5] * len(DANGEROUS)}
    file = io.BytesIO()
    write_rows(rows_of(columns), file, "csv")
    header, *rows = csv.reader(io.StringIO(file.getvalue().decode(), newline=""))
    assert header == ["text", "'=evil()"]
    assert [text for text, _ in rows] == [f"'{one}" for one in DANGEROUS]
    assert {number for _, number in rows} == {"-1.5"}  # numbers stay what they are


def test_every_csv_of_texts_is_written_there() -> None:
    """Whoever writes one elsewhere must neutralise texts as `ray_services.common.rows` does."""
    import re

    from tests.support import ROOT

    writes = re.compile(r"csv\.writer|DictWriter|write_csv|to_csv|text/csv|add_worksheet")
    packages = ("django_ray_runtime", "generation", "pages", "project", "ray_services", "workflows")
    found = {
        str(path.relative_to(ROOT))
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        if writes.search(path.read_text())
    }
    assert found == {
        "ray_services/common/rows.py",
        # Numbers alone, under names that are ours.
        # What we ship ourselves.
        "ray_services/data/make_data.py", "ray_services/data/texts.py",
        "generation/writers.py", "generation/xlsx.py", "generation/api/downloads.py",
    }  # fmt: skip
