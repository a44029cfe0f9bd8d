"""A project of one's own, made outside of this repository by following the tutorial word for word.

What the tutorial installs from the package index is found in the environment of these tests
instead, so that no network is needed; the long form asks the index.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import pytest

from tests.docs.following import Shell, follow, shell
from tests.docs.pages import blocks_of
from tests.support import RAY_PRIORITY, ROOT

TUTORIAL = ROOT / "docs" / "tutorial"
# All that is installed here, without what is in this repository.
INSTALLED = sysconfig.get_path("purelib")
OFFLINE = {"PYTHONPATH": INSTALLED, "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
# Beside busy tests a node may take longer than the half minute that Ray gives it.
PATIENT_RAY = {"RAY_raylet_start_wait_time_s": "120", **RAY_PRIORITY}

pytestmark = [pytest.mark.slow, pytest.mark.ray]


def clone(to: Path) -> None:
    """What the package is built of, as in a clone."""
    to.mkdir()
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, to)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "django_ray_runtime", to / "django_ray_runtime", ignore=ignore)


@contextmanager
def begin(**environment: str) -> Iterator[Shell]:
    """A shell in a folder that holds a clone and nothing else."""
    tools = Path(sysconfig.get_path("scripts"))
    path = f"{os.environ['PATH']}:{tools}"  # behind: for django-admin alone
    with TemporaryDirectory(prefix="shop-") as folder:  # short: Ray keeps sockets in it
        clone(Path(folder, "django-on-ray"))
        ray = {**PATIENT_RAY, "RAY_TMPDIR": folder}
        with shell(Path(folder), **{"PATH": path, **ray, **environment}) as made:
            yield made


@pytest.fixture(scope="module")
def shop() -> Iterator[Shell]:
    """The project at the end of the tutorial's first page."""
    with begin(**OFFLINE) as made:
        assert follow(TUTORIAL / "first-task.md", made) >= 10
        yield made


def test_the_first_page_makes_a_project_whose_tasks_run(shop: Shell) -> None:
    where = shop.run('python -c "import django_ray_runtime as it; print(it.__file__)"').strip()
    assert where.startswith(str(shop.folder / "shop-env")), "not what was installed, but a folder"
    missing = shop.run("python -c \"import importlib.util as i; print(i.find_spec('generation'))\"")
    assert missing.strip() == "None"
    status = json.loads(shop.run("python manage.py queue_status --json"))
    assert status["failures"]["kinds"] == []
    assert all(queue["ready"] == queue["running"] == 0 for queue in status["queues"])


@pytest.mark.long
def test_the_second_page_spreads_a_task_over_two_nodes(shop: Shell) -> None:
    assert follow(TUTORIAL / "two-nodes.md", shop) == 3


def test_the_first_page_leaves_nothing_out() -> None:
    reasons = [block.notes.get("not run") for block in blocks_of(TUTORIAL / "first-task.md")]
    assert [reason for reason in reasons if reason] == ["it stays; with --batch it ran above"]


@pytest.mark.long
def test_the_first_page_with_packages_from_the_index() -> None:
    with begin() as made:
        assert follow(TUTORIAL / "first-task.md", made) >= 10


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """The wheel, built from what a clone has."""
    folder = tmp_path_factory.mktemp("wheel")
    clone(folder / "clone")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(folder / "clone")]
    subprocess.run(command, check=True, capture_output=True)
    [made] = folder.glob("*.whl")
    return ZipFile(made)


def test_the_wheel_stands_alone(wheel: ZipFile) -> None:
    [name] = [one for one in wheel.namelist() if one.endswith(".dist-info/METADATA")]
    metadata = wheel.read(name).decode()
    extras = set(re.findall(r"^Provides-Extra: (.+)$", metadata, re.MULTILINE))
    assert extras >= {"ray", "dask", "postgres", "rest", "metrics"}
    assert "# django-ray-runtime" in metadata
    assert re.findall(r"\]\((?!https://)", metadata) == [], "links that lead nowhere elsewhere"


def test_the_wheel_has_every_file_of_the_package(wheel: ZipFile) -> None:
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    package = ROOT / "django_ray_runtime"
    files = {
        str(file.relative_to(ROOT))
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert held == files
    assert {"django_ray_runtime/py.typed"} <= held
