"""Whatever is made up from the API's own description, no operation of generation crashes, each
answers with a status that it documents, and every refusal is a problem."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_ray_runtime.testing import run_enqueued
from generation.models import GenerationJob
from project.api import api as project_api
from tests.unit.test_draws import SAMPLE
from tests.web.openapi import Operation, operations

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

OPERATIONS = operations(project_api.get_openapi_schema(), "lotteries", "generation", "draws")
AMOUNTS = {"mode", "quantity", "budget"}
JOBS = "/api/v1/generation/jobs"

as_it_comes = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def job(staff: Client, settings: Any, tmp_path: Path) -> str:
    """A finished job; and so many may be submitted."""
    settings.GENERATION_RESULTS_DIR = tmp_path
    settings.GENERATION_JOB_RATE = (10**9, 60)
    settings.GENERATION_MAX_ACTIVE_JOBS = 10**9
    body = {"lottery": "mega-sena", "quantity": 50}
    made = staff.post(JOBS, body, content_type="application/json").json()
    run_enqueued()
    return str(made["id"])


def test_the_document_has_them_all() -> None:
    assert sorted(map(str, OPERATIONS)) == [
        "delete /api/v1/generation/jobs/{job_id}",
        "get /api/v1/draws",
        "get /api/v1/generation/jobs",
        "get /api/v1/generation/jobs/{job_id}",
        "get /api/v1/generation/jobs/{job_id}/download",
        "get /api/v1/generation/jobs/{job_id}/games",
        "get /api/v1/generation/jobs/{job_id}/statistics",
        "get /api/v1/lotteries",
        "post /api/v1/draws/import",
        "post /api/v1/generation/count",
        "post /api/v1/generation/jobs",
    ]


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_any_request(staff: Client, job: str, operation: Operation) -> None:
    @given(data=st.data(), mine=st.booleans())
    @as_it_comes
    def ask(data: st.DataObject, mine: bool) -> None:
        given_path = data.draw(operation.parameters("path"), "path")
        names = {name: quote(str(value), safe="") for name, value in given_path.items()}
        if "job_id" in names and mine:
            names["job_id"] = job
        answer = send(staff, operation, operation.path.format(**names), data)
        look(operation, answer)

    ask()
    if operation.method != "delete":
        assert GenerationJob.objects.filter(id=job).exists()


def send(client: Client, operation: Operation, path: str, data: st.DataObject) -> Any:
    query = data.draw(operation.parameters("query"), "query")
    # A text that no header can hold does not reach a server.
    given_headers = data.draw(operation.parameters("header"), "headers")
    headers = {name: quote(str(value)) for name, value in given_headers.items()}
    target = f"{path}?{'&'.join(f'{name}={quote(str(value))}' for name, value in query.items())}"
    form = data.draw(operation.body("multipart/form-data"), "form")
    if form is not None:
        content = data.draw(st.sampled_from([SAMPLE.read_bytes(), b"", b"\xff\x00,1\n"]), "file")
        name = data.draw(st.sampled_from(["a.csv", "a.xlsx", "a", "ä.pdf"]), "name")
        fields = form if isinstance(form, dict) else {}
        sent = {key: str(value) for key, value in fields.items() if key != "file"}
        return client.post(target, sent | {"file": SimpleUploadedFile(name, content)})
    if operation.method == "get":
        return client.get(target, headers=headers)
    made_up = data.draw(operation.body("application/json"), "body")
    if isinstance(made_up, dict) and data.draw(st.booleans(), "one amount"):
        # By chance alone hardly any names just one.
        others = {name: made_up[name] for name in made_up if name not in AMOUNTS}
        made_up = others | {"quantity": 5}
    body = json.dumps(made_up)
    method = getattr(client, operation.method)
    return method(target, body, content_type="application/json", headers=headers)


def look(operation: Operation, answer: Any) -> None:
    status = answer.status_code
    assert status < 500, answer.content
    if status >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        document = answer.json()
        assert document["status"] == status
        assert document["detail"]
        return
    assert str(status) in {str(one) for one in operation.described["responses"]}
    if answer.streaming:
        b"".join(answer.streaming_content)  # which closes its file
