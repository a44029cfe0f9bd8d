"""What a process has begun and ended, written down beside it: it tells after a crash, to the call,
what had run, what was running and what had not begun.

Two files take turns, one for each pack: when a pack begins, the answer of the one before the last
has arrived, so that its file may be emptied. A write to a file outlives the process that made it,
not the machine.
"""

import fcntl
import json
import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

PREFIX = "lane-"
LEFT_SECONDS = 60.0
"""How long a folder is left to its reader from when its process was first found ended."""


class Journal:
    """Of one process; in a folder of its own below `base`, which it keeps locked while it lives."""

    def __init__(self, base: Path) -> None:
        _sweep(base)
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        self._lock = _locked(self.folder)
        flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND
        self._text = b""
        self._files = [os.open(self.folder / str(number), flags, 0o600) for number in range(2)]

    def turn(self) -> None:
        """A pack begins."""
        self._files.reverse()
        os.ftruncate(self._files[0], 0)

    def began(self, number: int) -> None:
        """A call begins, and those noted as ended have."""
        self.write(b"[%d]\n" % number)

    def ended(self, number: int, outcome: Any) -> None:
        """To be written before the next begins, or by `write`."""
        self._text += f"{json.dumps([number, outcome])}\n".encode()

    def write(self, more: bytes = b"") -> None:
        """Write down what was noted."""
        text, self._text = memoryview(self._text + more), b""
        while text:
            text = text[os.write(self._files[0], text) :]

    def remove(self) -> None:
        """It will not be read."""
        shutil.rmtree(self.folder, ignore_errors=True)


def read(folder: str, patience: float) -> tuple[list[int], dict[int, Any]]:
    """What a process that is ending has begun, and the outcomes of what it has ended. Waits at
    most `patience` seconds for its end (TimeoutError), and removes the folder."""
    until = time.monotonic() + patience
    while (lock := _locked(Path(folder))) is None:
        if time.monotonic() > until:  # what has not begun may begin yet
            raise TimeoutError(f"The process of {folder} has not ended within {patience:g} s.")
        time.sleep(0.01)
    began, ended = [], {}
    for number in range(2):
        for line in (Path(folder) / str(number)).read_text().splitlines():
            with suppress(ValueError):  # cut off by the end of the process
                call, *outcome = json.loads(line)
                if outcome:
                    ended[call] = outcome[0]
                else:
                    began.append(call)
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
    return began, ended


def _locked(folder: Path) -> int | None:
    """The lock of a folder, as an open file; None where its process lives. Raises PermissionError
    for a folder that somebody else has laid there: the one above may be open to all."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{folder} is not a folder of this user.")
    file = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return None
    return file


def _sweep(base: Path) -> None:
    """Remove what processes left behind whose worker was lost with them."""
    for folder in base.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > LEFT_SECONDS:
                lock = _locked(folder)
                if lock is None:
                    continue
                if (mark := folder / "ended").exists():
                    shutil.rmtree(folder, ignore_errors=True)
                else:
                    mark.touch()  # by which the folder is young again
                os.close(lock)
