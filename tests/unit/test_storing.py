"""Where jobs' files are stored, when they are deleted, and which runs may not store one."""

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import InMemoryStorage, storages
from django.utils import timezone

from django_ray_runtime import control
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.testing import run_enqueued
from generation import storing, tasks
from generation.checks import results_are_shared
from generation.constraints import GameConstraints
from generation.jobs import submit_job
from generation.models import GenerationJob
from generation.orders import Order
from generation.retention import STRAY_AFTER, tidy

pytestmark = pytest.mark.django_db

ORDER = Order("mega-sena", GameConstraints(seed=5), 100)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.GENERATION_RESULTS_DIR = tmp_path / "results"
    return tmp_path / "results"


@pytest.fixture
def elsewhere(settings: Any) -> InMemoryStorage:
    """A storage that is no file system."""
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, storing.ALIAS: memory}
    return storages[storing.ALIAS]


def made() -> GenerationJob:
    """A job that was run to its end."""
    job = submit_job(ORDER)
    run_enqueued()
    job.refresh_from_db()
    return job


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def age(path: Path, by: timedelta) -> None:
    then = time.time() - by.total_seconds()
    os.utime(path, (then, then))


class TestStoring:
    def test_a_job_has_one_file_in_the_folder(self, folder: Path) -> None:
        job = made()
        assert names(folder) == [job.file_name]
        with storing.open_file(job.file_name) as file:
            assert len(file.read()) == job.size

    def test_another_storage_gets_the_whole_file(
        self, elsewhere: InMemoryStorage, folder: Path
    ) -> None:
        job = made()
        assert elsewhere.listdir("") == ([], [job.file_name])
        with storing.open_file(job.file_name) as file:
            assert len(file.read()) == job.size
        assert names(folder) == []

    @pytest.mark.parametrize(
        "change",
        [
            {"cancel_asked_at": timezone.now()},
            {"worker": "host:2:b"},
            {"attempt": 2},
        ],
        ids=["cancelled", "taken over by a worker", "taken over by an attempt"],
    )
    @pytest.mark.parametrize("kind", ["folder", "elsewhere"])
    def test_a_run_that_lost_its_job_stores_nothing(
        self, change: Any, kind: str, monkeypatch: pytest.MonkeyPatch, folder: Path, request: Any
    ) -> None:
        request.getfixturevalue(kind)
        original = storing.store

        def store_late(path: Path, name: str) -> str:
            QueuedTask.objects.update(**change)
            return original(path, name)

        monkeypatch.setattr(tasks.storing, "store", store_late)
        job = submit_job(ORDER)
        run_enqueued()
        job.refresh_from_db()
        assert (job.file_name, job.sha256) == ("", "")
        assert names(folder) == []
        if kind == "elsewhere":
            assert storages[storing.ALIAS].listdir("") == ([], [])

    def test_a_storage_that_fails_leaves_nothing(
        self, elsewhere: InMemoryStorage, monkeypatch: pytest.MonkeyPatch, folder: Path
    ) -> None:
        def refuse(*_: Any) -> None:
            raise OSError("bucket is gone")

        monkeypatch.setattr(elsewhere, "_save", refuse)
        job = made()
        task = QueuedTask.objects.get()
        assert (task.state, job.file_name) == ("FAILED", "")
        assert "bucket is gone" in task.attempts.get().traceback

    def test_a_new_attempt_removes_what_earlier_ones_left(self, folder: Path) -> None:
        job = submit_job(ORDER)
        folder.mkdir()
        (folder / f"{job.id}.1.csv").touch()
        (folder / f".{job.id}.1.csv.77.part").touch()
        (folder / f".{job.id}.1.csv.77.part.rows").mkdir()
        storing.delete_attempts(job, below=2)
        assert names(folder) == []


