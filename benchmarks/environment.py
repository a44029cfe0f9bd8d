"""The project set up for a benchmark: on a database of its own that is gone afterwards."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parent.parent


@contextmanager
def project(database: str, options: Mapping[str, str] | None = None) -> Iterator[Path]:
    """Django set up on an empty `sqlite` or `postgresql`; yields a folder for files.

    PostgreSQL is started for the occasion, with fsync on, and with these `options` beside its
    defaults. Once per process.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if database == "postgresql":
            from tests.with_postgres import running_postgres

            url = stack.enter_context(running_postgres(options)).url
        else:
            url = f"sqlite:///{folder}/db.sqlite3"
        os.environ["DATABASE_URL"] = url
        os.environ["RESULTS_DIR"] = str(folder / "results")
        os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        call_command("migrate", verbosity=0)
        yield folder
        connections.close_all()


def output_of(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> str:
    """What a program prints. It is asked to end when we are interrupted, so that what it started
    ends too. Raises RuntimeError with the end of its messages when it fails."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        printed, messages = process.communicate()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{messages.strip()[-2000:]}")
    return printed


def clean_up_when_terminated() -> None:
    """Let SIGTERM end this process as an exception does: through what cleans up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def end(process: "subprocess.Popen[Any]", seconds: float) -> None:
    """Have it end by itself, within so many seconds, and leave nothing of what it started."""
    if process.poll() is not None:
        return
    below = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for left in psutil.wait_procs(below, timeout=5)[1]:
        left.kill()
