"""Draws over REST: looked at by all, imported by staff, and spoken of by jobs."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from generation import archive
from generation.archive import ImportsMet
from generation.models import Draw, GenerationJob
from project.models import AuditEntry
from tests.unit.test_draws import SAMPLE

pytestmark = pytest.mark.django_db

DRAWS = "/api/v1/draws"
JOBS = "/api/v1/generation/jobs"
PLAIN = "draw,date,n1,n2,n3,n4,n5,n6\n"


def send(client: Client, content: bytes | str, name: str = "draws.csv", **form: str) -> Any:
    raw = content.encode() if isinstance(content, str) else content
    return client.post(f"{DRAWS}/import", {"file": SimpleUploadedFile(name, raw), **form})


@pytest.fixture
def stored(staff: Client) -> None:
    assert send(staff, SAMPLE.read_bytes()).status_code == 200


class TestImporting:
    def test_the_operators_file_is_stored_once(self, staff: Client) -> None:
        assert send(staff, SAMPLE.read_bytes()).json() == {"added": 4, "replaced": 0, "same": 0}
        assert send(staff, SAMPLE.read_bytes()).json() == {"added": 0, "replaced": 0, "same": 4}
        actions = AuditEntry.objects.values_list("action", "kind", "object_id")
        assert list(actions) == [("import", "draws", "mega-sena")] * 2

    def test_it_is_for_staff(self, api: Client) -> None:
        assert send(api, SAMPLE.read_bytes()).status_code == 403
        assert not Draw.objects.exists()

    def test_rows_that_are_no_draws_are_named_and_nothing_is_stored(self, staff: Client) -> None:
        text = PLAIN + "1,2030-01-01,1,2,3,4,5,6\n2,2030-01-02,1,2,3,4,5,99\n3,01.01.30,1,1\n"
        answer = send(staff, text)
        assert answer.status_code == 422
        errors = answer.json()["errors"]
        assert [(one["source"], one["field"]) for one in errors] == [
            ("file", "row 3"),
            ("file", "row 4"),
        ]
        assert errors[0]["detail"] == "a number must be 1 to 60, got '99'"
        assert not Draw.objects.exists()

    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("draws.csv", "a,b\n1,2\n", "does not begin with the header"),
            ("draws.pdf", PLAIN, "must end in .csv or .xlsx"),
            ("draws", PLAIN, "must end in .csv or .xlsx"),
            ("draws.xlsx", PLAIN, "no XLSX that can be read"),
            ("draws.csv", PLAIN, "has a header and no draws"),
        ],
    )
    def test_what_is_no_file_of_draws_is_refused(
        self, staff: Client, name: str, content: str, told: str
    ) -> None:
        answer = send(staff, content, name)
        assert answer.status_code == 422
        assert told in answer.json()["errors"][0]["detail"]

    def test_without_a_file_or_with_an_unknown_lottery_it_is_refused(self, staff: Client) -> None:
        assert staff.post(f"{DRAWS}/import").json()["errors"][0]["field"] == "file"
        answer = send(staff, PLAIN, lottery="bingo")
        assert answer.json()["errors"][0]["field"] == "lottery"

    def test_draws_that_differ_are_replaced_only_on_request(
        self, staff: Client, stored: None
    ) -> None:
        text = PLAIN + "1,2030-01-01,1,2,3,4,5,6\n"
        answer = send(staff, text)
        assert answer.status_code == 409
        assert "draws 1 of Mega-Sena are stored with other numbers" in answer.json()["detail"]
        assert send(staff, text, replace="true").json()["replaced"] == 1

    def test_imports_that_meet_are_told_so(
        self, staff: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def met(*_: Any, **__: Any) -> None:
            raise archive.IntegrityError("duplicate key value")

        monkeypatch.setattr(archive, "_store", met)
        answer = send(staff, SAMPLE.read_bytes())
        assert answer.status_code == 409
        assert "import the file again" in answer.json()["detail"]
        assert ImportsMet.__name__ not in answer.json()["detail"]


class TestLooking:
    def test_the_latest_comes_first_in_pages(self, api: Client, stored: None) -> None:
        first = api.get(DRAWS, {"lottery": "mega-sena", "limit": 3}).json()
        assert [one["number"] for one in first["items"]] == [4, 3, 2]
        assert first["items"][0] == {
            "lottery": "mega-sena", "number": 4, "date": first["items"][0]["date"],
            "numbers": [1, 5, 6, 27, 42, 59], "second_numbers": [],
        }  # fmt: skip
        rest = api.get(DRAWS, {"lottery": "mega-sena", "cursor": first["next"]}).json()
        assert [one["number"] for one in rest["items"]] == [1]
        assert api.get(DRAWS, {"lottery": "quina"}).json()["items"] == []

    def test_a_lottery_is_asked_for(self, api: Client) -> None:
        assert api.get(DRAWS).status_code == 422


class TestSpokenOf:
    @pytest.fixture(autouse=True)
    def _folder(self, settings: Any, tmp_path: Path) -> None:
        settings.GENERATION_RESULTS_DIR = tmp_path

    @pytest.mark.parametrize("number", ["latest", 4])
    def test_a_job_names_a_stored_draw(self, api: Client, stored: None, number: Any) -> None:
        body = {
            "lottery": "mega-sena", "quantity": 10, "reference_draw_number": number,
            "constraints": {"min_repeats": 2},
        }  # fmt: skip
        job = api.post(JOBS, body, content_type="application/json").json()
        assert job["constraints"]["reference_draw"] == [1, 5, 6, 27, 42, 59]

    def test_numbers_and_a_number_of_a_draw_are_one_too_many(
        self, api: Client, stored: None
    ) -> None:
        body = {
            "lottery": "mega-sena", "quantity": 10, "reference_draw_number": 4,
            "constraints": {"reference_draw": [1, 2, 3, 4, 5, 6], "min_repeats": 2},
        }  # fmt: skip
        answer = api.post(JOBS, body, content_type="application/json")
        assert answer.status_code == 422
        assert "not both" in answer.json()["errors"][0]["detail"]

    def test_past_draws_go_with_the_job_and_are_shown_as_a_count(
        self, api: Client, stored: None
    ) -> None:
        body = {
            "lottery": "mega-sena", "quantity": 10, "constraints": {"exclude_past": 5},
        }  # fmt: skip
        job = api.post(JOBS, body, content_type="application/json").json()
        assert job["past_draws"] == 4
        assert job["constraints"] == {"exclude_past": 5, "seed": job["seed"]}
        assert len(GenerationJob.objects.get().constraints["past_draws"]) == 4
        counted = api.post("/api/v1/generation/count", body, content_type="application/json").json()
        assert counted["past_draws"] == 4
