"""An uploaded file becomes a data set, whichever door it came through."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from django_ray_runtime.rest.audit import audit
from ray_services import data_sets
from ray_services.doors.answering import owner_of
from ray_services.models import DataSet


def added(request: HttpRequest, kind: str, file: "UploadedFile[Any]") -> tuple[DataSet, bool]:
    """The data set of this content, the caller's, and whether it is new; then it is on record.

    Raises BadInput where the file is no table of this kind.
    """
    return data_sets.add(
        owner_of(request),
        kind,
        (file.name or "file")[:200],
        file.read(),
        on_new=lambda new: audit(request, "upload", "data set", new.sha256),
    )
