"""Files of draws: the operator's and plain ones, and what is wrong with others."""

import datetime as dt
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from generation.draws import DrawFileError, DrawRow, read_draws
from generation.lotteries import get_lottery
from generation.sheets import SheetError

MEGA_SENA = get_lottery("mega-sena")
SAMPLE = Path(__file__).resolve().parent.parent / "data" / "mega_sena_sample.csv"
HEADER = "draw,date,n1,n2,n3,n4,n5,n6"


def written(folder: Path, *lines: str, name: str = "draws.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def spreadsheet(folder: Path, rows: Sequence[Sequence[Any]]) -> Path:
    from xlsxwriter import Workbook

    path = folder / "draws.xlsx"
    with Workbook(path) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for place, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    sheet.write_datetime(place, column, cell, day)
                else:
                    sheet.write(place, column, cell)
    return path


def test_the_operators_layout_is_read() -> None:
    draws = read_draws(SAMPLE, MEGA_SENA)
    assert [draw.number for draw in draws] == [1, 2, 3, 4]
    assert draws[1] == DrawRow(2, dt.date(2030, 3, 18), (9, 37, 39, 41, 43, 49))


def test_the_plain_layout_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, "7,2030-01-02,6,5,4,3,2,1", "", ",,,,,,,")
    assert read_draws(path, MEGA_SENA) == [DrawRow(7, dt.date(2030, 1, 2), (1, 2, 3, 4, 5, 6))]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8-sig"])
def test_encodings_of_spreadsheets_are_understood(tmp_path: Path, encoding: str) -> None:
    text = SAMPLE.read_text().splitlines()
    assert len(read_draws(written(tmp_path, *text, encoding=encoding), MEGA_SENA)) == 4


def test_a_spreadsheet_is_read(tmp_path: Path) -> None:
    header = ["Concurso", "Data do Sorteio", *(f"Bola{n}" for n in range(1, 7)), "Cidade"]
    rows = [
        header,
        [1, "11/03/2030", 41, 5, 4, 52, 30, 33, ""],
        [2, dt.date(2030, 3, 18), "09", 39, 37, 49, 43, 41, "São Paulo"],
    ]
    draws = read_draws(spreadsheet(tmp_path, rows), MEGA_SENA)
    assert draws[0].numbers == (4, 5, 30, 33, 41, 52)
    assert draws[1] == DrawRow(2, dt.date(2030, 3, 18), (9, 37, 39, 41, 43, 49))


def test_a_second_group_and_digits_and_00_are_read(tmp_path: Path) -> None:
    stars = written(tmp_path, "draw,date,n1,n2,n3,n4,n5,s1,s2", "1,2030-01-02,5,4,3,2,1,12,3")
    assert read_draws(stars, get_lottery("euromillions"))[0].second == (3, 12)
    digits = written(tmp_path, "draw,date,n1,n2,n3,n4,n5,n6,n7", "1,2030-01-02,0,9,9,1,0,3,4")
    assert read_draws(digits, get_lottery("super-sete"))[0].numbers == (0, 9, 9, 1, 0, 3, 4)
    header = ",".join(["Concurso", "Data", *(f"Bola{n}" for n in range(1, 21))])
    hundred = written(tmp_path, header, "1,02/01/2030," + ",".join(f"{n:02}" for n in range(20)))
    assert read_draws(hundred, get_lottery("lotomania"))[0].numbers == (*range(1, 20), 100)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("x,2030-01-02,1,2,3,4,5,6", "the draw's number must be 1 to 1000000000, got 'x'"),
        ("1,2030-02-30,1,2,3,4,5,6", "the date must be DD/MM/YYYY or YYYY-MM-DD, got '2030-02-30'"),
        ("1,31/02/2030,1,2,3,4,5,6", "got '31/02/2030'"),
        ("1,2030-01-02,1,2,3,4,5,61", "a number must be 1 to 60, got '61'"),
        ("1,2030-01-02,1,2,3,4,5,0", "got '0'"),
        ("1,2030-01-02,1,2,3,4,5,5", "a number comes twice in 1, 2, 3, 4, 5, 5"),
        ("1,2030-01-02,1,2,3,4,5", "too few columns"),
        ("1,2030-01-02,1,2,3,4,5,1.5", "got '1.5'"),
        ("9,2030-01-02,1,2,3,4,5,6", "draw 9 comes twice"),
    ],
)
def test_a_malformed_row_is_told_with_its_number(tmp_path: Path, row: str, told: str) -> None:
    path = written(tmp_path, HEADER, "9,2030-01-02,1,2,3,4,5,6", row)
    with pytest.raises(DrawFileError) as caught:
        read_draws(path, MEGA_SENA)
    assert "row 3: " in str(caught.value)
    assert told in str(caught.value)


