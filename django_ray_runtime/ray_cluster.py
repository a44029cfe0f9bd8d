"""Joining or starting Ray, once per process, and what the cluster has.

Ray is imported only when something asks for it: the project works where it is missing.
"""

import logging
import os
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django_ray_runtime import ray_entry
from django_ray_runtime.conf import RuntimeSettings, runtime_settings
from django_ray_runtime.exceptions import RayUnavailable
from django_ray_runtime.ray_folder import new_temp_dir

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
JOIN_SECONDS = 120.0  # on a busy machine a client of ray:// takes most of a minute

# Events of every call are only read by the dashboard; without them a short call costs a
# third less (measured with `benchmarks.bench_queue`).
_WITHOUT_TASK_EVENTS = {"task_events_report_interval_ms": 0, "enable_timeline": False}

# Of RAY_WORKING_DIR, beside what its .gitignore names: secrets, and data of this machine.
NEVER_SHIPPED = (
    ".env*", "*.env", ".secret-key", "*.key", "*.pem", "*.sqlite3*", "results/",
)  # fmt: skip

# A process in which Django is set up took most of a second to start. Ray ends those beyond one for
# each CPU, as calls that reserve less than one have them, after a second without work.
_WARM_PROCESSES = {"idle_worker_killing_time_threshold_ms": 30_000}


@dataclass(slots=True)
class Cluster:
    """The Ray that this process is connected to."""

    address: str
    started: bool  # by us: then close() ends it
    joined: bool = True  # by us: then close() leaves it
    dashboard_url: str = ""
    temp_dir: str | None = None  # removed by close()
    before: ray_entry.Variables = field(default_factory=dict, repr=False)  # put back by close()

    def close(self) -> None:
        """Disconnect, and end the cluster if it was started here. May be called twice."""
        if self.joined and is_ray_available():
            _ray().shutdown()
            ray_entry.apply(self.before)
        if self.temp_dir is not None:
            shutil.rmtree(self.temp_dir, ignore_errors=True)


def join_or_start(
    address: str | None = None, *, temp_dir: str | None = None, **changes: Any
) -> Cluster:
    """Connect this process to Ray.

    `address`: `local` starts one on this machine; `HOST:PORT` or `ray://HOST:PORT` joins that
    one; `auto` (the default setting) joins one that runs on this machine, else starts one.
    `temp_dir` holds a started Ray's sockets and logs; without it a folder of its own does,
    which close() removes. `changes` are settings that a Ray of ours has otherwise, in lower case:
    ray_num_cpus=2.
    Raises RayUnavailable, in one line, when that cannot be done.
    """
    settings = replace(runtime_settings(), **changes)
    address = address or settings.ray_address
    if is_ray_available():
        return Cluster(address, started=False, joined=False)
    if address == "auto":
        running = _running_here()
        try:
            return _join(running, settings) if running else start(settings, temp_dir)
        except RayUnavailable as error:
            if not running:
                raise
            logger.info("%s Starting one instead.", error)
            address = "local"
    return start(settings, temp_dir) if address == "local" else _join(address, settings)


def is_ray_available() -> bool:
    """Whether this process is connected to Ray. Never imports Ray."""
    ray = sys.modules.get("ray")
    return bool(ray is not None and hasattr(ray, "is_initialized") and ray.is_initialized())


def get_ray_resources() -> dict[str, float]:
    """The cluster's resources in all, by name; {} without Ray."""
    return dict(_ray().cluster_resources()) if is_ray_available() else {}


def get_total_cpus() -> float:
    """The cluster's CPUs; without Ray this machine's."""
    if not is_ray_available():
        return float(os.cpu_count() or 1)
    return float(get_ray_resources().get("CPU", 0.0))


def get_num_workers() -> int:
    """The cluster's living nodes; 1 without Ray."""
    if not is_ray_available():
        return 1
    return sum(1 for node in _ray().nodes() if node["Alive"])


def ray_version() -> str:
    """The version of Ray in this process. Imports Ray; raises RayUnavailable without it."""
    return str(_ray().__version__)


def _running_here() -> str | None:
    """The address that `ray start` noted on this machine. Ray's own `auto` would also look
    for the embedded clusters of other programs, which do not take strangers."""
    note = Path(os.environ.get("RAY_TMPDIR", "/tmp"), "ray", "ray_current_cluster")  # noqa: S108  # nosec
    return note.read_text().strip() or None if note.is_file() else None


