"""Jobs in the admin: what is shown, and at what cost."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_ray_runtime.models import Attempt
from django_ray_runtime.states import FINAL, State
from generation.chunks import run_chunk
from generation.constraints import GameConstraints
from generation.lotteries import get_lottery
from generation.models import GenerationJob
from generation.orders import Order
from generation.tally import Tally
from tests.web.jobs import JOBS, ORDER, add_job, page_of
from tests.web.rows import WORKER, add, add_failed
from tests.web.test_admin_tasks import shown_ids, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("results")]


def test_every_state_has_a_row_and_a_page(admin_client: Client) -> None:
    jobs = {state: add_job(state) for state in State}
    page = text_of(admin_client, JOBS)
    assert shown_ids(page) == {job.id.hex for job in jobs.values()}
    for state, job in jobs.items():
        badge = f'<span class="drr-badge drr-{state.lower()}">{state.capitalize()}</span>'
        assert badge in page
        assert badge in text_of(admin_client, page_of(job))
    assert page.count("data-unfinished>") == len(set(State) - FINAL)


def test_a_running_job_tells_how_far_and_how_fast_it_is(admin_client: Client) -> None:
    add_job(State.RUNNING, games_done=250)
    page = text_of(admin_client, JOBS)
    assert '<progress value="250" max="1000" aria-label="Progress"></progress>' in page
    assert re.search(r"250 of 1,000 \(25 %\), about 4 min \d\d s left", page)
    assert '<span data-live="games_per_second">3</span>' in page


def test_a_whole_job_offers_its_file_and_another_tells_what_is_missing(
    admin_client: Client,
) -> None:
    whole = add_job(State.SUCCESSFUL)
    add_job(State.SUCCESSFUL, complete=False, reason="no more games <fit>", games_done=900)
    expired = add_job(State.SUCCESSFUL)
    GenerationJob.objects.filter(pk=expired.pk).update(file_name="", file_expired_at=timezone.now())
    page = text_of(admin_client, JOBS)
    assert f'<a href="{JOBS}{whole.pk}/download/">CSV</a>' in page
    assert "Incomplete</span>" in page
    assert "no more games &lt;fit&gt;" in page
    assert "expired <time" in page
    assert page.count("/download/") == 2


def test_the_newest_come_first(admin_client: Client) -> None:
    jobs = [add_job(State.READY) for _ in range(3)]
    found = re.findall(r'data-live-id="([0-9a-f]{32})"', text_of(admin_client, JOBS))
    assert found == [job.id.hex for job in reversed(jobs)]


def test_a_list_of_many_takes_as_many_queries_as_one_of_few(admin_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            text_of(admin_client, JOBS)
        return len(found)

    owner = User.objects.get(username="admin")
    add_job(State.RUNNING, owner=owner)
    few = queries()
    for number in range(20):
        other = User.objects.create_user(f"user {number}")
        add_job(list(State)[number % len(State)], owner=other)
    assert queries() == few


def test_the_list_reads_nothing_wide(admin_client: Client) -> None:
    add_job(State.SUCCESSFUL, tally={"wide": 1})
    with CaptureQueriesContext(connection) as found:
        text_of(admin_client, JOBS)
    [rows] = [one["sql"] for one in found if '"games_done"' in one["sql"]]
    for name in ("tally", "constraints", "return_value"):
        assert f'"{name}"' not in rows


@pytest.mark.parametrize(
    "query",
    [
        "task__state__exact=RUNNING", "lottery=quina", "format=parquet", "owner__id__exact={ana}",
        "q={job}", "q={task}",
    ],
)  # fmt: skip
def test_jobs_are_found(admin_client: Client, query: str) -> None:
    ana = User.objects.create_user("ana")
    other = Order("quina", GameConstraints(numbers_per_game=5, seed=1), 10, "parquet")
    wanted = add_job(State.RUNNING, owner=ana)
    wanted.set_order(other)
    wanted.save()
    add_job(State.READY, owner=User.objects.get(username="admin"))
    asked = query.format(ana=ana.pk, job=wanted.pk, task=wanted.task_id.hex)
    assert shown_ids(text_of(admin_client, f"{JOBS}?{asked}")) == {wanted.id.hex}


def test_what_is_no_identifier_finds_nothing(admin_client: Client) -> None:
    add_job(State.READY)
    assert shown_ids(text_of(admin_client, f"{JOBS}?q=mega")) == set()
    assert len(shown_ids(text_of(admin_client, f"{JOBS}?created_at__year=2001"))) == 0


def test_the_live_view_sends_what_changes_of_those_asked_for(admin_client: Client) -> None:
    running, ended = add_job(State.RUNNING, games_done=500), add_job(State.SUCCESSFUL)
    add_job(State.RUNNING)
    with CaptureQueriesContext(connection) as found:
        answer = admin_client.get(f"{JOBS}live/?ids={running.id.hex}.{ended.id.hex}.nonsense")
    assert len([one for one in found if "generationjob" in one["sql"]]) == 1
    rows = answer.json()["rows"]
    assert set(rows) == {running.id.hex, ended.id.hex}
    assert rows[running.id.hex]["unfinished"] is True
    assert "500 of 1,000 (50 %)" in rows[running.id.hex]["cells"]["progress"]
    assert rows[ended.id.hex]["unfinished"] is False
    assert "/download/" in rows[ended.id.hex]["cells"]["file"]
    assert answer.headers["Cache-Control"].startswith("max-age=0, no-cache")


def test_every_live_piece_has_its_place_in_the_list_and_on_the_page(admin_client: Client) -> None:
    job = add_job(State.RUNNING)
    [row] = admin_client.get(f"{JOBS}live/?ids={job.id.hex}").json()["rows"].values()
    for page in (text_of(admin_client, JOBS), text_of(admin_client, page_of(job))):
        assert set(re.findall(r'data-live="(\w+)"', page)) == set(row["cells"])


def test_a_page_tells_what_was_ordered_in_words(admin_client: Client) -> None:
    wanted = GameConstraints(
        fixed_numbers=(7, 13), min_odd=2, max_odd=4, min_sum=120, max_run=2, max_primes=3,
        min_even=2, max_even=2, reference_draw=(1, 2, 3), min_repeats=1, max_repetition=4, seed=0,
    )  # fmt: skip
    job = add_job(State.READY)
    job.set_order(Order("mega-sena", wanted, 2000, "xlsx"))
    job.save()
    facts = dict(
        re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", text_of(admin_client, page_of(job)))
    )
    assert facts["In every game"] == "7, 13"
    assert facts["Odd numbers"] == "2 to 4"
    assert facts["Even numbers"] == "exactly 2"
    assert facts["Sum of the numbers"] == "at least 120"
    assert facts["Prime numbers"] == "at most 3"
    assert facts["Longest run of neighbours"] == "at most 2"
    assert facts["Numbers repeated"] == "at least 1 of the draw 1, 2, 3"
    assert facts["Shared by any two games"] == "at most 4"
    assert (facts["Seed"], facts["Format"], facts["Games"]) == ("0", "XLSX", "2,000")


def test_a_job_of_another_version_of_the_code_is_still_shown(admin_client: Client) -> None:
    job = add_job(State.SUCCESSFUL, tally={"games": 1})
    GenerationJob.objects.update(constraints={"gone": "<1>"}, lottery="gone")
    page = text_of(admin_client, page_of(job))
    assert "&quot;gone&quot;: &quot;&lt;1&gt;&quot;" in page
    assert job.id.hex in shown_ids(text_of(admin_client, JOBS))


def test_a_page_tells_the_figures_of_what_was_made(admin_client: Client) -> None:
    job = add_job(State.SUCCESSFUL)
    page = text_of(admin_client, page_of(job))
    assert "ab" * 32 in page
    assert "<dt>of it making games</dt><dd>0.50 s</dd>" in page
    assert "<dt>Valid games in all</dt><dd>40,325,950</dd>" in page
    assert f'/admin/django_ray_runtime/queuedtask/{job.task_id}/change/">' in page


def test_a_bound_is_not_told_as_a_count(admin_client: Client) -> None:
    page = text_of(admin_client, page_of(add_job(State.READY, exact=False)))
    assert "<dt>Valid games in all</dt><dd>at most 40,325,950</dd>" in page


def test_a_page_shows_charts_once_the_games_are_counted(admin_client: Client) -> None:
    assert "chart-odd" not in text_of(admin_client, page_of(add_job(State.SUCCESSFUL)))
    tally = Tally(get_lottery("mega-sena"), ORDER.constraints)
    chunk = (0, ORDER.quantity)
    tally.add(run_chunk(chunk, lottery=get_lottery("mega-sena"), constraints=ORDER.constraints))
    page = text_of(admin_client, page_of(add_job(State.SUCCESSFUL, tally=tally.as_dict())))
    assert page.count('<div class="gen-chart"><svg') == 4
    assert "Games that hold each number" in page
    assert "standard deviations; usually it is below" in page
    assert " style=" not in page


def test_a_page_lists_every_attempt_with_its_error(admin_client: Client) -> None:
    row = add_failed("generation.tasks.JobGone", attempt=2, worker_ids=[WORKER, "host:2:b"])
    Attempt.objects.create(
        task=row, number=1, worker=WORKER, exception_class_path="builtins.ValueError",
        traceback="Traceback …\nValueError: <first>\nmore of it\n",
    )  # fmt: skip
    Attempt.objects.filter(number=2).update(traceback="Traceback …\nJobGone: it broke\n")
    page = text_of(admin_client, page_of(add_job(State.FAILED, task=row)))
    runs = re.findall(r'<th scope="row">(\d)</th><td>([^<]*)</td>', page)
    assert runs == [("2", WORKER), ("1", WORKER)]
    assert "<td>ValueError: &lt;first&gt;</td>" in page
    assert '<p class="drr-error">JobGone: it broke</p>' in page


def test_an_attempt_without_a_record_is_told_by_the_task(admin_client: Client) -> None:
    page = text_of(admin_client, page_of(add_job(State.SUCCESSFUL)))
    assert f'<th scope="row">1</th><td>{WORKER}</td>' in page
    waiting = add(State.READY, attempt=1, worker_ids=[WORKER])
    page = text_of(admin_client, page_of(add_job(State.READY, task=waiting)))
    assert f'<th scope="row">1</th><td>{WORKER}</td><td>—</td><td>—</td><td>—</td>' in page