def test_of_many_malformed_rows_the_first_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, *(f"{n},never,1,2,3,4,5,6" for n in range(1, 31)))
    with pytest.raises(DrawFileError, match=r"row 2: .*row 11: .*; and 20 more$"):
        read_draws(path, MEGA_SENA)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "expected Concurso, Data do Sorteio, Bola1 to Bola6, or draw, date, n1 to n6; got"),
        (["draw,date,n1,n2"], "got draw, date, n1, n2"),
        ([HEADER], "has a header and no draws"),
        ([HEADER + ",n7"], "has a column n7, but a draw of Mega-Sena has 6 numbers; say of which"),
        ([HEADER + ",s1"], "has a column s1"),
        ([HEADER + ",city", '1,2030-01-02,1,2,3,4,5,6,"SAO', "2,…"], "line 3: "),
    ],
)
def test_what_is_no_file_of_draws_is_refused(tmp_path: Path, lines: list[str], told: str) -> None:
    with pytest.raises(DrawFileError, match=told):
        read_draws(written(tmp_path, *lines), MEGA_SENA)


def test_other_files_are_refused_by_their_names(tmp_path: Path) -> None:
    with pytest.raises(DrawFileError, match=r"draws\.ods must end in \.csv or \.xlsx"):
        read_draws(written(tmp_path, HEADER, name="draws.ods"), MEGA_SENA)


def test_a_spreadsheet_with_a_cell_far_away_is_refused(tmp_path: Path) -> None:
    from xlsxwriter import Workbook

    path = tmp_path / "draws.xlsx"
    with Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER.split(","))
        sheet.write("XFD1048576", 1)
    with pytest.raises(SheetError, match="1048576, more than the 200,000 rows"):
        read_draws(path, MEGA_SENA)


def test_rows_of_a_spreadsheet_are_counted_from_its_top(tmp_path: Path) -> None:
    rows = [HEADER.split(","), [], [1, "2030-01-02", 1, 2, 3, 4, 5, 99]]
    with pytest.raises(DrawFileError, match="row 3: a number must be 1 to 60, got '99'"):
        read_draws(spreadsheet(tmp_path, rows), MEGA_SENA)


def test_super_sete_has_columns_of_its_own(tmp_path: Path) -> None:
    header = ",".join(["Concurso", "Data", *(f"Coluna {n}" for n in range(1, 8))])
    path = written(tmp_path, header, "1,02/01/2030,0,9,9,1,0,3,4")
    assert read_draws(path, get_lottery("super-sete"))[0].numbers == (0, 9, 9, 1, 0, 3, 4)


def test_what_only_ends_like_a_spreadsheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match=r"draws\.xlsx is no XLSX that can be read"):
        read_draws(written(tmp_path, "no", name="draws.xlsx"), MEGA_SENA)


@pytest.mark.parametrize("cell", ["<c r='CZ200001'", '<x:c r="CZ200001"', '<c r = "cz200001"'])
def test_however_a_cell_far_away_is_written_it_is_seen(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "draws.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/anywhere.bin", f"<row>{cell}><v>1</v></row>")
    with pytest.raises(SheetError, match=r"(?i)reaches to CZ200001"):
        read_draws(path, MEGA_SENA)


def test_a_csv_of_very_many_rows_or_columns_is_refused(tmp_path: Path) -> None:
    header = "draw,date,n1,n2,n3,n4,n5,n6"
    for lines in ([header, *[""] * 200_001], [header, "," * 200]):
        with pytest.raises(DrawFileError, match="more than 200,000 rows or 200 columns"):
            read_draws(written(tmp_path, *lines), MEGA_SENA)