class TestRetention:
    def test_files_expire_and_their_jobs_stay(self, folder: Path, settings: Any) -> None:
        settings.GENERATION_RETENTION_DAYS = 7
        old, new = made(), made()
        long_ago = timezone.now() - timedelta(days=8)
        QueuedTask.objects.filter(id=old.task_id).update(finished_at=long_ago)
        assert tidy()["expired"] == 1
        assert names(folder) == [new.file_name]
        old.refresh_from_db()
        assert old.file_expired_at is not None
        assert (old.file_name, bool(old.size), bool(old.sha256)) == ("", True, True)

    def test_with_zero_days_they_are_kept_for_ever(self, folder: Path, settings: Any) -> None:
        settings.GENERATION_RETENTION_DAYS = 0
        job = made()
        QueuedTask.objects.update(finished_at=timezone.now() - timedelta(days=9999))
        assert tidy()["expired"] == 0
        assert names(folder) == [job.file_name]

    def test_jobs_are_kept_for_ever_unless_told_otherwise(self, folder: Path) -> None:
        made()
        QueuedTask.objects.update(finished_at=timezone.now() - timedelta(days=9999))
        assert tidy()["jobs"] == 0
        assert GenerationJob.objects.count() == 1

    def test_old_jobs_go_with_their_files_and_then_their_tasks(
        self, folder: Path, settings: Any, django_capture_on_commit_callbacks: Any
    ) -> None:
        settings.GENERATION_KEEP_JOBS_DAYS = 90
        old, new = made(), made()
        unfinished = submit_job(ORDER)
        long_ago = timezone.now() - timedelta(days=91)
        QueuedTask.objects.filter(id=old.task_id).update(finished_at=long_ago)
        with django_capture_on_commit_callbacks(execute=True):
            assert tidy()["jobs"] == 1
        assert set(GenerationJob.objects.all()) == {new, unfinished}
        assert names(folder) == [new.file_name]
        assert control.prune() == 1
        assert not QueuedTask.objects.filter(id=old.task_id).exists()

    def test_a_job_that_was_cancelled_after_its_file_was_stored_loses_it(
        self, folder: Path
    ) -> None:
        job = made()
        QueuedTask.objects.update(state="CANCELLED")
        assert tidy()["unfinished"] == 1
        job.refresh_from_db()
        assert (job.file_name, job.size) == ("", 0)
        assert names(folder) == []

    def test_files_without_a_job_go_after_a_day(self, folder: Path) -> None:
        job = made()
        stray = f"{job.id}.9.csv"
        young = f"{job.id}.8.csv"
        part = f".{job.id}.7.xlsx.1.part.rows"
        for name in (stray, young, "notes.csv"):
            (folder / name).touch()
        (folder / part).mkdir()
        for name in (stray, part, "notes.csv", job.file_name):
            age(folder / name, STRAY_AFTER * 2)
        assert tidy()["stray"] == 2
        assert names(folder) == sorted([job.file_name, young, "notes.csv"])

    def test_in_another_storage_too(
        self, elsewhere: InMemoryStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = made()
        GenerationJob.objects.update(file_name="")
        assert tidy()["stray"] == 0
        long_ago = timezone.now() - STRAY_AFTER * 2
        monkeypatch.setattr(elsewhere, "get_modified_time", lambda name: long_ago)
        assert tidy()["stray"] == 1
        assert not elsewhere.exists(f"{job.id}.1.csv")

    def test_where_nothing_was_stored_there_is_nothing_to_do(self) -> None:
        assert tidy() == {"jobs": 0, "expired": 0, "unfinished": 0, "stray": 0}

    def test_a_task_does_it_by_the_clock(self, folder: Path) -> None:
        made()
        tasks.tidy_files.enqueue()
        [result] = run_enqueued()
        assert result.return_value == {"jobs": 0, "expired": 0, "unfinished": 0, "stray": 0}


class TestCheck:
    def test_a_folder_of_this_machine_is_refused_for_a_cluster_elsewhere(
        self, folder: Path
    ) -> None:
        [problem] = results_are_shared("ray://10.0.0.7:10001")
        assert problem.id == "generation.E001"
        assert str(folder) in problem.msg
        assert "RESULTS_SHARED=true" in str(problem.hint)

    @pytest.mark.parametrize(
        "address", ["auto", "local", "127.0.0.1:6379", "ray://localhost:10001"]
    )
    def test_a_ray_of_this_machine_is_not(self, address: str) -> None:
        assert results_are_shared(address) == []

    def test_nor_a_folder_that_is_declared_as_shared(self, settings: Any) -> None:
        settings.GENERATION_RESULTS_SHARED = True
        assert results_are_shared("10.0.0.7:6379") == []

    def test_nor_an_object_storage(self, elsewhere: InMemoryStorage) -> None:
        assert results_are_shared("10.0.0.7:6379") == []
