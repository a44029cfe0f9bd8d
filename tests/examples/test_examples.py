"""The examples, run as a learner runs them: from a folder that has nothing else, on a Ray that they
start, and on a cluster of two nodes that stays."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psutil
import pytest

from tests.ray_nodes import CLUSTER, two_nodes
from tests.support import RAY_PRIORITY, ROOT, environment, wait_until

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SCRIPTS = ROOT / "examples" / "ray"
STEPS = 15


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The examples' folder, elsewhere."""
    return Path(shutil.copytree(SCRIPTS, tmp_path / "ray", ignore=shutil.ignore_patterns("__*")))


@pytest.fixture
def short_folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="ex-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def run(
    folder: Path, script: str, *arguments: str, **extra: str
) -> "subprocess.CompletedProcess[str]":
    bare = {name: value for name, value in environment(**RAY_PRIORITY, **extra).items()
            if name not in {"DJANGO_SETTINGS_MODULE", "PYTHONPATH"}}  # fmt: skip
    return subprocess.run(
        [sys.executable, script, *arguments],
        cwd=folder, env=bare, capture_output=True, text=True, timeout=280,
    )  # fmt: skip


def left_over(mark: str) -> list[str]:
    """Processes that inherited this mark, whoever is their parent now, and folders of examples."""
    found = [str(folder) for folder in Path("/tmp").glob("ray-example-*")]  # noqa: S108
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("EXAMPLES_MARK") == mark:
                found.append(process.name())
    return found


@pytest.mark.django_db
@pytest.mark.any_database
def test_all_pass_on_a_ray_that_they_start_and_end(copy: Path) -> None:
    mark = uuid4().hex
    ran = run(copy, "run_all_examples.py", EXAMPLES_MARK=mark)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count(" passed") == STEPS
    assert "WRONG" not in ran.stdout
    wait_until(lambda: not left_over(mark), "nothing of it is left", 20)


@pytest.mark.django_db
@pytest.mark.any_database
@pytest.mark.long
def test_all_pass_on_two_nodes_which_are_left_running(copy: Path, short_folder: Path) -> None:
    with two_nodes(short_folder) as (address, second):
        ran = run(copy, "run_all_examples.py", "--address", address, **CLUSTER)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert ran.stdout.count(" passed") == STEPS
        assert ran.stdout.count("alive: 2 CPUs") == 2
        assert all(psutil.pid_exists(pid) for pid in second)
        alone = run(copy, "ray_test.py", RAY_ADDRESS=address, **CLUSTER)
        assert alone.returncode == 0, alone.stdout + alone.stderr
        assert "Ray was joined: 4 CPUs" in alone.stdout


@pytest.mark.django_db
@pytest.mark.any_database
def test_a_wrong_result_ends_with_1_and_the_others_still_run(copy: Path) -> None:
    script = copy / "ray_test.py"
    text = script.read_text()
    assert "return number * number" in text
    script.write_text(text.replace("return number * number", "return number + number"))
    ran = run(copy, "run_all_examples.py", "basic")
    assert ran.returncode == 1
    assert "WRONG: they are equal to the loop's, and in order" in ran.stdout
    assert (ran.stdout.count("FAILED"), ran.stdout.count(" passed")) == (1, 2)


def test_what_the_examples_need_is_what_the_project_has() -> None:
    pins = (ROOT / "requirements.txt").read_text().splitlines()
    for line in (SCRIPTS / "requirements.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        assert f"{name.partition('[')[0]}=={version}" in pins


def test_the_list_names_all_and_an_unknown_name_ends_with_2() -> None:
    command = [sys.executable, str(SCRIPTS / "run_all_examples.py")]
    listed = subprocess.run([*command, "--list"], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [
        "basic", "parallel", "actor", "demo", "main",
    ]  # fmt: skip
    unknown = subprocess.run([*command, "basics"], capture_output=True, text=True)
    assert unknown.returncode == 2
    assert "There is no example 'basics'; there are basic, " in unknown.stderr
