"""Official draws in the admin: to look at, and to import, all of a file or none."""

import io
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from generation.archive import store_draws
from generation.draws import read_draws
from generation.models import Draw
from tests.unit.test_draws import MEGA_SENA, SAMPLE
from tests.web.jobs import DRAWS
from tests.web.test_admin_actions import messages_of
from tests.web.test_admin_tasks import client_of, text_of

pytestmark = pytest.mark.django_db

IMPORT = f"{DRAWS}import/"


def post(client: Client, content: bytes, name: str = "draws.csv", **values: Any) -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(IMPORT, {"lottery": "mega-sena", "file": file} | values, follow=True)


def sheet() -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["Concurso", "Data do Sorteio", *(f"Bola{n}" for n in range(1, 7))])
        page.write_row(1, 0, [7, "18/03/2030", 9, 39, 37, 49, 43, 41])
    return buffer.getvalue()


def test_the_operators_csv_is_imported(admin_client: Client) -> None:
    answer = post(admin_client, SAMPLE.read_bytes())
    assert messages_of(answer) == ["Mega-Sena: 4 draws added, 0 replaced, 0 were there."]
    assert Draw.objects.count() == 4
    assert LogEntry.objects.get().object_id == str(Draw.objects.get(number=4).pk)
    again = post(admin_client, SAMPLE.read_bytes())
    assert messages_of(again) == ["Mega-Sena: 0 draws added, 0 replaced, 4 were there."]


def test_a_sheet_is_imported(admin_client: Client) -> None:
    post(admin_client, sheet(), "draws.xlsx")
    assert Draw.objects.get().numbers == [9, 37, 39, 41, 43, 49]


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (
            SAMPLE.read_bytes() + b"5;31/02/2030;1;2;3;4;5;6;0;\n6;01/04/2030;1;2;3;4;5;99;0;\n",
            "draws.csv",
            ["row 6: the date must be", "row 7: a number must be 1 to 60, got"],
        ),
        (b"a,b\n1,2\n", "my.csv", ["my.csv does not begin with the header of draws of Mega-Sena"]),
        (b"\x00\x01", "draws.xlsx", ["is no XLSX that can be read"]),
        (b"x", "draws.pdf", ["draws.pdf must end in .csv or .xlsx"]),
        (b"", "draws.csv", ["The submitted file is empty."]),
    ],
)
def test_what_is_no_file_of_draws_is_told_with_its_rows_and_nothing_is_stored(
    admin_client: Client, content: bytes, name: str, told: list[str]
) -> None:
    page = post(admin_client, content, name).content.decode()
    assert "Nothing was stored." in page
    [errors] = re.findall(r'<ul class="errorlist"[^>]*>(.*?)</ul>', page, re.DOTALL)
    assert [one for one in told if one not in errors] == []
    assert not Draw.objects.exists()


def test_draws_that_differ_are_replaced_only_where_that_is_asked_for(admin_client: Client) -> None:
    store_draws(MEGA_SENA, read_draws(SAMPLE, MEGA_SENA)[:1])
    Draw.objects.update(numbers=[1, 2, 3, 4, 5, 6])
    page = post(admin_client, SAMPLE.read_bytes()).content.decode()
    assert "draws 1 of Mega-Sena are stored with other numbers or dates" in page
    assert Draw.objects.count() == 1
    answer = post(admin_client, SAMPLE.read_bytes(), replace="on")
    assert messages_of(answer) == ["Mega-Sena: 3 draws added, 1 replaced, 0 were there."]


def test_draws_are_listed_found_and_only_looked_at(admin_client: Client) -> None:
    store_draws(MEGA_SENA, read_draws(SAMPLE, MEGA_SENA))
    draw = Draw.objects.get(number=4)
    assert "1, 5, 6, 27, 42, 59" in text_of(admin_client, f"{DRAWS}?lottery=mega-sena")
    assert "1, 5, 6, 27, 42, 59" not in text_of(admin_client, f"{DRAWS}?lottery=quina")
    found = text_of(admin_client, f"{DRAWS}?q=4")
    assert found.count("/change/") == 1
    page = text_of(admin_client, f"{DRAWS}{draw.pk}/change/")
    assert "1, 5, 6, 27, 42, 59" in page
    assert "_save" not in page
    changed = {"numbers": "[1]", "date": "2030-01-01"}
    assert admin_client.post(f"{DRAWS}{draw.pk}/change/", changed).status_code == 403
    assert admin_client.get(f"{DRAWS}add/").status_code == 403


def test_only_who_may_add_draws_imports_them(db: None) -> None:
    client = client_of("view_draw")
    assert "/import/" not in text_of(client, DRAWS)
    assert client.get(IMPORT).status_code == 403
    assert post(client, SAMPLE.read_bytes()).status_code == 403
    assert not Draw.objects.exists()


def test_only_who_may_change_draws_replaces_them(db: None) -> None:
    store_draws(MEGA_SENA, read_draws(SAMPLE, MEGA_SENA)[:1])
    Draw.objects.update(numbers=[1, 2, 3, 4, 5, 6])
    page = post(client_of("add_draw"), SAMPLE.read_bytes(), replace="on").content.decode()
    assert "are stored with other numbers" in page
    assert Draw.objects.get().numbers == [1, 2, 3, 4, 5, 6]


def test_who_sees_no_draws_has_nothing(db: None) -> None:
    assert client_of("view_generationjob").get(DRAWS).status_code == 403


def test_a_very_long_name_of_a_file_is_shortened(admin_client: Client) -> None:
    post(admin_client, SAMPLE.read_bytes(), "\N{GRINNING FACE}" * 79 + ".csv")
    assert Draw.objects.count() == 4
