"""manage.py check_files: which files of rows are not as they were."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from django_ray_runtime.testing import run_enqueued
from generation.constraints import GameConstraints
from generation.jobs import submit_job
from generation.models import GenerationJob
from generation.orders import Order
from ray_services import storing
from ray_services.models import DataSet

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.GENERATION_RESULTS_DIR = tmp_path
    settings.SERVICES_DIR = tmp_path / "services"
    return tmp_path


@pytest.fixture
def job(folder: Path) -> GenerationJob:
    job = submit_job(Order("mega-sena", GameConstraints(seed=5), 100))
    run_enqueued()
    job.refresh_from_db()
    return job


def check(*arguments: str) -> tuple[str, bool]:
    """What it says, and whether all is well."""
    out = io.StringIO()
    try:
        call_command("check_files", *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue() + str(error), False
    return out.getvalue(), True


def test_files_that_are_there_are_well(job: GenerationJob) -> None:
    assert check("--read") == ("All files that rows point to are there.\n", True)


def test_a_missing_file_is_named_with_its_job(job: GenerationJob) -> None:
    job.path.unlink()
    told, well = check()
    assert not well
    assert f"job {job.id}  {job.file_name}  missing\n1 of the files" in told


def test_a_file_that_was_cut_or_changed_is_told(job: GenerationJob) -> None:
    whole = job.path.read_bytes()
    job.path.write_bytes(whole[:-1])
    assert f"{job.size - 1:,} bytes instead of {job.size:,}" in check()[0]
    job.path.write_bytes(whole.replace(b"\n", b" ", 1))
    assert check()[1]
    assert "its content has changed" in check("--read")[0]


def test_a_job_whose_file_is_forgotten_says_that_it_is_gone(
    job: GenerationJob, admin_client: Any
) -> None:
    job.path.unlink()
    address = f"/api/v1/generation/jobs/{job.id}/download"
    assert admin_client.get(address).status_code == 404
    told, well = check("--forget")
    assert well
    assert "missing  forgotten" in told
    answer = admin_client.get(address)
    assert answer.status_code == 410
    assert "submit it again" in answer.json()["detail"]
    assert check() == ("All files that rows point to are there.\n", True)


def test_a_damaged_file_is_not_forgotten(job: GenerationJob) -> None:
    job.path.write_bytes(b"")
    assert not check("--forget")[1]
    job.refresh_from_db()
    assert job.file_name


def test_missing_files_of_the_services_are_named(folder: Path) -> None:
    for number in (1, 2):
        DataSet.objects.create(
            owner="user:1", kind="texts", sha256=str(number), name="x.csv", size=1, rows=1
        )
    storing.storage().save("data/1", ContentFile(b"x"))
    told, well = check()
    assert not well
    assert [line for line in told.splitlines() if line.startswith("services")] == [
        "services  data/2  missing"
    ]
