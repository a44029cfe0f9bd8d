"""Where jobs' files lie: the results folder, or what STORAGES calls "generation".

In a folder a file is written beside its place and renamed; any other storage, such as S3, is
given the whole file by one `save`. Only the process that runs the task writes.
"""

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from generation.models import GenerationJob, results_dir

logger = logging.getLogger(__name__)

ALIAS = "generation"
# What jobs write: whole files, and with a dot in front the parts and folders of those under way.
_OURS = re.compile(r"\.?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.\d+\.\w+.*")


def results_storage() -> Storage:
    """The storage that all processes use, those on the cluster too."""
    if ALIAS in settings.STORAGES:
        return storages[ALIAS]
    return FileSystemStorage(location=results_dir())


def local_folder() -> Path | None:
    """The folder of the files; None where they are not in a file system."""
    storage = results_storage()
    return Path(storage.location) if isinstance(storage, FileSystemStorage) else None


def attempt_name(job: GenerationJob, attempt: int) -> str:
    """No two attempts share a name, so that a stale one overwrites nothing."""
    return f"{job.id}.{attempt}.{job.file_format}"


@contextmanager
def staged(name: str) -> Iterator[Path]:
    """The path to write a file to before it is stored under `name`."""
    folder = local_folder()
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder / name
        return
    with TemporaryDirectory(prefix="generation-") as temporary:
        yield Path(temporary) / name


def store(path: Path, name: str) -> str:
    """Store the whole file that was staged. Returns its name, which the storage may choose."""
    if local_folder() is not None:
        return name
    with path.open("rb") as file:
        return results_storage().save(name, File(file, name))


def open_file(name: str) -> IO[Any]:
    """The stored file, to read bytes. Raises FileNotFoundError."""
    return results_storage().open(name, "rb")


def delete(name: str) -> None:
    """Delete a file, or the folder of one under way. What cannot be deleted is swept later."""
    folder = local_folder()
    try:
        if folder is not None and (folder / name).is_dir():
            shutil.rmtree(folder / name)
        else:
            results_storage().delete(name)
    except Exception as error:  # a storage raises what it likes
        logger.warning("The file %s could not be deleted: %s", name, error)


def delete_attempts(job: GenerationJob, *, below: int) -> None:
    """What earlier attempts left behind, whole or in part."""
    folder = local_folder()
    for name in (attempt_name(job, number) for number in range(1, below)):
        delete(name)
        for leftover in folder.glob(f".{name}.*") if folder is not None else ():
            delete(leftover.name)


def written_before(moment: datetime) -> Iterator[str]:
    """Names of jobs' files, whole and in part, that nobody has written to since `moment`."""
    storage = results_storage()
    try:
        folders, files = storage.listdir("")
    except FileNotFoundError:  # nothing was ever stored
        return
    for name in (*folders, *files) if local_folder() is not None else files:
        with suppress(FileNotFoundError):  # deleted meanwhile
            if _OURS.fullmatch(name) and storage.get_modified_time(name) < moment:
                yield name
