"""`/generation/jobs/{id}/games`, `…/statistics`, `…/download`: what a job made, and its file."""

import tempfile
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router

from django_ray_runtime.rest.problems import Problem, described
from generation import storing
from generation.api.bodies import Format, GamesQuery
from generation.api.ranges import File, file_response
from generation.api.schemas import GamesOut
from generation.api.shown import NO_JOB, existing_job
from generation.converting import TooLongToWait, convert
from generation.models import GenerationJob
from generation.reading import NotReadable, read_games
from generation.statistics import statistics_of

router = Router()

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "txt": "text/plain; charset=utf-8",
}
_NOT_READY = "It is RUNNING: its file is there when it is SUCCESSFUL."
_NOT_COUNTED = "this job has no counts of its games; wait until it has finished"
_EXPIRED = "Its file was deleted on 2026-03-08, as all are after a while; submit it again."
_FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/{uuid:job_id}/games",
    response=GamesOut,
    url_name="generation_games",
    summary="Games of a job",
    openapi_extra=described({200: "Games.", 404: NO_JOB, 409: _NOT_READY, 410: _EXPIRED}),
)
def job_games(request: HttpRequest, job_id: UUID, query: Query[GamesQuery]) -> GamesOut:
    """Some of the games, as they stand in its file. Past the last one there are none."""
    job = existing_job(request, job_id)
    with _opened(job) as file:
        try:
            columns, games = read_games(file, job.file_format, query.offset, query.limit)
        except NotReadable as error:
            raise Problem(409, str(error)) from None
    return GamesOut(columns=columns, offset=query.offset, total=job.games_done, games=games)


@router.get(
    "/{uuid:job_id}/statistics",
    response=dict[str, Any],
    url_name="generation_statistics",
    summary="Statistics of a job",
    openapi_extra=described({200: "The statistics.", 404: NO_JOB, 409: _NOT_COUNTED}),
)
def job_statistics(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    """How often its games have each number, how many odd ones, which sum, how many numbers in
    common, beside what is expected of as many games drawn blindly. They stay when its file has
    expired."""
    try:
        return statistics_of(existing_job(request, job_id))
    except ValueError as error:  # NotCounted, or an order of another version
        raise Problem(409, str(error)) from None


@router.get(
    "/{uuid:job_id}/download",
    response={200: None},
    url_name="generation_download",
    summary="Download the file of a job",
    openapi_extra={
        "responses": {
            200: {
                "description": "The file.",
                "content": {kind.partition(";")[0]: _FILE for kind in CONTENT_TYPES.values()},
            },
            206: {"description": "The bytes that `Range` asks for."},
            304: {"description": "The file is the one that `If-None-Match` names."},
        }
        | described(
            {
                404: NO_JOB,
                409: "A spreadsheet of 1,000,000 games is not made while you wait.",
                410: _EXPIRED,
                416: "The file has 17712 bytes, of which this range holds none.",
            }
        )["responses"]
    },
)
def download(request: HttpRequest, job_id: UUID, format: Format | None = None) -> HttpResponseBase:  # noqa: A002
    """As it was made, or in another format: the very file that a job of that format makes. `ETag`
    is its SHA-256; `Range`, `If-Range`, `If-None-Match` and their like are understood."""
    return downloaded(request, existing_job(request, job_id), format)


def downloaded(request: HttpRequest, job: Any, format: str | None) -> HttpResponseBase:  # noqa: A002
    """The response with the job's file. Raises Problem."""
    wanted = format or job.file_format
    file, size, sha256 = _opened(job), job.size, job.sha256
    if wanted != job.file_format:
        file, size, sha256 = _converted(file, job, wanted)
    known = File(
        job.download_name(wanted), CONTENT_TYPES[wanted], size, sha256, job.task.finished_at
    )
    return file_response(request, file, known)


def _converted(file: IO[bytes], job: GenerationJob, wanted: str) -> tuple[IO[bytes], int, str]:
    """The file in another format, its size and SHA-256; it is gone once it is closed."""
    with file, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"games.{wanted}"
        try:
            made = convert(file, job.file_format, wanted, job.games_done, path)
        except TooLongToWait as error:
            raise Problem(409, str(error)) from None
        return path.open("rb"), made.size, made.sha256


def _opened(job: GenerationJob) -> IO[bytes]:
    """Its file. Raises Problem where there is none."""
    if job.file_expired_at is not None:
        when = job.file_expired_at.date()
        raise Problem(
            410, f"Its file was deleted on {when}, as all are after a while; submit it again."
        )
    if not job.has_file:
        raise Problem(409, f"It is {job.task.state}: its file is there when it is SUCCESSFUL.")
    try:
        return storing.open_file(job.file_name)
    except FileNotFoundError:
        raise Problem(
            404,
            "Its file is not where this site looks for it: do the workers share RESULTS_DIR with "
            "the web processes?",
        ) from None
