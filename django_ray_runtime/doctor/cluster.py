"""Ray, asked by a process of its own: one that hangs there cannot hang the doctor."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from tempfile import TemporaryFile
from typing import IO, Any

from django_ray_runtime.checks import address_problems
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.doctor.report import Check, ok, problem, warning
from django_ray_runtime.ray_folder import new_temp_dir

_AREA = "ray"
_OWN_PATHS = (sys.prefix, sys.base_prefix)  # the probe's own Python finds these
_ENDING = 4.0  # seconds for a probe that was told to stop, before it is killed


def ray(address: str | None, task_paths: list[str], timeout: float) -> Iterator[Check]:
    """Join Ray (for `auto` and `local` one may be started), run a function there, compare.

    Whatever happens, nothing that was started here is left.
    """
    settings = runtime_settings()
    address = address or settings.ray_address
    if find_spec("ray") is None:
        remedy = "pip install 'ray[default,client]', or run workers with --executor sequential."
        yield warning(_AREA, "installed", "Ray is not installed.", remedy)
        return
    refused = address_problems(settings.database, address)  # as run_ray_worker refuses it
    if refused:
        yield from (problem(_AREA, "address", one.msg, one.hint or "") for one in refused)
        return
    yield ok(_AREA, "address", f"RAY_ADDRESS is {address}.")
    stages = probe({"address": address, "task_paths": task_paths}, timeout)
    yield from findings(stages, address, timeout)


def findings(stages: dict[str, Any], address: str, timeout: float) -> Iterator[Check]:
    """What the stages that a probe reached say. Stages: connected, process, left; or error."""
    error = stages.get("error")
    if "connected" not in stages:
        otherwise = "Start Ray (ray start --head), correct RAY_ADDRESS, or give --timeout more."
        told, ends, remedy = (error or "").partition(". ")  # our own errors say what to do
        if not error:
            told = f"{address} did not answer within {timeout:g} s."
        yield problem(_AREA, "reachable", told + ends.rstrip(), remedy or otherwise)
        return
    client = stages["connected"]
    how = "A Ray was started here for this" if client["started"] else f"Joined {address}"
    yield ok(_AREA, "reachable", f"{how}: {client['nodes']} nodes, Ray {client['ray']}.")
    yield _resources(client["resources"])
    if "process" not in stages:
        told = error or f"No Ray process ran a function within {timeout:g} s."
        remedy = (
            "Is the project's code, with DJANGO_SETTINGS_MODULE, on every node, and is a CPU "
            "free? See the logs in Ray's session folder."
        )
        yield problem(_AREA, "set-up", told, remedy)
        return
    process = stages["process"]
    yield ok(
        _AREA,
        "set-up",
        f"Django is set up with {process['settings_module']} in a Ray process on "
        f"{process['host']}.",
    )
    yield from _comparison(client["here"], process)
    for path, why in process["unimportable"].items():
        remedy = "Deploy the same code to every node of the cluster."
        yield problem(_AREA, path, f"Not importable in a Ray process: {why}", remedy)


def _resources(resources: dict[str, float]) -> Check:
    told = ", ".join(
        f"{name} {amount:g}"
        for name, amount in sorted(resources.items())
        if name in {"CPU", "GPU"} or not name.startswith(("node:", "memory", "object_store"))
    )
    if resources.get("CPU", 0) >= 1:
        return ok(_AREA, "resources", told)
    remedy = "Tasks ask for one CPU each: add a node, or start it with --num-cpus."
    return problem(_AREA, "resources", told or "The cluster has no CPU.", remedy)


def _comparison(here: dict[str, str], there: dict[str, Any]) -> Iterator[Check]:
    for name, remedy in (
        ("ray", "Install the same Ray on both sides: others refuse to talk to each other."),
        ("python", "Use the same Python on both sides, down to the minor version."),
        ("django", "Install the same requirements on both sides."),
        ("code", "Deploy the same django_ray_runtime to both sides."),
        ("settings_module", "Set DJANGO_SETTINGS_MODULE alike on both sides."),
    ):
        if here[name] == there[name]:
            yield ok(_AREA, f"same {name}", f"{here[name]} on both sides.")
            continue
        told = f"{here[name]} here, {there[name]} on the cluster."
        serious = name == "ray" or (name == "python" and _minor(here) != _minor(there))
        made = problem if serious else warning
        yield made(_AREA, f"same {name}", told, remedy)


def _minor(side: dict[str, Any]) -> list[str]:
    return str(side["python"]).split(".")[:2]


def probe(request: dict[str, Any], timeout: float) -> dict[str, Any]:
    """The stages that a probe process told before it ended or `timeout` seconds had passed."""
    temp_dir = new_temp_dir(runtime_settings().ray_temp_dir)
    try:
        return _probe(json.dumps({**request, "temp_dir": temp_dir}), timeout)
    finally:
        shutil.rmtree(temp_dir, ignore_errors=True)


def _probe(request: str, timeout: float) -> dict[str, Any]:
    # Files, not pipes: a pipe that a process of Ray inherited would not end with the probe.
    with TemporaryFile("w+") as told, TemporaryFile("w+") as errors:
        process = _start(request, told, errors)
        in_time = False
        try:
            process.wait(timeout)
            in_time = True
        except subprocess.TimeoutExpired:
            pass
        finally:
            _end(process)
        told.seek(0)
        errors.seek(0)
        # What an interrupted process complains of is no finding.
        return _stages(told.read(), errors.read() if in_time else "")


def _stages(told: str, errors: str) -> dict[str, Any]:
    stages: dict[str, Any] = {}
    for line in told.splitlines():
        if line.startswith("{"):  # Ray and the project may write there too
            try:
                stages.update(json.loads(line))
            except ValueError:
                continue
    if not stages and errors.strip():
        stages["error"] = errors.strip().splitlines()[-1]
    return stages


def _start(request: str, told: IO[str], errors: IO[str]) -> "subprocess.Popen[bytes]":
    """A probe in a process session of its own, which ends with all that it started."""
    path = os.pathsep.join(one for one in sys.path if one and not one.startswith(_OWN_PATHS))
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "django_ray_runtime.doctor.probe", request],
        stdin=subprocess.DEVNULL,
        stdout=told,
        stderr=errors,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Let it end its Ray in good order; then kill what is left of its session."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # nothing of it is left
