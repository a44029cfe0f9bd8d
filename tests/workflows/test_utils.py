"""Who starts Ray for a flow, and who ends it: each case in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.ray_nodes import CLUSTER, head
from tests.support import ROOT, environment

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.django_db, pytest.mark.any_database]

SAY = """
from workflows.common import utils
import django_ray_runtime.ray_cluster as cluster
{before}
usable = utils.initialize_ray({argument})
again = utils.initialize_ray({argument})
print(usable, again, cluster.get_total_cpus() if usable else 0)
utils.shutdown_ray({argument})
utils.shutdown_ray({argument})
print(cluster.is_ray_available())
"""


@pytest.fixture
def short_folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="wf-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def said(before: str = "", argument: str = "", **extra: str) -> list[str]:
    code = SAY.format(before=before, argument=argument)
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(**extra),
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def test_where_none_runs_one_is_started_and_ended() -> None:
    assert said(RAY_ADDRESS="local", RAY_INIT_NUM_CPUS="3") == ["True", "True", "3.0", "False"]


def test_a_ray_that_runs_is_joined_and_left_running(short_folder: Path) -> None:
    with head(short_folder) as node:
        where = {"RAY_ADDRESS": node.address, **CLUSTER}
        assert said(**where) == ["True", "True", "2.0", "False"]
        before = f"import ray; ray.init({node.address!r}, log_to_driver=False)"
        # What somebody else connected stays connected.
        assert said(before, **where) == ["True", "True", "2.0", "True"]
        assert said(before, "is_kodosumi=True", **where) == ["True", "True", "2.0", "True"]


def test_under_kodosumi_nothing_is_started() -> None:
    assert said(KODOSUMI_ENVIRONMENT="true") == ["False", "False", "0", "False"]


def test_where_the_address_does_not_answer_the_flow_goes_on_without() -> None:
    assert said(RAY_ADDRESS="127.0.0.1:1") == ["False", "False", "0", "False"]
