"""What can be done with a request itself: headers, hosts, JSON, numbers, SQL, scripts in names."""

import json
import re
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.states import State
from generation.models import GenerationJob
from tests.web.jobs import add_job
from tests.web.rows import LIST, add, add_failed, report
from tests.web.service_pages import prices_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

API = "/api/v1"
XSS = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{8**8}}"


@pytest.mark.parametrize(
    "path",
    ["/login/", "/admin/login/", "/nothing/", "/api/v1/whoami", "/api/v1/nothing", "/healthz",
     "/metrics", "/", "/games/", "/static/pages/pages.css", "/shared/x/", "/admin/"],
)  # fmt: skip
def test_every_answer_tells_browsers_to_be_careful(path: str, client: Client) -> None:
    answer = client.get(path)
    if answer.streaming:
        answer.getvalue()  # to its end, which closes the file
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("path", ["/login/", "/api/v1/whoami", "/healthz", "/admin/login/"])
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1@evil.example", "a b", "[::1", ""]
)
def test_a_host_that_is_not_ours_is_refused(path: str, host: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    answer = Client(raise_request_exception=False).get(path, HTTP_HOST=host)
    assert answer.status_code == 400
    assert "evil" not in answer.content.decode()


def test_what_a_proxy_would_say_is_not_believed_from_others(client: Client) -> None:
    forged = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_HOST": "evil.example",
              "HTTP_X_FORWARDED_FOR": "127.0.0.1"}  # fmt: skip
    answer = client.get("/", **forged)
    assert "evil" not in answer.headers["Location"]
    assert not answer.wsgi_request.is_secure()


BODIES = {
    "deep lists": b"[" * 200_000 + b"]" * 200_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a huge number": b'{"lottery": "mega-sena", "quantity": ' + b"9" * 100_000 + b"}",
    "a number beyond": b'{"lottery": "mega-sena", "quantity": 1e400}',
    "NaN": b'{"lottery": "mega-sena", "quantity": NaN}',
    "infinity": b'{"lottery": "mega-sena", "quantity": -Infinity}',
    "a number of 64 bits": b'{"lottery": "mega-sena", "quantity": 9223372036854775808}',
    "NUL": b'{"lottery": "mega-\\u0000sena", "quantity": 1}',
    "half a character": b'{"lottery": "\\ud800", "quantity": 1}',
    "no text": b"\xff\xfe\x00",
    "a key twice": b'{"quantity": 1, "quantity": "x", "lottery": "mega-sena"}',
    "many keys": json.dumps({f"k{n}": n for n in range(50_000)}).encode(),
    "a long text": b'{"lottery": "' + b"x" * 2_000_000 + b'"}',
    "nothing": b"",
    "null": b"null",
}
DOORS = [
    "generation/jobs", "generation/count", "services/garch-predictor/predict-volatility",
    "services/portfolio-manager/optimize-portfolio",
    "services/sentiment-analyzer/analyze-sentiment", "workflows/insights", "workflows/games",
]  # fmt: skip


@pytest.mark.parametrize("what", BODIES)
def test_json_that_is_meant_to_hurt_is_refused_in_time(what: str, api: Client) -> None:
    for door in DOORS:
        began = time.process_time()
        path = f"{API}/{door}"
        answer = api.generic("POST", path, BODIES[what], content_type="application/json")
        assert 400 <= answer.status_code < 500, (door, answer.content[:300])
        assert len(answer.content) < 100_000, door
        assert time.process_time() - began < 5, door
    assert not QueuedTask.objects.exists()


INJECTIONS = ["' OR 1=1 --", "1); DROP TABLE auth_user; --", "%' UNION SELECT 1 --", "\x00"]


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_filter_order_or_search_reaches_the_database_as_sql(
    text: str, staff: Client, admin_client: Client
) -> None:
    add(State.READY)
    add_job(State.READY)
    for path in ("tasks", "generation/jobs", "draws"):
        for name in ("state", "queue", "task", "cursor", "order_by"):
            answer = staff.get(f"{API}/{path}", {name: text, "lottery": "mega-sena"})
            assert answer.status_code in {200, 404, 422}, (path, name)
    pages = (LIST, "/admin/auth/user/", "/games/", "/runtime/now/failures/")
    for page in pages:
        for name in ("q", "o", "task", "args__0__iexact", "before", "open"):
            answer = admin_client.get(page, {name: text})
            assert answer.status_code in {200, 302, 400}, (page, name)
    assert User.objects.count() == 2