def _ray() -> Any:
    # Neither warnings nor a report over the network.
    os.environ.setdefault("RAY_DISABLE_IMPORT_WARNING", "1")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise RayUnavailable(
            f"Ray cannot be imported ({error}). Install it with pip install 'ray[default,client]', "
            "or use --executor sequential."
        ) from None
    return ray


def _join(address: str, settings: RuntimeSettings) -> Cluster:
    _check_answers(address)
    ray = _ray()
    code = {"runtime_env": _shipped(settings.ray_working_dir)} if settings.ray_working_dir else {}
    before = ray_entry.variables()
    try:
        ray_entry.demand_entry(address)
        with _giving_up(address):
            context = ray.init(
                address=address, log_to_driver=False, configure_logging=False, **code
            )
    except Exception as error:
        ray_entry.apply(before)
        if isinstance(error, RayUnavailable):
            raise
        raise ray_entry.explained(address, error) from None
    return Cluster(address, started=False, dashboard_url=_dashboard(context), before=before)


def _shipped(folder: str) -> dict[str, Any]:
    """The runtime environment of a process whose cluster gets the code from here. Everybody who
    sees the dashboard sees it, and each node keeps a copy of the folder."""
    return {"working_dir": folder, "excludes": list(NEVER_SHIPPED)}


@contextmanager
def _giving_up(address: str) -> Iterator[None]:
    """End this process with one line when its body takes too long: Ray waits without end for a
    head that stops to answer, and nothing in this process can interrupt it."""

    def give_up() -> None:
        sys.stderr.write(
            f"Ray at {address} does not take us within {JOIN_SECONDS:g} s, though its head "
            "answers. See the head's log, or use --address local.\n"
        )
        sys.stderr.flush()
        os._exit(os.EX_UNAVAILABLE)  # as `worker.child.AWAY` has it

    timer = threading.Timer(JOIN_SECONDS, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _check_answers(address: str) -> None:
    """Ray itself tries an address that nobody answers for a minute."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        raise RayUnavailable(
            f"A Ray address is auto, local, HOST:PORT or ray://HOST:PORT, got {address!r}."
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise RayUnavailable(
            f"No Ray answers at {address}: {error}. Start one with `ray start --head`, correct "
            "the address, or use --address local.",
            may_pass=isinstance(error, OSError),
        ) from None


def start(settings: RuntimeSettings, temp_dir: str | None = None) -> Cluster:
    """Start a Ray on this machine, for this process and those it starts. See `join_or_start`."""
    if settings.ray_dashboard:
        _check_free(settings.ray_dashboard_host, settings.ray_dashboard_port)
    ray = _ray()
    before = ray_entry.variables()
    given = temp_dir or settings.ray_temp_dir
    folder = given or new_temp_dir()
    try:
        ray_entry.secure_our_own()
        context = ray.init(
            address="local",
            ignore_reinit_error=True,
            num_cpus=settings.ray_num_cpus,
            object_store_memory=settings.ray_object_store_memory,
            include_dashboard=settings.ray_dashboard,
            dashboard_host=settings.ray_dashboard_host,
            dashboard_port=settings.ray_dashboard_port if settings.ray_dashboard else None,
            log_to_driver=False,
            configure_logging=False,
            _node_ip_address="127.0.0.1",
            _temp_dir=folder,
            _system_config=_WARM_PROCESSES
            | ({} if settings.ray_dashboard else _WITHOUT_TASK_EVENTS),
        )
    except Exception as error:
        ray_entry.apply(before)
        if not given:
            shutil.rmtree(folder, ignore_errors=True)
        raise RayUnavailable(
            f"Ray could not be started here: {_first_line(error)}", may_pass=True
        ) from None
    if folder != settings.ray_temp_dir:
        os.chmod(folder, 0o700)  # Ray opens it to everybody, with its logs and sockets
    logger.info("Started Ray with %g CPUs in %s", get_total_cpus(), folder)
    return Cluster(
        "local",
        started=True,
        dashboard_url=_dashboard(context),
        temp_dir=None if given else folder,
        before=before,
    )


def _check_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise RayUnavailable(
                f"Port {port} of {host} (RAY_DASHBOARD_PORT) cannot be used: {error.strerror}. "
                "Stop what listens there, or set RAY_DASHBOARD_PORT to another."
            ) from None


def _dashboard(context: Any) -> str:
    url = getattr(context, "dashboard_url", "") or ""
    return f"http://{url}" if url else ""


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
