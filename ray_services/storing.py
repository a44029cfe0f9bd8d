"""Where the services' files lie: rows of answers and uploaded data sets.

In the folder of the setting SERVICES_DIR, or in what STORAGES calls "services", which must be one
that all processes share.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any

import pyarrow as pa
from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils import timezone

from ray_services.common.rows import write_rows
from ray_services.models import Calculation, DataSet

logger = logging.getLogger(__name__)

ALIAS = "services"
ROWS, DATA = "rows", "data"
STRAY_AFTER = timedelta(days=1)
"""So long a file may belong to nothing: it is stored before the row that names it."""


def storage() -> Storage:
    """Where they are."""
    if ALIAS in settings.STORAGES:
        return storages[ALIAS]
    return FileSystemStorage(location=settings.SERVICES_DIR)


def store_rows(task_id: str, attempt: int, table: pa.Table) -> str:
    """Store the rows of one attempt. Returns the file's name."""
    with TemporaryFile() as file:
        write_rows(table, file, "parquet")
        file.seek(0)
        return storage().save(f"{ROWS}/{task_id}.{attempt}.parquet", File(file))


def store_data(sha256: str, content: bytes) -> None:
    """Store a data set, unless its content is there already."""
    name = f"{DATA}/{sha256}"
    if storage().exists(name):
        return
    stored = storage().save(name, File(BytesIO(content)))
    if stored != name:  # somebody else stored the same meanwhile
        storage().delete(stored)


def open_file(name: str) -> IO[Any]:
    """A stored file, to read bytes. Raises FileNotFoundError."""
    return storage().open(name, "rb")


def open_data(sha256: str) -> IO[Any]:
    """The content of a data set. Raises FileNotFoundError."""
    return open_file(f"{DATA}/{sha256}")


def sweep() -> dict[str, int]:
    """Delete what belongs to nothing for a day. Returns how many files of which folder went."""
    return {ROWS: _sweep(ROWS, _owned_rows), DATA: _sweep(DATA, _owned_data)}


def missing_files() -> Iterator[str]:
    """The files that rows point to and that are not there."""
    for folder, owned in ((ROWS, _owned_rows), (DATA, _owned_data)):
        names = (f"{folder}/{name}" for name in sorted(owned()))
        yield from (name for name in names if not storage().exists(name))


def _sweep(folder: str, owned: Any) -> int:
    old = list(_written_before(folder))
    kept = owned()  # looked up after the files: what was stored meanwhile is found
    strays = [name for name in old if name not in kept]
    for name in strays:
        with suppress(FileNotFoundError):
            storage().delete(f"{folder}/{name}")
    return len(strays)


def _written_before(folder: str) -> Iterator[str]:
    moment = timezone.now() - STRAY_AFTER
    try:
        _, files = storage().listdir(folder)
    except FileNotFoundError:  # nothing was ever stored
        return
    for name in files:
        with suppress(FileNotFoundError):
            if storage().get_modified_time(f"{folder}/{name}") < moment:
                yield name


def _owned_rows() -> set[str]:
    files = Calculation.objects.filter(task__state="SUCCESSFUL").values_list(
        "task__return_value__rows__file", flat=True
    )
    return {str(name).rpartition("/")[2] for name in files if name}


def _owned_data() -> set[str]:
    return set(DataSet.objects.values_list("sha256", flat=True))
