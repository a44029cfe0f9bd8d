"""Whatever is made up from the API's own description, no service and no flow crashes, and every
refusal is a problem."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project.api import api as project_api
from tests.web.openapi import Operation, operations

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

TAGS = ["sentiment-analyzer", "garch-predictor", "portfolio-manager", "intraday-strategy"]
OPERATIONS = [
    one
    for one in operations(project_api.get_openapi_schema(), *TAGS, "workflows")
    if one.method != "delete"
]
# By chance hardly any is of the data.
REAL = {"tickers": ["AAPL", "MSFT", "TSLA"], "assets": ["SPY"], "asset": "SPY", "symbol": "SIM"}

as_it_comes = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_any_request(staff: Client, operation: Operation) -> None:
    measures = "performance" in operation.path  # and so takes its time
    few = settings(as_it_comes, max_examples=3 if measures else 12)

    @given(data=st.data(), real=st.booleans())
    @few
    def ask(data: st.DataObject, real: bool) -> None:
        names = data.draw(operation.parameters("path"), "path")
        path = operation.path.format(
            **{name: quote(str(value), safe="") for name, value in names.items()}
        )
        if operation.method == "get":
            query = data.draw(operation.parameters("query"), "query")
            answer = staff.get(path, {name: str(value) for name, value in query.items()})
        else:
            body = data.draw(operation.body("application/json"), "body")
            if real and isinstance(body, dict):
                body |= {name: REAL[name] for name in body.keys() & REAL.keys()}
            answer = staff.post(path, json.dumps(body), content_type="application/json")
        look(operation, answer)

    ask()


def look(operation: Operation, answer: Any) -> None:
    assert answer.status_code < 500, answer.content
    document = answer.json()
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert document["status"] == answer.status_code
        assert document["detail"]
        return
    assert str(answer.status_code) in {str(one) for one in operation.described["responses"]}
