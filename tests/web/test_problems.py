import json
import logging
from typing import Any

import pytest
from django.core.signals import request_finished
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.web.site")]

ORDERS = "/api/v1/orders"


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The document of `answer`, after a look at what all of them have in common."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Content-Length"] == str(len(answer.content))
    document = json.loads(answer.content)
    assert document.keys() - {"errors"} == {"type", "title", "status", "detail", "instance"}
    assert document["status"] == status
    assert document["instance"] == answer.wsgi_request.path
    assert document["title"]
    assert document["detail"]
    return document


def post(client: Client, body: Any) -> Any:
    return client.post(ORDERS, body, content_type="application/json")


class TestValidation:
    def test_each_field_is_named_as_the_client_wrote_it(self, api: Client) -> None:
        answer = post(api, {"quantity": 0, "options": {"numbers": [1, "x"]}})
        errors = problem(answer, 422)["errors"]
        assert [(error["source"], error["field"]) for error in errors] == [
            ("body", "quantity"),
            ("body", "options.numbers.1"),
        ]
        assert errors[0]["detail"] == "Input should be greater than or equal to 1"

    def test_a_missing_body_names_no_parameter_of_ours(self, api: Client) -> None:
        [error] = problem(post(api, ""), 422)["errors"]
        assert (error["source"], error["field"]) == ("body", "")

    def test_the_query_string_is_named_as_such(self, api: Client) -> None:
        [error] = problem(api.get("/api/v1/tasks?limit=0"), 422)["errors"]
        assert (error["source"], error["field"]) == ("query", "limit")

    def test_a_router_words_what_only_it_can_judge_the_same_way(self, api: Client) -> None:
        [error] = problem(post(api, {"quantity": 13}), 422)["errors"]
        assert error == {"source": "body", "field": "quantity", "detail": "13 is not made"}

    @pytest.mark.parametrize(
        "body",
        [b"{", b"\xff", b'{"quantity": ' + b"9" * 5000 + b"}", b"[" * 100_000],
        ids=["unfinished", "not UTF-8", "huge number", "deeply nested"],
    )
    def test_a_body_that_is_no_json_is_400(self, body: bytes, api: Client) -> None:
        problem(post(api, body), 400)

    @pytest.mark.parametrize("body", [b"null", b"1", b"[]", b'"\\ud800"'])
    def test_json_of_another_kind_is_422(self, body: bytes, api: Client) -> None:
        problem(post(api, body), 422)


class TestStatuses:
    def test_401_says_how_to_authenticate(self, client: Client) -> None:
        answer = client.get("/api/v1/whoami")
        assert "Bearer" in problem(answer, 401)["detail"]
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'

    def test_403(self, api: Client) -> None:
        problem(api.get("/api/v1/fails/denied"), 403)
        assert "staff" in problem(api.get("/api/v1/careful"), 403)["detail"]

    @pytest.mark.parametrize("path", ["", "nothing", "nothing/here", "tasks/not-a-uuid"])
    def test_404_of_an_unknown_path(self, path: str, api: Client) -> None:
        problem(api.get(f"/api/v1/{path}"), 404)

    def test_404_of_a_row_that_is_not_there_names_no_model(self, api: Client) -> None:
        answer = api.get("/api/v1/tasks/00000000-0000-7000-8000-000000000000")
        assert "QueuedTask" not in problem(answer, 404)["detail"]

    def test_405_lists_what_is_allowed(self, api: Client) -> None:
        answer = api.delete(ORDERS)
        problem(answer, 405)
        assert answer.headers["Allow"] == "POST"

    def test_409_with_a_type_of_its_own(self, api: Client) -> None:
        document = problem(post(api, {"quantity": 99}), 409)
        assert document["type"] == "/p/twice"
        assert document["title"] == "Conflict"

    def test_413_comes_before_anything_is_read(self, client: Client, settings: Any) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        detail = problem(post(client, b"x" * 101), 413)["detail"]
        assert "101 bytes; at most 100" in detail
        problem(post(client, b"x" * 100), 401)

    def test_a_status_that_ninja_raises_keeps_its_words(self, api: Client) -> None:
        assert problem(api.get("/api/v1/fails/teapot"), 418)["detail"] == "No coffee here."

    def test_500_tells_nothing_and_is_logged(
        self, api: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.ERROR, "django.request"):
            answer = api.get("/api/v1/fails/crash")
        assert "secret" not in json.dumps(problem(answer, 500))
        assert "the secret of the database" in caplog.text

    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    def test_500_tells_nothing_in_debug_mode_either(self, api: Client, settings: Any) -> None:
        settings.DEBUG = True
        assert "secret" not in json.dumps(problem(api.get("/api/v1/fails/crash"), 500))

    def test_a_host_that_is_not_ours_is_400(self, api: Client) -> None:
        problem(api.get("/api/v1/whoami", headers={"Host": "elsewhere.example"}), 400)

    def test_pages_outside_the_api_are_left_alone(self, client: Client) -> None:
        assert client.get("/nothing").headers["Content-Type"].startswith("text/html")

    def test_a_worded_error_ends_its_request_once(self, api: Client) -> None:
        ended: list[str] = []

        def note(**_: Any) -> None:
            ended.append("request")

        request_finished.connect(note)
        try:
            problem(api.get("/api/v1/nothing"), 404)
        finally:
            request_finished.disconnect(note)
        assert ended == ["request"]
