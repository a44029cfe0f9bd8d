"""The steps of a Dockerfile, followed without Docker: each stage in an empty folder, all with one
empty Python, as if they had one base image.

What belongs to the system is left out: the base image, and the user who runs it.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Of a package index and its certificates; all else of this environment stays outside.
KEPT = ("PIP_", "SSL_", "REQUESTS_", "CURL_", "HTTP", "http", "NO_PROXY", "no_proxy", "LANG")
OF_THE_SYSTEM = re.compile(r"useradd [^&]* && ")
# This user owns all folders here.
OWNERSHIP = re.compile(r"chown (-R )?\w+")
FOLDERS = re.compile(r"(?<![\w./])/(?:app|data|install)\b")
PYTHON = "/usr/local"


@dataclass
class Image:
    """What following the steps has made: folders under `root`, an environment, and a command."""

    root: Path
    python: Path
    environment: dict[str, str]
    folder: Path
    base: str = ""
    port: int = 0
    user: str = "root"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def place(self, path: str) -> Path:
        """Where a path of the image is here."""
        if path == PYTHON:
            return self.python
        return self.root / path.lstrip("/") if path.startswith("/") else self.folder / path

    def here(self, text: str) -> str:
        """With the folders of the image where they are here."""
        return FOLDERS.sub(lambda found: str(self.place(found[0])), text)

    def run(self, command: list[str] | str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, shell=isinstance(command, str), cwd=self.folder, env=self.environment,
            capture_output=True, text=True, timeout=900,
        )  # fmt: skip


def steps_of(dockerfile: Path) -> Iterator[tuple[str, str]]:
    """Instructions and what they are given."""
    text = dockerfile.read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            instruction, _, given = line.strip().partition(" ")
            yield instruction, given.strip()


def ignored_by(dockerignore: Path) -> list[str]:
    """The patterns of what stays out of the context."""
    lines = dockerignore.read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def follow(dockerfile: Path, context: Path, root: Path) -> Image:
    """Follow all steps; the last stage. Raises AssertionError where one fails, or is not known
    here."""
    python = root / "venv"
    subprocess.run([sys.executable, "-m", "venv", python], check=True)
    stages: dict[str, Image] = {}
    image = None
    for instruction, given in steps_of(dockerfile):
        if instruction == "FROM":
            base, _, name = given.partition(" AS ")
            image = stages[name] = _stage(root / f"stage{len(stages)}", python, base)
            continue
        assert image is not None, "a Dockerfile starts with FROM"
        _step(image, stages, context, instruction, given)
    assert image is not None
    return image


def _stage(root: Path, python: Path, base: str) -> Image:
    (root / "home").mkdir(parents=True)
    environment = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    environment["PATH"] = f"{python / 'bin'}{os.pathsep}{os.defpath}"
    environment["HOME"] = str(root / "home")
    # Only what is imported is compiled, by whoever imports it. To pip a 0 means: do not.
    environment["PIP_NO_COMPILE"] = "0"
    return Image(root, python, environment, root, base)


def _step(
    image: Image, stages: dict[str, Image], context: Path, instruction: str, given: str
) -> None:
    match instruction:
        case "WORKDIR":
            image.folder = image.place(given)
            image.folder.mkdir(parents=True, exist_ok=True)
        case "COPY":
            _copy(image, stages, context, given.split())
        case "ENV":
            name, _, value = given.partition("=")
            image.environment[name] = image.here(value)
        case "RUN":
            command = OWNERSHIP.sub("ls", OF_THE_SYSTEM.sub("", image.here(given)))
            done = image.run(command)
            assert done.returncode == 0, f"RUN {given}\n{done.stdout}\n{done.stderr}"
        case "EXPOSE":
            image.port = int(given)
        case "USER":
            image.user = given
        case "HEALTHCHECK":
            image.health = _listed(given[given.index("[") :])
        case "CMD":
            image.command = _listed(given)
        case _:
            raise AssertionError(f"{instruction} is not known here.")


def _copy(image: Image, stages: dict[str, Image], context: Path, words: list[str]) -> None:
    options = dict(word.lstrip("-").split("=") for word in words if word.startswith("--"))
    source, target = (word for word in words if not word.startswith("--"))
    place = image.place(target)
    if "from" in options:
        shutil.copytree(stages[options["from"]].place(source), place, dirs_exist_ok=True)
        return
    ignored = ignored_by(context / ".dockerignore")
    assert not any(Path(source).full_match(pattern) for pattern in ignored), f"ignored: {source}"
    if (context / source).is_file():
        shutil.copy(context / source, place)
        return

    def left_out(folder: str, names: list[str]) -> list[str]:
        paths = {name: (Path(folder) / name).relative_to(context) for name in names}
        return [
            name
            for name, path in paths.items()
            if any(path.full_match(pattern) for pattern in ignored)
        ]

    shutil.copytree(context / source, place, ignore=left_out)


def _listed(given: str) -> list[str]:
    return shlex.split(given.strip("[]").replace(",", " "))
