"""Where a Ray of ours keeps its sockets and logs."""

import os
import shutil
import tempfile
from pathlib import Path

_NAMESPACE = "pid-namespace"  # a file in each such folder


def new_temp_dir(root: str | None = None) -> str:
    """A folder for a Ray of this process, under `root` or the system's temporary folder.

    Its name has our pid. Folders whose process is gone (killed, so that it could not clean up)
    are removed on the occasion; those of other containers, whose pids mean others, are not.
    """
    parent = root or _short_temp_root() or tempfile.gettempdir()
    os.makedirs(parent, exist_ok=True)
    ours = _pid_namespace()
    for old in Path(parent).glob("ray-[0-9]*-*"):
        pid = old.name.split("-")[1]
        if not _is_pid(pid):  # somebody else's: anybody may make folders here
            continue
        if not _is_alive(int(pid)) and _text_of(old / _NAMESPACE) == ours:
            shutil.rmtree(old, ignore_errors=True)
    made = tempfile.mkdtemp(prefix=f"ray-{os.getpid()}-", dir=parent)
    Path(made, _NAMESPACE).write_text(ours)
    return made


def _pid_namespace() -> str:
    """Within which a pid means one process; empty where the system knows no such thing."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def _is_pid(text: str) -> bool:
    """Of 32 bits, as the system takes it; 0 would mean a group."""
    return text.isascii() and text.isdecimal() and 0 < int(text[:12]) < 2**31


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _short_temp_root() -> str | None:
    """Socket paths end at 107 bytes and Ray's own part takes 65: the root must be short."""
    return "/tmp" if len(tempfile.gettempdir()) > 20 and Path("/tmp").is_dir() else None  # noqa: S108  # nosec
