"""Orders of games over REST."""

from typing import Any

from django.test import Client

API = "/api/v1"
JOBS = f"{API}/generation/jobs"
WANTED = {"lottery": "mega-sena", "constraints": {"max_odd": 4, "seed": 7}, "quantity": 500}


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.post(path, body, content_type="application/json", headers=headers)


def submit(client: Client, **changes: Any) -> Any:
    answer = post(client, JOBS, WANTED | changes)
    assert answer.status_code == 202, answer.content
    return answer.json()


def error_of(answer: Any, status: int = 422) -> tuple[str, str]:
    """Field and detail of the only error."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    [error] = answer.json()["errors"]
    return error["field"], error["detail"]
