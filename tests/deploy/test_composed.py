"""docker-compose.yml comes up by its own commands, without an engine; and so does what following
the Dockerfile has made."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.composed import COMMAND, QUANTITY
from tests.services.dockerfiles import FOLDERS, Image, follow, steps_of
from tests.support import ROOT

# Of processes too: none outlives the first, however that ends.
NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
DOCKERFILE = ROOT / "Dockerfile"


def _cannot() -> str:
    try:
        tried = subprocess.run([*NAMESPACES, "ip", "link", "set", "lo", "up"], capture_output=True)
    except FileNotFoundError as error:
        return f"needs {error.filename}"
    return "" if tried.returncode == 0 else "needs a network of its own, which only root may make"


WHY_NOT = _cannot()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.ray,
    pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short path: Ray keeps sockets in it."""
    made = Path(tempfile.mkdtemp(prefix="up-", dir="/tmp"))
    yield made
    shutil.rmtree(made)


def come_up(given: dict[str, Any]) -> dict[str, Any]:
    run = subprocess.run(
        [*NAMESPACES, sys.executable, "-c", COMMAND, json.dumps(given)],
        cwd=ROOT, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def check(found: dict[str, Any], nodes: int) -> None:
    print(found)
    assert found["ready"]["ready"]
    assert found["games"] == QUANTITY + 1, "a line of names, and the games"
    assert found["nodes"] == 1 + nodes
    assert found["stranger"] != 0, "the cluster asks for its token"
    assert found["dashboard"] == [401, 200]
    assert found["exit codes"]["worker-0"] == found["exit codes"]["web-0"] == 0


def as_if_built(folder: Path) -> dict[str, Any]:
    """What the image sets, for the code and the Python that are here."""
    places = {"/app": str(ROOT), "/data": str(folder / "data")}
    sets = dict(given.split("=", 1) for step, given in steps_of(DOCKERFILE) if step == "ENV")
    del sets["STATIC_ROOT"], sets["NUMBA_CACHE_DIR"]  # nothing was collected; compiled is here
    environment = {name: FOLDERS.sub(lambda at: places[at[0]], it) for name, it in sets.items()}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    environment["HOME"] = str(folder)
    return environment


@pytest.mark.brief
def test_every_service_comes_up_by_its_command(folder: Path) -> None:
    (folder / "data").mkdir()
    command = json.loads(dict(steps_of(DOCKERFILE))["CMD"])
    given = {"app": str(ROOT), "folder": str(folder), "nodes": 1, "command": command}
    check(come_up(given | {"environment": as_if_built(folder)}), nodes=1)


@pytest.mark.long
def test_every_service_comes_up_from_what_the_dockerfile_makes(folder: Path) -> None:
    image: Image = follow(DOCKERFILE, ROOT, folder / "image")
    assert image.run(image.health).returncode == 1, "nobody answers yet"
    given = {"app": str(image.folder), "folder": str(folder), "nodes": 2, "command": image.command}
    found = come_up(given | {"environment": image.environment, "thoroughly": True})
    check(found, nodes=2)
    assert "on ray" in found["by a node"]
