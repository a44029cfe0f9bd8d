"""How the web part is served. `python -m gunicorn` in this folder reads this file by itself; an
option on its command line goes before what stands here. See docs/howto/serve.md.

Environment (all optional):
  PORT, WEB_HOST    where it listens (8000; 127.0.0.1, that is: for this machine alone)
  WEB_CONCURRENCY   processes (as many as CPUs, from 2 to 4)
  WEB_WARM_UP       false: start at once, and let first uses of services wait (true)
  WEB_GRACE_SECONDS how long responses under way may take after a stop or a reload (25)
  ACCESS_LOG        file, - for the standard output, off for none (-)
  NUMPY_MADVISE_HUGEPAGE, ARROW_DEFAULT_MEMORY_POOL
                    whether numpy and Arrow ask for huge pages (0, system: no)
"""

import os
import signal
import sys
from typing import Any


def _number(name: str, default: int) -> int:
    raw = os.environ.get(name, "").strip() or str(default)
    if not raw.isdecimal() or not int(raw):
        raise ValueError(f"{name} must be a whole number from 1, got {raw!r}.")
    return int(raw)


wsgi_app = "project.asgi"
worker_class = "asgi"
_host = os.environ.get("WEB_HOST", "").strip() or "127.0.0.1"
bind = f"{f'[{_host}]' if ':' in _host else _host}:{_number('PORT', 8000)}"
workers = _number("WEB_CONCURRENCY", min(4, max(2, os.process_cpu_count() or 1)))

# Loaded once and then forked: processes share what they have in common, and are there at once.
preload_app = True
# Downloads go on that long while a process ends; what is longer is taken up again with `Range`.
graceful_timeout = _number("WEB_GRACE_SECONDS", 25)
# A process that ends gives no sign of life: it must not be taken for one that hangs.
timeout = graceful_timeout + 30
# An idle connection delays the end of its process; a proxy's pool opens another.
keepalive = 5
# A process is never replaced for its number of requests: it would be away until its streams and
# downloads have ended, and no other in its place.
max_requests = 0
# Signs of life are written to a file: not where a disk may be busy.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  # nosec
control_socket_disable = True

# Whom to believe says TRUSTED_PROXIES, and Django looks at the headers itself.
secure_scheme_headers: dict[str, str] = {}
forwarded_allow_ips = ""

# Processes share what was loaded before they were forked. Where numpy and Arrow ask for huge pages,
# the kernel copies what is shared into such pages of each process's own, minutes later. Arrow's own
# pool asks for them by the gigabyte.
os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

_log = os.environ.get("ACCESS_LOG", "").strip() or "-"
accesslog = None if _log == "off" else _log


def on_starting(server: Any) -> None:
    """Before the port is open, and before processes are forked."""
    from project.warming import warm_up

    warm_up(services=os.environ.get("WEB_WARM_UP", "").strip().lower() not in {"false", "0"})


def pre_exec(server: Any) -> None:
    """Before USR2 starts the new master: by its path gunicorn would find its own `http` where
    Python's is meant."""
    server.START_CTX["args"] = [sys.executable, "-m", "gunicorn", *sys.argv[1:]]


def when_ready(server: Any) -> None:
    """After USR2 there are two masters: this new one, with new code, tells the old one to end."""
    if server.master_pid and server.master_pid == os.getppid():
        os.kill(server.master_pid, signal.SIGTERM)


def post_worker_init(worker: Any) -> None:
    """Streams of events, which nobody else would end, hear of it when their process has to."""
    from project import ending

    def told() -> None:
        worker.handle_exit_signal()
        ending.begin()

    worker.loop.add_signal_handler(signal.SIGTERM, told)
