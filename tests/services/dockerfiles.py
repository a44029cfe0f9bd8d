"""The steps of a Dockerfile, followed without Docker: in an empty folder and environment.

What belongs to the system is left out: the base image, and the user who runs it.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Of a package index and its certificates; all else of this environment stays outside.
KEPT = ("PIP_", "SSL_", "REQUESTS_", "CURL_", "HTTP", "http", "NO_PROXY", "no_proxy", "LANG")
OF_THE_SYSTEM = "useradd --system --create-home service && "


@dataclass
class Image:
    """What following the steps has made: folders under `root`, an environment, and a command."""

    root: Path
    environment: dict[str, str]
    folder: Path
    base: str = ""
    port: int = 0
    user: str = "root"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def place(self, path: str) -> Path:
        """Where a path of the image is here."""
        return self.root / path.lstrip("/") if path.startswith("/") else self.folder / path

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


def follow(dockerfile: Path, context: Path, root: Path) -> Image:
    """Follow all steps. Raises AssertionError where one fails, or is not known here."""
    subprocess.run([sys.executable, "-m", "venv", root / "venv"], check=True)
    (root / "home").mkdir()
    environment = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    environment["PATH"] = f"{root / 'venv' / 'bin'}{os.pathsep}{os.defpath}"
    environment["HOME"] = str(root / "home")
    # Only what is imported is compiled, by whoever imports it. To pip a 0 means: do not.
    environment["PIP_NO_COMPILE"] = "0"
    image = Image(root, environment, root)
    for instruction, given in steps_of(dockerfile):
        _step(image, context, instruction, given)
    return image


def _step(image: Image, context: Path, instruction: str, given: str) -> None:
    match instruction:
        case "FROM":
            image.base = given
        case "WORKDIR":
            image.folder = image.place(given)
            image.folder.mkdir(parents=True)
        case "COPY":
            _copy(image, context, *given.split())
        case "ENV":
            name, _, value = given.partition("=")
            image.environment[name] = _here(image, value)
        case "RUN":
            done = image.run(_here(image, given.removeprefix(OF_THE_SYSTEM)))
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


def _copy(image: Image, context: Path, source: str, target: str) -> None:
    ignored = (context / ".dockerignore").read_text().split()
    place = image.place(target)
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


def _here(image: Image, text: str) -> str:
    """With the folders of the image at its root where they are here."""
    words = [
        str(image.place(word)) if word in {"/app", "/data"} else word for word in text.split(" ")
    ]
    # This user owns all folders here.
    return " ".join(words).replace("chown -R service", "ls")


def _listed(given: str) -> list[str]:
    return shlex.split(given.strip("[]").replace(",", " "))
