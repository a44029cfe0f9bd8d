"""Games in the admin: files, changes to jobs, and who may do what."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.states import State
from django_ray_runtime.testing import run_enqueued
from generation.models import GenerationJob
from generation.results import make_file
from tests.web.jobs import JOBS, ORDER, add_job, page_of
from tests.web.test_admin_actions import messages_of
from tests.web.test_admin_tasks import client_of, shown_ids, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("results")]


def run(client: Client, action: str, *jobs: GenerationJob, **extra: Any) -> Any:
    data = {"action": action, "_selected_action": [str(job.pk) for job in jobs], "index": "0"}
    return client.post(JOBS, data | extra, follow=True)


def state_of(job: GenerationJob) -> str:
    return QueuedTask.objects.values_list("state", flat=True).get(pk=job.task_id)


def test_a_file_is_streamed_under_a_name_that_tells_what_it_is(admin_client: Client) -> None:
    job = add_job(State.SUCCESSFUL)
    answer = admin_client.get(f"{JOBS}{job.pk}/download/")
    assert answer.streaming
    assert b"".join(answer.streaming_content) == job.path.read_bytes()
    name = f"mega-sena-{job.games_done}-{job.id.hex[:8]}.csv"
    assert f'filename="{name}"' in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Length"] == "12"
    answer.close()


def test_what_is_ordered_here_is_made_and_downloaded_here(
    admin_client: Client, tmp_path: Path
) -> None:
    asked = {"lottery": "mega-sena", "file_format": "csv", "quantity": "1000", "seed": "5"}
    admin_client.post(f"{JOBS}add/", asked | {"min_odd": "2", "max_odd": "4"})
    run_enqueued()
    [job] = GenerationJob.objects.all()
    answer = admin_client.get(f"{JOBS}{job.pk}/download/")
    make_file(ORDER, tmp_path / "same.csv")
    assert b"".join(answer.streaming_content) == (tmp_path / "same.csv").read_bytes()
    page = text_of(admin_client, page_of(job))
    assert "1,000 of 1,000 (100 %)" in page
    assert page.count('<div class="gen-chart"><svg') == 4


def test_a_file_that_is_not_there_is_told(admin_client: Client) -> None:
    gone, running = add_job(State.SUCCESSFUL), add_job(State.RUNNING)
    gone.path.unlink()
    for job in (gone, running):
        answer = admin_client.get(f"{JOBS}{job.pk}/download/", follow=True)
        assert "There is no file of" in messages_of(answer)[0]


@pytest.mark.parametrize(
    ("verb", "state", "told", "after"),
    [
        ("cancel", State.READY, "1 job cancelled.", State.CANCELLED),
        ("cancel", State.RUNNING, "1 running job told to stop.", State.RUNNING),
        ("requeue", State.FAILED, "1 job requeued.", State.READY),
        ("requeue", State.CANCELLED, "1 job requeued.", State.READY),
        ("cancel", State.FAILED, "1 job not cancelled: 1 already failed.", State.FAILED),
        ("requeue", State.READY, "1 job not requeued: 1 still ready.", State.READY),
        (
            "requeue",
            State.SUCCESSFUL,
            "1 job not requeued: 1 already successful.",
            State.SUCCESSFUL,
        ),
        ("delete", State.RUNNING, "1 job not deleted: 1 still running.", State.RUNNING),
    ],
)
def test_a_job_is_changed_after_a_question(
    admin_client: Client, verb: str, state: State, told: str, after: State
) -> None:
    job = add_job(state)
    url = f"{JOBS}{job.pk}/{verb}/"
    assert f'value="Yes, {verb} it"' in text_of(admin_client, url)
    assert state_of(job) == state
    assert messages_of(admin_client.post(url, follow=True)) == [told]
    assert state_of(job) == after
    assert LogEntry.objects.exists() is ("not" not in told)


def test_many_are_changed_at_once_and_told_apart(admin_client: Client) -> None:
    jobs = [add_job(state) for state in (State.READY, State.READY, State.RUNNING, State.FAILED)]
    assert messages_of(run(admin_client, "cancel_selected", *jobs)) == [
        "2 jobs cancelled.",
        "1 running job told to stop.",
        "1 job not cancelled: 1 already failed.",
    ]
    assert messages_of(run(admin_client, "requeue_selected", *jobs)) == [
        "3 jobs requeued.",
        "1 job not requeued: 1 still running.",
    ]


def test_deleting_takes_the_file_along_and_leaves_what_runs(
    admin_client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    ended, running = add_job(State.SUCCESSFUL), add_job(State.RUNNING)
    page = run(admin_client, "delete_selected", ended, running).content.decode()
    assert "Yes, delete them" in page
    assert GenerationJob.objects.count() == 2
    with django_capture_on_commit_callbacks(execute=True):
        answer = run(admin_client, "delete_selected", ended, running, confirmed="yes")
    assert messages_of(answer) == ["1 job deleted.", "1 job not deleted: 1 still running."]
    assert list(GenerationJob.objects.all()) == [running]
    assert not ended.path.exists()


def test_deleting_from_the_page_leads_to_the_list(admin_client: Client) -> None:
    job = add_job(State.CANCELLED)
    answer = admin_client.post(f"{JOBS}{job.pk}/delete/")
    assert answer.headers["Location"] == JOBS
    assert not GenerationJob.objects.exists()
    answer = admin_client.get(page_of(job), follow=True)
    assert messages_of(answer)[-1] == f"There is no job {job.pk}; it may have been deleted."


def test_staff_without_permissions_see_nothing(db: None) -> None:
    job = add_job(State.SUCCESSFUL)
    client = client_of()
    for url in (JOBS, f"{JOBS}live/", page_of(job), f"{JOBS}{job.pk}/download/"):
        assert client.get(url).status_code == 403
    for verb in ("cancel", "requeue", "delete"):
        assert client.post(f"{JOBS}{job.pk}/{verb}/").status_code == 403


def test_who_may_look_sees_the_jobs_of_all_and_changes_none(db: None) -> None:
    job = add_job(State.READY, owner=User.objects.create_user("owner"))
    failed, ended = add_job(State.FAILED), add_job(State.SUCCESSFUL)
    client = client_of("view_generationjob")
    page = text_of(client, JOBS)
    assert job.id.hex in shown_ids(page)
    assert "_selected" not in page.replace("_selected_action", "")
    for verb, one in (("cancel", job), ("requeue", failed), ("delete", ended)):
        assert f"/{verb}/" not in text_of(client, page_of(one))
        assert client.post(f"{JOBS}{one.pk}/{verb}/").status_code == 403
    for action in ("cancel_selected", "requeue_selected", "delete_selected"):
        run(client, action, job, failed, ended, confirmed="yes")
    assert [state_of(one) for one in (job, failed, ended)] == ["READY", "FAILED", "SUCCESSFUL"]
    assert GenerationJob.objects.count() == 3
    file = client.get(f"{JOBS}{ended.pk}/download/")
    assert b"".join(file.streaming_content) == ended.path.read_bytes()
    assert "/queuedtask/" not in text_of(client, page_of(job))


def test_a_forged_request_is_refused(admin_user: User) -> None:
    job = add_job(State.READY)
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    for verb in ("cancel", "requeue", "delete"):
        assert client.post(f"{JOBS}{job.pk}/{verb}/").status_code == 403
    assert state_of(job) == "READY"


@pytest.mark.parametrize("job_id", ["nonsense", "0" * 32])
def test_an_unknown_job_leads_back_to_the_list(admin_client: Client, job_id: str) -> None:
    for page in ("change", "delete"):
        answer = admin_client.get(f"{JOBS}{job_id}/{page}/", follow=True)
        assert messages_of(answer) == [f"There is no job {job_id}; it may have been deleted."]


def test_the_pages_have_nothing_inline(admin_client: Client) -> None:
    job = add_job(State.SUCCESSFUL)
    for url in (JOBS, page_of(job), f"{JOBS}{job.pk}/cancel/", f"{JOBS}{job.pk}/history/"):
        page = text_of(admin_client, url)
        assert (
            re.findall(r"<script(?![^>]* src=)(?![^>]* type=\"application/json\")[^>]*>", page)
            == []
        )
        assert " style=" not in page


def test_nothing_can_be_saved_on_a_jobs_page(admin_client: Client) -> None:
    job = add_job(State.READY)
    assert admin_client.post(page_of(job), {"quantity": "5"}).status_code == 405
    assert GenerationJob.objects.get().quantity == ORDER.quantity
