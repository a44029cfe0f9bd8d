"""Following a page of the documentation, block by block, in one shell."""

import os
import re
import selectors
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil

from tests.docs.pages import Block, blocks_of, commands_of, matches, occurs
from tests.ray_nodes import kill_all

FILE = re.compile(r"# (?P<path>[\w./-]+\.py)(?P<more>, at the end)?\n")
SECONDS = 240


class Shell:
    """A bash that keeps its folder and variables from command to command."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self._errors = folder / ".errors"
        with self._errors.open("w") as errors:
            self._bash = subprocess.Popen(
                ["bash", "--noprofile", "--norc"], cwd=folder, env=environment, bufsize=0,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                start_new_session=True,
            )  # fmt: skip

    def run(self, command: str, *, fails: bool = False) -> str:
        """What a command writes, and with `fails` its complaint; the exit code must be so."""
        assert self._bash.stdin
        self._errors.write_text("")
        written = f"{{ {command.rstrip()}\n}} < /dev/null\nprintf '\\n<%s>\\n' $?\n"
        self._bash.stdin.write(written.encode())
        output, code = self._read_until_it_ends(command)
        complaint = self._errors.read_text()
        assert (code != "0") == fails, f"$ {command}{output}{complaint}\nexit code {code}"
        return output + complaint if fails else output

    def run_beside(self, command: str, expected: str) -> None:
        """Start what stays, and wait until it has written what is expected."""
        log = self.folder / ".beside"
        # The job is the program itself, so that it hears when it is told to end.
        self.run(f"{{ exec {command.rstrip()}\n}} > {shlex.quote(str(log))} 2>&1 &")
        deadline = time.monotonic() + SECONDS
        while not occurs(expected, written := log.read_text() if log.exists() else ""):
            assert time.monotonic() < deadline, f"{command}{expected}\nnot written, but\n{written}"
            time.sleep(0.05)

    def _read_until_it_ends(self, command: str) -> tuple[str, str]:
        assert self._bash.stdout
        read, deadline = b"", time.monotonic() + SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self._bash.stdout, selectors.EVENT_READ)
            while not (end := re.search(rb"\n<(\d+)>\n$", read)):
                if not selector.select(deadline - time.monotonic()):
                    raise AssertionError(f"no end within {SECONDS} s: {command}{read.decode()}")
                if not (more := os.read(self._bash.stdout.fileno(), 65536)):
                    raise AssertionError(f"the shell ended: {command}{read.decode()}")
                read += more
        return read[: end.start()].decode(), end[1].decode()

    def close(self) -> None:
        """End what still runs, politely at first."""
        assert self._bash.stdin
        assert self._bash.stdout
        family = psutil.Process(self._bash.pid).children(recursive=True)
        with suppress(AssertionError, OSError):
            self.run("kill $(jobs -p) 2> /dev/null; wait")
        kill_all([self._bash.pid])
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._bash.wait()
        self._bash.stdin.close()
        self._bash.stdout.close()
        self._errors.unlink()


@contextmanager
def shell(folder: Path, **environment: str) -> Iterator[Shell]:
    """A shell in this folder, ended with all that it started."""
    keep = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RAY_", "PIP_", "DJANGO_", "TEST_")) and name != "DATABASE_URL"
    }
    opened = Shell(folder, keep | {"PYTHONUNBUFFERED": "1"} | environment)
    try:
        yield opened
    finally:
        opened.close()


def follow(
    page: Path, in_shell: Shell, *, long: bool = False, instead: dict[str, str] | None = None
) -> int:
    """Run the blocks of a page; how many were run. `instead` has what stands there for what a
    page says, such as another port."""
    count = 0
    for block in blocks_of(page):
        if "not run" in block.notes or ("long" in block.notes and not long):
            continue
        for said, meant in (instead or {}).items():
            block = replace(block, text=block.text.replace(said, meant))
        step = _follow_console if block.language == "console" else _follow_python
        try:
            step(block, in_shell)
        except AssertionError as error:
            error.add_note(f"This is what {block} shows:\n{block.text}")
            raise
        count += 1
    return count


def _follow_console(block: Block, in_shell: Shell) -> None:
    commands = list(commands_of(block))
    for command, expected in commands:
        if "beside" in block.notes and command == commands[-1][0]:
            in_shell.run_beside(command, expected)
            continue
        came = in_shell.run(command, fails="CommandError: " in expected)
        if expected.strip():
            assert matches(expected, came), f"Expected:\n{expected}\nCame:\n{came}"


def _follow_python(block: Block, in_shell: Shell) -> None:
    """A block that begins with the name of a file is put there; others run in Django's shell."""
    here = Path(in_shell.run("pwd").strip())
    if found := FILE.match(block.text):
        path = here / found["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text() if found["more"] else ""
        path.write_text(f"{before}\n{block.text}" if before else block.text)
        return
    program = here / ".block.py"
    program.write_text(f"{block.notes.get('before', '')}\n{block.text}")
    in_shell.run(f"python manage.py shell --no-imports < {shlex.quote(str(program))}")
