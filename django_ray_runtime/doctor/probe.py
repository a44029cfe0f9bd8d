"""The doctor's second process: `python -m django_ray_runtime.doctor.probe REQUEST`.

It tells each stage it reaches as a line of JSON, so that its parent knows how far it came.
"""

import json
import os
import platform
import socket
import sys
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any


def main(arguments: list[str]) -> int:
    import django

    request = json.loads(arguments[0])
    django.setup()
    from django_ray_runtime import ray_cluster
    from django_ray_runtime.exceptions import RayUnavailable

    try:
        joined = ray_cluster.join_or_start(request["address"], temp_dir=request["temp_dir"])
    except RayUnavailable as error:
        _tell(error=str(error))
        return 1
    try:
        _tell(
            connected={
                "started": joined.started,
                "ray": ray_cluster.ray_version(),
                "nodes": ray_cluster.get_num_workers(),
                "resources": ray_cluster.get_ray_resources(),
                "here": describe_process([]),
            }
        )
        return _ask_a_process(request["task_paths"])
    finally:
        joined.close()


def _ask_a_process(task_paths: list[str]) -> int:
    from django_ray_runtime.executors.base import CallOptions
    from django_ray_runtime.executors.ray import RayExecutor

    executor = RayExecutor()
    call = executor.submit(
        describe_process, task_paths, options=CallOptions(max_retries=0, name="doctor")
    )
    executor.wait([call])
    try:
        _tell(process=executor.outcome(call))
    except Exception as error:
        first = (str(error).strip().splitlines() or [""])[0]
        _tell(error=f"A Ray process could not run a function: {type(error).__name__}: {first}")
        return 1
    return 0


def describe_process(task_paths: list[str]) -> dict[str, Any]:
    """What this process is: on Ray it is unpickled after Django was set up there."""
    from django_ray_runtime.doctor.fleet import unimportable

    return {
        "host": socket.gethostname(),
        "python": platform.python_version(),
        "ray": version("ray"),
        "django": version("django"),
        "settings_module": os.environ.get("DJANGO_SETTINGS_MODULE", ""),
        "code": fingerprint(),
        "unimportable": unimportable(task_paths),
    }


def fingerprint() -> str:
    """A short hash of this package's source: the same code gives the same."""
    root = Path(__file__).resolve().parents[1]
    digest = sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _tell(**stage: Any) -> None:
    sys.stdout.write(json.dumps(stage) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
