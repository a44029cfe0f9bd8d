"""Where no network can be made, a command runs in the one there is, not in an empty one."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support import ROOT


def networks_within(path: str) -> tuple[str, str, str]:
    """This process's, the command's, and what was told, where programs are found at `path`."""
    command = [sys.executable, "-m", "tests.with_network", sys.executable, "-c"]
    code = "import os; print(os.readlink('/proc/self/ns/net'), os.environ.get('TEST_NETWORK'))"
    environment = {**os.environ, "PATH": path}
    environment.pop("TEST_NETWORK", None)
    run = subprocess.run(
        [*command, code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return os.readlink("/proc/self/ns/net"), run.stdout.strip(), run.stderr


def test_without_ip_a_command_stays_in_the_network_that_there_is(tmp_path: Path) -> None:
    here, there, told = networks_within(str(tmp_path))
    assert there == f"{here} None"
    assert "iproute2" in told


def test_a_command_that_is_told_of_its_own_network_has_it() -> None:
    here, there, told = networks_within(os.environ["PATH"])
    network, _, of_its_own = there.partition(" ")
    assert (network != here) == (of_its_own == "own") == (not told)