def test_no_lookup_of_the_admin_reaches_what_is_not_listed(admin_client: Client) -> None:
    """Guessing a hash letter by letter, through a relation in the address."""
    for look in ("user__password__startswith", "user__api_tokens__hash__startswith"):
        answer = admin_client.get("/admin/project/auditentry/", {look: "a"})
        assert answer.status_code in {302, 400}, look


def test_fields_that_are_not_offered_change_nothing(api: Client, user: User) -> None:
    boss = User.objects.create_superuser("boss")
    more = {"owner": boss.pk, "owner_id": boss.pk, "id": "0" * 32, "file_name": "../../etc/passwd",
            "valid_games": "1", "task": "os.system", "is_staff": True}  # fmt: skip
    body = {"lottery": "mega-sena", "quantity": 5} | more
    answer = api.post(f"{API}/generation/jobs", body, content_type="application/json")
    assert answer.status_code in {202, 422}
    for job in GenerationJob.objects.all():
        assert (job.owner, job.file_name) == (user, "")


def test_what_people_and_tasks_write_is_shown_and_does_not_run(
    admin_client: Client, admin_user: User
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    admin_user.username = XSS[:150]
    admin_user.save()
    admin_client.force_login(admin_user)
    failed = add_failed(args=[XSS], task_path=f"a.{XSS}", queue_name=XSS)
    failed.attempts.update(traceback=XSS, output=XSS, exception_class_path=f"x.{XSS}"[:200])
    report(add(State.RUNNING), 1, 2, XSS)
    job = add_job(State.FAILED, owner=admin_user, task=failed, reason=XSS)
    file = SimpleUploadedFile(XSS.replace("/", "_"), prices_of("A", days=30))
    admin_client.post("/services/data-sets/", {"kind": "prices", "file": file})
    pages = [LIST, f"{LIST}{failed.pk}/change/", "/admin/", "/admin/project/auditentry/",
             f"/admin/generation/generationjob/{job.pk}/change/", "/", "/games/", "/runtime/",
             f"/games/{job.id}/", "/services/data-sets/", "/services/portfolio/",
             "/admin/auth/user/", f"/login/?next={XSS}", f"/games/new/?lottery={XSS}",
             f"/runtime/now/failures/?open={XSS}", f"/nothing/{XSS}"]  # fmt: skip
    shown = 0
    for page in pages:
        html = admin_client.get(page).content.decode()
        assert "<script>alert" not in html, page
        assert "<img src=x" not in html, page
        assert "16777216" not in html, f"{page}: a template was made of it"
        shown += "&lt;script&gt;" in html
    assert shown >= 5  # else nothing was shown at all


def test_texts_of_users_start_no_line_of_their_own_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    forged = "/x%0d%0a2026-01-01 CRITICAL root: forged"
    client.post(forged, headers={"Referer": "x\r\nforged"}, enforce_csrf_checks=True)
    client.get(forged)
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_what_goes_into_a_header_stays_one_header(api: Client, settings: Any, user: User) -> None:
    job = add_job(State.SUCCESSFUL, owner=user)
    for value in ('x"; filename="evil.exe', "x\r\nSet-Cookie: a=b", "csv\r\n"):
        answer = api.get(f"{API}/generation/jobs/{job.id}/download", {"format": value})
        assert answer.status_code == 422
        assert "Set-Cookie" not in answer.headers
    answer = api.get(f"{API}/generation/jobs/{job.id}/download")
    answer.getvalue()  # to its end, which closes it
    assert re.fullmatch(r'attachment; filename="[\w.-]+"', answer.headers["Content-Disposition"])


@pytest.mark.parametrize(
    "path",
    ["/static/../project/settings.py", "/static/..%2f..%2fproject/settings.py",
     "/static/%2e%2e/%2e%2e/db.sqlite3", "/static//etc/passwd", "/static/..\\settings.py",
     "/api/v1/generation/jobs/..%2f..%2fetc/download", "/shared/..%2f..%2fetc%2fpasswd/file/"],
)  # fmt: skip
def test_no_path_leads_out_of_what_is_served(path: str, client: Client) -> None:
    answer = client.get(path)
    assert answer.status_code in {301, 302, 400, 401, 404}
    assert b"SECRET_KEY" not in answer.content
    assert b"root:" not in answer.content
