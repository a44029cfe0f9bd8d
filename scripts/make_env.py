"""Make the environment in .venv, or bring it up to date with a requirements file.

Usage: make_env.py ENV REQUIREMENTS STAMP

It runs under the Python found by find_python.sh and needs nothing installed.
STAMP is touched last, so make repeats the work until it has succeeded once. A
run that was cut off leaves a mark behind; packages that pip was in the middle
of can look complete to pip, so the next run then starts from an empty folder.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

# pip's own failures, nearly always before it wrote a package: what was installed
# stays. Everything else (a signal, most of all) counts as cut off.
PIP_FAILED = {1, 2}


def main() -> int:
    env, requirements, stamp = (Path(argument) for argument in sys.argv[1:])
    python = env / "bin" / "python"
    unfinished = env / ".unfinished"
    # Two makes at once must not write to the same environment. The lock is on a
    # file that is there anyway; it ends with this process and those it starts.
    with open(__file__, "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if unfinished.exists() or not is_usable(python):
            say(f"Creating {env} with Python {sys.version.split()[0]}")
            shutil.rmtree(env, ignore_errors=True)
            env.mkdir(parents=True)
            unfinished.touch()
            code = run([sys.executable, "-m", "venv", env], lock)
            if code != 0:
                say(f"Expected `python -m venv {env}` to work; its message above tells why not.")
                return code
        unfinished.touch()
        say(f"Installing {requirements} into {env}: about a minute the first time")
        code = install(python, requirements, lock)
        if code == 0 or code in PIP_FAILED:
            unfinished.unlink()
        if code == 0:
            stamp.touch()
        else:
            say(
                f"Expected pip to install {requirements}, but it failed (exit status {code}).\n"
                "Its message is above: often the network or the disk. Give the same make "
                "command again once that is solved."
            )
        return code


def is_usable(python: Path) -> bool:
    """Whether this environment has the Python that runs this script, and a pip."""
    wanted = "{}.{}".format(*sys.version_info)
    probe = "import pip, sys; print('{}.{}'.format(*sys.version_info))"
    try:
        answer = subprocess.run([python, "-c", probe], capture_output=True, text=True)
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == wanted


def install(python: Path, requirements: Path, lock: IO[bytes]) -> int:
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    return run([*pip, "install", *quiet, "--requirement", requirements], lock)


def run(command: list[str | Path], lock: IO[bytes]) -> int:
    # Some set pip to install for the user, which an environment refuses.
    env = {**os.environ, "PIP_USER": "0"}
    return subprocess.run(command, env=env, pass_fds=[lock.fileno()]).returncode


def say(message: str) -> None:
    print(message, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("Interrupted; the next run starts with a new environment.")
        sys.exit(130)
